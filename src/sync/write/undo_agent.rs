//! What was done to agents, and taking it back: each by its opposite, so that what others did since
//! stands. A deleted agent is made anew with all that was known of it.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    api::{AgentState, Priority},
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::agents::without,
    store::{
        agent_history::{AgentAction, AgentActionKind},
        history::Scope,
    },
    sync::{
        engine::Engine,
        operation::agent::{
            body::{AgentAt, MadeAnew},
            create, knowledge, save, shown,
        },
        read::agents,
        write::history_entry::HistoryEntry,
    },
};

/// What tells the actions of agents from those of projects: their rows begin here.
const FIRST_ROW: i64 = 1 << 40;

/// What was done to agents, newest first: at most `most`.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn history(
    engine: &Engine,
    scope: &Scope,
    most: usize,
) -> Result<Vec<HistoryEntry>> {
    let scope = scope.clone();
    let actions = engine.journaled(move |journal| journal.agent_history(&scope, most)).await?;
    Ok(actions.iter().map(in_words).collect())
}

/// What was done last to agents that is not undone and no undo itself.
///
/// # Errors
/// [`Kind::Storage`] if the journal cannot be read.
pub(crate) async fn undoable(engine: &Engine, scope: &Scope) -> Result<Option<AgentAction>> {
    let scope = scope.clone();
    let all = engine.journaled(move |journal| journal.agent_history(&scope, usize::MAX)).await?;
    Ok(all.into_iter().find(|action| !action.undone && action.undoes.is_none()))
}

/// Takes an action back.
///
/// # Errors
/// EBUSY while something is on its way or the agent is gone, [`Kind::NotPermitted`] for what cannot be
/// taken back, and otherwise as a save.
pub(crate) async fn undo(engine: &Arc<Engine>, action: &AgentAction) -> Result<()> {
    if !shown::operations_of(engine, &action.agent).is_empty() {
        return Err(Error::new(Kind::Os(libc::EBUSY), "something about it is still on its way")
            .hint("undo when it is through, or give it up with `taskadefs discard`"));
    }
    let path = below_space(&action.path);
    let at = AgentAt { space: &action.space, id: &action.agent, path };
    match &action.kind {
        AgentActionKind::Saved { before, after } => {
            let now = agents::read(engine, at.space, at.id, Priority::Save).await;
            let now = now.map_err(gone)?.state();
            let wanted = without(before, after, &now);
            save::undo(engine, at, (now, wanted), action.row).await
        }
        AgentActionKind::Created(_) => save::undo_creation(engine, at, action.row).await,
        AgentActionKind::Deleted { state, knowledge } => {
            let (was, knowledge) = (action.agent.clone(), knowledge.clone());
            let anew = MadeAnew { was, knowledge, undoes: action.row };
            create::make_anew(engine, at.space, (path, state), anew).await
        }
        AgentActionKind::Taught(known) => {
            knowledge::undo(engine, at, (known, false), action.row).await
        }
        AgentActionKind::Untaught(known) => {
            knowledge::undo(engine, at, (known, true), action.row).await
        }
        AgentActionKind::Published => {
            let what = "Taskade's API cannot take the publishing of an agent back";
            Err(Error::new(Kind::NotPermitted, what).hint("do it in the app"))
        }
    }
}

/// An action in words.
pub(crate) fn in_words(action: &AgentAction) -> HistoryEntry {
    let (summary, changes) = match &action.kind {
        AgentActionKind::Created(_) => ("agent created".to_owned(), Vec::new()),
        AgentActionKind::Saved { before, after } => saved_in_words(before, after),
        AgentActionKind::Deleted { .. } => ("agent deleted".to_owned(), Vec::new()),
        AgentActionKind::Published => {
            ("agent published, or set to something for the public".to_owned(), Vec::new())
        }
        AgentActionKind::Taught(_) => ("known to the agent".to_owned(), Vec::new()),
        AgentActionKind::Untaught(_) => ("known to the agent no longer".to_owned(), Vec::new()),
    };
    let below = below_space(&action.path).strip_prefix(".taskade/agents/");
    let title = below.and_then(|below| below.split('/').next()).unwrap_or_default();
    HistoryEntry {
        time: action.time,
        project: ProjectId::new(""),
        title: title.to_owned(),
        path: action.path.clone(),
        summary,
        changes,
        is_undo: action.undoes.is_some(),
        undone: action.undone,
        waits: false,
        row: FIRST_ROW + action.row,
    }
}

fn saved_in_words(before: &AgentState, after: &AgentState) -> (String, Vec<String>) {
    let mut keys: Vec<&String> = before.data.keys().chain(after.data.keys()).collect();
    keys.sort();
    keys.dedup();
    keys.retain(|key| before.data.get(*key) != after.data.get(*key));
    let value = |state: &AgentState, key: &str| match state.data.get(key) {
        Some(Value::String(text)) => text.replace('\n', "⏎"),
        Some(value) => value.to_string(),
        None => String::new(),
    };
    let change = |key: &&String| format!("~ {key}: {} → {}", value(before, key), value(after, key));
    let changes = keys.iter().map(change).collect();
    let edited: Vec<&str> = keys.iter().map(|key| key.as_str()).collect();
    let summary = match (before.name == after.name, edited.is_empty()) {
        (false, true) => format!("agent renamed from {}", before.name),
        (false, false) => {
            format!("agent renamed from {}, and edited: {}", before.name, edited.join(", "))
        }
        (true, _) => format!("agent edited: {}", edited.join(", ")),
    };
    (summary, changes)
}

/// A path relative to the mount, from the directory of its space on.
fn below_space(path: &str) -> &str {
    path.find(".taskade/").and_then(|at| path.get(at..)).unwrap_or(path)
}

fn gone(error: Error) -> Error {
    match error.kind() {
        Kind::NotFound => Error::new(Kind::Os(libc::EBUSY), "the agent was deleted since")
            .hint("take that back first"),
        _ => error,
    }
}
