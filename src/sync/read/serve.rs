//! What a program is served of a project: the content, or for a moment after its own save what it
//! wrote itself.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    plan::Outline,
    replica::{
        current::Current,
        grace::Grace,
        served::{Base, GRACE, OwnText, Process},
        state::Content,
    },
    store::base_records::Kept,
    sync::{bases, engine::Engine, project::Project, read::cache_write, residency},
};

/// How much later than another look it counts as one.
pub(crate) const ROUGHLY: Duration = Duration::from_secs(1);

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

/// What a process that opens the project gets with no look at the service: what it saved itself
/// a moment ago, where that is not what others get.
pub(crate) fn own_content(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
) -> Option<Content> {
    project.lock().own_content(process, engine.clock.now())
}

/// Notes that a process reads the present content, or what it saved itself a moment ago, and
/// returns it.
pub(crate) fn read_by(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
) -> Option<Served> {
    let now = engine.clock.now();
    let (served, before) = {
        let mut state = residency::resident(engine, project);
        let before = state.opened.replace(now);
        let own = state.own_content(process, now);
        let is_own = own.is_some();
        let content = own.or_else(|| state.content())?;
        state.bases.read(process, &content.outline, now);
        state.lent.lend(&content.outline);
        let served = Served { content, is_own, is_apart: state.is_apart(now) };
        bases::log_base(engine, &mut state, process);
        (served, before)
    };
    bases::forget_dead(project);
    // Who is the oldest need not be known so exactly.
    if before.is_none_or(|before| now.saturating_duration_since(before) > ROUGHLY) {
        residency::note_resident(engine, project);
    }
    Some(served)
}

/// What a process is told of the project's text.
pub(crate) fn stat_for(engine: &Engine, project: &Project, process: Option<Process>) -> Stat {
    let now = engine.clock.now();
    let state = project.lock();
    let is_apart = state.is_apart(now);
    match state.bases.own(process, now).filter(|_| is_apart) {
        Some((_, own)) => Stat { size: own.text.len() as u64, modified: own.modified, is_apart },
        None => Stat { size: state.size(), modified: state.modified(), is_apart },
    }
}

/// What a program has written.
#[derive(Debug, Clone)]
pub(crate) struct Written<'a> {
    pub(crate) process: Option<Process>,
    /// What it was edited from.
    pub(crate) base: &'a Base,
    /// What it stands for.
    pub(crate) ours: &'a Arc<Outline>,
    /// That in canonical form.
    text: Arc<[u8]>,
}

impl<'a> Written<'a> {
    pub(crate) fn new(
        project: &Project,
        process: Option<Process>,
        base: &'a Base,
        ours: &'a Arc<Outline>,
    ) -> Self {
        Self { process, base, ours, text: project.render(ours) }
    }

    /// Notes what its process has before its eyes from now on. The program is still to be told how
    /// that went, within `--commit-wait`. What of it is to be [rendered](Self::render) afterwards.
    pub(crate) fn note(&self, engine: &Engine, state: &mut Current) -> Option<Arc<Outline>> {
        state.lent.lend(self.ours);
        if let Base::Unread(base) = self.base {
            let mut bases = std::mem::take(&mut state.bases);
            let (from, to) = (state.resolved(base), state.resolved(self.ours));
            let resolved = |outline: &Outline| state.resolved(outline);
            let to_render = bases.added(self.process, (&from, &to), resolved);
            state.bases = bases;
            return to_render;
        }
        let until = engine.clock.now() + engine.settings.commit_wait + GRACE;
        let own = OwnText { text: self.text.clone(), modified: state.modified(), until };
        state.bases.wrote(self.process, self.ours, own);
        bases::log_base(engine, state, self.process);
        None
    }

    /// Gives its process what was to be rendered.
    pub(crate) fn render(&self, project: &Project, to_render: Option<Arc<Outline>>) {
        if let Some(outline) = to_render {
            let text = project.render(&outline);
            project.lock().bases.set_appended_text(self.process, &outline, text);
        }
    }
}

/// Notes that a program is told how what it wrote into a text went that it did not read. Only
/// what it is told to be saved is before its eyes: told that it failed, it has not got that line,
/// and saving the buffer without it deletes nothing.
pub(crate) fn note_saved_unread(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    is_saved: bool,
) {
    let mut state = project.lock();
    state.bases.appended(process, is_saved);
    bases::log_base(engine, &mut state, process);
    let is_apart = state.is_apart(engine.clock.now());
    drop(state);
    engine.saved(project, is_saved && is_apart);
}

