//! What the file system must tell the kernel.

use crate::ids::SpaceId;

/// What the file system must tell the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The content of the project with this serial number changed.
    Content(u64),
    /// It changed by what a program wrote to the file: of that the kernel tells whoever watches.
    Saved(u64),
    /// The entries of a directory changed; `None` is the root.
    Directory(Option<SpaceId>),
}
