//! Which media there are: what listings told, and what this mount has done since.

use std::time::Instant;

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

    /// Adds a medium that was just uploaded, without asking for the listing again.
    pub(crate) fn add_media(&self, folder: &SpaceId, media: RemoteMedia) {
        let which = Which::Medias(folder.clone());
        let mut known = self.lock();
        let slot = known.slots.get_mut(&which).and_then(|slot| slot.items.as_mut());
        if let Some(ListingItems::Medias(medias)) = slot
            && medias.iter().all(|listed| listed.id != media.id)
        {
            medias.push(media);
            self.keep(&known, &which);
        }
    }

    /// Whether the media of a folder were listed since then.
    pub(crate) fn is_media_listed_since(&self, folder: &SpaceId, since: Instant) -> bool {
        let known = self.lock();
        let slot = known.slots.get(&Which::Medias(folder.clone()));
        slot.and_then(|slot| slot.read).is_some_and(|read| read > since)
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
