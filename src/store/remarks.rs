//! The journal's table of remarks: what the history tells beside actions. Refused texts that are
//! not told of any more, and the versions from elsewhere that saves overrode, those with the name
//! of their copy until somebody has looked at it.

use std::time::{Duration, SystemTime};

use rusqlite::params;

use crate::{
    database::{failed as storage, seconds, time},
    error::Result,
    ids::ProjectId,
    store::journal::{Journal, from_json, to_json},
};

/// What the history tells beside what was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Remark {
    pub(crate) time: SystemTime,
    /// `None` if it is of a project that was not created.
    pub(crate) project: Option<ProjectId>,
    pub(crate) title: String,
    pub(crate) summary: String,
    pub(crate) lines: Vec<String>,
}

/// A version from elsewhere that a save overrode, and that nobody has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Overridden {
    pub(crate) project: Option<ProjectId>,
    pub(crate) title: String,
    /// The name of the copy in `conflicts/`.
    pub(crate) file: String,
    pub(crate) since: SystemTime,
}

impl Journal {
    /// Writes a remark down; `unseen` is the name in `conflicts/` of what is to be looked at.
    pub(crate) fn remark(&self, remark: &Remark, unseen: Option<&str>) -> Result<()> {
        let lines = to_json(&remark.lines)?;
        self.lock()
            .execute(
                "INSERT INTO remarks (time, project, title, summary, lines, unseen)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    seconds(remark.time),
                    remark.project.as_ref().map(ProjectId::as_str),
                    remark.title,
                    remark.summary,
                    lines,
                    unseen,
                ],
            )
            .map_err(storage("cannot note what is to be told"))?;
        Ok(())
    }

    /// What was remarked, newest first: at most `most`, of one project or of all.
    pub(crate) fn remarks(&self, project: Option<&ProjectId>, most: usize) -> Result<Vec<Remark>> {
        let failed = storage("cannot read the history");
        let connection = self.lock();
        let mut statement = connection
            .prepare(
                "SELECT time, project, title, summary, lines FROM remarks
                 WHERE ?1 IS NULL OR project = ?1 ORDER BY time DESC, row DESC LIMIT ?2",
            )
            .map_err(&failed)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows =
            statement.query(params![project.map(ProjectId::as_str), most]).map_err(&failed)?;
        let mut remarks = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
            let project: Option<String> = row.get(1).map_err(&failed)?;
            remarks.push(Remark {
                time: time(row.get(0).map_err(&failed)?),
                project: project.map(ProjectId::new),
                title: text(2)?,
                summary: text(3)?,
                lines: from_json(&text(4)?)?,
            });
        }
        Ok(remarks)
    }

    /// The overridden versions that nobody has looked at, oldest first.
    pub(crate) fn overridden(&self) -> Result<Vec<Overridden>> {
        let failed = storage("cannot read what was overridden");
        let connection = self.lock();
        let mut statement = connection
            .prepare(
                "SELECT time, project, title, unseen FROM remarks
                 WHERE unseen IS NOT NULL ORDER BY row",
            )
            .map_err(&failed)?;
        let rows = statement.query_map([], |row| {
            let project: Option<String> = row.get(1)?;
            Ok(Overridden {
                since: time(row.get(0)?),
                project: project.map(ProjectId::new),
                title: row.get(2)?,
                file: row.get(3)?,
            })
        });
        rows.map_err(&failed)?.map(|row| row.map_err(&failed)).collect()
    }

    /// Notes that somebody has looked at an overridden version, or removed it.
    pub(crate) fn looked_at(&self, file: &str) -> Result<()> {
        self.lock()
            .execute("UPDATE remarks SET unseen = NULL WHERE unseen = ?1", [file])
            .map_err(storage("cannot note what was looked at"))?;
        Ok(())
    }

    /// Forgets remarks that are older than `keep`.
    pub(crate) fn prune_remarks(&self, now: SystemTime, keep: Duration) -> Result<()> {
        let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lock()
            .execute("DELETE FROM remarks WHERE time < ?1", [seconds(oldest)])
            .map_err(storage("cannot shorten the history"))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use crate::ids::ProjectId;
    use crate::store::journal::Journal;
    use crate::store::remarks::Remark;

    #[test]
    fn a_remark_stays_in_the_history_and_what_it_points_to_until_it_is_looked_at() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        // As a journal of the version before it: without the table.
        drop(Journal::open(&path).unwrap());
        let earlier = "DROP TABLE remarks; PRAGMA user_version=2";
        rusqlite::Connection::open(&path).unwrap().execute_batch(earlier).unwrap();
        let journal = Journal::open(&path).unwrap();
        let project = Some(ProjectId::new("p"));
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(5);
        let remark = Remark {
            time,
            project: project.clone(),
            title: "T".to_owned(),
            summary: "s".to_owned(),
            lines: vec!["| a".to_owned()],
        };
        journal.remark(&remark, Some("Acme／T.md")).unwrap();
        journal.remark(&Remark { project: None, ..remark.clone() }, None).unwrap();
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.remarks(project.as_ref(), 9).unwrap(), [remark]);
        assert_eq!(journal.remarks(None, 9).unwrap().len(), 2);
        assert_eq!(journal.overridden().unwrap()[0].file, "Acme／T.md");
        journal.looked_at("Acme／T.md").unwrap();
        assert_eq!(journal.overridden().unwrap(), []);
        journal.prune_remarks(time, Duration::ZERO).unwrap();
        assert_eq!(journal.remarks(None, 9).unwrap().len(), 2);
        journal.prune_remarks(time + Duration::from_secs(9), Duration::from_secs(3)).unwrap();
        assert_eq!(journal.remarks(None, 9).unwrap(), []);
    }
}
