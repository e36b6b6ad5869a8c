//! An account that no process has: this one has it for one command, and answers as a mount does.

use std::{os::unix::net::UnixStream, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::runtime::Runtime;

use super::{
    account_arguments::AccountArgs,
    asks::{self, Ask, Progress},
    control::{self, About},
    session::{Access, AccountSession},
    sync::{progress_status, rest},
    terminal::tell,
    waiting::{self, Watch},
};

use crate::{
    error::{Error, Kind, Result},
    sync::Settings,
    vfs::Vfs,
};

/// How long saves that are on their way may take when the command has its answer. What is not through
/// then is in the journal.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// How long what is being written may take then.
const SHUTDOWN: Duration = Duration::from_secs(2);

/// An account for one command. What it has not seen to its end when this is dropped is in the journal.
pub(super) struct Unmounted {
    /// Gone once it is at rest.
    runtime: Option<Runtime>,
    /// Let go of last: nobody else may go on while this process does.
    account: AccountSession,
    vfs: Arc<Vfs>,
    about: Arc<About>,
}

impl Unmounted {
    /// Opens the account that was asked for.
    ///
    /// # Errors
    /// If its directory cannot be used, or another process has it.
    pub(super) fn open(args: &AccountArgs, access: Access, settings: Settings) -> Result<Self> {
        let runtime = Runtime::new().map_err(|error| Error::io("cannot start", error))?;
        let (account, vfs) = runtime.block_on(async {
            let account = AccountSession::open(args, access).await?;
            let (vfs, events, invalidations) = account.file_system(settings)?;
            // No kernel listens.
            drop((events, invalidations));
            Ok::<_, Error>((account, vfs))
        })?;
        let about = Arc::new(account.about("".as_ref()));
        Ok(Self { runtime: Some(runtime), account, vfs, about })
    }

    /// Asks as [`asks::follow`] asks a mount.
    ///
    /// # Errors
    /// What the answer is an error with.
    pub(super) fn follow(
        &self,
        ask: &Ask,
        timeout: Duration,
        on_progress: impl FnMut(Progress),
    ) -> Result<Value> {
        let failed = |error| Error::io("cannot ask", error);
        let (ours, theirs) = UnixStream::pair().map_err(failed)?;
        theirs.set_nonblocking(true).map_err(failed)?;
        let runtime = self.runtime.as_ref().map(Runtime::handle);
        let runtime = runtime.ok_or_else(|| Error::new(Kind::Unreachable, "it has ended"))?;
        let _entered = runtime.enter();
        let theirs = tokio::net::UnixStream::from_std(theirs).map_err(failed)?;
        runtime.spawn(control::serve(theirs, self.vfs.clone(), self.about.clone()));
        asks::converse(ours, ask, timeout, on_progress)
    }
}

impl Drop for Unmounted {
    fn drop(&mut self) {
        let Some(runtime) = self.runtime.take() else { return };
        runtime.block_on(async {
            rest(&self.vfs, LAST_WAIT, Some(&mut Watch::new())).await;
            if let Some(server) = self.account.server.take() {
                server.shutdown().await;
            }
        });
        waiting::tell_left(&progress_status(&self.vfs), |words| tell(&words));
        // A request to the network that still hangs must not hold the process for long.
        runtime.shutdown_timeout(SHUTDOWN);
    }
}
