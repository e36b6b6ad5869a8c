//! The people and fields that a save names, and what is said of one that is none.
//!
//! A name that was never seen in the project is looked up before the save makes anything, so that
//! a letter that is wrong leaves nothing half done. One that was seen costs nothing.

use serde_json::Value;

use crate::{
    api::{Priority, Resource},
    document::{self, Line},
    error::{Error, Kind, Result},
    ids::ProjectId,
    model::{FieldDefinition, FieldKind, FieldOption},
    plan::{Change, Details, Key, Op},
    replica::state::Content,
    sync::{engine::Engine, project::Project, residency, transition::Transition},
    text::fields::{spelled, taken},
};

/// Looks up whom and what a script names that makes tasks, if it was never seen in the project:
/// a request for the members and one for the fields at most. Whether the script is to be planned
/// again: what tasks have of those of other projects, and this one has not, is left out.
///
/// # Errors
/// [`Kind::Invalid`] for a name that is none, with its line and those that are there.
pub(crate) async fn check_names(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    ops: &[Op],
) -> Result<bool> {
    let brought = {
        let state = project.lock();
        state.pending().map(|save| save.brought().to_vec()).unwrap_or_default()
    };
    let may_name_others = |op: &Op| match op {
        Op::Create(_) => true,
        Op::Detail { key, .. } => brought.iter().any(|(known, _)| known == key),
        _ => false,
    };
    if !ops.iter().any(may_name_others) {
        return Ok(false);
    }
    let (mut people, mut fields) = unseen(engine, project, ops);
    let members = listed(engine, id, Resource::Members, people.is_empty()).await?;
    if let Some(members) = &members {
        let known = handles(members);
        project.lock().names.members.extend(known.iter().map(|handle| (*handle).to_owned()));
        people.retain(|handle| !known.contains(&handle.as_str()));
    }
    let is_said = |handle: &String| is_said(ops, &brought, &Named::Person(handle));
    if let Some((members, stranger)) = members.as_ref().zip(people.iter().find(|it| is_said(it))) {
        return Err(no_member(project, stranger, &handles(members)));
    }
    people.retain(|handle| !is_said(handle));
    let asked = engine.clock.now();
    let listed = listed(engine, id, Resource::Fields, fields.is_empty()).await?;
    if let Some(listed) = &listed {
        let known = field_ids(listed);
        project.lock().names.note_listed(asked, listed.clone());
        project.lock().names.fields.extend(known.iter().map(|field| (*field).to_owned()));
        fields.retain(|field| !known.contains(&field.as_str()));
    }
    let is_said = |field: &String| self::is_said(ops, &brought, &Named::Field(field));
    if let Some((listed, field)) = listed.as_ref().zip(fields.iter().find(|it| is_said(it))) {
        return Err(no_field(project, field, listed));
    }
    fields.retain(|field| !is_said(field));
    leave_out(engine, project, &people, &fields).await
}

/// Leaves out, durably, what tasks have of those of other projects and a project has not. Whether
/// there is any.
pub(crate) async fn leave_out(
    engine: &Engine,
    project: &Project,
    people: &[String],
    fields: &[String],
) -> Result<bool> {
    if people.is_empty() && fields.is_empty() {
        return Ok(false);
    }
    tracing::info!(?people, ?fields, "not there where a line was pasted; left out");
    let mut next = Transition::begin(engine, project).await;
    if next.leave_out_brought(people, fields, |target| project.render(target)) {
        next.commit().await?;
    }
    Ok(true)
}

/// What the service says of a project, if it is wanted and the service says anything: where it
/// does not, the save itself will tell.
pub(crate) async fn listed(
    engine: &Engine,
    id: &ProjectId,
    resource: Resource,
    is_spared: bool,
) -> Result<Option<Value>> {
    if is_spared {
        return Ok(None);
    }
    match engine.backend.resource(Priority::Save, id, resource).await {
        Ok(listed) => Ok(Some(listed).filter(Value::is_array)),
        Err(error) if error.kind().is_transient() => Err(error),
        Err(error) => {
            tracing::info!(%error, "names are not looked up");
            Ok(None)
        }
    }
}

