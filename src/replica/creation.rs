//! A request to create a project whose answer is not known. Pure.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{ids::ProjectId, plan::Outline};

/// A request to create a project of which it is not known what it did: what it takes to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Creating {
    /// The projects that the folder had before. None of them was made by the request, whatever
    /// its title, and none may be taken for it: a save would write over it.
    pub(crate) before: HashSet<ProjectId>,
    /// The tasks that were asked for.
    pub(crate) sent: Outline,
}
