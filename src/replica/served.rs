//! Which text each program has before its eyes: the served base of its next save. Pure.
//!
//! A program edits the text that it has, not the text that the service has now. That is what it
//! *wrote* last, until it reads again later than the [`GRACE`] after that save; else what it
//! *read* last; for a process that did neither, what was served last to anyone.
//!
//! No rule on texts could tell an editor that checks or files away its own save, and goes on with
//! its old buffer, from one that reloads. Time can: the former reads at once. So within the grace a
//! program is served what it wrote, whatever was merged, and its base stays as it is; a later read
//! is a reload.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use crate::{
    plan::{self, Item, Key, Outline},
    replica::latest::Latest,
};

/// How long after a step of a save what follows belongs to it: a read of what was saved, or the
/// second step of a save that takes two.
pub const GRACE: Duration = Duration::from_secs(2);

/// How many processes are remembered for one project before it is looked which of them live.
pub(crate) const ROOM: usize = 32;

/// How many of those that live are remembered.
pub(crate) const MOST: usize = 512;

/// A process: its thread group, and what tells it from later ones, since ids are used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Process {
    /// The thread group id.
    pub group: u32,
    /// Its inode in the kernel's pidfs (Linux 6.9 and later); 0 if unknown.
    pub inode: u64,
}

/// What a text was edited from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Base {
    /// The program had this before its eyes.
    Exact(Arc<Outline>),
    /// A crash may have kept from disk what was served after it.
    MaybeStale(Arc<Outline>),
    /// It was written into this without being read: what it adds is added to what the program has
    /// before its eyes.
    Unread(Arc<Outline>),
}

impl Base {
    pub(crate) fn outline(&self) -> &Arc<Outline> {
        let (Base::Exact(outline) | Base::MaybeStale(outline) | Base::Unread(outline)) = self;
        outline
    }

    /// The same of another outline.
    pub(crate) fn map(self, change: impl FnOnce(Arc<Outline>) -> Arc<Outline>) -> Self {
        match self {
            Base::Exact(outline) => Base::Exact(change(outline)),
            Base::MaybeStale(outline) => Base::MaybeStale(change(outline)),
            Base::Unread(outline) => Base::Unread(change(outline)),
        }
    }
}

/// A text that a program saved a moment ago, as it is served to that program alone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OwnText {
    /// In canonical form.
    pub(crate) text: Arc<[u8]>,
    /// The time of last change that the program is told.
    pub(crate) modified: SystemTime,
    /// The end of its grace.
    pub(crate) until: Instant,
}

/// What a program is to have before its eyes once it is told that what it appended is saved.
#[derive(Debug)]
pub(crate) struct Appended {
    base: ProcessBase,
    newest: Arc<Outline>,
}

/// What one process has before its eyes.
#[derive(Debug, Clone)]
pub(crate) struct ProcessBase {
    pub(super) outline: Arc<Outline>,
    /// What it saved, as long as its reads are taken for checks of that.
    pub(super) own: Option<OwnText>,
}

/// What the programs have before their eyes that had one project open lately.
#[derive(Debug)]
pub(crate) struct ServedBases {
    pub(super) by_process: Latest<Process, ProcessBase>,
    /// By programs that are still to be told how that went.
    appended: HashMap<Option<Process>, Appended>,
    /// With how many processes it is looked next which of them live.
    room: usize,
    pub(super) newest: Option<Arc<Outline>>,
    pub(super) cached: Option<Arc<Outline>>,
}

impl Default for ServedBases {
    fn default() -> Self {
        Self {
            by_process: Latest::default(),
            appended: HashMap::new(),
            room: ROOM,
            newest: None,
            cached: None,
        }
    }
}

impl ServedBases {
    /// What a process saved itself a moment ago, and the outline that it stands for: what it is
    /// served now.
    pub(crate) fn own(
        &self,
        process: Option<Process>,
        now: Instant,
    ) -> Option<(&Arc<Outline>, &OwnText)> {
        let base = self.by_process.get(&process?)?;
        let own = base.own.as_ref().filter(|own| now < own.until)?;
        Some((&base.outline, own))
    }

    /// Notes that a process reads this outline. Within the grace of its save it goes on with what
    /// it wrote.
    pub(crate) fn read(&mut self, process: Option<Process>, outline: &Arc<Outline>, now: Instant) {
        let is_check = self.own(process, now).is_some();
        if !is_check {
            self.put(process, ProcessBase { outline: outline.clone(), own: None });
        }
        self.newest = Some(outline.clone());
    }

    /// Notes that a process wrote this outline, in place of all that it had.
    pub(crate) fn wrote(&mut self, process: Option<Process>, outline: &Arc<Outline>, own: OwnText) {
        self.put(process, ProcessBase { outline: outline.clone(), own: Some(own) });
        self.newest = Some(outline.clone());
    }

