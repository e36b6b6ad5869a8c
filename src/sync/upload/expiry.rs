//! Refusals that were told of for long enough become history.

use std::{sync::Arc, time::Duration};

use crate::{
    error::{Kind, Result},
    replica::{rejection::Rejection, state::Replica},
    store::remarks::Remark,
    sync::{engine::Engine, project::Project, upload::discard},
};

/// How long a refused text is told of while a mount is there to tell it; after that it is history.
pub(crate) const TOLD: Duration = Duration::from_secs(86_400);

/// Lets what was refused of a project become history once it was told of for long enough.
pub(crate) fn note_rejection(engine: &Engine, project: &Arc<Project>) {
    let (shared, project) = (engine.this.clone(), Arc::downgrade(project));
    let Some(rejection) = project.upgrade().and_then(|project| newest(&project.lock())) else {
        return;
    };
    // Another token goes on with it, whenever that comes; and who settles a conflict for
    // the sake of a repository needs both sides of it.
    if matches!(rejection.kind, Kind::Unauthorized | Kind::Unsettled) {
        return;
    }
    let clock = engine.clock.clone();
    engine.tasks.spawn("the end of a refusal", async move {
        clock.sleep(TOLD).await;
        let (Some(shared), Some(project)) = (shared.upgrade(), project.upgrade()) else {
            return;
        };
        let is_it = newest(&project.lock()).is_some_and(|now| now.since == rejection.since);
        if is_it && let Err(error) = make_history(&shared, &project).await {
            tracing::error!(%error, "a refused text cannot become history");
        }
    });
}

/// Gives up what was refused of a project; its text stays in the history.
///
/// # Errors
/// As [`discard`](crate::sync::upload::discard::discard).
pub(crate) async fn make_history(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let remark = {
        let state = project.lock();
        state.refusals().next().map(|(text, rejection)| Remark {
            time: rejection.since,
            project: state.id().cloned(),
            title: state.title().to_owned(),
            summary: format!("refused: {}", rejection.reason),
            lines: String::from_utf8_lossy(text).lines().map(|l| format!("| {l}")).collect(),
        })
    };
    if let Some(remark) = remark {
        engine.journaled(move |journal| journal.remark(&remark, None)).await?;
    }
    discard::discard(engine, project).await
}

/// The refusal that is told of first.
pub(crate) fn newest(state: &Replica) -> Option<Rejection> {
    state.refusals().next().map(|(_, rejection)| rejection.clone())
}
