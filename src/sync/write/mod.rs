//! Staging: what a save, a removal or an undo comes to, journaled before it is promised.

pub(crate) mod accept;
pub(crate) mod copied_lines;
pub(crate) mod earlier_deletions;
pub(crate) mod elsewhere;
pub(crate) mod history_entry;
pub(crate) mod preview;
pub(crate) mod recover;
pub(crate) mod rename;
pub(crate) mod restore;
pub(crate) mod retry;
pub(crate) mod returning;
pub(crate) mod script_words;
pub(crate) mod set_aside;
pub(crate) mod stage;
pub(crate) mod token_change;
pub(crate) mod transfer;
pub(crate) mod undo;
pub(crate) mod undo_agent;
