//! Agents and the conversations with them, as the service has them. A listing of agents tells all of
//! each, so that what was listed or read less than `--max-age` ago is not asked for again. Whoever
//! opens an agent that is older waits a moment for news of it, and gets what is known if none come.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    api::{
        Priority, RemoteAgent, RemoteConvo,
        endpoints::{GetAgent, GetConvo, GetPublicAgentOf, GetTranscript},
    },
    error::{Error, Kind, Result},
    ids::{AgentId, ConvoId, SpaceId},
    replica::served::GRACE,
    sync::{
        engine::Engine,
        leaf::known_listings::Which,
        presence,
        read::{
            directories::{self, ListIntent},
            look::REVALIDATION_WAIT,
        },
    },
};

/// The agents of a space.
///
/// # Errors
/// As [`Client::agents`](crate::api::Client::agents), and only if they were never listed.
pub(crate) async fn listed(
    engine: &Arc<Engine>,
    space: &SpaceId,
    intent: ListIntent,
) -> Result<Arc<Vec<RemoteAgent>>> {
    directories::ensure(engine, &Which::Agents(space.clone()), intent).await?;
    Ok(engine.listings.agents(space).unwrap_or_default())
}

/// The agents of a space, listed anew.
///
/// # Errors
/// As [`Client::agents`](crate::api::Client::agents).
pub(crate) async fn listed_now(
    engine: &Engine,
    space: &SpaceId,
    priority: Priority,
) -> Result<Arc<Vec<RemoteAgent>>> {
    let (asked, noted) = (engine.clock.now(), engine.listings.agents_noted());
    let agents = engine.backend.agents(priority, space).await?;
    Ok(engine.listings.install_agents(space, agents, (asked, noted)))
}

/// An agent, as far as whoever opens a file of it is told.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, and what asking for one failed with of which nothing is known.
pub(crate) async fn agent(
    engine: &Arc<Engine>,
    space: &SpaceId,
    id: &AgentId,
) -> Result<RemoteAgent> {
    let known = engine.listings.agent(space, id);
    if known.is_some() && is_young(engine, space, id, engine.max_age_in(Some(space))) {
        return known.ok_or_else(gone);
    }
    let (shared, at, which) = (engine.clone(), space.clone(), id.clone());
    let read =
        tokio::spawn(async move { refresh(&shared, &at, &which, Priority::Foreground).await });
    let Some(known) = known else {
        return read.await.unwrap_or_else(|_| Err(gone()));
    };
    tokio::select! {
        read = read => match read {
            Ok(Err(error)) if error.kind() != Kind::NotFound => {
                tracing::warn!(%error, agent = %id, "serving an older agent");
                Ok(known)
            }
            Ok(read) => read,
            Err(_) => Ok(known),
        },
        () = presence::departure(engine) => Ok(known),
        () = engine.clock.sleep(REVALIDATION_WAIT) => Ok(known),
    }
}

/// Asks for an agent, unless it was read less than `--max-age` ago.
///
/// # Errors
/// [`Kind::NotFound`] if there is none.
pub(crate) async fn refresh(
    engine: &Engine,
    space: &SpaceId,
    id: &AgentId,
    priority: Priority,
) -> Result<RemoteAgent> {
    refresh_within(engine, (space, id), engine.max_age_in(Some(space)), priority).await
}

/// As [`refresh`], for who is about to send all that an agent is set to: what others have changed since
/// it was read is set back by that, so it is to have been read a moment ago.
///
/// # Errors
/// As [`refresh`].
pub(crate) async fn refresh_to_save(
    engine: &Engine,
    space: &SpaceId,
    id: &AgentId,
) -> Result<RemoteAgent> {
    let max_age = engine.max_age_in(Some(space)).min(GRACE);
    refresh_within(engine, (space, id), max_age, Priority::Save).await
}

async fn refresh_within(
    engine: &Engine,
    (space, id): (&SpaceId, &AgentId),
    max_age: Duration,
    priority: Priority,
) -> Result<RemoteAgent> {
    let flight = engine.agents.flight(id);
    let _flight = flight.lock().await;
    if let Some(known) = engine.listings.agent(space, id)
        && is_young(engine, space, id, max_age)
    {
        return Ok(known);
    }
    read(engine, space, id, priority).await
}

/// Asks for an agent, however lately it was read.
///
/// # Errors
/// [`Kind::NotFound`] if there is none.
pub(crate) async fn read(
    engine: &Engine,
    space: &SpaceId,
    id: &AgentId,
    priority: Priority,
) -> Result<RemoteAgent> {
    let (asked, noted) = (engine.clock.now(), engine.listings.agents_noted());
    let agent = engine.backend.read(priority, GetAgent { agent: id }).await?;
    engine.listings.note_agent_read(space, id, agent.clone(), noted);
    engine.agents.note_read(id, asked);
    agent.ok_or_else(gone)
}

fn is_young(engine: &Engine, space: &SpaceId, id: &AgentId, max_age: Duration) -> bool {
    let now = engine.clock.now();
    engine.listings.is_young(&Which::Agents(space.clone()), now, max_age)
        || engine.agents.is_young(id, now, max_age)
}

/// An agent as the public has it; null before it is published.
///
/// # Errors
/// As [`Client::read`](crate::api::Client::read).
pub(crate) async fn public(engine: &Engine, id: &AgentId) -> Result<Value> {
    engine.backend.read(Priority::Foreground, GetPublicAgentOf { agent: id }).await
}

/// The conversations with an agent.
///
/// # Errors
/// As [`Client::convos`](crate::api::Client::convos), and only if they were never listed.
pub(crate) async fn convos(engine: &Arc<Engine>, id: &AgentId) -> Result<Arc<Vec<RemoteConvo>>> {
    directories::ensure(engine, &Which::Convos(id.clone()), ListIntent::List).await?;
    Ok(engine.listings.convos(id).unwrap_or_default())
}

/// What is known of a conversation beside what was said: what was listed less than `--max-age` ago is
/// not asked for again.
///
/// # Errors
/// As [`Client::read`](crate::api::Client::read).
pub(crate) async fn convo(engine: &Engine, agent: &AgentId, id: &ConvoId) -> Result<Value> {
    let (now, max_age) = (engine.clock.now(), engine.settings.max_age);
    if engine.listings.is_young(&Which::Convos(agent.clone()), now, max_age)
        && let Some(known) = listed_convo(engine, agent, id)
    {
        return Ok(known.item.into());
    }
    engine.backend.read(Priority::Foreground, GetConvo { agent, convo: id }).await
}

/// What was said in a conversation, as Markdown.
///
/// # Errors
/// [`Kind::NotFound`] if the service does not tell, and as [`Client::read`](crate::api::Client::read).
pub(crate) async fn transcript(engine: &Engine, agent: &AgentId, id: &ConvoId) -> Result<String> {
    let asked = GetTranscript { agent, convo: id };
    let told = match engine.backend.read(Priority::Foreground, asked).await {
        Err(error) if error.kind() != Kind::NotFound => return Err(error),
        told => told.ok().flatten(),
    };
    let Some(mut text) = told else {
        if let Some(convo) = listed_convo(engine, agent, id) {
            engine.agents.note_untold(agent, &convo);
        }
        return Err(Error::new(Kind::NotFound, "Taskade does not tell what was said"));
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

fn listed_convo(engine: &Engine, agent: &AgentId, id: &ConvoId) -> Option<RemoteConvo> {
    engine.listings.convos(agent)?.iter().find(|convo| convo.id == *id).cloned()
}

fn gone() -> Error {
    Error::new(Kind::NotFound, "the agent is gone")
}
