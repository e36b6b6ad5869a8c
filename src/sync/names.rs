//! The people and fields that a save names, and what is said of one that is none.
//!
//! A name that was never seen in the project is looked up before the save makes anything, so that
//! a letter that is wrong leaves nothing half done. One that was seen costs nothing.

use std::collections::HashSet;

use serde_json::Value;

use super::{engine::Engine, project::Project};
use crate::{
    api::{Priority, Resource},
    document::{self, Line, ParseOptions},
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{Change, Details, Op},
};

/// The names in a project that the service has told.
#[derive(Debug, Default)]
pub(crate) struct Names {
    members: HashSet<String>,
    fields: HashSet<String>,
}

impl Names {
    /// Notes those that a task is known to have at the service.
    pub(crate) fn saw(&mut self, details: &Details) {
        if !details.is_unknown() {
            let seen = details.facts();
            self.members.extend(seen.assignees.known.into_iter().map(|(handle, ())| handle));
            self.fields.extend(seen.fields.known.into_iter().map(|(field, _)| field));
        }
    }
}

impl Engine {
    /// Looks up whom and what a script names that makes tasks, if it was never seen in the project:
    /// a request for the members and one for the fields at most.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for a name that is none, with its line and those that are there.
    pub(crate) async fn check_names(
        &self,
        project: &Project,
        id: &ProjectId,
        ops: &[Op],
    ) -> Result<()> {
        if !ops.iter().any(|op| matches!(op, Op::Create(_))) {
            return Ok(());
        }
        let (people, fields) = self.unseen(project, ops);
        if let Some(members) = self.told(id, Resource::Members, people.is_empty()).await? {
            let known = handles(&members);
            project.lock().names.members.extend(known.iter().map(|handle| (*handle).to_owned()));
            if let Some(stranger) = people.iter().find(|handle| !known.contains(&handle.as_str())) {
                return Err(no_member(project, stranger, &known));
            }
        }
        if let Some(told) = self.told(id, Resource::Fields, fields.is_empty()).await? {
            let known = field_ids(&told);
            project.lock().names.fields.extend(known.iter().map(|field| (*field).to_owned()));
            if let Some(field) = fields.iter().find(|field| !known.contains(&field.as_str())) {
                return Err(no_field(project, field, &told));
            }
        }
        Ok(())
    }

    /// What the service says of a project, if it is wanted and the service says anything: where it
    /// does not, the save itself will tell.
    async fn told(
        &self,
        id: &ProjectId,
        resource: Resource,
        is_spared: bool,
    ) -> Result<Option<Value>> {
        if is_spared {
            return Ok(None);
        }
        match self.backend.resource(Priority::Save, id, resource).await {
            Ok(told) => Ok(Some(told).filter(Value::is_array)),
            Err(error) if error.kind().is_transient() => Err(error),
            Err(error) => {
                tracing::info!(%error, "names are not looked up");
                Ok(None)
            }
        }
    }

    /// The people and fields of a script that were never seen in the project.
    fn unseen(&self, project: &Project, ops: &[Op]) -> (Vec<String>, Vec<String>) {
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
        let state = self.recalled(project);
        people.retain(|handle| !state.names.members.contains(handle));
        fields.retain(|field| !state.names.fields.contains(field));
        for item in state.snapshot.iter().flat_map(|snapshot| &snapshot.outline.items) {
            if !item.details.is_unknown() {
                let seen = item.details.facts();
                people.retain(|handle| seen.assignees.get(handle).is_none());
                fields.retain(|field| seen.fields.get(field).is_none());
            }
        }
        (people, fields)
    }

    /// Why people cannot be assigned, if it is that the project does not know them.
    pub(crate) async fn strangers(
        &self,
        project: &Project,
        id: &ProjectId,
        handles_named: &[String],
    ) -> Option<Error> {
        let members = self.backend.resource(Priority::Save, id, Resource::Members).await.ok()?;
        members.as_array()?;
        let known = handles(&members);
        let stranger = handles_named.iter().find(|handle| !known.contains(&handle.as_str()))?;
        Some(no_member(project, stranger, &known))
    }

