//! What a process is served of a project after its own save. Pure.

use std::time::Instant;

use crate::replica::{
    served::Process,
    state::{Content, Replica},
};

impl Replica {
    /// What a reader gets, which may be what an open file begins as.
    pub(crate) fn lend_content(&mut self) -> Option<Content> {
        let content = self.content()?;
        self.lent.lend(&content.outline);
        Some(content)
    }
}

impl Replica {
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
