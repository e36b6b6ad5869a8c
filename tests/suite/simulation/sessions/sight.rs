//! What a mount has seen of the service. One that may take what it knows for true for some seconds
//! saves without looking: what others did since it looked it overrides, or makes again, unseen. Here it
//! is noted which lines those are, and no others.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use taskadefs::{
    api::{Backend, Call, Method, Request},
    error::Result,
};
use tokio::time::Instant;

use crate::{
    simulation::named_lines::names,
    support::service::{Memory, connection::Line},
};

/// A task as the service has it: its text, and what it is below.
type Tasks = BTreeMap<String, (String, Option<String>)>;

/// What a mount has seen of each project, in all its lives.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// For how long it may save without looking.
    max_age: Duration,
    /// What it saw when it looked, with what it did since.
    projects: BTreeMap<String, (Instant, Tasks)>,
    /// The lines that it took away without having seen them as they were.
    overridden: BTreeSet<String>,
    /// The lines that it created while they were there, unseen.
    doubled: BTreeSet<String>,
}

impl Seen {
    pub(crate) fn new(max_age: Duration) -> Arc<Mutex<Self>> {
        Arc::new(Mutex::new(Self { max_age, ..Self::default() }))
    }

    /// It knows nothing any more.
    pub(crate) fn forget(&mut self) {
        self.projects.clear();
    }

    /// The lines that it took away, and those that it doubled, since this was asked last.
    pub(crate) fn take(&mut self) -> (BTreeSet<String>, BTreeSet<String>) {
        (std::mem::take(&mut self.overridden), std::mem::take(&mut self.doubled))
    }

    /// It was told what a project has.
    fn look(&mut self, project: &str, now: Tasks) {
        self.projects.insert(project.to_owned(), (Instant::now(), now));
    }

    /// It has changed a project, and was told so or not.
    fn change(&mut self, project: &str, (before, after): (&Tasks, &Tasks), is_told: bool) {
        let Some((looked, known)) = self.projects.get_mut(project) else { return };
        if looked.elapsed() <= self.max_age && !self.max_age.is_zero() {
            self.overridden.extend(taken_away(known, before, after));
            self.doubled.extend(made_again(known, before, after));
        }
        if is_told {
            known.retain(|id, _| after.contains_key(id) || !before.contains_key(id));
            let changed = after.iter().filter(|(id, task)| before.get(*id) != Some(*task));
            known.extend(changed.map(|(id, task)| (id.clone(), task.clone())));
        }
    }
}

/// The names that are gone with a change, of tasks that were not known as they were, nor where.
fn taken_away(known: &Tasks, before: &Tasks, after: &Tasks) -> BTreeSet<String> {
    let mut taken = BTreeSet::new();
    for (id, (text, _)) in before {
        let now = after.get(id).map_or("", |(text, _)| text);
        let gone: Vec<String> = names(text).into_iter().filter(|it| !now.contains(it)).collect();
        let is_deleted = !after.contains_key(id);
        if known.get(id).map(|(known, _)| known) != Some(text)
            || (is_deleted && is_elsewhere(id, known, before))
        {
            taken.extend(gone);
        }
    }
    taken
}

/// Whether a task is below other tasks than is known.
fn is_elsewhere(id: &str, known: &Tasks, before: &Tasks) -> bool {
    let parent = |tasks: &Tasks, id: &str| tasks.get(id).and_then(|(_, parent)| parent.clone());
    let mut at = Some(id.to_owned());
    while let Some(id) = at {
        let now = parent(before, &id);
        if now != parent(known, &id) {
            return true;
        }
        at = now;
    }
    false
}

/// The names of tasks that a change has created, which were there already and are not known.
fn made_again(known: &Tasks, before: &Tasks, after: &Tasks) -> BTreeSet<String> {
    let unknown = before.iter().filter(|(id, _)| !known.contains_key(*id));
    let unknown: BTreeSet<String> = unknown.flat_map(|(_, (text, _))| names(text)).collect();
    let created = after.iter().filter(|(id, _)| !before.contains_key(*id));
    created.flat_map(|(_, (text, _))| names(text)).filter(|it| unknown.contains(it)).collect()
}

/// A mount's line to the service, of which it is noted what comes over it.
#[derive(Debug)]
pub(crate) struct Sight {
    pub(crate) memory: Arc<Memory>,
    pub(crate) line: Arc<Line>,
    pub(crate) seen: Arc<Mutex<Seen>>,
}

impl Sight {
    fn tasks(&self, project: &str) -> Tasks {
        let state = self.memory.lock();
        let tasks = state.projects.get(project).into_iter().flat_map(|project| &project.tasks);
        let parent = |parent: &taskadefs::ids::TaskId| parent.to_string();
        tasks
            .map(|task| {
                (task.id.to_string(), (task.text.clone(), task.parent.as_ref().map(parent)))
            })
            .collect()
    }
}

/// The project of which a request reads or writes tasks.
fn project_of(call: &Call) -> Option<String> {
    let is_of_tasks = call.path.template().starts_with("projects/{project}/tasks");
    is_of_tasks.then(|| call.path.ids().first().cloned()).flatten()
}

#[async_trait]
impl Backend for Sight {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        let call = request.call()?;
        let Some(project) = project_of(&call) else { return self.line.send(request).await };
        // Nothing stalls here: between these nothing else happens.
        let before = self.tasks(&project);
        let sent = self.line.send(request).await;
        let after = self.tasks(&project);
        let mut seen = self.seen.lock().unwrap();
        match (call.method, call.path.template()) {
            (Method::Get, "projects/{project}/tasks") if sent.is_ok() => {
                seen.look(&project, after);
            }
            (Method::Get, _) => {}
            _ => seen.change(&project, (&before, &after), sent.is_ok()),
        }
        sent
    }
}
