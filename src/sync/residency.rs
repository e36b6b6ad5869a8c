//! Bounded memory: of the projects that nobody looked at for long, the tasks are let go of, and
//! read from the cache on disk when somebody looks again. Only what the cache was seen to give
//! back just as it is, is let go of; and nothing of a project that has a save.

use std::{sync::Arc, time::SystemTime};

use crate::{
    ids::ProjectId,
    memory,
    plan::{Item, Outline},
    replica::{
        current::Current,
        hidden_fields::without_fields,
        remote::{Digest, Remote, Snapshot},
        state::Content,
    },
    store::{
        cache_age::Aged,
        cache_writer::{CachedProject, Reading},
    },
    sync::{
        engine::Engine,
        leaf::residents::KEPT_OF_FOUR,
        project::{CurrentGuard, Project},
    },
    text::fields::FieldView,
};

/// About how many bytes of memory an id takes, with what the allocator adds to it and to a text.
pub(crate) const ID_BYTES: usize = 80;

/// A project, with its tasks in memory if they are known.
pub(crate) fn resident<'a>(engine: &Engine, project: &'a Project) -> CurrentGuard<'a> {
    loop {
        ensure_resident(engine, project);
        let current = project.lock();
        if !matches!(current.remote(), Remote::Evicted(_)) {
            return current;
        }
    }
}

/// As [`resident`], from where nobody may wait for the disk: what is not in memory is fetched by another
/// thread. From then on the project is in memory, if it is known, for as long as nobody forgets it.
pub(crate) async fn ensure(engine: &Arc<Engine>, project: &Arc<Project>) {
    if !is_on_disk(project) {
        return;
    }
    let (shared, project) = (engine.clone(), project.clone());
    // Fails only while the runtime goes.
    let _ = tokio::task::spawn_blocking(move || ensure_resident(&shared, &project)).await;
}

/// As [`ensure`], for who cannot hand the project over: from here on it is not a thread of the kernel's
/// that goes on, and may wait for the disk.
pub(crate) async fn leave_kernel_thread(project: &Project) {
    if is_on_disk(project) {
        tokio::task::yield_now().await;
    }
}

/// Whether all that is known of a project may be on disk alone.
pub(crate) fn is_on_disk(project: &Project) -> bool {
    let state = project.lock();
    match state.remote() {
        Remote::Resident(_) => false,
        Remote::Unknown => state.id().is_some() && !state.is_not_cached,
        Remote::Evicted(_) => true,
    }
}

/// What a reader gets now, with no request; `None` if it was never read.
pub(crate) fn content(engine: &Engine, project: &Project) -> Option<Content> {
    resident(engine, project).lend_content()
}

/// About how many bytes the tasks take that are in memory.
pub(crate) fn memory(engine: &Engine) -> usize {
    engine.residents.lock().total
}

