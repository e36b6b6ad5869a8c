//! A Taskade in memory, behind the `Backend` seam: for tests that drive the library directly.
//!
//! It keeps a log of writes in the words of the HTTP API, so that tests can say exactly which
//! requests a save comes to, and takes edits "from elsewhere" that are in no log.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
};

use async_trait::async_trait;
use serde_json::Value;
use taskadefs::{
    api::{
        Backend, Content, NewTask, Position, Priority, RemoteDetails, RemoteProject, RemoteSpace,
        RemoteTask, Resource, SetDetail, TaskResource,
    },
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId, TaskId},
};
use tokio::sync::watch;

use crate::service_details::Details;

/// The title node's id in every project.
pub const TITLE: &str = "title";

#[derive(Debug, Clone)]
struct Project {
    name: String,
    folder: String,
    completed: bool,
    /// Outline order, the title node first.
    tasks: Vec<RemoteTask>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    workspaces: Vec<(String, String)>,
    folders: Vec<(String, String, String)>,
    projects: BTreeMap<String, Project>,
    /// By project and task.
    pub(crate) details: BTreeMap<(String, String), Details>,
    /// Whether assigning puts those that are named in the place of all others.
    pub(crate) assigning_replaces: bool,
    /// Whether the tasks of a copied project have what those of the original have.
    pub(crate) copies_have_details: bool,
    /// Whether the tasks of a copied project have other ids than those of the original.
    pub(crate) copies_have_new_ids: bool,
    /// Whether titles stay as they are, whatever their nodes are told; they do if not said.
    pub(crate) titles_follow: bool,
    /// The projects that have a share link.
    pub(crate) shared: BTreeSet<String>,
    log: Vec<String>,
    reads: usize,
    next: u64,
    /// What the next writes come to instead of being executed, or after it.
    faults: VecDeque<Fault>,
    /// What the next reads come to.
    read_faults: VecDeque<Fault>,
    /// Whether nothing gets through at all.
    offline: bool,
    /// After how many more requests nothing gets through.
    cut_after: Option<usize>,
}

impl State {
    /// Counts a request. Whether it gets through.
    fn gets_through(&mut self) -> bool {
        if self.offline || self.cut_after == Some(0) {
            return false;
        }
        self.cut_after = self.cut_after.map(|more| more - 1);
        true
    }

    pub(crate) fn has_project(&self, id: &ProjectId) -> bool {
        self.projects.contains_key(id.as_str())
    }
}

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It fails like this and nothing is executed.
    Before(Kind),
    /// It is executed and its answer is lost.
    After,
    /// It goes through.
    None,
}

/// The service.
#[derive(Debug, Default)]
pub struct Memory {
    state: Mutex<State>,
    /// The texts that updates have replaced, and by which.
    replaced: Mutex<Vec<(String, String)>>,
    /// Whether the tasks of projects are not given for now.
    stalled: watch::Sender<bool>,
    /// Whether no folder says what is in it for now.
    stalled_listings: watch::Sender<bool>,
    /// Whether tasks are neither created nor deleted for now.
    stalled_tasks: watch::Sender<bool>,
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
        std::mem::take(&mut self.replaced.lock().unwrap())
    }

    /// What the next writes come to.
    pub fn fail_next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().faults.extend(faults);
    }

    /// What the next reads come to.
    pub fn fail_next_reads(&self, faults: impl IntoIterator<Item = Fault>) {
        self.lock().read_faults.extend(faults);
    }

    /// Whether nothing gets through.
    pub fn set_offline(&self, offline: bool) {
        self.lock().offline = offline;
    }

    /// After how many more requests nothing gets through; `None` if everything does.
    pub fn cut_after(&self, requests: Option<usize>) {
        self.lock().cut_after = requests;
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
        let mut state = self.lock();
        state.faults.clear();
        state.read_faults.clear();
        state.offline = false;
        state.cut_after = None;
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

    /// Whether there is such a task.
    pub(crate) fn has(state: &State, project: &ProjectId, task: &TaskId) -> Result<()> {
        let project = state.projects.get(project.as_str()).ok_or_else(gone)?;
        index(&project.tasks, task).map(drop)
    }

    /// Somebody takes this account's access to a project away, or deletes it.
    pub fn remove_elsewhere(&self, project: &str) {
        self.lock().projects.remove(project).unwrap();
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&State) -> Result<T>) -> Result<T> {
        let mut state = self.lock();
        if !state.gets_through() {
            return Err(Error::new(Kind::Unreachable, "offline"));
        }
        state.reads += 1;
        match state.read_faults.pop_front() {
            Some(Fault::Before(kind)) => Err(Error::new(kind, "fault")),
            Some(Fault::After) => Err(Error::new(Kind::Unreachable, "no answer")),
            Some(Fault::None) | None => look(&state),
        }
    }

    pub(crate) fn write<T>(
        &self,
        what: String,
        act: impl FnOnce(&mut State) -> Result<T>,
    ) -> Result<T> {
        let mut state = self.lock();
        if !state.gets_through() {
            return Err(Error::new(Kind::Unreachable, "offline"));
        }
        match state.faults.pop_front().unwrap_or(Fault::None) {
            Fault::Before(kind) => Err(Error::new(kind, format!("{what}: fault"))),
            Fault::After => {
                state.log.push(what.clone());
                act(&mut state)?;
                Err(Error::new(Kind::Ambiguous, format!("{what}: no answer")))
            }
            Fault::None => {
                state.log.push(what);
                act(&mut state)
            }
        }
    }

    fn tasks_of<T>(
        &self,
        what: String,
        project: &ProjectId,
        act: impl FnOnce(&mut Vec<RemoteTask>) -> Result<T>,
    ) -> Result<T> {
        self.write(what, |state| {
            let project = state.projects.get_mut(project.as_str());
            act(&mut project.ok_or_else(gone)?.tasks)
        })
    }
}

