//! What is known of a task beside its text, and how two such states are told apart and merged.
//!
//! Nothing fetches details unasked, so each of them may be unknown. What is unknown is never
//! touched: it differs from nothing, and no script changes it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::facts::{Fact, Set};
use crate::model::{Schedule, TaskResource};

/// What is known of a task beside its text. Most tasks have none, so it is kept small.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Details(Option<Box<Facts>>);

/// The details themselves.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// When it is due.
    pub date: Fact<Schedule>,
    /// Its note. One that was written in the app may have several lines.
    pub note: Fact<String>,
    /// Who does it, by handle, in the order in which they are shown.
    pub assignees: Set<()>,
    /// The values of its custom fields, by field id, in the order in which they are shown.
    pub fields: Set<Value>,
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
        Self::from(Facts {
            date: Fact::Absent,
            note: Fact::Absent,
            assignees: Set { known: Vec::new(), complete: true },
            fields: Set { known: Vec::new(), complete: true },
        })
    }

    /// The details themselves.
    pub fn facts(&self) -> Facts {
        self.0.as_deref().cloned().unwrap_or_default()
    }

    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// Whether everything about this is known.
    pub fn knows(&self, resource: TaskResource) -> bool {
        let Some(facts) = &self.0 else { return resource == TaskResource::Task };
        match resource {
            TaskResource::Task => true,
            TaskResource::Date => facts.date.is_known(),
            TaskResource::Note => facts.note.is_known(),
            TaskResource::Assignees => facts.assignees.complete,
            TaskResource::Fields => facts.fields.complete,
        }
    }

    /// With `other` where nothing is known here.
    pub fn or(&self, other: &Details) -> Details {
        let (mut facts, other) = match (&self.0, &other.0) {
            (_, None) => return self.clone(),
            (None, Some(_)) => return other.clone(),
            (Some(facts), Some(other)) => (facts.as_ref().clone(), other.as_ref()),
        };
        facts.date.or(&other.date);
        facts.note.or(&other.note);
        facts.assignees.or(&other.assignees);
        facts.fields.or(&other.fields);
        facts.into()
    }

    /// With what was told where anything was told, in the order in which it was shown before.
    pub(crate) fn updated(&self, told: &Details) -> Details {
        let mut facts = told.or(self).facts();
        let shown = self.facts();
        facts.assignees.sort_like(&shown.assignees);
        facts.fields.sort_like(&shown.fields);
        facts.into()
    }

    /// With what `other` has where these have nothing.
    pub(crate) fn with(&self, other: &Details) -> Details {
        let (mut facts, other) = (self.facts(), other.facts());
        if facts.date.present().is_none() && other.date.is_known() {
            facts.date = other.date;
        }
        if facts.note.present().is_none() && other.note.is_known() {
            facts.note = other.note;
        }
        let more: Vec<_> = other.assignees.without(&facts.assignees).cloned().collect();
        facts.assignees.known.extend(more);
        let more: Vec<_> = other.fields.without(&facts.fields).cloned().collect();
        facts.fields.known.extend(more);
        facts.into()
    }

    /// These, as they were before somebody made `after` of them: what was not known then was nothing
    /// to whoever set it.
    pub(crate) fn before(&self, after: &Details) -> Details {
        let (mut facts, after) = (self.facts(), after.facts());
        facts.date.none_before(&after.date);
        facts.note.none_before(&after.note);
        facts.into()
    }

    /// What there is here and not in `other`.
    pub(crate) fn beyond(&self, other: &Details) -> Details {
        let (mut facts, other) = (self.present().facts(), other.facts());
        if other.date.present().is_some() {
            facts.date = Fact::Unknown;
        }
        if other.note.present().is_some() {
            facts.note = Fact::Unknown;
        }
        facts.assignees.known.retain(|(handle, ())| other.assignees.get(handle).is_none());
        facts.fields.known.retain(|(id, _)| other.fields.get(id).is_none());
        facts.into()
    }

    /// Only what there is: whether there is more is not known.
    pub(crate) fn present(&self) -> Details {
        let mut facts = self.facts();
        facts.date = facts.date.present().cloned().map_or(Fact::Unknown, Fact::Present);
        facts.note = facts.note.present().cloned().map_or(Fact::Unknown, Fact::Present);
        facts.assignees.complete = false;
        facts.fields.complete = false;
        facts.into()
    }

    /// With a note that can be sent: the service takes no line breaks in one.
    pub(crate) fn in_one_line(&self) -> Details {
        let mut facts = self.facts();
        if let Fact::Present(note) = &mut facts.note {
            *note = note
                .split(['\r', '\n'])
                .filter(|line| !line.is_empty())
                .collect::<Vec<_>>()
                .join(" ");
        }
        facts.into()
    }

    /// Whether there is something of this.
    pub(crate) fn has_any(&self, resource: TaskResource) -> bool {
        let Some(facts) = &self.0 else { return false };
        match resource {
            TaskResource::Task => false,
            TaskResource::Date => facts.date.present().is_some(),
            TaskResource::Note => facts.note.present().is_some(),
            TaskResource::Assignees => !facts.assignees.known.is_empty(),
            TaskResource::Fields => !facts.fields.known.is_empty(),
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
            let (new, old) = (self.facts(), base.facts());
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
            let (new, old) = (self.facts(), base.facts());
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
        let (base, ours, theirs) = (base.facts(), ours.facts(), theirs.facts());
        Facts {
            date: Fact::merged(&base.date, ours.date, theirs.date),
            note: Fact::merged(&base.note, ours.note, theirs.note),
            assignees: Set::merged(&base.assignees, ours.assignees, theirs.assignees),
            fields: Set::merged(&base.fields, ours.fields, theirs.fields),
        }
        .into()
    }

    /// Whether ours and theirs changed one thing of `base`, differently.
    pub(crate) fn clash(base: &Details, ours: &Details, theirs: &Details) -> bool {
        let is_three_way = ours != base && theirs != base && ours != theirs;
        is_three_way && {
            let (base, ours, theirs) = (base.facts(), ours.facts(), theirs.facts());
            Fact::clash(&base.date, &ours.date, &theirs.date)
                || Fact::clash(&base.note, &ours.note, &theirs.note)
                || Set::clash(&base.fields, &ours.fields, &theirs.fields)
        }
    }

    /// The fewest changes that make `to` of these, each a request. What `to` does not know stays.
    pub(crate) fn script(&self, to: &Details) -> Vec<Change> {
        if self == to {
            return Vec::new();
        }
        let (from, to) = (self.facts(), to.facts());
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
        let mut facts = self.facts();
        match change {
            Change::Date(date) => facts.date = Fact::of(date.clone()),
            Change::Note(note) => facts.note = Fact::of(note.clone()),
            Change::Assign(more) => {
                more.iter().for_each(|handle| facts.assignees.put(handle, ()));
            }
            Change::Unassign(handle) => facts.assignees.remove(handle),
            Change::Field(id, Some(value)) => facts.fields.put(id, value.clone()),
            Change::Field(id, None) => facts.fields.remove(id),
        }
        *self = facts.into();
    }
}

impl From<Facts> for Details {
    fn from(facts: Facts) -> Self {
        Self((facts != Facts::default()).then(|| Box::new(facts)))
    }
}

fn name<T>((name, _): &(String, T)) -> String {
    name.clone()
}
