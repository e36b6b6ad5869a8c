//! A project's replica at this moment, and what only memory knows of it: who read what, and how much
//! anybody is interested. Pure.
//!
//! The replica can be looked at, and changed by nothing but a transition, which puts another one in its
//! place. What readers leave behind is beside it, and no transition overwrites that.

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Weak},
    time::{Duration, Instant, SystemTime},
};

use crate::{
    api::TaskResource,
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Change, Details, Item, Key, Op, Outline},
    replica::{
        archival::Archival,
        assigned::Assigned,
        creation::Creating,
        evicted::EvictedBases,
        field_times::FieldTimes,
        freshness::Interest,
        grace::{Edited, FilePath},
        lent::Lent,
        local::Local,
        names::Names,
        rejection::RejectedText,
        relocation::Location,
        remote::{Digest, Remote, Snapshot},
        removed::Removed,
        served::{Process, ServedBases},
        state::{Content, Replica},
    },
};

/// What there is of a project now.
#[derive(Debug)]
pub(crate) struct Current {
    replica: Replica,
    pub(crate) bases: ServedBases,
    /// Whether the cache has nothing of it.
    pub(crate) is_not_cached: bool,
    /// What the cache has of it.
    cached: Cached,
    /// Who had an outline before its eyes that is in the cache only.
    evicted: Option<EvictedBases>,
    /// The outlines that open files may have.
    pub(crate) lent: Lent,
    /// What texts were edited from that programs wrote before this mount, by what those stand for.
    pub(crate) edited_before: Vec<(Arc<Outline>, Edited)>,
    /// The name that it was looked up under last.
    pub(crate) path: Option<FilePath>,
    /// Which version of the content is kept as the one that was served last.
    served: Option<u64>,
    /// Whether somebody waits for the end of a grace in `bases`.
    pub(crate) graced: bool,
    /// Whether the log of served bases has records of it to write.
    has_records: bool,
    /// Whether a worker is at it.
    working: bool,
    /// When it was last opened.
    pub(crate) opened: Option<Instant>,
    pub(crate) interest: Interest,
    /// What a program last set the time of last change to, and when.
    set_time: Option<(SystemTime, SystemTime)>,
    /// Who does which task, as far as it was told in this mount.
    assigned: HashMap<TaskId, Assigned>,
    /// Whom and what the project's lines may name, as far as it was told.
    pub(crate) names: Names,
    /// The tasks that were deleted lately.
    pub(crate) removed: Removed,
    /// Until when deletions wait: as the save says, by the clock that only goes forward.
    pub(crate) held: Option<Instant>,
    /// How often a detail of a task was changed in this mount: an answer from before is old.
    touched: HashMap<(TaskId, TaskResource), u32>,
    /// When the fields of tasks were set or asked for last.
    pub(crate) field_times: FieldTimes,
}

/// What the cache has of a project.
#[derive(Debug, Default)]
struct Cached {
    id: Option<ProjectId>,
    outline: Weak<Outline>,
    /// The title node.
    title: Option<TaskId>,
    /// When what readers get last changed.
    modified: Option<SystemTime>,
    /// Which fields it defines, by their count in [`Names`].
    schemas: u64,
}

impl Deref for Current {
    type Target = Replica;

    fn deref(&self) -> &Replica {
        &self.replica
    }
}

impl Current {
    pub(crate) fn new(replica: Replica) -> Self {
        Self {
            replica,
            bases: ServedBases::default(),
            is_not_cached: false,
            cached: Cached::default(),
            evicted: None,
            lent: Lent::default(),
            edited_before: Vec::new(),
            path: None,
            served: None,
            graced: false,
            has_records: false,
            working: false,
            opened: None,
            interest: Interest::default(),
            set_time: None,
            assigned: HashMap::new(),
            names: Names::default(),
            removed: Removed::default(),
            held: None,
            touched: HashMap::new(),
            field_times: FieldTimes::default(),
        }
    }

    /// Puts a replica in place that a transition has made of this one's [`Replica::successor`], which was
    /// shown there when it `began`. Whether what readers get has changed before their eyes.
    pub(crate) fn advance(&mut self, mut next: Replica, began: &Location, now: SystemTime) -> bool {
        if Location::shown(&next) == *began {
            // A listing may have told another place meanwhile.
            next.folder = self.replica.folder.clone();
            next.title.clone_from(&self.replica.title);
        }
        next.new_aliases.splice(0..0, self.take_new_aliases());
        next.normalised.news.splice(0..0, self.take_new_texts());
        let changed = next.follow(&self.replica, now);
        self.replica = next;
        changed
    }

