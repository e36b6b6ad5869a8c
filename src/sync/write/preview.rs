//! What saving a text would send, with nothing saved.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    plan::{self, Op, Outline},
    replica::{rejection::RejectedText, saving::Intended, served::Base},
    sync::{engine::Engine, project::Project, residency, transition::Transition, write::accept},
};

/// What a save would do, or what waits would.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Preview {
    /// What Taskade is known to have.
    pub(crate) base: Outline,
    /// What it is to have.
    pub(crate) target: Outline,
    /// Whether the project is to be created.
    pub(crate) creates: bool,
}

impl Preview {
    /// The requests, in their order, beside the one that creates the project.
    pub(crate) fn script(&self) -> Vec<Op> {
        if self.creates { Vec::new() } else { plan::script(&self.base, &self.target) }
    }
}

/// What saving a text would send that was edited from `base`, with all that waits already.
///
/// # Errors
/// What the save would be refused with before anything is sent.
pub(crate) async fn preview(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    base: Arc<Outline>,
    text: &[u8],
    allow_delete: bool,
) -> Result<Preview> {
    residency::ensure(engine, project).await;
    let mut next = Transition::begin(engine, project).await;
    let base = Base::Exact(base);
    let (ours, from) = accept::understand(engine, project, &mut next, &base, text, allow_delete)?;
    Ok(match next.intend(&from, &ours) {
        Some(Intended { save, .. }) => Preview {
            base: save.base().clone(),
            target: save.target().clone(),
            creates: next.is_unborn(),
        },
        None => Preview::default(),
    })
}

/// What the text that was refused here would send, if one was, else what waits or was refused by Taskade.
///
/// # Errors
/// [`Kind::NotFound`] if nothing of it waits or was refused; why it was refused, if it still would be.
pub(crate) async fn unsent(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Preview> {
    residency::ensure(engine, project).await;
    let rejected = project.lock().rejected_here().cloned();
    if let Some(RejectedText { text, base, .. }) = rejected {
        return preview(engine, project, base, &text, true).await;
    }
    let state = residency::resident(engine, project);
    let creates = state.is_unborn();
    let save = state.pending().ok_or_else(|| {
        Error::new(Kind::NotFound, "nothing of it waits or was refused")
            .hint("name the file that is to be saved: `taskadefs diff PATH FILE`")
    })?;
    Ok(Preview { base: save.base().clone(), target: save.target().clone(), creates })
}
