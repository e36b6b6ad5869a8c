//! What a project is called and where it is. Pure.

use crate::{
    ids::{ProjectId, SpaceId},
    replica::{relocation::Location, state::Replica},
};

/// Whose text was refused here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RejectedOf {
    pub(crate) project: Option<ProjectId>,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
}

impl RejectedOf {
    pub(crate) fn of(state: &Replica) -> Self {
        Self { project: state.id.clone(), folder: state.folder.clone(), title: state.title.clone() }
    }
}

impl Location {
    /// Where a project is shown.
    pub(crate) fn shown(state: &Replica) -> Self {
        Self { folder: state.folder.clone(), title: state.title.clone() }
    }

    /// Where Taskade has a project, or is to create it first.
    pub(crate) fn remote(state: &Replica) -> Self {
        let relocation = state.pending().and_then(|save| save.relocation.as_ref());
        relocation.map_or_else(|| Self::shown(state), |relocation| relocation.from.clone())
    }
}
