//! The journal's table of saves that are through: what each project was before and after.

use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OptionalExtension, params};
use serde::{Deserialize, Serialize};

use crate::{
    database::{failed as storage, seconds, time},
    error::Result,
    ids::{ProjectId, SpaceId},
    plan::Outline,
    store::journal::{Journal, from_json, to_json},
};

/// Which actions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope {
    All,
    /// Those of a project, and of those that it was moved from.
    Project(ProjectId),
    /// Those at and below a path relative to the mount.
    Below(String),
}

impl Scope {
    /// Whether a project that has this path is meant.
    pub(crate) fn has(&self, id: Option<&ProjectId>, path: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Project(project) => id == Some(project),
            Scope::Below(above) => std::path::Path::new(path).starts_with(above),
        }
    }
}

/// What a project was before it was renamed or moved, or what it was made from when it was created:
/// a project, or with no id what has this path.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Former {
    pub(crate) project: ProjectId,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
    /// Relative to the mount.
    pub(crate) path: String,
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ActionKind {
    /// The project's tasks were changed.
    Saved,
    /// The project was created.
    Created,
    /// The project was archived.
    Archived,
    /// The project was restored.
    Restored,
    /// The project was renamed or moved.
    Renamed,
}

/// Something that was done and can be undone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Action {
    /// Which row it is; 0 before it was written.
    pub(crate) row: i64,
    /// When Taskade had all of it.
    pub(crate) time: SystemTime,
    pub(crate) project: ProjectId,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
    pub(crate) kind: ActionKind,
    /// What the project would be without it.
    pub(crate) before: Outline,
    pub(crate) after: Outline,
    /// The row that it undoes.
    pub(crate) undoes: Option<i64>,
    /// Whether another one undoes it.
    pub(crate) undone: bool,
    /// Where the project was, relative to the mount; empty if it was not noted.
    pub(crate) path: String,
    /// What it was before, if it was renamed or moved; what it was made from, if it was created.
    pub(crate) former: Option<Former>,
    /// Which removals were made together.
    pub(crate) burst: Option<i64>,
}

impl Journal {
    /// Removes a save that is through, and notes what it did, as one.
    pub(crate) fn conclude(&self, row: Option<i64>, action: Option<&Action>) -> Result<()> {
        let failed = || storage("cannot clear the journal");
        let mut connection = self.lock();
        let transaction = connection.transaction().map_err(failed())?;
        if let Some(row) = row {
            transaction.execute("DELETE FROM saves WHERE row = ?1", [row]).map_err(failed())?;
        }
        if let Some(action) = action {
            note(&transaction, action)?;
        }
        transaction.commit().map_err(failed())
    }

    /// What was done, newest first: at most `most`.
    pub(crate) fn history(&self, scope: &Scope, most: usize) -> Result<Vec<Action>> {
        self.select("1", scope, most)
    }

    /// What was done of one project since then, oldest first: the newest `most`.
    pub(crate) fn history_since(
        &self,
        project: &ProjectId,
        since: SystemTime,
        most: usize,
    ) -> Result<Vec<Action>> {
        let which = format!("time >= {}", seconds(since));
        let mut actions = self.select(&which, &Scope::Project(project.clone()), most)?;
        actions.reverse();
        Ok(actions)
    }

    /// The newest action that is to be undone next; with those that were done together with it.
    pub(crate) fn undoable(&self, scope: &Scope) -> Result<Vec<Action>> {
        const UNDOABLE: &str = "undone = 0 AND undoes IS NULL";
        let newest = self.select(UNDOABLE, scope, 1)?;
        match newest.first().and_then(|action| action.burst) {
            Some(burst) => {
                self.select(&format!("{UNDOABLE} AND burst = {burst}"), scope, usize::MAX)
            }
            None => Ok(newest),
        }
    }

    /// Forgets what is older than `keep`.
    pub(crate) fn prune_history(&self, now: SystemTime, keep: Duration) -> Result<()> {
        let oldest = now.checked_sub(keep).unwrap_or(SystemTime::UNIX_EPOCH);
        self.lock()
            .execute("DELETE FROM past WHERE time < ?1", [seconds(oldest)])
            .map_err(storage("cannot shorten the history"))?;
        Ok(())
    }

