//! Reading media: from this disk where they are there, else as they come, which one reading at a time
//! of each sees to. What broke off is gone on with where it ended.

use std::{fs::File, sync::Arc};

use tokio::sync::watch;

use crate::{
    api::{Priority, Receiving, endpoints::DownloadMedia},
    error::{Error, Kind, Result},
    ids::MediaId,
    store::media_names::MediaFacts,
    sync::{
        engine::Engine,
        leaf::download::{Download, Progress},
    },
};

/// How often an open medium is asked for again whose reading ended just then.
const ATTEMPTS: usize = 3;

/// A medium that is open, there or on its way.
#[derive(Debug)]
pub(crate) struct OpenMedia {
    length: u64,
    coming: Option<Coming>,
}

/// What is open of a medium that comes.
#[derive(Debug)]
struct Coming {
    download: Arc<Download>,
    progress: watch::Receiver<Progress>,
}

impl Coming {
    fn of(download: &Arc<Download>) -> Self {
        download.add_reader();
        Self { download: download.clone(), progress: download.progress() }
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        self.download.drop_reader();
    }
}

impl OpenMedia {
    /// One that is there.
    pub(crate) fn whole(length: u64) -> Self {
        Self { length, coming: None }
    }

    /// Bytes.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Returns once all up to there has come, or the end.
    ///
    /// # Errors
    /// Why no more of it comes.
    pub(crate) async fn wait(&self, end: u64) -> Result<()> {
        let Some(coming) = &self.coming else { return Ok(()) };
        let mut progress = coming.progress.clone();
        // The sender lives as long as the download.
        let Ok(progress) = progress.wait_for(|it| it.has(end)).await else { return Ok(()) };
        match &progress.ended {
            Some(Err(error)) if progress.received < end.min(self.length) => Err(error.clone()),
            _ => Ok(()),
        }
    }
}

/// Opens a medium; what is read of it is in the file as far as it was [waited](OpenMedia::wait) for.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn open(engine: &Arc<Engine>, id: &MediaId) -> Result<(File, OpenMedia)> {
    let mut last = None;
    for _ in 0..ATTEMPTS {
        let coming = match find(engine, id).await? {
            Found::Whole(file, length) => return Ok((file, OpenMedia::whole(length))),
            Found::Coming(coming) => coming,
        };
        let mut progress = coming.progress.clone();
        let is_told = |it: &Progress| it.told.length.is_some() || it.ended.is_some();
        let ended = progress.wait_for(is_told).await.map(|it| (it.ended.clone(), it.told.clone()));
        let (ended, told) = ended.unwrap_or_default();
        match (ended, told.length) {
            // What is there may be of another one, or it was given up as this one came.
            (Some(Err(error)), _)
                if matches!(error.kind(), Kind::Range | Kind::Os(libc::ECANCELED)) =>
            {
                last = Some(error);
            }
            (Some(Err(error)), _) => return Err(error),
            (_, Some(length)) => {
                let file = coming.download.file().try_clone();
                let file = file.map_err(|error| Error::io("cannot open a medium", error))?;
                return Ok((file, OpenMedia { length, coming: Some(coming) }));
            }
            // All of it has come meanwhile.
            (_, None) => {}
        }
    }
    Err(last.unwrap_or_else(|| Error::new(Kind::Unreachable, "the medium does not come")))
}

enum Found {
    Whole(File, u64),
    Coming(Coming),
}

/// What there is of a medium; a reading of it is begun if none is under way.
async fn find(engine: &Arc<Engine>, id: &MediaId) -> Result<Found> {
    let _opening = engine.medias.opening.lock().await;
    if let Some(download) = engine.medias.download(id) {
        return Ok(Found::Coming(Coming::of(&download)));
    }
    let (files, media, length) =
        (engine.media_files.clone(), id.clone(), engine.medias.facts(id).length);
    let there = blocking(move || match files.open(&media, length) {
        Some(file) => Ok((file, true)),
        None => Ok((files.open_part(&media)?, false)),
    });
    let (file, is_whole) = there.await?;
    if is_whole {
        let metadata = file.metadata().map_err(|error| Error::io("cannot open a medium", error))?;
        return Ok(Found::Whole(file, metadata.len()));
    }
    let download = Arc::new(Download::on(file)?);
    let coming = Coming::of(&download);
    engine.medias.begin_download(id, download.clone());
    let (shared, media) = (engine.clone(), id.clone());
    engine.tasks.spawn("reading a medium", async move {
        let lease = DownloadLease { engine: shared, media, download };
        let result = fetch(&lease).await;
        lease.download.end(result);
    });
    Ok(Found::Coming(coming))
}

/// A medium is on its way as long as this is there; nothing more comes then.
struct DownloadLease {
    engine: Arc<Engine>,
    media: MediaId,
    download: Arc<Download>,
}

impl Drop for DownloadLease {
    fn drop(&mut self) {
        self.engine.medias.end_download(&self.media);
        if self.download.progress().borrow().ended.is_none() {
            self.download.end(Err(Error::new(Kind::Unreachable, "the reading of a medium ended")));
        }
    }
}

/// Has a medium come, and keeps it.
async fn fetch(lease: &DownloadLease) -> Result<()> {
    let DownloadLease { engine, media, download } = lease;
    let receiver = Receiving(download.clone());
    let asked = engine.backend.read(Priority::Foreground, DownloadMedia { media, receiver }).await;
    let _opening = engine.medias.opening.lock().await;
    let files = engine.media_files.clone();
    let (id, whole) = (media.clone(), download.clone());
    let facts = match asked.and_then(|()| download.complete()) {
        Ok(facts) => facts,
        Err(error) => {
            if error.kind() == Kind::Range {
                blocking(move || {
                    files.drop_part(&id);
                    Ok(())
                })
                .await?;
            }
            return Err(error);
        }
    };
    note(engine, media, facts).await;
    blocking(move || files.complete(&id, whole.file())).await
}

/// Keeps what was told of a medium.
pub(crate) async fn note(engine: &Engine, id: &MediaId, told: MediaFacts) {
    let Some(facts) = engine.medias.learn(id, told) else { return };
    let media = id.clone();
    let noted = engine.journaled(move |journal| journal.keep_media_facts(&media, &facts)).await;
    if let Err(error) = noted {
        tracing::warn!(%error, "the name of a medium is known to this mount only");
    }
}

/// Does something with the disk, where that may take its time.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Kind::Storage, "the disk cannot be used").because(error))?
}
