//! One project as this machine has it: the last reading, and what is to become of it. Pure.
//!
//! It changes by transitions alone: a transition works on a copy, which takes the place of what there
//! was once the journal has it. Version and time of last change move then, and only if the bytes do.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    ids::{ProjectId, SpaceId},
    plan::{Details, Key, Outline},
    replica::{
        archival::Archival,
        creation::Creating,
        given_up_lines::GivenUpLines,
        local::{Local, Saved},
        normalised::Normalised,
        pending::PendingSave,
        rejection::RejectedText,
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

/// Everything about a project that transitions change.
#[derive(Debug, Clone)]
pub(crate) struct Replica {
    pub(in crate::replica) id: Option<ProjectId>,
    pub(in crate::replica) folder: SpaceId,
    pub(in crate::replica) title: String,
    pub(in crate::replica) remote: Remote,
    /// Whether the snapshot is all that an earlier mount knew: served at once, whatever its age.
    pub(in crate::replica) from_cache: bool,
    /// Whether the snapshot is of an earlier mount that may have known a newer one.
    pub(in crate::replica) uncertain: bool,
    pub(in crate::replica) local: Local,
    /// A text that was refused here. Readers get it whatever else was saved, unless it is set aside.
    pub(in crate::replica) rejected: Option<Box<RejectedText>>,
    /// Which row of the journal has what is local.
    pub(in crate::replica) row: Option<i64>,
    /// The request to create the project, until what was made of it is known.
    pub(in crate::replica) creating: Option<Box<Creating>>,
    pub(in crate::replica) archival: Archival,
    /// Counts the saves.
    pub(in crate::replica) generation: u64,
    /// Counts the renamings.
    pub(in crate::replica) renamings: u64,
    /// The aliases that are not in the log of served bases yet.
    pub(in crate::replica) new_aliases: Vec<(Key, Key)>,
    /// What the service made of texts that it was sent.
    pub(in crate::replica) normalised: Normalised,
    /// What was copied to tasks from those that they were made of: no program has seen it before
    /// it reads the project again.
    pub(in crate::replica) copied: HashMap<Key, Details>,
    pub(in crate::replica) next_new: u32,
    /// The numbers of the tasks that were taken out before they were made.
    pub(in crate::replica) unmade: HashSet<u32>,
    pub(in crate::replica) given_up: GivenUpLines,
    /// What tasks are known by now that programs have seen under another key.
    pub(in crate::replica) aliases: HashMap<Key, Key>,
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
            unmade: HashSet::new(),
            given_up: GivenUpLines::default(),
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
        self.rejected.as_deref().filter(|rejected| !rejected.rejection.set_aside)
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

    /// What is known of what Taskade has, wherever it is.
    pub(crate) fn remote(&self) -> &Remote {
        &self.remote
    }

    /// The tasks that Taskade has, as far as is known.
    pub(crate) fn remote_outline(&self) -> Outline {
        self.snapshot().map(|known| Outline::clone(&known.outline)).unwrap_or_default()
    }

    /// What is to become of the project, rejected or not.
    pub(crate) fn pending(&self) -> Option<&PendingSave> {
        self.local.save()
    }

    /// What is to become of the project: as Taskade has it, if nothing else is.
    pub(crate) fn pending_or_at_rest(&self) -> PendingSave {
        let at_rest = || PendingSave::new(self.remote_outline(), self.remote_outline());
        self.pending().cloned().unwrap_or_else(at_rest)
    }

    pub(in crate::replica) fn pending_mut(&mut self) -> Option<&mut PendingSave> {
        self.local.save_mut()
    }

    /// The saved text, if readers get that instead of what Taskade has.
    pub(crate) fn saved(&self) -> Option<&Saved> {
        self.local.saved()
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

    /// Whether what Taskade has is all that an earlier mount knew: served at once, whatever its age.
    pub(crate) fn is_from_cache(&self) -> bool {
        self.from_cache
    }

    /// When what Taskade has was read; `None` if it is to be read again before it is trusted.
    pub(crate) fn read(&self) -> Option<Instant> {
        self.remote.read()
    }

    /// Whether readers get what Taskade has; else its answers are no news to them.
    pub(crate) fn shows_remote(&self) -> bool {
        self.saved().is_none() && self.shown_rejected().is_none() && self.id.is_some()
    }

    /// Whether what Taskade has was read less than `max_age` ago.
    pub(crate) fn is_fresh(&self, now: Instant, max_age: Duration) -> bool {
        self.read().is_some_and(|read| now.saturating_duration_since(read) <= max_age)
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
    pub(in crate::replica) fn follow(&mut self, before: &Self, now: SystemTime) -> bool {
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
    pub(in crate::replica) fn set_modified(&mut self, time: SystemTime) {
        self.modified = time;
    }

    /// The kernel's pages are of a text that is not known any more.
    pub(in crate::replica) fn lose(&mut self) {
        self.remote = Remote::Unknown;
        self.is_lost = true;
        self.version += 1;
    }

    /// The kernel may have pages of an earlier mount.
    pub(in crate::replica) fn lose_pages(&mut self) {
        self.version += 1;
    }

    /// The snapshot is one of the cache, of that time.
    pub(in crate::replica) fn install_cached(
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
