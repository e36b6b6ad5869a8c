//! Carrying out: the workers that send what the journal promises.

pub(crate) mod actions;
pub(crate) mod archive;
pub(crate) mod become_copy;
pub(crate) mod conflicts;
pub(crate) mod copy_details;
pub(crate) mod create;
pub(crate) mod denied;
pub(crate) mod discard;
pub(crate) mod expiry;
pub(crate) mod held;
pub(crate) mod lease;
pub(crate) mod made_from;
pub(crate) mod names;
pub(crate) mod placement;
pub(crate) mod rebase;
pub(crate) mod reject;
pub(crate) mod relocate;
pub(crate) mod restoration;
pub(crate) mod send;
pub(crate) mod turn_back;
pub(crate) mod unmoved;
pub(crate) mod unsettable;
pub(crate) mod worker;
