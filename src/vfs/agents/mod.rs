//! `.taskade/agents/` of a workspace or folder.
//!
#![doc = include_str!("agents.md")]

pub(crate) mod content;
pub(crate) mod listing;
pub(crate) mod named;
pub(crate) mod names;
pub(crate) mod place;