fn task(id: &str, text: &str, parent: Option<&str>, completed: bool) -> RemoteTask {
    RemoteTask {
        id: TaskId::new(id),
        text: text.into(),
        parent: parent.map(TaskId::new),
        completed,
    }
}

pub(crate) fn gone() -> Error {
    Error::new(Kind::NotFound, "not found")
}

fn index(tasks: &[RemoteTask], id: &TaskId) -> Result<usize> {
    tasks.iter().position(|task| task.id == *id).ok_or_else(gone)
}

/// Where a task is that is moved or deleted. Whoever takes the title for one takes all tasks with it.
fn index_of_task(tasks: &[RemoteTask], id: &TaskId) -> Result<usize> {
    let at = index(tasks, id)?;
    assert!(at > 0, "the title node is never to be moved or deleted");
    Ok(at)
}

/// The id that a task has in a copy, if it has another.
fn anew(id: &TaskId) -> TaskId {
    match id.as_str() {
        TITLE => id.clone(),
        _ => TaskId::new(format!("{id}'")),
    }
}

fn depth(tasks: &[RemoteTask], mut at: usize) -> usize {
    let mut depth = 0;
    while let Some(parent) = &tasks[at].parent {
        at = index(tasks, parent).unwrap();
        depth += 1;
    }
    depth
}

fn subtree_end(tasks: &[RemoteTask], at: usize) -> usize {
    let top = depth(tasks, at);
    (at + 1..tasks.len()).find(|&next| depth(tasks, next) <= top).unwrap_or(tasks.len())
}

/// Where a task goes, and below whom.
fn place(
    tasks: &[RemoteTask],
    anchor: Option<&TaskId>,
    position: Position,
) -> Result<(usize, TaskId)> {
    let at = anchor.map_or(Ok(0), |anchor| index(tasks, anchor))?;
    let parent =
        || tasks[at].parent.clone().ok_or_else(|| Error::new(Kind::Refused, "beside the title"));
    Ok(match position {
        Position::BeforeBegin => (at, parent()?),
        Position::AfterEnd => (subtree_end(tasks, at), parent()?),
        Position::AfterBegin => (at + 1, tasks[at].id.clone()),
        Position::BeforeEnd => (subtree_end(tasks, at), tasks[at].id.clone()),
    })
}

fn name(position: Position) -> &'static str {
    match position {
        Position::BeforeBegin => "beforebegin",
        Position::AfterBegin => "afterbegin",
        Position::BeforeEnd => "beforeend",
        Position::AfterEnd => "afterend",
    }
}

#[async_trait]
impl Backend for Memory {
    async fn workspaces(&self, _: Priority) -> Result<Vec<RemoteSpace>> {
        self.read(|state| Ok(spaces(state.workspaces.iter().map(|(id, name)| (id, name)))))
    }

