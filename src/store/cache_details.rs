//! The cache's table of details that were told while others were still asked for.

use std::time::SystemTime;

use rusqlite::{Connection, params};

use crate::{
    api::TaskResource,
    ids::{ProjectId, TaskId},
    plan::Details,
    store::cache_time::nanoseconds,
};

/// A detail of a task that was told, and is not known before all that was asked for is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DetailAnswer {
    pub(crate) task: TaskId,
    pub(crate) resource: TaskResource,
    pub(crate) time: SystemTime,
    /// What is known if only this is.
    pub(crate) details: Details,
}

/// Writes a detail. What cannot be spelled is read as nothing, and asked for again.
pub(crate) fn put(
    connection: &Connection,
    id: &ProjectId,
    answer: &DetailAnswer,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO told VALUES (?1, ?2, ?3, ?4, ?5)";
    let mut statement = connection.prepare_cached(sql)?;
    let resource = serde_json::to_string(&answer.resource).unwrap_or_default();
    let details = serde_json::to_string(&answer.details).unwrap_or_default();
    let (id, task, at) = (id.as_str(), answer.task.as_str(), nanoseconds(answer.time));
    statement.execute(params![id, task, resource, at, details])?;
    Ok(())
}

/// Removes what was told of a project.
pub(crate) fn remove(connection: &Connection, id: &ProjectId) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM told WHERE project = ?1", [id.as_str()])?;
    Ok(())
}
