//! What programs have before their eyes, kept on disk.

use std::{sync::Arc, time::SystemTime};

use crate::{
    ids::ProjectId,
    pidfs,
    plan::{Key, Outline},
    replica::{
        current::Current,
        given_up::GivenUp,
        grace::{Grace, ROUGHLY},
        served::{GRACE, Process},
    },
    store::base_log::Circumstances,
    sync::{engine::Engine, project::Project},
};

/// Somebody settles what was saved: nobody is served a text of its own any more, also after a
/// kill.
pub(crate) fn end_own_texts(engine: &Engine, state: &mut Current) {
    state.bases.end_all_graces();
    log_bases(engine, state);
}

/// The journal has a save of that time, and the log does not say whose. A kill may have kept from it
/// what its program has before its eyes since then; what that was told before to be saved is not to
/// be served in its place.
pub(crate) fn end_own_texts_before(engine: &Engine, state: &mut Current, since: SystemTime) {
    // If the clock was set back meanwhile, that is as good as now.
    let ago = engine.clock.wall().duration_since(since).unwrap_or_default();
    if let Some(since) = engine.clock.now().checked_sub(ago) {
        state.bases.end_graces(since + GRACE + ROUGHLY);
        log_bases(engine, state);
    }
}

/// Keeps on disk what a process has before its eyes, before it is told anything.
pub(crate) fn log_base(engine: &Engine, state: &mut Current, process: Option<Process>) {
    log_names(engine, state);
    let (Some(process), Some(id)) = (process, state.id()) else { return };
    if let Some(outline) = state.bases.outline_of(process) {
        let circumstances = circumstances(engine, state, process, outline);
        engine.base_log.note_with(process, id, outline, circumstances);
        state.note_records();
    }
}

/// What there is to keep of what a process has before its eyes, beside that.
pub(crate) fn circumstances(
    engine: &Engine,
    state: &Current,
    process: Process,
    outline: &Arc<Outline>,
) -> Circumstances {
    let grace = grace_of(engine, state, process);
    let edited = state.saved().and_then(|saved| saved.edited_as(outline));
    Circumstances { path: state.path.clone(), grace, edited }
}

/// As long as it lasts.
pub(crate) fn grace_of(engine: &Engine, state: &Current, process: Process) -> Option<Grace> {
    let own = state.bases.own_of(process)?;
    let left = own.until.checked_duration_since(engine.clock.now())?;
    Some(Grace { until: engine.clock.wall() + left, modified: own.modified })
}

/// Keeps on disk by which keys tasks are known that programs have before their eyes, and what
/// the service made of what they typed.
pub(crate) fn log_names(engine: &Engine, state: &mut Current) {
    let Some(id) = state.id() else { return };
    let id = id.clone();
    let (aliases, made) = (state.take_new_aliases(), state.take_new_texts());
    if !aliases.is_empty() || !made.is_empty() {
        state.note_records();
    }
    if !aliases.is_empty() {
        engine.base_log.note_aliases(&id, aliases);
    }
    if !made.is_empty() {
        engine.base_log.note_made(&id, made);
    }
}

/// A project has an id from now on: what programs had before their eyes is kept by that.
pub(crate) fn log_bases(engine: &Engine, state: &mut Current) {
    log_names(engine, state);
    state.note_records();
    let Some(id) = state.id() else { return };
    for (process, outline) in state.bases.all() {
        let circumstances = circumstances(engine, state, process, outline);
        engine.base_log.note_with(process, id, outline, circumstances);
    }
}

/// Programs have nothing of a save before their eyes any more that is given up: over a kill, too.
pub(crate) fn give_up(engine: &Engine, state: &mut Current, given_up: Option<&GivenUp>) {
    if let Some(given_up) = given_up {
        given_up.unsee(state);
        log_bases(engine, state);
    }
}

/// A project is about to be this copy, whose tasks have other keys.
pub(crate) fn log_bases_of_copy(
    engine: &Engine,
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
    let earlier = state.former_keys().map(|key| (key.clone(), now(key)));
    let unmade = state.unmade().map(|key| (key.clone(), key));
    let earlier = earlier.filter(|(key, now)| key != now).chain(unmade).collect();
    engine.base_log.note_aliases(copy, earlier);
    engine.base_log.note_aliases(copy, keys.to_vec());
    let made = state.texts_made();
    let made: Vec<_> =
        made.map(|(key, sent, made)| (now(&key), sent.to_owned(), made.to_owned())).collect();
    engine.base_log.note_made(copy, made);
    for (process, outline) in state.bases.all() {
        // By the keys that tasks are known by now: earlier aliases are the original's.
        let resolved = Arc::new(state.resolved(outline));
        let mut circumstances = circumstances(engine, &state, process, outline);
        if let Some(edited) = &mut circumstances.edited {
            edited.outline = Arc::new(state.resolved(&edited.outline));
        }
        engine.base_log.note_with(process, copy, &resolved, circumstances);
    }
    drop(state);
    engine.base_log.flush();
}

/// The project that a process read under this name last, whatever it is called now.
pub(crate) fn read_under(
    engine: &Engine,
    process: Process,
    directory: &str,
    name: &str,
) -> Option<ProjectId> {
    engine.base_log.read_under(process, directory, name)
}

/// A name was given up here, and what is written to it from now on is nothing that was read
/// under it.
pub(crate) fn forget_name(engine: &Engine, directory: &str, name: &str) {
    engine.base_log.forget_name(directory, name);
}

/// Forgets programs that are gone, if many have read a project.
pub(crate) fn forget_dead(project: &Project) {
    let known = project.lock().bases.many();
    let dead: Vec<Process> = known.into_iter().filter(|process| !is_alive(process)).collect();
    if !dead.is_empty() {
        project.lock().bases.forget(&dead);
    }
}

/// Whether a process lives, as far as the kernel tells.
pub(crate) fn is_alive(process: &Process) -> bool {
    process.inode == 0 || pidfs::inode(process.group) == Some(process.inode)
}