    async fn folders(&self, _: Priority, workspace: &SpaceId) -> Result<Vec<RemoteSpace>> {
        self.read(|state| {
            let home = state.workspaces.iter().filter(|(id, _)| id == workspace.as_str());
            let home = home.map(|(id, name)| (id, name));
            let folders = state.folders.iter().filter(|(of, _, _)| of == workspace.as_str());
            Ok(spaces(home.chain(folders.map(|(_, id, name)| (id, name)))))
        })
    }

    async fn projects(&self, _: Priority, folder: &SpaceId) -> Result<Vec<RemoteProject>> {
        self.stalled_listings.subscribe().wait_for(|stalled| !stalled).await.unwrap();
        self.read(|state| {
            let inside = state.projects.iter().filter(|(_, p)| p.folder == folder.as_str());
            Ok(inside.map(|(id, project)| remote(id, project)).collect())
        })
    }

    async fn project(&self, _: Priority, project: &ProjectId) -> Result<RemoteProject> {
        self.read(|state| {
            let found = state.projects.get(project.as_str()).ok_or_else(gone)?;
            Ok(remote(project.as_str(), found))
        })
    }

    async fn tasks(&self, _: Priority, project: &ProjectId) -> Result<Vec<RemoteTask>> {
        self.stalled.subscribe().wait_for(|stalled| !stalled).await.unwrap();
        self.read(|state| Ok(state.projects.get(project.as_str()).ok_or_else(gone)?.tasks.clone()))
    }

    async fn create_project(&self, folder: &SpaceId, markdown: &str) -> Result<ProjectId> {
        self.write(format!("POST project {markdown:?}"), |state| {
            state.next += 1;
            let id = format!("p{}", state.next);
            let mut lines = markdown.lines();
            let name = lines.next().unwrap_or_default().trim_start_matches("# ");
            let mut tasks = vec![task(TITLE, name, None, false)];
            let mut path: Vec<String> = Vec::new();
            for line in lines.filter(|line| !line.is_empty()) {
                let text = line.trim_start_matches("  ");
                path.truncate((line.len() - text.len()) / 2);
                state.next += 1;
                let child = format!("n{}", state.next);
                let parent = path.last().map_or(TITLE, String::as_str).to_owned();
                tasks.push(task(&child, text.trim_start_matches("- "), Some(&parent), false));
                path.push(child);
            }
            let folder = folder.as_str().into();
            let project = Project { name: name.into(), folder, completed: false, tasks };
            state.projects.insert(id.clone(), project);
            Ok(ProjectId::new(id))
        })
    }

    async fn complete_project(&self, project: &ProjectId) -> Result<()> {
        self.write(format!("POST {project}/complete"), |state| {
            state.projects.get_mut(project.as_str()).ok_or_else(gone)?.completed = true;
            Ok(())
        })
    }

    async fn restore_project(&self, project: &ProjectId) -> Result<()> {
        self.write(format!("POST {project}/restore"), |state| {
            state.projects.get_mut(project.as_str()).ok_or_else(gone)?.completed = false;
            Ok(())
        })
    }

    async fn copy_project(
        &self,
        project: &ProjectId,
        folder: &SpaceId,
        title: &str,
    ) -> Result<Option<ProjectId>> {
        self.write(format!("POST {project}/copy {title:?}"), |state| {
            let mut copy = state.projects.get(project.as_str()).ok_or_else(gone)?.clone();
            state.next += 1;
            let id = format!("p{}", state.next);
            title.clone_into(&mut copy.name);
            folder.as_str().clone_into(&mut copy.folder);
            title.clone_into(&mut copy.tasks[0].text);
            if state.copies_have_new_ids {
                for task in copy.tasks.iter_mut() {
                    task.id = anew(&task.id);
                    task.parent = task.parent.as_ref().map(anew);
                }
            }
            state.projects.insert(id.clone(), copy);
            if state.copies_have_details {
                let of = |(of, _): &&(String, String)| of == project.as_str();
                let keys: Vec<_> = state.details.keys().filter(of).cloned().collect();
                for (of, task) in keys {
                    let details = state.details[&(of, task.clone())].clone();
                    state.details.insert((id.clone(), task), details);
                }
            }
            Ok(Some(ProjectId::new(id)))
        })
    }

