//! What programs wrote to the files of agents that cannot be that: kept, and told, until it is settled.

use std::time::Duration;

use crate::{
    error::{Error, Result},
    ids::AgentId,
    kernel_thread,
    store::operations::{Operation, OperationKind, Refusal},
    sync::{
        engine::Engine,
        operation::{
            agent::{
                body::{AgentAt, to_json},
                typed_text::TypedText,
            },
            rejected, transition,
        },
    },
};

/// Keeps what was written to a file of an agent, and why it cannot be that. It is what the file reads as
/// from now on.
pub(crate) async fn keep(engine: &Engine, at: AgentAt<'_>, typed: TypedText, error: &Error) {
    tracing::warn!(%error, "what was written to a file of an agent was refused");
    if let Err(error) = journal(engine, at, typed, error).await {
        tracing::error!(%error, "what was written to a file of an agent is not kept");
    }
}

async fn journal(engine: &Engine, at: AgentAt<'_>, typed: TypedText, error: &Error) -> Result<()> {
    let before = find(engine, at.id, &typed.file);
    let kind = OperationKind::TypedAgent;
    let new = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
    let body = to_json(&typed)?;
    let mut operation = Operation { subject: Some(at.id.as_str().to_owned()), body, ..new };
    kernel_thread::leave().await;
    let file = rejected::free_name(engine, &operation);
    let (kind, reason, since) = (error.kind(), error.to_string(), engine.clock.wall());
    operation.refusal = Some(Refusal { kind, reason, since, file });
    transition::add(engine, operation, Duration::ZERO).await?;
    // Its agent may have been made meanwhile, by who did not know of it.
    let made = engine.agents.now(at.id);
    if made != *at.id {
        note_made(engine, at.id, &made).await?;
    }
    match before {
        Some((before, _)) => transition::remove(engine, before.row).await,
        None => Ok(()),
    }
}

/// What a file reads as that was written to it and refused.
pub(crate) fn read(engine: &Engine, id: &AgentId, file: &str) -> Option<Vec<u8>> {
    let (_, typed) = find(engine, id, file)?;
    (!typed.is_set_aside).then_some(typed.text)
}

/// A text was saved to a file: one that was refused before is settled by that. Where it is what the file
/// read as before, as that of an editor which puts its backup back, that is set aside.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn settle(
    engine: &Engine,
    id: &AgentId,
    file: &str,
    is_another: bool,
) -> Result<()> {
    let Some((operation, typed)) = find(engine, id, file) else { return Ok(()) };
    if is_another {
        return transition::remove(engine, operation.row).await;
    }
    let body = to_json(&TypedText { is_set_aside: true, ..typed })?;
    transition::change(engine, operation.row, |it| it.body = body).await.map(drop)
}

/// The service has made an agent: what was written to its files is of that.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn note_made(engine: &Engine, new: &AgentId, made: &AgentId) -> Result<()> {
    for operation in of_agent(engine, new) {
        let Some(typed) = TypedText::of(&operation) else { continue };
        let body = to_json(&TypedText { is_of_new: false, ..typed })?;
        let change = |it: &mut Operation| {
            (it.subject, it.body) = (Some(made.as_str().to_owned()), body);
        };
        transition::change(engine, operation.row, change).await?;
    }
    Ok(())
}

/// Gives up all that was written to the files of an agent.
///
/// # Errors
/// If the journal cannot note it.
pub(crate) async fn give_up(engine: &Engine, id: &AgentId) -> Result<()> {
    for operation in of_agent(engine, id) {
        transition::remove(engine, operation.row).await?;
    }
    Ok(())
}

fn find(engine: &Engine, id: &AgentId, file: &str) -> Option<(Operation, TypedText)> {
    let all = of_agent(engine, id).into_iter();
    let typed = all.filter_map(|it| TypedText::of(&it).map(|typed| (it, typed)));
    typed.into_iter().find(|(_, typed)| typed.file == file)
}

fn of_agent(engine: &Engine, id: &AgentId) -> Vec<Operation> {
    let all = engine.operations.all().into_iter();
    let is_it = |it: &Operation| {
        it.kind == OperationKind::TypedAgent && it.subject.as_deref() == Some(id.as_str())
    };
    all.filter(is_it).collect()
}
