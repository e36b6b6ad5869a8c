//! One project as this machine has it. Pure: no lock, no clock, no waiting, no I/O.

pub(crate) mod assigned;
pub(crate) mod copying;
pub(crate) mod creation;
pub(crate) mod current;
pub(crate) mod evicted;
pub(crate) mod freshness;
pub(crate) mod given_up;
pub(crate) mod grace;
pub(crate) mod hidden_fields;
pub(crate) mod identity;
pub(crate) mod keys;
pub(crate) mod learning;
pub(crate) mod lent;
pub(crate) mod local;
pub(crate) mod names;
pub(crate) mod normalised;
pub(crate) mod own_content;
pub(crate) mod pending;
pub(crate) mod put_back;
pub(crate) mod reconcile;
pub(crate) mod rejection;
pub(crate) mod relocation;
pub(crate) mod remote;
pub(crate) mod removed;
pub(crate) mod saving;
pub(crate) mod sending;
pub(crate) mod served;
pub(crate) mod state;
#[cfg(test)]
mod tests;
