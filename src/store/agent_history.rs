//! The journal's table of what was done to agents, and what each was before and after.

use std::time::{Duration, SystemTime};

use rusqlite::params;
use serde::{Deserialize, Serialize};

use crate::{
    api::{AgentState, Knowledge},
    database::{failed as storage, seconds, time},
    error::Result,
    ids::{AgentId, SpaceId},
    store::{
        history::Scope,
        journal::{Journal, from_json, to_json},
    },
};

/// What was done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum AgentActionKind {
    /// It was made.
    Created(AgentState),
    /// It was renamed, or set to something.
    Saved { before: AgentState, after: AgentState },
    /// It was deleted, with what it was known to know.
    Deleted { state: AgentState, knowledge: Vec<Knowledge> },
    /// It was published, or set to something for the public.
    Published,
    /// It knows something.
    Taught(Knowledge),
    /// It knows something no longer.
    Untaught(Knowledge),
}

/// Something that was done to an agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AgentAction {
    /// Which row it is; 0 before it was written.
    pub(crate) row: i64,
    /// When Taskade had it.
    pub(crate) time: SystemTime,
    pub(crate) space: SpaceId,
    pub(crate) agent: AgentId,
    /// Of the file that it was about, relative to the mount.
    pub(crate) path: String,
    pub(crate) kind: AgentActionKind,
    /// The row that it undoes.
    pub(crate) undoes: Option<i64>,
    /// Whether another one undoes it.
    pub(crate) undone: bool,
}

impl Journal {
    /// Notes what was done, and what that undoes.
    pub(crate) fn note_agent_action(&self, action: &AgentAction) -> Result<()> {
        let failed = || storage("cannot note what was done to an agent");
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        let sql = "INSERT INTO agent_actions (time, space, agent, path, kind, undoes)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let (space, agent) = (action.space.as_str(), action.agent.as_str());
        let kind = to_json(&action.kind)?;
        let params = params![seconds(action.time), space, agent, action.path, kind, action.undoes];
        transaction.execute(sql, params).map_err(failed())?;
        // Gone already if it was too old: then nothing is left to be marked.
        let sql = "UPDATE agent_actions SET undone = 1 WHERE row = ?1";
        transaction.execute(sql, [action.undoes]).map_err(failed())?;
        transaction.commit().map_err(failed())
    }

    /// An agent was made anew: what was done to it before was done to that.
    pub(crate) fn note_remade_agent(&self, was: &AgentId, made: &AgentId) -> Result<()> {
        let sql = "UPDATE agent_actions SET agent = ?2 WHERE agent = ?1";
        let failed = storage("cannot note that an agent was made anew");
        self.lock().execute(sql, [was.as_str(), made.as_str()]).map_err(failed)?;
        Ok(())
    }

    /// What was done to agents, newest first: at most `most`.
    pub(crate) fn agent_history(&self, scope: &Scope, most: usize) -> Result<Vec<AgentAction>> {
        let failed = storage("cannot read the history of agents");
        let connection = self.lock();
        let mut statement = connection
            .prepare(
                "SELECT row, time, space, agent, path, kind, undoes, undone FROM agent_actions
                 ORDER BY row DESC",
            )
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut actions = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)?.filter(|_| actions.len() < most) {
            let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
            let action = AgentAction {
                row: row.get(0).map_err(&failed)?,
                time: time(row.get(1).map_err(&failed)?),
                space: SpaceId::new(text(2)?),
                agent: AgentId::new(text(3)?),
                path: text(4)?,
                kind: from_json(&text(5)?)?,
                undoes: row.get(6).map_err(&failed)?,
                undone: row.get(7).map_err(&failed)?,
            };
            if scope.has(None, &action.path) {
                actions.push(action);
            }
        }
        Ok(actions)
    }

    /// Forgets what is older than `keep`.
    pub(crate) fn prune_agent_history(&self, now: SystemTime, keep: Duration) -> Result<()> {
        let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        let failed = storage("cannot shorten the history of agents");
        let sql = "DELETE FROM agent_actions WHERE time < ?1";
        self.lock().execute(sql, [seconds(oldest)]).map_err(failed)?;
        Ok(())
    }
}
