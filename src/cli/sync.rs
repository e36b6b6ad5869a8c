//! `sync`: sending what waits, mounted or not, and showing meanwhile what that is.

use std::{path::Path, sync::mpsc, time::Duration};

use serde_json::Value;

use super::{
    account_arguments::AccountArgs,
    arguments::SyncArgs,
    asks::{self, Ask},
    mounted_path::{ANSWER_TIMEOUT, accounts, state_dirs},
    session::{Access, AccountSession},
    status::{in_words, is_refused},
    terminal::{confirm_done, say},
    waiting::{REMEDY, Watch, counted, pending},
};

use crate::{
    error::{Error, Kind, Result},
    sync::Settings,
    vfs::Vfs,
};

/// How often it is looked what waits, and how long what is quick goes unmentioned.
const LOOK: Duration = Duration::from_millis(500);

/// Finishes what the journal holds, mounted or not.
///
/// # Errors
/// If something still waits, or was refused.
pub(crate) fn sync(args: &SyncArgs) -> Result<()> {
    let mut all = Vec::new();
    match Access::of(&args.account) {
        Ok(access) => {
            let mounted = sync_mounted(&access.directory(&args.account)?, args.timeout)?;
            all.push(match mounted {
                Some(status) => status,
                None => sync_alone(&args.account, access, args.timeout)?,
            });
        }
        // Who mounted has given it: what is mounted needs none.
        Err(no_token) if no_token.kind() == Kind::Unauthorized => {
            for account in accounts(&state_dirs(args.account.state_dir.as_deref())?)? {
                all.extend(sync_mounted(&account, args.timeout)?);
            }
            if all.is_empty() {
                return Err(no_token);
            }
        }
        Err(error) => return Err(error),
    }
    let waiting: usize = all.iter().map(|status| pending(status).len()).sum();
    if waiting == 0 && !all.iter().any(is_refused) {
        return confirm_done("everything is saved\n");
    }
    for status in all.iter().filter(|status| !pending(status).is_empty() || is_refused(status)) {
        say(&in_words(status))?;
    }
    Err(match waiting {
        0 => Error::new(Kind::Storage, "what was refused is not with Taskade")
            .hint("`taskadefs retry` or `discard` settles it"),
        _ => Error::new(Kind::Storage, format!("{} did not get to Taskade", counted(waiting)))
            .hint(REMEDY),
    })
}

/// Has the process that has an account send all, and shows what waits. How it stands then; `None`
/// if no process has it.
fn sync_mounted(account: &Path, timeout: Duration) -> Result<Option<Value>> {
    let (sender, receiver) = mpsc::channel();
    let (asked, seconds) = (account.to_owned(), timeout.as_secs_f64());
    std::thread::spawn(move || {
        // Somebody listens for as long as this program runs.
        let _ = sender.send(asks::ask(&asked, &Ask::Sync { seconds }, timeout + ANSWER_TIMEOUT));
    });
    let mut watch = Watch::new();
    loop {
        match receiver.recv_timeout(LOOK) {
            Ok(answer) => return answer,
            Err(mpsc::RecvTimeoutError::Timeout) => {}
            Err(mpsc::RecvTimeoutError::Disconnected) => return Ok(None),
        }
        // Whether it answers is the other one's to tell.
        if let Ok(Some(status)) = asks::ask(account, &Ask::Status {}, ANSWER_TIMEOUT) {
            watch.show(&status);
        }
    }
}

fn sync_alone(args: &AccountArgs, access: Access, timeout: Duration) -> Result<Value> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    runtime.block_on(async {
        let mut account = AccountSession::open(args, access).await?;
        let (vfs, events, invalidations) = account.file_system(Settings::default())?;
        // No kernel listens.
        drop((events, invalidations));
        rest(&vfs, timeout, Some(&mut Watch::new())).await;
        let mut status = progress_status(&vfs);
        status["pid"] = Value::Null;
        if let Some(server) = account.server.take() {
            server.shutdown().await;
        }
        Ok(status)
    })
}

/// Waits until no save is on its way, but no longer than `wait`, and shows what is waited for.
pub(super) async fn rest(vfs: &std::sync::Arc<Vfs>, wait: Duration, mut watch: Option<&mut Watch>) {
    let resting = vfs.rest(wait);
    tokio::pin!(resting);
    loop {
        tokio::select! {
            () = &mut resting => return,
            () = tokio::time::sleep(LOOK) => {}
        }
        if let Some(watch) = &mut watch {
            watch.show(&progress_status(vfs));
        }
    }
}

/// How a file system stands, as `status` has it.
pub(super) fn progress_status(vfs: &Vfs) -> Value {
    serde_json::to_value(vfs.status()).unwrap_or_default()
}
