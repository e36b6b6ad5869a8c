//! What the endpoints do that are about the details of tasks, and about what belongs to a project
//! beside its tasks.

use serde_json::{Value, json};

use super::{
    Shared,
    answer::{Answer, Outcome},
    outline::Tasks,
    quirks::Assigning,
    requests::{self, PutAssignees, PutDate, PutNote, PutValue},
    routes::{self, Call, broken, find, with_nulls},
    store_details::{self, Member, Note},
    token::random_name,
};
use crate::api::{End, Schedule};

/// How many members a page has without `limit`.
const DEFAULT_MEMBERS: usize = 20;

/// Executes a request about what belongs to a project.
pub(super) fn of_project(shared: &Shared, id: &str, part: &str, call: &Call<'_>) -> Outcome {
    match (call.method, part) {
        ("GET", "members") => members(shared, id, call),
        ("GET", "fields") => fields(shared, id),
        ("GET", "blocks") => blocks(shared, id, call),
        ("GET", "shareLink") => {
            find(shared, id)?;
            let key = shared.store.share_key(id).map_err(broken)?;
            Ok(Answer::item(key.map_or(Value::Null, |key| share_item(shared, id, &key))))
        }
        ("PUT", "shareLink") => share(shared, id),
        _ => Err(Answer::not_found("Not found")),
    }
}

