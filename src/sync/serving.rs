//! What a program is served of a project: the content, or for a moment after its own save what it
//! wrote itself.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    base_records::{Grace, Kept},
    engine::Engine,
    project::{Content, Project, State},
    served::{GRACE, OwnText, Process, Seen},
};
use crate::{
    ids::ProjectId,
    pidfs,
    plan::{Key, Outline},
};

/// How much later than another look it counts as one.
const ROUGHLY: Duration = Duration::from_secs(1);

/// What a program is served.
#[derive(Debug, Clone)]
pub struct Served {
    /// The text, and what it says.
    pub content: Content,
    /// Whether it is what this program saved a moment ago, and not what others get.
    pub is_own: bool,
    /// Whether some program is served another text than others get, so that no size or page may be
    /// shared among them.
    pub is_apart: bool,
}

/// What `stat` tells a program of a project's text.
#[derive(Debug, Clone, Copy)]
pub struct Stat {
    /// Its size in bytes.
    pub size: u64,
    /// When it last changed.
    pub modified: SystemTime,
    /// Whether some program is told otherwise, or was until a moment ago.
    pub is_apart: bool,
}

impl State {
    /// What a process saved a moment ago, if it is not what others are served.
    fn own_content(&self, process: Option<Process>, now: Instant) -> Option<Content> {
        let (outline, own) = self.bases.own(process, now)?;
        let shown = self.content()?;
        (*shown.text != *own.text).then(|| Content {
            text: own.text.clone(),
            outline: outline.clone(),
            version: shown.version,
        })
    }

    fn is_apart(&self, now: Instant) -> bool {
        self.content().is_some_and(|content| self.bases.is_apart(&content.text, now))
    }
}

impl Engine {
    /// What a process that opens the project gets with no look at the service: what it saved itself
    /// a moment ago, where that is not what others get.
    pub fn own_content(&self, project: &Project, process: Option<Process>) -> Option<Content> {
        project.lock().own_content(process, self.clock.now())
    }

    /// Notes that a process reads the present content, or what it saved itself a moment ago, and
    /// returns it.
    pub fn read_by(&self, project: &Project, process: Option<Process>) -> Option<Served> {
        let now = self.clock.now();
        let (served, before) = {
            let mut state = self.recalled(project);
            let before = state.opened.replace(now);
            let own = state.own_content(process, now);
            let is_own = own.is_some();
            let content = own.or_else(|| state.content())?;
            state.bases.read(process, &content.outline, now);
            state.lent.lend(&content.outline);
            let served = Served { content, is_own, is_apart: state.is_apart(now) };
            self.log_base(&mut state, process);
            (served, before)
        };
        // Who is the oldest need not be known so exactly.
        if before.is_none_or(|before| now.saturating_duration_since(before) > ROUGHLY) {
            self.note_resident(project);
        }
        Some(served)
    }

    /// What a process is told of the project's text.
    pub fn stat_for(&self, project: &Project, process: Option<Process>) -> Stat {
        let now = self.clock.now();
        let state = project.lock();
        let is_apart = state.is_apart(now);
        match state.bases.own(process, now).filter(|_| is_apart) {
            Some((_, own)) => {
                Stat { size: own.text.len() as u64, modified: own.modified, is_apart }
            }
            None => Stat { size: state.size(), modified: state.modified, is_apart },
        }
    }

    /// Notes what a process has before its eyes that made `ours` of `base`. The program is still to
    /// be told how that went, within `--commit-wait`.
    pub(crate) fn note_written(
        &self,
        project: &Project,
        state: &mut State,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
    ) {
        state.lent.lend(ours);
        if let Seen::Blindly(base) = base {
            let mut bases = std::mem::take(&mut state.bases);
            let (from, to) = (state.resolved(base), state.resolved(ours));
            let resolved = |outline: &Outline| state.resolved(outline);
            bases.added(process, (&from, &to), resolved, |outline| project.render(outline));
            state.bases = bases;
            return;
        }
        let text = project.render(ours);
        let until = self.clock.now() + self.settings.commit_wait + GRACE;
        let own = OwnText { text, modified: state.modified, until };
        state.bases.wrote(process, ours, own);
        self.log_base(state, process);
    }

