//! What each endpoint does.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    Shared,
    answer::{Answer, Outcome},
    bundle, details,
    outline::{Misplaced, Task, Tasks},
    quirks::{GoneCursor, Renaming},
    requests::{
        self, CopyProject, CreateProject, CreateProjectIn, CreateTasks, MoveTask, UpdateTask,
    },
    store::{ProjectRow, SpaceRow, with_title},
    token::random_uuid,
};
use crate::{api::ContentType, error::Error};

/// Most tasks of one page, and how many without `limit`.
const MAX_PAGE: usize = 1000;
pub(super) const DEFAULT_PAGE: usize = 100;

/// A request below the API's base.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a [&'a str],
    pub(crate) query: &'a HashMap<String, String>,
    /// `Content-Type`, empty if there is none.
    pub(crate) media_type: &'a str,
    pub(crate) body: &'a [u8],
}

/// Executes a request.
pub(crate) fn execute(shared: &Shared, call: &Call<'_>) -> Answer {
    let outcome = match (call.method, call.path) {
        ("GET", ["workspaces"]) => spaces(shared, shared.store.workspaces()),
        ("GET", ["workspaces", id, "folders"]) => folders(shared, id),
        ("POST", ["workspaces", id, "projects"]) => create_project_in(shared, id, call),
        ("GET", ["folders", id, "projects"]) => projects(shared, id),
        ("POST", ["projects"]) => create_project(shared, call),
        ("GET", ["projects", id]) => {
            find(shared, id).map(|row| Answer::item(project_item(shared, &row)))
        }
        ("POST", ["projects", id, "complete"]) => archive(shared, id, true),
        ("POST", ["projects", id, "restore"]) => archive(shared, id, false),
        ("POST", ["projects", id, "copy"]) => copy(shared, id, call),
        ("GET", ["projects", id, "tasks"]) => list(shared, id, call.query),
        ("POST", ["projects", id, "tasks"] | ["projects", id, "tasks", ""]) => {
            create_tasks(shared, id, call)
        }
        ("GET", ["projects", id, "tasks", task]) => get_task(shared, id, task),
        ("PUT", ["projects", id, "tasks", task]) => update(shared, id, task, call),
        ("DELETE", ["projects", id, "tasks", task]) => {
            change(shared, id, |tasks| tasks.delete(task)).map(|()| Answer::ok())
        }
        ("POST", ["projects", id, "tasks", task, "complete"]) => tick(shared, id, task, true),
        ("POST", ["projects", id, "tasks", task, "uncomplete"]) => tick(shared, id, task, false),
        ("PUT", ["projects", id, "tasks", task, "move"]) => relocate(shared, id, task, call),
        (_, ["projects", id, part @ ("members" | "fields" | "blocks" | "shareLink")]) => {
            details::of_project(shared, id, part, call)
        }
        (
            _,
            [
                "projects",
                id,
                "tasks",
                task,
                part @ ("date" | "note" | "assignees" | "fields"),
                rest @ ..,
            ],
        ) => {
            let of = details::Of { shared, project: id, task };
            of.execute(part, rest, call)
        }
        ("GET", ["bundles", space, "export"]) => {
            check_space(shared, space).and_then(|()| bundle::export(shared, space))
        }
        _ => Err(Answer::not_found("Not found")),
    };
    outcome.unwrap_or_else(|refusal| refusal)
}

pub(super) fn broken(error: Error) -> Answer {
    Answer::refusal(500, &error.to_string())
}

fn spaces(shared: &Shared, rows: crate::error::Result<Vec<SpaceRow>>) -> Outcome {
    let rows = rows.map_err(broken)?;
    let items = rows.into_iter().map(|row| json!({ "id": row.id, "name": row.name }));
    Ok(Answer::items(with_nulls(shared, items.collect())))
}

pub(super) fn with_nulls(shared: &Shared, mut items: Vec<Value>) -> Vec<Value> {
    if shared.quirks.null_items {
        items.insert(items.len() / 2, Value::Null);
    }
    items
}

fn folders(shared: &Shared, workspace: &str) -> Outcome {
    let rows = shared.store.folders(workspace).map_err(broken)?;
    if rows.is_empty() {
        return Err(Answer::not_found("Workspace not found"));
    }
    spaces(shared, Ok(rows))
}

fn check_space(shared: &Shared, id: &str) -> Result<(), Answer> {
    match shared.store.has_space(id).map_err(broken)? {
        true => Ok(()),
        false => Err(Answer::not_found("Folder not found")),
    }
}

fn projects(shared: &Shared, folder: &str) -> Outcome {
    check_space(shared, folder)?;
    let rows = shared.store.projects(folder).map_err(broken)?;
    let items = rows.iter().map(|row| project_item(shared, row)).collect();
    Ok(Answer::items(with_nulls(shared, items)))
}

fn project_item(shared: &Shared, row: &ProjectRow) -> Value {
    let mut item = json!({ "id": row.id, "name": row.name });
    if shared.quirks.says_completed {
        item["completed"] = row.completed.into();
    }
    if shared.quirks.extra_fields {
        item["icon"] = json!({ "emoji": "x" });
    }
    item
}

