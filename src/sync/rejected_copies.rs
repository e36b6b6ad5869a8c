//! The copies of refused texts in `rejected/`, which people find there as long as the journal has the
//! texts.

use std::sync::Arc;

use crate::{
    error::Result,
    replica::{rejection::Rejection, state::Replica},
    store::artifacts::{ArtifactKind, Artifacts},
    sync::engine::Engine,
};

/// A text, the name of its copy, and the reason beside it.
pub(crate) type Copy = (Arc<[u8]>, String, String);

/// Which copies are to be there after a transition, and which are to go.
#[derive(Debug, Default)]
pub(crate) struct Copies {
    settled: Vec<String>,
    written: Vec<Copy>,
}

impl Copies {
    /// What a project's refusals come to when this takes the place of that.
    pub(crate) fn between(before: &Replica, after: &Replica) -> Self {
        Self::changed(copies_of(before), copies_of(after))
    }

    /// What is refused comes to when it was this, and is that.
    pub(crate) fn changed(had: Vec<Copy>, has: Vec<Copy>) -> Self {
        let is_named = |name: &String| has.iter().any(|(_, other, _)| other == name);
        let settled = had.iter().map(|(_, name, _)| name.clone()).filter(|name| !is_named(name));
        let settled = settled.collect();
        let written = has.into_iter().filter(|copy| !had.contains(copy)).collect();
        Self { settled, written }
    }

    /// The names of those that are to go.
    pub(crate) fn settled(&self) -> Vec<String> {
        self.settled.clone()
    }

    /// Has the journal forget what those are of that are to go: these are put aside before, and are
    /// there again if it cannot.
    pub(crate) fn settle_around<T>(
        artifacts: &Artifacts,
        settled: &[String],
        journal: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        settled.iter().for_each(|file| artifacts.retire(file));
        let written = journal();
        match &written {
            Ok(_) => settled.iter().for_each(|file| artifacts.remove_settled(file)),
            Err(_) => settled.iter().for_each(|file| artifacts.bring_back(file)),
        }
        written
    }

    /// Writes those that are to be there, where it may block.
    pub(crate) async fn write(self, engine: &Engine) {
        if !self.written.is_empty() {
            let (artifacts, copies) = (engine.artifacts.clone(), self.written);
            // Fails only while the runtime goes: the next mount writes them.
            let _ = tokio::task::spawn_blocking(move || write_copies(&artifacts, &copies)).await;
        }
    }
}

/// The texts that are refused of a project, each with its name and reason in `rejected/`.
pub(crate) fn copies_of(replica: &Replica) -> Vec<Copy> {
    let copy = |(text, rejection): (&Arc<[u8]>, &Rejection)| {
        (text.clone(), rejection.file.clone(), rejection.in_words(replica.id()))
    };
    replica.refusals().map(copy).collect()
}

/// Writes copies of what is refused of a project, as the journal says they are there.
pub(crate) fn write_copies(artifacts: &Artifacts, copies: &[Copy]) {
    for (text, file, reason) in copies {
        if let Err(error) = artifacts.write(ArtifactKind::Rejected, file, text, reason) {
            tracing::warn!(%error, "no copy of a refused text");
        }
    }
}
