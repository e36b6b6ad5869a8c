//! One project as this machine has it: the last reading, the saved text, and who read what. Pure.
//!
//! Version and time move here only.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    api::TaskResource,
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Details, Key, Outline},
    replica::{
        assigned::Assigned,
        creation::Creating,
        evicted::Evicted,
        freshness::Interest,
        grace::{Edited, FilePath},
        lent::Lent,
        names::Names,
        normalised::Normalised,
        pending::PendingSave,
        rejection::{Refusal, RefusedText},
        removed::Removed,
        served::ServedBases,
    },
};

/// What a reader gets: a text, and what it says.
#[derive(Debug, Clone)]
pub struct Content {
    /// The bytes of the file.
    pub text: Arc<[u8]>,
    /// The tasks that they stand for.
    pub(crate) outline: Arc<Outline>,
    /// Moves whenever the bytes change.
    pub version: u64,
}

/// Where a project's saved text stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// The file shows what Taskade has.
    Clean,
    /// A save is on its way to Taskade.
    Pending,
    /// A save was refused; the file shows it, with this reason.
    Rejected(String),
}

/// What of a project's existence Taskade is still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// It was removed.
    Archival,
    /// It is back.
    Restoration,
}

/// What Taskade was last known to have.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) outline: Arc<Outline>,
    pub(crate) text: Arc<[u8]>,
    /// The title node, which is no task of the outline.
    pub(crate) title: Option<TaskId>,
    /// When it was read; `None` if it is to be read again before it is trusted.
    pub(crate) read: Option<Instant>,
}

/// A text that was saved and is not, or not yet, what Taskade has.
#[derive(Debug, Clone)]
pub(crate) struct Saved {
    pub(crate) text: Arc<[u8]>,
    /// What a program that reads this text now has before its eyes.
    pub(crate) outline: Arc<Outline>,
    /// What the program's own text stands for, if that is known.
    pub(crate) written: Option<Arc<Outline>>,
    /// What it was edited from, if that is known.
    pub(crate) edited: Option<Arc<Outline>>,
    /// Whether it was added to one that waited.
    pub(crate) is_added: bool,
    /// When it was saved.
    pub(crate) since: SystemTime,
    /// Taskade's refusal, if that is its verdict.
    pub(crate) refused: Option<Refusal>,
}

impl Default for Saved {
    fn default() -> Self {
        let (text, outline) = (Arc::from([]), Arc::default());
        let since = SystemTime::UNIX_EPOCH;
        let (written, edited, is_added) = (None, None, false);
        Self { text, outline, written, edited, is_added, since, refused: None }
    }
}

impl Saved {
    /// What its own program's text, if it is this one, was edited from.
    pub(crate) fn edited_as(&self, written: &Arc<Outline>) -> Option<Edited> {
        let is_it = self.written.as_ref().is_some_and(|own| Arc::ptr_eq(own, written));
        let outline = self.edited.clone().filter(|_| is_it)?;
        Some(Edited { outline, is_added: self.is_added, since: self.since })
    }
}

/// Everything about a project that changes.
#[derive(Debug)]
pub(crate) struct Replica {
    pub(crate) id: Option<ProjectId>,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
    pub(crate) snapshot: Option<Snapshot>,
    /// What is left of the snapshot, if only the cache on disk holds it.
    pub(crate) evicted: Option<Evicted>,
    /// Whether the snapshot is all that an earlier mount knew: served at once, whatever its age.
    pub(crate) recalled: bool,
    /// Whether the snapshot is of an earlier mount that may have known a newer one.
    pub(crate) uncertain: bool,
    /// Which version of the content is kept as the one that was served last.
    pub(crate) served: Option<u64>,
    pub(crate) saved: Option<Saved>,
    /// A text that was refused here. Readers get it whatever else was saved, unless it is set aside.
    pub(crate) refused: Option<RefusedText>,
    pub(crate) intent: Option<PendingSave>,
    /// Which journal row holds the intent.
    pub(crate) row: Option<i64>,
    /// The request to create the project, until what was made of it is known.
    pub(crate) creating: Option<Creating>,
    /// Whether the project is to be archived once its saves are through.
    pub(crate) archive: bool,
    /// Whether the request to archive it may have been executed.
    pub(crate) archiving: bool,
    /// Counts the saves.
    pub(crate) generation: u64,
    /// Counts the renamings.
    pub(crate) renamings: u64,
    /// Whether a worker is at it.
    pub(crate) working: bool,
    pub(crate) bases: ServedBases,
    /// The outlines that open files may have.
    pub(crate) lent: Lent,
    /// What texts were edited from that programs wrote before this mount, by what those stand for.
    pub(crate) edited_before: Vec<(Arc<Outline>, Edited)>,
    /// The name that it was looked up under last.
    pub(crate) path: Option<FilePath>,
    /// The aliases that are not in the log of served bases yet.
    pub(crate) new_aliases: Vec<(Key, Key)>,
    /// What the service made of texts that it was sent.
    pub(crate) normalised: Normalised,
    /// Whether somebody waits for the end of a grace in `bases`.
    pub(crate) graced: bool,
    /// When it was last opened.
    pub(crate) opened: Option<Instant>,
    pub(crate) interest: Interest,
    pub(crate) version: u64,
    pub(crate) modified: SystemTime,
    /// What a program last set that to, and when.
    pub(crate) set_time: Option<(SystemTime, SystemTime)>,
    /// Who does which task, as far as it was told in this mount.
    pub(crate) assigned: HashMap<TaskId, Assigned>,
    /// Whom and what the project's lines may name, as far as it was told.
    pub(crate) names: Names,
    /// What was copied to tasks from those that they were made of: no program has seen it before
    /// it reads the project again.
    pub(crate) copied: HashMap<Key, Details>,
    /// The tasks that were deleted lately.
    pub(crate) removed: Removed,
    /// Until when deletions wait: as the intent says, by the clock that only goes forward.
    pub(crate) held: Option<Instant>,
    /// How often a detail of a task was changed in this mount: an answer from before is old.
    pub(crate) touched: HashMap<(TaskId, TaskResource), u32>,
    pub(crate) next_new: u32,
    /// What tasks are known by now that programs have seen under another key.
    pub(crate) aliases: HashMap<Key, Key>,
}