fn task_item(shared: &Shared, task: &Task) -> Value {
    let mut item = json!({ "id": task.id, "completed": task.completed });
    if !(shared.quirks.omits_empty_texts && task.text.is_empty()) {
        item["text"] = task.text.as_str().into();
    }
    if let Some(parent) = &task.parent {
        item["parentId"] = parent.as_str().into();
    }
    if shared.quirks.extra_fields {
        item["type"] = "text".into();
    }
    item
}

pub(super) fn find(shared: &Shared, id: &str) -> Result<ProjectRow, Answer> {
    let row = shared.store.project(id).map_err(broken)?;
    row.ok_or_else(|| Answer::not_found("Document not found"))
}

fn create_project(shared: &Shared, call: &Call<'_>) -> Outcome {
    let request: CreateProject = requests::read(call)?;
    requests::check_markdown(request.content_type)?;
    let made = make_project(shared, &request.folder_id, &request.content)?;
    Ok(written(shared, made))
}

fn create_project_in(shared: &Shared, workspace: &str, call: &Call<'_>) -> Outcome {
    let request: CreateProjectIn = requests::read(call)?;
    requests::check_markdown(request.content_type)?;
    make_project(shared, workspace, &request.content).map(Answer::item)
}

/// The first line is the title; the rest is a list, two spaces a level.
fn make_project(shared: &Shared, folder: &str, markdown: &str) -> Result<Value, Answer> {
    check_space(shared, folder)?;
    let mut lines = markdown.lines();
    let name = lines.next().unwrap_or_default().trim_start_matches('#').trim().to_owned();
    let tasks = lines.filter(|line| !line.trim().is_empty()).map(|line| {
        let content = line.trim_start();
        let text = ["- ", "* "].iter().find_map(|bullet| content.strip_prefix(bullet));
        ((line.len() - content.len()) / 2, text.unwrap_or(content).to_owned(), false)
    });
    let tasks = with_title(&name, tasks).map_err(broken)?;
    let id = shared.store.make_project(folder, &name, tasks).map_err(broken)?;
    Ok(if shared.quirks.create_answers_name {
        json!({ "id": id, "name": name })
    } else {
        json!({ "id": id })
    })
}

fn archive(shared: &Shared, id: &str, completed: bool) -> Outcome {
    let row = shared.store.set_completed(id, completed).map_err(broken)?;
    let row = row.ok_or_else(|| Answer::not_found("Document not found"))?;
    let told = completed && !shared.quirks.null_items_of_writes;
    Ok(Answer::item(if told { project_item(shared, &row) } else { Value::Null }))
}

fn copy(shared: &Shared, id: &str, call: &Call<'_>) -> Outcome {
    let request: CopyProject = requests::read(call)?;
    if request.project_title.as_deref() == Some("") {
        return Err(Answer::bad_request("projectTitle: not empty"));
    }
    let row = find(shared, id)?;
    check_space(shared, &request.folder_id)?;
    let name = request.project_title.unwrap_or(row.name);
    let id = shared.store.copy_project(id, &request.folder_id, &name).map_err(broken)?;
    Ok(written(shared, json!({ "id": id, "name": name })))
}

/// The answer to a write whose item the document lets be null.
pub(super) fn written(shared: &Shared, item: Value) -> Answer {
    Answer::item(if shared.quirks.null_items_of_writes { Value::Null } else { item })
}

fn list(shared: &Shared, id: &str, query: &HashMap<String, String>) -> Outcome {
    find(shared, id)?;
    let limit = requests::number(query, "limit", DEFAULT_PAGE, MAX_PAGE)?;
    let limit = limit.min(shared.quirks.page_cap.unwrap_or(limit));
    let tasks = shown_tasks(shared, id)?;
    let (from, to) = page_bounds(shared, &tasks, query, limit)?;
    let page = tasks.0.get(from..to).unwrap_or_default();
    let items: Vec<Value> = page.iter().map(|task| task_item(shared, task)).collect();
    if !shared.quirks.has_more {
        return Ok(Answer::items(items));
    }
    let (more, next) = match query.contains_key("before") {
        true => (from > 0, page.first()),
        false => (to < tasks.0.len(), page.last()),
    };
    Ok(Answer::page(items, more, next.map(|task| task.id.as_str())))
}

/// Where a page of at most `limit` tasks begins and ends.
pub(super) fn page_bounds(
    shared: &Shared,
    tasks: &Tasks,
    query: &HashMap<String, String>,
    limit: usize,
) -> Result<(usize, usize), Answer> {
    let all = tasks.0.len();
    let (cursor, backwards) = match (query.get("after"), query.get("before")) {
        (Some(_), Some(_)) => return Err(Answer::bad_request("after or before, not both")),
        (None, None) => return Ok((0, limit.min(all))),
        (Some(after), None) => (after, false),
        (None, Some(before)) => (before, true),
    };
    match (tasks.index(cursor), shared.quirks.gone_cursor) {
        (Some(to), _) if backwards => Ok((to.saturating_sub(limit), to)),
        (Some(at), _) => Ok((at + 1, (at + 1).saturating_add(limit).min(all))),
        (None, GoneCursor::Refused) => Err(Answer::bad_request("no such task to go on from")),
        (None, GoneCursor::Empty) => Ok((all, all)),
        (None, GoneCursor::FromStart) => Ok((0, limit.min(all))),
    }
}

