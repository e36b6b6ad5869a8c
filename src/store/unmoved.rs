//! The journal's table of moves that came to nothing.

use std::time::{Duration, SystemTime};

use rusqlite::params;

use crate::{
    database::{failed as storage, seconds, time},
    error::Result,
    ids::ProjectId,
    store::journal::Journal,
};

/// How long a move is told of.
pub(crate) const TOLD: Duration = Duration::from_secs(86_400);

/// A project that is not where it was to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unmoved {
    pub(crate) project: ProjectId,
    /// The title that it has.
    pub(crate) title: String,
    /// In words, with where it was to be and what to do.
    pub(crate) reason: String,
    pub(crate) since: SystemTime,
}

impl Journal {
    pub(crate) fn put_unmoved(&self, unmoved: &Unmoved) -> Result<()> {
        let Unmoved { project, title, reason, since } = unmoved;
        self.lock()
            .execute(
                "INSERT OR REPLACE INTO unmoved (project, title, reason, since)
                 VALUES (?1, ?2, ?3, ?4)",
                params![project.as_str(), title, reason, seconds(*since)],
            )
            .map_err(storage("cannot note that a project was not moved"))?;
        Ok(())
    }

    pub(crate) fn remove_unmoved(&self, project: &ProjectId) -> Result<()> {
        self.lock()
            .execute("DELETE FROM unmoved WHERE project = ?1", [project.as_str()])
            .map_err(storage("cannot clear the journal"))?;
        Ok(())
    }

    /// The projects that are not where they were to be, oldest first.
    pub(crate) fn unmoved(&self) -> Result<Vec<Unmoved>> {
        let failed = storage("cannot read which projects were not moved");
        let connection = self.lock();
        let mut statement = connection
            .prepare("SELECT project, title, reason, since FROM unmoved ORDER BY since")
            .map_err(&failed)?;
        let rows = statement.query_map([], |row| {
            Ok(Unmoved {
                project: ProjectId::new(row.get::<_, String>(0)?),
                title: row.get(1)?,
                reason: row.get(2)?,
                since: time(row.get(3)?),
            })
        });
        rows.map_err(&failed)?.map(|row| row.map_err(&failed)).collect()
    }

    /// Forgets the projects that are told of no longer.
    pub(crate) fn prune_unmoved(&self, now: SystemTime) -> Result<()> {
        let oldest = now.checked_sub(TOLD).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lock()
            .execute("DELETE FROM unmoved WHERE since < ?1", [seconds(oldest)])
            .map_err(storage("cannot clear the journal"))?;
        Ok(())
    }
}
