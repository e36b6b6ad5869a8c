//! What the endpoints do that are about the tasks of a project.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use super::{
    answer::{Answer, Handled},
    call::ServedCall,
    outline::{Misplaced, StoredTask, Tasks},
    projects::{broken, find, written},
    quirks::{GoneCursor, Renaming},
    requests::{self, CreateTasksBody, MoveTaskBody, UpdateTaskBody},
    shared::Shared,
    token::random_uuid,
};
use crate::api::ContentType;

/// Most tasks of one page, and how many without `limit`.
const MAX_PAGE: usize = 1000;
pub(super) const DEFAULT_PAGE: usize = 100;

fn task_item(shared: &Shared, task: &StoredTask) -> Value {
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

pub(super) fn list(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let (id, query) = (call.id(0), call.query);
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

pub(super) fn get(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    get_task(shared, call.id(0), call.id(1))
}

fn get_task(shared: &Shared, id: &str, task: &str) -> Handled {
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

pub(super) fn create(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: CreateTasksBody = requests::read(call)?;
    request.check()?;
    let mut items = Vec::with_capacity(request.tasks.len());
    let mut failure = None;
    let ids: Vec<String> =
        request.tasks.iter().map(|_| random_uuid()).collect::<Result<_, _>>().map_err(broken)?;
    change(shared, call.id(0), |tasks| {
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

pub(super) fn update(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let (id, task) = (call.id(0), call.id(1));
    let request: UpdateTaskBody = requests::read(call)?;
    request.check()?;
    let text = read_text(shared, request.content_type, request.content);
    change(shared, id, |tasks| {
        match (tasks.index(task).ok_or(Misplaced::Unknown)?, shared.quirks.renaming) {
            (0, Renaming::Refused) => return Err(Misplaced::Title),
            (0, Renaming::Ignored) => {}
            (at, _) => tasks.0[at].set_text(text),
        }
        Ok(())
    })?;
    if shared.quirks.update_answers_id_only {
        return Ok(written(shared, json!({ "id": task })));
    }
    written_task(shared, id, task)
}

/// The answer to a write to this task.
pub(super) fn written_task(shared: &Shared, id: &str, task: &str) -> Handled {
    if shared.quirks.null_items_of_writes {
        return Ok(Answer::item(Value::Null));
    }
    get_task(shared, id, task)
}

pub(super) fn delete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    change(shared, call.id(0), |tasks| tasks.delete(call.id(1)))?;
    Ok(Answer::ok())
}

pub(super) fn complete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    tick(shared, call, true)
}

pub(super) fn uncomplete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    tick(shared, call, false)
}

fn tick(shared: &Shared, call: &ServedCall<'_>, completed: bool) -> Handled {
    let (id, task) = (call.id(0), call.id(1));
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

pub(super) fn relocate(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let (id, task) = (call.id(0), call.id(1));
    let request: MoveTaskBody = requests::read(call)?;
    request.check()?;
    let target = request.target;
    change(shared, id, |tasks| tasks.relocate(task, &target.task_id, target.position))?;
    written_task(shared, id, task)
}
