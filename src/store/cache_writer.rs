//! What is kept in the cache, and the thread that writes it: what waits goes into one transaction, up to
//! where somebody waits for it, and so much that its memory is not kept for long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, params};
use rustix::{process::setpriority_process, thread::gettid};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, TaskId},
    memory,
    model::FieldSchema,
    plan::{Item, Outline},
    store::{
        cache_age::{Aged, ClockStamp, put_ages},
        cache_details::{self, DetailAnswer},
        cache_time::nanoseconds,
    },
};

/// A project as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CachedProject {
    /// When its content last changed, as far as was seen.
    pub(crate) modified: SystemTime,
    pub(crate) reading: Reading,
}

/// What a project was read as.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reading {
    pub(crate) outline: Arc<Outline>,
    /// The title node.
    pub(crate) title: Option<TaskId>,
    /// The fields that it defines, if an export told. There were none in earlier releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fields: Option<FieldSchema>,
}

/// About how many bytes of memory a task of an outline takes that waits to be written.
const TASK_BYTES: usize = size_of::<Item>() + 128;

/// How many bytes of memory go into one transaction, about.
const MOST: usize = 4 << 20;

/// How much less of a processor the thread gets than one that somebody waits for, as by nice(1).
const NICE: i32 = 10;

/// Something to be written.
pub(crate) enum Write {
    Listing(String, String),
    Project(ProjectId, CachedProject),
    Served(ProjectId, Arc<Outline>),
    DetailAnswer(ProjectId, DetailAnswer),
    /// What was told of a project is known now.
    ForgetAnswers(ProjectId),
    /// Tells when everything before it is written.
    Await(mpsc::SyncSender<()>),
    /// Tells that as well, and notes that it is all that is known, and how old it is.
    Flush(Vec<(Aged, Duration)>, mpsc::SyncSender<()>),
}

impl Write {
    /// About how many bytes of memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Write::Listing(which, items) => which.len() + items.len(),
            Write::Project(_, CachedProject { reading: Reading { outline, .. }, .. })
            | Write::Served(_, outline) => outline.items.len() * TASK_BYTES,
            Write::DetailAnswer(..) | Write::ForgetAnswers(_) => TASK_BYTES,
            Write::Await(_) | Write::Flush(..) => 0,
        }
    }
}

/// Writes whatever comes, until nothing can come any more. `behind` is how many bytes wait.
pub(crate) fn write_all(
    mut connection: Connection,
    waiting: &mpsc::Receiver<Write>,
    behind: &AtomicUsize,
) {
    // Of one thread alone, on Linux: setpriority(2). Where it is not granted, writing takes its part.
    let _ = setpriority_process(Some(gettid()), NICE);
    while let Ok(first) = waiting.recv() {
        let mut batch = Batch::default();
        let written = connection.transaction().and_then(|transaction| {
            for write in std::iter::once(first).chain(waiting.try_iter()) {
                let bytes = write.bytes();
                batch.bytes += bytes;
                behind.fetch_sub(bytes, Ordering::Relaxed);
                match write {
                    Write::Await(done) => batch.awaiting.push(done),
                    Write::Flush(ages, done) => {
                        batch.is_flushed = true;
                        put_ages(&transaction, &ages, ClockStamp::now().as_ref())?;
                        batch.awaiting.push(done);
                    }
                    write => put(&transaction, write)?,
                }
                if batch.is_full() {
                    break;
                }
            }
            transaction.execute("DELETE FROM complete", [])?;
            if batch.is_flushed {
                transaction.execute("INSERT INTO complete VALUES (1)", [])?;
            }
            transaction.commit()
        });
        if let Err(error) = written {
            tracing::warn!(%error, "not kept in the cache");
        }
        for done in batch.awaiting {
            // Whoever waited may have gone.
            let _ = done.try_send(());
        }
        if batch.bytes >= MOST / 4 {
            memory::give_back_at_rest();
        }
    }
}

/// What goes into one transaction.
#[derive(Default)]
struct Batch {
    /// About how many bytes of memory it took.
    bytes: usize,
    awaiting: Vec<mpsc::SyncSender<()>>,
    /// Whether it ends with the mark that it is all.
    is_flushed: bool,
}

impl Batch {
    /// Whether it is to be written now. Who waits is not to wait for what comes later, which may go on
    /// and on; but what comes right behind the mark is to be in with it.
    fn is_full(&self) -> bool {
        !self.is_flushed && (self.bytes >= MOST || !self.awaiting.is_empty())
    }
}

pub(crate) fn put(connection: &Connection, write: Write) -> rusqlite::Result<()> {
    let json = |value: serde_json::Result<String>| value.unwrap_or_default();
    match write {
        Write::Listing(which, items) => {
            let mut statement =
                connection.prepare_cached("INSERT OR REPLACE INTO listings VALUES (?1, ?2)")?;
            statement.execute(params![which, items])?;
        }
        Write::Project(id, CachedProject { modified, reading }) => {
            let mut statement =
                connection.prepare_cached("INSERT OR REPLACE INTO projects VALUES (?1, ?2, ?3)")?;
            let reading = json(serde_json::to_string(&reading));
            statement.execute(params![id.as_str(), nanoseconds(modified), reading])?;
        }
        Write::Served(id, outline) => {
            let mut statement =
                connection.prepare_cached("INSERT OR REPLACE INTO served VALUES (?1, ?2)")?;
            statement.execute(params![id.as_str(), json(serde_json::to_string(&*outline))])?;
        }
        Write::DetailAnswer(id, answer) => cache_details::put(connection, &id, &answer)?,
        Write::ForgetAnswers(id) => cache_details::remove(connection, &id)?,
        Write::Await(_) | Write::Flush(..) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::{Batch, MOST};

    #[test]
    fn who_waits_does_not_wait_for_what_comes_later_and_much_is_not_kept_for_long() {
        let awaiting = || vec![mpsc::sync_channel(1).0];
        let batch = |bytes, awaiting, is_flushed| Batch { bytes, awaiting, is_flushed };
        assert!(!batch(MOST - 1, Vec::new(), false).is_full());
        assert!(batch(MOST, Vec::new(), false).is_full());
        assert!(batch(0, awaiting(), false).is_full());
        assert!(!batch(MOST, awaiting(), true).is_full());
    }
}
