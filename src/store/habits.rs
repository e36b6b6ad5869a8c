//! The journal's table of what the service was seen to do and is not documented to do.

use crate::{database::failed as storage, error::Result, store::journal::Journal};

/// It lists titles as the root of all tasks.
pub(crate) const TITLES_ARE_LISTED: &str = "titles are listed";

impl Journal {
    pub(crate) fn note_habit(&self, what: &str) -> Result<()> {
        self.lock()
            .execute("INSERT OR IGNORE INTO habits VALUES (?1)", [what])
            .map_err(storage("cannot note what the service does"))?;
        Ok(())
    }

    /// Whether the service was seen to list titles as the root of all tasks.
    pub(crate) fn titles_are_listed(&self) -> Result<bool> {
        self.lock()
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM habits WHERE what = ?1)",
                [TITLES_ARE_LISTED],
                |row| row.get(0),
            )
            .map_err(storage("cannot read what the service does"))
    }
}
