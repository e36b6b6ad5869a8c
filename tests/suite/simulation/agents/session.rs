//! A mount with the programs on it, what they know of its agents, and how that is compared.

use std::{collections::BTreeSet, fs, path::Path, time::Duration};

use serde_json::Value;
use taskadefs::error::{Error, Kind, Result};

use crate::{
    simulation::{
        agents::{
            model::{Agent, PROMPT, Track},
            programs::{self, AGENTS},
        },
        sessions::{Process, VirtualClock},
    },
    support::{
        harness::{Mount, me, pass},
        rng::Dice,
        service::Fault,
    },
};

pub(crate) const WHOLE: &str = "agent.json";

/// What Taskade refuses a request with. That it has no such thing is no refusal of a deletion.
const REFUSALS: [Kind; 4] =
    [Kind::Unauthorized, Kind::Forbidden, Kind::PaymentRequired, Kind::Refused];

/// What comes in the way of one: a line that is gone, an answer that is none, a limit.
const TROUBLES: [Kind; 4] = [Kind::Ambiguous, Kind::Unreachable, Kind::Protocol, Kind::RateLimited];

pub(crate) struct Session {
    pub(crate) mount: Mount,
    pub(crate) dice: Dice,
    pub(crate) processes: [Process; 2],
    /// What each program has of which agent.
    pub(crate) buffers: [Option<(usize, Value)>; 2],
    pub(crate) agents: Vec<Agent>,
    /// The agents that somebody else has made.
    pub(crate) others: Vec<String>,
    /// Whether anybody else sets anything.
    pub(crate) others_set: bool,
    /// Of what agents were to be generated, the latest last.
    pub(crate) generated: Vec<String>,
    /// What was kept as overridden.
    kept: String,
    is_offline: bool,
    values: usize,
    pub(crate) now: usize,
    pub(crate) trail: Vec<String>,
}

impl Session {
    pub(crate) async fn new(seed: u64) -> Self {
        let mut mount = Mount::of("a").await;
        mount.clock = VirtualClock::new();
        // What is known of an agent is believed for a while, and what others set meanwhile is not seen.
        let others_set = seed.is_multiple_of(2);
        if others_set {
            mount.settings.max_age = Duration::ZERO;
        }
        mount.remount_cleanly().await;
        let mut agents = Vec::new();
        for number in 0..2 {
            let (name, prompt) = (format!("Seeded {number}"), format!("Prompt {number}."));
            let id = format!("s{number}");
            mount.memory.make_agent_elsewhere("f", &id, &name, &prompt);
            agents.push(Agent { id: Some(id), ..Agent::new(&name, &prompt) });
        }
        mount.names_of(mount.place(AGENTS).await).await;
        // The project is listed, so that it can be known.
        mount.names_of(mount.folder).await;
        Self {
            mount,
            dice: Dice(seed),
            processes: [Process::new(), Process::new()],
            buffers: [None, None],
            agents,
            others: Vec::new(),
            others_set,
            generated: Vec::new(),
            kept: String::new(),
            is_offline: false,
            values: 0,
            now: 0,
            trail: vec![format!("seed {seed}")],
        }
    }

    /// Something that nobody has written yet.
    pub(crate) fn value(&mut self) -> Value {
        self.values += 1;
        format!("Value {:04}.", self.values).into()
    }

    pub(crate) fn name(&mut self) -> String {
        self.values += 1;
        format!("Agent {:04}", self.values)
    }

    /// Which agents have an id by now.
    pub(crate) fn resolve(&mut self) {
        for made in self.mount.memory.agents() {
            let (id, name) = (made["id"].as_str().unwrap(), made["name"].as_str().unwrap());
            if self.others.iter().any(|other| other == id) {
                continue;
            }
            let is_it = |agent: &&mut Agent| {
                agent.id.is_none() && agent.names.iter().any(|known| known == name)
            };
            if let Some(agent) = self.agents.iter_mut().find(is_it) {
                agent.id = Some(id.to_owned());
            }
        }
    }

