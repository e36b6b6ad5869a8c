//! Mounting: everything from the options to the last answer.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};
use tracing_subscriber::EnvFilter;

use super::{
    MountArgs,
    account::{self, AccountDir},
    background, mountpoint,
};
use crate::{
    api::{HttpBackend, check_url},
    clock::{Clock, SystemClock},
    error::{Error, Kind, Result},
    fuse::{self, MountOptions, Mounted},
    secret::Token,
    server::{Running, Server, ServerConfig},
    sync::{Engine, Journal, Settings},
    vfs::Vfs,
};

/// How long saves that are on their way may take before the mount goes. What is not through then
/// is in the journal, and the next mount goes on with it.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// How long the kernel may take to let go of the mount.
const DETACH_WAIT: Duration = Duration::from_secs(5);

/// Mounts and serves until unmounted, or told to end by a signal.
///
/// # Errors
/// What stands in the way of mounting.
pub(crate) fn foreground(args: &MountArgs) -> Result<()> {
    let inherited = background::inherited(args.ready_fd);
    start_log(&args.log)?;
    // Local files get just the permissions that programs ask for; private ones say so themselves.
    // SAFETY: no other thread has started yet.
    unsafe { libc::umask(0) };
    let runtime = Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let mut mount = match runtime.block_on(prepare(args, &runtime)) {
        Ok(mount) => mount,
        Err(error) => {
            background::report(args.ready_fd, &Err(error.clone()));
            return Err(error);
        }
    };
    drop(inherited);
    if args.ready_fd.is_some() {
        // Frees the directory that it was started in. The root is always there.
        let _ = std::env::set_current_dir("/");
    }
    background::report(args.ready_fd, &Ok(()));
    tracing::info!(mountpoint = %args.mountpoint.display(), "mounted");
    let result = runtime.block_on(mount.serve());
    tracing::info!("unmounted");
    // A request to the network that still hangs must not hold the process.
    runtime.shutdown_background();
    result
}

struct Mount {
    vfs: Arc<Vfs>,
    mounted: Mounted,
    server: Option<Running>,
    signals: Signals,
    _account: AccountDir,
}

async fn prepare(args: &MountArgs, runtime: &Runtime) -> Result<Mount> {
    let mountpoint = mountpoint::check(&args.mountpoint)?;
    if args.ready_fd.is_none() {
        mountpoint::warn_of_hidden_files(&args.mountpoint);
    }
    let state_dir = account::state_dir(args.state_dir.as_deref())?;
    let (url, token, server, account) = match &args.local {
        Some(dir) => {
            let server = start_server(dir, args.log_requests.clone()).await?;
            let account = dir.canonicalize().unwrap_or_else(|_| dir.clone());
            let account = account.to_string_lossy().into_owned();
            (server.url(), server.token(), Some(server), ("local".to_owned(), account))
        }
        None => {
            let url = args.api_url().to_owned();
            check_url(&url)?;
            let token = account::token(args.token_file.as_deref())?;
            let account = (url.clone(), token.expose().to_owned());
            (url, token, None, account)
        }
    };
    let account = AccountDir::open(&state_dir, &account.0, &account.1)?;
    let vfs = file_system(args, &url, &token, &account.path)?;
    let (vfs, events, notices) = vfs;
    let options = MountOptions { allow_other: args.allow_other, read_only: args.read_only };
    let handle = runtime.handle().clone();
    // A signal that comes as soon as it is mounted must find who unmounts it.
    let signals = Signals::catch()?;
    let (mounted, kernel) =
        fuse::mount(vfs.clone(), handle, &mountpoint, &options).map_err(mountpoint::explain)?;
    tokio::spawn(vfs.clone().pump(events, notices, kernel));
    Ok(Mount { vfs, mounted, server, signals, _account: account })
}

/// The signals that ask for the end: the usual ones, and that the terminal is gone.
struct Signals([Signal; 3]);

impl Signals {
    fn catch() -> Result<Self> {
        let catch =
            |kind| signal(kind).map_err(|error| Error::io("cannot wait for signals", error));
        Ok(Self([
            catch(SignalKind::terminate())?,
            catch(SignalKind::interrupt())?,
            catch(SignalKind::hangup())?,
        ]))
    }

    async fn any(&mut self) {
        let Self([terminate, interrupt, hangup]) = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}

type FileSystem = (
    Arc<Vfs>,
    tokio::sync::mpsc::UnboundedReceiver<crate::sync::Event>,
    tokio::sync::mpsc::UnboundedReceiver<crate::vfs::Notice>,
);

fn file_system(args: &MountArgs, url: &str, token: &Token, dir: &Path) -> Result<FileSystem> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let backend = Arc::new(HttpBackend::new(url, Some(token), clock.clone())?);
    let journal = Arc::new(Journal::open(&dir.join("journal.sqlite3"))?);
    let settings = Settings {
        max_age: args.max_age,
        commit_wait: args.commit_wait,
        max_delete: args.max_delete,
        wording: args.content_type.into(),
        ids: args.ids,
        read_only: args.read_only,
        keep_history: args.keep_history,
    };
    let (engine, events) = Engine::new(backend, clock, journal, settings)?;
    // SAFETY: these calls have no preconditions and cannot fail.
    let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
    let (vfs, notices) = Vfs::new(engine, dir.join("scratch"), uid, gid)?;
    Ok((vfs, events, notices))
}

async fn start_server(dir: &Path, log_requests: Option<PathBuf>) -> Result<Running> {
    let mut config = ServerConfig::new(dir);
    config.log_requests = log_requests;
    config.sample = true;
    Server::start(config).await
}

impl Mount {
    /// Serves until somebody unmounts, or a signal asks for the end.
    async fn serve(&mut self) -> Result<()> {
        let ended = tokio::select! {
            () = self.mounted.ended() => true,
            () = self.signals.any() => false,
        };
        let last = tokio::time::Instant::now() + LAST_WAIT;
        self.vfs.rest(LAST_WAIT).await;
        if !ended {
            self.mounted.unmount()?;
            // Files that are still open keep the session alive; the process need not wait.
            if tokio::time::timeout(DETACH_WAIT, self.mounted.ended()).await.is_ok() {
                // What was written in the last moment is saved as well, within the same wait.
                self.vfs.rest(last.saturating_duration_since(tokio::time::Instant::now())).await;
            }
        }
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        Ok(())
    }
}

fn start_log(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::new(Kind::Invalid, "--log is no filter").at(filter).because(error)
    })?;
    let colour = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour)
        .with_writer(std::io::stderr);
    // Fails only where a log is set up already.
    let _ = log.try_init();
    Ok(())
}
