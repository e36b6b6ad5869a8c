//! What Taskade does not allow this account, as it has said: not to be asked for again before the space
//! is listed anew, somebody settles a refused save, or something in the space is allowed.

use std::collections::HashMap;

use crate::{
    error::Error,
    ids::{ProjectId, SpaceId},
    lock_order::Ordered,
};

/// How many projects of a space are not to be written before none of them is taken to be.
const ENOUGH: usize = 2;

/// What is denied in a space.
#[derive(Debug, Default)]
struct DeniedIn {
    /// Why nothing can be created.
    creation: Option<Error>,
    /// Why projects cannot be written.
    projects: HashMap<ProjectId, Error>,
    /// Why projects cannot be archived.
    archivals: HashMap<ProjectId, Error>,
}

impl DeniedIn {
    /// Why nothing in the space can be changed, as far as is seen.
    fn all(&self) -> Option<&Error> {
        let projects = || self.projects.values().next().filter(|_| self.projects.len() >= ENOUGH);
        self.creation.as_ref().or_else(projects)
    }
}

/// What is denied in all spaces.
#[derive(Debug, Default)]
pub(crate) struct Denied(Ordered<HashMap<SpaceId, DeniedIn>>);

impl Denied {
    /// A project cannot be written, or with `None` created, for this reason.
    pub(crate) fn note(&self, space: &SpaceId, project: Option<&ProjectId>, why: &Error) {
        let mut denied = self.0.lock();
        let denied = denied.entry(space.clone()).or_default();
        match project {
            Some(project) => drop(denied.projects.insert(project.clone(), why.clone())),
            None => denied.creation = Some(why.clone()),
        }
    }

    /// A project cannot be archived for this reason.
    pub(crate) fn note_archival(&self, space: &SpaceId, project: &ProjectId, why: &Error) {
        let mut denied = self.0.lock();
        let denied = denied.entry(space.clone()).or_default();
        denied.archivals.insert(project.clone(), why.clone());
    }

    /// Why a project cannot be archived, as far as is seen.
    pub(crate) fn archival(&self, space: &SpaceId, project: &ProjectId) -> Option<Error> {
        self.0.lock().get(space)?.archivals.get(project).cloned()
    }

    /// Whether it may be otherwise: what is denied in a space is not known any more. Whether anything
    /// was.
    pub(crate) fn forget(&self, space: &SpaceId) -> bool {
        self.0.lock().remove(space).is_some()
    }

    /// Why nothing in a space can be changed, as far as is seen.
    pub(crate) fn in_space(&self, space: &SpaceId) -> Option<Error> {
        self.0.lock().get(space)?.all().cloned()
    }

    /// Whether a project was seen to be one that cannot be written.
    pub(crate) fn is_denied(&self, space: &SpaceId, project: Option<&ProjectId>) -> bool {
        let denied = self.0.lock();
        let Some(denied) = denied.get(space) else { return false };
        denied.all().is_some() || project.is_some_and(|it| denied.projects.contains_key(it))
    }
}