/// The people and fields of a script that were never seen in the project.
pub(crate) fn unseen(engine: &Engine, project: &Project, ops: &[Op]) -> (Vec<String>, Vec<String>) {
    let (mut people, mut fields) = (Vec::new(), Vec::new());
    for op in ops {
        match op {
            Op::Detail { change: Change::Assign(handles), .. } => {
                people.extend(handles.iter().cloned());
            }
            Op::Detail { change: Change::Field(field, Some(_)), .. } => {
                fields.push(field.clone());
            }
            _ => {}
        }
    }
    if people.is_empty() && fields.is_empty() {
        return (people, fields);
    }
    let defined = project.fields();
    fields.retain(|field| defined.find(field).is_none());
    let state = residency::resident(engine, project);
    people.retain(|handle| !state.names.members.contains(handle));
    fields.retain(|field| !state.names.fields.contains(field));
    for item in state.snapshot().into_iter().flat_map(|snapshot| &snapshot.outline.items) {
        if !item.details.is_unknown() {
            let seen = item.details.parts();
            people.retain(|handle| seen.assignees.get(handle).is_none());
            fields.retain(|field| seen.fields.get(field).is_none());
        }
    }
    (people, fields)
}

/// Why people cannot be assigned, if it is that the project does not know them.
pub(crate) async fn strangers(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    handles_named: &[String],
) -> Option<Error> {
    let members = engine.backend.resource(Priority::Save, id, Resource::Members).await.ok()?;
    members.as_array()?;
    let known = handles(&members);
    let stranger = handles_named.iter().find(|handle| !known.contains(&handle.as_str()))?;
    Some(no_member(project, stranger, &known))
}

/// Why a value of a field cannot be set, if it is that the project has no such field or that it takes
/// other values.
pub(crate) async fn not_taken(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    (field, value): (&str, &Value),
    error: &Error,
) -> Option<Error> {
    let listed = engine.backend.resource(Priority::Save, id, Resource::Fields).await;
    let listed = listed.ok().filter(Value::is_array);
    if let Some(listed) = listed.as_ref().filter(|listed| !field_ids(listed).contains(&field)) {
        return Some(no_field(project, field, listed));
    }
    // It is there, so what is not found is its task.
    if error.kind() != Kind::Refused {
        return None;
    }
    let exported = project.fields();
    let exported = exported.find(field);
    let fields = listed.as_ref().and_then(Value::as_array);
    let found = fields.and_then(|fields| fields.iter().find(|known| id_of(known) == Some(field)));
    let takes = found.and_then(|found| definition(found, exported)).or(exported.cloned());
    let format = project.format();
    let shown = format.fields.as_ref().and_then(|view| view.shown(field, value));
    let shown = shown.unwrap_or_else(|| spelled(value));
    let (line, name) = (place_of(project, field, Some(&shown)), field_name(project, field));
    let what = format!("{line}Taskade does not take `{shown}` for `{name}`");
    let error = Error::new(Kind::Invalid, what).because(error.clone());
    Some(match takes {
        Some(takes) => error.hint(format!("`{name}` takes {}", taken(&takes))),
        None => error,
    })
}

