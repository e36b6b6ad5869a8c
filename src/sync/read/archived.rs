//! Completed projects: which there are, and what they hold.
//!
//! A folder's listing has them and says so (as public clients saw). Where it does not, those are known
//! that this account has archived through mounts of this machine: the journal remembers them.

use std::sync::Arc;

use crate::{
    api::{Priority, RemoteProject},
    error::{Error, Kind, Result},
    ids::SpaceId,
    sync::{
        engine::Engine,
        project::Project,
        read::{fetch, offline},
        residency,
    },
};

/// The archived projects of a folder, as far as is known, with no request.
pub(crate) fn archived_in(engine: &Engine, folder: &SpaceId) -> Vec<RemoteProject> {
    let mut archived = engine.listings.archived_in(folder);
    let removals = engine.removals.lock().clone();
    for removal in removals.into_iter().rev().filter(|it| it.archived && it.folder == *folder) {
        let Some(id) = removal.project else { continue };
        let is_known = archived.iter().any(|known| known.id == id);
        let is_listed = offline::is_listed(engine, &id, folder) == Some(true);
        if !is_known && !is_listed && engine.listings.is_archived(&id) {
            archived.push(RemoteProject { id, name: removal.title, completed: Some(true) });
        }
    }
    archived
}

/// The text of an archived project: as it is now, or as it was known where the service is not there to
/// tell.
///
/// # Errors
/// As [`Client::tasks`](crate::api::Client::tasks), if it was never read.
pub(crate) async fn text(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Arc<[u8]>> {
    residency::ensure(engine, project).await;
    let read = fetch::refresh(engine, project, Priority::Foreground).await;
    let known = residency::content(engine, project);
    match read {
        Err(error) if known.is_none() || !error.kind().is_transient() => return Err(error),
        Ok(()) | Err(_) => {}
    }
    known.map(|known| known.text).ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
}