    /// A listing has told where the project is. One that is on its way is known better here.
    pub(crate) fn listed_at(&mut self, folder: &SpaceId, title: &str) {
        if !self.replica.is_relocated() {
            title.clone_into(&mut self.replica.title);
            self.replica.folder = folder.clone();
        }
    }

    /// A worker is at it from now on; whether none was.
    pub(crate) fn begin_work(&mut self) -> bool {
        !std::mem::replace(&mut self.working, true)
    }

    pub(crate) fn end_work(&mut self) {
        self.working = false;
    }

    pub(crate) fn is_worked_at(&self) -> bool {
        self.working
    }

    /// There is something of it to be written to the log of served bases, by whoever lets go of it.
    pub(crate) fn note_records(&mut self) {
        self.has_records = true;
    }

    /// Whether there is, which from now on somebody else sees to.
    pub(crate) fn take_records(&mut self) -> bool {
        std::mem::take(&mut self.has_records)
    }

    /// Whether this version of the content is kept as the one that was served last.
    pub(crate) fn is_served(&self, version: u64) -> bool {
        self.served == Some(version)
    }

    pub(crate) fn note_served(&mut self, version: u64) {
        self.served = Some(version);
    }

    /// The project is another one, of which nothing was told or served yet.
    pub(crate) fn forget_told(&mut self) {
        self.assigned.clear();
        self.touched.clear();
        self.field_times = FieldTimes::default();
        self.served = None;
    }

    /// Who does a task, as far as that was told.
    pub(crate) fn assigned(&self, task: &TaskId) -> Option<&Assigned> {
        self.assigned.get(task)
    }

    /// Somebody does a task no more.
    pub(crate) fn note_unassigned(&mut self, task: &TaskId, handle: &str) {
        if let Some(assigned) = self.assigned.get_mut(task) {
            assigned.handles.retain(|known| known != handle);
        }
    }

    pub(crate) fn note_assigned(&mut self, task: TaskId, assigned: Assigned) {
        self.assigned.insert(task, assigned);
    }

    /// How often a detail was changed in this mount.
    pub(crate) fn touches(&self, detail: &(TaskId, TaskResource)) -> Option<u32> {
        self.touched.get(detail).copied()
    }

    /// When a program set the time of last change, if it set it to this.
    pub(crate) fn time_set(&self, modified: SystemTime) -> Option<SystemTime> {
        self.set_time.filter(|(time, _)| *time == modified).map(|(_, at)| at)
    }

    /// Sets the time of last change, as `utimensat` of a process asks at `now`.
    pub(crate) fn set_modified(
        &mut self,
        time: SystemTime,
        now: SystemTime,
        process: Option<Process>,
    ) {
        self.replica.set_modified(time);
        self.set_time = Some((time, now));
        self.bases.set_modified(time, process);
    }

    /// What a program was served a moment ago is not what others get any more, and it is to see that
    /// by the time alone.
    pub(crate) fn touch_modified(&mut self, now: SystemTime) {
        self.replica.set_modified(now);
    }

    /// What a reader gets, which may be what an open file begins as.
    pub(crate) fn lend_content(&mut self) -> Option<Content> {
        let content = self.content()?;
        self.lent.lend(&content.outline);
        Some(content)
    }

    /// Lets go of the snapshot, which is in the cache.
    pub(crate) fn evict(&mut self) {
        let Some(known) = self.replica.remote.snapshot() else { return };
        self.evicted = Some(self.bases.evict(&known.outline));
        self.replica.remote = Remote::Evicted(Digest::of(known));
    }

    /// Takes the snapshot back that was let go of, if the cache has given the very same. Whether it
    /// is known now.
    pub(crate) fn restore(&mut self, digest: Digest, found: Option<Snapshot>) -> bool {
        match found.and_then(|found| digest.restored(found)) {
            Some(snapshot) => {
                if let Some(bases) = self.evicted.take() {
                    self.bases.restore(bases, &snapshot.outline);
                }
                self.replica.remote = Remote::Resident(snapshot);
                true
            }
            None => {
                if let Some(bases) = self.evicted.take() {
                    self.bases.restore_others(bases);
                }
                self.replica.lose();
                false
            }
        }
    }

    /// Takes over what an earlier mount knew, and what it served last.
    pub(crate) fn install_cached(
        &mut self,
        snapshot: Snapshot,
        modified: SystemTime,
        is_complete: bool,
        served: Option<Arc<Outline>>,
    ) {
        let outline = snapshot.outline.clone();
        self.replica.install_cached(snapshot, modified, is_complete);
        // Of one that is not all that was known not everything is taken over.
        if is_complete {
            self.note_cached(&outline);
        }
        let is_clean = self.replica.saved().is_none() && self.replica.rejected.is_none();
        if let Some(served) = served.filter(|_| is_clean) {
            if served == outline {
                // It need not be kept once more as what was served last.
                self.served = Some(self.replica.version());
                self.bases.note_cached(outline);
            } else {
                self.bases.note_cached(served);
            }
        }
    }

