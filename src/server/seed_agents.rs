//! Agents and conversations that come from elsewhere, and what others do to them: for tests.

use serde_json::{Map, Value};

use super::{
    store::{Store, failed},
    store_agents::{Agent, Knowledge},
    token::random_ulid,
};
use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
};

impl Store {
    /// Adds an agent, as somebody else would. Its id.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_agent(&self, space: &SpaceId, name: &str, prompt: &str) -> Result<String> {
        let data = [("commands", Value::Array(Vec::new())), ("description", prompt.into())];
        let data = data.map(|(key, value)| (key.to_owned(), value)).into_iter().collect();
        self.make_agent(space.as_str(), name, &data)
    }

    /// Adds a conversation with an agent, as somebody would who talks to it. Its id.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_convo(&self, agent: &str, title: &str, transcript: &str) -> Result<String> {
        let id = random_ulid()?;
        let sql = "INSERT INTO convos (id, agent, status, title, data, transcript)
                   VALUES (?1, ?2, 'idle', ?3, '{}', ?4)";
        let inner = self.lock();
        inner.connection.execute(sql, [&id, agent, title, transcript]).map_err(failed)?;
        Ok(id)
    }

    /// Changes what an agent is called and set to, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such agent.
    pub fn change_agent_elsewhere(
        &self,
        id: &str,
        change: impl FnOnce(&mut String, &mut Map<String, Value>),
    ) -> Result<()> {
        let mut agent = self.agent_elsewhere(id)?;
        change(&mut agent.name, &mut agent.data);
        self.set_agent(id, &agent.name, &agent.data)
    }

    /// Deletes an agent, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written, or there is no such agent.
    pub fn delete_agent_elsewhere(&self, id: &str) -> Result<()> {
        self.agent_elsewhere(id)?;
        self.delete_agent(id).map(drop)
    }

    /// Publishes an agent, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn publish_elsewhere(&self, id: &str) -> Result<()> {
        self.publish(id, &Map::new())
    }

    /// Has an agent know a project, as somebody else would.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn teach_elsewhere(&self, agent: &str, project: &ProjectId) -> Result<()> {
        self.teach(agent, Knowledge::Project, project.as_str())
    }

    fn agent_elsewhere(&self, id: &str) -> Result<Agent> {
        self.agent(id)?.ok_or_else(|| Error::new(Kind::NotFound, "no such agent"))
    }
}
