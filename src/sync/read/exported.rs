//! What an export says of the projects of its space, where anything shows that only exports tell.
//!
//! It is taken over once a listing of one of them has said the same: of unknown projects and of those
//! that were read before it was asked for all of it, of those that were listed since what no listing
//! tells. Of what was saved meanwhile it may be older, and says nothing.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    api::{Exported, ExportedSpace, Priority, RemoteProject},
    ids::{ProjectId, SpaceId},
    memory,
    plan::Outline,
    replica::current::Current,
    sync::{
        engine::Engine,
        leaf::{
            exports::{EXPORT_TIMEOUT, ExportState, FlightLease, LARGE, SLOW, SpaceExport},
            known_listings::Agreement,
        },
        project::Project,
        read::{
            cache_write,
            export::{self, DIFFERS, listing_of},
            fetch, registry,
        },
        residency,
        transition::Transition,
    },
};

/// How long it counts that exports of a space say what listings say, before both are asked for once
/// more.
const AGREED: Duration = Duration::from_secs(24 * 3600);

/// What the exports of a space were found to be, as far as that counts. One that was never compared
/// is taken to be like the others of the account, if all of those that were are as listings say.
pub(crate) fn agreement(engine: &Engine, folder: &SpaceId) -> Option<Agreement> {
    let now = engine.clock.wall();
    let is_recent = |since: SystemTime| now.duration_since(since).is_ok_and(|age| age <= AGREED);
    match engine.listings.agreement(folder) {
        Some(own) => Some(own).filter(|own| is_recent(own.since)),
        None => {
            let since = engine.listings.account_agrees_since().filter(|since| is_recent(*since))?;
            let (verified, left_out) = (engine.listings.verified(), BTreeSet::new());
            Some(Agreement { since, verified, is_heavy: false, left_out })
        }
    }
}

/// Notes that an export differed from a listing: the space is compared again before its exports
/// are trusted, and while that is so no other space is trusted without being compared.
fn note_disagreement(engine: &Engine, folder: &SpaceId) {
    let known = engine.listings.agreement(folder);
    let (is_heavy, left_out) = known.map(|it| (it.is_heavy, it.left_out)).unwrap_or_default();
    let (since, verified) = (SystemTime::UNIX_EPOCH, BTreeSet::new());
    let over = Agreement { since, verified, is_heavy, left_out };
    engine.listings.note_agreement(folder, over);
}

/// Asks for the export of a space, compares it with what was listed since it `begun`, and takes it
/// over as far as it can be trusted. A project that is `listed` meanwhile is waited for a while, and
/// with it whoever waits for the export.
pub(crate) async fn export(
    engine: &Engine,
    folder: &SpaceId,
    (lease, listed): (&FlightLease, Option<&Project>),
    begun: Instant,
    priority: Priority,
) {
    let space = engine.exports.space(folder);
    let mut state = space.export.lock().await;
    state.newest = None;
    let (asked, generations) = (engine.clock.now(), generations(engine, folder));
    lease.note_asked(begun);
    let Some(ExportedSpace { projects, bytes, took, .. }) =
        export::ask(engine, priority, folder, &mut state).await
    else {
        if !export::is_refused(engine, folder) {
            lease.note_unasked();
        }
        return;
    };
    // Waiting for the budget makes no export slow.
    let took = took.unwrap_or_else(|| engine.clock.now().saturating_duration_since(asked));
    if let Some(project) = listed {
        tokio::select! {
            conversation = project.remote.lock() => drop(conversation),
            () = engine.clock.sleep(EXPORT_TIMEOUT) => {}
        }
    }
    let listed = engine.listings.projects_in(folder);
    let is_left_out = |listed: &RemoteProject| !projects.contains_key(&listed.id);
    if !listed.is_empty() && listed.iter().all(is_left_out) {
        tracing::info!(%folder, "the export has none of the projects that are listed");
        engine.listings.refuse_export(folder, engine.clock.wall() + DIFFERS);
        return;
    }
    let left_out = listed.iter().filter(|it| is_left_out(it)).map(|it| it.id.clone()).collect();
    let is_heavy = took > SLOW || bytes > LARGE;
    let known = agreement(engine, folder);
    let agrees = known.is_some();
    let verified = if agrees { engine.listings.verified() } else { BTreeSet::new() };
    let since = known.map_or(engine.clock.wall(), |known| known.since);
    let exported =
        SpaceExport { taken: begun, projects, verified, differs: false, agrees, generations };
    state.unagreed = None;
    if agrees {
        let verified = exported.verified.clone();
        let agreement = Agreement { since, verified, is_heavy, left_out };
        engine.listings.note_agreement(folder, agreement);
    } else {
        state.unagreed = Some((is_heavy, left_out));
    }
    state.newest = Some(exported);
    for RemoteProject { id, .. } in &listed {
        if let Some(project) = engine.known(id) {
            compare(engine, folder, &mut state, id, &project);
        }
    }
    take_over(engine, folder, &mut state).await;
}

