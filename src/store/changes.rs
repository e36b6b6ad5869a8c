//! What the journal is to say of a project after a transition: written as one, or not at all.

use rusqlite::Connection;

use crate::{
    database::failed as storage,
    error::Result,
    ids::ProjectId,
    replica::{identity::RejectedOf, rejection::RejectedText, state::Replica},
    store::{
        history::{self, Action},
        journal::{self, Journal, JournalEntry},
        reidentified::{self, Reidentified},
        rejected,
    },
};

/// A row that is to be as this says, or to go.
#[derive(Debug)]
pub(crate) enum Row<T> {
    Put(T),
    Remove(i64),
}

/// The changes of one transition.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// What is to become of the project.
    pub(crate) save: Option<Row<JournalEntry>>,
    /// The text that was refused here.
    pub(crate) rejected: Option<Row<(RejectedOf, RejectedText)>>,
    /// What it has done.
    pub(crate) action: Option<Action>,
    /// That the project is another one from now on.
    pub(crate) reidentified: Option<Reidentified>,
    /// Whether a project is archived.
    pub(crate) archived: Option<(ProjectId, bool)>,
}

/// The rows that have what was put.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Rows {
    pub(crate) save: Option<i64>,
    pub(crate) rejected: Option<i64>,
}

impl Rows {
    /// Notes in the replica that what was `put` of it is in these rows, or that it has none.
    pub(crate) fn note(self, (save, rejected): (bool, bool), next: &mut Replica) {
        next.note_row(self.save, save);
        if rejected {
            next.note_rejected_row(self.rejected);
        }
    }
}

impl Changes {
    /// What the journal is to say of a replica once it has the place of what there is now.
    pub(crate) fn between(now: &Replica, next: &Replica) -> Self {
        let save = match (next.is_journaled(), next.row()) {
            (true, _) if !next.is_journaled_as(now) => journal::entry(next).map(Row::Put),
            (false, Some(row)) => Some(Row::Remove(row)),
            _ => None,
        };
        let of = |replica: &Replica| replica.rejected_here().map(|_| RejectedOf::of(replica));
        let rejected = match (now.rejected_here(), next.rejected_here()) {
            (known, Some(rejected)) if known != Some(rejected) || of(now) != of(next) => {
                Some(Row::Put((RejectedOf::of(next), rejected.clone())))
            }
            (Some(known), None) => known.row.map(Row::Remove),
            _ => None,
        };
        Self { save, rejected, ..Self::default() }
    }

    /// Whether there is nothing to be written.
    pub(crate) fn is_empty(&self) -> bool {
        let Self { save, rejected, action, reidentified, archived } = self;
        save.is_none()
            && rejected.is_none()
            && action.is_none()
            && reidentified.is_none()
            && archived.is_none()
    }

    /// Whether it puts a save, and a text that was refused.
    pub(crate) fn puts(&self) -> (bool, bool) {
        let save = matches!(self.save, Some(Row::Put(_)));
        (save, matches!(self.rejected, Some(Row::Put(_))))
    }

    fn write(&self, connection: &Connection) -> Result<Rows> {
        let mut rows = Rows::default();
        if let Some(change) = &self.reidentified {
            reidentified::rewrite(connection, change)?;
        }
        match &self.save {
            Some(Row::Put(entry)) => rows.save = Some(journal::insert(connection, entry)?),
            Some(Row::Remove(row)) => journal::remove(connection, *row)?,
            None => {}
        }
        match &self.rejected {
            Some(Row::Put((of, rejected))) => {
                rows.rejected = Some(rejected::insert(connection, of, rejected)?);
            }
            Some(Row::Remove(row)) => rejected::remove(connection, *row)?,
            None => {}
        }
        if let Some(action) = &self.action {
            history::note(connection, action)?;
        }
        if let Some((project, archived)) = &self.archived {
            journal::set_archived(connection, project, *archived)?;
        }
        Ok(rows)
    }
}

impl Journal {
    /// Writes the changes of a transition as one. On disk when this returns.
    ///
    /// # Errors
    /// If they cannot be written: then none of them is.
    pub(crate) fn apply(&self, changes: &Changes) -> Result<Rows> {
        let failed = || storage("cannot journal a save");
        // Those that are on disk are rewritten there, and nobody writes what was given before that after it.
        let turn = changes.reidentified.is_some().then(|| self.turn_to_write_names());
        if turn.is_some() {
            self.write_names_in_turn();
        }
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        let rows = changes.write(&transaction)?;
        transaction.commit().map_err(failed())?;
        drop(connection);
        if let Some(Reidentified { from, to, folder, .. }) = &changes.reidentified {
            self.reidentify_name(folder, from, to);
        }
        Ok(rows)
    }
}
