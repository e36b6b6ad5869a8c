//! The ground that everything stands on: Taskade's ids, tasks and details as plain values, and
//! the limits of its API. Takes nothing from any other module.

mod agents;
mod bundle;
pub(crate) mod calendar;
mod details;
mod fields;
pub mod ids;
mod marker;
mod media;
mod tasks;

pub use self::{
    agents::{AgentState, Knowledge, RemoteAgent, RemoteConvo},
    bundle::{BundleFormat, Installed},
    details::{End, Moment, RemoteDetails, Schedule, SetDetail, TaskResource},
    fields::{FieldDefinition, FieldKind, FieldOption, FieldSchema, plain_value},
    ids::{AgentId, ConvoId, MediaId, ProjectId, SpaceId, TaskId, TemplateId},
    marker::{Marker, Spelled},
    media::RemoteMedia,
    tasks::{
        ContentType, MAX_BATCH, MAX_CONTENT_CHARS, NewTask, Position, RemoteProject, RemoteSpace,
        RemoteTask, RemoteTemplate, TypedText,
    },
};
