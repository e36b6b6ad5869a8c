//! `.taskade/agents/` of a workspace or folder.
//!
#![doc = include_str!("agents.md")]

pub(crate) mod content;
pub(crate) mod knowledge;
pub(crate) mod listing;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod paths;
pub(crate) mod place;
pub(crate) mod text;
pub(crate) mod write;
