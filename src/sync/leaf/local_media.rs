//! The media that programs have made here, by the names that they gave them: what becomes of each is
//! shown under that name for as long as the mount lasts.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use crate::{
    ids::{MediaId, SpaceId},
    lock_order::Ordered,
};

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LocalMedia {
    /// A program has made it, and nothing is in it yet.
    Empty,
    /// The operation of this row uploads it.
    Uploading(i64),
    /// It was uploaded then.
    Uploaded(MediaId, Instant),
}

/// The media that were made here.
#[derive(Debug, Default)]
pub(crate) struct LocalMedias {
    by_space: Ordered<HashMap<SpaceId, BTreeMap<String, LocalMedia>>>,
    /// What uploads have become, by the row of their operation.
    landed: Ordered<HashMap<i64, MediaId>>,
    /// How much has been sent of what is sent at the moment, by the row of its operation.
    sent: Ordered<HashMap<i64, Arc<AtomicU64>>>,
}

impl LocalMedias {
    /// Those of a space, by name.
    pub(crate) fn all(&self, space: &SpaceId) -> BTreeMap<String, LocalMedia> {
        self.by_space.lock().get(space).cloned().unwrap_or_default()
    }

    pub(crate) fn get(&self, space: &SpaceId, name: &str) -> Option<LocalMedia> {
        self.by_space.lock().get(space)?.get(name).cloned()
    }

    pub(crate) fn set(&self, space: &SpaceId, name: &str, local: LocalMedia) {
        let mut by_space = self.by_space.lock();
        by_space.entry(space.clone()).or_default().insert(name.to_owned(), local);
    }

    /// A name stands for nothing any more.
    pub(crate) fn remove(&self, space: &SpaceId, name: &str) {
        self.by_space.lock().get_mut(space).map(|names| names.remove(name));
    }

    /// The upload of a row came to this; `None` if to nothing. A name that stands for something else by
    /// now goes on to.
    pub(crate) fn settle(&self, space: &SpaceId, row: i64, became: Option<LocalMedia>) {
        let mut by_space = self.by_space.lock();
        let Some(names) = by_space.get_mut(space) else { return };
        let is_it = |local: &LocalMedia| *local == LocalMedia::Uploading(row);
        match became {
            Some(became) => {
                let its = names.values_mut().filter(|local| is_it(local));
                its.for_each(|local| *local = became.clone());
            }
            None => names.retain(|_, local| !is_it(local)),
        }
    }

    /// The upload of a row is there.
    pub(crate) fn note_landed(&self, row: i64, id: &MediaId) {
        self.landed.lock().insert(row, id.clone());
    }

    /// What the upload of a row has become.
    pub(crate) fn landed(&self, row: i64) -> Option<MediaId> {
        self.landed.lock().get(&row).cloned()
    }

    /// Whether a medium is what an upload has become.
    pub(crate) fn is_landed(&self, id: &MediaId) -> bool {
        self.landed.lock().values().any(|landed| landed == id)
    }

    /// The operation of a row sends something, and counts it there.
    pub(crate) fn begin_sending(&self, row: i64, sent: Arc<AtomicU64>) {
        self.sent.lock().insert(row, sent);
    }

    pub(crate) fn end_sending(&self, row: i64) {
        self.sent.lock().remove(&row);
    }

    /// How much the operation of a row has sent so far, if it sends.
    pub(crate) fn sent(&self, row: i64) -> Option<u64> {
        self.sent.lock().get(&row).map(|sent| sent.load(Ordering::Relaxed))
    }
}
