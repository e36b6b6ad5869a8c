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

impl Replica {
    /// Its id, once it has one.
    pub(crate) fn id(&self) -> Option<&ProjectId> {
        self.id.as_ref()
    }

    /// The folder that it is shown in.
    pub(crate) fn folder(&self) -> &SpaceId {
        &self.folder
    }

    /// The title that it is shown with: as Taskade has it, or is to have it.
    pub(crate) fn title(&self) -> &str {
        &self.title
    }

    /// Shows it at a place.
    pub(in crate::replica) fn show_at(&mut self, place: &Location) {
        place.title.clone_into(&mut self.title);
        self.folder = place.folder.clone();
    }
}

impl Location {
    /// Where a project is shown.
    pub(crate) fn shown(state: &Replica) -> Self {
        Self { folder: state.folder.clone(), title: state.title.clone() }
    }

    /// Where Taskade has a project, or is to create it first.
    pub(crate) fn remote(state: &Replica) -> Self {
        let relocation = state.relocation();
        relocation.map_or_else(|| Self::shown(state), |relocation| relocation.from().clone())
    }
}
