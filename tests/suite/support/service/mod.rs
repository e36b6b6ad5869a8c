//! A Taskade in memory, behind the `Backend` seam: for tests that drive the library directly.
//!
//! It keeps a log of writes in the words of the HTTP API, so that tests can say exactly which
//! requests a save comes to, and takes edits "from elsewhere" that are in no log. How it answers
//! requests is in `service::calls`.

pub mod agents;
mod calls;
pub mod connection;
pub mod details;
mod faults;
pub mod media;
mod nodes;
mod tasks;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard},
};

use serde_json::Value;
use taskadefs::{
    api::RemoteTask,
    error::{Error, Kind, Result},
    ids::TaskId,
    model::{Marker, Spelled},
};
use tokio::sync::watch;

pub use crate::support::service::faults::Fault;
use crate::support::service::{details::Details, faults::Faults};

/// The title node's id in every project.
pub const TITLE: &str = "title";

#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) name: String,
    pub(crate) folder: String,
    pub(crate) completed: bool,
    /// Outline order, the title node first.
    pub(crate) tasks: Vec<RemoteTask>,
    /// What the document has of its fields, with their ids.
    pub(crate) fields: Vec<(String, Value)>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) workspaces: Vec<(String, String)>,
    pub(crate) folders: Vec<(String, String, String)>,
    pub(crate) projects: BTreeMap<String, Project>,
    /// By project and task.
    pub(crate) details: BTreeMap<(String, String), Details>,
    /// Whether assigning puts those that are named in the place of all others.
    pub(crate) assigning_replaces: bool,
    /// Whether the tasks of a copied project have what those of the original have.
    pub(crate) copies_have_details: bool,
    /// Whether the tasks of a copied project have other ids than those of the original.
    pub(crate) copies_have_new_ids: bool,
    /// How many listings of projects go by until a project that is made of another one, or of a template,
    /// is in them; no answer says which it is then.
    pub(crate) copies_show_after: Option<usize>,
    /// Those that are in no listing yet, and in how many more they are not.
    pub(crate) unlisted: BTreeMap<String, usize>,
    /// Whether titles stay as they are, whatever their nodes are told; they do if not said.
    pub(crate) titles_follow: bool,
    /// Templates of the folder `f`, by their ids: their names, and the projects that they were made of.
    pub(crate) templates: BTreeMap<String, (String, Project)>,
    /// Whether spaces can be exported.
    pub(crate) exports: bool,
    pub(crate) exporting: nodes::Exporting,
    /// The projects that have a share link.
    pub(crate) shared: BTreeSet<String>,
    pub(crate) medias: Vec<media::Media>,
    /// How many bytes of files were downloaded.
    pub(crate) bytes: usize,
    /// After how many bytes the next download breaks off.
    pub(crate) torn: Option<usize>,
    /// As they are answered.
    pub(crate) agents: Vec<Value>,
    /// What agents know: the agent, and the project or medium.
    pub(crate) knowledge: BTreeSet<(String, String)>,
    /// The agents that are public.
    pub(crate) published: BTreeSet<String>,
    pub(crate) log: Vec<String>,
    pub(crate) reads: usize,
    /// What was read, as the paths of the document have it.
    pub(crate) asked: Vec<&'static str>,
    /// The texts that updates have replaced, and by which.
    pub(crate) replaced: Vec<(String, String)>,
    next: u64,
    pub(crate) faults: Faults,
}

impl State {
    pub(crate) fn project(&self, id: &str) -> Result<&Project> {
        self.projects.get(id).ok_or_else(gone)
    }

    pub(crate) fn project_mut(&mut self, id: &str) -> Result<&mut Project> {
        self.projects.get_mut(id).ok_or_else(gone)
    }

    /// A number that nothing else has.
    pub(crate) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// The service.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    /// Whether the tasks of projects are not given for now.
    pub(crate) stalled: watch::Sender<bool>,
    /// Whether no folder says what is in it for now.
    pub(crate) stalled_listings: watch::Sender<bool>,
    /// Whether tasks are neither created nor deleted for now.
    pub(crate) stalled_tasks: watch::Sender<bool>,
}

