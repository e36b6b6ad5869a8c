//! What the service was seen to do and is not documented to do, where a later mount could not tell it
//! again from what it reads.

use std::sync::atomic::Ordering;

use super::{engine::Engine, journal::Journal};
use crate::{database::failed as storage, error::Result};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS habits (
        what TEXT PRIMARY KEY
    ) STRICT;
";

/// It lists titles as the root of all tasks.
const TITLES_ARE_LISTED: &str = "titles are listed";

impl Engine {
    /// Notes that the service lists titles, on disk too: a title that was changed, and after that
    /// no name, looks like a task to whoever does not know that.
    pub(super) async fn note_titles_listed(&self) {
        if self.titles_are_listed.swap(true, Ordering::Relaxed) {
            return;
        }
        let noted = self.journaled(|journal| journal.note_habit(TITLES_ARE_LISTED));
        if let Err(error) = noted.await {
            tracing::warn!(%error, "not noted how the service lists titles");
        }
    }
}

impl Journal {
    fn note_habit(&self, what: &str) -> Result<()> {
        self.lock()
            .execute("INSERT OR IGNORE INTO habits VALUES (?1)", [what])
            .map_err(storage("cannot note what the service does"))?;
        Ok(())
    }

    /// Whether the service was seen to list titles as the root of all tasks.
    pub(super) fn titles_are_listed(&self) -> Result<bool> {
        self.lock()
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM habits WHERE what = ?1)",
                [TITLES_ARE_LISTED],
                |row| row.get(0),
            )
            .map_err(storage("cannot read what the service does"))
    }
}
