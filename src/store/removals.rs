//! The journal's table of removals: projects whose file was removed or renamed to scratch.
//!
//! A row is written before a program is told that the file is gone, so that a crash within the
//! grace forgets no removal, and stays for as long as history is kept: a file that comes back under
//! its name, or out of its scratch copy, is that project again.

use std::{
    os::unix::ffi::{OsStrExt, OsStringExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rusqlite::params;

use crate::{
    database::{failed as storage, seconds},
    error::Result,
    ids::{ProjectId, SpaceId},
    lock_order::{Ordered, OrderedGuard},
    plan::Outline,
    store::journal::{Journal, from_json, to_json},
};

/// A file that was removed, or renamed to scratch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Removal {
    /// Which row it is; 0 before it was written.
    pub(crate) row: i64,
    pub(crate) time: SystemTime,
    /// The row of the first removal of those that were made together; 0 if it is that one.
    pub(crate) burst: i64,
    /// `None` while the project is still to be created.
    pub(crate) project: Option<ProjectId>,
    pub(crate) folder: SpaceId,
    /// Whether the folder is a workspace's home.
    pub(crate) is_workspace: bool,
    pub(crate) title: String,
    /// The name that the file had in the folder.
    pub(crate) name: String,
    /// Where its text went, relative to the directory of scratch, if it was renamed.
    pub(crate) copy: Option<PathBuf>,
    /// Whether its grace is over and the project is archived, or about to be.
    pub(crate) archived: bool,
}

/// The removals of one account, as the journal has them.
#[derive(Debug)]
pub(crate) struct Removals(Ordered<Vec<Removal>>);

impl Removals {
    pub(crate) fn of(removals: Vec<Removal>) -> Self {
        Self(Ordered::leaf(removals))
    }

    pub(crate) fn lock(&self) -> OrderedGuard<'_, Vec<Removal>> {
        self.0.lock()
    }

    /// The removal whose copy is at this place below scratch.
    pub(crate) fn of_copy(&self, copy: &Path) -> Option<Removal> {
        let removals = self.lock();
        removals.iter().rev().find(|removal| removal.copy.as_deref() == Some(copy)).cloned()
    }

    /// When a project's file was removed last, if it was.
    pub(crate) fn time_of(&self, project: &ProjectId) -> Option<SystemTime> {
        let removals = self.lock();
        let of = removals.iter().rev().find(|removal| removal.project.as_ref() == Some(project));
        of.map(|removal| removal.time)
    }

    /// The removals of files of this name, newest first.
    pub(crate) fn named(&self, folder: &SpaceId, name: &str) -> Vec<Removal> {
        let removals = self.lock();
        let named = removals.iter().rev();
        named.filter(|it| it.folder == *folder && it.name == name).cloned().collect()
    }
}

