//! `.taskade/agents/` of folders as programs see it: the real program on a real mount, and the requests
//! that each look costs.

mod editing;
mod making;
mod reading;

use std::path::PathBuf;

use serde_json::Value;
use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::Mounted;

const TASKS: &str = "one\ntwo";

/// A mount whose workspace has the agent `Scout`.
struct Scene {
    mounted: Mounted,
    workspace: SpaceId,
    /// The agent.
    id: String,
}

impl Scene {
    /// With what is added to the workspace and to the agent.
    fn of(flags: &[&str], seed: impl FnOnce(&Store, &SpaceId, &str)) -> Self {
        Self::with(Quirks::default(), flags, seed)
    }

    fn with(quirks: Quirks, flags: &[&str], seed: impl FnOnce(&Store, &SpaceId, &str)) -> Self {
        let mut of = None;
        let mounted = Mounted::on(quirks, TASKS, flags, |store, workspace| {
            let id = store.add_agent(workspace, "Scout", "Look around.").unwrap();
            seed(store, workspace, &id);
            of = Some((workspace.clone(), id));
        });
        let (workspace, id) = of.unwrap();
        mounted.ok("ls");
        mounted.server().log().clear();
        Self { mounted, workspace, id }
    }

    fn store(&self) -> &Store {
        self.mounted.server().store()
    }

    fn ok(&self, script: &str) -> String {
        self.mounted.ok(script)
    }

    fn agents(&self) -> PathBuf {
        self.mounted.acme().join(".taskade/agents")
    }

    fn scout(&self) -> PathBuf {
        self.agents().join("Scout")
    }

    /// The request for a page of the workspace's agents.
    fn listing(&self) -> String {
        format!("GET /folders/{}/agents", self.workspace)
    }

    /// The requests so far that are about agents, with their bodies, and forgets all of them. The
    /// agent is `A`.
    fn requests(&self) -> Vec<String> {
        let log = self.mounted.server().log();
        let parts = ["agent", "/convos", "getConversation"];
        let asked = log.requests().into_iter();
        let asked = asked.filter(|it| parts.iter().any(|part| it.path.contains(part)));
        let line = |method: &str, path: &str, body: Option<Value>| {
            let body = body.map_or_else(String::new, |body| format!(" {body}"));
            format!("{method} {path}{body}").replace(&self.id, "A")
        };
        let asked = asked.map(|it| line(&it.method, &it.path, it.body)).collect();
        log.clear();
        asked
    }
}
