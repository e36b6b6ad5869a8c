//! Faults: what is to go wrong with requests to come. For tests.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::watch;

/// What goes wrong with a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Fault {
    /// Refused with this status in the envelope; a 429 with `Retry-After` if given.
    Status(u16, Option<f64>),
    /// Refused with this status and a page of HTML.
    Html(u16),
    /// The connection is closed before anything is executed.
    DropBefore,
    /// It is executed, and the connection is closed before the answer.
    DropAfter,
    /// It is executed, and no answer comes until [`Faults::release`].
    HangAfter,
    /// Nothing happens until [`Faults::release`], then it is executed.
    Hang,
    /// It is executed, and the answer ends in the middle.
    Truncated,
    /// It is executed, and the answer is no JSON.
    Malformed,
    /// Refused with 200 and `ok: false`.
    NotOk,
    /// It is executed, and the answer comes byte by byte, this far apart.
    Drip(Duration),
    /// It is executed, and the answer is this many bytes longer than it is, untold.
    Huge(usize),
    /// Answered with a redirect to this address.
    Redirect(String),
}

#[derive(Debug)]
struct Planned {
    method: Option<String>,
    path: String,
    skip: usize,
    times: usize,
    fault: Fault,
}

/// The faults to come.
#[derive(Debug)]
pub struct Faults {
    planned: Mutex<Vec<Planned>>,
    released: watch::Sender<u64>,
}

impl Default for Faults {
    fn default() -> Self {
        Self { planned: Mutex::default(), released: watch::Sender::new(0) }
    }
}

impl Faults {
    /// The next `times` requests with this method (any, if `None`) whose path holds `path` go
    /// wrong like this, after `skip` that do not.
    pub fn plan(&self, method: Option<&str>, path: &str, skip: usize, times: usize, fault: Fault) {
        let method = method.map(str::to_owned);
        self.lock().push(Planned { method, path: path.to_owned(), skip, times, fault });
    }

    /// Nothing goes wrong any more, and what hangs goes on.
    pub fn clear(&self) {
        self.lock().clear();
        self.release();
    }

    /// What hangs goes on.
    pub fn release(&self) {
        self.released.send_modify(|released| *released += 1);
    }

    /// Whether a request hangs at the moment.
    pub fn is_hanging(&self) -> bool {
        self.released.receiver_count() > 0
    }

    pub(crate) async fn released(&self) {
        let mut released = self.released.subscribe();
        // The sender lives as long as `self`.
        let _ = released.changed().await;
    }

    pub(crate) fn next(&self, method: &str, path: &str) -> Option<Fault> {
        let mut planned = self.lock();
        let matching = planned.iter_mut().find(|planned| {
            planned.method.as_deref().is_none_or(|wanted| wanted == method)
                && path.contains(&planned.path)
        })?;
        if matching.skip > 0 {
            matching.skip -= 1;
            return None;
        }
        matching.times = matching.times.saturating_sub(1);
        let fault = matching.fault.clone();
        planned.retain(|planned| planned.times > 0);
        Some(fault)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Planned>> {
        self.planned.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
