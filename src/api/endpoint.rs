//! An endpoint of the API as a typed value, and a request for it.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    backend::{AuditEntry, Backend, Request},
    call::{Call, Method},
    envelope::Envelope,
    file::{FileBody, Receiving},
    path::Path,
    priority::Priority,
};
use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
};

/// What is asked of one endpoint, where that goes, and how the answer is read.
pub trait Endpoint: Send + Sync {
    /// What the answer tells.
    type Answer: Send;

    /// What it does. A read may be sent again when its answer is lost; a write has to be settled by
    /// reading then, and is always sent with the priority of a save.
    const METHOD: Method;

    /// Whether a refusal says how the account stands. It does not where a plan, a right or a wish
    /// that cannot be granted is a likelier reason.
    const IS_TELLING: bool = true;

    /// Whether there is another way to what it asks for, to be taken when it fails once.
    const IS_OPTIONAL: bool = false;

    /// How long the service may be silent about it, where that is longer than about others.
    const SILENCE: Option<Duration> = None;

    /// The path, which is the documented one with the ids in it.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for an id that cannot be one.
    fn path(&self) -> Result<Path>;

    /// What comes after the path.
    fn query(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// What is sent with it. What is not set is left out: null is not allowed everywhere.
    ///
    /// # Errors
    /// [`Kind::Invalid`] for what the service takes in no form.
    fn body(&self) -> Result<Option<Value>> {
        Ok(None)
    }

    /// The file that is sent in place of a body.
    fn file(&self) -> Option<FileBody> {
        None
    }

    /// Who takes the file that is answered, in place of an envelope; the answer is an empty one then.
    fn receiver(&self) -> Option<Receiving> {
        None
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if it cannot be read; [`Kind::Ambiguous`] if that leaves in doubt what a
    /// write has done.
    fn read(&self, answer: Envelope) -> Result<Self::Answer>;

    /// What it means that there is no such thing, where that is an answer and no failure.
    fn absent(&self) -> Option<Self::Answer> {
        None
    }

    /// What the log of writes has of it, given what was answered if it was.
    fn entry(&self, answer: Option<&Self::Answer>) -> Option<AuditEntry> {
        let _ = answer;
        None
    }
}

/// A request for an endpoint, and its answer once that is there.
struct Asked<E: Endpoint> {
    priority: Priority,
    endpoint: E,
    answer: Option<E::Answer>,
}

/// Asks for an endpoint.
///
/// # Errors
/// As [`Backend::send`].
pub(super) async fn ask<E: Endpoint>(
    backend: &dyn Backend,
    priority: Priority,
    endpoint: E,
) -> Result<E::Answer> {
    let mut asked = Asked { priority, endpoint, answer: None };
    backend.send(&mut asked).await?;
    asked.answer.ok_or_else(|| Error::new(Kind::Protocol, "the request was given no answer"))
}

impl<E: Endpoint> Request for Asked<E> {
    fn method(&self) -> Method {
        E::METHOD
    }

    fn call(&self) -> Result<Call> {
        let (path, query) = (self.endpoint.path()?, self.endpoint.query());
        let body = self.endpoint.body()?;
        Ok(Call {
            priority: self.priority,
            method: E::METHOD,
            path,
            query,
            body,
            file: self.endpoint.file(),
            receiver: self.endpoint.receiver(),
            is_optional: E::IS_OPTIONAL,
            silence: E::SILENCE,
        })
    }

    fn take(&mut self, answer: Result<Envelope>) -> Result<()> {
        self.answer = match (answer, self.endpoint.absent()) {
            (Err(error), Some(absent)) if error.kind() == Kind::NotFound => Some(absent),
            (answer, _) => Some(self.endpoint.read(answer?)?),
        };
        Ok(())
    }

    fn entry(&self) -> Option<AuditEntry> {
        if E::METHOD.is_read() {
            return None;
        }
        let found = self.endpoint.entry(self.answer.as_ref());
        // A write without words of its own is in the log all the same.
        found.or_else(|| {
            let path = self.endpoint.path().ok()?;
            let project = path.template().starts_with("projects/").then(|| path.subject());
            let call = format!("{:?} {}", E::METHOD, path.template()).to_lowercase();
            let fields = json!({ "call": call, "ids": path.ids() });
            Some(AuditEntry { project: project.map(ProjectId::new), fields })
        })
    }
}