    async fn create_tasks(&self, project: &ProjectId, new: &[NewTask]) -> Result<Vec<TaskId>> {
        self.stalled_tasks.subscribe().wait_for(|stalled| !stalled).await.unwrap();
        let words = new.iter().map(|task| {
            let anchor = task.anchor.as_ref().map_or("project", TaskId::as_str);
            format!("{} {anchor} {:?}", name(task.position), task.content.text)
        });
        let what = format!("POST [{}]", words.collect::<Vec<_>>().join(", "));
        self.write(what, |state| {
            let mut ids = Vec::new();
            for new in new {
                state.next += 1;
                let id = format!("n{}", state.next);
                let tasks = &mut state.projects.get_mut(project.as_str()).ok_or_else(gone)?.tasks;
                let (at, parent) = place(tasks, new.anchor.as_ref(), new.position)?;
                tasks.insert(at, task(&id, &new.content.text, Some(parent.as_str()), false));
                ids.push(TaskId::new(id));
            }
            Ok(ids)
        })
    }

    async fn update_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        content: &Content,
    ) -> Result<Option<String>> {
        let what = format!("PUT {task} {:?}", content.text);
        self.write(what, |state| {
            let follows = state.titles_follow;
            let found = state.projects.get_mut(project.as_str()).ok_or_else(gone)?;
            let (name, tasks) = (&mut found.name, &mut found.tasks);
            let at = index(tasks, task)?;
            if at == 0 && follows {
                content.text.clone_into(name);
            }
            let before = std::mem::replace(&mut tasks[at].text, content.text.clone());
            self.replaced.lock().unwrap().push((before, content.text.clone()));
            Ok(None)
        })
    }

    async fn set_completed(&self, project: &ProjectId, task: &TaskId, done: bool) -> Result<()> {
        let verb = if done { "complete" } else { "uncomplete" };
        self.tasks_of(format!("POST {task}/{verb}"), project, |tasks| {
            let at = index(tasks, task)?;
            if std::mem::replace(&mut tasks[at].completed, done) == done {
                return Err(Error::new(Kind::Refused, "already so"));
            }
            Ok(())
        })
    }

    async fn move_task(
        &self,
        project: &ProjectId,
        task: &TaskId,
        target: &TaskId,
        position: Position,
    ) -> Result<()> {
        let what = format!("PUT {task}/move {} {target}", name(position));
        self.tasks_of(what, project, |tasks| {
            let at = index_of_task(tasks, task)?;
            let inside = at..subtree_end(tasks, at);
            // Looked up before anything is taken out, so that a refusal changes nothing.
            if inside.contains(&index(tasks, target)?) {
                return Err(Error::new(Kind::Refused, "into itself"));
            }
            place(tasks, Some(target), position)?;
            let mut moved: Vec<RemoteTask> = tasks.drain(at..subtree_end(tasks, at)).collect();
            let (to, parent) = place(tasks, Some(target), position)?;
            moved[0].parent = Some(parent);
            tasks.splice(to..to, moved);
            Ok(())
        })
    }

    async fn delete_task(&self, project: &ProjectId, task: &TaskId) -> Result<()> {
        self.stalled_tasks.subscribe().wait_for(|stalled| !stalled).await.unwrap();
        self.tasks_of(format!("DELETE {task}"), project, |tasks| {
            let at = index_of_task(tasks, task)?;
            let end = subtree_end(tasks, at);
            tasks.drain(at..end);
            Ok(())
        })
    }
    async fn detail(
        &self,
        _: Priority,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<RemoteDetails> {
        self.detail_here(p, t, what)
    }
    async fn set_detail(&self, p: &ProjectId, t: &TaskId, detail: SetDetail<'_>) -> Result<()> {
        self.set_detail_here(p, t, detail)
    }
    async fn resource(&self, _: Priority, p: &ProjectId, what: Resource) -> Result<Value> {
        self.resource_here(p, what)
    }
    async fn task_resource(
        &self,
        _: Priority,
        p: &ProjectId,
        t: &TaskId,
        what: TaskResource,
    ) -> Result<Option<Value>> {
        self.task_resource_here(p, t, what)
    }
    async fn share(&self, p: &ProjectId) -> Result<Value> {
        self.share_here(p)
    }
}

fn spaces<'a>(listed: impl Iterator<Item = (&'a String, &'a String)>) -> Vec<RemoteSpace> {
    listed.map(|(id, name)| RemoteSpace { id: SpaceId::new(id), name: name.clone() }).collect()
}

fn remote(id: &str, project: &Project) -> RemoteProject {
    RemoteProject {
        id: ProjectId::new(id),
        name: project.name.clone(),
        completed: Some(project.completed),
    }
}
