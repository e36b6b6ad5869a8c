//! What an account holds that no process has: saves that wait or were refused, removals and moves,
//! and versions that saves overrode. Nothing is changed.

use std::{path::Path, sync::Arc, time::SystemTime};

use crate::{
    error::Result,
    file_name::{PROJECT_SUFFIX, safe},
    ids::{ProjectId, SpaceId},
    store::{
        artifacts::{ArtifactKind, Artifacts},
        cache::{CACHE, Cache},
        journal::{JOURNAL, Journal, JournalEntry},
        operations::Operation,
        remarks::Overridden,
        removals::Removals,
        unmoved::Unmoved,
    },
    sync::{
        leaf::listings::Listings,
        locate::{path_in, way_in},
    },
};

/// What there is to tell of an account. Paths are relative to its mount.
#[derive(Debug, Default)]
pub(crate) struct Peeked {
    pub(crate) saves: Vec<PeekedSave>,
    pub(crate) overridden: Vec<Overridden>,
    pub(crate) unmoved: Vec<Unmoved>,
    /// The files that were not removed since they were too many at once.
    pub(crate) refused_removals: Vec<String>,
}

/// A save that is not with Taskade.
#[derive(Debug)]
pub(crate) struct PeekedSave {
    pub(crate) path: String,
    /// `save`, `removal`, `restoration`, or what an operation is called.
    pub(crate) kind: &'static str,
    /// Why it was refused, if it was.
    pub(crate) reason: Option<String>,
    pub(crate) since: SystemTime,
}

/// Looks at the directory of an account. What cannot be read of the journal is an error.
///
/// # Errors
/// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be read.
pub(crate) fn peek(account: &Path) -> Result<Peeked> {
    let path = account.join(JOURNAL);
    if !path.exists() {
        return Ok(Peeked::default());
    }
    // One of an earlier release has not all tables yet, and is completed.
    let looked = Journal::open_to_look(&path).and_then(|journal| Peek::at(journal, account).all());
    looked.or_else(|_| Peek::at(Journal::open_as_is(&path)?, account).all())
}

pub(crate) struct Peek {
    journal: Journal,
    /// Gone if there is no cache: then paths are names alone.
    listings: Option<Listings>,
}

impl Peek {
    fn at(journal: Journal, account: &Path) -> Self {
        let cache = Cache::peek(&account.join(CACHE)).map(Arc::new);
        let listings = cache.map(|cache| Listings::from_cache(cache, Vec::new()));
        Self { journal, listings }
    }

    fn path_of(&self, id: Option<&ProjectId>, folder: &SpaceId, title: &str) -> String {
        match &self.listings {
            Some(listings) => path_in(&self.journal, listings, id, folder, title),
            None => format!("{}{PROJECT_SUFFIX}", safe(title)),
        }
    }

    fn path_of_operation(&self, operation: &Operation) -> String {
        let way = self.listings.as_ref();
        let way = way.map(|listings| way_in(&self.journal, listings, &operation.space));
        way.unwrap_or_default() + &operation.path
    }

    fn all(&self) -> Result<Peeked> {
        let removals = Removals::of(self.journal.removals()?);
        let entries = self.journal.entries()?;
        let mut saves: Vec<PeekedSave> =
            entries.iter().map(|entry| self.save(entry, &removals)).collect();
        saves.extend(self.journal.rejected()?.iter().map(|(of, rejected)| PeekedSave {
            path: self.path_of(of.project.as_ref(), &of.folder, &of.title),
            kind: "save",
            reason: Some(rejected.rejection.message()),
            since: rejected.rejection.since,
        }));
        let removals = removals.lock().clone();
        saves.extend(removals.iter().filter(|removal| !removal.archived).map(|it| PeekedSave {
            path: self.path_of(it.project.as_ref(), &it.folder, &it.title),
            kind: "removal",
            reason: None,
            since: it.time,
        }));
        saves.extend(self.journal.operations()?.into_iter().map(|it| PeekedSave {
            path: self.path_of_operation(&it),
            kind: it.kind.shown(),
            since: it.refusal.as_ref().map_or(it.since, |refusal| refusal.since),
            reason: it.refusal.map(|refusal| refusal.reason),
        }));
        let artifacts = Artifacts::of(self.journal.dir());
        let mut overridden = self.journal.overridden()?;
        overridden.retain(|it| artifacts.is_there(ArtifactKind::Conflicts, &it.file));
        let refused_removals = self.journal.refused_removals()?.into_iter();
        let refused_removals =
            refused_removals.map(|it| self.path_of(Some(&it.project), &it.folder, &it.title));
        Ok(Peeked {
            saves,
            overridden,
            unmoved: self.journal.unmoved()?,
            refused_removals: refused_removals.collect(),
        })
    }

    fn save(&self, entry: &JournalEntry, removals: &Removals) -> PeekedSave {
        let kind = match () {
            () if entry.archive => "removal",
            () if entry.save.restores_project() => "restoration",
            () => "save",
        };
        let removed = entry.project.as_ref().filter(|_| entry.archive);
        let moved = entry.save.relocation().map(|to| to.since());
        let since = removed.and_then(|id| removals.time_of(id)).or(moved).unwrap_or(entry.since);
        PeekedSave {
            path: self.path_of(entry.project.as_ref(), &entry.folder, &entry.title),
            kind,
            reason: entry.rejected.as_ref().map(|rejection| rejection.message()),
            since: entry.rejected.as_ref().map_or(since, |rejection| rejection.since),
        }
    }
}