    /// Notes that a process, which did not read `from`, made `to` of it. Once it is told that this is
    /// saved it has that change before its eyes, and nothing else that stands there; if it is told
    /// that it failed, it goes on without. What it is to be served then, if that is still to be
    /// [rendered](Self::set_appended_text).
    pub(crate) fn added(
        &mut self,
        process: Option<Process>,
        (from, to): (&Outline, &Outline),
        resolved: impl Fn(&Outline) -> Outline,
    ) -> Option<Arc<Outline>> {
        let waiting = self.appended.remove(&process);
        let newest = self.newest.clone().or_else(|| self.cached.clone());
        let known = process.and_then(|process| self.by_process.get(&process).cloned());
        let (known, newest) = match waiting {
            Some(Appended { base, newest }) => (Some(base), Some(newest)),
            None => (known, newest),
        };
        let had = known.as_ref().map(|base| base.outline.clone()).or_else(|| newest.clone());
        let (outline, newest) = match (had, newest) {
            // Nobody was served anything: what stands there is all that anyone can mean.
            (None, _) => (Arc::new(to.clone()), None),
            (Some(had), newest) => {
                let newest = newest.filter(|newest| !Arc::ptr_eq(newest, &had));
                let newest = newest.map(|newest| with_change(&resolved(&newest), from, to));
                (Arc::new(with_change(&resolved(&had), from, to)), newest)
            }
        };
        let newest = newest.map_or_else(|| outline.clone(), Arc::new);
        let own = known.and_then(|base| base.own);
        let to_render = own.as_ref().map(|_| outline.clone());
        let base = ProcessBase { outline, own };
        self.appended.insert(process, Appended { base, newest });
        to_render
    }

    /// The canonical form of what a process has appended to, unless it has appended more since.
    pub(crate) fn set_appended_text(
        &mut self,
        process: Option<Process>,
        outline: &Arc<Outline>,
        text: Arc<[u8]>,
    ) {
        let appended = self.appended.get_mut(&process);
        let base = appended.map(|appended| &mut appended.base);
        let base = base.filter(|base| Arc::ptr_eq(&base.outline, outline));
        if let Some(own) = base.and_then(|base| base.own.as_mut()) {
            own.text = text;
        }
    }

    /// Notes that the program was told how what it appended went.
    pub(crate) fn appended(&mut self, process: Option<Process>, is_saved: bool) {
        if let Some(Appended { base, newest }) = self.appended.remove(&process).filter(|_| is_saved)
        {
            self.put(process, base);
            self.newest = Some(newest);
        }
    }

    /// Whether nobody is about to be told anything, or served a text of its own.
    pub(crate) fn is_settled(&self) -> bool {
        self.appended.is_empty() && self.next_end().is_none()
    }

    /// Notes that the program was told how its save went: its grace begins.
    pub(crate) fn saved(&mut self, process: Option<Process>, outline: &Arc<Outline>, now: Instant) {
        let base = process.and_then(|process| self.by_process.get_mut(&process));
        if let Some(base) = base
            && Arc::ptr_eq(&base.outline, outline)
            && let Some(own) = &mut base.own
        {
            own.until = now + GRACE;
        }
    }

    /// Notes that what a process wrote was refused: it is to see what is shown of that.
    pub(crate) fn rejected(&mut self, process: Option<Process>) {
        if let Some(base) = process.and_then(|process| self.by_process.get_mut(&process)) {
            base.own = None;
        }
    }

    /// Whether some program is served another text than this.
    pub(crate) fn is_apart(&self, text: &[u8], now: Instant) -> bool {
        self.owns().any(|own| now < own.until && *own.text != *text)
    }

    /// The end of the grace that ends next.
    pub(crate) fn next_end(&self) -> Option<Instant> {
        self.owns().map(|own| own.until).min()
    }

    /// Lets go of the texts whose grace is over, and returns them.
    pub(crate) fn end_graces(&mut self, now: Instant) -> Vec<OwnText> {
        let is_over = |own: &mut OwnText| own.until <= now;
        self.by_process.values_mut().filter_map(|base| base.own.take_if(is_over)).collect()
    }

    /// The time of last change is another, as a process wanted it. Whoever else is served a text of its own
    /// keeps the time of that: by the other one it sees that it changed, once its grace is over.
    pub(crate) fn set_modified(&mut self, time: SystemTime, process: Option<Process>) {
        let base = process.and_then(|process| self.by_process.get_mut(&process));
        if let Some(own) = base.and_then(|base| base.own.as_mut()) {
            own.modified = time;
        }
    }

    /// What was saved is given up: whoever has it before its eyes is known to have `without` of that,
    /// so that its next save says it again.
    pub(crate) fn give_up(&mut self, mut without: impl FnMut(&Arc<Outline>) -> Arc<Outline>) {
        for base in self.by_process.values_mut() {
            let left = without(&base.outline);
            if !Arc::ptr_eq(&left, &base.outline) {
                *base = ProcessBase { outline: left, own: None };
            }
        }
        for seen in self.newest.iter_mut().chain(&mut self.cached) {
            *seen = without(seen);
        }
    }

    /// Somebody took back what was saved: nobody is served it any more.
    pub(crate) fn end_all_graces(&mut self) {
        self.by_process.values_mut().for_each(|base| base.own = None);
    }

