//! Moves that Taskade refused after whoever asked for them was told that all is well: told of until
//! they are settled, by a move that goes through, by giving them up, or by the project's removal;
//! after a day they are history.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use rusqlite::params;

use super::{
    engine::Engine,
    history::Remark,
    journal::Journal,
    past::{seconds, time},
    project::Project,
};
use crate::{database::failed as storage, error::Result, ids::ProjectId};

/// How long a move is told of.
const TOLD: Duration = Duration::from_secs(86_400);

pub(super) const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS unmoved (
        project TEXT PRIMARY KEY,
        title   TEXT NOT NULL,
        reason  TEXT NOT NULL,
        since   INTEGER NOT NULL
    ) STRICT;
";

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

/// The moves that are told of. The journal has them too.
#[derive(Debug, Default)]
pub(crate) struct Unsettled(Mutex<Vec<Unmoved>>);

impl Unsettled {
    pub(crate) fn of(journal: &Journal) -> Result<Self> {
        Ok(Self(Mutex::new(journal.unmoved()?)))
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Unmoved>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A project has another id.
    pub(crate) fn identified_anew(&self, former: &ProjectId, now: &ProjectId) {
        let mut all = self.lock();
        all.iter_mut().filter(|it| it.project == *former).for_each(|it| it.project = now.clone());
    }
}

impl Engine {
    /// Keeps that a project was not moved, and why.
    ///
    /// # Errors
    /// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
    pub(crate) async fn note_unmoved(&self, project: &Project, reason: &str) -> Result<()> {
        let (id, title) = {
            let state = project.lock();
            (state.id.clone(), state.title.clone())
        };
        let Some(id) = id else { return Ok(()) };
        let (since, reason) = (self.clock.wall(), reason.to_owned());
        let unmoved = Unmoved { project: id.clone(), title: title.clone(), reason, since };
        let kept = unmoved.clone();
        let summary = unmoved.reason.clone();
        let project = Some(id.clone());
        let remark = Remark { time: since, project, title, summary, lines: Vec::new() };
        self.journaled(move |journal| {
            journal.put_unmoved(&kept)?;
            journal.remark(&remark, None)
        })
        .await?;
        let mut all = self.unmoved.lock();
        all.retain(|it| it.project != id);
        all.push(unmoved);
        Ok(())
    }

    /// A project is told of no longer. Whether it was.
    ///
    /// # Errors
    /// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be journaled.
    pub(crate) async fn settle_unmoved(&self, project: &Project) -> Result<bool> {
        let Some(id) = project.id() else { return Ok(false) };
        if !self.unmoved.lock().iter().any(|it| it.project == id) {
            return Ok(false);
        }
        let settled = id.clone();
        self.journaled(move |journal| journal.remove_unmoved(&settled)).await?;
        self.unmoved.lock().retain(|it| it.project != id);
        Ok(true)
    }

    /// The moves that are told of, oldest first.
    pub(crate) fn unmoved(&self) -> Vec<Unmoved> {
        let all = self.unmoved.lock();
        all.iter().filter(|it| is_told(it, self.clock.wall())).cloned().collect()
    }

    /// Why a project is not where it was to be, if that is to be told.
    pub(crate) fn unmoved_of(&self, project: &Arc<Project>) -> Option<String> {
        let id = project.id()?;
        self.unmoved().into_iter().find(|it| it.project == id).map(|it| it.reason)
    }
}

fn is_told(unmoved: &Unmoved, now: SystemTime) -> bool {
    now.duration_since(unmoved.since).unwrap_or_default() < TOLD
}

impl Journal {
    fn put_unmoved(&self, unmoved: &Unmoved) -> Result<()> {
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

    fn remove_unmoved(&self, project: &ProjectId) -> Result<()> {
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
