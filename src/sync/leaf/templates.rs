//! The templates of folders.

use crate::{
    api::RemoteTemplate,
    ids::SpaceId,
    sync::leaf::{
        known_listings::{ListingItems, Which},
        listings::Listings,
    },
};

impl Listings {
    /// The templates that a folder was last seen to have.
    pub(crate) fn templates_in(&self, folder: &SpaceId) -> Vec<RemoteTemplate> {
        match self.lock().items(&Which::Templates(folder.clone())) {
            Some(ListingItems::Templates(templates)) => templates.clone(),
            _ => Vec::new(),
        }
    }
}
