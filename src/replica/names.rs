//! The people and fields that a project was seen to have. Pure.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::plan::Details;

/// The names in a project that the service has told.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) members: HashSet<String>,
    pub(crate) fields: HashSet<String>,
    /// Whether an export told which fields it defines, by this mount or an earlier one.
    pub(crate) is_exported: bool,
    /// Counts what exports told of that and had not told before.
    pub(crate) schemas: u64,
    /// When that was asked for which told it last, as far as that is known.
    exported: Option<Instant>,
    /// What the service listed of its fields, and when it was asked.
    listed: Option<(Instant, Value)>,
}

impl Names {
    /// An export that was asked for then told which fields it defines, which are others than before or
    /// not.
    pub(crate) fn note_exported(&mut self, asked: Option<Instant>, is_other: bool) {
        if is_other || !self.is_exported {
            self.schemas += 1;
        }
        self.is_exported = true;
        self.exported = self.exported.max(asked);
    }

    /// The service listed its fields, when it was asked for them then.
    pub(crate) fn note_listed(&mut self, asked: Instant, fields: Value) {
        self.listed = Some((asked, fields));
    }

    /// What was told of its fields less than `max_age` ago where no export told of any: by a listing,
    /// or that there are none.
    pub(crate) fn told_lately(&self, now: Instant, max_age: Duration) -> Option<Value> {
        let is_young =
            |at: &Instant| !max_age.is_zero() && now.saturating_duration_since(*at) <= max_age;
        let listed = self.listed.as_ref().filter(|(at, _)| is_young(at));
        let exported = self.exported.filter(is_young);
        match (listed, exported) {
            (Some((at, fields)), exported) if exported.is_none_or(|exported| exported <= *at) => {
                Some(fields.clone())
            }
            (_, exported) => exported.map(|_| Value::Array(Vec::new())),
        }
    }

    /// Notes those that a task is known to have at the service.
    pub(crate) fn saw(&mut self, details: &Details) {
        if !details.is_unknown() {
            let seen = details.parts();
            self.members.extend(seen.assignees.known.into_iter().map(|(handle, ())| handle));
            self.fields.extend(seen.fields.known.into_iter().map(|(field, _)| field));
        }
    }
}
