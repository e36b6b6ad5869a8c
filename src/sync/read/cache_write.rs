//! Keeping what was read on disk.

use std::time::Duration;

use crate::{
    plan::{Key, Outline},
    store::cache_writer::{CachedProject, Reading},
    sync::{engine::Engine, project::Project},
};

/// How long after it was opened a project is taken to be in somebody's editor.
pub(crate) const WATCHED: Duration = Duration::from_secs(600);

/// Keeps what is known of a project for the next mount. Whether there is anything that lasts.
pub(crate) fn write(engine: &Engine, project: &Project) -> bool {
    let fields = project.exported_fields();
    let kept = {
        let mut state = project.lock();
        let reading = state
            .snapshot()
            .map(|known| (known.outline.clone(), known.title.clone()))
            .map(|(outline, title)| Reading { outline, title, fields });
        let reading = reading.filter(|reading| is_lasting(&reading.outline));
        if let Some(reading) = &reading
            && state.id().is_some()
            && state.note_cached(&reading.outline)
        {
            return true;
        }
        state
            .id()
            .cloned()
            .zip(reading)
            .map(|(id, reading)| (id, CachedProject { modified: state.modified(), reading }))
    };
    let is_kept = kept.is_some();
    if let Some((id, kept)) = kept {
        engine.cache.keep_project(&id, kept);
    }
    is_kept
}

/// Whether every task has an id, which the next mount knows it by.
pub(crate) fn is_lasting(outline: &Outline) -> bool {
    outline.items.iter().all(|item| matches!(item.key, Key::Known(_)))
}