/// Notes that a program is told that its save is accepted. Its grace begins, and whatever was
/// merged into its text comes to it after that, as a change by others.
pub(crate) fn note_saved(
    engine: &Engine,
    project: &Arc<Project>,
    process: Option<Process>,
    ours: &Arc<Outline>,
) {
    {
        let mut state = project.lock();
        state.bases.saved(process, ours, engine.clock.now());
        bases::log_base(engine, &mut state, process);
        if state.bases.next_end().is_none() || std::mem::replace(&mut state.graced, true) {
            return;
        }
    }
    if let Some(shared) = engine.this.upgrade() {
        let lease = GraceLease { project: project.clone() };
        engine.tasks.spawn("the end of a grace", async move { end_graces(&shared, &lease).await });
    }
}

/// A process is told that what it wrote cannot be saved: it is served what is shown of that, also
/// after a kill.
pub(crate) fn note_not_saved(engine: &Engine, project: &Project, process: Option<Process>) {
    let mut state = project.lock();
    state.bases.rejected(process);
    bases::log_base(engine, &mut state, process);
}

/// Somebody waits for the ends of graces as long as this is there.
pub(crate) struct GraceLease {
    project: Arc<Project>,
}

impl Drop for GraceLease {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.project.lock().graced = false;
        }
    }
}

pub(crate) async fn end_graces(engine: &Engine, lease: &GraceLease) {
    let project = &lease.project;
    loop {
        let now = engine.clock.now();
        let (changed, next) = {
            let mut state = project.lock();
            let ended = state.bases.end_graces(now);
            let shown = state.content();
            let is_other =
                |own: &&OwnText| shown.as_ref().is_some_and(|shown| *shown.text != *own.text);
            let others: Vec<&OwnText> = ended.iter().filter(is_other).collect();
            if others.iter().any(|own| own.modified == state.modified()) {
                // A program that asks for the time alone is to see that it changed.
                state.touch_modified(engine.clock.wall());
            }
            let next = state.bases.next_end();
            state.graced = next.is_some();
            (!others.is_empty(), next)
        };
        if changed {
            cache_write::write(engine, project);
        }
        engine.changed(project, changed);
        let Some(next) = next else {
            // It can be let go of from now on.
            residency::note_resident(engine, project);
            return;
        };
        engine.clock.sleep(next.saturating_duration_since(now)).await;
    }
}

/// Takes over what living programs had before their eyes before this mount.
pub(crate) fn take_over_bases(engine: &Engine, project: &Arc<Project>, kept: Kept) {
    let own_of = |(process, outline): &(Process, Arc<Outline>)| {
        let grace = kept.graces.iter().find(|(of, _)| of == process);
        grace.and_then(|(_, grace)| own_before(engine, project, outline, grace))
    };
    let owns: Vec<Option<OwnText>> = kept.bases.iter().map(own_of).collect();
    let mut state = project.lock();
    state.take_over_names(kept.aliases, kept.made);
    for ((process, outline), own) in kept.bases.into_iter().zip(owns) {
        state.reserve_outline(&outline);
        let edited = kept.edited.iter().filter(|(of, _)| *of == process);
        state.edited_before.extend(edited.map(|(_, edited)| (outline.clone(), edited.clone())));
        state.bases.keep(process, outline, own);
    }
    let Some(next) = state.bases.next_end() else { return };
    state.graced = true;
    let (shared, clock) = (engine.this.clone(), engine.clock.clone());
    let lease = GraceLease { project: project.clone() };
    engine.tasks.spawn("the end of a grace", async move {
        clock.sleep(next.saturating_duration_since(clock.now())).await;
        if let Some(shared) = shared.upgrade() {
            end_graces(&shared, &lease).await;
        }
    });
}

/// What a program saved before this mount, if its grace is not over.
pub(crate) fn own_before(
    engine: &Engine,
    project: &Project,
    outline: &Outline,
    grace: &Grace,
) -> Option<OwnText> {
    let left = grace.until.duration_since(engine.clock.wall()).ok()?;
    // Whatever became of the machine's clock.
    let left = left.min(engine.settings.commit_wait + GRACE);
    let (text, modified) = (project.render(outline), grace.modified);
    Some(OwnText { text, modified, until: engine.clock.now() + left })
}
