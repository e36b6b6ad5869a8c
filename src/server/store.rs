//! The store: workspaces, folders, projects and tasks in SQLite; `store_details` has the rest.
//!
//! Every change is one transaction, on disk before it is answered. A project's tasks are kept in
//! outline order by number; the projects used last are kept in memory as well.

use std::{
    collections::HashMap,
    fs::DirBuilder,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::{
    markdown,
    outline::{Misplaced, Tasks},
    schema::STEPS,
    store_details as details, store_tasks,
    token::random_name,
};
use crate::{
    database,
    error::{Error, Result},
};

/// How many projects are kept in memory.
const KEPT: usize = 64;

/// A workspace or folder of the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SpaceRow {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// A project of the store.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ProjectRow {
    pub(crate) id: String,
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) completed: bool,
}

pub(crate) struct StoreInner {
    pub(crate) connection: Connection,
    kept: HashMap<String, Arc<Tasks>>,
}

/// Everything that a server has.
pub struct Store {
    inner: Mutex<StoreInner>,
}

impl Store {
    pub(crate) fn open(dir: &Path) -> Result<Self> {
        let shown = dir.display().to_string();
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|error| Error::io("cannot make the store", error).at(&shown))?;
        let connection = database::open(&dir.join("store.sqlite3"), &STEPS)?;
        take_alone(&connection).map_err(|error| failed(error).at(&shown))?;
        Ok(Self { inner: Mutex::new(StoreInner { connection, kept: HashMap::new() }) })
    }

    pub(crate) fn is_empty(&self) -> Result<bool> {
        let count: i64 = self
            .lock()
            .connection
            .query_row("SELECT count(*) FROM spaces", [], |row| row.get(0))
            .map_err(failed)?;
        Ok(count == 0)
    }

    pub(crate) fn workspaces(&self) -> Result<Vec<SpaceRow>> {
        self.spaces("SELECT id, name FROM spaces WHERE id = workspace ORDER BY number", [])
    }

    /// The folders of a workspace, its home folder first.
    pub(crate) fn folders(&self, workspace: &str) -> Result<Vec<SpaceRow>> {
        let sql = "SELECT id, name FROM spaces WHERE workspace = ?1 ORDER BY number";
        self.spaces(sql, [workspace])
    }

    fn spaces(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<SpaceRow>> {
        let inner = self.lock();
        let mut statement = inner.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement
            .query_map(params, |row| Ok(SpaceRow { id: row.get(0)?, name: row.get(1)? }))
            .map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    pub(crate) fn has_space(&self, id: &str) -> Result<bool> {
        let found: Option<i64> = self
            .lock()
            .connection
            .query_row("SELECT 1 FROM spaces WHERE id = ?1", [id], |row| row.get(0))
            .optional()
            .map_err(failed)?;
        Ok(found.is_some())
    }

    pub(crate) fn projects(&self, folder: &str) -> Result<Vec<ProjectRow>> {
        let sql = "SELECT id, folder, name, completed FROM projects
                   WHERE folder = ?1 ORDER BY number";
        let inner = self.lock();
        let mut statement = inner.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([folder], project_row).map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    /// All projects, those first that were looked at last.
    pub(crate) fn viewed_projects(&self) -> Result<Vec<ProjectRow>> {
        let sql = "SELECT id, folder, name, completed FROM projects ORDER BY viewed DESC";
        let inner = self.lock();
        let mut statement = inner.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([], project_row).map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    /// The name of a space, if there is one.
    pub(crate) fn space_name(&self, id: &str) -> Result<Option<String>> {
        let found = self.rows("SELECT name FROM spaces WHERE id = ?1", id, |row| row.get(0));
        Ok(found?.pop())
    }

    /// The rows that belong to one subject.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        subject: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let inner = self.lock();
        let mut statement = inner.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([subject], read).map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }

    pub(crate) fn project(&self, id: &str) -> Result<Option<ProjectRow>> {
        self.lock()
            .connection
            .query_row(
                "SELECT id, folder, name, completed FROM projects WHERE id = ?1",
                [id],
                project_row,
            )
            .optional()
            .map_err(failed)
    }

    /// Archives a project or brings it back. What it is then, if it exists.
    pub(crate) fn set_completed(&self, id: &str, completed: bool) -> Result<Option<ProjectRow>> {
        self.lock()
            .connection
            .query_row(
                "UPDATE projects SET completed = ?2 WHERE id = ?1
                 RETURNING id, folder, name, completed",
                params![id, completed],
                project_row,
            )
            .optional()
            .map_err(failed)
    }

    /// The tasks of a project that exists.
    pub(crate) fn tasks(&self, project: &str) -> Result<Arc<Tasks>> {
        self.lock().tasks(project)
    }

    /// Changes the tasks of a project, all or nothing. With the text of the title node the name of
    /// the project changes.
    pub(crate) fn change(
        &self,
        project: &str,
        change: impl FnOnce(&mut Tasks) -> Result<(), Misplaced>,
    ) -> Result<Result<(), Misplaced>> {
        self.lock().change(project, change)
    }

    /// Makes a project of tasks whose first is the title node.
    pub(crate) fn make_project(&self, folder: &str, name: &str, tasks: Tasks) -> Result<String> {
        let id = random_name(16)?;
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        add_project(&transaction, &id, folder, name, &tasks).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(id)
    }

    /// Makes a project of what its Markdown says. Its id and its name.
    pub(crate) fn make_of_markdown(&self, folder: &str, content: &str) -> Result<(String, String)> {
        let (name, lines) = markdown::read(content);
        let tasks = store_tasks::below_title(&name, lines)?;
        Ok((self.make_project(folder, &name, tasks)?, name))
    }

    /// Copies a project under a new name, with the details of its tasks and its fields. Tasks keep
    /// their ids: those are unique only inside a project.
    pub(crate) fn copy_project(&self, from: &str, folder: &str, name: &str) -> Result<String> {
        let id = random_name(16)?;
        let mut inner = self.lock();
        let mut tasks = Tasks::clone(&*inner.tasks(from)?);
        if let Some(title) = tasks.0.first_mut() {
            title.set_text(name.to_owned());
        }
        let transaction = inner.connection.transaction().map_err(failed)?;
        add_project(&transaction, &id, folder, name, &tasks)
            .and_then(|()| details::copy(&transaction, from, &id))
            .and_then(|()| transaction.commit())
            .map_err(failed)?;
        Ok(id)
    }

    /// Does something with the details of a task, all or nothing. `None` if there is no such task.
    pub(crate) fn with_task<T>(
        &self,
        project: &str,
        task: &str,
        act: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut inner = self.lock();
        if inner.tasks(project)?.index(task).is_none() {
            return Ok(None);
        }
        let transaction = inner.connection.transaction().map_err(failed)?;
        let done = act(&transaction).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        Ok(Some(done))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, StoreInner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StoreInner {
    fn tasks(&mut self, project: &str) -> Result<Arc<Tasks>> {
        if let Some(tasks) = self.kept.get(project) {
            return Ok(Arc::clone(tasks));
        }
        let tasks = Arc::new(store_tasks::read(&self.connection, project).map_err(failed)?);
        if self.kept.len() >= KEPT {
            self.kept.clear();
        }
        self.kept.insert(project.to_owned(), Arc::clone(&tasks));
        Ok(tasks)
    }

    fn change(
        &mut self,
        project: &str,
        change: impl FnOnce(&mut Tasks) -> Result<(), Misplaced>,
    ) -> Result<Result<(), Misplaced>> {
        let before = self.tasks(project)?;
        let mut after = Tasks::clone(&before);
        if let Err(refused) = change(&mut after) {
            return Ok(Err(refused));
        }
        let transaction = self.connection.transaction().map_err(failed)?;
        store_tasks::write_changes(&transaction, project, &before, &after).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        self.kept.insert(project.to_owned(), Arc::new(after));
        Ok(Ok(()))
    }
}

pub(crate) fn add_project(
    transaction: &Transaction<'_>,
    id: &str,
    folder: &str,
    name: &str,
    tasks: &Tasks,
) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO projects (id, folder, name, completed, viewed)
         VALUES (?1, ?2, ?3, 0, (SELECT coalesce(max(viewed), 0) + 1 FROM projects))",
        [id, folder, name],
    )?;
    store_tasks::write(transaction, id, tasks, 0, tasks.0.len())
}

fn project_row(row: &rusqlite::Row<'_>) -> rusqlite::Result<ProjectRow> {
    Ok(ProjectRow {
        id: row.get(0)?,
        folder: row.get(1)?,
        name: row.get(2)?,
        completed: row.get(3)?,
    })
}

/// Takes the database for this connection alone until it is closed: what is kept in memory would
/// not see what another server writes. One that is about to end is waited for.
fn take_alone(connection: &Connection) -> rusqlite::Result<()> {
    connection.execute_batch("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;")
}

pub(crate) fn failed(error: rusqlite::Error) -> Error {
    database::failed("the store cannot be used")(error)
}
