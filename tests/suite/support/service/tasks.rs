//! What a Taskade in memory does with the tasks of its projects.

use serde_json::{Value, json};
use taskadefs::{
    api::{Call, MAX_BATCH, MAX_CONTENT_CHARS, Position, RemoteTask},
    error::{Error, Kind, Result},
    ids::TaskId,
};

use crate::support::service::{
    State,
    calls::{item, items, new_tasks, sent, text},
    index, subtree_end, task,
};

impl State {
    /// A page of tasks, as the document has it.
    pub(crate) fn get_tasks(&self, project: &str, call: &Call) -> Result<Value> {
        let tasks = &self.project(project)?.tasks;
        let asked = |name| call.query.iter().find(|(known, _)| *known == name);
        let limit = asked("limit").map_or(100, |(_, limit)| limit.parse().unwrap());
        let from = match asked("after") {
            Some((_, after)) => match tasks.iter().position(|task| task.id.as_str() == after) {
                Some(at) => at + 1,
                None => return Err(Error::new(Kind::Refused, "no such task to go on from")),
            },
            None => 0,
        };
        let page = tasks[from..].iter().take(limit);
        let mut answer = items(page.map(task_item));
        answer["hasMore"] = (tasks.len() - from > limit).into();
        Ok(answer)
    }

    pub(crate) fn create_tasks(&mut self, project: &str, call: &Call) -> Result<Value> {
        let mut made = Vec::new();
        let batch = new_tasks(call);
        let is_allowed = |new: &Value| {
            let is_inside = matches!(new["placement"].as_str(), Some("afterbegin" | "beforeend"));
            is_short(new["content"].as_str().unwrap()) && (is_inside || new["taskId"].is_string())
        };
        if batch.len() > MAX_BATCH || !batch.iter().all(is_allowed) {
            return Err(Error::new(Kind::Refused, "not as the document has it"));
        }
        for new in batch {
            let id = format!("n{}", self.next());
            let anchor = new["taskId"].as_str().map(TaskId::new);
            let tasks = &mut self.project_mut(project)?.tasks;
            let (at, parent) = place(tasks, anchor.as_ref(), position(&new["placement"]))?;
            let text = new["content"].as_str().unwrap();
            tasks.insert(at, task(&id, text, Some(parent.as_str()), false));
            made.push(json!({ "id": id }));
        }
        Ok(item(made))
    }

    pub(crate) fn update_task(&mut self, project: &str, task: &str, call: &Call) -> Result<Value> {
        let (follows, text) = (self.titles_follow, text(call, "/content"));
        if !is_short(text) || text.contains(['\r', '\n']) {
            return Err(Error::new(Kind::Refused, "not as the document has it"));
        }
        let found = self.project_mut(project)?;
        let at = index(&found.tasks, &TaskId::new(task))?;
        if at == 0 && follows {
            text.clone_into(&mut found.name);
        }
        let before = std::mem::replace(&mut found.tasks[at].text, text.to_owned());
        self.replaced.push((before, text.to_owned()));
        Ok(item(Value::Null))
    }

    pub(crate) fn delete_task(&mut self, project: &str, task: &str) -> Result<Value> {
        let tasks = &mut self.project_mut(project)?.tasks;
        let at = index_of_task(tasks, task)?;
        let end = subtree_end(tasks, at);
        tasks.drain(at..end);
        Ok(item(Value::Null))
    }

    pub(crate) fn tick(&mut self, project: &str, task: &str, done: bool) -> Result<Value> {
        let tasks = &mut self.project_mut(project)?.tasks;
        let at = index(tasks, &TaskId::new(task))?;
        if std::mem::replace(&mut tasks[at].completed, done) == done {
            return Err(Error::new(Kind::Refused, "already so"));
        }
        Ok(item(Value::Null))
    }

    pub(crate) fn move_task(&mut self, project: &str, task: &str, call: &Call) -> Result<Value> {
        let target = TaskId::new(text(call, "/target/taskId"));
        let position = position(sent(call, "/target/position"));
        let tasks = &mut self.project_mut(project)?.tasks;
        let at = index_of_task(tasks, task)?;
        let inside = at..subtree_end(tasks, at);
        // Looked up before anything is taken out, so that a refusal changes nothing.
        if inside.contains(&index(tasks, &target)?) {
            return Err(Error::new(Kind::Refused, "into itself"));
        }
        place(tasks, Some(&target), position)?;
        let mut moved: Vec<RemoteTask> = tasks.drain(at..subtree_end(tasks, at)).collect();
        let (to, parent) = place(tasks, Some(&target), position)?;
        moved[0].parent = Some(parent);
        tasks.splice(to..to, moved);
        Ok(item(Value::Null))
    }
}

fn position(value: &Value) -> Position {
    serde_json::from_value(value.clone()).unwrap()
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= MAX_CONTENT_CHARS
}

/// Where a task is that is moved or deleted. Whoever takes the title for one takes all tasks with it.
fn index_of_task(tasks: &[RemoteTask], id: &str) -> Result<usize> {
    let at = index(tasks, &TaskId::new(id))?;
    assert!(at > 0, "the title node is never to be moved or deleted");
    Ok(at)
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

fn task_item(task: &RemoteTask) -> Value {
    json!({
        "id": task.id, "text": task.text, "parentId": task.parent, "completed": task.completed,
    })
}
