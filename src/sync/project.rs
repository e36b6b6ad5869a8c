//! One project and its locks.
//!
//! Lock order, outermost first: `remote` (one conversation with the service about the project
//! at a time), `commit` (one transition of the intent at a time), `state` (never held across an
//! await). The journal is written under `commit`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::{
    document::{self, Line, RenderOptions},
    error::Error,
    ids::{ProjectId, SpaceId},
    plan::{Key, Outline},
    replica::{
        freshness::Interest,
        lent::Lent,
        names::Names,
        normalised::Normalised,
        rejection::RefusedText,
        removed::Removed,
        served::ServedBases,
        state::{Awaited, Replica, Saved, Standing},
    },
    text::details::shown,
};

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
    state: Mutex<Replica>,
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
            state: Mutex::new(Replica {
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
                edited_before: Vec::new(),
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, Replica> {
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
        let options = RenderOptions { ids: self.ids, ..RenderOptions::default() };
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
