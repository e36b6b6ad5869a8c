//! One project as this machine has it: the last reading, and what is to become of it. Pure.
//!
//! It changes by transitions alone: a transition works on a copy, which takes the place of what there
//! was once the journal has it. Version and time of last change move then, and only if the bytes do.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Details, Key, Outline},
    replica::{
        creation::Creating,
        local::{Local, Saved},
        normalised::Normalised,
        pending::PendingSave,
        rejection::{RejectedText, Rejection},
        remote::{Remote, Snapshot},
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

/// Whether a project is to be archived once its saves are through.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Archival {
    #[default]
    No,
    Wanted,
    /// The request may have been executed.
    Sent,
    /// It was archived, or is not there any more; the journal is still to be told.
    Done {
        /// Whether it was archived here.
        here: bool,
    },
}

/// Everything about a project that transitions change.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    pub(crate) id: Option<ProjectId>,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
    pub(crate) remote: Remote,
    /// Whether the snapshot is all that an earlier mount knew: served at once, whatever its age.
    pub(crate) from_cache: bool,
    /// Whether the snapshot is of an earlier mount that may have known a newer one.
    pub(crate) uncertain: bool,
    pub(crate) local: Local,
    /// A text that was refused here. Readers get it whatever else was saved, unless it is set aside.
    pub(crate) rejected: Option<RejectedText>,
    /// Which row of the journal has what is local.
    pub(crate) row: Option<i64>,
    /// The request to create the project, until what was made of it is known.
    pub(crate) creating: Option<Creating>,
    pub(crate) archival: Archival,
    /// Counts the saves.
    pub(crate) generation: u64,
    /// Counts the renamings.
    pub(crate) renamings: u64,
    /// The aliases that are not in the log of served bases yet.
    pub(crate) new_aliases: Vec<(Key, Key)>,
    /// What the service made of texts that it was sent.
    pub(crate) normalised: Normalised,
    /// What was copied to tasks from those that they were made of: no program has seen it before
    /// it reads the project again.
    pub(crate) copied: HashMap<Key, Details>,
    pub(crate) next_new: u32,
    /// What tasks are known by now that programs have seen under another key.
    pub(crate) aliases: HashMap<Key, Key>,
    /// Whether somebody has seen a text that is not known any more: whatever is read next may be
    /// another one.
    is_lost: bool,
    version: u64,
    modified: SystemTime,
}

impl Replica {
    /// A project of which nothing is known but this. One that has no id is empty.
    pub(crate) fn new(
        id: Option<ProjectId>,
        folder: SpaceId,
        title: String,
        modified: SystemTime,
    ) -> Self {
        let empty =
            || Snapshot { outline: Arc::default(), text: Arc::from([]), title: None, read: None };
        let remote = if id.is_none() { Remote::Resident(empty()) } else { Remote::Unknown };
        Self {
            id,
            folder,
            title,
            remote,
            from_cache: false,
            uncertain: false,
            local: Local::Clean,
            rejected: None,
            row: None,
            creating: None,
            archival: Archival::No,
            generation: 0,
            renamings: 0,
            new_aliases: Vec::new(),
            normalised: Normalised::default(),
            copied: HashMap::new(),
            next_new: 0,
            aliases: HashMap::new(),
            is_lost: false,
            version: 0,
            modified,
        }
    }

    /// What a reader gets.
    pub(crate) fn content(&self) -> Option<Content> {
        let version = self.version;
        if let Some(RejectedText { text, base, .. }) = self.shown_rejected() {
            return Some(Content { text: text.clone(), outline: base.clone(), version });
        }
        self.accepted()
    }

    /// The refused text, if it is what readers get.
    pub(crate) fn shown_rejected(&self) -> Option<&RejectedText> {
        self.rejected.as_ref().filter(|rejected| !rejected.rejection.set_aside)
    }

    /// What a reader would get had nothing been refused here.
    pub(crate) fn accepted(&self) -> Option<Content> {
        let version = self.version;
        match (self.local.saved(), self.remote.snapshot()) {
            (Some(Saved { text, outline, .. }), _)
            | (None, Some(Snapshot { text, outline, .. })) => {
                Some(Content { text: text.clone(), outline: outline.clone(), version })
            }
            (None, None) => None,
        }
    }

    /// Moves whenever what readers get does.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// When what readers get last changed.
    pub(crate) fn modified(&self) -> SystemTime {
        self.modified
    }

    /// What Taskade has, if that is in memory.
    pub(crate) fn snapshot(&self) -> Option<&Snapshot> {
        self.remote.snapshot()
    }

    /// The tasks that Taskade has, as far as is known.
    pub(crate) fn remote_outline(&self) -> Outline {
        self.snapshot().map(|known| Outline::clone(&known.outline)).unwrap_or_default()
    }

    /// What is to become of the project, rejected or not.
    pub(crate) fn pending(&self) -> Option<&PendingSave> {
        self.local.save()
    }

    pub(crate) fn pending_mut(&mut self) -> Option<&mut PendingSave> {
        self.local.save_mut()
    }

    /// The saved text, if readers get that instead of what Taskade has.
    pub(crate) fn saved(&self) -> Option<&Saved> {
        self.local.saved()
    }