    /// The cache has this reading, or is to be given it now: whether it had all of it already.
    pub(crate) fn note_cached(&mut self, outline: &Arc<Outline>) -> bool {
        let title = self.snapshot().and_then(|known| known.title.clone());
        let (modified, schemas) = (Some(self.modified()), self.names.schemas);
        let outline = Arc::downgrade(outline);
        let now = Cached { id: self.id.clone(), outline, title, modified, schemas };
        let before = std::mem::replace(&mut self.cached, now);
        let now = &self.cached;
        now.outline.ptr_eq(&before.outline)
            && (&now.id, &now.title) == (&before.id, &before.title)
            && (now.modified, now.schemas) == (before.modified, before.schemas)
    }

    /// Whether the cache has what is known of what Taskade has, or will once it is written.
    pub(crate) fn is_cached(&self) -> bool {
        match &self.replica.remote {
            Remote::Unknown => false,
            Remote::Resident(known) => self.cached.outline.ptr_eq(&Arc::downgrade(&known.outline)),
            Remote::Evicted(_) => true,
        }
    }

    /// Takes over the aliases of an earlier mount: they are in the log already.
    pub(crate) fn take_over_names(
        &mut self,
        aliases: Vec<(Key, Key)>,
        made: Vec<(Key, String, String)>,
    ) {
        for (from, to) in aliases {
            self.replica.take_over_alias(from, to);
        }
        for (key, sent, now) in made {
            self.replica.normalised.keep(&key, &sent, &now);
        }
        self.replica.new_aliases.clear();
        self.replica.normalised.news.clear();
    }

    /// Takes over what the journal has of it, once, before anybody has seen it, and after the names that
    /// its tasks had in an earlier mount. Numbers below `used` are taken.
    pub(crate) fn reinstate(
        &mut self,
        local: Local,
        (row, creating): (Option<i64>, Option<Creating>),
        is_to_be_archived: bool,
        used: u32,
    ) {
        let mut next = self.replica.clone();
        next.reserve(used as usize);
        (next.local, next.row) = (local, row);
        next.creating = creating.map(Box::new);
        next.archival = Archival::reinstated(is_to_be_archived);
        next.count_save();
        next.note_answered_before();
        next.follow(&self.replica, self.replica.modified());
        next.lose_pages();
        self.replica = next;
    }

    /// Takes over a text that the journal has as refused here.
    pub(crate) fn reinstate_rejected(&mut self, rejected: RejectedText) {
        self.replica.rejected = Some(Box::new(rejected));
    }

    /// Takes over what was copied to tasks by an earlier mount.
    pub(crate) fn note_copied(&mut self, copied: impl IntoIterator<Item = (Key, Details)>) {
        self.replica.note_copied(copied);
    }

    /// Numbers up to those of an outline are taken.
    pub(crate) fn reserve_outline(&mut self, outline: &Outline) {
        outline.items.iter().for_each(|item| self.replica.reserve_above(&item.key));
    }

    /// The aliases that are to be logged, once.
    pub(crate) fn take_new_aliases(&mut self) -> Vec<(Key, Key)> {
        std::mem::take(&mut self.replica.new_aliases)
    }

    /// What the service made of texts, as far as it is to be logged, once.
    pub(crate) fn take_new_texts(&mut self) -> Vec<(Key, String, String)> {
        std::mem::take(&mut self.replica.normalised.news)
    }

    /// Notes new lines of a save that is given up.
    pub(crate) fn note_given_up<'a>(&mut self, lines: impl Iterator<Item = &'a Item>) {
        self.replica.given_up.note(lines);
    }

    /// Notes what a program has in its buffer that is known to have `left` of `seen`.
    pub(crate) fn note_buffer(&mut self, left: &Arc<Outline>, seen: &Arc<Outline>) {
        self.replica.given_up.note_buffer(left, seen);
    }

    /// Notes that a request changes, or has changed, a detail.
    pub(crate) fn touch(&mut self, op: &Op, now: Instant) {
        if let Op::Detail { key: Key::Known(task), change } = op {
            if let Change::Field(field, _) = change {
                self.field_times.note_set(task, field, now);
            }
            *self.touched.entry((task.clone(), change.resource())).or_default() += 1;
        }
    }

    /// Whether readers get what Taskade has, and it is worth a request that nobody waits for.
    pub(crate) fn is_due(&self, now: Instant, max_age: Duration) -> bool {
        self.shows_remote() && self.interest.is_due(self.read(), now, max_age)
    }
}
