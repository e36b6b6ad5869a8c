//! The log of requests, in memory for tests and in a file for people. It never has the token.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// How many requests are remembered in memory.
const REMEMBERED: usize = 100_000;

/// A request as it was received.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LoggedRequest {
    /// `GET`, `POST`, ….
    pub method: String,
    /// The path below the API's base, without the query.
    pub path: String,
    /// The query, as it came; empty if there was none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// The body, if it was JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<Value>,
    /// The status of the answer.
    pub status: u16,
}

#[derive(Debug, Default)]
struct Lines {
    entries: VecDeque<LoggedRequest>,
    file: Option<File>,
    under_way: usize,
    most_under_way: usize,
}

/// A request is under way as long as this is there.
#[derive(Debug)]
pub(crate) struct UnderWay<'a>(&'a RequestLog);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.lock().under_way -= 1;
    }
}

/// The requests that a server got.
#[derive(Debug, Default)]
pub struct RequestLog {
    lines: Mutex<Lines>,
}

impl RequestLog {
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
                Error::io("cannot write the request log", error).at(path.display().to_string())
            })
        };
        let file = file.map(open).transpose()?;
        Ok(Self { lines: Mutex::new(Lines { file, ..Lines::default() }) })
    }

    pub(crate) fn add(&self, entry: LoggedRequest) {
        let mut lines = self.lock();
        if let Some(file) = &mut lines.file
            && let Ok(mut line) = serde_json::to_string(&entry)
        {
            line.push('\n');
            // A full disk must not stop the server.
            let _ = file.write_all(line.as_bytes());
        }
        if lines.entries.len() == REMEMBERED {
            lines.entries.pop_front();
        }
        lines.entries.push_back(entry);
    }

    /// A request is being answered.
    pub(crate) fn begin(&self) -> UnderWay<'_> {
        let mut lines = self.lock();
        lines.under_way += 1;
        lines.most_under_way = lines.most_under_way.max(lines.under_way);
        UnderWay(self)
    }

    /// How many requests were under way at once at most.
    pub fn most_under_way(&self) -> usize {
        self.lock().most_under_way
    }

    /// Every request so far.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.lock().entries.iter().cloned().collect()
    }

    /// Every request so far that is not a reading.
    pub fn writes(&self) -> Vec<LoggedRequest> {
        self.lock().entries.iter().filter(|entry| entry.method != "GET").cloned().collect()
    }

    /// Forgets what was remembered.
    pub fn clear(&self) {
        self.lock().entries.clear();
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
