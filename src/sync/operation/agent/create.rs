//! Making agents: of what a program wrote, or by the service of what an agent is to do.
//!
//! A create is never repeated blindly: which agents there were is noted before it is sent, and where its
//! answer is lost what is new since is looked for.

use std::{sync::Arc, time::Duration};

use crate::{
    api::{
        AgentState, Priority, RemoteAgent,
        endpoints::{CreateAgent, GenerateAgent},
    },
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    store::{
        agent_history::AgentActionKind,
        operations::{Operation, OperationKind},
    },
    sync::{
        engine::Engine,
        operation::{
            agent::{
                actions,
                body::{AgentAt, AgentCreation, MadeAnew, to_json},
                staged, typed, verdict,
            },
            overridden, transition, worker,
        },
        read::agents,
    },
};
use serde::{Deserialize, Serialize};

/// What the journal has of an agent that the service is to make.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Generation {
    text: String,
    #[serde(default)]
    before: Vec<AgentId>,
}

/// The operation that makes an agent which is new here.
pub(crate) fn creation_of(engine: &Engine, new: &AgentId) -> Option<Operation> {
    engine.operations.find(|it| AgentCreation::of(it).is_some_and(|made| made.new == *new))
}

/// Saves an agent that is not made yet: `seen` is what the program had before its eyes, and `wanted` what
/// it made of it. Nothing is made of a directory that nothing was written to.
///
/// # Errors
/// As [`save`](super::save::save).
pub(crate) async fn save(
    engine: &Arc<Engine>,
    at: AgentAt<'_>,
    seen: &AgentState,
    wanted: &AgentState,
) -> Result<()> {
    let Some(waiting) = creation_of(engine, at.id) else {
        if seen == wanted {
            return Ok(());
        }
        let (new, state) = (at.id.clone(), wanted.clone());
        let body = to_json(&AgentCreation::new(new, state, None))?;
        let kind = OperationKind::CreateAgent;
        let operation = Operation::new(kind, at.space, at.path.to_owned(), engine.clock.wall());
        let added =
            transition::add(engine, Operation { body, ..operation }, Duration::ZERO).await?;
        engine.agents.remove_new(at.id);
        worker::wake(engine, &added.lane());
        return verdict::verdict(engine, added.row).await;
    };
    if seen == wanted {
        return waiting.refusal.map_or(Ok(()), |it| Err(Error::new(it.kind, it.reason)));
    }
    let mut overrides = None;
    let changed = transition::change(engine, waiting.row, |it| {
        let Some(creation) = AgentCreation::of(it).filter(|creation| !creation.is_closed) else {
            return;
        };
        let (before, is_on_its_way) = (creation.wanted().clone(), it.sent && it.refusal.is_none());
        let (amended, keys) = creation.amended(seen, wanted, is_on_its_way);
        overrides = Some((before, keys));
        amended.note(it);
        it.refusal = None;
    });
    changed.await?;
    if let Some((before, keys)) = &overrides {
        overridden::keep_wanted(engine, &waiting, before, keys).await;
    }
    let made = |engine: &Engine| engine.agents.now(at.id);
    if overrides.is_none() {
        // It has just been made.
        let at = AgentAt { id: &made(engine), ..at };
        return match staged::stage(engine, at, seen, wanted).await? {
            Some(row) => verdict::verdict(engine, row).await,
            None => Ok(()),
        };
    }
    worker::wake(engine, &waiting.lane());
    verdict::verdict(engine, waiting.row).await?;
    match staged::waiting(engine, &made(engine)) {
        Some(save) => verdict::verdict(engine, save.row).await,
        None => Ok(()),
    }
}

/// A deleted agent is to be there again.
///
/// # Errors
/// As [`save`].
pub(crate) async fn make_anew(
    engine: &Arc<Engine>,
    space: &SpaceId,
    (path, state): (&str, &AgentState),
    anew: MadeAnew,
) -> Result<()> {
    let new = engine.agents.add_new(space, &state.name)?;
    engine.agents.remove_new(&new);
    let creation = AgentCreation::new(new, state.clone(), Some(anew));
    let kind = OperationKind::CreateAgent;
    let operation = Operation::new(kind, space, path.to_owned(), engine.clock.wall());
    let operation = Operation { body: to_json(&creation)?, ..operation };
    let added = transition::add(engine, operation, Duration::ZERO).await?;
    worker::wake(engine, &added.lane());
    verdict::verdict(engine, added.row).await
}