    /// One of the agents that have a directory.
    pub(crate) async fn present(&mut self) -> Option<usize> {
        let at = self.dice.below(self.agents.len());
        self.is_present(at).await.then_some(at)
    }

    /// Whether an agent's directory can be looked at.
    pub(crate) async fn is_present(&mut self, at: usize) -> bool {
        let agent = &self.agents[at];
        if agent.is_removed || agent.is_deleted {
            return false;
        }
        let path = format!("{AGENTS}/{}", agent.dir);
        if self.mount.find(&path).await.is_ok() {
            return !self.is_of_others(at).await;
        }
        // What was listed before the last mount ended may be listed still.
        pass(31).await;
        let _ = self.mount.find(&path).await;
        pass(1).await;
        match self.mount.find(&path).await {
            Ok(_) => true,
            // It may have been made in the moment before the mount was killed, and be in no cache.
            Err(error) if error.kind() == Kind::NotFound && self.agents[at].may_be_unknown() => {
                false
            }
            Err(error) => {
                self.expect_trouble(at, &error);
                false
            }
        }
    }

    /// Whether the agent that is shown under a name is another one of that name.
    async fn is_of_others(&self, at: usize) -> bool {
        let path = format!("{}/prompt.md", self.agents[at].dir);
        programs::read(&self.mount, &path, me()).await.is_ok_and(|text| text == "Theirs.\n")
    }

    pub(crate) fn expect_trouble(&self, at: usize, error: &Error) {
        let dir = &self.agents[at].dir;
        assert!(error.kind().is_transient(), "{dir}: {error}: {:?}", self.trail);
    }

    /// Whether what a program was told of a save says that it is safe, or refused and kept.
    pub(crate) fn is_saved(&self, at: usize, told: Result<()>) -> bool {
        let Err(error) = told else { return true };
        if REFUSALS.contains(&error.kind()) {
            return true;
        }
        // It is being made; or what is read of it says that it was not made yet.
        let may_be = error.kind().is_transient()
            || error.kind() == Kind::Os(libc::EBUSY)
            || matches!(error.kind(), Kind::Invalid | Kind::NotPermitted);
        assert!(may_be, "{}: {error}: {:?}", self.agents[at].dir, self.trail);
        false
    }

    /// What a program reads of an agent is what was saved last, or others have set since.
    pub(crate) fn check_sight(&self, at: usize, whole: &Value) {
        let objections = self.agents[at].objections_to_sight(whole);
        assert!(objections.is_empty(), "{objections:?}: {:?}", self.trail);
    }

    pub(crate) fn trouble(&mut self) -> Kind {
        TROUBLES[self.dice.below(TROUBLES.len())]
    }

    pub(crate) fn refusal(&mut self) -> Kind {
        REFUSALS[self.dice.below(REFUSALS.len())]
    }

    pub(crate) fn fail_next(&self, fault: Fault) {
        self.mount.memory.fail_next([fault]);
    }

    pub(crate) fn outage(&mut self) {
        if self.dice.once_in(2) {
            self.is_offline = !self.is_offline;
            self.mount.memory.set_offline(self.is_offline);
        } else {
            self.mount.memory.cut_after(Some(self.dice.below(4)));
        }
    }

    /// The mount goes, in one way or another, and its programs with it.
    pub(crate) async fn restart(&mut self) {
        self.mount.memory.heal();
        self.is_offline = false;
        collect(self.mount.dir.path(), false, &mut self.kept);
        self.buffers = [None, None];
        let how = self.dice.below(3);
        if how < 2 {
            let all = self.agents.iter_mut().flat_map(|agent| agent.keys.values_mut());
            all.for_each(Track::kill);
        }
        match how {
            0 => self.mount.crash().await,
            1 => self.mount.lose_power().await,
            _ => self.mount.remount_cleanly().await,
        }
        self.processes = [Process::new(), Process::new()];
    }

