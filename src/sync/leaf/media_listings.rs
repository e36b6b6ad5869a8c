//! Which media there are: what listings told, and what this mount has done since.

use crate::{
    api::RemoteMedia,
    ids::{MediaId, SpaceId},
    sync::leaf::{
        known_listings::{ListingItems, Which},
        listings::Listings,
    },
};

impl Listings {
    /// The media that a folder was last seen to have; `None` if it was never listed.
    pub(crate) fn medias(&self, folder: &SpaceId) -> Option<Vec<RemoteMedia>> {
        let known = self.lock();
        let Some(ListingItems::Medias(medias)) = known.items(&Which::Medias(folder.clone())) else {
            return None;
        };
        Some(medias.iter().filter(|media| !known.gone.contains(&media.id)).cloned().collect())
    }

    /// Takes out a medium that was just deleted, without asking for the listing again.
    pub(crate) fn remove_media(&self, folder: &SpaceId, id: &MediaId) {
        let which = Which::Medias(folder.clone());
        let mut known = self.lock();
        known.gone.insert(id.clone());
        let slot = known.slots.get_mut(&which).and_then(|slot| slot.items.as_mut());
        if let Some(ListingItems::Medias(medias)) = slot {
            medias.retain(|media| media.id != *id);
            self.keep(&known, &which);
        }
    }
}
