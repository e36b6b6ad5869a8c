//! The journal: saves that were promised and are not yet in Taskade, durable on disk.
//!
//! One row a project. A save is in the journal, synced to disk, before any program is told that
//! it is saved, and leaves it when Taskade has it. The file is SQLite in WAL mode with
//! `synchronous=FULL`: a transaction is on disk or it never was.
//!
//! Its format has a version. A journal from a newer version is refused, not guessed at.

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::SystemTime,
};

use rusqlite::{Connection, params};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    database::{self, failed as storage},
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    kernel_thread,
    lock_order::{Ordered, OrderedGuard},
    plan::Outline,
    replica::{
        creation::Creating, pending::PendingSave, rejection::Rejection, relocation::Relocation,
        state::Replica,
    },
    store::{names::Names, schema::STEPS},
};

/// The journal's file in the directory of an account.
pub const JOURNAL: &str = "journal.sqlite3";

/// The columns of a save, in the order in which they are read.
pub(crate) const COLUMNS: &str = "row, project, folder, title, text, outline, intent, creating,
    archive, since, refused";

/// A save as it stands in the journal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JournalEntry {
    /// Which row it is; `None` before it was first written.
    pub(crate) row: Option<i64>,
    /// The project; `None` while it is still to be created.
    pub(crate) project: Option<ProjectId>,
    /// The folder that it is in, or is to be created in.
    pub(crate) folder: SpaceId,
    /// Its title.
    pub(crate) title: String,
    /// The text that the program saved.
    pub(crate) text: Vec<u8>,
    /// The tasks that the text stands for.
    pub(crate) outline: Outline,
    /// What is known and what is wanted.
    pub(crate) save: PendingSave,
    /// The request to create the project, until what was made of it is known.
    pub(crate) creating: Option<Creating>,
    /// Whether the project is to be archived once the save is through.
    pub(crate) archive: bool,
    /// When it was saved.
    pub(crate) since: SystemTime,
    /// Taskade's refusal, if that was its verdict.
    pub(crate) rejected: Option<Rejection>,
}

/// The journal of one account.
#[derive(Debug)]
pub struct Journal {
    connection: Ordered<Connection>,
    pub(crate) names: Ordered<Names>,
    /// See [`turn_to_write_names`](Self::turn_to_write_names). Taken before the others, and by nobody who has
    /// one of them.
    pub(crate) name_writer: Mutex<()>,
    dir: PathBuf,
    pub(crate) findings: Vec<String>,
}

impl Journal {
    fn over(connection: Connection, dir: PathBuf) -> Result<Self> {
        let names = Ordered::leaf(Names::read(&connection)?);
        let connection = Ordered::leaf(connection);
        Ok(Self { connection, names, name_writer: Mutex::default(), dir, findings: Vec::new() })
    }

    /// Opens or creates the journal at `path`; a damaged one is an error.
    pub(crate) fn open_as_is(path: &Path) -> Result<Self> {
        let connection = database::open(path, &STEPS)?;
        let dir = path.parent().map(Path::to_owned).unwrap_or_default();
        Self::over(connection, dir)
    }

    /// One that nothing is left of.
    #[cfg(test)]
    pub(crate) fn in_memory() -> Result<Self> {
        let mut connection =
            Connection::open_in_memory().map_err(storage("cannot open the database"))?;
        let failed =
            |error| Error::new(Kind::Storage, "cannot prepare the database").because(error);
        STEPS.to_latest(&mut connection).map_err(failed)?;
        Self::over(connection, PathBuf::new())
    }

    /// Opens the journal at `path` to be looked at: nothing is changed.
    ///
    /// # Errors
    /// [`Kind::Storage`] if it is not there or cannot be read.
    pub(crate) fn open_to_look(path: &Path) -> Result<Self> {
        let dir = path.parent().map(Path::to_owned).unwrap_or_default();
        let connection = database::open_to_look(path)?;
        Self::over(connection, dir)
    }

    /// What there is to tell of how it was found.
    pub fn findings(&self) -> &[String] {
        &self.findings
    }

