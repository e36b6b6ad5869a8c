//! What a process is served of a project after its own save. Pure.

use std::time::Instant;

use crate::replica::{current::Current, served::Process, state::Content};

impl Current {
    /// What a process saved a moment ago, if it is not what others are served.
    pub(crate) fn own_content(&self, process: Option<Process>, now: Instant) -> Option<Content> {
        let (outline, own) = self.bases.own(process, now)?;
        let shown = self.content()?;
        (*shown.text != *own.text).then(|| Content {
            text: own.text.clone(),
            outline: outline.clone(),
            version: shown.version,
        })
    }

    pub(crate) fn is_apart(&self, now: Instant) -> bool {
        self.content().is_some_and(|content| self.bases.is_apart(&content.text, now))
    }
}
