//! Many projects at once: a space whose unknown projects are read one after the other is exported
//! in one request, where the service allows it.
//!
//! What an export says counts only where it was seen to say the same as a listing: every project
//! of the space that is read by itself is compared with it, and whatever kinds of nodes the
//! equal ones have are trusted in the others. A project with any other kind is read by itself.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    api::{Exported, ExportedSpace, Priority, RemoteProject},
    error::Kind,
    ids::{ProjectId, SpaceId},
    memory,
    plan::{Details, Key, Listing, OnlyRoot, Outline, PartialMap, TaskDetails},
    sync::{
        engine::Engine,
        leaf::exports::{ExportState, FAILED, Space, SpaceExport},
        project::Project,
        read::{cache_write, fetch, registry},
        residency,
        transition::Transition,
    },
    text::fields::FieldPlacement,
};

/// With fewer unknown projects than this, an export saves no request.
pub(crate) const WORTH: usize = 2;

/// How long a refusal to export counts; a difference, which may be somebody's edit between the
/// two readings; and a failure.
pub(crate) const REFUSED: Duration = Duration::from_secs(24 * 3600);

pub(crate) const DIFFERS: Duration = Duration::from_secs(3600);

impl SpaceExport {
    /// Compares a project that was read by itself after the export was begun. Whether that tells
    /// that they agree: of nothing nothing can be told.
    pub(crate) fn compare(&mut self, engine: &Engine, id: &ProjectId, project: &Project) -> bool {
        let Some(exported) = self.projects.get(id) else { return false };
        let known = {
            let state = residency::resident(engine, project);
            let known = state.snapshot().filter(|known| known.read.is_some());
            known.map(|known| (known.outline.clone(), known.title.clone()))
        };
        let Some((outline, title)) = known else { return false };
        let listing = listing(exported, &project.title());
        let titles = (title, listing.title.map(|node| node.id));
        let same_title = !matches!(&titles, (Some(one), Some(other)) if one != other);
        if outline.is_listed_like(&listing.outline) && same_title {
            self.verified.extend(exported.traits.iter().cloned());
            !outline.items.is_empty()
        } else {
            self.differs = true;
            false
        }
    }
}

pub(crate) fn listing(exported: &Exported, title: &str) -> Listing {
    Outline::from_listing(&exported.tasks, title, OnlyRoot::IsTitle)
}

/// The same, with the values of fields that an export tells, and no listing, if they are to be shown.
pub(crate) fn listing_of(
    engine: &Engine,
    project: &Project,
    exported: &Exported,
    asked: Instant,
) -> Listing {
    let mut listing = listing(exported, &project.title());
    if engine.settings.fields == FieldPlacement::None {
        return listing;
    }
    project.learn_fields(&exported.fields, Some(asked));
    for item in &mut listing.outline.items {
        if let Key::Known(id) = &item.key {
            let known = exported.values.get(id).cloned().unwrap_or_default();
            let fields = PartialMap { known, complete: true };
            item.details = Details::from(TaskDetails { fields, ..TaskDetails::default() });
        }
    }
    listing
}

/// Takes over what no listing tells of a project that was listed as it was exported.
async fn adopt(engine: &Engine, export: &SpaceExport, id: &ProjectId, project: &Project) {
    let Some(exported) = export.trusted(id) else { return };
    let Ok(_conversation) = project.remote.try_lock() else { return };
    let mut next = Transition::begin(engine, project).await;
    let outline = listing_of(engine, project, exported, export.taken).outline;
    if !next.learn(outline, |outline| project.render(outline)) {
        return;
    }
    if next.pending().is_none() {
        next.keep_in_memory();
    } else if let Err(error) = next.commit().await {
        tracing::warn!(%error, "not taken over from an export");
        return;
    }
    cache_write::write(engine, project);
}

/// Reads a project that was never read, with its whole space if that is being walked through.
/// Whether it is known now; else it is to be read by itself.
pub(crate) async fn read_by_export(engine: &Arc<Engine>, project: &Arc<Project>) -> bool {
    if engine.max_age_of(project).is_zero() || engine.settings.shows_exported() {
        // What another project's reader asked for is too old for this one, or see `look`.
        return false;
    }
    let (space, now) = (engine.exports.space(&project.folder()), engine.clock.now());
    let time_left = space.time_left(now);
    if !space.is_walked(project.serial, now) || time_left.is_zero() {
        return false;
    }
    let (shared, asked) = (engine.clone(), project.clone());
    let hydrated = tokio::spawn(async move { read_by_export_of(&shared, &space, &asked).await });
    tokio::select! {
        hydrated = hydrated => hydrated.unwrap_or(false),
        () = engine.clock.sleep(time_left) => false,
    }
}

