//! The cache on disk: what was read lately, to be served at once by the next mount and with no
//! network. It may be deleted at any time; a damaged one, or one of another format, is begun anew.
//!
//! Writing is left to a thread of its own, which puts whatever waits into one transaction. A
//! crash may lose the newest of it, so the cache knows whether it holds all that its mount knew.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use rusqlite::{Connection, OptionalExtension};

use crate::{
    database,
    error::Result,
    ids::{ProjectId, TaskId},
    lock_order::{self, Ordered},
    plan::Outline,
    store::{
        cache_details::DetailAnswer,
        cache_schema::{STEPS, VERSION},
        cache_time::time,
        cache_writer::{CachedProject, Reading, Write, write_all},
    },
};

/// The cache's file in the directory of an account.
pub(crate) const CACHE: &str = "cache.sqlite3";

/// How long the other process that has the file may take.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The cache of one account.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Whether it held all that was known when it was opened.
    complete: bool,
    /// For reading; `None` if there is no cache.
    connection: Option<Ordered<Connection>>,
    writes: Option<mpsc::Sender<Write>>,
    writer: Option<JoinHandle<()>>,
}

impl Cache {
    /// Opens the cache at `path`, or makes it. Without one everything works, but nothing outlives
    /// the mount.
    pub(crate) fn open(path: &Path) -> Self {
        let opened = open(path).or_else(|error| {
            tracing::info!(%error, path = %path.display(), "the cache is begun anew");
            remove(path);
            open(path)
        });
        let both = opened.and_then(|reader| Ok((reader, open(path)?)));
        let (reader, writer) = match both {
            Ok(both) => both,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "there is no cache on disk");
                return Self { complete: false, connection: None, writes: None, writer: None };
            }
        };
        let complete = take_mark(&reader);
        let (writes, waiting) = mpsc::channel();
        let work = move || write_all(writer, &waiting);
        let writer = std::thread::Builder::new().name("cache".to_owned()).spawn(work);
        Self {
            complete,
            connection: Some(Ordered::leaf(reader)),
            writes: Some(writes),
            writer: writer.inspect_err(|error| tracing::warn!(%error, "no cache writer")).ok(),
        }
    }

    /// Opens the cache at `path` to be looked at, also while another process has it: nothing is
    /// changed. `None` if there is none that can be read.
    pub(crate) fn peek(path: &Path) -> Option<Self> {
        let connection = database::open_to_look(path).ok()?;
        let version = connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0));
        if version.ok()? != VERSION {
            return None;
        }
        let connection = Some(Ordered::leaf(connection));
        Some(Self { complete: false, connection, writes: None, writer: None })
    }

    /// Whether it held all that was known when it was opened: a crash may have kept the newest out.
    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether there is one on disk.
    pub(crate) fn is_there(&self) -> bool {
        self.connection.is_some()
    }

    /// Every listing.
    pub(crate) fn listings(&self) -> HashMap<String, String> {
        self.ask("SELECT which, items FROM listings", |statement| {
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })
        .unwrap_or_default()
    }

    /// A project as it was last read.
    pub(crate) fn project(&self, id: &ProjectId) -> Option<CachedProject> {
        let row: Option<(i64, String)> =
            self.ask("SELECT modified, reading FROM projects WHERE id = ?1", |statement| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
                statement.query_row([id.as_str()], row).optional()
            })?;
        let (modified, reading) = row?;
        let reading: Reading = serde_json::from_str(&reading).ok()?;
        let is_sound = reading.outline.is_well_formed();
        is_sound.then(|| CachedProject { modified: time(modified), reading })
    }

    /// What a program was last served of a project.
    pub(crate) fn served(&self, id: &ProjectId) -> Option<Outline> {
        let outline: Option<String> = self
            .ask("SELECT outline FROM served WHERE id = ?1", |statement| {
                statement.query_row([id.as_str()], |row| row.get(0)).optional()
            })?;
        serde_json::from_str(&outline?).ok().filter(Outline::is_well_formed)
    }

    /// Keeps a listing.
    pub(crate) fn keep_listing(&self, which: String, items: String) {
        self.write(Write::Listing(which, items));
    }

    /// Keeps a project.
    pub(crate) fn keep_project(&self, id: &ProjectId, project: CachedProject) {
        self.write(Write::Project(id.clone(), project));
    }

    /// Keeps what a program was served of a project.
    pub(crate) fn keep_served(&self, id: &ProjectId, outline: &Arc<Outline>) {
        self.write(Write::Served(id.clone(), outline.clone()));
    }

    /// Returns once everything kept before is written, and would be found. Blocks.
    pub(crate) fn write_out(&self) {
        self.await_writer(Write::Await);
    }

    /// Returns once everything kept before is on disk, and notes that it is all. Blocks.
    pub(crate) fn flush(&self) {
        self.await_writer(Write::Flush);
    }

    fn await_writer(&self, ask: fn(mpsc::SyncSender<()>) -> Write) {
        let (done, told) = mpsc::sync_channel(1);
        self.write(ask(done));
        // Fails if there is no writer: then there is nothing to wait for.
        let _ = told.recv();
    }

    pub(crate) fn write(&self, write: Write) {
        if let Some(writes) = &self.writes {
            // Fails only if the writer died: then nothing is kept.
            let _ = writes.send(write);
        }
    }

    pub(crate) fn ask<T>(
        &self,
        sql: &str,
        query: impl FnOnce(&mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let connection = self.connection.as_ref()?;
        lock_order::assert_not_for_kernel("the cache is read");
        let connection = connection.lock();
        let answer = connection.prepare_cached(sql).and_then(|mut statement| query(&mut statement));
        answer.inspect_err(|error| tracing::debug!(%error, "the cache does not answer")).ok()
    }
}