    /// Takes over the names that were given and what was archived, as far as they can be read.
    pub(crate) fn take_names(&self, damaged: &Connection) {
        let rows = |sql: &str, columns: usize| -> Vec<Vec<String>> {
            let Ok(mut statement) = damaged.prepare(sql) else { return Vec::new() };
            let read =
                |row: &rusqlite::Row<'_>| (0..columns).map(|column| row.get(column)).collect();
            let Ok(rows) = statement.query_map([], read) else { return Vec::new() };
            rows.map_while(rusqlite::Result::ok).collect()
        };
        let connection = self.lock();
        for (sql, columns, insert) in [
            (
                "SELECT directory, id, title, name FROM names",
                4,
                "INSERT OR IGNORE INTO names VALUES (?1, ?2, ?3, ?4)",
            ),
            ("SELECT project FROM archived", 1, "INSERT OR IGNORE INTO archived VALUES (?1)"),
        ] {
            for row in rows(sql, columns) {
                if let Err(error) = connection.execute(insert, rusqlite::params_from_iter(row)) {
                    tracing::warn!(%error, "a name was not taken over");
                }
            }
        }
        let names = Names::read(&connection);
        drop(connection);
        match names {
            Ok(names) => *self.names.lock() = names,
            Err(error) => tracing::warn!(%error, "names are given anew"),
        }
    }

    /// The directory of the account, which the journal is in.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Every entry, oldest first. An entry that cannot be read is an error, never skipped.
    pub(crate) fn entries(&self) -> Result<Vec<JournalEntry>> {
        let connection = self.lock();
        let mut statement = connection
            .prepare(&format!("SELECT {COLUMNS} FROM saves ORDER BY row"))
            .map_err(storage("cannot read the journal"))?;
        let mut rows = statement.query([]).map_err(storage("cannot read the journal"))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next().map_err(storage("cannot read the journal"))? {
            entries.push(read_entry(row)?);
        }
        Ok(entries)
    }

    /// Remembers that a project was archived here: the listing may not say so.
    pub(crate) fn set_archived(&self, project: &ProjectId, archived: bool) -> Result<()> {
        set_archived(&self.lock(), project, archived)
    }

    /// The projects that were archived here.
    pub(crate) fn archived(&self) -> Result<Vec<ProjectId>> {
        let connection = self.lock();
        let failed = || storage("cannot read the archived projects");
        let mut statement = connection.prepare("SELECT project FROM archived").map_err(failed())?;
        let rows = statement.query_map([], |row| row.get::<_, String>(0)).map_err(failed())?;
        rows.map(|row| row.map(ProjectId::new).map_err(failed())).collect()
    }

    pub(crate) fn lock(&self) -> OrderedGuard<'_, Connection> {
        kernel_thread::assert_not_serving("the journal is used");
        self.connection.lock()
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        self.write_names();
    }
}

/// Writes or replaces an entry. The row that it has.
pub(crate) fn insert(connection: &Connection, entry: &JournalEntry) -> Result<i64> {
    let (outline, save) = (to_json(&entry.outline)?, to_json(&entry.save)?);
    let creating = entry.creating.as_ref().map(to_json).transpose()?;
    let (since, rejected) =
        (to_json(&entry.since)?, entry.rejected.as_ref().map(to_json).transpose()?);
    connection
        .execute(
            "INSERT OR REPLACE INTO saves
             (row, project, folder, title, text, outline, intent, creating, archive, since, refused)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            params![
                entry.row,
                entry.project.as_ref().map(ProjectId::as_str),
                entry.folder.as_str(),
                entry.title,
                entry.text,
                outline,
                save,
                creating,
                entry.archive,
                since,
                rejected,
            ],
        )
        .map_err(storage("cannot journal a save"))?;
    Ok(connection.last_insert_rowid())
}

/// Removes an entry: nothing of it is left to be done.
pub(crate) fn remove(connection: &Connection, row: i64) -> Result<()> {
    connection
        .execute("DELETE FROM saves WHERE row = ?1", [row])
        .map_err(storage("cannot clear the journal"))?;
    Ok(())
}

/// Notes whether a project is archived.
pub(crate) fn set_archived(
    connection: &Connection,
    project: &ProjectId,
    archived: bool,
) -> Result<()> {
    let sql = if archived {
        "INSERT OR IGNORE INTO archived (project) VALUES (?1)"
    } else {
        "DELETE FROM archived WHERE project = ?1"
    };
    connection
        .execute(sql, [project.as_str()])
        .map_err(storage("cannot note an archived project"))?;
    Ok(())
}

