//! What Taskade has of a project, as readings and answers tell it. Pure.

use std::{sync::Arc, time::Instant};

use crate::{
    ids::TaskId,
    plan::{Listing, Outline},
    replica::{
        remote::{Remote, Snapshot},
        state::Replica,
    },
};

impl Replica {
    /// Takes over a reading that was asked for then; `render` gives the text. It knows what no listing
    /// tells from what was known, is nothing of the cache any more, and shows what the service made of
    /// texts that it was sent. Whether it says something new; `None` if nothing was known.
    pub(crate) fn take_reading(
        &mut self,
        listing: Listing,
        asked: Instant,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) -> Option<bool> {
        let Listing { title, mut outline } = listing;
        let is_new = self.snapshot().map(|known| {
            outline.inherit(&known.outline);
            *known.outline != outline
        });
        self.from_cache = false;
        self.normalised.read(&outline);
        let (text, title) = (render(&outline), title.map(|node| node.id));
        self.install_with_title(outline, text, title, Some(asked));
        is_new
    }

    /// Takes what Taskade has from a reading, which was asked for at `read`, or from what was
    /// confirmed; `text` is what readers get of it.
    pub(crate) fn install(&mut self, outline: Outline, text: Arc<[u8]>, read: Option<Instant>) {
        let title = self.snapshot().and_then(|known| known.title.clone());
        self.install_with_title(outline, text, title, read);
    }

    /// As [`install`](Self::install); the title node is this one.
    pub(in crate::replica) fn install_with_title(
        &mut self,
        outline: Outline,
        text: Arc<[u8]>,
        title: Option<TaskId>,
        read: Option<Instant>,
    ) {
        self.uncertain &= read.is_none();
        // What stayed the same is shared with those who read it before.
        let (outline, text) = match self.snapshot() {
            Some(known) if *known.outline == outline && known.text == text => {
                (known.outline.clone(), known.text.clone())
            }
            _ => (Arc::new(outline), text),
        };
        self.remote = Remote::Resident(Snapshot { outline, text, title, read });
    }

    /// What is known of what Taskade has is to be read again before it is trusted. Readers get it until
    /// then.
    pub(crate) fn expire(&mut self) {
        self.remote.expire();
    }
}
