//! How a Taskade in memory answers requests.

use async_trait::async_trait;
use serde_json::{Value, json};
use taskadefs::{
    api::{Backend, Call, Envelope, Method, Request},
    error::{Error, Kind, Result},
    ids::TaskId,
    model::Marker,
};

use crate::support::service::{
    Fault, Memory, Project, State, TITLE,
    agents::{is_of_agents, words_of_agents},
    details::words_of_detail,
    gone,
    media::is_of_media,
    nodes::{EXPORT, nameless_fields},
    task,
};

/// The path of a task.
pub(crate) const TASK: &str = "projects/{project}/tasks/{task}";

#[async_trait]
impl Backend for Memory {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        let call = request.call()?;
        self.wait(&call).await;
        let answer = self.answer(&call);
        self.wait_for_export(&call).await;
        request.take(answer)
    }
}

impl Memory {
    /// Waits for as long as such requests are to.
    async fn wait(&self, call: &Call) {
        let stalled = match (call.method, call.path.template()) {
            (Method::Get, "projects/{project}/tasks") => &self.stalled,
            (Method::Get, "folders/{folder}/projects") => &self.stalled_listings,
            (Method::Post, "projects/{project}/tasks/") | (Method::Delete, TASK) => {
                &self.stalled_tasks
            }
            _ => return,
        };
        stalled.subscribe().wait_for(|stalled| !stalled).await.unwrap();
    }

    /// What a request comes to, faults and all.
    fn answer(&self, call: &Call) -> Result<Envelope> {
        let mut state = self.lock();
        if call.path.template() == EXPORT && !state.exports {
            return Err(Error::new(Kind::Unsupported, "nothing is exported here"));
        }
        let fault = state.faults.next(call)?;
        if call.is_read() {
            state.reads += 1;
            state.asked.push(call.path.template());
            return match fault {
                Fault::Before(kind) => Err(Error::new(kind, "fault")),
                Fault::After => Err(Error::new(Kind::Unreachable, "no answer")),
                Fault::None => Envelope::of(&state.execute(call)?),
            };
        }
        let what = words(call);
        if let Fault::Before(kind) = fault {
            return Err(Error::new(kind, format!("{what}: fault")));
        }
        state.log.push(what.clone());
        let answer = state.execute(call)?;
        match fault {
            Fault::After => Err(Error::new(Kind::Ambiguous, format!("{what}: no answer"))),
            _ => Envelope::of(&answer),
        }
    }
}

/// A write as the log has it.
fn words(call: &Call) -> String {
    let ids = call.path.ids();
    match (call.method, call.path.template()) {
        (Method::Post, "medias/spaces/{space}/upload") => {
            let (_, name) = &call.query[0];
            format!("POST {name:?} {} bytes", call.file.as_ref().unwrap().length())
        }
        (Method::Post, "projects") => format!("POST project {:?}", text(call, "/content")),
        (Method::Post, "projects/{project}/copy") => {
            format!("POST {}/copy {:?}", ids[0], text(call, "/projectTitle"))
        }
        (Method::Post, "projects/{project}/tasks/") => {
            let words = new_tasks(call).iter().map(|new| {
                let anchor = new["taskId"].as_str().unwrap_or("project");
                let (placement, content) = (new["placement"].as_str(), new["content"].as_str());
                format!("{} {anchor} {:?}", placement.unwrap(), content.unwrap())
            });
            format!("POST [{}]", words.collect::<Vec<_>>().join(", "))
        }
        (Method::Put, TASK) => format!("PUT {} {:?}", ids[1], text(call, "/content")),
        (Method::Put, "projects/{project}/tasks/{task}/move") => {
            let (position, target) = (text(call, "/target/position"), text(call, "/target/taskId"));
            format!("PUT {}/move {position} {target}", ids[1])
        }
        _ => {
            let words = words_of_detail(call).or_else(|| words_of_agents(call));
            words.unwrap_or_else(|| plain_words(call))
        }
    }
}

