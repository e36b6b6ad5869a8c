//! One project as this mount knows it: the last reading, the saved text, and who read what.
//!
//! Lock order, outermost first: `remote` (one conversation with the service about the project
//! at a time), `commit` (one transition of the intent at a time), `state` (never held across an
//! await). The journal is written under `commit`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use super::{
    base_records::FilePath,
    create::Creating,
    evict::Evicted,
    intent::Intent,
    interest::Interest,
    lent::Lent,
    names::Names,
    normalised::Normalised,
    refusal::{Refusal, RefusedText},
    removed::Removed,
    sending::Assigned,
    served::ServedBases,
    shown::shown,
};
use crate::{
    api::TaskResource,
    document::{self, Line, RenderOptions},
    error::Error,
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Details, Key, Outline},
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
    /// What the program's own text stands for, if that was in this mount.
    pub(crate) written: Option<Arc<Outline>>,
    /// What it was edited from, if that was in this mount.
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

/// How far the saves of a project have come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    /// The newest save about which there is a verdict.
    pub(crate) generation: u64,
    /// The refusal, if that is the verdict.
    pub(crate) refused: Option<Error>,
}

/// How far the renamings of a project have come.
#[derive(Debug, Clone, Default)]
pub(crate) struct Relocated {
    /// The newest renaming about which there is a verdict.
    pub(crate) ticket: u64,
    /// The refusal, if that is the verdict.
    pub(crate) refused: Option<Error>,
}

/// Everything about a project that changes.
#[derive(Debug)]
pub(crate) struct State {
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
    pub(crate) intent: Option<Intent>,
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
    pub(super) next_new: u32,
    /// What tasks are known by now that programs have seen under another key.
    pub(super) aliases: HashMap<Key, Key>,
}

/// One project of the mount.
#[derive(Debug)]
pub struct Project {
    /// Unique in this mount, also before the project has an id.
    pub serial: u64,
    /// Serialises conversations with the service about this project.
    pub(crate) remote: AsyncMutex<()>,
    /// Serialises transitions of the intent and their journal entries.
    pub(crate) commit: AsyncMutex<()>,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) relocated: watch::Sender<Relocated>,
    state: Mutex<State>,
    ids: bool,
}