    fn select(&self, which: &str, scope: &Scope, most: usize) -> Result<Vec<Action>> {
        let failed = storage("cannot read the history");
        let connection = self.lock();
        let (ids, below) = match scope {
            Scope::All => (None, None),
            Scope::Project(id) => (Some(to_json(&all_ids(&connection, id)?)?), None),
            Scope::Below(path) => (None, Some(path)),
        };
        let is_below =
            |path: &str| format!("{path} = ?2 OR substr({path}, 1, length(?2) + 1) = ?2 || '/'");
        let sql = format!(
            "SELECT row, time, project, folder, title, deed, before, after, undoes, undone, path,
                    former_project, former_folder, former_title, former_path, burst
             FROM past WHERE {which}
                 AND (?1 IS NULL OR project IN (SELECT value FROM json_each(?1)))
                 AND (?2 IS NULL OR {} OR deed = '\"Renamed\"' AND ({}))
             ORDER BY row DESC LIMIT ?3",
            is_below("path"),
            is_below("former_path"),
        );
        let mut statement = connection.prepare(&sql).map_err(&failed)?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let mut rows = statement.query(params![ids, below, most]).map_err(&failed)?;
        let mut actions = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            let text = |column: usize| row.get::<_, String>(column).map_err(&failed);
            let optional = |column: usize| row.get::<_, Option<String>>(column).map_err(&failed);
            let former = match (optional(11)?, optional(12)?, optional(13)?, optional(14)?) {
                (Some(project), Some(folder), Some(title), Some(path)) => Some(Former {
                    project: ProjectId::new(project),
                    folder: SpaceId::new(folder),
                    title,
                    path,
                }),
                _ => None,
            };
            actions.push(Action {
                row: row.get(0).map_err(&failed)?,
                time: time(row.get(1).map_err(&failed)?),
                project: ProjectId::new(text(2)?),
                folder: SpaceId::new(text(3)?),
                title: text(4)?,
                kind: from_json(&text(5)?)?,
                before: from_json(&text(6)?)?,
                after: from_json(&text(7)?)?,
                undoes: row.get(8).map_err(&failed)?,
                undone: row.get(9).map_err(&failed)?,
                path: optional(10)?.unwrap_or_default(),
                former,
                burst: row.get(15).map_err(&failed)?,
            });
        }
        Ok(actions)
    }
}

/// The ids of a project, and of those that it was moved from.
pub(crate) fn all_ids(connection: &Connection, id: &ProjectId) -> Result<Vec<String>> {
    let failed = storage("cannot read the history");
    let mut statement = connection
        .prepare(
            "SELECT former_project FROM past
             WHERE project = ?1 AND former_project IS NOT NULL AND deed = '\"Renamed\"'",
        )
        .map_err(&failed)?;
    let mut ids = vec![id.as_str().to_owned()];
    let mut next = 0;
    while let Some(id) = ids.get(next).cloned() {
        next += 1;
        let former = statement.query_map([id], |row| row.get::<_, String>(0)).map_err(&failed)?;
        for former in former {
            let former = former.map_err(&failed)?;
            if !ids.contains(&former) {
                ids.push(former);
            }
        }
    }
    Ok(ids)
}

pub(crate) fn note(connection: &Connection, action: &Action) -> Result<()> {
    let failed = storage("cannot note what was done");
    let former = action.former.as_ref();
    connection
        .execute(
            "INSERT INTO past (time, project, folder, title, deed, before, after, undoes, path,
                               former_project, former_folder, former_title, former_path, burst)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            params![
                seconds(action.time),
                action.project.as_str(),
                action.folder.as_str(),
                action.title,
                to_json(&action.kind)?,
                to_json(&action.before)?,
                to_json(&action.after)?,
                action.undoes,
                action.path,
                former.map(|former| former.project.as_str()),
                former.map(|former| former.folder.as_str()),
                former.map(|former| former.title.as_str()),
                former.map(|former| former.path.as_str()),
                action.burst,
            ],
        )
        .map_err(&failed)?;
    if let Some(undone) = action.undoes {
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
