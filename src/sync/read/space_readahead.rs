//! Reading whole spaces ahead: a program that walks through the folders of a workspace of which nothing
//! is known finds the next ones listed and exported when it gets there.
//!
//! As for projects, nothing that a walk may not come to is worth more than a request to spare: it is
//! led from its second space on, as soon as its directory is opened, by more and more, and only with what
//! the budget has in excess. Only what is read by an export alone is read ahead: whoever gets there would
//! ask for just that, and so waits for it, and has it be as urgent.

use std::sync::Arc;

use crate::{
    api::Priority,
    error::Result,
    ids::SpaceId,
    replica::served::Process,
    sync::{
        engine::Engine,
        leaf::{exports::Claim, known_listings::Which, listings::ListingStanding},
        presence,
        project::Project,
        read::{directories, export, exported},
    },
};

/// Requests that a space takes: a listing and an export.
const REQUESTS: u32 = 2;

/// A program asks for a project that was never read: spaces beside that of the project, which it is
/// likely to come to next, are read as well.
pub(crate) fn lead(engine: &Arc<Engine>, project: &Project, process: Option<Process>) {
    let Some(process) = process.filter(|_| reads_ahead(engine)) else { return };
    if let Some(beside) = engine.listings.beside(&project.folder()) {
        go_on(engine, process, &beside);
    }
}

/// A program opens the directory of a space: if it has just read what was never read in another one,
/// it goes on to this one, and those after it.
pub(crate) async fn enter(engine: &Arc<Engine>, space: &SpaceId, process: Option<Process>) {
    let Some(process) = process.filter(|_| reads_ahead(engine)) else { return };
    let Some(beside) = engine.listings.beside(space) else { return };
    let Some(workspace) = beside.0.first().cloned() else { return };
    if engine.space_walks.is_on(&(process, workspace), engine.clock.now()) {
        // On no thread of the kernel's: the cache is looked into.
        tokio::task::yield_now().await;
        go_on(engine, process, &beside);
    }
}

fn reads_ahead(engine: &Engine) -> bool {
    // Without any age to be served at, everybody looks.
    !engine.settings.max_age.is_zero() && engine.settings.shows_exported()
}

/// A walk comes to one of these spaces, the first of which is the workspace's own.
fn go_on(engine: &Arc<Engine>, process: Process, (spaces, at): &(Vec<SpaceId>, usize)) {
    let Some(workspace) = spaces.first().cloned() else { return };
    let (way, at) = ((process, workspace), *at);
    let lead = engine.space_walks.step(&way, at, engine.clock.now());
    let count = lead.count.min(affordable(engine));
    if count == 0 || presence::gone(engine).is_some() {
        return;
    }
    let (before, after) = (&spaces[..at], &spaces[at + 1..]);
    let unread = |space: &&SpaceId| is_unread(engine, space);
    let next: Vec<SpaceId> = match lead.backward {
        true => before.iter().rev().chain(after).filter(unread).take(count).cloned().collect(),
        false => after.iter().chain(before).filter(unread).take(count).cloned().collect(),
    };
    for space in next {
        let (shared, lease) = (engine.clone(), engine.space_walks.begin(&way));
        engine.tasks.spawn("reading a space ahead", async move {
            let read = read(&shared, &space).await;
            if let Err(error) = &read {
                tracing::debug!(%error, %space, "not read ahead");
            }
            lease.end(read.is_ok());
        });
    }
}

/// How many spaces can be read with requests that nobody else needs.
fn affordable(engine: &Engine) -> usize {
    let Some(budget) = engine.budget() else { return usize::MAX };
    let (Some(limit), Some(spare), Some(remaining)) =
        (budget.limit, budget.spare, budget.remaining)
    else {
        return usize::MAX;
    };
    let kept = limit.saturating_sub(spare);
    usize::try_from(remaining.saturating_sub(kept) / REQUESTS).unwrap_or(usize::MAX)
}

/// Whether nothing is known of a space but perhaps its listing, nobody is asking, and an export alone
/// would tell it.
fn is_unread(engine: &Engine, space: &SpaceId) -> bool {
    let is_unknown = match is_listed(engine, space) {
        true => export::unknown_in(engine, space) > 0,
        false => engine.listings.flight(&projects_of(space)).try_lock().is_ok(),
    };
    let is_asked_for = || engine.exports.space(space).is_awaited();
    let is_light = || exported::agreement(engine, space).is_some_and(|it| !it.is_heavy);
    is_unknown && !export::is_refused(engine, space) && is_light() && !is_asked_for()
}

fn is_listed(engine: &Engine, space: &SpaceId) -> bool {
    let (now, max_age) = (engine.clock.now(), engine.settings.max_age);
    engine.listings.standing(&projects_of(space), now, max_age) != ListingStanding::Unknown
}

fn projects_of(space: &SpaceId) -> Which {
    Which::Projects(space.clone())
}

async fn read(engine: &Arc<Engine>, space: &SpaceId) -> Result<()> {
    if !is_listed(engine, space) {
        directories::relist(engine, &projects_of(space), Priority::Background).await?;
    }
    if export::unknown_in(engine, space) == 0 {
        return Ok(());
    }
    if engine.cache.is_behind() {
        // All that waits to be written is in memory until it is, and nobody waits for this export.
        let shared = engine.clone();
        // Fails only while the runtime goes.
        let _ = tokio::task::spawn_blocking(move || shared.cache.write_out()).await;
    }
    let (exports, begun) = (engine.exports.space(space), engine.clock.now());
    if let Claim::Mine(lease) = exports.claim(begun, engine.max_age_in(Some(space))) {
        lease.note_ahead();
        exported::export(engine, space, (&lease, None), begun, Priority::Background).await;
    }
    Ok(())
}
