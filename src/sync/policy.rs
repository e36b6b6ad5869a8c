//! What the user chose for a project or a space: by its path, else for all. The one place where it is
//! decided which of both counts.

use std::time::Duration;

use crate::{
    api::TaskResource,
    ids::SpaceId,
    sync::{engine::Engine, leaf::known_listings::Which, locate, project::Project},
};

impl Engine {
    /// How old a reading of a project may be to be served or saved upon. To be called with no lock of
    /// it held.
    pub(crate) fn max_age_of(&self, project: &Project) -> Duration {
        let chosen = self.by_path(|| self.path(project), |path| self.settings.paths.max_age(path));
        chosen.unwrap_or(self.settings.max_age)
    }

    /// As [`max_age_of`](Self::max_age_of), of what a space holds; `None` is the root.
    pub(crate) fn max_age_in(&self, space: Option<&SpaceId>) -> Duration {
        let chosen = space.and_then(|space| {
            self.by_path(|| self.way(space), |path| self.settings.paths.max_age(path))
        });
        chosen.unwrap_or(self.settings.max_age)
    }

    /// As [`max_age_of`](Self::max_age_of), of a listing.
    pub(crate) fn max_age_of_listing(&self, which: &Which) -> Duration {
        match which {
            Which::Folders(space)
            | Which::Projects(space)
            | Which::Medias(space)
            | Which::Agents(space)
            | Which::Templates(space) => self.max_age_in(Some(space)),
            _ => self.settings.max_age,
        }
    }

    /// Which details are asked for ahead of the tasks of a project.
    pub(crate) fn details_of(&self, project: &Project) -> Vec<TaskResource> {
        let chosen = self.by_path(|| self.path(project), |path| self.settings.paths.details(path));
        chosen.unwrap_or_else(|| self.settings.details.clone())
    }

    /// Whether nothing of a project may be written.
    pub(crate) fn is_read_only(&self, project: &Project) -> bool {
        let chosen =
            || self.by_path(|| self.path(project), |path| self.settings.paths.read_only(path));
        self.settings.read_only || chosen().unwrap_or(false)
    }

    /// Whether nothing may be made in, or taken from, a space; `None` is the root.
    pub(crate) fn is_space_read_only(&self, space: Option<&SpaceId>) -> bool {
        let way =
            |space| self.by_path(|| self.way(space), |path| self.settings.paths.read_only(path));
        self.settings.read_only || space.and_then(way).unwrap_or(false)
    }

    /// What the rules say of a path, which is found out only where there are any.
    fn by_path<T>(
        &self,
        path: impl FnOnce() -> String,
        rule: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        if self.settings.paths.is_empty() { None } else { rule(&path()) }
    }

    fn path(&self, project: &Project) -> String {
        let (id, folder, title) = {
            let state = project.lock();
            (state.id().cloned(), state.folder().clone(), state.title().to_owned())
        };
        locate::path_of(self, id.as_ref(), &folder, &title)
    }

    fn way(&self, space: &SpaceId) -> String {
        locate::way_in(&self.journal, &self.listings, space)
    }
}
