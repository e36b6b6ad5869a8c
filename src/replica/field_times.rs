//! When the fields of a project's tasks were set here or asked for: what an export says of them that
//! was asked for before is older. Pure.

use std::{collections::HashMap, time::Instant};

use crate::{
    ids::TaskId,
    plan::{Details, Key, Outline, TaskDetails},
};

/// Of the tasks of one project, in this mount.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct FieldTimes {
    /// By task: when all of its fields were asked for.
    asked: HashMap<TaskId, Instant>,
    /// By task and field: when a request that sets it was sent or, if it was, answered.
    set: HashMap<TaskId, HashMap<String, Instant>>,
}

impl FieldTimes {
    /// A request sets this field, or has set it.
    pub(crate) fn note_set(&mut self, task: &TaskId, field: &str, now: Instant) {
        self.set.entry(task.clone()).or_default().insert(field.to_owned(), now);
    }

    /// All fields of a task were asked for then.
    pub(crate) fn note_asked(&mut self, task: &TaskId, asked: Instant) {
        self.asked.insert(task.clone(), asked);
    }

    /// Puts what is `known` by now in the place of what is `told` by an export that was asked for then,
    /// wherever it was set or asked for since.
    pub(crate) fn keep_newer(&self, told: &mut Outline, known: &Outline, asked: Instant) {
        if self.asked.is_empty() && self.set.is_empty() {
            return;
        }
        let known: HashMap<&Key, &Details> =
            known.items.iter().map(|item| (&item.key, &item.details)).collect();
        for item in told.items.iter_mut().filter(|item| !item.details.is_unknown()) {
            let (Key::Known(task), Some(known)) = (&item.key, known.get(&item.key)) else {
                continue;
            };
            let (mut parts, known) = (item.details.parts(), known.parts());
            if self.asked.get(task).is_some_and(|at| *at > asked) {
                item.details = TaskDetails { fields: known.fields, ..parts }.into();
                continue;
            }
            let set = self.set.get(task).into_iter().flatten().filter(|(_, at)| **at > asked);
            for (field, _) in set {
                match known.fields.get(field) {
                    Some(value) => parts.fields.put(field, value.clone()),
                    None => parts.fields.remove(field),
                }
                item.details = parts.clone().into();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use serde_json::json;

    use super::FieldTimes;
    use crate::{
        ids::TaskId,
        plan::{Details, Item, Key, Outline, PartialMap, TaskDetails},
    };

    fn outline(fields: &[(&str, i32)]) -> Outline {
        let known = fields.iter().map(|(id, value)| ((*id).to_owned(), json!(value))).collect();
        let fields = PartialMap { known, complete: true };
        let item = Item {
            key: Key::Known(TaskId::new("a")),
            depth: 0,
            text: "a".to_owned(),
            done: false,
            details: Details::from(TaskDetails { fields, ..TaskDetails::default() }),
            spelled: Default::default(),
        };
        Outline { items: vec![item] }
    }

    #[test]
    fn what_was_set_or_asked_for_since_is_newer_and_nothing_else() {
        let (task, asked) = (TaskId::new("a"), Instant::now());
        let at = |seconds| asked + Duration::from_secs(seconds);
        let known = outline(&[("@set", 1), ("@before", 1), ("@other", 1)]);
        let told = outline(&[("@set", 2), ("@gone", 2), ("@before", 2), ("@other", 2)]);
        let kept = |times: &FieldTimes| {
            let mut told = told.clone();
            times.keep_newer(&mut told, &known, asked);
            told
        };
        let mut times = FieldTimes::default();
        assert_eq!(kept(&times), told);
        times.note_set(&task, "@before", asked);
        times.note_set(&task, "@set", at(1));
        times.note_set(&task, "@gone", at(1));
        assert_eq!(kept(&times), outline(&[("@set", 1), ("@before", 2), ("@other", 2)]));
        times.note_asked(&task, asked);
        assert_eq!(kept(&times), outline(&[("@set", 1), ("@before", 2), ("@other", 2)]));
        times.note_asked(&task, at(1));
        assert_eq!(kept(&times), known);
    }
}
