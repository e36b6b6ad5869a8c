//! What is known of a task beside its text, and how two such states are told apart and merged.
//!
//! Nothing fetches details unasked, so each of them may be unknown. What is unknown is never
//! touched: it differs from nothing, and no script changes it.

use std::sync::{Arc, LazyLock};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::known::{Known, PartialMap};
use crate::model::{End, Schedule, TaskResource};

/// What is known of a task beside its text. Of most tasks that is nothing, or that they have
/// nothing: neither takes memory of its own, and copies share theirs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Option<TaskDetails>", into = "Option<TaskDetails>")]
pub struct Details(Option<Arc<TaskDetails>>);

/// What is known of most tasks of a project that was exported: that they have no fields.
static NO_FIELDS: LazyLock<Arc<TaskDetails>> = LazyLock::new(|| {
    let fields = PartialMap { known: Vec::new(), complete: true };
    Arc::new(TaskDetails { fields, ..TaskDetails::default() })
});

/// What is known of a task that was just created: that it has nothing.
static NONE: LazyLock<Arc<TaskDetails>> = LazyLock::new(|| {
    Arc::new(TaskDetails {
        date: Known::Absent,
        note: Known::Absent,
        assignees: PartialMap { known: Vec::new(), complete: true },
        fields: PartialMap { known: Vec::new(), complete: true },
    })
});

/// The details themselves. What is unknown is not written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct TaskDetails {
    /// When it is due.
    #[serde(skip_serializing_if = "Known::is_unknown")]
    pub date: Known<Schedule>,
    /// Its note. One that was written in the app may have several lines.
    #[serde(skip_serializing_if = "Known::is_unknown")]
    pub note: Known<String>,
    /// Who does it, by handle, in the order in which they are shown.
    #[serde(skip_serializing_if = "PartialMap::is_unknown")]
    pub assignees: PartialMap<()>,
    /// The values of its custom fields, by field id, in the order in which they are shown.
    #[serde(skip_serializing_if = "PartialMap::is_unknown")]
    pub fields: PartialMap<Value>,
}

/// What a request changes of a task beside its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Change {
    /// When it is due, or that it is not.
    Date(Option<Schedule>),
    /// Its note, or that it has none.
    Note(Option<String>),
    /// These people do it as well.
    Assign(Vec<String>),
    /// Somebody does it no more.
    Unassign(String),
    /// The value of a custom field, or that it has none.
    Field(String, Option<Value>),
}

impl Change {
    /// Whether it does not matter any more, once this was made, whether `other` was made before.
    pub(crate) fn settles(&self, other: &Change) -> bool {
        match (self, other) {
            (Change::Date(_), Change::Date(_)) | (Change::Note(_), Change::Note(_)) => true,
            (Change::Field(id, _), Change::Field(other, _)) => id == other,
            (Change::Assign(all), Change::Assign(some)) => {
                some.iter().all(|handle| all.contains(handle))
            }
            (Change::Assign(all), Change::Unassign(one)) => all.contains(one),
            (Change::Unassign(one), Change::Assign(all)) => matches!(&all[..], [it] if it == one),
            (Change::Unassign(one), Change::Unassign(other)) => one == other,
            _ => false,
        }
    }

    /// Which of a task's resources it changes.
    pub(crate) fn resource(&self) -> TaskResource {
        match self {
            Change::Date(_) => TaskResource::Date,
            Change::Note(_) => TaskResource::Note,
            Change::Assign(_) | Change::Unassign(_) => TaskResource::Assignees,
            Change::Field(..) => TaskResource::Fields,
        }
    }
}

impl Details {
    /// Those of a task that was just created: it has none.
    pub fn none() -> Self {
        Self(Some(Arc::clone(&NONE)))
    }

