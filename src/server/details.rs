//! What the endpoints do that are about the details of tasks, and about what belongs to a project
//! beside its tasks.

use serde_json::{Value, json};

use super::{
    answer::{Answer, Handled},
    call::ServedCall,
    outline::{StoredTask, Tasks},
    projects::{broken, find, with_nulls, written},
    quirks::Assigning,
    requests::{self, PutAssigneesBody, PutDateBody, PutNoteBody, PutValue},
    shared::Shared,
    store_details::{self, Field, Member, Note},
    tasks::{self, page_bounds, read_text},
    token::random_name,
    values,
};
use crate::api::{End, Schedule};

/// How many members a page has without `limit`.
const DEFAULT_MEMBERS: usize = 20;

pub(super) fn members(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let id = call.id(0);
    let page = requests::page(call.query, DEFAULT_MEMBERS)?;
    find(shared, id)?;
    let members = shared.store.members(id).map_err(broken)?;
    let items = page.of(&members).iter().map(|member| user(shared, &member.handle, Some(member)));
    Ok(Answer::items(with_nulls(shared, items.collect())))
}

/// `User`. Who is no member any more has no name.
fn user(shared: &Shared, handle: &str, member: Option<&Member>) -> Value {
    let mut user = json!({ "handle": handle });
    if let Some(member) = member {
        user["displayName"] = member.name.as_str().into();
    }
    more(shared, user)
}

pub(super) fn fields(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    find(shared, call.id(0))?;
    let fields = shared.store.fields(call.id(0)).map_err(broken)?;
    let field = |field: store_details::Field| json!({ "id": field.id, "data": field.data });
    Ok(Answer::items(fields.into_iter().map(|known| more(shared, field(known))).collect()))
}

/// The tasks right below the title.
pub(super) fn blocks(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let id = call.id(0);
    find(shared, id)?;
    let limit = requests::number(call.query, "limit", tasks::DEFAULT_PAGE, usize::MAX)?;
    let limit = limit.min(shared.quirks.page_cap.unwrap_or(limit));
    let tasks = shared.store.tasks(id).map_err(broken)?;
    let title = tasks.0.first().map(|title| title.id.as_str());
    let top =
        tasks.0.iter().filter(|task| task.parent.is_some() && task.parent.as_deref() == title);
    let top = Tasks(top.cloned().collect());
    let (from, to) = page_bounds(shared, &top, call.query, limit)?;
    let block = |task: &StoredTask| {
        let block = json!({ "id": task.id, "text": task.text, "completed": task.completed });
        more(shared, block)
    };
    Ok(Answer::items(top.0.get(from..to).unwrap_or_default().iter().map(block).collect()))
}

pub(super) fn share_link(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let id = call.id(0);
    find(shared, id)?;
    let key = shared.store.share_key(id).map_err(broken)?;
    Ok(Answer::item(key.map_or(Value::Null, |key| share_item(shared, id, &key))))
}

pub(super) fn share(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let id = call.id(0);
    find(shared, id)?;
    let key = random_name(16).map_err(broken)?;
    shared.store.share(id, &key).map_err(broken)?;
    let key = shared.store.share_key(id).map_err(broken)?.unwrap_or(key);
    Ok(Answer::item(share_item(shared, id, &key)))
}

/// Links to nowhere: a name below `.invalid` never resolves (RFC 2606).
fn share_item(shared: &Shared, id: &str, key: &str) -> Value {
    let url = |what: &str| format!("https://taskade.invalid/d/{id}?share={what}&key={key}");
    let links = json!({
        "viewUrl": url("view"), "editUrl": url("edit"), "checkUrl": url("check"),
    });
    more(shared, links)
}

/// An item with what the document does not know, if that is asked for.
fn more(shared: &Shared, mut item: Value) -> Value {
    if shared.quirks.extra_fields {
        item["updatedAt"] = json!({ "by": null });
    }
    item
}

/// A task that is asked about.
#[derive(Clone, Copy)]
struct Of<'a> {
    shared: &'a Shared,
    project: &'a str,
    task: &'a str,
}

impl<'a> Of<'a> {
    fn new(shared: &'a Shared, call: &'a ServedCall<'_>) -> Self {
        Self { shared, project: call.id(0), task: call.id(1) }
    }

