//! Files that were emptied, until they are written or left.

use std::sync::Arc;

use crate::vfs::{
    tree::handles::{Handle, Writer},
    types::Fh,
};

/// An open file that was emptied and not written to since.
#[derive(Debug, Clone)]
pub(crate) struct DeferredTruncate {
    pub(crate) fh: Fh,
    pub(crate) handle: Arc<Handle>,
    /// Once its grace runs: what tells this grace from an earlier one.
    pub(crate) waits: Option<u64>,
}

impl DeferredTruncate {
    pub(crate) fn writer(&self) -> Option<&Writer> {
        match &*self.handle {
            Handle::Writer(writer) => Some(writer),
            _ => None,
        }
    }

    pub(crate) fn is_of(&self, serial: u64) -> bool {
        self.writer().is_some_and(|writer| writer.project.serial == serial)
    }
}