    /// Why a field cannot be set, if it is that the project has none of that name or that it takes
    /// other values.
    pub(crate) async fn not_taken(
        &self,
        project: &Project,
        id: &ProjectId,
        field: &str,
        error: &Error,
    ) -> Option<Error> {
        let told = self.backend.resource(Priority::Save, id, Resource::Fields).await.ok()?;
        told.as_array()?;
        if !field_ids(&told).contains(&field) {
            return Some(no_field(project, field, &told));
        }
        // It is there, so what is not found is its task.
        if error.kind() != Kind::Refused {
            return None;
        }
        let what = format!("{}Taskade does not take this value for {field}", place(project, field));
        let takes = told.as_array()?.iter().find(|known| id_of(known) == Some(field))?;
        Some(Error::new(Kind::Invalid, what).hint(format!("it is {}", described(takes))))
    }
}

fn no_member(project: &Project, stranger: &str, known: &[&str]) -> Error {
    let what = format!(
        "{}nobody in this project is called @{stranger}",
        place(project, &format!("@{stranger}"))
    );
    let like = known.iter().find(|known| known.to_lowercase() == stranger.to_lowercase());
    let all: Vec<String> = known.iter().map(|member| format!("@{member}")).collect();
    let hint = match like {
        Some(like) => format!("write @{like}, or \\@{stranger} to keep it as text"),
        None => format!("it has {}; write \\@{stranger} to keep it as text", all.join(", ")),
    };
    Error::new(Kind::Invalid, what).hint(hint)
}

fn no_field(project: &Project, field: &str, told: &Value) -> Error {
    let known = told.as_array().map(Vec::as_slice).unwrap_or_default();
    let known: Vec<String> = known.iter().map(described).collect();
    let there = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    let what = format!("{}this project has no field {field}", place(project, field));
    Error::new(Kind::Invalid, what)
        .hint(format!("it has {there}; write `\\[{field}:: …]` to keep it as text"))
}

/// `line 3: `, where the saved text first names it.
fn place(project: &Project, name: &str) -> String {
    let (text, title) = {
        let state = project.lock();
        (state.content().map(|content| content.text), state.title.clone())
    };
    let is_text = |_: &str| true;
    let options =
        ParseOptions { title: Some(&title), known_text: Some(&is_text), known_anchor: None };
    let lines = text.and_then(|text| document::parse(&text, &options).ok()).unwrap_or_default();
    let names = |line: &&Line| {
        let handle = name.strip_prefix('@').unwrap_or(name);
        line.details.assignees.iter().any(|known| known == handle)
            || line.details.fields.iter().any(|(id, _)| id == name)
    };
    lines.iter().find(names).map_or_else(String::new, |line| format!("line {}: ", line.number))
}

fn handles(members: &Value) -> Vec<&str> {
    let handle = |member| Value::get(member, "handle").and_then(Value::as_str);
    members.as_array().into_iter().flatten().filter_map(handle).collect()
}

fn field_ids(fields: &Value) -> Vec<&str> {
    fields.as_array().into_iter().flatten().filter_map(id_of).collect()
}

fn id_of(field: &Value) -> Option<&str> {
    field.get("id").and_then(Value::as_str)
}

/// A field as a person is told of it: its id, its type, and the options of one that has some.
fn described(field: &Value) -> String {
    let id = id_of(field).unwrap_or_default();
    let Some(data) = field.get("data") else { return id.to_owned() };
    let options: Vec<&str> = match data.get("options") {
        Some(Value::Array(options)) => {
            options.iter().filter_map(|option| option.as_str().or_else(|| id_of(option))).collect()
        }
        Some(Value::Object(options)) => options.keys().map(String::as_str).collect(),
        _ => Vec::new(),
    };
    let kind = data.get("type").and_then(Value::as_str);
    match (kind, options.is_empty()) {
        (Some(kind), true) => format!("{id} ({kind})"),
        (Some(kind), false) => format!("{id} ({kind}: {})", options.join(", ")),
        (None, _) => id.to_owned(),
    }
}
