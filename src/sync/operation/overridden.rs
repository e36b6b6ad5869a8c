//! What an operation overrode that others had made: kept in `conflicts/`, beside what it was.

use serde_json::{Value, json};

use crate::{
    api::AgentState,
    clock::rfc3339,
    kernel_thread,
    store::{
        artifacts::ArtifactKind,
        operations::Operation,
        remarks::{Overridden, Remark},
    },
    sync::{engine::Engine, locate},
};

/// Keeps what an operation was to make of an agent before a program changed it, of which these keys are
/// overridden: that program did not have them before its eyes.
pub(crate) async fn keep_wanted(
    engine: &Engine,
    operation: &Operation,
    wanted: &AgentState,
    keys: &[String],
) {
    if !keys.is_empty() {
        let theirs = json!({ "name": wanted.name, "data": wanted.data });
        keep(engine, operation, &theirs, keys).await;
    }
}

/// Keeps the version from elsewhere, of which these keys are overridden.
pub(crate) async fn keep(engine: &Engine, operation: &Operation, theirs: &Value, keys: &[String]) {
    let (path, since) = (locate::path_of_operation(engine, operation), engine.clock.wall());
    let (when, what) = (rfc3339(since), keys.join(", "));
    tracing::warn!(path, what, "a save met a change made elsewhere");
    let reason = format!(
        "{path}: a save here overrode changes that were made elsewhere: {what}. This is the version \
         from elsewhere; copy from it what is to stay, and remove it.\n\nWhen: {when}\n"
    );
    kernel_thread::leave().await;
    let (folders, title) = (engine.listings.names_of(&operation.space), operation.path.clone());
    let mark = format!(" {}", when.replace(':', "-"));
    let file = engine.artifacts.free_name(ArtifactKind::Conflicts, &folders, &title, &mark);
    let text = serde_json::to_vec_pretty(theirs).unwrap_or_default();
    let (artifacts, name) = (engine.artifacts.clone(), file.clone());
    let overridden = Overridden { project: None, title: title.clone(), file, since };
    let written = engine.journaled(move |journal| {
        artifacts.write(ArtifactKind::Conflicts, &name, &text, &reason)?;
        let summary =
            format!("overrode changes made elsewhere; they are in .taskade/conflicts/{name}");
        let lines = vec![format!("! {what}")];
        journal.remark(&Remark { time: since, project: None, title, summary, lines }, Some(&name))
    });
    match written.await {
        Ok(()) => engine.unseen.add(overridden),
        Err(error) => tracing::error!(%error, "no copy of what a save overrode"),
    }
}
