//! Agents in the store: what they are, whether the public may use them, what they know, and the
//! conversations that were had with them.

use rusqlite::{OptionalExtension, Row, params};
use serde_json::{Map, Value};

use super::{
    store::{Store, failed},
    store_details::{from_json, to_json},
    token::{random_name, random_ulid},
};
use crate::error::Result;

/// An agent of a space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agent {
    pub(crate) id: String,
    pub(crate) space: String,
    pub(crate) name: String,
    pub(crate) data: Map<String, Value>,
    /// There once it was published, which cannot be taken back.
    pub(crate) public: Option<PublicAgent>,
}

/// An agent as the public has it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct PublicAgent {
    pub(crate) id: String,
    pub(crate) preferences: Map<String, Value>,
}

/// A conversation with an agent.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Convo {
    pub(crate) id: String,
    pub(crate) agent: String,
    pub(crate) status: String,
    pub(crate) title: String,
    pub(crate) data: Map<String, Value>,
    /// Markdown, which v1 never tells.
    pub(crate) transcript: String,
}

/// What an agent knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    Project,
    Media,
}

impl Knowledge {
    fn word(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::Media => "media",
        }
    }
}

const AGENT: &str = "SELECT id, space, name, data, public, preferences FROM agents";
const CONVO: &str = "SELECT id, agent, status, title, data, transcript FROM convos";

fn agent(row: &Row<'_>) -> rusqlite::Result<Agent> {
    let public: Option<String> = row.get(4)?;
    let public = match public {
        Some(id) => Some(PublicAgent { id, preferences: from_json(&row.get_ref(5)?)? }),
        None => None,
    };
    let data = from_json(&row.get_ref(3)?)?;
    Ok(Agent { id: row.get(0)?, space: row.get(1)?, name: row.get(2)?, data, public })
}

fn convo(row: &Row<'_>) -> rusqlite::Result<Convo> {
    Ok(Convo {
        id: row.get(0)?,
        agent: row.get(1)?,
        status: row.get(2)?,
        title: row.get(3)?,
        data: from_json(&row.get_ref(4)?)?,
        transcript: row.get(5)?,
    })
}

impl Store {
    pub(crate) fn agents(&self, space: &str) -> Result<Vec<Agent>> {
        self.rows(&format!("{AGENT} WHERE space = ?1 ORDER BY number"), space, agent)
    }

    pub(crate) fn agent(&self, id: &str) -> Result<Option<Agent>> {
        Ok(self.rows(&format!("{AGENT} WHERE id = ?1"), id, agent)?.pop())
    }

    /// The agent that the public knows by this id.
    pub(crate) fn public_agent(&self, id: &str) -> Result<Option<Agent>> {
        Ok(self.rows(&format!("{AGENT} WHERE public = ?1"), id, agent)?.pop())
    }

    /// Makes an agent. Its id.
    pub(crate) fn make_agent(
        &self,
        space: &str,
        name: &str,
        data: &Map<String, Value>,
    ) -> Result<String> {
        let id = random_ulid()?;
        let sql = "INSERT INTO agents (id, space, name, data) VALUES (?1, ?2, ?3, ?4)";
        let data = to_json(data).map_err(failed)?;
        self.lock().connection.execute(sql, [&id, space, name, &data]).map_err(failed)?;
        Ok(id)
    }

    pub(crate) fn set_agent(&self, id: &str, name: &str, data: &Map<String, Value>) -> Result<()> {
        let sql = "UPDATE agents SET name = ?2, data = ?3 WHERE id = ?1";
        let data = to_json(data).map_err(failed)?;
        self.lock().connection.execute(sql, params![id, name, data]).map(drop).map_err(failed)
    }

    /// Deletes an agent with what it knows and what was said to it. Whether there was one.
    pub(crate) fn delete_agent(&self, id: &str) -> Result<bool> {
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        let delete = |sql: &str| transaction.execute(sql, [id]).map_err(failed);
        let found = delete("DELETE FROM agents WHERE id = ?1")? > 0;
        delete("DELETE FROM agent_knowledge WHERE agent = ?1")?;
        delete("DELETE FROM convos WHERE agent = ?1")?;
        transaction.commit().map_err(failed)?;
        Ok(found)
    }

    /// Publishes an agent; one that is public stays what it is.
    pub(crate) fn publish(&self, id: &str, preferences: &Map<String, Value>) -> Result<()> {
        let sql =
            "UPDATE agents SET public = ?2, preferences = ?3 WHERE id = ?1 AND public IS NULL";
        let (public, preferences) = (random_name(16)?, to_json(preferences).map_err(failed)?);
        let inner = self.lock();
        inner.connection.execute(sql, [id, &public, &preferences]).map(drop).map_err(failed)
    }

    pub(crate) fn set_preferences(&self, id: &str, preferences: &Map<String, Value>) -> Result<()> {
        let sql = "UPDATE agents SET preferences = ?2 WHERE id = ?1";
        let preferences = to_json(preferences).map_err(failed)?;
        self.lock().connection.execute(sql, [id, &preferences]).map(drop).map_err(failed)
    }

    /// What an agent knows of this sort, in the order in which it was added.
    pub(crate) fn knowledge(&self, agent: &str, of: Knowledge) -> Result<Vec<String>> {
        let sql = format!(
            "SELECT subject FROM agent_knowledge WHERE agent = ?1 AND kind = '{}' ORDER BY number",
            of.word()
        );
        self.rows(&sql, agent, |row| row.get(0))
    }

    /// Adds to what an agent knows; what it knows already stays where it is.
    pub(crate) fn teach(&self, agent: &str, of: Knowledge, subject: &str) -> Result<()> {
        let sql =
            "INSERT OR IGNORE INTO agent_knowledge (agent, kind, subject) VALUES (?1, ?2, ?3)";
        let inner = self.lock();
        inner.connection.execute(sql, [agent, of.word(), subject]).map(drop).map_err(failed)
    }

    /// Whether it was known.
    pub(crate) fn unteach(&self, agent: &str, of: Knowledge, subject: &str) -> Result<bool> {
        let sql = "DELETE FROM agent_knowledge WHERE agent = ?1 AND kind = ?2 AND subject = ?3";
        let inner = self.lock();
        let gone = inner.connection.execute(sql, [agent, of.word(), subject]).map_err(failed)?;
        Ok(gone > 0)
    }

    pub(crate) fn convos(&self, agent: &str) -> Result<Vec<Convo>> {
        self.rows(&format!("{CONVO} WHERE agent = ?1 ORDER BY number"), agent, convo)
    }

    pub(crate) fn convo(&self, agent: &str, id: &str) -> Result<Option<Convo>> {
        let sql = format!("{CONVO} WHERE id = ?1 AND agent = ?2");
        let inner = self.lock();
        inner.connection.query_row(&sql, [id, agent], convo).optional().map_err(failed)
    }
}
