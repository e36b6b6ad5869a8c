//! Bundles: whole spaces to files, and files to projects.
//!
//! What is exported is at its place once it is whole and checked, and leaves nothing behind before.
//! What is imported is checked before a byte of it is sent, is sent once, and never again by itself: the
//! service makes all of it anew each time.

pub(crate) mod contents;
pub(crate) mod export;
pub(crate) mod import;
mod item;
mod received;
mod target;

use tokio::sync::watch;

/// How far a file is on its way, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Transferred {
    /// How many came, or went.
    pub done: u64,
    /// How many there are, if that is known.
    pub total: Option<u64>,
    /// Whether it is to wait until the service takes it.
    pub waits: bool,
}

/// Whom that is told.
pub(crate) type TransferWatch = watch::Sender<Transferred>;
