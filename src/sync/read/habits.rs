//! What the service was seen to do and is not documented to do, where a later mount could not tell it
//! again from what it reads.

use std::sync::atomic::Ordering;

use crate::{store::habits::TITLES_ARE_LISTED, sync::engine::Engine};

/// Notes that the service lists titles, on disk too: a title that was changed, and after that
/// no name, looks like a task to whoever does not know that.
pub(crate) async fn note_titles_listed(engine: &Engine) {
    if engine.titles_are_listed.swap(true, Ordering::Relaxed) {
        return;
    }
    let noted = engine.journaled(|journal| journal.note_habit(TITLES_ARE_LISTED));
    if let Err(error) = noted.await {
        tracing::warn!(%error, "not noted how the service lists titles");
    }
}
