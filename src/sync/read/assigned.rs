//! Who does which task, as far as it was told.

use crate::{
    ids::TaskId,
    replica::assigned::Assigned,
    sync::{engine::Engine, project::Project},
};

/// Notes who does a task, all of them, as the service has just told or was told.
pub(crate) fn note_assigned(
    engine: &Engine,
    project: &Project,
    task: &TaskId,
    handles: Vec<String>,
) {
    let assigned = Assigned { read: engine.clock.now(), handles };
    project.lock().note_assigned(task.clone(), assigned);
}
