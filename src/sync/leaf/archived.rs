//! The completed projects that a folder lists.

use crate::{
    api::RemoteProject,
    ids::SpaceId,
    sync::leaf::{
        known_listings::{ListingItems, Which},
        listings::Listings,
    },
};

impl Listings {
    /// The archived projects that a folder was last seen to have, but for those that are on their way
    /// to or from another place.
    pub(crate) fn archived_in(&self, folder: &SpaceId) -> Vec<RemoteProject> {
        let known = self.lock();
        let Some(ListingItems::Projects(projects)) = known.items(&Which::Projects(folder.clone()))
        else {
            return Vec::new();
        };
        let is_it = |project: &&RemoteProject| {
            known.is_archived(project) && !known.shown_at.contains_key(&project.id)
        };
        projects.iter().filter(is_it).cloned().collect()
    }
}
