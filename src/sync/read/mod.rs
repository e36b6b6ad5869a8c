//! Readings: what is served, what is asked for, and when.

pub(crate) mod agents;
pub(crate) mod archived;
pub(crate) mod assigned;
pub(crate) mod cache_readahead;
pub(crate) mod cache_write;
pub(crate) mod detail;
pub(crate) mod details;
pub(crate) mod directories;
pub(crate) mod export;
pub(crate) mod exported;
pub(crate) mod fetch;
pub(crate) mod follow;
pub(crate) mod follow_order;
pub(crate) mod habits;
pub(crate) mod look;
pub(crate) mod offline;
pub(crate) mod open;
pub(crate) mod readahead;
pub(crate) mod reading_ages;
pub(crate) mod refresh;
pub(crate) mod registry;
pub(crate) mod resources;
pub(crate) mod serve;
pub(crate) mod space_readahead;
pub(crate) mod viewed;