/// A field as the service lists it, with the names that an export told.
fn definition(listed: &Value, exported: Option<&FieldDefinition>) -> Option<FieldDefinition> {
    let data = listed.get("data")?;
    let kind = FieldKind::from(data.get("type")?.as_str()?.to_owned());
    let ids: Vec<&str> = match data.get("options") {
        Some(Value::Array(options)) => {
            options.iter().filter_map(|option| option.as_str().or_else(|| id_of(option))).collect()
        }
        Some(Value::Object(options)) => options.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let name = |id: &str| {
        let known = exported?.options.iter().find(|option| option.id == id);
        known.map(|option| option.name.clone())
    };
    let place = |id: &&str| exported?.options.iter().position(|option| option.id == **id);
    let mut ids = ids;
    ids.sort_by_key(|id| place(id).unwrap_or(usize::MAX));
    let option = |id: &str| FieldOption { id: id.to_owned(), name: name(id).unwrap_or_default() };
    Some(FieldDefinition {
        id: id_of(listed)?.to_owned(),
        name: exported.and_then(|field| field.name.clone()),
        kind,
        options: ids.into_iter().map(option).collect(),
    })
}

/// Somebody or something that a script names.
pub(crate) enum Named<'a> {
    Person(&'a str),
    Field(&'a str),
}

impl Named<'_> {
    fn is_in(&self, change: &Change) -> bool {
        match (self, change) {
            (Self::Person(handle), Change::Assign(all)) => all.iter().any(|it| it == handle),
            (Self::Field(field), Change::Field(known, Some(_))) => known == field,
            _ => false,
        }
    }

    fn is_of(&self, details: &Details) -> bool {
        let parts = details.parts();
        match self {
            Self::Person(handle) => parts.assignees.get(handle).is_some(),
            Self::Field(field) => parts.fields.get(field).is_some(),
        }
    }
}

/// Whether the line of any task says it: what a task has from elsewhere, as `brought` tells, it does
/// not.
pub(crate) fn is_said(ops: &[Op], brought: &[(Key, Details)], name: &Named<'_>) -> bool {
    ops.iter().any(|op| match op {
        Op::Detail { key, change } if name.is_in(change) => {
            !brought.iter().any(|(known, details)| known == key && name.is_of(details))
        }
        _ => false,
    })
}

pub(crate) fn no_member(project: &Project, stranger: &str, known: &[&str]) -> Error {
    let what = format!(
        "{}nobody in this project is called @{stranger}",
        place(project, &format!("@{stranger}"))
    );
    let like = known.iter().find(|known| known.to_lowercase() == stranger.to_lowercase());
    let all: Vec<String> = known.iter().map(|member| format!("@{member}")).collect();
    let hint = match like {
        Some(like) => format!("write @{like}, or \\@{stranger} to keep it as text"),
        None if all.is_empty() => {
            format!("it has no members; write \\@{stranger} to keep it as text")
        }
        None => format!("it has {}; write \\@{stranger} to keep it as text", all.join(", ")),
    };
    Error::new(Kind::Invalid, what).hint(hint)
}

pub(crate) fn no_field(project: &Project, field: &str, listed: &Value) -> Error {
    let known: Vec<String> =
        field_ids(listed).into_iter().map(|id| field_name(project, id)).collect();
    let (line, name) = (place(project, field), field_name(project, field));
    let reason = document::no_field(&name, known.iter().map(String::as_str));
    Error::new(Kind::Invalid, format!("{line}{reason}"))
}

/// `line 3: `, where the saved text first names a person, as `@handle`, or a field, by its id.
pub(crate) fn place(project: &Project, name: &str) -> String {
    place_of(project, name, None)
}

/// As [`place`], of a field with this value.
fn place_of(project: &Project, name: &str, value: Option<&str>) -> String {
    let (content, title) = {
        let state = project.lock();
        (state.content(), state.title().to_owned())
    };
    let parsed =
        |content: Content| project.format().parse(&content.text, &title, &content.outline).ok();
    let lines = content.and_then(parsed).unwrap_or_default();
    let (handle, field) = (name.strip_prefix('@').unwrap_or(name), field_name(project, name));
    let number = |line: &Line| {
        let is_it = |(key, shown): &(String, String)| {
            *key == field && value.is_none_or(|value| value == shown)
        };
        let at = line.details.fields.iter().position(is_it);
        let is_named = line.details.assignees.iter().any(|known| known == handle);
        at.map(|at| line.field_number(at)).or(is_named.then_some(line.number))
    };
    lines.iter().find_map(number).map_or_else(String::new, |number| format!("line {number}: "))
}

/// What a field is called in the project's file.
fn field_name(project: &Project, id: &str) -> String {
    project.format().field_name(id).to_owned()
}

pub(crate) fn handles(members: &Value) -> Vec<&str> {
    let handle = |member| Value::get(member, "handle").and_then(Value::as_str);
    members.as_array().into_iter().flatten().filter_map(handle).collect()
}

pub(crate) fn field_ids(fields: &Value) -> Vec<&str> {
    fields.as_array().into_iter().flatten().filter_map(id_of).collect()
}

pub(crate) fn id_of(field: &Value) -> Option<&str> {
    field.get("id").and_then(Value::as_str)
}
