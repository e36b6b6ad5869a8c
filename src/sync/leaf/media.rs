//! What is known of media beside which there are: their names and lengths, and who reads or asks for
//! which at the moment.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use tokio::sync::Mutex as AsyncMutex;

use crate::{
    ids::{MediaId, SpaceId},
    lock_order::Ordered,
    store::media_names::MediaFacts,
    sync::leaf::download::Download,
};

/// What is known of the media of one account.
#[derive(Debug)]
pub(crate) struct Medias {
    facts: Ordered<HashMap<MediaId, MediaFacts>>,
    downloads: Ordered<HashMap<MediaId, Arc<Download>>>,
    /// Held by who looks whether a medium is there, or begins to read it: one of those is one reading.
    pub(crate) opening: AsyncMutex<()>,
    /// The folders of whose media somebody asks for the names.
    named: Ordered<HashSet<SpaceId>>,
    /// The media that were found to tell no name.
    nameless: Ordered<HashSet<MediaId>>,
}

impl Medias {
    pub(crate) fn of(facts: HashMap<MediaId, MediaFacts>) -> Self {
        Self {
            facts: Ordered::leaf(facts),
            downloads: Ordered::default(),
            opening: AsyncMutex::default(),
            named: Ordered::default(),
            nameless: Ordered::default(),
        }
    }

    pub(crate) fn facts(&self, id: &MediaId) -> MediaFacts {
        self.facts.lock().get(id).cloned().unwrap_or_default()
    }

    /// Something was told of a medium. All that is known, if that is more than before.
    pub(crate) fn learn(&self, id: &MediaId, told: MediaFacts) -> Option<MediaFacts> {
        if told.name.is_none() {
            self.nameless.lock().insert(id.clone());
        }
        let mut facts = self.facts.lock();
        let known = facts.entry(id.clone()).or_default();
        known.learn(told).then(|| known.clone())
    }

    /// Whether asking for the name of a medium may tell it.
    pub(crate) fn may_be_named(&self, id: &MediaId) -> bool {
        self.facts(id).name.is_none() && !self.nameless.lock().contains(id)
    }

    pub(crate) fn download(&self, id: &MediaId) -> Option<Arc<Download>> {
        self.downloads.lock().get(id).cloned()
    }

    pub(crate) fn begin_download(&self, id: &MediaId, download: Arc<Download>) {
        self.downloads.lock().insert(id.clone(), download);
    }

    pub(crate) fn end_download(&self, id: &MediaId) {
        self.downloads.lock().remove(id);
    }

    /// Takes it on to ask for the names in a folder, unless somebody does.
    pub(crate) fn begin_naming(&self, folder: &SpaceId) -> bool {
        self.named.lock().insert(folder.clone())
    }

    pub(crate) fn end_naming(&self, folder: &SpaceId) {
        self.named.lock().remove(folder);
    }
}
