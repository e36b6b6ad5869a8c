//! The cache's table of details that were told while others were still asked for.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use crate::{
    api::TaskResource,
    ids::{ProjectId, TaskId},
    plan::Details,
    store::cache::{Cache, Write, nanoseconds, time},
};

pub(crate) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS told (
        project  TEXT NOT NULL,
        task     TEXT NOT NULL,
        resource TEXT NOT NULL,
        time     INTEGER NOT NULL,
        details  TEXT NOT NULL,
        PRIMARY KEY (project, task, resource)
    ) STRICT, WITHOUT ROWID;
";

/// A detail of a task that was told, and is not known before all that was asked for is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Told {
    pub(crate) task: TaskId,
    pub(crate) resource: TaskResource,
    pub(crate) time: SystemTime,
    /// What is known if only this is.
    pub(crate) details: Details,
}

impl Cache {
    /// Keeps a detail that was told.
    pub(crate) fn keep_told(&self, id: &ProjectId, told: Told) {
        self.write(Write::Told(id.clone(), told));
    }

    /// Forgets the details that were told of a project.
    pub(crate) fn forget_told(&self, id: &ProjectId) {
        self.write(Write::Untold(id.clone()));
    }

    /// The details that were told of a project.
    pub(crate) fn told(&self, id: &ProjectId) -> Vec<Told> {
        let sql = "SELECT task, resource, time, details FROM told WHERE project = ?1";
        let rows: Option<Vec<(String, String, i64, String)>> = self.ask(sql, |statement| {
            let row =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            statement.query_map([id.as_str()], row)?.collect()
        });
        let told = |(task, resource, at, details): (String, String, i64, String)| {
            Some(Told {
                task: TaskId::new(task),
                resource: serde_json::from_str(&resource).ok()?,
                time: time(at),
                details: serde_json::from_str(&details).ok()?,
            })
        };
        rows.unwrap_or_default().into_iter().filter_map(told).collect()
    }
}

/// Writes a detail. What cannot be spelled is read as nothing, and asked for again.
pub(crate) fn put(connection: &Connection, id: &ProjectId, told: &Told) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO told VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = connection.prepare_cached(sql)?;
    let resource = serde_json::to_string(&told.resource).unwrap_or_default();
    let details = serde_json::to_string(&told.details).unwrap_or_default();
    let (id, task, at) = (id.as_str(), told.task.as_str(), nanoseconds(told.time));
    statement.execute(params![id, task, resource, at, details])?;
    Ok(())
}

/// Removes what was told of a project.
pub(crate) fn remove(connection: &Connection, id: &ProjectId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM told WHERE project = ?1", [id.as_str()])?;
    Ok(())
}