impl Cache {
    /// Keeps a detail that was told.
    pub(crate) fn put_answer(&self, id: &ProjectId, told: DetailAnswer) {
        self.write(Write::DetailAnswer(id.clone(), told));
    }

    /// Forgets the details that were told of a project.
    pub(crate) fn forget_answers(&self, id: &ProjectId) {
        self.write(Write::Untold(id.clone()));
    }

    /// The details that were told of a project.
    pub(crate) fn answers(&self, id: &ProjectId) -> Vec<DetailAnswer> {
        let sql = "SELECT task, resource, time, details FROM told WHERE project = ?1";
        let rows: Option<Vec<(String, String, i64, String)>> = self.ask(sql, |statement| {
            let row =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            statement.query_map([id.as_str()], row)?.collect()
        });
        let told = |(task, resource, at, details): (String, String, i64, String)| {
            Some(DetailAnswer {
                task: TaskId::new(task),
                resource: serde_json::from_str(&resource).ok()?,
                time: time(at),
                details: serde_json::from_str(&details).ok()?,
            })
        };
        rows.unwrap_or_default().into_iter().filter_map(told).collect()
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.writes = None;
        if let Some(writer) = self.writer.take() {
            // It ends once all is written. Fails only if it panicked.
            let _ = writer.join();
        }
    }
}

pub(crate) fn open(path: &Path) -> Result<Connection, Box<dyn std::error::Error + Send + Sync>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // What a power cut takes is only to be read again.
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;")?;
    STEPS.to_latest(&mut connection)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(sound.into());
    }
    Ok(connection)
}

/// Whether everything that the last mount knew is here. From now on it is not, whatever happens:
/// that is on disk before anything is learnt.
pub(crate) fn take_mark(connection: &Connection) -> bool {
    let marks = connection
        .execute_batch("PRAGMA synchronous=FULL")
        .and_then(|()| connection.execute("DELETE FROM complete", []));
    marks.is_ok_and(|marks| marks > 0)
}

/// Removes a cache that cannot be used.
pub(crate) fn remove(path: &Path) {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        // What cannot be removed cannot be opened either, and that is told.
        let _ = std::fs::remove_file(PathBuf::from(name));
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        sync::Arc,
        time::{Duration, SystemTime},
    };

    use super::{Cache, CachedProject, Reading};
    use crate::ids::ProjectId;
    use crate::ids::TaskId;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;

    fn project(text: &str) -> CachedProject {
        let (key, text) = (Key::Known(TaskId::new("t")), text.to_owned());
        let outline = Outline {
            items: vec![Item {
                key,
                depth: 0,
                text,
                done: true,
                details: Default::default(),
                spelled: Default::default(),
            }],
        };
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
        let reading = Reading {
            outline: Arc::new(outline),
            title: Some(TaskId::new("title")),
            fields: Default::default(),
        };
        CachedProject { modified: time, reading }
    }

    #[test]
    fn what_was_kept_is_there_after_reopening_and_for_nobody_else() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache");
        let id = ProjectId::new("p");
        let cache = Cache::open(&path);
        cache.keep_project(&id, project("old"));
        cache.keep_project(&id, project("new"));
        cache.keep_served(&id, &project("seen").reading.outline);
        cache.keep_listing("w".to_owned(), "[]".to_owned());
        cache.flush();
        assert!(!cache.is_complete());
        assert_eq!(cache.project(&id), Some(project("new")));
        drop(cache);
        let cache = Cache::open(&path);
        assert!(cache.is_complete());
        assert_eq!(cache.project(&id), Some(project("new")));
        assert_eq!(cache.served(&id), Some((*project("seen").reading.outline).clone()));
        assert_eq!(cache.project(&ProjectId::new("q")), None);
        assert_eq!(cache.listings()["w"], "[]");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_was_written_after_the_last_flush_may_not_be_all() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cache");
        let cache = Cache::open(&path);
        cache.flush();
        cache.keep_project(&ProjectId::new("p"), project("a"));
        drop(cache);
        assert!(!Cache::open(&path).is_complete());
    }

    #[test]
    fn one_that_is_damaged_or_of_another_format_is_begun_anew() {
        let dir = tempfile::tempdir().unwrap();
        let id = ProjectId::new("p");
        let spoilers: [fn(&std::path::Path); 3] = [
            |path| fs::write(path, "no database").unwrap(),
            |path| {
                let file = fs::OpenOptions::new().write(true).open(path).unwrap();
                file.set_len(4096 + 100).unwrap();
            },
            |path| {
                let raw = rusqlite::Connection::open(path).unwrap();
                raw.execute_batch("PRAGMA user_version=99").unwrap();
            },
        ];
        for (number, spoil) in spoilers.into_iter().enumerate() {
            let path = dir.path().join(number.to_string());
            let cache = Cache::open(&path);
            cache.keep_project(&id, project("a"));
            drop(cache);
            spoil(&path);
            let cache = Cache::open(&path);
            assert_eq!(cache.project(&id), None);
            cache.keep_project(&id, project("b"));
            cache.flush();
            assert_eq!(cache.project(&id), Some(project("b")));
        }
    }

    #[test]
    fn where_there_can_be_no_cache_nothing_is_kept_and_nothing_fails() {
        let cache = Cache::open(std::path::Path::new("/proc/no/such/place"));
        cache.keep_project(&ProjectId::new("p"), project("a"));
        cache.flush();
        assert_eq!(cache.project(&ProjectId::new("p")), None);
    }
}
