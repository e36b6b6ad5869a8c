//! The journal's table of operations: what is to be done at Taskade that is no save of a project.
//!
//! A row is written before a program is told that its wish is safe, noted before a request that may
//! change something is sent, and removed when Taskade has done it, or somebody gave it up.

use std::time::SystemTime;

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    database::{failed as storage, seconds, time},
    error::{Error, Kind, Result},
    ids::SpaceId,
    store::journal::{Journal, from_json, to_json},
};

/// The columns of an operation, in the order in which they are read.
pub(crate) const COLUMNS: &str =
    "row, kind, space, path, subject, body, file, since, sent, refused";

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    /// A medium is to be deleted.
    DeleteMedia,
    /// A file is to be uploaded.
    UploadMedia,
    /// An agent is to be another.
    SaveAgent,
    /// An agent is to be deleted.
    DeleteAgent,
    /// An agent is to be made.
    CreateAgent,
    /// An agent is to be made of what it is to do, by the service.
    GenerateAgent,
    /// An agent is to be published, or set to something for the public.
    PublishAgent,
    /// An agent is to know something.
    AddKnowledge,
    /// An agent is to know something no longer.
    RemoveKnowledge,
    /// Nothing: what was written to a file of an agent was refused here.
    TypedAgent,
}

impl OperationKind {
    const ALL: [Self; 10] = [
        Self::DeleteMedia,
        Self::UploadMedia,
        Self::SaveAgent,
        Self::DeleteAgent,
        Self::CreateAgent,
        Self::GenerateAgent,
        Self::PublishAgent,
        Self::AddKnowledge,
        Self::RemoveKnowledge,
        Self::TypedAgent,
    ];

    /// As the journal has it.
    fn name(self) -> &'static str {
        match self {
            Self::DeleteMedia => "delete media",
            Self::SaveAgent => "save agent",
            Self::DeleteAgent => "delete agent",
            Self::CreateAgent => "create agent",
            Self::GenerateAgent => "generate agent",
            Self::PublishAgent => "publish agent",
            Self::AddKnowledge => "add knowledge",
            Self::RemoveKnowledge => "remove knowledge",
            Self::UploadMedia => "upload media",
            Self::TypedAgent => "typed agent",
        }
    }

    /// What `status` calls it.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::SaveAgent | Self::CreateAgent | Self::PublishAgent | Self::TypedAgent => "save",
            Self::GenerateAgent => "generation",
            Self::AddKnowledge => "knowledge",
            Self::DeleteMedia | Self::DeleteAgent | Self::RemoveKnowledge => "deletion",
            Self::UploadMedia => "upload",
        }
    }

    /// Whether its subject is an agent.
    pub(crate) fn is_of_agent(self) -> bool {
        match self {
            Self::SaveAgent
            | Self::DeleteAgent
            | Self::CreateAgent
            | Self::PublishAgent
            | Self::AddKnowledge
            | Self::RemoveKnowledge
            | Self::TypedAgent => true,
            Self::GenerateAgent | Self::DeleteMedia | Self::UploadMedia => false,
        }
    }

    fn named(name: &str) -> Result<Self> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == name);
        found.ok_or_else(|| {
            Error::new(Kind::Storage, format!("the journal has an operation {name:?}"))
                .hint("use the newer taskadefs")
        })
    }
}

/// Why and when an operation was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    /// In words, with the path and what to do.
    pub(crate) reason: String,
    pub(crate) since: SystemTime,
    /// The name of the copy in `rejected/` of the text that it is of, if it is of one.
    #[serde(default)]
    pub(crate) file: Option<String>,
}

/// Something that is to be done at Taskade.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    /// Which row it is; 0 before it was written.
    pub(crate) row: i64,
    pub(crate) kind: OperationKind,
    /// The workspace or folder in which the file is that it is about.
    pub(crate) space: SpaceId,
    /// Where that file is, below the directory of the space.
    pub(crate) path: String,
    /// The id of what it is about; `None` until the service has given one.
    pub(crate) subject: Option<String>,
    /// What else it takes; null for nothing.
    pub(crate) body: Value,
    /// The name of the file with the bytes that it sends, in the account's directory.
    pub(crate) file: Option<String>,
    pub(crate) since: SystemTime,
    /// Whether a request for it may have got to the service: then it is looked before another one is
    /// sent.
    pub(crate) sent: bool,
    /// Taskade's refusal, if that was its verdict: it waits for the user.
    pub(crate) refusal: Option<Refusal>,
}

impl Operation {
    /// One that is to be journaled: nothing else is known of it yet.
    pub(crate) fn new(kind: OperationKind, space: &SpaceId, path: String, now: SystemTime) -> Self {
        Self {
            row: 0,
            kind,
            space: space.clone(),
            path,
            subject: None,
            body: Value::Null,
            file: None,
            since: now,
            sent: false,
            refusal: None,
        }
    }

    /// What it stands in line with: of operations in one lane the earlier goes first.
    pub(crate) fn lane(&self) -> String {
        match (self.kind, &self.subject) {
            (OperationKind::DeleteMedia, Some(media)) => format!("media {media}"),
            // What a space has more than before one upload is of that one.
            (OperationKind::UploadMedia, _) => format!("uploads to {}", self.space),
            (kind, Some(subject)) if kind.is_of_agent() => format!("agent {subject}"),
            (kind, Some(subject)) => format!("{} {subject}", kind.name()),
            (kind, None) => format!("{} {}", kind.name(), self.row),
        }
    }
}

