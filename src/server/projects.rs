//! What the endpoints do that are about workspaces, folders and projects.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Handled},
    call::ServedCall,
    requests::{self, CopyProjectBody, CreateProjectBody, CreateProjectIn},
    shared::Shared,
    store::{ProjectRow, SpaceRow},
};
use crate::error::Error;

/// How many projects of the account a page has without `limit`.
const DEFAULT_MINE: usize = 100;

pub(super) fn broken(error: Error) -> Answer {
    Answer::refusal(500, &error.to_string())
}

/// The answer to a write whose item the document lets be null.
pub(super) fn written(shared: &Shared, item: Value) -> Answer {
    Answer::item(if shared.quirks.null_items_of_writes { Value::Null } else { item })
}

pub(super) fn workspaces(shared: &Shared, _: &ServedCall<'_>) -> Handled {
    spaces(shared, shared.store.workspaces())
}

fn spaces(shared: &Shared, rows: crate::error::Result<Vec<SpaceRow>>) -> Handled {
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

pub(super) fn folders(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let rows = shared.store.folders(call.id(0)).map_err(broken)?;
    if rows.is_empty() {
        return Err(Answer::not_found("Workspace not found"));
    }
    spaces(shared, Ok(rows))
}

pub(super) fn check_space(shared: &Shared, id: &str) -> Result<(), Answer> {
    match shared.store.has_space(id).map_err(broken)? {
        true => Ok(()),
        false => Err(Answer::not_found("Folder not found")),
    }
}

pub(super) fn projects(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    check_space(shared, call.id(0))?;
    let rows = shared.store.projects(call.id(0)).map_err(broken)?;
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

pub(super) fn find(shared: &Shared, id: &str) -> Result<ProjectRow, Answer> {
    let row = shared.store.project(id).map_err(broken)?;
    row.ok_or_else(|| Answer::not_found("Document not found"))
}

/// All projects of the account, by when they were looked at.
pub(super) fn mine(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let page = requests::page(call.query, DEFAULT_MINE)?;
    let mut rows = shared.store.viewed_projects().map_err(broken)?;
    match call.query.get("sort").map_or("viewed-desc", String::as_str) {
        "viewed-desc" => {}
        "viewed-asc" => rows.reverse(),
        _ => return Err(Answer::bad_request("sort: viewed-asc or viewed-desc")),
    }
    let items = page.of(&rows).iter().map(|row| project_item(shared, row));
    Ok(Answer::items(items.collect()))
}

pub(super) fn project(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    Ok(Answer::item(project_item(shared, &find(shared, call.id(0))?)))
}

pub(super) fn create_project(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: CreateProjectBody = requests::read(call)?;
    requests::check_markdown(request.content_type)?;
    let made = make_project(shared, &request.folder_id, &request.content)?;
    Ok(written(shared, made))
}

pub(super) fn create_project_in(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: CreateProjectIn = requests::read(call)?;
    requests::check_markdown(request.content_type)?;
    make_project(shared, call.id(0), &request.content).map(Answer::item)
}

fn make_project(shared: &Shared, folder: &str, content: &str) -> Result<Value, Answer> {
    check_space(shared, folder)?;
    let (id, name) = shared.store.make_of_markdown(folder, content).map_err(broken)?;
    Ok(if shared.quirks.create_answers_name {
        json!({ "id": id, "name": name })
    } else {
        json!({ "id": id })
    })
}

pub(super) fn complete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    archive(shared, call, true)
}

pub(super) fn restore(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    archive(shared, call, false)
}

fn archive(shared: &Shared, call: &ServedCall<'_>, completed: bool) -> Handled {
    let row = shared.store.set_completed(call.id(0), completed).map_err(broken)?;
    let row = row.ok_or_else(|| Answer::not_found("Document not found"))?;
    let has_item = completed && !shared.quirks.null_items_of_writes;
    Ok(Answer::item(if has_item { project_item(shared, &row) } else { Value::Null }))
}

pub(super) fn copy(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let id = call.id(0);
    let request: CopyProjectBody = requests::read(call)?;
    if request.project_title.as_deref() == Some("") {
        return Err(Answer::bad_request("projectTitle: not empty"));
    }
    let row = find(shared, id)?;
    check_space(shared, &request.folder_id)?;
    let name = request.project_title.unwrap_or(row.name);
    let id = shared.store.copy_project(id, &request.folder_id, &name).map_err(broken)?;
    Ok(written(shared, json!({ "id": id, "name": name })))
}