    /// Does something with what belongs to the task, if there is such a task.
    fn with<T>(
        self,
        act: impl FnOnce(store_details::StoredTaskDetails<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Answer> {
        let Self { shared, project, task } = self;
        find(shared, project)?;
        let done = shared.store.with_task(project, task, |transaction| {
            act(store_details::StoredTaskDetails { connection: transaction, project, task })
        });
        done.map_err(broken)?.ok_or_else(|| Answer::not_found("Task not found"))
    }

    /// The answer to a write to the task.
    fn written(self) -> Handled {
        tasks::written_task(self.shared, self.project, self.task)
    }

    /// A field that its project has.
    fn field(self, id: &str) -> Result<Field, Answer> {
        find(self.shared, self.project)?;
        let fields = self.shared.store.fields(self.project).map_err(broken)?;
        let found = fields.into_iter().find(|known| known.id == id);
        found.ok_or_else(|| Answer::not_found("Field not found"))
    }
}

pub(super) fn date(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let date = Of::new(shared, call).with(|of| of.date())?;
    let date = date.ok_or_else(|| Answer::not_found("Date not found"))?;
    Ok(Answer::item(more(shared, date_item(shared, date))))
}

pub(super) fn set_date(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let schedule = requests::read::<PutDateBody>(call)?.schedule()?;
    let task = Of::new(shared, call);
    task.with(|of| of.set_date(&schedule))?;
    task.written()
}

pub(super) fn clear_date(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let task = Of::new(shared, call);
    match task.with(|of| of.clear_date())? {
        true => task.written(),
        false => Err(Answer::bad_request("the task has no date")),
    }
}

pub(super) fn note(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    match Of::new(shared, call).with(|of| of.note())? {
        Some(note) => Ok(Answer::item(note_item(shared, &note))),
        None => Err(Answer::not_found("Note not found")),
    }
}

pub(super) fn set_note(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: PutNoteBody = requests::read(call)?;
    request.check()?;
    let text = read_text(shared, request.content_type, request.value);
    let note = Note { content_type: request.content_type, text };
    Of::new(shared, call).with(|of| of.set_note(&note))?;
    Ok(written(shared, note_item(shared, &note)))
}

pub(super) fn clear_note(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    Of::new(shared, call).with(|of| of.clear_note())?;
    Ok(Answer::ok())
}

pub(super) fn assignees(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let handles = Of::new(shared, call).with(|of| of.assignees())?;
    let members = shared.store.members(call.id(0)).map_err(broken)?;
    let known = |handle: &str| members.iter().find(|member| member.handle == handle);
    let items = handles.iter().map(|handle| user(shared, handle, known(handle)));
    Ok(Answer::items(items.collect()))
}

pub(super) fn assign(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: PutAssigneesBody = requests::read(call)?;
    request.check()?;
    find(shared, call.id(0))?;
    let task = Of::new(shared, call);
    let members = shared.store.members(call.id(0)).map_err(broken)?;
    let is_known = |handle: &String| members.iter().any(|member| member.handle == *handle);
    if let Some(unknown) = request.handles.iter().find(|handle| !is_known(handle)) {
        // Of a task that is not there nothing else matters.
        task.with(|_| Ok(()))?;
        return Err(Answer::bad_request(&format!("{unknown}: no member")));
    }
    let replaces = shared.quirks.assigning == Assigning::Replaces;
    task.with(|of| {
        if replaces {
            of.unassign_all()?;
        }
        of.assign(&request.handles)
    })?;
    task.written()
}

pub(super) fn unassign(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let task = Of::new(shared, call);
    match task.with(|of| of.unassign(call.id(2)))? {
        true => task.written(),
        false => Err(Answer::bad_request("the task is not theirs")),
    }
}

pub(super) fn values(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let values = Of::new(shared, call).with(|of| of.values())?;
    let item =
        |(id, kept)| more(shared, json!({ "fieldId": id, "value": answered_value(shared, kept) }));
    Ok(Answer::items(values.into_iter().map(item).collect()))
}

/// A value as it is answered.
fn answered_value(shared: &Shared, kept: Value) -> Value {
    if shared.quirks.typed_values { kept } else { values::answered(kept) }
}

pub(super) fn value(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let task = Of::new(shared, call);
    let field = task.field(call.id(2))?;
    let values = task.with(|of| of.values())?;
    let mut item = json!({ "fieldId": field.id });
    if let Some((_, kept)) = values.into_iter().find(|(id, _)| *id == field.id) {
        item["value"] = answered_value(shared, kept);
    }
    Ok(Answer::item(more(shared, item)))
}

pub(super) fn set_value(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: PutValue = requests::read(call)?;
    request.check()?;
    let task = Of::new(shared, call);
    let field = task.field(call.id(2))?;
    let kept = values::kept(&field.data, &request.value).map_err(Answer::bad_request)?;
    task.with(|of| of.set_value(&field.id, &kept))?;
    Ok(Answer::ok())
}

pub(super) fn clear_value(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let task = Of::new(shared, call);
    let field = task.field(call.id(2))?;
    task.with(|of| of.clear_value(&field.id))?;
    Ok(Answer::ok())
}

fn date_item(shared: &Shared, date: Schedule) -> Value {
    let mut item = json!({ "start": date.start });
    match date.end {
        Some(_) if shared.quirks.ends_are_periods => item["end"] = json!({ "period": "P1D" }),
        Some(End::Moment(end)) => item["end"] = json!(end),
        Some(End::Period { period }) => item["end"] = json!({ "period": period }),
        None => {}
    }
    item
}

fn note_item(shared: &Shared, note: &Note) -> Value {
    more(shared, json!({ "type": note.content_type, "value": note.text }))
}
