//! Looking at directories: when a listing is asked for again, and who waits for that.

use std::{collections::HashSet, sync::Arc, time::Duration};

use crate::{
    api::Priority,
    error::Result,
    ids::{ProjectId, SpaceId},
    replica::served::Process,
    sync::{
        engine::Engine,
        event::Event,
        leaf::{
            known_listings::{Items, Listed, Which},
            listings::Standing,
        },
        presence,
        read::open::{BELIEVED, REVALIDATION_WAIT},
    },
};

/// The projects that a folder has, archived ones included, as far as it was ever listed; it is
/// listed if it never was.
pub(crate) async fn project_ids(engine: &Engine, folder: &SpaceId) -> Result<HashSet<ProjectId>> {
    if let Some(ids) = engine.listings.project_ids(folder) {
        return Ok(ids);
    }
    let listed = engine.backend.projects(Priority::Save, folder).await?;
    Ok(listed.into_iter().map(|project| project.id).collect())
}

/// What a directory is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// For what is in it now.
    At,
    /// For what is in it, by a program that walks through many: what is known is good enough.
    Along,
    /// For the way to somewhere else, on which what is known is good enough.
    Through,
    /// For a project in it that is about to be replaced: nothing less than what is in it now, as long
    /// as the service is there to tell.
    Onto,
}

/// The workspaces of the account.
///
/// # Errors
/// As [`Client::workspaces`](crate::api::Client::workspaces), and only if they were never
/// listed.
pub(crate) async fn workspaces(engine: &Arc<Engine>, look: Look) -> Result<Arc<Listed>> {
    ensure(engine, &Which::Workspaces, look).await?;
    Ok(engine.listings.assemble(None, false))
}

/// The projects of a folder, and the folders of a workspace.
///
/// # Errors
/// As the [`Client`](crate::api::Client)'s listings, and only for what was never listed.
pub(crate) async fn space(
    engine: &Arc<Engine>,
    id: &SpaceId,
    is_workspace: bool,
    look: Look,
) -> Result<Arc<Listed>> {
    let (projects, folders) = (Which::Projects(id.clone()), Which::Folders(id.clone()));
    match (is_workspace, look) {
        (false, _) | (true, Look::Onto) => ensure(engine, &projects, look).await?,
        // The way through a workspace leads to its folders.
        (true, Look::Through) => ensure(engine, &folders, look).await?,
        (true, Look::At | Look::Along) => {
            let both = (ensure(engine, &projects, look), ensure(engine, &folders, look));
            tokio::try_join!(both.0, both.1)?;
        }
    }
    Ok(engine.listings.assemble(Some(id), is_workspace))
}

/// How long the names in a directory may be believed; `None` is the root.
pub(crate) fn names_believed(engine: &Engine, directory: Option<&SpaceId>) -> Duration {
    let (now, max_age) = (engine.clock.now(), engine.settings.max_age);
    let which = directory.map_or(Which::Workspaces, |id| Which::Projects(id.clone()));
    engine.listings.remaining(&which, now, max_age).max(BELIEVED)
}

/// What a program looks at a directory for that opens it, or looks a name up in it. Without any
/// age to be served at, everybody looks at what is there now.
pub(crate) fn looks(engine: &Engine, process: Option<Process>, opens: Option<u64>) -> Look {
    let now = engine.clock.now();
    let walks = process.is_some_and(|process| match opens {
        Some(number) => engine.dir_scans.opens(process, number, now),
        None => engine.dir_scans.walks(process, now),
    });
    let walks = walks || process.is_some_and(|process| engine.scans.walks(process, now));
    if walks && !engine.settings.max_age.is_zero() { Look::Along } else { Look::At }
}

/// Sees to it that a listing is known, and young or at least asked for.
pub(crate) async fn ensure(engine: &Arc<Engine>, which: &Which, look: Look) -> Result<()> {
    let (now, max_age) = (engine.clock.now(), engine.settings.max_age);
    let standing = engine.listings.standing(which, now, max_age);
    let priority = match (standing, look) {
        (Standing::Fresh, _) => return Ok(()),
        (Standing::Unknown, _) => return relist(engine, which, Priority::Foreground).await,
        (_, Look::Along | Look::Through) if !engine.listings.is_due(which, now, max_age) => {
            return Ok(());
        }
        (_, Look::Along | Look::Through) => Priority::Background,
        (Standing::Recalled | Standing::Old, Look::At | Look::Onto) => Priority::Foreground,
    };
    let (shared, asked) = (engine.clone(), which.clone());
    let refresh = tokio::spawn(async move {
        if let Err(error) = relist(&shared, &asked, priority).await {
            tracing::warn!(%error, "serving an older listing");
            shared.listings.note_failure(&asked, shared.clock.now());
        }
    });
    let wait = match (standing, look) {
        (Standing::Old, Look::At) => REVALIDATION_WAIT,
        (_, Look::Onto) => engine.settings.read_timeout,
        _ => return Ok(()),
    };
    tokio::select! {
        _ = refresh => {}
        () = presence::departure(engine) => {}
        () = engine.clock.sleep(wait) => {}
    }
    Ok(())
}

/// Lists a folder again, as long as the service is there to tell, if all that is known of it is from
/// before this mount: that is served at once, but what is saved is not to go to what others have
/// archived since.
///
/// # Errors
/// Never for what was listed before.
pub(crate) async fn ask_if_recalled(engine: &Arc<Engine>, folder: &SpaceId) -> Result<()> {
    let which = Which::Projects(folder.clone());
    let standing = engine.listings.standing(&which, engine.clock.now(), engine.settings.max_age);
    if standing != Standing::Recalled {
        return Ok(());
    }
    ensure(engine, &which, Look::Onto).await
}

/// Lists the workspaces if they were never listed, by this mount or one before.
///
/// # Errors
/// As [`Client::workspaces`](crate::api::Client::workspaces).
pub(crate) async fn first_look(engine: &Engine) -> Result<()> {
    let (which, now) = (Which::Workspaces, engine.clock.now());
    match engine.listings.standing(&which, now, engine.settings.max_age) {
        Standing::Unknown => relist(engine, &which, Priority::Foreground).await,
        Standing::Recalled | Standing::Old | Standing::Fresh => Ok(()),
    }
}

/// Asks for a listing, unless someone else just did.
pub(crate) async fn relist(engine: &Engine, which: &Which, priority: Priority) -> Result<()> {
    let flight = engine.listings.flight(which);
    let _flight = flight.lock().await;
    let asked = engine.clock.now();
    let standing = engine.listings.standing(which, asked, engine.settings.max_age);
    if standing == Standing::Fresh {
        return Ok(());
    }
    let (items, directory) = match which {
        Which::Workspaces => (Items::Spaces(engine.backend.workspaces(priority).await?), None),
        Which::Folders(id) => {
            (Items::Spaces(engine.backend.folders(priority, id).await?), Some(id.clone()))
        }
        Which::Projects(id) => {
            (Items::Projects(engine.backend.projects(priority, id).await?), Some(id.clone()))
        }
        // No listing: nobody asks for it here.
        Which::Export(_) => return Ok(()),
    };
    if engine.listings.install(which, items, asked) {
        engine.emit(Event::Directory(directory));
    }
    Ok(())
}