impl Memory {
    /// A service with one workspace `Acme` (`w`) and one folder `Marketing` (`f`).
    pub fn acme() -> Arc<Self> {
        let memory = Self::default();
        {
            let mut state = memory.lock();
            state.workspaces.push(("w".into(), "Acme".into()));
            state.folders.push(("w".into(), "f".into(), "Marketing".into()));
        }
        Arc::new(memory)
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Adds a folder to the workspace.
    pub fn add_folder(&self, id: &str, name: &str) {
        self.lock().folders.push(("w".into(), id.into(), name.into()));
    }

    /// Adds a project whose tasks are given as text: `x ` before a done one, two spaces a level.
    /// Their ids are `t1`, `t2`, … in order.
    pub fn seed(&self, folder: &str, id: &str, name: &str, tasks: &str) {
        let mut project = Project {
            name: name.into(),
            folder: folder.into(),
            completed: false,
            tasks: vec![task(TITLE, name, None, false)],
            fields: nodes::nameless_fields(),
        };
        let mut path: Vec<String> = Vec::new();
        for (number, line) in tasks.lines().enumerate() {
            let text = line.trim_start_matches("  ");
            path.truncate((line.len() - text.len()) / 2);
            let (text, done) = text.strip_prefix("x ").map_or((text, false), |text| (text, true));
            let id = format!("t{}", number + 1);
            let parent = path.last().map_or(TITLE, String::as_str).to_owned();
            project.tasks.push(task(&id, text, Some(&parent), done));
            path.push(id);
        }
        self.lock().projects.insert(id.into(), project);
    }

    /// Makes a template of a project, for the folder `f`.
    pub fn add_template(&self, id: &str, name: &str, of: &str) {
        let mut state = self.lock();
        let project = state.projects[of].clone();
        state.templates.insert(id.into(), (name.into(), project));
    }

    /// The tasks of a project in the form that `seed` takes.
    pub fn tree(&self, id: &str) -> String {
        let state = self.lock();
        let Some(project) = state.projects.get(id) else { return "(no such project)".into() };
        let mut text = String::new();
        for (number, task) in project.tasks.iter().enumerate().skip(1) {
            let depth = depth(&project.tasks, number) - 1;
            let done = if task.completed { "x " } else { "" };
            text.push_str(&format!("{}{done}{}\n", "  ".repeat(depth), task.text));
        }
        text
    }

    /// The ids of a project's tasks, in order.
    pub fn ids(&self, id: &str) -> Vec<String> {
        let state = self.lock();
        state.projects[id].tasks.iter().skip(1).map(|task| task.id.to_string()).collect()
    }

    /// The project of this name that is not archived.
    pub fn find(&self, name: &str) -> Option<String> {
        let state = self.lock();
        let found =
            state.projects.iter().find(|(_, project)| project.name == name && !project.completed);
        found.map(|(id, _)| id.clone())
    }

    /// The ids of the projects of a name that are not archived.
    pub fn all_named(&self, name: &str) -> Vec<String> {
        let state = self.lock();
        let found = state.projects.iter();
        let found = found.filter(|(_, project)| project.name == name && !project.completed);
        found.map(|(id, _)| id.clone()).collect()
    }

    /// The projects that are not archived, as `folder/name`.
    pub fn open_projects(&self) -> Vec<String> {
        let state = self.lock();
        let open = state.projects.values().filter(|project| !project.completed);
        let mut open: Vec<String> =
            open.map(|project| format!("{}/{}", project.folder, project.name)).collect();
        open.sort();
        open
    }

    /// The writes so far, and forgets them.
    pub fn take_writes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().log)
    }

    /// How many reads there were so far, and forgets them.
    pub fn take_reads(&self) -> usize {
        std::mem::take(&mut self.lock().reads)
    }

    /// The texts that updates have replaced since this was asked last, and by which.
    pub fn take_replaced(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.lock().replaced)
    }

    /// Whether spaces can be exported.
    pub fn set_exports(&self, exports: bool) {
        self.lock().exports = exports;
    }

    /// What the next writes come to.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.writes.extend(faults);
    }

    /// What the next reads come to.
    pub fn fail_next_reads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.reads.extend(faults);
    }

    /// Whether nothing gets through.
    pub fn set_offline(&self, offline: bool) {
        self.lock().faults.offline = offline;
    }

    /// After how many more requests nothing gets through; `None` if everything does.
    pub fn cut_after(&self, requests: Option<usize>) {
        self.lock().faults.cut_after = requests;
    }

    /// Whether whoever asks for the tasks of a project is to wait.
    pub fn stall(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }

    /// Whether whoever asks for the projects of a folder is to wait.
    pub fn stall_listings(&self, stalled: bool) {
        self.stalled_listings.send_replace(stalled);
    }

    /// Whether whoever creates or deletes tasks is to wait.
    pub fn stall_tasks(&self, stalled: bool) {
        self.stalled_tasks.send_replace(stalled);
    }

    /// How many wait for the tasks of a project.
    pub fn waiting(&self) -> usize {
        self.stalled.receiver_count()
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        self.lock().faults = Faults::default();
    }

    /// Somebody else edits a text.
    pub fn edit_elsewhere(&self, project: &str, task: &str, text: &str) {
        let mut state = self.lock();
        let tasks = &mut state.projects.get_mut(project).unwrap().tasks;
        text.clone_into(&mut tasks.iter_mut().find(|t| t.id.as_str() == task).unwrap().text);
    }

    /// Somebody else renames a folder.
    pub fn rename_folder_elsewhere(&self, folder: &str, name: &str) {
        let mut state = self.lock();
        name.clone_into(&mut state.folders.iter_mut().find(|(_, id, _)| id == folder).unwrap().2);
    }

    /// Somebody else adds a task at the end.
    pub fn add_elsewhere(&self, project: &str, id: &str, text: &str) {
        let mut state = self.lock();
        let tasks = &mut state.projects.get_mut(project).unwrap().tasks;
        tasks.push(task(id, text, Some(TITLE), false));
    }

    /// Somebody else deletes a task with what is below it.
    pub fn delete_elsewhere(&self, project: &str, id: &str) {
        let mut state = self.lock();
        let tasks = &mut state.projects.get_mut(project).unwrap().tasks;
        let at = index(tasks, &TaskId::new(id)).unwrap();
        let end = subtree_end(tasks, at);
        tasks.drain(at..end);
    }

    /// Somebody else makes a copy of a project.
    pub fn copy_elsewhere(&self, project: &str, id: &str, folder: &str, name: &str) {
        let mut state = self.lock();
        let mut copy = state.projects[project].clone();
        (copy.name, copy.folder) = (name.into(), folder.into());
        name.clone_into(&mut copy.tasks[0].text);
        state.projects.insert(id.into(), copy);
    }

    /// Somebody else gives a project another name.
    pub fn rename_elsewhere(&self, project: &str, name: &str) {
        let mut state = self.lock();
        let project = state.projects.get_mut(project).unwrap();
        name.clone_into(&mut project.name);
        name.clone_into(&mut project.tasks[0].text);
    }

    /// Somebody else archives a project, or restores it.
    pub fn archive_elsewhere(&self, project: &str, archived: bool) {
        self.lock().projects.get_mut(project).unwrap().completed = archived;
    }

    /// Somebody takes this account's access to a project away, or deletes it.
    pub fn remove_elsewhere(&self, project: &str) {
        self.lock().projects.remove(project).unwrap();
    }
}

pub(crate) fn task(id: &str, text: &str, parent: Option<&str>, completed: bool) -> RemoteTask {
    RemoteTask {
        id: TaskId::new(id),
        text: text.into(),
        parent: parent.map(TaskId::new),
        completed,
        spelled: parent.map(|_| Marker::Checkbox).map_or_else(Spelled::default, Into::into),
    }
}

pub(crate) fn gone() -> Error {
    Error::new(Kind::NotFound, "not found")
}

pub(crate) fn index(tasks: &[RemoteTask], id: &TaskId) -> Result<usize> {
    tasks.iter().position(|task| task.id == *id).ok_or_else(gone)
}

fn depth(tasks: &[RemoteTask], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(parent) = &tasks[at].parent {
        at = index(tasks, parent).unwrap();
        depth += 1;
    }
    depth
}

pub(crate) fn subtree_end(tasks: &[RemoteTask], at: usize) -> usize {
    let top = depth(tasks, at);
    (at + 1..tasks.len()).find(|&next| depth(tasks, next) <= top).unwrap_or(tasks.len())
}
