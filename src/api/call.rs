//! A request as it is put to the service, whichever endpoint it is of.

use std::time::Duration;

use serde_json::Value;

use super::{
    file::{FileBody, Receiving},
    path::Path,
    priority::Priority,
};

/// What a request does to what its path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// Reads it, and changes nothing: it may be sent again whatever became of it.
    Get,
    /// Reads it as well, with a body that says what: what HTTP knows as `POST`.
    Query,
    /// Adds to it, or does something with it.
    Post,
    /// Puts something in its place.
    Put,
    /// Changes a part of it.
    Patch,
    /// Takes it away.
    Delete,
}

impl Method {
    /// Whether nothing is changed.
    pub const fn is_read(self) -> bool {
        matches!(self, Self::Get | Self::Query)
    }
}

/// One request.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who waits for it.
    pub priority: Priority,
    /// What it does.
    pub method: Method,
    /// To what.
    pub path: Path,
    /// The names and values after the path.
    pub query: Vec<(&'static str, String)>,
    /// What is sent with it.
    pub body: Option<Value>,
    /// The file that is sent with it, in place of a body.
    pub file: Option<FileBody>,
    /// Who takes the file that is answered, in place of an envelope.
    pub receiver: Option<Receiving>,
    /// Whether there is another way to what it asks for: it is not repeated once it was answered,
    /// and that it is not tells nothing of the service.
    pub is_optional: bool,
    /// How long the service may be silent about it, where that is longer than about others.
    pub silence: Option<Duration>,
}

impl Call {
    /// Whether it changes nothing. Only such a request may be sent again when its answer is lost.
    pub fn is_read(&self) -> bool {
        self.method.is_read()
    }
}
