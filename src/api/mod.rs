//! What taskadefs asks of Taskade.
//!
//! An [`Endpoint`] is a typed value: what is asked, where that goes, and how the answer is read. A
//! [`Client`] asks for it, through one method of a [`Backend`]: the HTTP client, which repeats what
//! may be repeated and keeps to the request budget, or whatever stands in front of it.
//!
#![doc = include_str!("operations.md")]

mod answer;
#[cfg(test)]
mod any_json;
mod audit;
mod audit_rotation;
mod backend;
mod budget;
mod bundle;
mod bundle_agents;
mod bundle_fields;
mod bundle_node;
#[cfg(test)]
mod bundle_tests;
mod call;
mod client;
mod client_by_name;
mod connections;
mod disposition;
mod download;
mod endpoint;
pub mod endpoints;
mod envelope;
mod file;
mod gate;
mod headers;
mod http;
mod ledger;
mod listing;
pub(crate) mod oauth;
pub(crate) mod origin;
mod outage;
pub(crate) mod owner;
mod paging;
mod path;
mod permit;
mod priority;
mod queue;
mod readable;
mod resource;
mod sender;
mod token_source;
mod token_verdicts;
mod upload_body;
mod url;
mod verdict;
mod wire;
mod wire_agents;
mod wire_details;

/// The projects of an export, by their ids: for the benchmark of real exports.
#[doc(hidden)]
pub use self::bundle::projects as read_export;
pub use self::bundle::{Exported, ExportedSpace};
pub(crate) use self::{audit::Audited, client::Wanted};
pub use self::{
    backend::{AuditEntry, Backend, Request},
    call::{Call, Method},
    client::Client,
    endpoint::Endpoint,
    envelope::Envelope,
    file::{FileBody, FileHead, FilePart, Receiver, Receiving},
    http::{FOREGROUND_SILENCE, HttpBackend},
    ledger::BudgetStatus,
    outage::Gone,
    path::Path,
    priority::Priority,
    resource::Resource,
    token_source::{FixedToken, TokenSource},
    url::{DEFAULT_API_URL, check_url},
    wire::Page,
};
pub use crate::model::{
    AgentState, BundleFormat, ContentType, End, Installed, Knowledge, MAX_BATCH, MAX_CONTENT_CHARS,
    Moment, NewTask, Position, RemoteAgent, RemoteConvo, RemoteDetails, RemoteMedia, RemoteProject,
    RemoteSpace, RemoteTask, RemoteTemplate, Schedule, SetDetail, TaskResource, TypedText,
};
use crate::{error::Result, ids::SpaceId};

/// Reads a body as every answer that there is: for the fuzzer, which is to find no panic.
#[cfg(fuzzing)]
pub fn read_any_answer(body: &[u8]) {
    let read = || Envelope::read(body, None);
    wire::read_any(read);
    wire_agents::read_any(read);
    wire_details::read_any(read);
    Envelope::read_failure(500, body, None);
}

/// Making workspaces and folders, where the service is one's own: v1 of the API cannot.
pub trait MakeSpaces: Send + Sync {
    /// Makes a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn make_workspace(&self, name: &str) -> Result<SpaceId>;

    /// Makes a folder in a workspace.
    ///
    /// # Errors
    /// If the store cannot be written.
    fn make_folder(&self, workspace: &SpaceId, name: &str) -> Result<SpaceId>;
}
