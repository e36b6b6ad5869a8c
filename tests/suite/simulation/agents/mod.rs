//! Agents that are made, saved from buffers that go stale, renamed, removed, published and told what to
//! know, by several programs, drawn from a seed, while others set, delete and make agents of the same
//! name, answers are lost, requests are refused, the line goes, and the mount is killed, loses power, or
//! goes and comes back. What must hold is in `agents::model`.

mod model;
mod programs;
mod session;

use crate::{
    simulation::agents::{
        model::{Agent, KEYS, NAME, PROMPT},
        programs::AGENTS,
        session::{Session, WHOLE},
    },
    support::{harness::pass, service::Fault},
};

/// What one test runs. `TASKADEFS_AGENTS=FIRST,SEEDS,STEPS` asks for others.
const FIRST: u64 = 1;
const SEEDS: u64 = 40;
const STEPS: u64 = 20;

impl Session {
    async fn step(&mut self) {
        self.now += 1;
        self.resolve();
        let (what, program) = (self.dice.below(30), self.dice.below(self.processes.len()));
        self.trail.push(format!("{what} by {program}"));
        match what {
            0..=2 => self.read(program).await,
            3..=6 => self.save_whole(program).await,
            7..=9 => self.save_prompt(program).await,
            10..=11 => self.make(program).await,
            12..=13 => self.rename(program).await,
            14 => self.remove().await,
            15 => self.remove_and_take_back().await,
            16 => self.link().await,
            17 => self.unlink().await,
            18 => self.publish(program).await,
            19 => self.generate(program).await,
            20..=21 => self.set_elsewhere(),
            22 => self.others(),
            23 => self.fail_next(Fault::After),
            24 => {
                let fault = Fault::Before(self.trouble());
                self.fail_next(fault);
            }
            25 => {
                let fault = Fault::Before(self.refusal());
                self.fail_next(fault);
            }
            26 => {
                let fault = Fault::Before(self.trouble());
                self.mount.memory.fail_next_reads([fault]);
            }
            27 => self.outage(),
            28 => self.restart().await,
            _ => pass(self.dice.below(40) as u64).await,
        }
    }

    async fn read(&mut self, program: usize) {
        let Some(at) = self.present().await else { return };
        let path = format!("{}/{WHOLE}", self.agents[at].dir);
        match programs::read(&self.mount, &path, self.processes[program].id()).await {
            Ok(text) => {
                let whole = serde_json::from_str(&text).unwrap();
                self.check_sight(at, &whole);
                self.buffers[program] = Some((at, whole));
            }
            Err(error) => self.expect_trouble(at, &error),
        }
    }

    /// A program changes one thing in what it read, however long ago, and saves all of it.
    async fn save_whole(&mut self, program: usize) {
        let Some((at, mut whole)) = self.buffers[program].clone() else { return };
        if !self.is_present(at).await {
            return;
        }
        let (key, value) = (KEYS[self.dice.below(KEYS.len())], self.value());
        let (base, word) =
            (whole.pointer(key).cloned().unwrap_or_default(), &key["/data/".len()..]);
        whole["data"][word] = value.clone();
        let (dir, process) = (self.agents[at].dir.clone(), self.processes[program].id());
        let text = whole.to_string();
        let told = match self.dice.once_in(3) {
            true => programs::replace(&self.mount, (&dir, WHOLE), &text, process).await,
            false => programs::write(&self.mount, &format!("{dir}/{WHOLE}"), &text, process).await,
        };
        if self.is_saved(at, told) {
            let now = self.now;
            self.agents[at].save(key, &base, value, now);
            self.buffers[program] = Some((at, whole));
        } else {
            self.buffers[program] = None;
        }
    }

    /// A program reads the prompt and saves another one.
    async fn save_prompt(&mut self, program: usize) {
        let Some(at) = self.present().await else { return };
        let path = format!("{}/prompt.md", self.agents[at].dir);
        let process = self.processes[program].id();
        let base = match programs::read(&self.mount, &path, process).await {
            Ok(text) => text.trim_end().into(),
            Err(error) => return self.expect_trouble(at, &error),
        };
        if self.dice.once_in(3) {
            self.set_elsewhere();
        }
        let value = self.value();
        let text = format!("{}\n", value.as_str().unwrap());
        let told = programs::write(&self.mount, &path, &text, process).await;
        if self.is_saved(at, told) {
            let now = self.now;
            self.agents[at].save(PROMPT, &base, value, now);
        }
    }

    async fn make(&mut self, program: usize) {
        let (name, prompt) = (self.name(), self.value());
        if let Err(error) = programs::make(&self.mount, &name).await {
            return assert!(error.kind().is_transient(), "{error}: {:?}", self.trail);
        }
        let (path, process) = (format!("{name}/prompt.md"), self.processes[program].id());
        let text = format!("{}\n", prompt.as_str().unwrap());
        let told = programs::write(&self.mount, &path, &text, process).await;
        let agent = Agent::new(&name, prompt.as_str().unwrap());
        self.agents.push(agent);
        let at = self.agents.len() - 1;
        if !self.is_saved(at, told) {
            self.agents.pop();
        }
    }

    async fn rename(&mut self, program: usize) {
        let Some(at) = self.present().await else { return };
        let (name, dir, now) = (self.name(), self.agents[at].dir.clone(), self.now);
        let process = self.processes[program].id();
        let told = programs::rename(&self.mount, &dir, &name, process).await;
        if self.is_saved(at, told) {
            let agent = &mut self.agents[at];
            agent.save(NAME, &dir.into(), name.clone().into(), now);
            agent.dir.clone_from(&name);
            agent.names.push(name);
        }
    }

