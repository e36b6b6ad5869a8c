//! Values of fields that no request can give a task: Taskade's API takes a number or a text that is
//! not empty, and tells of others too. Where a task is made anew of one that has such a value, it is
//! left out before anything is sent, and the history tells what it was.

use serde_json::Value;

use crate::{
    error::Result,
    plan::{Change, Details, Key, Op},
    replica::pending::PendingSave,
    store::remarks::Remark,
    sync::{engine::Engine, project::Project, transition::Transition},
    text::fields::spelled,
};

/// A value that is left out.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LeftOut {
    /// The text of its task.
    pub(crate) text: String,
    pub(crate) field: String,
    pub(crate) value: Value,
}

impl LeftOut {
    /// All that are left out of one task, which has this text.
    pub(crate) fn all(text: &str, left: Vec<(String, Value)>) -> Vec<Self> {
        let all = left.into_iter();
        all.map(|(field, value)| Self { text: text.to_owned(), field, value }).collect()
    }
}

/// Whether a request can give a task this value.
pub(crate) fn is_settable(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => !text.is_empty(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    }
}

/// Details without the values that cannot be set, and those.
pub(crate) fn settable(details: &Details) -> (Details, Vec<(String, Value)>) {
    let mut parts = details.parts();
    let (known, left) = parts.fields.known.into_iter().partition(|(_, value)| is_settable(value));
    parts.fields.known = known;
    if left.is_empty() { (details.clone(), left) } else { (parts.into(), left) }
}

/// Leaves out, durably, what a script would set and cannot, and tells of it. Whether there is any:
/// then the script is to be planned again.
pub(crate) async fn leave_out(engine: &Engine, project: &Project, ops: &[Op]) -> Result<bool> {
    if !ops.iter().any(|op| matches!(op, Op::Detail { change: Change::Field(_, Some(_)), .. })) {
        return Ok(false);
    }
    let mut next = Transition::begin(engine, project).await;
    let Some(save) = next.pending() else { return Ok(false) };
    let left: Vec<(Key, LeftOut)> = ops.iter().filter_map(|op| unsettable(save, op)).collect();
    if left.is_empty() {
        return Ok(false);
    }
    let fields = left.iter().map(|(key, left)| (key, left.field.as_str()));
    next.leave_out_fields(fields, |target| project.render(target));
    // Rather twice, if it is killed in between, than never.
    report(engine, project, left.into_iter().map(|(_, left)| left).collect()).await?;
    next.commit().await?;
    Ok(true)
}

/// What an operation would set and cannot.
fn unsettable(save: &PendingSave, op: &Op) -> Option<(Key, LeftOut)> {
    let Op::Detail { key, change: Change::Field(field, Some(value)) } = op else { return None };
    // A line that was pasted says in words what the task that was cut has.
    let cut = save.transfer_to(key).map(|moved| moved.cut_with.parts());
    let had = cut.as_ref().and_then(|parts| parts.fields.get(field));
    let is_in_words = |had: &&Value| !is_settable(had) && value.as_str() == Some(&spelled(had));
    let value = had.filter(is_in_words).unwrap_or(value);
    if is_settable(value) {
        return None;
    }
    let text = save.target().find(key).map(|item| item.text.clone()).unwrap_or_default();
    Some((key.clone(), LeftOut { text, field: field.clone(), value: value.clone() }))
}

/// Tells, in the history and in the log, what was left out.
///
/// # Errors
/// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
pub(crate) async fn report(engine: &Engine, project: &Project, left: Vec<LeftOut>) -> Result<()> {
    if left.is_empty() {
        return Ok(());
    }
    let (id, title) = {
        let state = project.lock();
        (state.id().cloned(), state.title().to_owned())
    };
    tracing::warn!(project = title, ?left, "values of fields were not carried along");
    let format = project.format();
    let line = |LeftOut { text, field, value }: &LeftOut| {
        format!("! {text}: {} was {value}", format.field_name(field))
    };
    let remark = Remark {
        time: engine.clock.wall(),
        project: id,
        title,
        summary: "values of fields were not carried along: Taskade's API takes only numbers and \
                  texts; set them in the app"
            .to_owned(),
        lines: left.iter().map(line).collect(),
    };
    engine.journaled(move |journal| journal.remark(&remark, None)).await
}
