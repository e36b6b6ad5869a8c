//! Another token: what was refused for want of one that counts goes on, in the mount that is running.

use std::sync::{Arc, Weak};

use crate::{
    api::Priority,
    error::{Kind, Result},
    store::operations::Operation,
    sync::{
        engine::Engine,
        operation::{agent::typed_text::TypedText, settle},
        project::Project,
        write::retry,
    },
};

/// From now on, whenever another token comes to count than one that was refused, sends again what was
/// refused for it.
pub(crate) fn watch(engine: &Arc<Engine>) {
    let Some(mut changes) = engine.backend.token_changes() else { return };
    let engine_of = Arc::downgrade(engine);
    engine.tasks.spawn("the watch on the token", async move {
        // Fails once the service is let go of, with the engine.
        while changes.changed().await.is_ok() {
            let Some(engine) = engine_of.upgrade() else { return };
            tracing::info!(
                saves = go_on(&engine),
                "another token counts: what was refused goes on"
            );
        }
    });
}

/// Somebody has logged in: finds out with one request whether the token counts, be it another or the same,
/// and then goes on. How much there is to go on with.
///
/// # Errors
/// What the service says of the token, if nothing can be asked with it.
pub(crate) async fn look(engine: &Arc<Engine>) -> Result<usize> {
    // Before: where it is another, that is heard of at once.
    let refused = refused_projects(engine).len() + refused_operations(engine).len();
    engine.backend.workspaces(Priority::Foreground).await?;
    go_on(engine);
    Ok(refused)
}

/// Sends again whatever was refused for want of a token. How much that is.
fn go_on(engine: &Arc<Engine>) -> usize {
    let (projects, operations) = (refused_projects(engine), refused_operations(engine));
    let count = projects.len() + operations.len();
    for project in projects {
        let shared = engine.clone();
        engine.tasks.spawn("a save that goes on", async move {
            tell(retry::retry(&shared, &project, false).await);
        });
    }
    for operation in operations {
        let shared = engine.clone();
        engine.tasks.spawn("an operation that goes on", async move {
            tell(settle::retry(&shared, &operation).await);
        });
    }
    count
}

fn tell(gone_on: Result<()>) {
    match gone_on {
        // Somebody else has settled it meanwhile.
        Err(error) if error.kind() == Kind::NotFound => {}
        Err(error) => tracing::warn!(%error, "it is refused with another token as well"),
        Ok(()) => {}
    }
}

fn refused_projects(engine: &Engine) -> Vec<Arc<Project>> {
    let mut projects: Vec<Arc<Project>> = engine.projects().values().cloned().collect();
    projects.extend(engine.unborn.lock().iter().filter_map(Weak::upgrade));
    projects.retain(|project| {
        project.lock().refusals().any(|(_, rejection)| rejection.kind == Kind::Unauthorized)
    });
    // One that was created in between is among both.
    projects.sort_by_key(|project| project.serial);
    projects.dedup_by_key(|project| project.serial);
    projects
}

/// Not texts that were refused before there was anything to be sent: to read them anew is for who typed
/// them.
fn refused_operations(engine: &Engine) -> Vec<Operation> {
    let mut all = engine.operations.all();
    all.retain(|it| {
        let is_of_token = it.refusal.as_ref().is_some_and(|it| it.kind == Kind::Unauthorized);
        is_of_token && TypedText::of(it).is_none()
    });
    all
}