    /// Notes that a program is told how what it wrote into a text went that it did not read. Only
    /// what it is told to be saved is before its eyes: told that it failed, it has not got that line,
    /// and saving the buffer without it deletes nothing.
    pub(crate) fn note_told_blindly(
        &self,
        project: &Project,
        process: Option<Process>,
        is_saved: bool,
    ) {
        let mut state = project.lock();
        state.bases.told_of_appended(process, is_saved);
        self.log_base(&mut state, process);
        let is_apart = state.is_apart(self.clock.now());
        drop(state);
        self.changed(project, is_saved && is_apart);
    }

    /// Notes that a program is told that its save is accepted. Its grace begins, and whatever was
    /// merged into its text comes to it after that, as a change by others.
    pub(crate) fn note_told(
        &self,
        project: &Arc<Project>,
        process: Option<Process>,
        ours: &Arc<Outline>,
    ) {
        {
            let mut state = project.lock();
            state.bases.told(process, ours, self.clock.now());
            self.log_base(&mut state, process);
            if state.bases.next_end().is_none() || std::mem::replace(&mut state.graced, true) {
                return;
            }
        }
        if let Some(engine) = self.this.upgrade() {
            let project = project.clone();
            tokio::spawn(async move { engine.end_graces(&project).await });
        }
    }

    /// A process is told that what it wrote cannot be saved: it is served what is shown of that, also
    /// after a kill.
    pub(crate) fn note_not_saved(&self, project: &Project, process: Option<Process>) {
        let mut state = project.lock();
        state.bases.refused(process);
        self.log_base(&mut state, process);
    }

    /// Somebody settles what was saved: nobody is served a text of its own any more, also after a
    /// kill.
    pub(crate) fn end_own_texts(&self, state: &mut State) {
        state.bases.end_all_graces();
        self.log_bases(state);
    }

    /// The journal has a save of that time. A kill may have kept from the log what its program has
    /// before its eyes since then; what it saved before that is not to be served in its place.
    pub(crate) fn end_own_texts_before(&self, state: &mut State, since: SystemTime) {
        state.bases.end_graces_of_saves_before(since);
        self.log_bases(state);
    }

    /// Keeps on disk what a process has before its eyes, before it is told anything.
    fn log_base(&self, state: &mut State, process: Option<Process>) {
        self.log_names(state);
        state.bases.forget_dead(is_alive);
        let (Some(process), Some(id)) = (process, &state.id) else { return };
        if let Some(outline) = state.bases.outline_of(process) {
            let grace = self.grace_of(state, process);
            self.base_log.note_with(process, id, outline, state.path.clone(), grace);
        }
    }

    /// As long as it lasts.
    fn grace_of(&self, state: &State, process: Process) -> Option<Grace> {
        let own = state.bases.own_of(process)?;
        let left = own.until.checked_duration_since(self.clock.now())?;
        Some(Grace { until: self.clock.wall() + left, modified: own.modified })
    }

    /// Keeps on disk by which keys tasks are known that programs have before their eyes, and what
    /// the service made of what they typed.
    pub(crate) fn log_names(&self, state: &mut State) {
        let Some(id) = &state.id else { return };
        if !state.new_aliases.is_empty() {
            self.base_log.note_aliases(id, &std::mem::take(&mut state.new_aliases));
        }
        if !state.normalised.news.is_empty() {
            self.base_log.note_made(id, &std::mem::take(&mut state.normalised.news));
        }
    }

    /// A project has an id from now on: what programs had before their eyes is kept by that.
    pub(crate) fn log_bases(&self, state: &mut State) {
        self.log_names(state);
        let Some(id) = &state.id else { return };
        for (process, outline) in state.bases.all() {
            let grace = self.grace_of(state, process);
            self.base_log.note_with(process, id, outline, state.path.clone(), grace);
        }
    }