/// The method and the path, without what all paths begin with.
fn plain_words(call: &Call) -> String {
    let (template, ids) = (call.path.template(), call.path.ids());
    let (rest, ids) = match template.strip_prefix("projects/{project}/tasks/") {
        Some(rest) => (rest, &ids[1..]),
        None => (template.strip_prefix("projects/").unwrap_or(template), ids),
    };
    let mut ids = ids.iter();
    let filled = rest.split('/').map(|segment| match segment.starts_with('{') {
        true => ids.next().unwrap().as_str(),
        false => segment,
    });
    let verb = format!("{:?}", call.method).to_uppercase();
    format!("{verb} {}", filled.collect::<Vec<_>>().join("/"))
}

/// A part of what is sent.
pub(crate) fn sent<'a>(call: &'a Call, pointer: &str) -> &'a Value {
    call.body.as_ref().and_then(|body| body.pointer(pointer)).unwrap_or(&Value::Null)
}

/// A text that is sent.
pub(crate) fn text<'a>(call: &'a Call, pointer: &str) -> &'a str {
    sent(call, pointer).as_str().unwrap()
}

pub(crate) fn new_tasks(call: &Call) -> &[Value] {
    sent(call, "/tasks").as_array().unwrap()
}

pub(crate) fn item(item: impl Into<Value>) -> Value {
    json!({ "ok": true, "item": item.into() })
}

pub(crate) fn items(items: impl IntoIterator<Item = Value>) -> Value {
    json!({ "ok": true, "items": items.into_iter().collect::<Vec<_>>() })
}

impl State {
    /// Does what is asked.
    fn execute(&mut self, call: &Call) -> Result<Value> {
        let ids: Vec<&str> = call.path.ids().iter().map(String::as_str).collect();
        match (call.method, call.path.template(), &ids[..]) {
            (Method::Get, "workspaces", _) => {
                Ok(items(self.workspaces.iter().map(|(id, name)| named(id, name))))
            }
            (Method::Get, "workspaces/{workspace}/folders", [workspace]) => {
                self.get_folders(workspace)
            }
            (Method::Get, EXPORT, [space]) => self.export(space),
            (Method::Get, "folders/{folder}/projects", [folder]) => {
                self.check_space(folder)?;
                let unlisted = &self.unlisted;
                let inside = self.projects.iter().filter(|(_, p)| p.folder == *folder);
                let listed = inside.filter(|(id, _)| !unlisted.contains_key(*id));
                let listed = items(listed.map(|(id, project)| project_item(id, project)));
                self.unlisted.values_mut().for_each(|left| *left = left.saturating_sub(1));
                self.unlisted.retain(|_, left| *left > 0);
                Ok(listed)
            }
            (Method::Get, "folders/{folder}/project-templates", [folder]) => {
                let templates = self.templates.iter().filter(|_| *folder == "f");
                Ok(items(templates.map(|(id, (name, _))| named(id, name))))
            }
            (Method::Post, "projects/from-template", _) => {
                let (_, template) =
                    self.templates.get(text(call, "/templateId")).ok_or_else(gone)?;
                let (folder, template) = (text(call, "/folderId"), template.clone());
                self.check_space(folder)?;
                let id = format!("p{}", self.next());
                self.projects.insert(id.clone(), Project { folder: folder.into(), ..template });
                Ok(item(json!({ "id": id })))
            }
            (Method::Post, "projects", _) => self.create_project(call),
            (Method::Get, "projects/{project}", [project]) => {
                Ok(item(project_item(project, self.project(project)?)))
            }
            (Method::Post, "projects/{project}/complete", [project]) => {
                self.project_mut(project)?.completed = true;
                Ok(item(Value::Null))
            }
            (Method::Post, "projects/{project}/restore", [project]) => {
                self.project_mut(project)?.completed = false;
                Ok(item(Value::Null))
            }
            (Method::Post, "projects/{project}/copy", [project]) => {
                self.copy_project(project, call)
            }
            (Method::Get, "projects/{project}/tasks", [project]) => self.get_tasks(project, call),
            (Method::Post, "projects/{project}/tasks/", [project]) => {
                self.create_tasks(project, call)
            }
            (Method::Put, TASK, [project, task]) => self.update_task(project, task, call),
            (Method::Delete, TASK, [project, task]) => self.delete_task(project, task),
            (Method::Post, "projects/{project}/tasks/{task}/complete", [project, task]) => {
                self.tick(project, task, true)
            }
            (Method::Post, "projects/{project}/tasks/{task}/uncomplete", [project, task]) => {
                self.tick(project, task, false)
            }
            (Method::Put, "projects/{project}/tasks/{task}/move", [project, task]) => {
                self.move_task(project, task, call)
            }
            _ if is_of_media(call) => self.execute_media(call, &ids),
            _ if is_of_agents(call) => self.execute_agents(call, &ids),
            _ => self.execute_detail(call, &ids),
        }
    }