impl Journal {
    /// Writes a removal, with the tasks that the file showed, if they are known. On disk when this
    /// returns. The row that it has.
    pub(crate) fn put_removal(&self, removal: &Removal, outline: Option<&Outline>) -> Result<i64> {
        let failed = storage("cannot journal a removal");
        let connection = self.lock();
        connection
            .execute(
                "INSERT INTO removals (time, burst, project, folder, is_workspace, title, name,
                                       outline, copy, archived)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
                params![
                    seconds(removal.time),
                    removal.burst,
                    removal.project.as_ref().map(ProjectId::as_str),
                    removal.folder.as_str(),
                    removal.is_workspace,
                    removal.title,
                    removal.name,
                    to_json(&outline)?,
                    removal.copy.as_ref().map(|copy| copy.as_os_str().as_bytes()),
                    removal.archived,
                ],
            )
            .map_err(failed)?;
        Ok(connection.last_insert_rowid())
    }

    /// Every removal, oldest first.
    pub(crate) fn removals(&self) -> Result<Vec<Removal>> {
        let failed = || storage("cannot read the removals");
        let connection = self.lock();
        let mut statement = connection
            .prepare(
                "SELECT row, time, burst, project, folder, is_workspace, title, name, copy, archived
                 FROM removals ORDER BY row",
            )
            .map_err(failed())?;
        let rows = statement
            .query_map([], |row| {
                let time: i64 = row.get(1)?;
                let since = Duration::from_secs(u64::try_from(time).unwrap_or_default());
                Ok(Removal {
                    row: row.get(0)?,
                    time: SystemTime::UNIX_EPOCH + since,
                    burst: row.get(2)?,
                    project: row.get::<_, Option<String>>(3)?.map(ProjectId::new),
                    folder: SpaceId::new(row.get::<_, String>(4)?),
                    is_workspace: row.get(5)?,
                    title: row.get(6)?,
                    name: row.get(7)?,
                    copy: row
                        .get::<_, Option<Vec<u8>>>(8)?
                        .map(|bytes| PathBuf::from(std::ffi::OsString::from_vec(bytes))),
                    archived: row.get(9)?,
                })
            })
            .map_err(failed())?;
        rows.map(|row| row.map_err(failed())).collect()
    }

    /// The tasks that a removed file showed, if they were known.
    pub(crate) fn removed_outline(&self, row: i64) -> Result<Option<Outline>> {
        let json: String = self
            .lock()
            .query_row("SELECT outline FROM removals WHERE row = ?1", [row], |row| row.get(0))
            .map_err(storage("cannot read a removal"))?;
        Ok(from_json::<Option<Outline>>(&json)?.filter(Outline::is_well_formed))
    }

    /// Notes that the grace of a removal is over.
    pub(crate) fn note_archived(&self, row: i64) -> Result<()> {
        self.change_removal("UPDATE removals SET archived = 1 WHERE row = ?1", params![row])
    }

    /// Notes where the copy of a removed file is now; `None` if it is gone.
    pub(crate) fn note_copy(&self, row: i64, copy: Option<&Path>) -> Result<()> {
        let copy = copy.map(|copy| copy.as_os_str().as_bytes());
        self.change_removal("UPDATE removals SET copy = ?2 WHERE row = ?1", params![row, copy])
    }

    /// Forgets a removal: the project has a file again.
    pub(crate) fn forget_removal(&self, row: i64) -> Result<()> {
        self.change_removal("DELETE FROM removals WHERE row = ?1", params![row])
    }

    /// Forgets what was archived longer than `keep` ago.
    pub(crate) fn prune_removals(&self, now: SystemTime, keep: Duration) -> Result<()> {
        let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        let sql = "DELETE FROM removals WHERE archived = 1 AND time < ?1";
        self.change_removal(sql, params![seconds(oldest)])
    }

    fn change_removal(&self, sql: &str, values: impl rusqlite::Params) -> Result<()> {
        self.lock().execute(sql, values).map_err(storage("cannot note a removal"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{path::PathBuf, time::SystemTime};

    use super::Removal;
    use crate::ids::ProjectId;
    use crate::ids::SpaceId;
    use crate::plan::Outline;
    use crate::store::journal::Journal;

    #[test]
    fn a_removal_is_there_after_reopening_until_it_is_forgotten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let mut wanted = Removal {
            row: 0,
            time: SystemTime::UNIX_EPOCH,
            burst: 0,
            project: Some(ProjectId::new("p")),
            folder: SpaceId::new("f"),
            is_workspace: false,
            title: "Plan".to_owned(),
            name: "Plan.md".to_owned(),
            copy: Some(PathBuf::from("space-f/Plan.md~")),
            archived: false,
        };
        wanted.row = journal.put_removal(&wanted, Some(&Outline::default())).unwrap();
        let unread = journal.put_removal(&wanted, None).unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.removals().unwrap()[0], wanted);
        assert_eq!(journal.removed_outline(wanted.row).unwrap(), Some(Outline::default()));
        assert_eq!(journal.removed_outline(unread).unwrap(), None);
        journal.note_copy(wanted.row, None).unwrap();
        journal.note_archived(wanted.row).unwrap();
        let found = &journal.removals().unwrap()[0];
        assert_eq!((found.copy.clone(), found.archived), (None, true));
        journal.prune_removals(SystemTime::now(), std::time::Duration::from_secs(1)).unwrap();
        assert_eq!(journal.removals().unwrap().len(), 1, "one still waits");
        journal.forget_removal(unread).unwrap();
        assert_eq!(journal.removals().unwrap(), []);
    }
}