/// Gives an agent up that is not made yet.
///
/// # Errors
/// EBUSY while its answer is awaited, otherwise if it cannot be journaled.
pub(crate) async fn remove(engine: &Engine, new: &AgentId) -> Result<()> {
    engine.agents.remove_new(new);
    typed::give_up(engine, new).await?;
    let Some(operation) = creation_of(engine, new) else { return Ok(()) };
    // What may have been made is looked for first.
    match transition::remove_if(engine, operation.row, |it| !it.sent).await? {
        Some(_) => Ok(()),
        None => Err(Error::new(Kind::Os(libc::EBUSY), "the agent is being made")
            .hint("remove it again in a moment")),
    }
}

/// Has the service make an agent of what it is to do.
///
/// # Errors
/// If it cannot be journaled, and what it is refused with in time.
pub(crate) async fn generate(
    engine: &Arc<Engine>,
    space: &SpaceId,
    path: &str,
    text: &str,
) -> Result<()> {
    let body = to_json(&Generation { text: text.to_owned(), before: Vec::new() })?;
    let kind = OperationKind::GenerateAgent;
    let refused = generation_in(engine, space).filter(|it| it.refusal.is_some());
    let operation = Operation::new(kind, space, path.to_owned(), engine.clock.wall());
    let added = transition::add(engine, Operation { body, ..operation }, Duration::ZERO).await?;
    if let Some(refused) = refused {
        transition::remove(engine, refused.row).await?;
    }
    worker::wake(engine, &added.lane());
    verdict::verdict(engine, added.row).await
}

/// The latest agent that the service is to make in a space.
pub(crate) fn generation_in(engine: &Engine, space: &SpaceId) -> Option<Operation> {
    engine.operations.find(|it| it.kind == OperationKind::GenerateAgent && it.space == *space)
}

/// Makes an agent.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send(engine: &Arc<Engine>, operation: &Operation) -> Result<()> {
    let was_sent = operation.sent;
    if let Some(made) = AgentCreation::of(operation).and_then(|it| it.made) {
        return note_made(engine, operation, &made).await;
    }
    let there = there(engine, operation, was_sent).await?;
    if was_sent
        && let Some(sent) = AgentCreation::of(operation)
        && let Some(made) = there.iter().find(|agent| sent.may_have_made(agent))
    {
        // A listing that was asked for before may come after this one.
        note(engine, &operation.space, made.clone());
        return note_made(engine, operation, &made.id).await;
    }
    let before = ids(&there);
    let noted = transition::change(engine, operation.row, |it| {
        let Some(mut creation) = AgentCreation::of(it) else { return };
        // What came of a request that was sent before is known by what that asked for.
        if !was_sent && let Some(then) = creation.then.take() {
            creation.state = then;
        }
        AgentCreation { before, ..creation }.note(it);
        it.sent = true;
    });
    let Some(operation) = noted.await? else { return Ok(()) };
    let Some(creation) = AgentCreation::of(&operation) else {
        return Err(Error::new(Kind::Storage, "the journal has an agent that cannot be read"));
    };
    let asked = CreateAgent { folder: &operation.space, state: &creation.state };
    let made = settled(engine, &operation, engine.backend.write(asked).await).await?;
    let id = made.id.clone();
    note(engine, &operation.space, made);
    note_made(engine, &operation, &id).await
}

/// Has an agent made by the service. Where the answer is lost, one that is new since is taken for it; to
/// ask again would use up credits again, so that is left to the user.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn send_generation(engine: &Engine, operation: &Operation) -> Result<()> {
    let unreadable = |error: serde_json::Error| {
        Error::new(Kind::Storage, "the journal has what cannot be read").because(error)
    };
    let sent: Generation = serde_json::from_value(operation.body.clone()).map_err(unreadable)?;
    let there = there(engine, operation, operation.sent).await?;
    if operation.sent {
        let is_own = |id: &AgentId| engine.agents.first(id) != *id;
        if there.iter().any(|agent| !sent.before.contains(&agent.id) && !is_own(&agent.id)) {
            return Ok(());
        }
        transition::change(engine, operation.row, |it| it.sent = false).await?;
        let what = "the answer was lost, and no new agent is there: it may have used up credits";
        return Err(Error::new(Kind::Refused, what));
    }
    let body = to_json(&Generation { before: ids(&there), ..sent.clone() })?;
    let noted =
        transition::change(engine, operation.row, |it| (it.body, it.sent) = (body, true)).await?;
    let Some(operation) = noted else { return Ok(()) };
    let asked = GenerateAgent { folder: &operation.space, text: &sent.text };
    let made = settled(engine, &operation, engine.backend.write(asked).await).await?;
    let (id, kind) = (made.id.clone(), AgentActionKind::Created(made.state()));
    note(engine, &operation.space, made);
    actions::note(engine, &operation, &id, kind, None).await
}