impl Journal {
    /// Writes an operation, in place of its row if it has one. On disk when this returns. The row that
    /// it has.
    pub(crate) fn put_operation(&self, operation: &Operation) -> Result<i64> {
        let connection = self.lock();
        let refusal = operation.refusal.as_ref().map(to_json).transpose()?;
        let sql = format!(
            "INSERT OR REPLACE INTO operations ({COLUMNS})
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
        );
        connection
            .execute(
                &sql,
                params![
                    (operation.row != 0).then_some(operation.row),
                    operation.kind.name(),
                    operation.space.as_str(),
                    operation.path,
                    operation.subject,
                    to_json(&operation.body)?,
                    operation.file,
                    seconds(operation.since),
                    operation.sent,
                    refusal,
                ],
            )
            .map_err(storage("cannot journal an operation"))?;
        Ok(connection.last_insert_rowid())
    }

    /// Removes an operation: it is done, or given up.
    pub(crate) fn remove_operation(&self, row: i64) -> Result<()> {
        let failed = storage("cannot clear the journal");
        self.lock().execute("DELETE FROM operations WHERE row = ?1", [row]).map_err(failed)?;
        Ok(())
    }

    /// Every operation, oldest first. None is skipped: what cannot be read is an error.
    pub(crate) fn operations(&self) -> Result<Vec<Operation>> {
        let failed = || storage("cannot read the operations");
        let connection = self.lock();
        // One of an earlier release that is only looked at has no such table.
        let known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'operations'";
        let has_table = connection.query_row(known, [], |_| Ok(())).optional().map_err(failed())?;
        if has_table.is_none() {
            return Ok(Vec::new());
        }
        let sql = format!("SELECT {COLUMNS} FROM operations ORDER BY row");
        let mut statement = connection.prepare(&sql).map_err(failed())?;
        let mut rows = statement.query([]).map_err(failed())?;
        let mut operations = Vec::new();
        while let Some(row) = rows.next().map_err(failed())? {
            operations.push(read(row)?);
        }
        Ok(operations)
    }
}

/// Reads a row with [`COLUMNS`].
pub(crate) fn read(row: &Row<'_>) -> Result<Operation> {
    let failed = storage("cannot read an operation");
    let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
    let optional = |column: usize| row.get::<_, Option<String>>(column).map_err(&failed);
    Ok(Operation {
        row: row.get(0).map_err(&failed)?,
        kind: OperationKind::named(&text(1)?)?,
        space: SpaceId::new(text(2)?),
        path: text(3)?,
        subject: optional(4)?,
        body: from_json(&text(5)?)?,
        file: optional(6)?,
        since: time(row.get(7).map_err(&failed)?),
        sent: row.get(8).map_err(&failed)?,
        refusal: optional(9)?.as_deref().map(from_json).transpose()?,
    })
}

/// Why a row makes no sense; one of a newer program may.
pub(crate) fn damage(row: &Row<'_>) -> Option<Error> {
    let kind: String = row.get(1).unwrap_or_default();
    OperationKind::named(&kind).ok()?;
    read(row).err()
}

/// Takes an operation of a damaged journal into a sound one.
///
/// # Errors
/// If it cannot be understood, or written.
pub(crate) fn carry_over(row: &Row<'_>, journal: &Journal) -> Result<()> {
    journal.put_operation(&read(row)?).map(drop)
}

/// The name of the path of an operation that cannot be understood.
pub(crate) fn path_of_row(damaged: &Connection, row: i64) -> Option<String> {
    let sql = "SELECT path FROM operations WHERE row = ?1";
    damaged.query_row(sql, [row], |row| row.get(0)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use serde_json::json;

    use super::{Operation, OperationKind, Refusal};
    use crate::{error::Kind, ids::SpaceId, store::journal::Journal};

    fn deletion() -> Operation {
        let (space, now) = (SpaceId::new("f"), SystemTime::UNIX_EPOCH);
        let path = ".taskade/media/logo.png".to_owned();
        let subject = Some("m1".to_owned());
        Operation { subject, ..Operation::new(OperationKind::DeleteMedia, &space, path, now) }
    }

    #[test]
    fn an_operation_is_there_after_reopening_as_it_was_noted_last_until_it_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let mut wanted = deletion();
        wanted.row = journal.put_operation(&wanted).unwrap();
        let other = journal.put_operation(&deletion()).unwrap();
        assert_ne!(wanted.row, other);
        wanted.sent = true;
        wanted.body = json!({ "before": ["m0"] });
        wanted.file = Some("upload-1".to_owned());
        wanted.refusal = Some(Refusal {
            kind: Kind::Forbidden,
            reason: "no".to_owned(),
            since: SystemTime::UNIX_EPOCH,
            file: Some("a.md".to_owned()),
        });
        assert_eq!(journal.put_operation(&wanted).unwrap(), wanted.row);
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.operations().unwrap(), [wanted, Operation { row: other, ..deletion() }]);
        journal.remove_operation(other).unwrap();
        assert_eq!(journal.operations().unwrap().len(), 1);
    }

    #[test]
    fn an_operation_of_a_newer_program_is_neither_skipped_nor_taken_for_another() {
        let journal = Journal::in_memory().unwrap();
        journal.put_operation(&deletion()).unwrap();
        journal.lock().execute("UPDATE operations SET kind = 'paint media'", []).unwrap();
        let error = journal.operations().unwrap_err().to_string();
        assert!(error.contains("\"paint media\"") && error.contains("newer taskadefs"), "{error}");
    }
}
