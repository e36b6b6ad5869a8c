//! Bounded memory: of the projects that nobody looked at for long, the tasks are let go of, and
//! read from the cache on disk when somebody looks again. Only what the cache was seen to give
//! back just as it is, is let go of; and nothing of a project that has a save.

use std::{
    sync::{Arc, MutexGuard},
    time::SystemTime,
};

use crate::{
    ids::ProjectId,
    memory,
    plan::{Item, Outline},
    replica::{
        evicted::{Evicted, hash},
        state::{Content, Replica, Snapshot},
    },
    store::cache::Reading,
    sync::{engine::Engine, leaf::residents::KEPT_OF_FOUR, project::Project},
};

/// About how many bytes of memory an id takes.
pub(crate) const ID_BYTES: usize = 48;

/// The state of a project, with its tasks in memory if they are known.
pub(crate) fn recalled<'a>(engine: &Engine, project: &'a Project) -> MutexGuard<'a, Replica> {
    recall(engine, project);
    loop {
        let state = project.lock();
        if state.evicted.is_none() {
            return state;
        }
        drop(state);
        recall(engine, project);
    }
}

/// What a reader gets now, with no request; `None` if it was never read.
pub(crate) fn content(engine: &Engine, project: &Project) -> Option<Content> {
    recalled(engine, project).lend_content()
}

/// About how many bytes the tasks take that are in memory.
pub(crate) fn memory(engine: &Engine) -> usize {
    engine.residents.lock().total
}

/// Counts what a project takes, and has somebody make room if all together take too much.
pub(crate) fn note_resident(engine: &Engine, project: &Project) {
    let (id, bytes) = {
        let state = project.lock();
        let Some(known) = &state.snapshot else { return };
        (state.id.clone(), weight(known))
    };
    let Some(project) = id.and_then(|id| engine.known(&id)) else { return };
    if engine.cache.is_there()
        && engine.residents.touch(&project, bytes, engine.settings.memory)
        && let Some(shared) = engine.this.upgrade()
    {
        engine.busy.send_modify(|busy| *busy += 1);
        tokio::task::spawn_blocking(move || {
            make_room(&shared);
            shared.busy.send_modify(|busy| *busy -= 1);
        });
    }
}

pub(crate) fn make_room(engine: &Engine) {
    let room = engine.settings.memory / 4 * KEPT_OF_FOUR;
    let mut more = true;
    while more {
        engine.cache.write_out();
        let mut kept = engine.residents.oldest(room);
        kept.retain(|(known, _)| known.upgrade().is_some_and(|known| !evict(engine, &known)));
        more = engine.residents.put_back(kept);
    }
    memory::give_back();
}

/// Lets go of the tasks of a project that nothing is done to, if the cache has them. Whether
/// they are not in memory now. Blocks.
pub(crate) fn evict(engine: &Engine, project: &Project) -> bool {
    let Ok(_conversation) = project.remote.try_lock() else { return false };
    let Ok(_transition) = project.commit.try_lock() else { return false };
    let (id, outline) = {
        let state = project.lock();
        match (&state.id, &state.snapshot) {
            (Some(id), Some(known)) if is_idle(&state) => (id.clone(), known.outline.clone()),
            (_, known) => return known.is_none(),
        }
    };
    let Some(cached) = engine.cache.project(&id) else { return false };
    if cached.reading.outline != outline {
        return false;
    }
    let mut state = project.lock();
    let is_same = |known: &Snapshot| {
        Arc::ptr_eq(&known.outline, &outline)
            && known.title == cached.reading.title
            && state.modified == cached.modified
    };
    if !is_idle(&state) || !state.snapshot.as_ref().is_some_and(is_same) {
        return false;
    }
    let Some(Snapshot { text, read, .. }) = state.snapshot.take() else { return false };
    let bases = state.bases.evict(&outline);
    let (size, hash) = (text.len() as u64, hash(&text));
    state.evicted = Some(Evicted { size, hash, read, bases });
    true
}

/// Puts what the cache has back in memory, or notes that it is lost.
pub(crate) fn take_back(
    engine: &Engine,
    project: &Project,
    state: &mut Replica,
    evicted: Evicted,
    found: Option<Snapshot>,
) {
    match found.filter(|found| evicted.is_of(&found.text)) {
        Some(found) => {
            state.bases.restore(evicted.bases, &found.outline);
            state.snapshot = Some(Snapshot { read: evicted.read, ..found });
        }
        None => {
            tracing::warn!(project = state.title, "the cache on disk was changed or lost");
            // The kernel's pages are of a text that is not known any more.
            state.version += 1;
            engine.changed(project, true);
        }
    }
}

/// Whether nothing of the project waits to be saved.
pub(crate) fn is_idle(state: &Replica) -> bool {
    let Replica { saved, refused, intent, creating, archive, working, bases, .. } = state;
    let blank = saved.is_none() && refused.is_none() && intent.is_none() && creating.is_none();
    blank && !archive && !working && bases.is_settled()
}

/// About how many bytes of memory a snapshot takes.
pub(crate) fn weight(snapshot: &Snapshot) -> usize {
    let Snapshot { outline, text, .. } = snapshot;
    // Most of the text is there twice, and every task has an id.
    size_of::<Replica>() + 2 * text.len() + outline.items.len() * (size_of::<Item>() + ID_BYTES)
}

/// Takes over what an earlier mount knew of a project, if this one knows nothing yet, or what
/// was let go of to save memory.
pub(crate) fn recall(engine: &Engine, project: &Project) {
    // Locked all along: whatever the cache gives is not to be changed and let go of meanwhile.
    let mut state = project.lock();
    let Some(id) = state.id.clone().filter(|_| state.snapshot.is_none()) else { return };
    let cached = engine.cache.project(&id).map(|cached| {
        let Reading { outline, title } = cached.reading;
        let text = project.render(&outline);
        // Not trusted before it is read again: a crash may have kept something newer out of it.
        (Snapshot { outline, text, title, read: None }, cached.modified)
    });
    if let Some(evicted) = state.evicted.take() {
        take_back(engine, project, &mut state, evicted, cached.map(|(snapshot, _)| snapshot));
    } else if let Some((snapshot, modified)) = cached {
        take_over_cached(engine, &id, &mut state, snapshot, modified);
    }
    drop(state);
    note_resident(engine, project);
}

pub(crate) fn take_over_cached(
    engine: &Engine,
    id: &ProjectId,
    state: &mut Replica,
    snapshot: Snapshot,
    modified: SystemTime,
) {
    let before = state.content().map(|content| content.text);
    let mut snapshot = snapshot;
    if !engine.cache.is_complete() {
        // That there was nothing may have changed since: a crash kept it out of the cache.
        let mut outline = Outline::clone(&snapshot.outline);
        outline.items.iter_mut().for_each(|item| item.details = item.details.present());
        snapshot.outline = Arc::new(outline);
    }
    let outline = snapshot.outline.clone();
    state.snapshot = Some(snapshot);
    state.recalled = engine.cache.is_complete();
    state.uncertain = !state.recalled;
    state.modified = modified;
    let served = engine.cache.served(id);
    if let Some(served) = served.filter(|_| state.saved.is_none() && state.refused.is_none()) {
        let same = served == *outline;
        state.bases.recall(if same { outline } else { Arc::new(served) });
    }
    state.settle_version(before, modified);
}