pub(crate) fn read_entry(row: &rusqlite::Row<'_>) -> Result<JournalEntry> {
    let failed = storage("cannot read the journal");
    let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
    let optional = |column: usize| row.get::<_, Option<String>>(column).map_err(&failed);
    let (creating, rejected) = (optional(7)?, optional(10)?);
    let (outline, save): (Outline, PendingSave) = (from_json(&text(5)?)?, from_json(&text(6)?)?);
    if !outline.is_well_formed() || !save.is_well_formed() {
        return Err(Error::new(Kind::Storage, "the tasks of a save are no tree"));
    }
    Ok(JournalEntry {
        row: row.get(0).map_err(&failed)?,
        project: row.get::<_, Option<String>>(1).map_err(&failed)?.map(ProjectId::new),
        folder: SpaceId::new(text(2)?),
        title: text(3)?,
        text: row.get(4).map_err(&failed)?,
        outline,
        save,
        creating: creating.as_deref().map(from_json).transpose()?,
        archive: row.get(8).map_err(&failed)?,
        since: from_json(&text(9)?)?,
        rejected: rejected.as_deref().map(from_json).transpose()?,
    })
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value)
        .map_err(|error| Error::new(Kind::Storage, "cannot journal a save").because(error))
}

pub(crate) fn from_json<T: DeserializeOwned>(json: &str) -> Result<T> {
    serde_json::from_str(json)
        .map_err(|error| Error::new(Kind::Storage, "the journal is damaged").because(error))
}

/// The journal's entry of a project.
pub(crate) fn entry(replica: &Replica) -> Option<JournalEntry> {
    if !replica.is_journaled() {
        return None;
    }
    let content = replica.accepted();
    let (text, outline) = content.map(|it| (it.text.to_vec(), it.outline)).unwrap_or_default();
    let save = replica.pending_or_at_rest();
    let moved = save.relocation().map(Relocation::since);
    let since = replica.saved().map(|saved| saved.since).or(moved);
    Some(JournalEntry {
        row: replica.row(),
        project: replica.id().cloned(),
        folder: replica.folder().clone(),
        title: replica.title().to_owned(),
        text,
        outline: replica.resolved(&outline),
        save,
        creating: replica.creating().cloned(),
        archive: replica.is_to_be_archived(),
        since: since.unwrap_or(SystemTime::UNIX_EPOCH),
        rejected: replica.rejection().cloned(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::{Journal, JournalEntry};
    use crate::error::Kind;
    use crate::ids::ProjectId;
    use crate::ids::SpaceId;
    use crate::plan::Outline;
    use crate::replica::pending::PendingSave;
    use crate::replica::rejection::Rejection;
    use crate::store::changes::{Changes, Row};

    fn entry() -> JournalEntry {
        JournalEntry {
            row: None,
            project: None,
            folder: SpaceId::new("f"),
            title: "T".to_owned(),
            text: b"- [ ] a\n".to_vec(),
            outline: Outline::default(),
            save: PendingSave::new(Default::default(), Default::default()),
            creating: None,
            archive: false,
            since: SystemTime::UNIX_EPOCH,
            rejected: None,
        }
    }

    fn put(journal: &Journal, entry: &JournalEntry) -> Option<i64> {
        let save = Some(Row::Put(entry.clone()));
        journal.apply(&Changes { save, ..Changes::default() }).unwrap().save
    }

    #[test]
    fn what_was_put_is_there_after_reopening() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let mut wanted = entry();
        let journal = Journal::open(&path).unwrap();
        wanted.row = put(&journal, &wanted);
        wanted.project = Some(ProjectId::new("p"));
        wanted.rejected = Some(Rejection {
            kind: Kind::Forbidden,
            reason: "no".to_owned(),
            since: SystemTime::UNIX_EPOCH,
            file: "T.md".to_owned(),
            set_aside: false,
        });
        assert_eq!(put(&journal, &wanted), wanted.row);
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.entries().unwrap(), [wanted.clone()]);
        let save = wanted.row.map(Row::Remove);
        journal.apply(&Changes { save, ..Changes::default() }).unwrap();
        assert_eq!(journal.entries().unwrap(), []);
    }

    #[test]
    fn a_journal_of_a_newer_format_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        drop(Journal::open(&path).unwrap());
        let raw = rusqlite::Connection::open(&path).unwrap();
        raw.execute_batch("PRAGMA user_version=99").unwrap();
        drop(raw);
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains("format 99") && error.contains("newer taskadefs"), "{error}");
    }
}