    fn get_folders(&self, workspace: &str) -> Result<Value> {
        let home = self.workspaces.iter().find(|(id, _)| id == workspace);
        let (id, name) = home.ok_or_else(gone)?;
        let folders = self.folders.iter().filter(|(of, _, _)| of == workspace);
        let folders = folders.map(|(_, id, name)| named(id, name));
        Ok(items(std::iter::once(named(id, name)).chain(folders)))
    }

    pub(crate) fn check_space(&self, space: &str) -> Result<()> {
        let mut spaces = self
            .workspaces
            .iter()
            .map(|(id, _)| id)
            .chain(self.folders.iter().map(|(_, id, _)| id));
        spaces.any(|id| id == space).then_some(()).ok_or_else(gone)
    }

    fn create_project(&mut self, call: &Call) -> Result<Value> {
        let (folder, markdown) = (text(call, "/folderId"), text(call, "/content"));
        self.check_space(folder)?;
        let id = format!("p{}", self.next());
        let mut lines = markdown.lines();
        let name = lines.next().unwrap_or_default().trim_start_matches("# ");
        let mut tasks = vec![task(TITLE, name, None, false)];
        let mut path: Vec<String> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            let text = line.trim_start_matches("  ");
            path.truncate((line.len() - text.len()) / 2);
            let child = format!("n{}", self.next());
            let parent = path.last().map_or(TITLE, String::as_str).to_owned();
            let bullet = text.strip_prefix("- ");
            let mut made = task(&child, bullet.unwrap_or(text), Some(&parent), false);
            made.spelled = bullet.map_or(Marker::Paragraph, |_| Marker::Bullet).into();
            tasks.push(made);
            path.push(child);
        }
        let project = Project {
            name: name.into(),
            folder: folder.into(),
            completed: false,
            tasks,
            fields: nameless_fields(),
        };
        self.projects.insert(id.clone(), project);
        Ok(item(json!({ "id": id })))
    }

    /// What is answered where a project was made of something.
    fn made(&mut self, id: String) -> Value {
        let Some(after) = self.copies_show_after else { return item(json!({ "id": id })) };
        self.unlisted.insert(id, after);
        item(json!({}))
    }

    fn copy_project(&mut self, project: &str, call: &Call) -> Result<Value> {
        let (folder, title) = (text(call, "/folderId"), text(call, "/projectTitle"));
        let mut copy = self.project(project)?.clone();
        self.check_space(folder)?;
        let id = format!("p{}", self.next());
        title.clone_into(&mut copy.name);
        folder.clone_into(&mut copy.folder);
        title.clone_into(&mut copy.tasks[0].text);
        if self.copies_have_new_ids {
            for task in copy.tasks.iter_mut() {
                task.id = refetch(&task.id);
                task.parent = task.parent.as_ref().map(refetch);
            }
        }
        self.projects.insert(id.clone(), copy);
        if self.copies_have_details {
            let of = |(of, _): &&(String, String)| of == project;
            let keys: Vec<_> = self.details.keys().filter(of).cloned().collect();
            for (of, task) in keys {
                let details = self.details[&(of, task.clone())].clone();
                self.details.insert((id.clone(), task), details);
            }
        }
        Ok(self.made(id))
    }
}

/// The id that a task has in a copy, if it has another.
fn refetch(id: &TaskId) -> TaskId {
    match id.as_str() {
        TITLE => id.clone(),
        _ => TaskId::new(format!("{id}'")),
    }
}

fn named(id: &str, name: &str) -> Value {
    json!({ "id": id, "name": name })
}

fn project_item(id: &str, project: &Project) -> Value {
    json!({ "id": id, "name": project.name, "completed": project.completed })
}
