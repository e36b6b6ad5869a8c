//! What is kept in the cache, and the thread that writes it: whatever waits goes into one transaction.

use std::{
    sync::{Arc, mpsc},
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};

use crate::{
    ids::{ProjectId, TaskId},
    model::FieldSchema,
    plan::Outline,
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

/// Writes whatever comes, until nothing can come any more.
pub(crate) fn write_all(mut connection: Connection, waiting: &mpsc::Receiver<Write>) {
    while let Ok(first) = waiting.recv() {
        let (mut flushed, mut awaiting) = (false, Vec::new());
        let written = connection.transaction().and_then(|transaction| {
            for write in std::iter::once(first).chain(waiting.try_iter()) {
                match write {
                    Write::Await(done) => awaiting.push(done),
                    Write::Flush(ages, done) => {
                        flushed = true;
                        put_ages(&transaction, &ages, ClockStamp::now().as_ref())?;
                        awaiting.push(done);
                    }
                    write => put(&transaction, write)?,
                }
            }
            transaction.execute("DELETE FROM complete", [])?;
            if flushed {
                transaction.execute("INSERT INTO complete VALUES (1)", [])?;
            }
            transaction.commit()
        });
        if let Err(error) = written {
            tracing::warn!(%error, "not kept in the cache");
        }
        for done in awaiting {
            // Whoever waited may have gone.
            let _ = done.try_send(());
        }
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