    /// The programs that it is to be looked of whether they live, if there are many: an editor that has
    /// its buffer for days is not to be forgotten over those that only looked.
    pub(crate) fn many(&mut self) -> Vec<Process> {
        if self.by_process.len() <= self.room {
            return Vec::new();
        }
        self.room = ROOM.max(self.by_process.len() * 2);
        self.by_process.iter().map(|(process, _)| *process).collect()
    }

    /// Forgets programs that are gone.
    pub(crate) fn forget(&mut self, gone: &[Process]) {
        if gone.is_empty() {
            return;
        }
        gone.iter().for_each(|process| self.by_process.remove(process));
        self.room = ROOM.max(self.by_process.len() * 2);
    }

    /// What this process itself has before its eyes, as far as that is known.
    pub(crate) fn outline_of(&self, process: Process) -> Option<&Arc<Outline>> {
        self.by_process.get(&process).map(|base| &base.outline)
    }

    /// What every process has before its eyes of which that is known; the latest comes first.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Process, &Arc<Outline>)> {
        self.by_process.iter().map(|(process, base)| (*process, &base.outline))
    }

    /// Takes over what a process had before its eyes before a remount, and what it had saved a
    /// moment before that.
    pub(crate) fn keep(&mut self, process: Process, outline: Arc<Outline>, own: Option<OwnText>) {
        self.put(Some(process), ProcessBase { outline, own });
    }

    /// What a process saved a moment ago, as long as it is not known that its grace is over.
    pub(crate) fn own_of(&self, process: Process) -> Option<&OwnText> {
        self.by_process.get(&process)?.own.as_ref()
    }

    /// Whether it is known what this process itself had before its eyes.
    pub(crate) fn knows(&self, process: Option<Process>) -> bool {
        process.is_some_and(|process| self.by_process.get(&process).is_some())
    }

    /// Takes over what was served last before a remount, as far as is known.
    pub(crate) fn note_cached(&mut self, outline: Arc<Outline>) {
        self.cached.get_or_insert(outline);
    }

    /// What a process that saves now has edited: what it has before its eyes itself, else what was
    /// served last. A process from before this mount, which is the one `mount`, or any that comes
    /// while nothing was served yet, takes what was served last before.
    pub(crate) fn base(&self, process: Option<Process>, mount: Option<Process>) -> Option<Base> {
        if let Some(base) = process.and_then(|process| self.by_process.get(&process)) {
            return Some(Base::Exact(base.outline.clone()));
        }
        let is_older = match (process, mount) {
            (Some(process), Some(mount)) => process.inode != 0 && process.inode < mount.inode,
            _ => false,
        };
        let before = self.cached.clone().map(Base::MaybeStale);
        let newest = self.newest.clone().map(Base::Exact);
        if is_older { before.or(newest) } else { newest.or(before) }
    }

    /// Puts other outlines in the place of those that programs had before their eyes before this mount:
    /// from then on none of them is served a text of its own.
    pub(crate) fn map(&mut self, mut change: impl FnMut(&Arc<Outline>) -> Arc<Outline>) {
        for base in self.by_process.values_mut() {
            let outline = change(&base.outline);
            if !Arc::ptr_eq(&outline, &base.outline) {
                *base = ProcessBase { outline, own: None };
            }
        }
        for outline in self.newest.iter_mut().chain(&mut self.cached) {
            *outline = change(outline);
        }
    }

    fn put(&mut self, process: Option<Process>, base: ProcessBase) {
        // It has another text before its eyes than the one that it appended to.
        self.appended.remove(&process);
        let Some(process) = process else { return };
        self.by_process.put(process, base);
        if self.by_process.len() > MOST {
            self.by_process.remove_first();
        }
    }

    fn owns(&self) -> impl Iterator<Item = &OwnText> {
        self.by_process.iter().filter_map(|(_, base)| base.own.as_ref())
    }
}

/// What somebody has before its eyes who had `had` and made `to` of `from`, which it did not read:
/// the change, and nothing else of either.
pub(crate) fn with_change(had: &Outline, from: &Outline, to: &Outline) -> Outline {
    let fresh = had.next_new().max(from.next_new()).max(to.next_new());
    // What was appended is at the end, whatever stands before it here and there.
    let is_new = |item: &Item| from.find(&item.key).is_none() && had.find(&item.key).is_none();
    let end = to.items.iter().rposition(|item| !is_new(item)).map_or(0, |last| last + 1);
    let is_below = to.items.get(end).is_none_or(|first| first.depth > 0);
    let (stood, appended) = to.items.split_at(if is_below { to.items.len() } else { end });
    let mut outline = plan::merge(from, &Outline { items: stood.to_vec() }, had, fresh).outline;
    outline.items.extend_from_slice(appended);
    let is_known = |key: &Key| had.find(key).is_some() || to.find(key).is_some();
    // What was edited of tasks that it does not know is none of its lines.
    let unknown: Vec<_> =
        outline.items.iter().map(|item| item.key.clone()).filter(|key| !is_known(key)).collect();
    unknown.iter().for_each(|key| outline.lift_out(key));
    outline
}

#[cfg(test)]
#[path = "served_tests.rs"]
mod tests;