    /// The details themselves.
    pub fn parts(&self) -> TaskDetails {
        self.0.as_deref().cloned().unwrap_or_default()
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// Whether both are one thing in memory.
    #[cfg(test)]
    pub(super) fn is_shared_with(&self, other: &Details) -> bool {
        matches!((&self.0, &other.0), (Some(one), Some(other)) if Arc::ptr_eq(one, other))
    }

    /// Whether everything about this is known.
    pub fn knows(&self, resource: TaskResource) -> bool {
        let Some(parts) = &self.0 else { return resource == TaskResource::Task };
        match resource {
            TaskResource::Task => true,
            TaskResource::Date => parts.date.is_known(),
            TaskResource::Note => parts.note.is_known(),
            TaskResource::Assignees => parts.assignees.complete,
            TaskResource::Fields => parts.fields.complete,
        }
    }

    /// With `other` where nothing is known here.
    pub fn or(&self, other: &Details) -> Details {
        let (mut parts, other) = match (&self.0, &other.0) {
            (_, None) => return self.clone(),
            (None, Some(_)) => return other.clone(),
            (Some(parts), Some(other)) => (TaskDetails::clone(parts), other.as_ref()),
        };
        parts.date.or(&other.date);
        parts.note.or(&other.note);
        parts.assignees.or(&other.assignees);
        parts.fields.or(&other.fields);
        parts.into()
    }

    /// With what was told where anything was told, in the order in which it was shown before.
    pub(crate) fn updated(&self, newer: &Details) -> Details {
        let mut parts = newer.or(self).parts();
        let shown = self.parts();
        parts.assignees.sort_like(&shown.assignees);
        parts.fields.sort_like(&shown.fields);
        parts.into()
    }

    /// With what `other` has where these have nothing.
    pub(crate) fn with(&self, other: &Details) -> Details {
        let (mut parts, other) = (self.parts(), other.parts());
        if parts.date.present().is_none() && other.date.is_known() {
            parts.date = other.date;
        }
        if parts.note.present().is_none() && other.note.is_known() {
            parts.note = other.note;
        }
        let more: Vec<_> = other.assignees.without(&parts.assignees).cloned().collect();
        parts.assignees.known.extend(more);
        let more: Vec<_> = other.fields.without(&parts.fields).cloned().collect();
        parts.fields.known.extend(more);
        parts.into()
    }

    /// These, as they were before somebody made `after` of them: what was not known then was nothing
    /// to whoever set it.
    pub(crate) fn before(&self, after: &Details) -> Details {
        let (mut parts, after) = (self.parts(), after.parts());
        parts.date.none_before(&after.date);
        parts.note.none_before(&after.note);
        parts.into()
    }

    /// What there is here and not in `other`.
    pub(crate) fn beyond(&self, other: &Details) -> Details {
        let (mut parts, other) = (self.present().parts(), other.parts());
        if other.date.present().is_some() {
            parts.date = Known::Unknown;
        }
        if other.note.present().is_some() {
            parts.note = Known::Unknown;
        }
        parts.assignees.known.retain(|(handle, ())| other.assignees.get(handle).is_none());
        parts.fields.known.retain(|(id, _)| other.fields.get(id).is_none());
        parts.into()
    }

    /// Only what there is: whether there is more is not known.
    pub(crate) fn present(&self) -> Details {
        let mut parts = self.parts();
        parts.date = parts.date.present().cloned().map_or(Known::Unknown, Known::Present);
        parts.note = parts.note.present().cloned().map_or(Known::Unknown, Known::Present);
        parts.assignees.complete = false;
        parts.fields.complete = false;
        parts.into()
    }

    /// As it can be sent: the service takes no line breaks in a note and no end after some time.
    pub(crate) fn sendable(&self) -> Details {
        if self.is_unknown() {
            return self.clone();
        }
        let mut parts = self.parts();
        if let Known::Present(Schedule { end, .. }) = &mut parts.date {
            end.take_if(|end| matches!(end, End::Period { .. }));
        }
        if let Known::Present(note) = &mut parts.note {
            *note = note
                .split(['\r', '\n'])
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
        }
        parts.into()
    }

    /// Whether there is something of this.
    pub(crate) fn has_any(&self, resource: TaskResource) -> bool {
        let Some(parts) = &self.0 else { return false };
        match resource {
            TaskResource::Task => false,
            TaskResource::Date => parts.date.present().is_some(),
            TaskResource::Note => parts.note.present().is_some(),
            TaskResource::Assignees => !parts.assignees.known.is_empty(),
            TaskResource::Fields => !parts.fields.known.is_empty(),
        }
    }

    /// With nothing where nothing is known: a task that is to be created has no other details
    /// than those that are known.
    pub(crate) fn settled(&self) -> Details {
        self.or(&Details::none())
    }

    /// Whether we changed `base` for it to be like this. To know less is no change.
    pub(crate) fn changes(&self, base: &Details) -> bool {
        self != base && {
            let (new, old) = (self.parts(), base.parts());
            new.date.changes(&old.date)
                || new.note.changes(&old.note)
                || new.assignees.changes(&old.assignees)
                || new.fields.changes(&old.fields)
        }
    }

    /// Whether somebody else changed `base` for it to be like this. Something that they have, and of
    /// which `base` does not know, may have been there before.
    pub(crate) fn differs(&self, base: &Details) -> bool {
        self != base && {
            let (new, old) = (self.parts(), base.parts());
            new.date.differs(&old.date)
                || new.note.differs(&old.note)
                || new.assignees.differs(&old.assignees)
                || new.fields.differs(&old.fields)
        }
    }

    /// Three-way: what we changed of `base` is as we have it, anything else as they have it.
    pub(crate) fn merged(base: &Details, ours: &Details, theirs: &Details) -> Details {
        if ours == base || ours == theirs {
            return theirs.clone();
        }
        let (base, ours, theirs) = (base.parts(), ours.parts(), theirs.parts());
        TaskDetails {
            date: Known::merged(&base.date, ours.date, theirs.date),
            note: Known::merged(&base.note, ours.note, theirs.note),
            assignees: PartialMap::merged(&base.assignees, ours.assignees, theirs.assignees),
            fields: PartialMap::merged(&base.fields, ours.fields, theirs.fields),
        }
        .into()
    }

    /// Whether ours and theirs changed one thing of `base`, differently.
    pub(crate) fn clash(base: &Details, ours: &Details, theirs: &Details) -> bool {
        let is_three_way = ours != base && theirs != base && ours != theirs;
        is_three_way && {
            let (base, ours, theirs) = (base.parts(), ours.parts(), theirs.parts());
            Known::clash(&base.date, &ours.date, &theirs.date)
                || Known::clash(&base.note, &ours.note, &theirs.note)
                || PartialMap::clash(&base.fields, &ours.fields, &theirs.fields)
        }
    }

    /// The fewest changes that make `to` of these, each a request. What `to` does not know stays.
    pub(crate) fn script(&self, to: &Details) -> Vec<Change> {
        if self == to {
            return Vec::new();
        }
        let (from, to) = (self.parts(), to.parts());
        let mut changes = Vec::new();
        if to.date.changes(&from.date) {
            changes.push(Change::Date(to.date.present().cloned()));
        }
        if to.note.changes(&from.note) {
            changes.push(Change::Note(to.note.present().cloned()));
        }
        let gone = from.assignees.without(&to.assignees);
        changes.extend(gone.map(|(handle, ())| Change::Unassign(handle.clone())));
        let more: Vec<String> = to.assignees.without(&from.assignees).map(name).collect();
        if !more.is_empty() {
            changes.push(Change::Assign(more));
        }
        let gone = from.fields.without(&to.fields);
        changes.extend(gone.map(|(id, _)| Change::Field(id.clone(), None)));
        let set = to.fields.known.iter().filter(|(id, value)| from.fields.get(id) != Some(value));
        changes.extend(set.map(|(id, value)| Change::Field(id.clone(), Some(value.clone()))));
        changes
    }

    /// Whether they are as the change makes them.
    pub(crate) fn has(&self, change: &Change) -> bool {
        let mut changed = self.clone();
        changed.apply(change);
        changed == *self
    }

    /// Does what the service does for a change.
    pub(crate) fn apply(&mut self, change: &Change) {
        let mut parts = self.parts();
        match change {
            Change::Date(date) => parts.date = Known::of(date.clone()),
            Change::Note(note) => parts.note = Known::of(note.clone()),
            Change::Assign(more) => {
                more.iter().for_each(|handle| parts.assignees.put(handle, ()));
            }
            Change::Unassign(handle) => parts.assignees.remove(handle),
            Change::Field(id, Some(value)) => parts.fields.put(id, value.clone()),
            Change::Field(id, None) => parts.fields.remove(id),
        }
        *self = parts.into();
    }
}

impl From<TaskDetails> for Details {
    fn from(parts: TaskDetails) -> Self {
        if parts == TaskDetails::default() {
            return Self(None);
        }
        let common = [&*NO_FIELDS, &*NONE].into_iter().find(|common| ***common == parts);
        Self(Some(common.map_or_else(|| Arc::new(parts), Arc::clone)))
    }
}

impl From<Option<TaskDetails>> for Details {
    fn from(parts: Option<TaskDetails>) -> Self {
        parts.map(Self::from).unwrap_or_default()
    }
}

impl From<Details> for Option<TaskDetails> {
    fn from(details: Details) -> Self {
        details.0.map(Arc::unwrap_or_clone)
    }
}

fn name<T>((name, _): &(String, T)) -> String {
    name.clone()
}