/// A project was listed: if the newest export has what is not trusted yet, and says the same of it,
/// that and what is like it is taken over.
pub(crate) async fn compare_with_listing(engine: &Engine, project: &Project) {
    let (folder, Some(id)) = (project.folder(), project.id()) else { return };
    let space = engine.exports.space(&folder);
    // Who has it does the same.
    let Ok(mut state) = space.export.try_lock() else { return };
    if compare(engine, &folder, &mut state, &id, project) {
        take_over(engine, &folder, &mut state).await;
    } else if let Some(export) = &mut state.newest
        && take(engine, &id, project, export).await
    {
        export.projects.remove(&id);
    }
}

/// Compares what the newest export says of a project with what was listed since. Whether they agree
/// in what they did not before.
fn compare(
    engine: &Engine,
    folder: &SpaceId,
    state: &mut ExportState,
    id: &ProjectId,
    project: &Project,
) -> bool {
    let Some(export) = &mut state.newest else { return false };
    if export.differs || !export.projects.contains_key(id) {
        return false;
    }
    let was_listed = {
        let current = residency::resident(engine, project);
        is_as_asked(&current, id, export) && current.read() >= Some(export.taken)
    };
    if !was_listed {
        return false;
    }
    let before = export.verified.len();
    let tells = export.compare(engine, id, project);
    if export.differs {
        tracing::info!(%folder, "the export differs from a listing; not used");
        // It may be somebody's edit between the two readings.
        state.newest = None;
        let pause = state.note_failure(DIFFERS);
        note_disagreement(engine, folder);
        engine.listings.refuse_export(folder, engine.clock.wall() + pause);
        return false;
    }
    let (is_first, is_more) = (tells && !export.agrees, export.verified.len() > before);
    export.agrees |= tells;
    if is_first {
        export.verified.extend(engine.listings.verified());
    }
    if export.agrees && (is_first || is_more) {
        note_agreement(engine, folder, state);
    }
    is_first || is_more
}

/// Keeps that the newest export says what listings say.
fn note_agreement(engine: &Engine, folder: &SpaceId, state: &mut ExportState) {
    let Some(export) = &state.newest else { return };
    let found = state.unagreed.take();
    let (since, is_heavy, left_out) = match (found, agreement(engine, folder)) {
        (Some((is_heavy, left_out)), _) => (engine.clock.wall(), is_heavy, left_out),
        (None, Some(known)) => (known.since, known.is_heavy, known.left_out),
        (None, None) => (engine.clock.wall(), false, BTreeSet::new()),
    };
    let verified = export.verified.clone();
    let agreement = Agreement { since, verified, is_heavy, left_out };
    engine.listings.note_agreement(folder, agreement);
}

/// Takes over what the newest export says of the projects of a folder, as far as it can be trusted,
/// and keeps of it only what cannot be yet, and what is of projects that are busy: whoever lists one of
/// these takes that over.
async fn take_over(engine: &Engine, folder: &SpaceId, state: &mut ExportState) {
    let Some(export) = &mut state.newest else { return };
    let listed = engine.listings.projects_in(folder).into_iter();
    // What stays for as long as the mount is made before what is let go of again, for these not to
    // leave holes that are too small to give back.
    let projects: Vec<(ProjectId, Arc<Project>)> = listed
        .filter(|listed| export.trusted(&listed.id).is_some())
        .map(|RemoteProject { id, name, .. }| {
            let known = engine.known(&id);
            let project = known.unwrap_or_else(|| registry::project(engine, &id, folder, &name));
            (id, project)
        })
        .collect();
    let mut busy = HashSet::new();
    for (id, project) in projects {
        if take(engine, &id, &project, export).await {
            export.projects.remove(&id);
        } else {
            busy.insert(id);
        }
    }
    export.keep_untrusted(&busy);
    memory::give_back();
}

