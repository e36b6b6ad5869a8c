//! What was viewed last, and which listings are missing that may tell where it is.

use std::time::{Duration, Instant};

use crate::{
    ids::{ProjectId, SpaceId},
    sync::leaf::{
        known_listings::{ListingItems, Which},
        listings::Listings,
    },
};

impl Listings {
    /// The projects that were viewed last, as far as that was told.
    pub(crate) fn viewed(&self) -> Vec<ProjectId> {
        match self.lock().items(&Which::Viewed) {
            Some(ListingItems::Viewed(viewed)) => viewed.clone(),
            _ => Vec::new(),
        }
    }

    /// A listing that was never read and is worth a request, if there is one.
    pub(crate) fn next_unlisted(&self, now: Instant, max_age: Duration) -> Option<Which> {
        let known = self.lock();
        let spaces = |which: &Which| -> Vec<SpaceId> {
            match known.items(which) {
                Some(ListingItems::Spaces(spaces)) => {
                    spaces.iter().map(|space| space.id.clone()).collect()
                }
                _ => Vec::new(),
            }
        };
        let workspaces = spaces(&Which::Workspaces);
        let of_workspaces = workspaces.iter().flat_map(|id| {
            let inner = spaces(&Which::Folders(id.clone())).into_iter();
            let inner = inner.filter(move |it| it != id).map(Which::Projects);
            [Which::Folders(id.clone()), Which::Projects(id.clone())].into_iter().chain(inner)
        });
        let is_wanted = |which: &Which| {
            let slot = known.slots.get(which);
            slot.is_none_or(|it| it.items.is_none() && it.interest.is_due(None, now, max_age))
        };
        std::iter::once(Which::Workspaces).chain(of_workspaces).find(is_wanted)
    }

    /// Whether a listing is worth a request, unless it is young: the last one did not fail just now.
    pub(crate) fn may_be_asked(&self, which: &Which, now: Instant, max_age: Duration) -> bool {
        let known = self.lock();
        let slot = known.slots.get(which);
        slot.is_none_or(|slot| slot.interest.is_due(None, now, max_age))
    }
}
