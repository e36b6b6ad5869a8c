//! Sending what is wanted of agents.
//!
//! A save is noted as sent before anything is asked for it: what is written from then on is another
//! save. Whether what is sent is merged into what an agent is set to, or takes its place, is not
//! documented, so all of it is sent, put together from what the service has by now. The same request
//! may be sent twice without harm.

use crate::{
    api::{
        AgentState, Priority, RemoteAgent,
        endpoints::{DeleteAgent, UpdateAgent},
    },
    error::{Error, Kind, Result},
    ids::AgentId,
    store::{agent_history::AgentActionKind, operations::Operation},
    sync::{
        engine::Engine,
        operation::{
            agent::{actions, body::AgentSave},
            overridden, transition,
        },
        read::agents,
    },
};

/// Makes an agent what it is to be.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn save(engine: &Engine, operation: &Operation) -> Result<()> {
    let was_sent = operation.sent;
    settle_refused(engine, operation).await?;
    let noted = transition::change(engine, operation.row, |it| it.sent = true).await?;
    let Some(operation) = noted else { return Ok(()) };
    let sent = send(engine, &operation, was_sent).await;
    if let Err(error) = &sent
        && error.kind().is_certain()
    {
        transition::change(engine, operation.row, |it| it.sent = was_sent).await?;
    }
    sent
}

/// An earlier save that was refused while this one waited is part of it: tried again later it would take
/// the place of this one.
async fn settle_refused(engine: &Engine, operation: &Operation) -> Result<()> {
    let is_it = |it: &Operation| {
        it.kind == operation.kind
            && it.subject == operation.subject
            && it.row < operation.row
            && it.refusal.is_some()
    };
    while let Some(refused) = engine.operations.find(is_it) {
        let earlier = AgentSave::of(&refused)?;
        let mut keys = Vec::new();
        transition::change(engine, operation.row, |it| {
            if let Ok(save) = AgentSave::of(it) {
                let (both, overridden) = earlier.then(&save.base, &save.want);
                both.note(it);
                keys = overridden;
            }
        })
        .await?;
        overridden::keep_wanted(engine, operation, &earlier.want, &keys).await;
        transition::remove(engine, refused.row).await?;
    }
    Ok(())
}

async fn send(engine: &Engine, operation: &Operation, was_sent: bool) -> Result<()> {
    let (space, id) = (&operation.space, subject(operation)?);
    let save = AgentSave::of(operation)?;
    let now = match was_sent {
        // What came of the last request shows in what there is now.
        true => agents::read(engine, space, &id, Priority::Save).await?,
        false if save.base.data != save.want.data => {
            agents::refresh_to_save(engine, space, &id).await?
        }
        false => agents::refresh(engine, space, &id, Priority::Save).await?,
    };
    let before = now.state();
    let merged = save.onto(&before);
    let undoes = save.undoes;
    if merged.state == before {
        // The last request may have done it, and the answer was lost.
        if was_sent || undoes.is_some() {
            let kind = AgentActionKind::Saved { before: save.base, after: save.want };
            actions::note(engine, operation, &id, kind, undoes).await?;
        }
        return Ok(());
    }
    if !merged.overridden.is_empty() {
        overridden::keep(engine, operation, &now.item.clone().into(), &merged.overridden).await;
        // Kept once, however often it is sent.
        let rebased = AgentSave { base: before.clone(), want: merged.state.clone(), undoes };
        transition::change(engine, operation.row, |it| rebased.note(it)).await?;
    }
    let AgentState { name, data } = &merged.state;
    let changes = UpdateAgent {
        agent: &id,
        name: (*name != before.name).then_some(name),
        data: (*data != before.data).then_some(data),
    };
    let told: Option<RemoteAgent> = engine.backend.write(changes).await?;
    let kind = AgentActionKind::Saved { before, after: merged.state.clone() };
    let told = told.filter(|told| told.id == id).unwrap_or_else(|| now.with(merged.state));
    engine.listings.note_agent(space, &id, Some(told));
    engine.agents.note_read(&id, engine.clock.now());
    actions::note(engine, operation, &id, kind, undoes).await
}

/// Deletes an agent. Whatever became of the request before, another one does no harm.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn delete(engine: &Engine, operation: &Operation) -> Result<()> {
    let id = subject(operation)?;
    let noted = transition::change(engine, operation.row, |it| it.sent = true).await?;
    // Somebody took it back meanwhile.
    if noted.is_none() {
        return Ok(());
    }
    let known = engine.listings.agent(&operation.space, &id);
    engine.backend.write(DeleteAgent { agent: &id }).await?;
    engine.listings.note_agent(&operation.space, &id, None);
    let Some(known) = known else { return Ok(()) };
    let knowledge = engine.listings.knowledge(&id).into_iter().collect();
    let kind = AgentActionKind::Deleted { state: known.state(), knowledge };
    actions::note(engine, operation, &id, kind, actions::undoes(operation)).await
}

fn subject(operation: &Operation) -> Result<AgentId> {
    let subject = operation.subject.as_deref().map(AgentId::new);
    subject.ok_or_else(|| Error::new(Kind::Invalid, "no agent is named"))
}