impl Replica {
    /// What a reader gets.
    pub(crate) fn content(&self) -> Option<Content> {
        let version = self.version;
        if let Some(RefusedText { text, base, .. }) = self.shown_refused() {
            return Some(Content { text: text.clone(), outline: base.clone(), version });
        }
        self.accepted()
    }

    /// The refused text, if it is what readers get.
    pub(crate) fn shown_refused(&self) -> Option<&RefusedText> {
        self.refused.as_ref().filter(|refused| !refused.refusal.set_aside)
    }

    /// What a reader would get had nothing been refused here.
    pub(crate) fn accepted(&self) -> Option<Content> {
        let version = self.version;
        match (&self.saved, &self.snapshot) {
            (Some(Saved { text, outline, .. }), _)
            | (None, Some(Snapshot { text, outline, .. })) => {
                Some(Content { text: text.clone(), outline: outline.clone(), version })
            }
            (None, None) => None,
        }
    }

    /// How many bytes a reader gets; 0 if it was never read.
    pub(crate) fn size(&self) -> u64 {
        let in_memory = || self.content().map_or(0, |content| content.text.len() as u64);
        self.evicted.as_ref().map_or_else(in_memory, Evicted::size)
    }

    /// Whether a reader gets something with no request.
    pub(crate) fn is_known(&self) -> bool {
        self.evicted.is_some() || self.content().is_some()
    }

    /// When what Taskade has was read; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        let in_memory = || self.snapshot.as_ref().and_then(|snapshot| snapshot.read);
        self.evicted.as_ref().map_or_else(in_memory, Evicted::read)
    }

    /// Whether it is on its way to another place.
    pub(crate) fn is_relocated(&self) -> bool {
        self.intent.as_ref().is_some_and(|intent| intent.relocation.is_some())
    }

    /// Whether Taskade has refused its save: nobody works on that before it is settled.
    pub(crate) fn is_refused(&self) -> bool {
        self.saved.as_ref().is_some_and(|saved| saved.refused.is_some())
    }

    /// Whether readers get what Taskade has; else its answers are no news to them.
    pub(crate) fn shows_remote(&self) -> bool {
        self.saved.is_none() && self.shown_refused().is_none() && self.id.is_some()
    }

    /// Whether what Taskade has was read less than `max_age` ago.
    pub(crate) fn is_fresh(&self, now: Instant, max_age: Duration) -> bool {
        self.read().is_some_and(|read| now.saturating_duration_since(read) <= max_age)
    }

    /// Whether readers get what Taskade has, and it is worth a request that nobody waits for.
    pub(crate) fn is_due(&self, now: Instant, max_age: Duration) -> bool {
        self.shows_remote() && self.interest.is_due(self.read(), now, max_age)
    }

    pub(crate) fn install(
        &mut self,
        outline: Arc<Outline>,
        text: Arc<[u8]>,
        read: Option<Instant>,
    ) {
        self.uncertain &= read.is_none();
        let known = self.snapshot.take();
        let title = known.as_ref().and_then(|known| known.title.clone());
        // What stayed the same is shared with those who read it before.
        let (outline, text) = match known {
            Some(known) if known.outline == outline && known.text == text => {
                (known.outline, known.text)
            }
            _ => (outline, text),
        };
        self.snapshot = Some(Snapshot { outline, text, title, read });
    }

    /// Moves version and time if the bytes are others than before. Whether they are.
    pub(crate) fn settle_version(&mut self, before: Option<Arc<[u8]>>, now: SystemTime) -> bool {
        let after = self.content().map(|content| content.text);
        let changed = before != after;
        if changed {
            self.version += 1;
            // What was never seen has not changed: its time stays that of the mount.
            if before.is_some() {
                self.modified = now;
            }
        }
        changed && before.is_some()
    }
}
