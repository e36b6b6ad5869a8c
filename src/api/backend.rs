//! The service seam: one method, through which every request goes.
//!
//! [`Backend`] is implemented by the HTTP client, and by whatever stands in front of it: the log of
//! what is written, and in tests a service in memory and lines to it that break.
//!
//! The contract on errors: a write that fails with a kind for which
//! [`Kind::is_certain`](crate::error::Kind::is_certain) holds has changed nothing; any other
//! failure of a write must be settled by reading.

use async_trait::async_trait;
use serde_json::Value;
use tokio::sync::watch;

use super::{
    call::{Call, Method},
    envelope::Envelope,
    ledger::BudgetStatus,
    outage::Gone,
};
use crate::{error::Result, ids::ProjectId};

/// The Taskade service.
#[async_trait]
pub trait Backend: Send + Sync + 'static {
    /// Puts a request to the service, and has it read the answer.
    ///
    /// # Errors
    /// What the service refuses with, what came in the way, or that the answer cannot be read.
    async fn send(&self, request: &mut dyn Request) -> Result<()>;

    /// What is known of the request budget, if there is one.
    fn budget(&self) -> Option<BudgetStatus> {
        None
    }

    /// Since when the service is gone, if it is, and whenever that changes; `None` where nobody
    /// tells.
    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        None
    }

    /// How often another token has come to count after one was refused, and whenever that changes;
    /// `None` where nobody tells.
    fn token_changes(&self) -> Option<watch::Receiver<u64>> {
        None
    }

    /// Somebody looks at what the service may have anew: if it is gone, whether it is back is to be
    /// found out soon.
    fn hurry(&self) {}

    /// A program waits, or waits no more, for what is read about a project or space, whoever asks:
    /// what is read about it in the background is as urgent meanwhile as what the program would ask for.
    fn want(&self, _subject: &str, _is_wanted: bool) {}
}

/// A request under way, whichever endpoint it is of.
pub trait Request: Send {
    /// What it does.
    fn method(&self) -> Method;

    /// What is put to the service.
    ///
    /// # Errors
    /// [`Kind::Invalid`](crate::error::Kind::Invalid) for what cannot be put: nothing is sent then.
    fn call(&self) -> Result<Call>;

    /// Reads what came of it, and keeps that for whoever asked.
    ///
    /// # Errors
    /// What came of it, or that it cannot be read.
    fn take(&mut self, answer: Result<Envelope>) -> Result<()>;

    /// What the log of writes has of it, with what of its answer was read; `None` for a read.
    fn entry(&self) -> Option<AuditEntry>;
}

/// A write as the log of writes has it.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// The project that it was about, where that is known.
    pub project: Option<ProjectId>,
    /// An object: `call` in words, and what was written.
    pub fields: Value,
}

impl AuditEntry {
    pub(crate) fn of(project: &ProjectId, fields: Value) -> Self {
        Self { project: Some(project.clone()), fields }
    }
}