    /// Taskade's refusal of what was saved, if that is its verdict.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        self.local.rejection()
    }

    /// The refusals that are not settled: of a text here, and of a save by Taskade.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = (&Arc<[u8]>, &Rejection)> {
        let here = self.rejected.iter().map(|rejected| (&rejected.text, &rejected.rejection));
        here.chain(self.saved().map(|saved| &saved.text).zip(self.rejection()))
    }

    /// How many bytes a reader gets; 0 if it was never read.
    pub(crate) fn size(&self) -> u64 {
        let in_memory = self.content().map(|content| content.text.len() as u64);
        in_memory.or_else(|| self.remote.size()).unwrap_or_default()
    }

    /// Whether a reader gets something with no request.
    pub(crate) fn is_known(&self) -> bool {
        !matches!(self.remote, Remote::Unknown) || self.content().is_some()
    }

    /// When what Taskade has was read; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.remote.read()
    }

    /// Whether it is on its way to another place.
    pub(crate) fn is_relocated(&self) -> bool {
        self.pending().is_some_and(|save| save.relocation.is_some())
    }

    /// Whether Taskade has refused its save: nobody works on that before it is settled.
    pub(crate) fn is_rejected(&self) -> bool {
        self.rejection().is_some()
    }

    /// Whether it is to be archived, or may have been, and the journal is to know that.
    pub(crate) fn is_to_be_archived(&self) -> bool {
        self.archival != Archival::No
    }

    /// Whether readers get what Taskade has; else its answers are no news to them.
    pub(crate) fn shows_remote(&self) -> bool {
        self.saved().is_none() && self.shown_rejected().is_none() && self.id.is_some()
    }

    /// Whether what Taskade has was read less than `max_age` ago.
    pub(crate) fn is_fresh(&self, now: Instant, max_age: Duration) -> bool {
        self.read().is_some_and(|read| now.saturating_duration_since(read) <= max_age)
    }

    /// Whether nothing of it is saved, refused or to be done.
    pub(crate) fn is_idle(&self) -> bool {
        let is_clean = matches!(self.local, Local::Clean) && self.rejected.is_none();
        is_clean && self.creating.is_none() && !self.is_to_be_archived()
    }

    /// Whether a row of the journal is to say what is to become of it.
    pub(crate) fn is_journaled(&self) -> bool {
        !matches!(self.local, Local::Clean) || self.is_to_be_archived()
    }

    /// Whether a row of the journal says the same of this as of the other one.
    pub(crate) fn is_journaled_as(&self, other: &Self) -> bool {
        // Where nothing was saved the row has what readers get all the same.
        let same_text = match (self.saved(), other.saved()) {
            (None, None) if self.is_journaled() => self.remote.is_as(&other.remote),
            (saved, of_other) => saved == of_other,
        };
        same_text
            && self.pending() == other.pending()
            && self.rejection() == other.rejection()
            && (&self.id, &self.folder, &self.title) == (&other.id, &other.folder, &other.title)
            && self.creating == other.creating
            && self.is_to_be_archived() == other.is_to_be_archived()
            && self.row == other.row
    }

    /// Takes what Taskade has from a reading, which was asked for at `read`, or from what was
    /// confirmed; `text` is what readers get of it.
    pub(crate) fn install(&mut self, outline: Outline, text: Arc<[u8]>, read: Option<Instant>) {
        let title = self.snapshot().and_then(|known| known.title.clone());
        self.install_with_title(outline, text, title, read);
    }

    /// As [`install`](Self::install); the title node is this one.
    pub(crate) fn install_with_title(
        &mut self,
        outline: Outline,
        text: Arc<[u8]>,
        title: Option<TaskId>,
        read: Option<Instant>,
    ) {
        self.uncertain &= read.is_none();
        // What stayed the same is shared with those who read it before.
        let (outline, text) = match self.snapshot() {
            Some(known) if *known.outline == outline && known.text == text => {
                (known.outline.clone(), known.text.clone())
            }
            _ => (Arc::new(outline), text),
        };
        self.remote = Remote::Resident(Snapshot { outline, text, title, read });
    }

    /// A copy for a transition to change. What waits to be logged stays behind: it is logged once,
    /// whatever becomes of the copy.
    pub(crate) fn successor(&self) -> Self {
        let mut next = self.clone();
        next.new_aliases.clear();
        next.normalised.news.clear();
        next
    }

    /// Moves version and time on from those of what was there before, if the bytes are others. Whether
    /// somebody may have seen that they are.
    pub(crate) fn follow(&mut self, before: &Self, now: SystemTime) -> bool {
        let text = |replica: &Self| replica.content().map(|content| content.text);
        let (was, is) = (text(before), text(self));
        let changed = was != is;
        // What was never seen has not changed: its time stays that of the mount.
        let was_seen = was.is_some() || before.is_lost;
        (self.version, self.modified) = (before.version, before.modified);
        self.is_lost = before.is_lost && is.is_none();
        if changed {
            self.version += 1;
            if was_seen {
                self.modified = now;
            }
        }
        changed && was_seen
    }

    /// Some program has set the time of last change.
    pub(crate) fn set_modified(&mut self, time: SystemTime) {
        self.modified = time;
    }

    /// The kernel's pages are of a text that is not known any more.
    pub(crate) fn lose(&mut self) {
        self.remote = Remote::Unknown;
        self.is_lost = true;
        self.version += 1;
    }

    /// The kernel may have pages of an earlier mount.
    pub(crate) fn lose_pages(&mut self) {
        self.version += 1;
    }

    /// The snapshot is one of the cache, of that time.
    pub(crate) fn install_cached(
        &mut self,
        snapshot: Snapshot,
        modified: SystemTime,
        is_complete: bool,
    ) {
        let had = self.content().is_some();
        self.remote = Remote::Resident(snapshot);
        (self.from_cache, self.uncertain) = (is_complete, !is_complete);
        self.modified = modified;
        if !had {
            self.version += 1;
        }
    }
}
