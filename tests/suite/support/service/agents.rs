//! The agents of a Taskade in memory.

use serde_json::{Value, json};
use taskadefs::{
    api::{Call, Method},
    error::Result,
};

use crate::support::service::{
    Memory, State,
    calls::{item, items, sent},
    gone,
};

const LIST: &str = "folders/{folder}/agents";
const GENERATE: &str = "folders/{folder}/agent-generate";
const ONE: &str = "agents/{agent}";

/// Whether a request is about agents.
pub(crate) fn is_of_agents(call: &Call) -> bool {
    let template = call.path.template();
    template.starts_with("agents/") || template == LIST || template == GENERATE
}

/// A write as the log has it, with its body.
pub(crate) fn words_of_agents(call: &Call) -> Option<String> {
    let body = call.body.as_ref().filter(|_| is_of_agents(call))?;
    let verb = format!("{:?}", call.method).to_uppercase();
    let rest = call.path.template().rsplit('/').next().filter(|part| !part.starts_with('{'));
    let rest = rest.map_or_else(String::new, |rest| format!("/{rest}"));
    Some(format!("{verb} {}{rest} {body}", call.path.ids()[0]))
}

impl State {
    pub(crate) fn execute_agents(&mut self, call: &Call, ids: &[&str]) -> Result<Value> {
        match (call.method, call.path.template(), ids) {
            (Method::Get, LIST, [folder]) => {
                self.check_space(folder)?;
                let inside = self.agents.iter().filter(|agent| agent["space_id"] == **folder);
                let page = call.query.iter().find(|(name, _)| *name == "page");
                let page: usize = page.map_or(1, |(_, page)| page.parse().unwrap());
                Ok(items(inside.skip((page - 1) * 20).take(20).cloned()))
            }
            (Method::Get, ONE, [id]) => Ok(item(self.agent(id)?.clone())),
            (Method::Patch, ONE, [id]) => {
                let agent = self.agent(id)?;
                for key in ["name", "data"] {
                    if *sent(call, &format!("/{key}")) != Value::Null {
                        agent[key] = sent(call, &format!("/{key}")).clone();
                    }
                }
                Ok(item(agent.clone()))
            }
            (Method::Delete, ONE, [id]) => {
                self.agent(id)?;
                self.agents.retain(|agent| agent["id"] != **id);
                Ok(items([]))
            }
            (Method::Get, "agents/{agent}/convos/", [id]) => {
                self.agent(id)?;
                Ok(items([]))
            }
            (Method::Post, LIST, [folder]) => {
                assert_eq!(*sent(call, "/data/type"), "data");
                let (name, data) = (sent(call, "/name"), sent(call, "/data/data"));
                Ok(item(self.make_agent(folder, name, data)))
            }
            (Method::Post, GENERATE, [folder]) => {
                let data = json!({ "commands": [], "description": sent(call, "/text") });
                Ok(item(self.make_agent(folder, &"Generated".into(), &data)))
            }
            (Method::Put, "agents/{agent}/publicAccess", [id]) => {
                self.agent(id)?;
                self.published.insert((*id).to_owned());
                Ok(json!({ "ok": true, "publicUrl": "https://taskade.invalid/a/p" }))
            }
            (Method::Patch, "agents/{agent}/public-agent", [id]) => {
                Ok(item(self.agent(id)?.clone()))
            }
            (Method::Post, "agents/{agent}/knowledge/project", [id]) => {
                self.know(id, sent(call, "/projectId").as_str().unwrap())
            }
            (Method::Post, "agents/{agent}/knowledge/media", [id]) => {
                self.know(id, sent(call, "/mediaId").as_str().unwrap())
            }
            (
                Method::Delete,
                "agents/{agent}/knowledge/project/{project}"
                | "agents/{agent}/knowledge/media/{media}",
                [id, known],
            ) => {
                let agent = item(self.agent(id)?.clone());
                let known = ((*id).to_owned(), (*known).to_owned());
                if self.knowledge.remove(&known) { Ok(agent) } else { Err(gone()) }
            }
            _ => Err(gone()),
        }
    }

    fn know(&mut self, agent: &str, known: &str) -> Result<Value> {
        let item = item(self.agent(agent)?.clone());
        self.knowledge.insert((agent.to_owned(), known.to_owned()));
        Ok(item)
    }

    fn make_agent(&mut self, folder: &str, name: &Value, data: &Value) -> Value {
        let id = format!("a{}", self.next());
        let made = json!({ "id": id, "name": name, "space_id": folder, "data": data });
        self.agents.push(made.clone());
        made
    }

    fn agent(&mut self, id: &str) -> Result<&mut Value> {
        self.agents.iter_mut().find(|agent| agent["id"] == id).ok_or_else(gone)
    }
}

impl Memory {
    /// Somebody else makes an agent.
    pub fn make_agent_elsewhere(&self, folder: &str, id: &str, name: &str, prompt: &str) {
        let data = json!({ "commands": [], "description": prompt });
        let agent = json!({ "id": id, "name": name, "space_id": folder, "data": data });
        self.lock().agents.push(agent);
    }

    /// Somebody else sets something of an agent.
    pub fn set_agent_elsewhere(&self, id: &str, pointer: &str, value: Value) {
        *self.lock().agent(id).unwrap().pointer_mut(pointer).unwrap() = value;
    }

    /// Somebody else sets a key of what an agent is set to. Whether there is such an agent.
    pub fn set_agent_key_elsewhere(&self, id: &str, key: &str, value: Value) -> bool {
        self.lock().agent(id).is_ok_and(|agent| {
            agent["data"][key] = value;
            true
        })
    }

    /// Somebody else deletes an agent.
    pub fn delete_agent_elsewhere(&self, id: &str) {
        self.lock().agents.retain(|agent| agent["id"] != id);
    }

    /// The names of all agents, in order.
    pub fn agent_names(&self) -> Vec<String> {
        let state = self.lock();
        state.agents.iter().map(|it| it["name"].as_str().unwrap().to_owned()).collect()
    }

    /// All agents, as they are.
    pub fn agents(&self) -> Vec<Value> {
        self.lock().agents.clone()
    }

    /// Whether an agent knows something.
    pub fn agent_knows(&self, id: &str, known: &str) -> bool {
        self.lock().knowledge.contains(&(id.to_owned(), known.to_owned()))
    }

    /// Whether an agent is public.
    pub fn is_agent_public(&self, id: &str) -> bool {
        self.lock().published.contains(id)
    }

    /// An agent as it is.
    pub fn agent_now(&self, id: &str) -> Option<Value> {
        self.lock().agent(id).ok().cloned()
    }
}