/// The tasks of a project that exists, as they are shown.
fn shown_tasks(shared: &Shared, id: &str) -> Result<Arc<Tasks>, Answer> {
    let mut tasks = shared.store.tasks(id).map_err(broken)?;
    if !shared.quirks.title_node && !tasks.0.is_empty() {
        let shown = Arc::make_mut(&mut tasks);
        let title = shown.0.remove(0);
        for task in shown.0.iter_mut().filter(|task| task.parent.as_ref() == Some(&title.id)) {
            task.parent = None;
        }
    }
    Ok(tasks)
}

fn get_task(shared: &Shared, id: &str, task: &str) -> Outcome {
    find(shared, id)?;
    let tasks = shown_tasks(shared, id)?;
    let found = tasks.0.iter().find(|known| known.id == task);
    found
        .map(|task| Answer::item(task_item(shared, task)))
        .ok_or_else(|| Answer::not_found("Task not found"))
}

fn change(
    shared: &Shared,
    id: &str,
    change: impl FnOnce(&mut Tasks) -> Result<(), Misplaced>,
) -> Result<(), Answer> {
    find(shared, id)?;
    shared.store.change(id, change).map_err(broken)?.map_err(misplaced)
}

fn misplaced(why: Misplaced) -> Answer {
    match why {
        Misplaced::Unknown => Answer::not_found("Task not found"),
        Misplaced::BesideTitle => Answer::bad_request("nothing can be beside the title"),
        Misplaced::Title => Answer::bad_request("the title stays as it is"),
        Misplaced::InItself => Answer::bad_request("a task cannot be in itself"),
    }
}

fn create_tasks(shared: &Shared, id: &str, call: &Call<'_>) -> Outcome {
    let request: CreateTasks = requests::read(call)?;
    request.check()?;
    let mut items = Vec::with_capacity(request.tasks.len());
    let mut failure = None;
    let ids: Vec<String> =
        request.tasks.iter().map(|_| random_uuid()).collect::<Result<_, _>>().map_err(broken)?;
    change(shared, id, |tasks| {
        for (task, id) in request.tasks.into_iter().zip(ids) {
            let text = read_text(shared, task.content_type, task.content);
            let anchor = task.task_id.as_deref();
            match tasks.insert(id.clone(), text, anchor, task.placement) {
                Ok(()) => items.push(json!({ "id": id, "completed": false })),
                Err(why) if shared.quirks.atomic_batches => return Err(why),
                Err(why) => {
                    failure = Some(why);
                    break;
                }
            }
        }
        Ok(())
    })?;
    match failure {
        Some(why) => Err(misplaced(why)),
        None => Ok(Answer::item(items)),
    }
}

pub(super) fn read_text(shared: &Shared, content_type: ContentType, content: String) -> String {
    if shared.quirks.reads_markdown && content_type == ContentType::Markdown {
        content.replace(['*', '_', '`'], "")
    } else {
        content
    }
}

fn update(shared: &Shared, id: &str, task: &str, call: &Call<'_>) -> Outcome {
    let request: UpdateTask = requests::read(call)?;
    request.check()?;
    let text = read_text(shared, request.content_type, request.content);
    change(shared, id, |tasks| {
        match (tasks.index(task).ok_or(Misplaced::Unknown)?, shared.quirks.renaming) {
            (0, Renaming::Refused) => return Err(Misplaced::Title),
            (0, Renaming::Ignored) => {}
            (at, _) => tasks.0[at].text = text,
        }
        Ok(())
    })?;
    if shared.quirks.update_answers_id_only {
        return Ok(written(shared, json!({ "id": task })));
    }
    written_task(shared, id, task)
}

/// The answer to a write to this task.
pub(super) fn written_task(shared: &Shared, id: &str, task: &str) -> Outcome {
    if shared.quirks.null_items_of_writes {
        return Ok(Answer::item(Value::Null));
    }
    get_task(shared, id, task)
}

fn tick(shared: &Shared, id: &str, task: &str, completed: bool) -> Outcome {
    let mut unchanged = false;
    change(shared, id, |tasks| {
        let at = tasks.index(task).ok_or(Misplaced::Unknown)?;
        unchanged = tasks.0[at].completed == completed;
        let end = if completed && shared.quirks.complete_cascades { tasks.end(at) } else { at + 1 };
        if !unchanged {
            tasks.0[at..end].iter_mut().for_each(|task| task.completed = completed);
        }
        Ok(())
    })?;
    if unchanged {
        return Err(Answer::bad_request("the task is so already"));
    }
    written_task(shared, id, task)
}

fn relocate(shared: &Shared, id: &str, task: &str, call: &Call<'_>) -> Outcome {
    let request: MoveTask = requests::read(call)?;
    request.check()?;
    let target = request.target;
    change(shared, id, |tasks| tasks.relocate(task, &target.task_id, target.position))?;
    written_task(shared, id, task)
}