    /// A project is about to be this copy, whose tasks have other keys.
    pub(crate) fn log_bases_of_copy(
        &self,
        project: &Project,
        copy: &ProjectId,
        keys: &[(Key, Key)],
    ) {
        let state = project.lock();
        // What programs have read may be written down once more with the keys that it had then.
        let now = |key: &Key| {
            let key = state.current(key);
            let of_copy = keys.iter().find(|(of_original, _)| *of_original == key);
            of_copy.map_or(key, |(_, of_copy)| of_copy.clone())
        };
        let earlier = state.aliases.keys().map(|key| (key.clone(), now(key)));
        let earlier: Vec<(Key, Key)> = earlier.filter(|(key, now)| key != now).collect();
        self.base_log.note_aliases(copy, &earlier);
        self.base_log.note_aliases(copy, keys);
        let made = state.normalised.all();
        let made: Vec<_> =
            made.map(|(key, sent, made)| (now(&key), sent.to_owned(), made.to_owned())).collect();
        self.base_log.note_made(copy, &made);
        for (process, outline) in state.bases.all() {
            // By the keys that tasks are known by now: earlier aliases are the original's.
            let outline = Arc::new(state.resolved(outline));
            let grace = self.grace_of(&state, process);
            self.base_log.note_with(process, copy, &outline, state.path.clone(), grace);
        }
    }

    /// The project that a process read under this name last, whatever it is called now.
    pub fn read_under(&self, process: Process, directory: &str, name: &str) -> Option<ProjectId> {
        self.base_log.read_under(process, directory, name)
    }

    /// A name was given up here, and what is written to it from now on is nothing that was read
    /// under it.
    pub fn forget_name(&self, directory: &str, name: &str) {
        self.base_log.forget_name(directory, name);
    }

    async fn end_graces(&self, project: &Project) {
        loop {
            let now = self.clock.now();
            let (changed, next) = {
                let mut state = project.lock();
                let ended = state.bases.end_graces(now);
                let shown = state.content();
                let is_other =
                    |own: &&OwnText| shown.as_ref().is_some_and(|shown| *shown.text != *own.text);
                let others: Vec<&OwnText> = ended.iter().filter(is_other).collect();
                if others.iter().any(|own| own.modified == state.modified) {
                    // A program that asks for the time alone is to see that it changed.
                    state.modified = self.clock.wall();
                }
                let next = state.bases.next_end();
                state.graced = next.is_some();
                (!others.is_empty(), next)
            };
            if changed {
                self.keep(project);
            }
            self.changed(project, changed);
            let Some(next) = next else {
                // It can be let go of from now on.
                self.note_resident(project);
                return;
            };
            self.clock.sleep(next.saturating_duration_since(now)).await;
        }
    }
}

/// Whether a process lives, as far as the kernel tells.
fn is_alive(process: &Process) -> bool {
    process.inode == 0 || pidfs::inode(process.group) == Some(process.inode)
}

impl Engine {
    /// Takes over what living programs had before their eyes before this mount.
    pub(super) fn take_over_bases(&self, project: &Arc<Project>, kept: Kept) {
        let mut state = project.lock();
        for (from, to) in kept.aliases {
            state.reserve_above(&from);
            state.reserve_above(&to);
            state.note_alias(from, to);
        }
        for (process, outline) in kept.bases {
            outline.items.iter().for_each(|item| state.reserve_above(&item.key));
            let grace = kept.graces.iter().find(|(of, _)| *of == process);
            let own = grace.and_then(|(_, grace)| self.own_before(project, &outline, grace));
            state.bases.keep(process, outline, own);
        }
        for (key, sent, now) in kept.made {
            state.normalised.keep(&key, &sent, &now);
        }
        // They are there already.
        state.new_aliases.clear();
        state.normalised.news.clear();
        let Some(next) = state.bases.next_end() else { return };
        state.graced = true;
        let (engine, project, clock) = (self.this.clone(), project.clone(), self.clock.clone());
        tokio::spawn(async move {
            clock.sleep(next.saturating_duration_since(clock.now())).await;
            if let Some(engine) = engine.upgrade() {
                engine.end_graces(&project).await;
            }
        });
    }

    /// What a program saved before this mount, if its grace is not over.
    fn own_before(&self, project: &Project, outline: &Outline, grace: &Grace) -> Option<OwnText> {
        let left = grace.until.duration_since(self.clock.wall()).ok()?;
        // Whatever became of the machine's clock.
        let left = left.min(self.settings.commit_wait + GRACE);
        let (text, modified) = (project.render(outline), grace.modified);
        Some(OwnText { text, modified, until: self.clock.now() + left })
    }
}
