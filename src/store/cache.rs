//! The cache on disk: what was read lately, to be served at once by the next mount and with no
//! network. It may be deleted at any time; a damaged one, or one of another format, is begun anew.
//!
//! Writing is left to a thread of its own, which puts much of what waits into one transaction. A
//! crash may lose the newest of it, so the cache knows whether it holds all that its mount knew.

use std::{
    collections::HashMap,
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use rusqlite::{Connection, OptionalExtension};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    database,
    error::Result,
    ids::{ProjectId, TaskId},
    kernel_thread,
    lock_order::Ordered,
    plan::Outline,
    store::{
        cache_age::{Aged, ClockStamp, ages},
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

/// With more than this to be written, in bytes of memory, the cache is behind.
const BEHIND: usize = 8 << 20;

/// The cache of one account.
#[derive(Debug)]
pub(crate) struct Cache {
    /// Whether it held all that was known when it was opened.
    complete: bool,
    /// When it was opened, and how old was then what it held, as far as that is known.
    opened: Instant,
    ages: HashMap<Aged, Duration>,
    /// For reading; `None` if there is no cache.
    connection: Option<Ordered<Connection>>,
    writes: Option<mpsc::Sender<Write>>,
    /// About how many bytes of memory wait to be written.
    behind: Arc<AtomicUsize>,
    writer: Option<JoinHandle<()>>,
}

/// The outline of a reading, as it is written.
#[derive(Deserialize)]
struct WrittenOutline<'a> {
    #[serde(borrow)]
    outline: &'a RawValue,
}

impl Cache {
    /// Opens the cache at `path`, or makes it. Without one everything works, but nothing outlives
    /// the mount. It is `opened` now.
    pub(crate) fn open(path: &Path, opened: Instant) -> Self {
        let reader = open(path).or_else(|error| {
            tracing::info!(%error, path = %path.display(), "the cache is begun anew");
            remove(path);
            open(path)
        });
        let both = reader.and_then(|reader| Ok((reader, connect(path)?)));
        let (reader, writer) = match both {
            Ok(both) => both,
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "there is no cache on disk");
                return Self::without(opened);
            }
        };
        let ages = ages(&reader, ClockStamp::now().as_ref());
        let complete = take_mark(&reader);
        // What was learnt last may be missing: then none of it is as old as it says.
        let ages = ages.ok().filter(|_| complete).unwrap_or_default();
        let (writes, waiting) = mpsc::channel();
        let behind = Arc::<AtomicUsize>::default();
        let noted = behind.clone();
        let work = move || write_all(writer, &waiting, &noted);
        let writer = std::thread::Builder::new().name("cache".to_owned()).spawn(work);
        Self {
            complete,
            opened,
            ages,
            connection: Some(Ordered::leaf(reader)),
            writes: Some(writes),
            behind,
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
        let mut cache = Self::without(Instant::now());
        cache.connection = connection;
        Some(cache)
    }

    fn without(opened: Instant) -> Self {
        let (ages, connection) = (HashMap::new(), None);
        let behind = Arc::default();
        Self { complete: false, opened, ages, connection, writes: None, behind, writer: None }
    }

    /// When an earlier mount has read this; `None` if it is to be read again before it is trusted.
    pub(crate) fn read_time(&self, what: &Aged) -> Option<Instant> {
        self.opened.checked_sub(*self.ages.get(what)?)
    }

    /// How old all that was in it was at `now`.
    pub(crate) fn ages(&self, now: Instant) -> HashMap<Aged, Duration> {
        let since = now.saturating_duration_since(self.opened);
        let ages = self.ages.iter();
        ages.map(|(what, age)| (what.clone(), age.saturating_add(since))).collect()
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
        read(modified, &reading)
    }

    /// As [`project`](Self::project), with what a program was last served of it. Most often that is
    /// what was read, and then it is the same in memory: to read it once takes half the time.
    pub(crate) fn project_and_served(
        &self,
        id: &ProjectId,
    ) -> Option<(CachedProject, Option<Arc<Outline>>)> {
        let row: Option<(i64, String, Option<String>)> = self.ask(
            "SELECT modified, reading, served.outline FROM projects
             LEFT JOIN served ON served.id = projects.id WHERE projects.id = ?1",
            |statement| {
                let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
                statement.query_row([id.as_str()], row).optional()
            },
        )?;
        let (modified, reading, served) = row?;
        let project = read(modified, &reading)?;
        let is_same = |served: &String| {
            serde_json::from_str::<WrittenOutline<'_>>(&reading)
                .is_ok_and(|written| written.outline.get() == served)
        };
        let served = served.and_then(|served| match is_same(&served) {
            true => Some(Arc::clone(&project.reading.outline)),
            false => outline(&served).map(Arc::new),
        });
        Some((project, served))
    }

    /// What a program was last served of a project.
    pub(crate) fn served(&self, id: &ProjectId) -> Option<Outline> {
        let outline: Option<String> = self
            .ask("SELECT outline FROM served WHERE id = ?1", |statement| {
                statement.query_row([id.as_str()], |row| row.get(0)).optional()
            })?;
        self::outline(&outline?)
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

    /// Returns once everything kept before is on disk, and notes that it is all, and how old it is.
    /// Blocks.
    pub(crate) fn flush(&self, ages: HashMap<Aged, Duration>) {
        self.await_writer(|done| Write::Flush(ages.into_iter().collect(), done));
    }

    /// Whether so much waits to be written that who can wait is not to add to it.
    pub(crate) fn is_behind(&self) -> bool {
        self.behind.load(Ordering::Relaxed) > BEHIND
    }

    fn await_writer(&self, ask: impl FnOnce(mpsc::SyncSender<()>) -> Write) {
        let (done, written) = mpsc::sync_channel(1);
        self.write(ask(done));
        // Fails if there is no writer: then there is nothing to wait for.
        let _ = written.recv();
    }

    pub(crate) fn write(&self, write: Write) {
        if let Some(writes) = &self.writes {
            let bytes = write.bytes();
            self.behind.fetch_add(bytes, Ordering::Relaxed);
            if writes.send(write).is_err() {
                // The writer died: nothing is kept.
                self.behind.fetch_sub(bytes, Ordering::Relaxed);
            }
        }
    }

    pub(crate) fn ask<T>(
        &self,
        sql: &str,
        query: impl FnOnce(&mut rusqlite::CachedStatement<'_>) -> rusqlite::Result<T>,
    ) -> Option<T> {
        let connection = self.connection.as_ref()?;
        kernel_thread::assert_not_serving("the cache is read");
        let connection = connection.lock();
        let answer = connection.prepare_cached(sql).and_then(|mut statement| query(&mut statement));
        answer.inspect_err(|error| tracing::debug!(%error, "the cache does not answer")).ok()
    }
}

fn read(modified: i64, reading: &str) -> Option<CachedProject> {
    let reading: Reading = serde_json::from_str(reading).ok()?;
    let is_sound = reading.outline.is_well_formed();
    is_sound.then(|| CachedProject { modified: time(modified), reading })
}

fn outline(written: &str) -> Option<Outline> {
    serde_json::from_str(written).ok().filter(Outline::is_well_formed)
}

impl Cache {
    /// Keeps a detail that was told.
    pub(crate) fn put_answer(&self, id: &ProjectId, answer: DetailAnswer) {
        self.write(Write::DetailAnswer(id.clone(), answer));
    }

    /// Forgets the details that were told of a project.
    pub(crate) fn forget_answers(&self, id: &ProjectId) {
        self.write(Write::ForgetAnswers(id.clone()));
    }

    /// The details that were told of a project.
    pub(crate) fn answers(&self, id: &ProjectId) -> Vec<DetailAnswer> {
        let sql = "SELECT task, resource, time, details FROM told WHERE project = ?1";
        let rows: Option<Vec<(String, String, i64, String)>> = self.ask(sql, |statement| {
            let row =
                |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
            statement.query_map([id.as_str()], row)?.collect()
        });
        let parsed = |(task, resource, at, details): (String, String, i64, String)| {
            Some(DetailAnswer {
                task: TaskId::new(task),
                resource: serde_json::from_str(&resource).ok()?,
                time: time(at),
                details: serde_json::from_str(&details).ok()?,
            })
        };
        rows.unwrap_or_default().into_iter().filter_map(parsed).collect()
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

type OpenError = Box<dyn std::error::Error + Send + Sync>;

/// Opens the cache, which is sound. To know that takes as long as to read all of it.
pub(crate) fn open(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path)?;
    let sound: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(sound.into());
    }
    Ok(connection)
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600).open(path)?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    // What a power cut takes is only to be read again.
    connection.execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;")?;
    STEPS.to_latest(&mut connection)?;
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
#[path = "cache_tests.rs"]
mod tests;
