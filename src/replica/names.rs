//! The people and fields that a project was seen to have. Pure.

use std::collections::HashSet;

use crate::plan::Details;

/// The names in a project that the service has told.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) members: HashSet<String>,
    pub(crate) fields: HashSet<String>,
}

impl Names {
    /// Notes those that a task is known to have at the service.
    pub(crate) fn saw(&mut self, details: &Details) {
        if !details.is_unknown() {
            let seen = details.parts();
            self.members.extend(seen.assignees.known.into_iter().map(|(handle, ())| handle));
            self.fields.extend(seen.fields.known.into_iter().map(|(field, _)| field));
        }
    }
}