/// What there is to take over of what an export says of a project.
enum Use {
    /// All of it, as read then.
    Whole(Instant),
    /// What no listing tells, of the tasks that are there.
    Looks,
    Nothing,
    /// It is busy.
    Later,
}

fn use_of(current: &Current, id: &ProjectId, export: &SpaceExport, listed: &Outline) -> Use {
    if !is_idle(current) {
        return Use::Later;
    }
    if !is_as_asked(current, id, export) {
        return Use::Looks;
    }
    match (current.read(), current.snapshot()) {
        (Some(read), Some(known)) if read >= export.taken => {
            if known.outline.is_listed_like(listed) { Use::Whole(read) } else { Use::Nothing }
        }
        _ => Use::Whole(export.taken),
    }
}

/// Takes over what an export says of a project. Whether that is of no more use then.
async fn take(engine: &Engine, id: &ProjectId, project: &Project, export: &SpaceExport) -> bool {
    let Some(exported) = export.trusted(id) else { return false };
    // Whoever converses with the service about it knows better.
    let Ok(_conversation) = project.remote.try_lock() else { return false };
    let listing = export::listing(exported, &project.title());
    let found = use_of(&residency::resident(engine, project), id, export, &listing.outline);
    match found {
        Use::Whole(read) => {
            let mut listing = listing_of(engine, project, exported, export.taken);
            keep_newer(engine, project, &mut listing.outline, export.taken);
            fetch::install_reading(engine, project, listing, read).await;
        }
        Use::Looks => take_looks(engine, project, exported, export.taken).await,
        Use::Nothing => {}
        Use::Later => return false,
    }
    true
}

/// Takes over what an export says of a project that was saved since it was asked for, and no listing
/// does: of the tasks that both have, how their lines begin, and their fields.
async fn take_looks(engine: &Engine, project: &Project, exported: &Exported, asked: Instant) {
    let mut told = listing_of(engine, project, exported, asked).outline;
    keep_newer(engine, project, &mut told, asked);
    let mut next = Transition::begin(engine, project).await;
    let Some(known) = next.snapshot().map(|known| known.outline.clone()) else { return };
    let mut outline = Outline::clone(&known);
    outline.respell(&told);
    outline.take_details(&told);
    let (read, text) = (next.read(), project.render(&outline));
    next.install(outline, text, read);
    next.keep_in_memory();
    cache_write::write(engine, project);
    residency::note_resident(engine, project);
}

/// Puts what was set here, or asked for, since an export was asked for in the place of what that says.
fn keep_newer(engine: &Engine, project: &Project, told: &mut Outline, asked: Instant) {
    let current = residency::resident(engine, project);
    if let Some(known) = current.snapshot() {
        current.field_times.keep_newer(told, &known.outline, asked);
    }
}

/// Takes over what the newest export says of a project that was busy when it came.
pub(crate) async fn take_over_left(engine: &Engine, project: &Project) {
    if !engine.settings.shows_exported() {
        return;
    }
    let (folder, Some(id)) = (project.folder(), project.id()) else { return };
    let space = engine.exports.space(&folder);
    // One that is on its way is waited for: it may find the project busy, or not know it.
    let mut state = space.export.lock().await;
    if let Some(export) = &mut state.newest
        && export.trusted(&id).is_some()
        && take(engine, &id, project, export).await
    {
        export.projects.remove(&id);
    }
}

/// Whether what is known of a project is the outcome of the saves that it was when the export was
/// asked for, and nothing is on its way.
fn is_as_asked(current: &Current, id: &ProjectId, export: &SpaceExport) -> bool {
    // One that was not known then has had no save of this mount.
    let generation = export.generations.get(id).copied().unwrap_or(Some(0));
    is_idle(current) && generation == Some(current.generation())
}

/// Whether nothing is on its way.
fn is_idle(current: &Current) -> bool {
    let is_clean = current.pending().is_none() && current.creating().is_none();
    is_clean && !current.is_worked_at() && !current.is_to_be_archived()
}

/// Of which saves what is known of each project of a folder is the outcome.
fn generations(engine: &Engine, folder: &SpaceId) -> HashMap<ProjectId, Option<u64>> {
    let listed = engine.listings.projects_in(folder).into_iter();
    let generation = |listed: RemoteProject| {
        let project = engine.known(&listed.id)?;
        let current = project.lock();
        Some((listed.id, is_idle(&current).then_some(current.generation())))
    };
    listed.filter_map(generation).collect()
}
