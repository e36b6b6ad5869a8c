//! Coming to rest: nothing waits for its grace, and no save is on its way.

use std::sync::Arc;

use crate::{
    error::Result,
    sync::{read::directories, write::recover},
    vfs::{start_and_end, volume::Vfs},
};

/// Settles what waits for its grace, then waits until no save is on its way, but no longer
/// than `wait`.
pub(crate) async fn rest(vfs: &Arc<Vfs>, wait: std::time::Duration) {
    start_and_end::expire_all(vfs).await;
    recover::rest(&vfs.engine, wait).await;
}

/// Lists the workspaces, if they were never listed.
///
/// # Errors
/// What that failed with.
pub(crate) async fn first_look(vfs: &Vfs) -> Result<()> {
    directories::first_look(&vfs.engine).await
}
