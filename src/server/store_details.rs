//! What the store has beside outlines: dates, notes, assignees and field values of tasks; members
//! of workspaces; fields and share links of projects.
//!
//! The details of a task are there only while the task is.

use rusqlite::{Connection, OptionalExtension, Params, params};
use serde_json::Value;

use crate::api::{ContentType, Schedule};

/// A note as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) content_type: ContentType,
    pub(crate) text: String,
}

/// A member of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) handle: String,
    pub(crate) name: String,
}

/// A custom field of a project.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) id: String,
    pub(crate) data: Value,
}

/// A task, for what belongs to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StoredTaskDetails<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) project: &'a str,
    pub(crate) task: &'a str,
}

impl StoredTaskDetails<'_> {
    pub(crate) fn date(self) -> rusqlite::Result<Option<Schedule>> {
        self.json("SELECT schedule FROM dates WHERE project = ?1 AND task = ?2")
    }

    pub(crate) fn set_date(self, schedule: &Schedule) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO dates (project, task, schedule) VALUES (?1, ?2, ?3)";
        self.execute(sql, params![self.project, self.task, to_json(schedule)?]).map(drop)
    }

    /// Whether there was one.
    pub(crate) fn clear_date(self) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM dates WHERE project = ?1 AND task = ?2";
        self.execute(sql, [self.project, self.task])
    }

    pub(crate) fn note(self) -> rusqlite::Result<Option<Note>> {
        let note = self.json("SELECT note FROM notes WHERE project = ?1 AND task = ?2")?;
        Ok(note.map(|(content_type, text)| Note { content_type, text }))
    }

    pub(crate) fn set_note(self, note: &Note) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO notes (project, task, note) VALUES (?1, ?2, ?3)";
        let note = to_json(&(note.content_type, &note.text))?;
        self.execute(sql, params![self.project, self.task, note]).map(drop)
    }

    pub(crate) fn clear_note(self) -> rusqlite::Result<()> {
        let sql = "DELETE FROM notes WHERE project = ?1 AND task = ?2";
        self.execute(sql, [self.project, self.task]).map(drop)
    }

    /// Handles, in the order in which they were assigned.
    pub(crate) fn assignees(self) -> rusqlite::Result<Vec<String>> {
        let sql = "SELECT handle FROM assignees WHERE project = ?1 AND task = ?2 ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([self.project, self.task], |row| row.get(0))?.collect()
    }

    /// Assigns the task to these as well; to each once.
    pub(crate) fn assign(self, handles: &[String]) -> rusqlite::Result<()> {
        let sql = "INSERT OR IGNORE INTO assignees (project, task, handle) VALUES (?1, ?2, ?3)";
        for handle in handles {
            self.execute(sql, [self.project, self.task, handle])?;
        }
        Ok(())
    }

    /// Takes the task from everybody.
    pub(crate) fn unassign_all(self) -> rusqlite::Result<()> {
        let sql = "DELETE FROM assignees WHERE project = ?1 AND task = ?2";
        self.execute(sql, [self.project, self.task]).map(drop)
    }

    /// Whether it was theirs.
    pub(crate) fn unassign(self, handle: &str) -> rusqlite::Result<bool> {
        let sql = "DELETE FROM assignees WHERE project = ?1 AND task = ?2 AND handle = ?3";
        self.execute(sql, [self.project, self.task, handle])
    }

    /// The values that are set, in the order of the fields.
    pub(crate) fn values(self) -> rusqlite::Result<Vec<(String, Value)>> {
        let sql = "SELECT field, value FROM field_values
                   JOIN fields ON fields.project = field_values.project AND fields.id = field
                   WHERE field_values.project = ?1 AND task = ?2 ORDER BY number";
        let mut statement = self.connection.prepare_cached(sql)?;
        let value = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, from_json(&row.get_ref(1)?)?));
        statement.query_map([self.project, self.task], value)?.collect()
    }

    pub(crate) fn set_value(self, field: &str, value: &Value) -> rusqlite::Result<()> {
        let sql = "INSERT OR REPLACE INTO field_values (project, task, field, value)
                   VALUES (?1, ?2, ?3, ?4)";
        self.execute(sql, params![self.project, self.task, field, to_json(value)?]).map(drop)
    }

    pub(crate) fn clear_value(self, field: &str) -> rusqlite::Result<()> {
        let sql = "DELETE FROM field_values WHERE project = ?1 AND task = ?2 AND field = ?3";
        self.execute(sql, [self.project, self.task, field]).map(drop)
    }

    fn execute(self, sql: &str, params: impl Params) -> rusqlite::Result<bool> {
        Ok(self.connection.prepare_cached(sql)?.execute(params)? > 0)
    }

    fn json<T: serde::de::DeserializeOwned>(self, sql: &str) -> rusqlite::Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| from_json(&row.get_ref(0)?);
        statement.query_row([self.project, self.task], read).optional()
    }
}

/// Forgets everything about a task that is gone.
pub(crate) fn forget(connection: &Connection, project: &str, task: &str) -> rusqlite::Result<()> {
    for table in ["dates", "notes", "assignees", "field_values"] {
        let sql = format!("DELETE FROM {table} WHERE project = ?1 AND task = ?2");
        connection.prepare_cached(&sql)?.execute([project, task])?;
    }
    Ok(())
}

/// Copies the fields of a project, what exports tell of it, and the details of its tasks, whose ids
/// are the same there.
pub(crate) fn copy(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<()> {
    let tables = [
        ("dates", "task, schedule", ""),
        ("notes", "task, note", ""),
        ("assignees", "task, handle", "ORDER BY number"),
        ("field_values", "task, field, value", ""),
        ("fields", "id, data", "ORDER BY number"),
    ];
    for (table, columns, order) in tables {
        let sql = format!(
            "INSERT INTO {table} (project, {columns})
             SELECT ?2, {columns} FROM {table} WHERE project = ?1 {order}"
        );
        connection.execute(&sql, [from, to])?;
    }
    let sql = "UPDATE projects SET bundle = (SELECT bundle FROM projects WHERE id = ?1)
               WHERE id = ?2";
    connection.execute(sql, [from, to]).map(drop)
}

pub(super) fn to_json(value: &impl serde::Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

pub(super) fn from_json<T: serde::de::DeserializeOwned>(
    value: &rusqlite::types::ValueRef<'_>,
) -> rusqlite::Result<T> {
    serde_json::from_str(value.as_str()?)
        .map_err(|error| rusqlite::types::FromSqlError::Other(Box::new(error)).into())
}