impl Project {
    pub(crate) fn new(
        serial: u64,
        id: Option<ProjectId>,
        folder: SpaceId,
        title: String,
        modified: SystemTime,
        ids: bool,
    ) -> Self {
        let is_new = id.is_none();
        let project = Self {
            serial,
            remote: AsyncMutex::new(()),
            commit: AsyncMutex::new(()),
            progress: watch::Sender::new(Progress::default()),
            relocated: watch::Sender::new(Relocated::default()),
            state: Mutex::new(State {
                id,
                folder,
                title,
                snapshot: None,
                evicted: None,
                recalled: false,
                served: None,
                saved: None,
                refused: None,
                intent: None,
                row: None,
                creating: None,
                archive: false,
                archiving: false,
                generation: 0,
                renamings: 0,
                working: false,
                bases: ServedBases::default(),
                lent: Lent::default(),
                graced: false,
                normalised: Normalised::default(),
                uncertain: false,
                path: None,
                new_aliases: Vec::new(),
                opened: None,
                interest: Interest::default(),
                version: 0,
                modified,
                set_time: None,
                assigned: HashMap::new(),
                names: Names::default(),
                copied: HashMap::new(),
                removed: Removed::default(),
                held: None,
                touched: HashMap::new(),
                next_new: 0,
                aliases: HashMap::new(),
            }),
            ids,
        };
        if is_new {
            project.lock().install(Arc::default(), Arc::from([]), None);
        }
        project
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its id, once it has one.
    pub fn id(&self) -> Option<ProjectId> {
        self.lock().id.clone()
    }

    /// Whether it is not created yet, or what was made of the request is not known yet.
    pub(crate) fn is_unborn(&self) -> bool {
        let state = self.lock();
        state.id.is_none() || state.creating.is_some()
    }

    /// Whether nothing of it is saved or waits.
    pub(crate) fn is_blank(&self) -> bool {
        let state = self.lock();
        state.saved.is_none() && state.refused.is_none() && state.intent.is_none()
    }

    /// Its title, as Taskade has it or is to have it.
    pub fn title(&self) -> String {
        self.lock().title.clone()
    }

    /// The folder that it is in.
    pub fn folder(&self) -> SpaceId {
        self.lock().folder.clone()
    }

    /// How many bytes a reader gets now; 0 if it was never read.
    pub fn size(&self) -> u64 {
        self.lock().size()
    }

    /// Whether a reader gets something with no request.
    pub(crate) fn is_known(&self) -> bool {
        self.lock().is_known()
    }

    /// Moves whenever what readers get does.
    pub fn version(&self) -> u64 {
        self.lock().version
    }

    /// When its content last changed.
    pub fn modified(&self) -> SystemTime {
        self.lock().modified
    }

    /// Sets the time of last change, as `utimensat` asks at `now`.
    pub fn set_modified(&self, time: SystemTime, now: SystemTime) {
        let mut state = self.lock();
        state.modified = time;
        state.set_time = Some((time, now));
        state.bases.set_modified(time);
    }

    /// When anything of it last changed, whose content shows `modified` as its time: that, or when a
    /// program set it.
    pub fn changed(&self, modified: SystemTime) -> SystemTime {
        match self.lock().set_time {
            Some((time, at)) if time == modified => at,
            _ => modified,
        }
    }

    /// Notes under which name it was looked up.
    pub fn note_path(&self, directory: &str, name: &str) {
        let mut state = self.lock();
        let is_known = state
            .path
            .as_ref()
            .is_some_and(|(in_directory, known)| **in_directory == *directory && **known == *name);
        if !is_known {
            state.path = Some((Arc::from(directory), Arc::from(name)));
        }
    }

    /// Where its saved text stands.
    pub fn standing(&self) -> Standing {
        let state = self.lock();
        if let Some(RefusedText { refusal, .. }) = &state.refused {
            return Standing::Rejected(refusal.told());
        }
        match &state.saved {
            None if state.is_relocated() => Standing::Pending,
            None => Standing::Clean,
            Some(Saved { refused: None, .. }) => Standing::Pending,
            Some(Saved { refused: Some(refusal), .. }) => Standing::Rejected(refusal.told()),
        }
    }

    /// What Taskade refused the save of this very outline with, if it did.
    pub(crate) fn refusal_of(&self, written: &Arc<Outline>) -> Option<Error> {
        let state = self.lock();
        let is_it = |saved: &&Saved| {
            saved.written.as_ref().is_some_and(|outline| Arc::ptr_eq(outline, written))
        };
        let saved = state.saved.as_ref().filter(is_it)?;
        saved.refused.as_ref().map(|refusal| Error::new(refusal.kind, refusal.reason.clone()))
    }

    /// What of its existence is not with Taskade yet.
    pub(crate) fn awaits(&self) -> Option<Awaited> {
        let state = self.lock();
        if state.archive {
            return Some(Awaited::Archival);
        }
        let restores = state.intent.as_ref().is_some_and(|intent| intent.restores);
        restores.then_some(Awaited::Restoration)
    }

    /// Since when its saved text is not what Taskade has.
    pub fn unsettled_since(&self) -> SystemTime {
        let state = self.lock();
        let here = state.refused.as_ref().map(|refused| refused.refusal.since);
        let saved = state.saved.as_ref();
        let saved =
            saved.map(|saved| saved.refused.as_ref().map_or(saved.since, |refusal| refusal.since));
        // What was never saved here has no such time, also where the journal has it as a save.
        let saved = saved.filter(|since| *since != SystemTime::UNIX_EPOCH);
        let intent = state.intent.as_ref();
        let moved = intent.and_then(|intent| intent.relocation.as_ref()).map(|to| to.since);
        here.or(saved).or(moved).unwrap_or(state.modified)
    }

    /// Installs what the service has. `read` is when it was asked.
    pub(crate) fn install(&self, outline: Outline, read: Option<Instant>, now: SystemTime) -> bool {
        let text = self.render(&outline);
        let mut state = self.lock();
        let before = state.content().map(|content| content.text);
        state.install(Arc::new(outline), text, read);
        state.settle_version(before, now)
    }

    /// The text of an outline, as the file shows it.
    pub(crate) fn render(&self, outline: &Outline) -> Arc<[u8]> {
        let options = RenderOptions { ids: self.ids };
        Arc::from(document::render(&self.lines(outline), &options).into_bytes())
    }

    /// The lines of an outline, as the file shows them.
    pub(crate) fn lines(&self, outline: &Outline) -> Vec<Line> {
        outline
            .items
            .iter()
            .map(|item| Line {
                depth: item.depth,
                done: item.done,
                text: item.text.clone(),
                details: shown(&item.details),
                anchor: match &item.key {
                    Key::Known(id) => Some(id.as_str().to_owned()),
                    Key::New(_) => None,
                },
                ..Line::default()
            })
            .collect()
    }

    /// Whether lines end with block ids.
    pub(crate) fn shows_ids(&self) -> bool {
        self.ids
    }
}

impl State {
    /// What a reader gets.
    pub(crate) fn content(&self) -> Option<Content> {
        let version = self.version;
        if let Some(RefusedText { text, base, .. }) = self.shown_refused() {
            return Some(Content { text: text.clone(), outline: base.clone(), version });
        }
        self.accepted()
    }

    /// The refused text, if it is what readers get.
    fn shown_refused(&self) -> Option<&RefusedText> {
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
