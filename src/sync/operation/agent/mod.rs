//! Agents: what programs want of them, how they are shown meanwhile, and sending it.

pub(crate) mod actions;
pub(crate) mod body;
pub(crate) mod create;
pub(crate) mod knowledge;
pub(crate) mod publish;
pub(crate) mod save;
pub(crate) mod send;
pub(crate) mod shown;
pub(crate) mod staged;
pub(crate) mod typed;
pub(crate) mod typed_text;
pub(crate) mod verdict;