/// Counts what a project takes, and has somebody make room if all together take too much.
pub(crate) fn note_resident(engine: &Engine, project: &Project) {
    let (id, bytes) = {
        let state = project.lock();
        let Some(known) = state.snapshot() else { return };
        (state.id().cloned(), weight(known))
    };
    let Some(project) = id.and_then(|id| engine.known(&id)) else { return };
    if engine.cache.is_there()
        && engine.residents.touch(&project, bytes, engine.settings.memory)
        && let Some(shared) = engine.this.upgrade()
    {
        let busy = engine.tasks.busy();
        tokio::task::spawn_blocking(move || {
            let _busy = busy;
            make_room(&shared);
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
    let Ok(_transition) = project.transition.try_lock() else { return false };
    let (id, outline) = {
        let state = project.lock();
        match (state.id(), state.snapshot()) {
            (Some(id), Some(known)) if is_idle(&state) => (id.clone(), known.outline.clone()),
            (_, known) => return known.is_none(),
        }
    };
    let Some(cached) = cached(engine, &id) else { return false };
    let fields = cached.reading.fields.clone().unwrap_or_default();
    if !cached.reading.outline.is_just(&outline) || fields != project.fields() {
        return false;
    }
    let mut state = project.lock();
    let is_same = |known: &Snapshot| {
        Arc::ptr_eq(&known.outline, &outline)
            && known.title == cached.reading.title
            && state.modified() == cached.modified
    };
    if !is_idle(&state) || !state.snapshot().is_some_and(is_same) {
        return false;
    }
    state.evict();
    true
}

/// Whether nothing of the project waits to be saved.
pub(crate) fn is_idle(state: &Current) -> bool {
    state.is_idle() && !state.is_worked_at() && state.bases.is_settled()
}

/// About how many bytes of memory a snapshot takes.
pub(crate) fn weight(snapshot: &Snapshot) -> usize {
    let Snapshot { outline, text, .. } = snapshot;
    // Most of the text is there twice, and every task has an id.
    2 * text.len() + outline.items.len() * (size_of::<Item>() + ID_BYTES)
}

/// A project as the cache has it, as far as this mount is to know that.
fn cached(engine: &Engine, id: &ProjectId) -> Option<CachedProject> {
    let cached = engine.cache.project(id)?;
    Some(CachedProject { reading: engine.settings.known_of(cached.reading), ..cached })
}

/// How the fields of a project are shown, as far as they are known.
pub(crate) fn fields_of(engine: &Engine, id: &ProjectId) -> Option<Arc<FieldView>> {
    let known = engine.known(id).and_then(|project| project.format().fields.clone());
    known.or_else(|| {
        let fields = cached(engine, id)?.reading.fields?;
        engine.settings.format_with(fields).fields
    })
}

/// Takes over what an earlier mount knew of a project, if this one knows nothing yet, or what
/// was let go of to save memory.
pub(crate) fn ensure_resident(engine: &Engine, project: &Project) {
    let (id, digest) = {
        let state = project.lock();
        match (state.id(), state.remote()) {
            (None, _) | (_, Remote::Resident(_)) => return,
            (Some(_), Remote::Unknown) if state.is_not_cached => return,
            (Some(id), Remote::Unknown) => (id.clone(), None),
            (Some(id), Remote::Evicted(digest)) => (id.clone(), Some(*digest)),
        }
    };
    let hides = engine.settings.hides_fields();
    let found = match digest {
        Some(_) => engine.cache.project(&id).map(|cached| (cached, None)),
        None => engine.cache.project_and_served(&id),
    };
    let cached = found.map(|(cached, served)| {
        let is_hidden = hides && cached.reading.fields.is_some();
        let Reading { outline, title, fields } = engine.settings.known_of(cached.reading);
        let read = engine.cache.read_time(&Aged::project(&id));
        if let Some(fields) = fields {
            project.learn_fields(&fields, read);
        }
        let text = project.render(&outline);
        let served = served.map(|served| match is_hidden {
            true => {
                let hidden = without_fields(&served);
                engine.cache.keep_served(&id, &hidden);
                hidden
            }
            false => served,
        });
        (Snapshot { outline, text, title, read }, served, cached.modified, is_hidden)
    });
    match digest {
        Some(digest) => take_back(engine, project, digest, cached.map(|(snapshot, ..)| snapshot)),
        None => {
            let Some((snapshot, served, modified, is_hidden)) = cached else {
                project.lock().is_not_cached = true;
                return;
            };
            take_over_cached(engine, project, (snapshot, served, is_hidden), modified);
        }
    }
    note_resident(engine, project);
    memory::give_back_at_rest();
}

/// Puts what the cache has back in memory, or notes that it is lost. Somebody else may have done so,
/// and it may have been let go of once more since.
fn take_back(engine: &Engine, project: &Project, digest: Digest, found: Option<Snapshot>) {
    let mut state = project.lock();
    if !matches!(state.remote(), Remote::Evicted(now) if *now == digest) {
        return;
    }
    if !state.restore(digest, found) {
        tracing::warn!(project = state.title(), "the cache on disk was changed or lost");
        drop(state);
        engine.changed(project, true);
    }
}

fn take_over_cached(
    engine: &Engine,
    project: &Project,
    (mut snapshot, served, is_hidden): (Snapshot, Option<Arc<Outline>>, bool),
    modified: SystemTime,
) {
    let is_complete = engine.cache.is_complete();
    if !is_complete {
        // That there was nothing may have changed since: a crash kept it out of the cache.
        let mut outline = Outline::clone(&snapshot.outline);
        outline.items.iter_mut().for_each(|item| item.details = item.details.present());
        snapshot.outline = Arc::new(outline);
    }
    let mut state = project.lock();
    if matches!(state.remote(), Remote::Unknown) {
        if is_hidden {
            state.hide_fields();
        }
        // What waits to be saved is sent to what was read since.
        snapshot.read = snapshot.read.filter(|_| state.is_idle());
        state.install_cached(snapshot, modified, is_complete, served);
    }
}
