//! Having the kernel do something under the lock of a directory: one at a time, and not while
//! anything is asked in that directory, for as long as nobody else's answer may take.

use std::sync::Arc;

use tokio::sync::Mutex as AsyncMutex;

use crate::vfs::{kernel_cache, types::Ino, volume::Vfs};

/// Whose turn it is: what waits for a lock of the kernel keeps a thread from others.
pub(crate) type Turn = Arc<AsyncMutex<()>>;

/// Has this done once nothing is asked in a directory. `None` if the mount is gone.
pub(crate) async fn under_lock<T: Send + 'static>(
    vfs: &Arc<Vfs>,
    parent: Ino,
    turn: &Turn,
    act: impl Fn() -> T + Send + Sync + 'static,
) -> Option<T> {
    let act = Arc::new(act);
    loop {
        let quiet = vfs.quiet.notified();
        if !kernel_cache::is_quiet(vfs, parent) {
            quiet.await;
            continue;
        }
        let _turn = turn.clone().lock_owned().await;
        let (shared, act) = (vfs.clone(), act.clone());
        let done = tokio::task::spawn_blocking(move || {
            // Looked at by the thread that does it, right before: a thread may be long in coming.
            {
                let mut tree = shared.tree();
                if tree.held.contains_key(&parent) {
                    return None;
                }
                tree.dropping = Some((parent, false));
            }
            let value = act();
            shared.tree().dropping = None;
            Some(value)
        });
        // It fails only if the mount is gone.
        match done.await {
            Ok(Some(value)) => return Some(value),
            Ok(None) => {}
            Err(_) => return None,
        }
    }
}
