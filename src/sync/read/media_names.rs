//! Learning what media are called: no listing tells it, so the head of each is read once, with requests
//! that nobody else needs, and nothing of what is in it. A name once learnt stays.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use crate::{
    api::{FileHead, Priority, Receiver, Receiving, endpoints::DownloadMedia},
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    replica::served::Process,
    store::media_names::MediaFacts,
    sync::{engine::Engine, presence, read::media},
};

/// How long a program may go on before it is told whether it walks through many directories.
const LINGER: Duration = Duration::from_secs(1);

/// How long until there are requests to spare again, when there were none.
const PAUSE: Duration = Duration::from_secs(30);

/// Takes the head of a file and nothing else.
#[derive(Default)]
struct HeadOnly(OnceLock<FileHead>);

impl Receiver for HeadOnly {
    fn received(&self) -> u64 {
        0
    }

    fn begin(&self, head: &FileHead) -> Result<bool> {
        // A second head is that of a second attempt, and says the same.
        let _ = self.0.set(head.clone());
        Ok(false)
    }

    fn take(&self, _: &[u8]) -> Result<()> {
        Err(Error::new(Kind::Invalid, "nothing of it is wanted"))
    }
}

/// A folder's names are asked for as long as this is there.
struct NamingLease {
    engine: Arc<Engine>,
    folder: SpaceId,
}

impl Drop for NamingLease {
    fn drop(&mut self) {
        self.engine.medias.end_naming(&self.folder);
    }
}

/// A program lists the media of a folder: the names that nobody knows yet are asked for, unless it walks
/// through whatever there is.
pub(crate) fn learn(engine: &Arc<Engine>, folder: &SpaceId, process: Option<Process>) {
    if unnamed(engine, folder).is_none() || !engine.medias.begin_naming(folder) {
        return;
    }
    let lease = NamingLease { engine: engine.clone(), folder: folder.clone() };
    let shared = engine.clone();
    engine.tasks.spawn("learning the names of media", async move {
        shared.clock.sleep(LINGER).await;
        let now = shared.clock.now();
        if process.is_some_and(|process| shared.dir_scans.walks(process, now)) {
            return;
        }
        while let Some(id) = unnamed(&shared, &lease.folder) {
            match ask(&shared, &id, Priority::Background).await {
                Ok(_) => {}
                Err(error) if error.kind() == Kind::RateLimited => shared.clock.sleep(PAUSE).await,
                Err(error) if is_of_one(error.kind()) => {
                    tracing::debug!(%error, media = %id, "it has no name");
                    shared.medias.learn(&id, MediaFacts::default());
                }
                Err(error) => {
                    tracing::debug!(%error, "the names of media are not learnt now");
                    return;
                }
            }
        }
    });
}

/// What is told of a medium before its bytes come.
///
/// # Errors
/// As [`Client::read`](crate::api::Client::read).
pub(crate) async fn ask(engine: &Engine, id: &MediaId, priority: Priority) -> Result<MediaFacts> {
    let head = Arc::new(HeadOnly::default());
    let receiver = Receiving(head.clone());
    engine.backend.read(priority, DownloadMedia { media: id, receiver }).await?;
    let head = head.0.get().cloned().unwrap_or_default();
    let told = MediaFacts { name: head.name, length: head.length };
    media::note(engine, id, told.clone()).await;
    Ok(told)
}

/// The next medium of a folder whose name may be learnt, while the service is there to tell.
fn unnamed(engine: &Engine, folder: &SpaceId) -> Option<MediaId> {
    if presence::gone(engine).is_some() {
        return None;
    }
    let medias = engine.listings.medias(folder)?.into_iter();
    medias.map(|media| media.id).find(|id| engine.medias.may_be_named(id))
}

/// Whether a failure says something of this medium and of no other.
fn is_of_one(kind: Kind) -> bool {
    matches!(kind, Kind::NotFound | Kind::Forbidden | Kind::Refused | Kind::Invalid)
}
