//! Saves that a service refused because their token no longer counts, in an account's directory
//! that no process has: another token of the same account may take them over.

use std::{collections::BTreeSet, path::Path, time::Instant};

use crate::{
    error::{Kind, Result},
    ids::SpaceId,
    store::{
        cache::{CACHE, Cache},
        journal::Journal,
    },
    sync::leaf::listings as listing,
};

/// What is known of the account whose saves wait for another token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct OrphanedSaves {
    /// How many saves wait.
    pub(crate) saves: usize,
    /// The workspaces that the account had when they were last listed.
    pub(crate) workspaces: BTreeSet<SpaceId>,
}

/// Looks at an account's directory, which no other process has. `None` if no save in it was
/// refused for its token.
///
/// # Errors
/// If its journal cannot be read.
pub(crate) fn orphaned_saves(journal: &Path) -> Result<Option<OrphanedSaves>> {
    if !journal.exists() {
        return Ok(None);
    }
    let journal = Journal::open_as_is(journal)?;
    let entries = journal.entries()?;
    let rejected = entries.iter().filter_map(|entry| entry.rejected.as_ref());
    let saves = rejected.filter(|rejection| rejection.kind == Kind::Unauthorized).count();
    if saves == 0 {
        return Ok(None);
    }
    let cache = Cache::open(&journal.dir().join(CACHE), Instant::now());
    let workspaces = listing::cached_workspaces(&cache);
    // It is complete if it was.
    if cache.is_complete() {
        cache.flush(cache.ages(Instant::now()));
    }
    Ok(Some(OrphanedSaves { saves, workspaces }))
}
