//! The journal's table of removals that were refused since they were too many at once: told of until
//! they are made after all or given up; after a day they are history.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, params};

use crate::{
    database::{failed as storage, seconds, time},
    error::Result,
    ids::{ProjectId, SpaceId},
    store::journal::Journal,
};

/// How long a refused removal is told of.
pub(crate) const TOLD: Duration = Duration::from_secs(86_400);

/// A file that was not removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RejectedRemoval {
    pub(crate) project: ProjectId,
    pub(crate) folder: SpaceId,
    /// Whether the folder is a workspace's home.
    pub(crate) is_workspace: bool,
    pub(crate) title: String,
    /// The name that the file has in the folder.
    pub(crate) name: String,
    pub(crate) since: SystemTime,
}

impl Journal {
    /// Adds files that were not removed; `anew` forgets those before. On disk when this returns.
    pub(crate) fn put_rejected_removals(
        &self,
        rejected: &[RejectedRemoval],
        anew: bool,
    ) -> Result<()> {
        let failed = || storage("cannot journal that files were not removed");
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        if anew {
            transaction.execute("DELETE FROM refused_removals", []).map_err(failed())?;
        }
        for rejected in rejected {
            insert(&transaction, rejected).map_err(failed())?;
        }
        transaction.commit().map_err(failed())
    }

    /// Forgets that files were not removed.
    pub(crate) fn forget_rejected_removals(&self, projects: &[ProjectId]) -> Result<()> {
        let failed = || storage("cannot clear the journal");
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        for project in projects {
            let sql = "DELETE FROM refused_removals WHERE project = ?1";
            transaction.execute(sql, [project.as_str()]).map_err(failed())?;
        }
        transaction.commit().map_err(failed())
    }

    /// The files that were not removed, by name.
    pub(crate) fn refused_removals(&self) -> Result<Vec<RejectedRemoval>> {
        let failed = storage("cannot read which files were not removed");
        let connection = self.lock();
        let mut statement = connection
            .prepare(
                "SELECT project, folder, is_workspace, title, name, since
                 FROM refused_removals ORDER BY name",
            )
            .map_err(&failed)?;
        let rows = statement.query_map([], |row| {
            Ok(RejectedRemoval {
                project: ProjectId::new(row.get::<_, String>(0)?),
                folder: SpaceId::new(row.get::<_, String>(1)?),
                is_workspace: row.get(2)?,
                title: row.get(3)?,
                name: row.get(4)?,
                since: time(row.get(5)?),
            })
        });
        rows.map_err(&failed)?.map(|row| row.map_err(&failed)).collect()
    }

    /// Forgets the files that are told of no longer.
    pub(crate) fn prune_rejected_removals(&self, now: SystemTime) -> Result<()> {
        let oldest = now.checked_sub(TOLD).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lock()
            .execute("DELETE FROM refused_removals WHERE since < ?1", [seconds(oldest)])
            .map_err(storage("cannot clear the journal"))?;
        Ok(())
    }
}

pub(crate) fn insert(connection: &Connection, rejected: &RejectedRemoval) -> rusqlite::Result<()> {
    connection.execute(
        "INSERT OR REPLACE INTO refused_removals (project, folder, is_workspace, title, name, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            rejected.project.as_str(),
            rejected.folder.as_str(),
            rejected.is_workspace,
            rejected.title,
            rejected.name,
            seconds(rejected.since),
        ],
    )?;
    Ok(())
}