/// The agents that there are: as they are now, if that is to tell what became of a request.
async fn there(
    engine: &Engine,
    operation: &Operation,
    is_to_tell: bool,
) -> Result<Arc<Vec<RemoteAgent>>> {
    match engine.listings.agents(&operation.space) {
        Some(known) if !is_to_tell => Ok(known),
        _ => agents::listed_now(engine, &operation.space, Priority::Save).await,
    }
}

/// Notes that nothing was done, where that is certain.
async fn settled<T>(engine: &Engine, operation: &Operation, answer: Result<T>) -> Result<T> {
    if let Err(error) = &answer
        && error.kind().is_certain()
    {
        transition::change(engine, operation.row, |it| it.sent = false).await?;
    }
    answer
}

/// What is known here of an agent is from now on that of the one which the service made. What was made of
/// it meanwhile is saved to that, and one that is made anew is to know what it knew. May be done again
/// after a crash.
async fn note_made(engine: &Arc<Engine>, operation: &Operation, made: &AgentId) -> Result<()> {
    let noted = transition::change(engine, operation.row, |it| {
        if let Some(creation) = AgentCreation::of(it) {
            AgentCreation { made: Some(made.clone()), ..creation }.note(it);
        }
    });
    let Some(creation) = noted.await?.as_ref().and_then(AgentCreation::of) else { return Ok(()) };
    engine.agents.note_made(&creation.new, made);
    typed::note_made(engine, &creation.new, made).await?;
    let kind = AgentActionKind::Created(creation.state.clone());
    let undoes = creation.anew.as_ref().map(|anew| anew.undoes);
    actions::note(engine, operation, made, kind, undoes).await?;
    save_what_came_since(engine, operation, made).await?;
    let Some(MadeAnew { was, knowledge, .. }) = creation.anew.clone() else { return Ok(()) };
    for known in &knowledge {
        let (body, subject) = (to_json(known)?, Some(made.as_str().to_owned()));
        let path = format!("{}/knowledge", operation.path);
        let kind = OperationKind::AddKnowledge;
        let new = Operation::new(kind, &operation.space, path, engine.clock.wall());
        transition::add(engine, Operation { body, subject, ..new }, Duration::ZERO).await?;
    }
    let made = made.clone();
    engine.journaled(move |journal| journal.note_remade_agent(&was, &made)).await
}

/// What programs have made of an agent while it was being made is saved to what it is by now.
async fn save_what_came_since(
    engine: &Arc<Engine>,
    operation: &Operation,
    made: &AgentId,
) -> Result<()> {
    let at = AgentAt { space: &operation.space, id: made, path: &operation.path };
    let mut saved: Option<AgentState> = None;
    loop {
        let now = engine.operations.get(operation.row);
        let Some(creation) = now.as_ref().and_then(AgentCreation::of) else { return Ok(()) };
        let then = creation.then.clone();
        if let Some(then) = &then {
            staged::stage(engine, at, saved.as_ref().unwrap_or(&creation.state), then).await?;
        }
        // Unless more has come by now.
        let closed = transition::change(engine, operation.row, |it| {
            if let Some(creation) = AgentCreation::of(it).filter(|creation| creation.then == then) {
                AgentCreation { is_closed: true, ..creation }.note(it);
            }
        });
        if closed.await?.as_ref().and_then(AgentCreation::of).is_none_or(|it| it.is_closed) {
            return Ok(());
        }
        saved = then;
    }
}

fn note(engine: &Engine, space: &SpaceId, made: RemoteAgent) {
    let id = made.id.clone();
    engine.listings.note_agent(space, &id, Some(made));
    engine.agents.note_read(&id, engine.clock.now());
}

fn ids(agents: &[RemoteAgent]) -> Vec<AgentId> {
    agents.iter().map(|agent| agent.id.clone()).collect()
}
