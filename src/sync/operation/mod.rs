//! Operations: what is done at Taskade that is no save of a project. Each is journaled before it is
//! promised, carried out by the one worker of its lane, and kept with the reason if it is refused.
//!
//! Another one takes a kind (`store::operations`), and what it does (`carry_out`).

pub(crate) mod agent;
pub(crate) mod carry_out;
pub(crate) mod delete_media;
pub(crate) mod deletion;
pub(crate) mod media;
pub(crate) mod overridden;
pub(crate) mod rejected;
pub(crate) mod settle;
pub(crate) mod transition;
pub(crate) mod upload;
pub(crate) mod upload_media;
pub(crate) mod uploading;
pub(crate) mod worker;