fn members(shared: &Shared, id: &str, call: &Call<'_>) -> Outcome {
    let limit = requests::number(call.query, "limit", DEFAULT_MEMBERS, usize::MAX)?;
    let page = requests::number(call.query, "page", 1, usize::MAX)?;
    find(shared, id)?;
    let members = shared.store.members(id).map_err(broken)?;
    let page = members.chunks(limit).nth(page - 1).unwrap_or_default();
    let items = page.iter().map(|member| user(shared, &member.handle, Some(member)));
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

fn fields(shared: &Shared, id: &str) -> Outcome {
    find(shared, id)?;
    let fields = shared.store.fields(id).map_err(broken)?;
    let field = |field: store_details::Field| json!({ "id": field.id, "data": field.data });
    Ok(Answer::items(fields.into_iter().map(|known| more(shared, field(known))).collect()))
}

/// The tasks right below the title.
fn blocks(shared: &Shared, id: &str, call: &Call<'_>) -> Outcome {
    find(shared, id)?;
    let limit = requests::number(call.query, "limit", routes::DEFAULT_PAGE, usize::MAX)?;
    let limit = limit.min(shared.quirks.page_cap.unwrap_or(limit));
    let tasks = shared.store.tasks(id).map_err(broken)?;
    let title = tasks.0.first().map(|title| title.id.as_str());
    let top =
        tasks.0.iter().filter(|task| task.parent.is_some() && task.parent.as_deref() == title);
    let top = Tasks(top.cloned().collect());
    let (from, to) = routes::page_bounds(shared, &top, call.query, limit)?;
    let block = |task: &super::outline::Task| {
        let block = json!({ "id": task.id, "text": task.text, "completed": task.completed });
        more(shared, block)
    };
    Ok(Answer::items(top.0.get(from..to).unwrap_or_default().iter().map(block).collect()))
}

fn share(shared: &Shared, id: &str) -> Outcome {
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
pub(super) struct Of<'a> {
    pub(super) shared: &'a Shared,
    pub(super) project: &'a str,
    pub(super) task: &'a str,
}

impl Of<'_> {
    /// Executes a request about a detail of the task.
    pub(super) fn execute(self, part: &str, rest: &[&str], call: &Call<'_>) -> Outcome {
        match (call.method, part, rest) {
            ("GET", "date", []) => self.date(),
            ("PUT", "date", []) => self.set_date(call),
            ("DELETE", "date", []) => match self.with(|of| of.clear_date())? {
                true => self.written(),
                false => Err(Answer::bad_request("the task has no date")),
            },
            ("GET", "note", []) => match self.with(|of| of.note())? {
                Some(note) => Ok(Answer::item(note_item(self.shared, &note))),
                None => Err(Answer::not_found("Note not found")),
            },
            ("PUT", "note", []) => self.set_note(call),
            ("DELETE", "note", []) => self.with(|of| of.clear_note()).map(|()| Answer::ok()),
            ("GET", "assignees", []) => self.assignees(),
            ("PUT", "assignees", []) => self.assign(call),
            ("DELETE", "assignees", [handle]) => match self.with(|of| of.unassign(handle))? {
                true => self.written(),
                false => Err(Answer::bad_request("the task is not theirs")),
            },
            ("GET", "fields", []) => {
                let values = self.with(|of| of.values())?;
                let item =
                    |(id, value)| more(self.shared, json!({ "fieldId": id, "value": value }));
                Ok(Answer::items(values.into_iter().map(item).collect()))
            }
            ("GET", "fields", [field]) => self.value(field),
            ("PUT", "fields", [field]) => self.set_value(field, call),
            ("DELETE", "fields", [field]) => {
                self.check_field(field)?;
                self.with(|of| of.clear_value(field)).map(|()| Answer::ok())
            }
            _ => Err(Answer::not_found("Not found")),
        }
    }

    /// Does something with what belongs to the task, if there is such a task.
    fn with<T>(
        self,
        act: impl FnOnce(store_details::Of<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, Answer> {
        let (project, task) = (self.project, self.task);
        find(self.shared, project)?;
        let done = self.shared.store.with_task(project, task, |transaction| {
            act(store_details::Of { connection: transaction, project, task })
        });
        done.map_err(broken)?.ok_or_else(|| Answer::not_found("Task not found"))
    }

    /// The answer to a write to the task.
    fn written(self) -> Outcome {
        routes::written_task(self.shared, self.project, self.task)
    }

    fn date(self) -> Outcome {
        let date = self.with(|of| of.date())?;
        let date = date.ok_or_else(|| Answer::not_found("Date not found"))?;
        Ok(Answer::item(more(self.shared, date_item(self.shared, date))))
    }

    fn set_date(self, call: &Call<'_>) -> Outcome {
        let schedule = requests::read::<PutDate>(call)?.schedule()?;
        self.with(|of| of.set_date(&schedule))?;
        self.written()
    }

    fn set_note(self, call: &Call<'_>) -> Outcome {
        let request: PutNote = requests::read(call)?;
        request.check()?;
        let text = routes::read_text(self.shared, request.content_type, request.value);
        let note = Note { content_type: request.content_type, text };
        self.with(|of| of.set_note(&note))?;
        Ok(routes::written(self.shared, note_item(self.shared, &note)))
    }

    fn assignees(self) -> Outcome {
        let handles = self.with(|of| of.assignees())?;
        let members = self.shared.store.members(self.project).map_err(broken)?;
        let known = |handle: &str| members.iter().find(|member| member.handle == handle);
        let items = handles.iter().map(|handle| user(self.shared, handle, known(handle)));
        Ok(Answer::items(items.collect()))
    }

    fn assign(self, call: &Call<'_>) -> Outcome {
        let request: PutAssignees = requests::read(call)?;
        request.check()?;
        find(self.shared, self.project)?;
        let members = self.shared.store.members(self.project).map_err(broken)?;
        let is_known = |handle: &String| members.iter().any(|member| member.handle == *handle);
        if let Some(unknown) = request.handles.iter().find(|handle| !is_known(handle)) {
            // Of a task that is not there nothing else matters.
            self.with(|_| Ok(()))?;
            return Err(Answer::bad_request(&format!("{unknown}: no member")));
        }
        let replaces = self.shared.quirks.assigning == Assigning::Replaces;
        self.with(|of| {
            if replaces {
                of.unassign_all()?;
            }
            of.assign(&request.handles)
        })?;
        self.written()
    }

    fn value(self, field: &str) -> Outcome {
        self.check_field(field)?;
        let values = self.with(|of| of.values())?;
        let mut item = json!({ "fieldId": field });
        if let Some((_, value)) = values.into_iter().find(|(id, _)| id == field) {
            item["value"] = value;
        }
        Ok(Answer::item(more(self.shared, item)))
    }

    fn set_value(self, field: &str, call: &Call<'_>) -> Outcome {
        let request: PutValue = requests::read(call)?;
        request.check()?;
        self.check_field(field)?;
        self.with(|of| of.set_value(field, &request.value)).map(|()| Answer::ok())
    }

    fn check_field(self, field: &str) -> Result<(), Answer> {
        find(self.shared, self.project)?;
        let fields = self.shared.store.fields(self.project).map_err(broken)?;
        match fields.iter().any(|known| known.id == field) {
            true => Ok(()),
            false => Err(Answer::not_found("Field not found")),
        }
    }
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
