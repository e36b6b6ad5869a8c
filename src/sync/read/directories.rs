//! Looking at directories: when a listing is asked for again, and who waits for that.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    api::{Priority, RemoteMedia},
    error::Result,
    ids::{ProjectId, SpaceId},
    replica::served::Process,
    sync::{
        engine::Engine,
        event::Event,
        leaf::{
            known_listings::{Listed, ListingItems, Which},
            listings::ListingStanding,
        },
        presence,
        read::look::{REVALIDATION_WAIT, TTL},
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
pub enum ListIntent {
    /// For what is in it now.
    List,
    /// For what is in it, by a program that walks through many: what is known is good enough.
    Scan,
    /// For the way to somewhere else, on which what is known is good enough.
    Traverse,
    /// For a project in it that is about to be replaced: nothing less than what is in it now, as long
    /// as the service is there to tell.
    Replace,
}

/// The workspaces of the account.
///
/// # Errors
/// As [`Client::workspaces`](crate::api::Client::workspaces), and only if they were never
/// listed.
pub(crate) async fn workspaces(
    engine: &Arc<Engine>,
    list_intent: ListIntent,
) -> Result<Arc<Listed>> {
    ensure(engine, &Which::Workspaces, list_intent).await?;
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
    list_intent: ListIntent,
) -> Result<Arc<Listed>> {
    let (projects, folders) = (Which::Projects(id.clone()), Which::Folders(id.clone()));
    match (is_workspace, list_intent) {
        (false, _) | (true, ListIntent::Replace) => ensure(engine, &projects, list_intent).await?,
        // The way through a workspace leads to its folders.
        (true, ListIntent::Traverse) => ensure(engine, &folders, list_intent).await?,
        (true, ListIntent::List | ListIntent::Scan) => {
            let both =
                (ensure(engine, &projects, list_intent), ensure(engine, &folders, list_intent));
            tokio::try_join!(both.0, both.1)?;
        }
    }
    Ok(engine.listings.assemble(Some(id), is_workspace))
}

/// The media of a folder.
///
/// # Errors
/// As [`Client::medias`](crate::api::Client::medias), and only if they were never listed.
pub(crate) async fn medias(
    engine: &Arc<Engine>,
    folder: &SpaceId,
    list_intent: ListIntent,
) -> Result<Vec<RemoteMedia>> {
    ensure(engine, &Which::Medias(folder.clone()), list_intent).await?;
    Ok(engine.listings.medias(folder).unwrap_or_default())
}

/// How long the names in a directory may be believed; `None` is the root.
pub(crate) fn entry_ttl(engine: &Engine, directory: Option<&SpaceId>) -> Duration {
    let (now, max_age) = (engine.clock.now(), engine.max_age_in(directory));
    let which = directory.map_or(Which::Workspaces, |id| Which::Projects(id.clone()));
    engine.listings.remaining(&which, now, max_age).max(TTL)
}

/// What a program looks at a directory for that opens it, or looks a name up in it. Without any
/// age to be served at, everybody looks at what is there now.
pub(crate) fn list_intent_of(
    engine: &Engine,
    process: Option<Process>,
    opens: Option<u64>,
) -> ListIntent {
    let now = engine.clock.now();
    let walks = process.is_some_and(|process| match opens {
        Some(number) => engine.dir_scans.opens(process, number, now),
        None => engine.dir_scans.walks(process, now),
    });
    let walks = walks || process.is_some_and(|process| engine.scans.walks(process, now));
    if walks && !engine.settings.max_age.is_zero() { ListIntent::Scan } else { ListIntent::List }
}

/// Sees to it that a listing is known, and young or at least asked for.
pub(crate) async fn ensure(
    engine: &Arc<Engine>,
    which: &Which,
    list_intent: ListIntent,
) -> Result<()> {
    let (now, max_age) = (engine.clock.now(), engine.max_age_of_listing(which));
    let standing = engine.listings.standing(which, now, max_age);
    let priority = match (standing, list_intent) {
        (ListingStanding::Fresh, _)
        | (
            ListingStanding::FreshFromCache,
            ListIntent::List | ListIntent::Scan | ListIntent::Traverse,
        ) => return Ok(()),
        (ListingStanding::Unknown, _) => return relist(engine, which, Priority::Foreground).await,
        (_, ListIntent::Scan | ListIntent::Traverse)
            if !engine.listings.is_due(which, now, max_age) =>
        {
            return Ok(());
        }
        (_, ListIntent::Scan | ListIntent::Traverse) => Priority::Background,
        (
            ListingStanding::FromCache | ListingStanding::FreshFromCache | ListingStanding::Old,
            ListIntent::List | ListIntent::Replace,
        ) => Priority::Foreground,
    };
    let (shared, asked) = (engine.clone(), which.clone());
    let refresh = tokio::spawn(async move {
        if let Err(error) = relist(&shared, &asked, priority).await {
            tracing::warn!(%error, "serving an older listing");
            shared.listings.note_failure(&asked, shared.clock.now());
        }
    });
    let wait = match (standing, list_intent) {
        (ListingStanding::Old, ListIntent::List) => REVALIDATION_WAIT,
        (_, ListIntent::Replace) => engine.settings.read_timeout,
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
pub(crate) async fn relist_if_from_cache(engine: &Arc<Engine>, folder: &SpaceId) -> Result<()> {
    let which = Which::Projects(folder.clone());
    let max_age = engine.max_age_of_listing(&which);
    let standing = engine.listings.standing(&which, engine.clock.now(), max_age);
    match standing {
        ListingStanding::FromCache | ListingStanding::FreshFromCache => {
            ensure(engine, &which, ListIntent::Replace).await
        }
        ListingStanding::Unknown | ListingStanding::Old | ListingStanding::Fresh => Ok(()),
    }
}

/// Whether what is in a folder was told when that was asked for then, or a moment before.
pub(crate) fn is_told(engine: &Engine, folder: &SpaceId, asked: Instant) -> bool {
    let which = Which::Projects(folder.clone());
    let standing = engine.listings.standing(&which, asked, engine.max_age_in(Some(folder)));
    standing == ListingStanding::Fresh
}

/// Lists the workspaces if they were never listed, by this mount or one before.
///
/// # Errors
/// As [`Client::workspaces`](crate::api::Client::workspaces).
pub(crate) async fn first_look(engine: &Engine) -> Result<()> {
    let (which, now) = (Which::Workspaces, engine.clock.now());
    match engine.listings.standing(&which, now, engine.settings.max_age) {
        ListingStanding::Unknown => relist(engine, &which, Priority::Foreground).await,
        ListingStanding::FromCache
        | ListingStanding::FreshFromCache
        | ListingStanding::Old
        | ListingStanding::Fresh => Ok(()),
    }
}

/// Asks for a listing, unless someone else just did.
pub(crate) async fn relist(engine: &Engine, which: &Which, priority: Priority) -> Result<()> {
    let flight = engine.listings.flight(which);
    let wanted = |subject: &str| engine.backend.want(subject);
    let _flight = {
        // Whoever asks already may do so with nobody waiting.
        let _wanted = which.subject().filter(|_| priority != Priority::Background).map(wanted);
        flight.lock().await
    };
    let max_age = engine.max_age_of_listing(which);
    let standing = engine.listings.standing(which, engine.clock.now(), max_age);
    if standing == ListingStanding::Fresh {
        return Ok(());
    }
    list(engine, which, priority).await
}

/// Asks for a listing, however young what is known of it is.
///
/// # Errors
/// As the [`Client`](crate::api::Client)'s listings.
pub(crate) async fn list_anew(engine: &Engine, which: &Which, priority: Priority) -> Result<()> {
    let flight = engine.listings.flight(which);
    let _flight = flight.lock().await;
    list(engine, which, priority).await
}

/// Asks for a listing and takes it over; whoever does has its flight.
async fn list(engine: &Engine, which: &Which, priority: Priority) -> Result<()> {
    let asked = engine.clock.now();
    // The directory that has changed, if the kernel knows what is listed by its names.
    let (items, changed) = match which {
        Which::Workspaces => {
            let spaces = engine.backend.workspaces(priority).await?;
            (ListingItems::Spaces(spaces), Some(None))
        }
        Which::Folders(id) => {
            let spaces = engine.backend.folders(priority, id).await?;
            (ListingItems::Spaces(spaces), Some(Some(id.clone())))
        }
        Which::Projects(id) => {
            let projects = engine.backend.projects(priority, id).await?;
            if engine.denied.forget(id) {
                // It may be written again, as far as is known.
                engine.emit(Event::Directory(Some(id.clone())));
            }
            (ListingItems::Projects(projects), Some(Some(id.clone())))
        }
        Which::Medias(id) => {
            let medias = engine.backend.medias(priority, id).await?;
            (ListingItems::Medias(medias), None)
        }
        Which::Agents(id) => {
            let noted = engine.listings.agents_noted();
            let agents = engine.backend.agents(priority, id).await?;
            engine.listings.install_agents(id, agents, (asked, noted));
            return Ok(());
        }
        Which::Convos(agent) => {
            let convos = engine.backend.convos(priority, agent).await?;
            (ListingItems::Convos(convos.into()), None)
        }
        Which::Templates(id) => {
            let templates = engine.backend.templates(priority, id).await?;
            (ListingItems::Templates(templates), None)
        }
        // No listing of a directory: nobody asks for it here.
        Which::Viewed | Which::Export(_) | Which::Agreement(_) | Which::Knowledge(_) => {
            return Ok(());
        }
    };
    if engine.listings.install(which, items, asked)
        && let Some(directory) = changed
    {
        engine.emit(Event::Directory(directory));
    }
    Ok(())
}
