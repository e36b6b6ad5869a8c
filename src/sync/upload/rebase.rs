//! Bringing what waits onto what the service has now.

use crate::{
    error::Result,
    sync::{bases, engine::Engine, project::Project, transition::Transition, upload::conflicts},
};

/// Takes the last reading into what waits, durably, and shows readers what is to become of it: with
/// all that others have done. The save that it is planned for.
pub(crate) async fn rebase(engine: &Engine, project: &Project) -> Result<u64> {
    let mut next = Transition::begin(engine, project).await;
    let generation = next.generation();
    let Some((theirs, conflicts)) = next.rebase()? else { return Ok(generation) };
    next.show_target(|target| project.render(target));
    // Before it is forgotten that there was a conflict.
    conflicts::keep_overridden(engine, project, &theirs, &conflicts).await;
    next.commit_with(|current| bases::log_names(engine, current)).await?;
    Ok(generation)
}
