//! The journal's table of saves that are through: what each project was before and after.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use super::journal::{Journal, from_json, to_json};
use crate::{
    database::failed as storage,
    error::Result,
    ids::{ProjectId, SpaceId},
    plan::Outline,
};

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS past (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        time    INTEGER NOT NULL,
        project TEXT NOT NULL,
        folder  TEXT NOT NULL,
        title   TEXT NOT NULL,
        deed    TEXT NOT NULL,
        before  TEXT NOT NULL,
        after   TEXT NOT NULL,
        undoes  INTEGER,
        undone  INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS past_of_project ON past (project, row);
";

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// The project's tasks were changed.
    Saved,
    /// The project was created.
    Created,
    /// The project was archived.
    Archived,
}

/// Something that was done and can be undone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    /// Which row it is; 0 before it was written.
    pub(crate) row: i64,
    /// When Taskade had all of it.
    pub(crate) time: SystemTime,
    pub(crate) project: ProjectId,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
    pub(crate) deed: Deed,
    /// What the project would be without it.
    pub(crate) before: Outline,
    pub(crate) after: Outline,
    /// The row that it undoes.
    pub(crate) undoes: Option<i64>,
    /// Whether another one undoes it.
    pub(crate) undone: bool,
}

impl Journal {
    /// Removes a save that is through, and notes what it did, as one.
    pub(crate) fn conclude(&self, row: Option<i64>, past: Option<&Past>) -> Result<()> {
        let failed = || storage("cannot clear the journal");
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        if let Some(row) = row {
            transaction.execute("DELETE FROM saves WHERE row = ?1", [row]).map_err(failed())?;
        }
        if let Some(past) = past {
            note(&transaction, past)?;
        }
        transaction.commit().map_err(failed())
    }

    /// What was done, newest first: at most `most`, of one project or of all.
    pub(crate) fn past(&self, project: Option<&ProjectId>, most: usize) -> Result<Vec<Past>> {
        self.select("1", project, most)
    }

    /// The newest deed that is to be undone next.
    pub(crate) fn undoable(&self, project: Option<&ProjectId>) -> Result<Option<Past>> {
        Ok(self.select("undone = 0 AND undoes IS NULL", project, 1)?.pop())
    }

    /// Forgets what is older than `keep`.
    pub(crate) fn prune_past(&self, now: SystemTime, keep: Duration) -> Result<()> {
        let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lock()
            .execute("DELETE FROM past WHERE time < ?1", [seconds(oldest)])
            .map_err(storage("cannot shorten the history"))?;
        Ok(())
    }

    fn select(&self, which: &str, project: Option<&ProjectId>, most: usize) -> Result<Vec<Past>> {
        let failed = storage("cannot read the history");
        let connection = self.lock();
        let sql = format!(
            "SELECT row, time, project, folder, title, deed, before, after, undoes, undone
             FROM past WHERE {which} AND (?1 IS NULL OR project = ?1) ORDER BY row DESC LIMIT ?2"
        );
        let mut statement = connection.prepare(&sql).map_err(&failed)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows =
            statement.query(params![project.map(ProjectId::as_str), most]).map_err(&failed)?;
        let mut past = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
            past.push(Past {
                row: row.get(0).map_err(&failed)?,
                time: time(row.get(1).map_err(&failed)?),
                project: ProjectId::new(text(2)?),
                folder: SpaceId::new(text(3)?),
                title: text(4)?,
                deed: from_json(&text(5)?)?,
                before: from_json(&text(6)?)?,
                after: from_json(&text(7)?)?,
                undoes: row.get(8).map_err(&failed)?,
                undone: row.get(9).map_err(&failed)?,
            });
        }
        Ok(past)
    }
}

fn note(connection: &Connection, past: &Past) -> Result<()> {
    let failed = storage("cannot note what was done");
    connection
        .execute(
            "INSERT INTO past (time, project, folder, title, deed, before, after, undoes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                seconds(past.time),
                past.project.as_str(),
                past.folder.as_str(),
                past.title,
                to_json(&past.deed)?,
                to_json(&past.before)?,
                to_json(&past.after)?,
                past.undoes,
            ],
        )
        .map_err(&failed)?;
    if let Some(undone) = past.undoes {
        // Gone already if it was too old: then nothing is left to be marked.
        connection
            .query_row("UPDATE past SET undone = 1 WHERE row = ?1 RETURNING row", [undone], |row| {
                row.get::<_, i64>(0)
            })
            .optional()
            .map_err(&failed)?;
    }
    Ok(())
}

/// The time that is so many seconds after 1970.
pub(super) fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
