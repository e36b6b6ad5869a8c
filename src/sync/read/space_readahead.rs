//! Reading whole spaces ahead: a program that walks through the folders of a workspace of which nothing
//! is known finds the next ones listed and exported when it gets there.
//!
//! As for projects, nothing that a walk may not come to is worth more than a request to spare: it is
//! led from its second space on, by more and more, and only with what the budget has in excess. Only
//! what is read by an export alone is read ahead: whoever gets there would ask for just that.

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
    let Some(process) = process else { return };
    // Without any age to be served at, everybody looks.
    if engine.settings.max_age.is_zero() || !engine.settings.shows_exported() {
        return;
    }
    let Some((spaces, at)) = engine.listings.beside(&project.folder()) else { return };
    let Some(workspace) = spaces.first().cloned() else { return };
    let way = (process, workspace);
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

/// Whether nothing is known of a space, nobody is asking, and an export alone would tell it.
fn is_unread(engine: &Engine, space: &SpaceId) -> bool {
    let which = Which::Projects(space.clone());
    let (now, max_age) = (engine.clock.now(), engine.settings.max_age);
    let is_unlisted = engine.listings.standing(&which, now, max_age) == ListingStanding::Unknown
        && engine.listings.flight(&which).try_lock().is_ok();
    let is_light = || exported::agreement(engine, space).is_some_and(|it| !it.is_heavy);
    is_unlisted && !export::is_refused(engine, space) && is_light()
}

async fn read(engine: &Arc<Engine>, space: &SpaceId) -> Result<()> {
    directories::relist(engine, &Which::Projects(space.clone()), Priority::Background).await?;
    if export::unknown_in(engine, space) == 0 {
        return Ok(());
    }
    let (exports, begun) = (engine.exports.space(space), engine.clock.now());
    if let Claim::Mine(lease) = exports.claim(begun, engine.settings.max_age) {
        exported::export(engine, space, (&lease, None), begun, Priority::Background).await;
    }
    Ok(())
}
