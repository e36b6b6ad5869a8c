//! The log of requests, in memory for tests and in a file for people. It never has the token.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard},
};

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// How many requests are remembered in memory.
const REMEMBERED: usize = 100_000;

/// The status of an answer to a request whose execution died.
pub(super) const DIED: u16 = 500;

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

/// A request is executed as long as this is there, and stands in the log from then on.
#[derive(Debug)]
pub(crate) struct Execution<'a> {
    log: &'a RequestLog,
    entry: Option<LoggedRequest>,
    _guard: RwLockReadGuard<'a, ()>,
}

impl Execution<'_> {
    /// It has an answer of this status.
    pub(crate) fn answered(&mut self, status: u16) {
        if let Some(entry) = &mut self.entry {
            entry.status = status;
        }
    }
}

impl Drop for Execution<'_> {
    fn drop(&mut self) {
        if let Some(entry) = self.entry.take() {
            self.log.add(entry);
        }
    }
}

/// The requests that a server got.
#[derive(Debug, Default)]
pub struct RequestLog {
    lines: Mutex<Lines>,
    /// Held by whoever executes a request until that is in the log, and by nobody while the log is read:
    /// who sees in the store what a request did finds it here.
    executions: RwLock<()>,
}

impl RequestLog {
    pub(crate) fn new(file: Option<&Path>) -> Result<Self> {
        let open = |path: &Path| {
            OpenOptions::new().create(true).append(true).mode(0o600).open(path).map_err(|error| {
                Error::io("cannot write the request log", error).at(path.display().to_string())
            })
        };
        let file = file.map(open).transpose()?;
        let lines = Mutex::new(Lines { file, ..Lines::default() });
        Ok(Self { lines, executions: RwLock::default() })
    }

    /// A request is executed from now on.
    pub(crate) fn execute(&self, entry: LoggedRequest) -> Execution<'_> {
        let guard = self.executions.read().unwrap_or_else(PoisonError::into_inner);
        Execution { log: self, entry: Some(LoggedRequest { status: DIED, ..entry }), _guard: guard }
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
        self.at_rest().entries.iter().cloned().collect()
    }

    /// Every request so far that is not a reading.
    pub fn writes(&self) -> Vec<LoggedRequest> {
        self.at_rest().entries.iter().filter(|entry| entry.method != "GET").cloned().collect()
    }

    /// Forgets what was remembered.
    pub fn clear(&self) {
        self.at_rest().entries.clear();
    }

    /// The log, with all of what was executed.
    fn at_rest(&self) -> MutexGuard<'_, Lines> {
        let _nobody = self.executions.write().unwrap_or_else(PoisonError::into_inner);
        self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::{LoggedRequest, RequestLog};

    #[test]
    fn who_sees_what_a_request_did_finds_it_in_the_log() {
        for _ in 0..200 {
            let (log, is_done) = (RequestLog::default(), AtomicBool::new(false));
            std::thread::scope(|scope| {
                scope.spawn(|| {
                    let (method, path) = ("POST".to_owned(), "/projects".to_owned());
                    let (query, body, status) = (String::new(), None, 0);
                    let mut execution =
                        log.execute(LoggedRequest { method, path, query, body, status });
                    is_done.store(true, Ordering::Release);
                    std::thread::yield_now();
                    execution.answered(200);
                });
                while !is_done.load(Ordering::Acquire) {
                    std::hint::spin_loop();
                }
                let logged: Vec<u16> = log.writes().iter().map(|write| write.status).collect();
                assert_eq!(logged, [200]);
            });
        }
    }
}
