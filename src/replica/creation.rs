//! What a new project is made from, and a request to create one whose answer is not known. Pure.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, TemplateId},
    plan::Outline,
};

/// What a new project is made from at Taskade, where that is more than its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MadeFrom {
    pub(crate) source: Source,
    /// The file that was copied, relative to the mount.
    pub(crate) path: String,
}

/// What is asked for in place of a project of these tasks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Source {
    /// A copy of a project that has the same tasks, with all that they have beside.
    Project(ProjectId),
    /// A project made from a template.
    Template {
        id: TemplateId,
        /// What the template is called, and a project made from it.
        name: String,
        /// The line that stands for what the template holds, in place of which that is.
        line: String,
    },
}

impl MadeFrom {
    /// The project that it is a copy of.
    pub(crate) fn project(&self) -> Option<&ProjectId> {
        match &self.source {
            Source::Project(project) => Some(project),
            Source::Template { .. } => None,
        }
    }
}

/// A request to create a project of which it is not known what it did: what it takes to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Creating {
    /// The projects that the folder had before. None of them was made by the request, whatever
    /// its title, and none may be taken for it: a save would write over it.
    pub(crate) before: HashSet<ProjectId>,
    /// The tasks that were asked for.
    pub(crate) sent: Outline,
    /// Whether it was made, as Taskade says: it is looked for then, and never asked for again.
    #[serde(default)]
    pub(crate) is_made: bool,
}
