//! What of a project the journal is to know, and which rows have it. Pure.

use crate::replica::{local::Local, state::Replica};

impl Replica {
    /// Which row of the journal has what is to become of it.
    pub(crate) fn row(&self) -> Option<i64> {
        self.row
    }

    /// Whether a row of the journal is to say what is to become of it.
    pub(crate) fn is_journaled(&self) -> bool {
        !matches!(self.local, Local::Clean) || self.is_to_be_archived()
    }

    /// Whether a row of the journal says the same of this as of the other one.
    pub(crate) fn is_journaled_as(&self, other: &Self) -> bool {
        // Where nothing was saved the row has what readers get all the same.
        let same_text = match (self.saved(), other.saved()) {
            (None, None) if self.is_journaled() => self.remote.is_as(&other.remote),
            (saved, of_other) => saved == of_other,
        };
        same_text
            && self.pending() == other.pending()
            && self.rejection() == other.rejection()
            && (&self.id, &self.folder, &self.title) == (&other.id, &other.folder, &other.title)
            && self.creating == other.creating
            && self.is_to_be_archived() == other.is_to_be_archived()
            && self.row == other.row
    }

    /// The journal was written: what `is_put` of what is to become of it is in this row. Where the
    /// journal is not to know anything, no row is kept in mind.
    pub(crate) fn note_row(&mut self, row: Option<i64>, is_put: bool) {
        if is_put || !self.is_journaled() {
            self.row = row;
        }
    }

    /// The journal has the text that was refused here in this row.
    pub(crate) fn note_rejected_row(&mut self, row: Option<i64>) {
        self.rejected.iter_mut().for_each(|rejected| rejected.row = row);
    }
}