    async fn remove(&mut self) {
        let Some(at) = self.present().await else { return };
        let dir = self.agents[at].dir.clone();
        match programs::remove_all(&self.mount, &dir).await {
            Ok(()) => self.agents[at].is_removed = true,
            // It is being made, or what is in it cannot be listed.
            Err(_) => self.is_kept(at).await,
        }
    }

    async fn remove_and_take_back(&mut self) {
        let Some(at) = self.present().await else { return };
        let dir = self.agents[at].dir.clone();
        let names = &self.agents[at].names;
        let is_its = |path: &str| names.iter().any(|name| path.contains(name));
        let is_at_rest = !self.mount.waiting().iter().any(|(path, ..)| is_its(path));
        if !is_at_rest || self.agents[at].id.is_none() {
            return;
        }
        if programs::remove_all(&self.mount, &dir).await.is_err() {
            return self.is_kept(at).await;
        }
        if programs::make(&self.mount, &dir).await.is_err() {
            self.agents[at].is_removed = true;
        }
    }

    /// An agent could not be removed: what was taken out of it is there again after a grace, and what it
    /// knows may be known no longer.
    async fn is_kept(&mut self, at: usize) {
        self.agents[at].knows = None;
        pass(3).await;
    }

    async fn link(&mut self) {
        let Some(at) = self.present().await else { return };
        let dir = self.agents[at].dir.clone();
        let told = programs::link(&self.mount, &dir, "Plan.md").await;
        if told.as_ref().is_err_and(|error| error.kind() == taskadefs::error::Kind::Exists) {
            // That it is to know it no longer may have been refused.
            let mut waiting = self.mount.waiting().into_iter();
            let is_refused = waiting.any(|(path, state, _)| {
                path.contains(&format!("{dir}/knowledge")) && state == "rejected"
            });
            let is_gone = self.agents[at].knows == Some(false) && !is_refused;
            return assert!(!is_gone, "{:?}", self.trail);
        }
        if self.is_saved(at, told) {
            self.agents[at].knows = Some(true);
        }
    }

    async fn unlink(&mut self) {
        let Some(at) = self.present().await else { return };
        let dir = self.agents[at].dir.clone();
        if programs::unlink(&self.mount, &dir, "Plan.md").await.is_ok() {
            self.agents[at].knows = Some(false);
        }
    }

    async fn publish(&mut self, program: usize) {
        let Some(at) = self.present().await else { return };
        let path = format!("{}/public.json", self.agents[at].dir);
        let process = self.processes[program].id();
        let told = programs::write(&self.mount, &path, r#"{"enabled":true}"#, process).await;
        self.agents[at].is_public |= self.is_saved(at, told);
    }

    async fn generate(&mut self, program: usize) {
        let (text, process) = (self.value(), self.processes[program].id());
        let text = text.as_str().unwrap().to_owned();
        let told = programs::write(&self.mount, ".generate", &text, process).await;
        if told.is_ok() || told.is_err_and(|error| !error.kind().is_transient()) {
            self.generated.push(text);
        }
    }

    /// Somebody else sets something of an agent.
    fn set_elsewhere(&mut self) {
        let known = (0..self.agents.len()).filter(|at| {
            let agent = &self.agents[*at];
            !agent.is_removed && !agent.is_deleted
        });
        let known: Vec<usize> = known.collect();
        if known.is_empty() || !self.others_set {
            return;
        }
        let at = known[self.dice.below(known.len())];
        let Some(id) = self.agents[at].id.clone() else { return };
        let (key, value, now) = (KEYS[self.dice.below(KEYS.len())], self.value(), self.now);
        if self.mount.memory.set_agent_key_elsewhere(&id, &key["/data/".len()..], value.clone()) {
            self.agents[at].set_elsewhere(key, value, now);
        }
    }

    /// Somebody else deletes an agent, or makes one of the same name.
    fn others(&mut self) {
        if self.agents.is_empty() {
            return;
        }
        let at = self.dice.below(self.agents.len());
        let agent = &mut self.agents[at];
        if self.dice.once_in(2) {
            let id = format!("d{}", self.now);
            self.mount.memory.make_agent_elsewhere("f", &id, &agent.dir, "Theirs.");
            self.others.push(id);
        } else if let Some(id) = &agent.id {
            self.mount.memory.delete_agent_elsewhere(id);
            agent.is_deleted = true;
        }
    }

    async fn run(&mut self, steps: u64) {
        self.mount.find(AGENTS).await.unwrap();
        for _ in 0..steps {
            self.step().await;
        }
        self.end().await;
    }
}

/// Seeds that have found something.
#[tokio::test(start_paused = true)]
async fn what_was_found_once_stays_mended() {
    for (seed, steps) in
        [(9040, 40), (9045, 40), (9062, 40), (9156, 40), (21032, 40), (30237, 40), (50030, 40)]
    {
        Session::new(seed).await.run(steps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_agent_is_what_programs_and_others_made_of_it() {
    let asked = std::env::var("TASKADEFS_AGENTS").unwrap_or_default();
    let mut numbers = asked.split(',').filter_map(|number| number.parse::<u64>().ok());
    let (first, seeds) = (numbers.next().unwrap_or(FIRST), numbers.next().unwrap_or(SEEDS));
    let steps = numbers.next().unwrap_or(STEPS);
    for seed in first..first + seeds {
        Session::new(seed).await.run(steps).await;
    }
}