    /// All is at rest: the service has what programs were told, and nothing else.
    pub(crate) async fn end(&mut self) {
        self.mount.memory.heal();
        pass(600).await;
        self.retry().await;
        self.resolve();
        collect(self.mount.dir.path(), false, &mut self.kept);
        let deleted = self.agents.iter().filter(|agent| agent.is_deleted);
        let deleted: Vec<String> = deleted.flat_map(|agent| agent.names.clone()).collect();
        let mut waiting = self.mount.waiting();
        waiting.retain(|(path, state, _)| {
            *state != "rejected" || !deleted.iter().any(|dir| path.contains(dir))
        });
        let saves = self.mount.vfs.status().saves.into_iter();
        let reasons: Vec<String> = saves.filter_map(|save| save.reason).collect();
        assert_eq!(waiting, [], "{reasons:?}: {:?}", self.trail);
        let found = self.mount.memory.agents();
        let id_of = |agent: &Value| agent["id"].as_str().unwrap().to_owned();
        let mut left: BTreeSet<String> = found.iter().map(id_of).collect();
        for agent in &self.agents {
            let its = |it: &&Value| {
                let name = it["name"].as_str().unwrap();
                let is_theirs = self.others.contains(&id_of(it));
                !is_theirs && agent.names.iter().any(|known| known == name)
            };
            let its: Vec<&Value> = found.iter().filter(its).collect();
            left.retain(|id| its.iter().all(|it| id_of(it) != *id));
            let wanted = usize::from(!agent.is_removed && !agent.is_deleted);
            // One whose making is in doubt and that is gone by then is made again.
            let is_again = agent.is_deleted && its.len() == 1;
            assert!(its.len() == wanted || is_again, "{agent:?} {its:?}: {:?}", self.trail);
            if let Some(its) = its.first().filter(|_| !is_again) {
                self.check(agent, its);
            }
        }
        for other in &self.others {
            assert!(left.remove(other), "{other} was deleted: {:?}", self.trail);
        }
        let of_text = |text: &String| {
            let is_it = |it: &&Value| it.pointer(PROMPT) == Some(&Value::from(text.as_str()));
            found.iter().filter(is_it).map(id_of).collect::<Vec<_>>()
        };
        for text in &self.generated {
            let made = of_text(text);
            assert!(made.len() <= 1, "{text:?} was made {}: {:?}", made.len(), self.trail);
            left.retain(|id| !made.contains(id));
        }
        assert!(left.is_empty(), "nobody wants {left:?}: {:?}", self.trail);
    }

    fn check(&self, agent: &Agent, found: &Value) {
        let objections = agent.objections(found, &self.kept);
        assert!(objections.is_empty(), "{objections:?}: {:?}", self.trail);
        let id = found["id"].as_str().unwrap();
        if let Some(knows) = agent.knows {
            let found = self.mount.memory.agent_knows(id, "plan");
            assert_eq!(found, knows, "{agent:?}: {:?}", self.trail);
        }
        if agent.is_public {
            assert!(self.mount.memory.is_agent_public(id), "{agent:?}: {:?}", self.trail);
        }
    }

    /// What was refused is tried again, by its directory.
    async fn retry(&mut self) {
        for _ in 0..8 {
            let all = self.mount.names_of(self.mount.place(AGENTS).await).await;
            for name in all.iter().map(String::as_str).chain([".generate"]) {
                let Ok(found) = self.mount.find(&format!("{AGENTS}/{name}")).await else {
                    continue;
                };
                // Most were not refused.
                let _ = self.mount.vfs.retry(found.ino, false).await;
            }
            pass(120).await;
        }
    }
}

/// All that is in the files of `conflicts/`.
fn collect(dir: &Path, is_inside: bool, all: &mut String) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, is_inside || entry.file_name() == "conflicts", all);
        } else if is_inside {
            all.push_str(&fs::read_to_string(&path).unwrap_or_default());
        }
    }
}
