//! The lease of the one worker that a project has.

use std::sync::Arc;

use crate::{
    replica::state::Replica,
    sync::{engine::Engine, project::Project, residency},
};

/// Somebody works on a project as long as this is there. It ends when nothing is left to be done, or
/// with its task, whatever ends that: the next who wants work done starts another worker.
pub(crate) struct WorkerLease {
    engine: Arc<Engine>,
    project: Arc<Project>,
    is_over: bool,
}

impl WorkerLease {
    /// Takes over the lease that whoever has woken the worker has begun.
    pub(crate) fn of(engine: &Arc<Engine>, project: &Arc<Project>) -> Self {
        Self { engine: engine.clone(), project: project.clone(), is_over: false }
    }

    /// Ends the lease if nothing is left to be done. Nobody can add more without starting a new worker
    /// then.
    pub(crate) fn end_if_done(&mut self) -> bool {
        let mut state = self.project.lock();
        let is_done = is_done(&state);
        if is_done {
            state.end_work();
            self.is_over = true;
            drop(state);
            residency::note_resident(&self.engine, &self.project);
        }
        is_done
    }
}

/// Whether nothing of a project is to be sent, or may be before somebody settles what was refused.
pub(crate) fn is_done(state: &Replica) -> bool {
    let is_off = state.pending().is_none() || (state.is_rejected() && !state.is_relocated());
    is_off && !state.is_to_be_archived()
}

impl Drop for WorkerLease {
    fn drop(&mut self) {
        if !self.is_over {
            self.project.lock().end_work();
        }
    }
}
