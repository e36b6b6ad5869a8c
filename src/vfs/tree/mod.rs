//! What is behind the names of a mount.

pub(crate) mod agent_names;
pub(crate) mod agent_writer;
pub(crate) mod burst;
pub(crate) mod deferred;
pub(crate) mod entries;
pub(crate) mod handles;
pub(crate) mod inner;
pub(crate) mod media_writer;
pub(crate) mod outcome;
pub(crate) mod pins;
pub(crate) mod raising;
pub(crate) mod sharing;
pub(crate) mod sources;
pub(crate) mod waiting;