pub(crate) async fn read_by_export_of(
    engine: &Engine,
    space: &Arc<Space>,
    project: &Arc<Project>,
) -> bool {
    let (folder, Some(id)) = (project.folder(), project.id()) else { return false };
    let mut state = space.export.lock().await;
    if project.is_known() {
        return true;
    }
    let now = engine.clock.now();
    if is_refused(engine, &folder) {
        return false;
    }
    let max_age = engine.max_age_of(project);
    let is_young = |export: &SpaceExport| now.saturating_duration_since(export.taken) <= max_age;
    if !state.newest.as_ref().is_some_and(is_young) {
        if unknown_in(engine, &folder) < WORTH {
            return false;
        }
        let awaited = space.await_from(now);
        export(engine, &folder, &mut state).await;
        drop(awaited);
        install_trusted(engine, &folder, &mut state).await;
    }
    let Some(export) = state.newest.as_ref().filter(|export| !export.differs) else {
        return false;
    };
    if project.is_known() {
        return true;
    }
    if !export.projects.contains_key(&id) {
        return false;
    }
    // Nobody waits for its verdict: projects with the same traits are read side by side.
    drop(state);
    if fetch::refresh(engine, project, Priority::Foreground).await.is_err() {
        return false;
    }
    let mut state = space.export.lock().await;
    if let Some(export) = &mut state.newest {
        let verified = export.verified.len();
        export.compare(engine, &id, project);
        adopt(engine, export, &id, project).await;
        if export.verified.len() > verified {
            install_trusted(engine, &folder, &mut state).await;
        }
    }
    true
}

/// How many listed projects of a folder were never read.
pub(crate) fn unknown_in(engine: &Engine, folder: &SpaceId) -> usize {
    let is_unknown = |listed: &&RemoteProject| {
        engine.known(&listed.id).is_none_or(|project| !project.is_known())
    };
    engine.listings.projects_in(folder).iter().filter(is_unknown).count()
}

/// Whether exports of a space were refused, or came to nothing, and that counts still.
pub(crate) fn is_refused(engine: &Engine, space: &SpaceId) -> bool {
    engine.listings.export_refused(space).is_some_and(|until| engine.clock.wall() < until)
}

/// Asks for the export of a space. Where none comes, nobody asks again for a while; what nobody waits for
/// and the budget has no room for was never asked for.
pub(crate) async fn ask(
    engine: &Engine,
    priority: Priority,
    folder: &SpaceId,
    state: &mut ExportState,
) -> Option<ExportedSpace> {
    let error = match engine.backend.export(priority, folder).await {
        Ok(exported) => {
            state.failures = 0;
            for (agent, known) in &exported.knowledge {
                engine.listings.note_exported_knowledge(agent, known);
            }
            return Some(exported);
        }
        Err(error) => error,
    };
    if error.kind() == Kind::RateLimited && priority == Priority::Background {
        return None;
    }
    let lasts = matches!(
        error.kind(),
        Kind::Forbidden
            | Kind::NotFound
            | Kind::PaymentRequired
            | Kind::Refused
            | Kind::TooLarge
            | Kind::Unsupported
    );
    tracing::info!(%error, %folder, "not exported; its projects are read one by one");
    let pause = match error.kind() {
        _ if lasts => REFUSED,
        // Later there is more.
        Kind::RateLimited => FAILED,
        _ => state.note_failure(REFUSED),
    };
    engine.listings.refuse_export(folder, engine.clock.wall() + pause);
    None
}

/// Exports a space, and compares the export with what is known of it by listings.
pub(crate) async fn export(engine: &Engine, folder: &SpaceId, state: &mut ExportState) {
    let taken = engine.clock.now();
    state.newest = None;
    let Some(ExportedSpace { projects, .. }) =
        ask(engine, Priority::Foreground, folder, state).await
    else {
        return;
    };
    let verified = BTreeSet::new();
    let (differs, agrees, generations) = (false, false, HashMap::new());
    let mut export = SpaceExport { taken, projects, verified, differs, agrees, generations };
    let ids: Vec<ProjectId> = export.projects.keys().cloned().collect();
    for id in ids {
        let Some(known) = engine.known(&id) else { continue };
        if !known.is_known() {
            // Whoever reads it first at the moment is to finish: that is compared with.
            drop(known.remote.lock().await);
        }
        let max_age = engine.max_age_of(&known);
        if known.lock().is_fresh(engine.clock.now(), max_age) {
            export.compare(engine, &id, &known);
            adopt(engine, &export, &id, &known).await;
        }
    }
    if export.differs {
        tracing::info!(%folder, "the export differs from listings; not used");
        engine.listings.refuse_export(folder, engine.clock.wall() + DIFFERS);
    }
    state.newest = Some(export);
}

/// Installs what the newest export says of the unknown projects of a folder, as far as it can
/// be trusted, and keeps of it only what cannot be yet.
pub(crate) async fn install_trusted(engine: &Engine, folder: &SpaceId, state: &mut ExportState) {
    let Some(export) = &mut state.newest else { return };
    install(engine, folder, export).await;
    export.keep_untrusted(&HashSet::new());
    memory::give_back();
}

pub(crate) async fn install(engine: &Engine, folder: &SpaceId, export: &SpaceExport) {
    for RemoteProject { id, name, .. } in engine.listings.projects_in(folder) {
        let Some(exported) = export.trusted(&id) else { continue };
        let project =
            engine.known(&id).unwrap_or_else(|| registry::project(engine, &id, folder, &name));
        // Whoever converses with the service about it knows better.
        let Ok(_conversation) = project.remote.try_lock() else { continue };
        if project.is_known() {
            continue;
        }
        let listing = listing_of(engine, &project, exported, export.taken);
        fetch::install_reading(engine, &project, listing, export.taken).await;
    }
}
