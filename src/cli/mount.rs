//! Mounting: everything from the options to the last answer.

use std::{sync::Arc, time::Duration};

use tokio::{
    runtime::Runtime,
    signal::unix::{Signal, SignalKind, signal},
};

use super::{
    apart,
    arguments::{MountArgs, USUAL_LOG},
    background,
    control::{self, Listening},
    log::{self, LogTo},
    mountpoint, presentation,
    service_manager::ServiceManager,
    session::{Access, AccountSession},
    sync,
    terminal::{note, tell},
    waiting::{self, REMEDY, Watch, counted, pending},
};

use crate::{
    error::{Error, Kind, Result},
    fuse::{self, MountOptions, Mounted},
    memory,
    server::Running,
    sync::Settings,
    vfs::Vfs,
};

/// How long saves that are on their way may take before the mount goes. What is not through then
/// is in the journal, and the next mount goes on with it.
const LAST_WAIT: Duration = Duration::from_secs(10);

/// How long the service may take to answer the first look, waiting for the budget included.
const FIRST_LOOK: Duration = Duration::from_secs(30);

/// How many changes are named that an earlier mount has left.
const NAMED: usize = 10;

/// How long the kernel may take to let go of the mount.
const DETACH_WAIT: Duration = Duration::from_secs(5);

/// Mounts and serves until unmounted, or told to end by a signal.
///
/// # Errors
/// What stands in the way of mounting.
pub(crate) fn foreground(args: &MountArgs) -> Result<()> {
    let inherited = background::inherited(args.ready_fd);
    if let LogTo::File(path) = &args.log_to {
        apart::check_log(&args.mountpoint, path)?;
    }
    // What is usual is no news on a terminal for who wants it quiet.
    let is_shown = args.ready_fd.is_none() && args.log_to == LogTo::Stderr;
    let filter = match is_shown && presentation::is_quiet() && args.log == USUAL_LOG {
        true => "warn",
        false => &args.log,
    };
    log::start(filter, &args.log_to)?;
    // Local files get just the permissions that programs ask for; private ones say so themselves.
    rustix::process::umask(rustix::fs::Mode::empty());
    let access = Access::of(&args.account);
    let manager = ServiceManager::take();
    memory::share_between_threads();
    let runtime = Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let mut mount = match runtime.block_on(prepare(args, access, &runtime)) {
        Ok(mount) => mount,
        Err(error) => {
            manager.status(&error.to_string());
            background::report(args.ready_fd, &Err(error.clone()));
            return Err(error);
        }
    };
    drop(inherited);
    if args.ready_fd.is_some() {
        // Frees the directory that it was started in. The root is always there.
        let _ = std::env::set_current_dir("/");
    }
    background::report(args.ready_fd, &Ok(std::mem::take(&mut mount.goes_on_with)));
    tracing::info!(mountpoint = %args.mountpoint.display(), "mounted");
    manager.ready(&format!("mounted at {}", args.mountpoint.display()));
    let result = runtime.block_on(mount.serve(&manager));
    tracing::info!("unmounted");
    manager.status(&in_short(&mount.vfs));
    tell_left(&mount.vfs, mount.in_background);
    // A request to the network that still hangs must not hold the process.
    runtime.shutdown_background();
    result
}

struct Mount {
    vfs: Arc<Vfs>,
    mounted: Mounted,
    server: Option<Running>,
    signals: Signals,
    /// Whether nobody looks at what it says but in the log.
    in_background: bool,
    /// What the mount before has left, in words.
    goes_on_with: Vec<String>,
    _listening: Listening,
    _account: AccountSession,
}

async fn prepare(args: &MountArgs, access: Result<Access>, runtime: &Runtime) -> Result<Mount> {
    let mountpoint = mountpoint::check(&args.mountpoint)?;
    apart::check(&mountpoint, &args.account)?;
    if args.ready_fd.is_none() {
        mountpoint::warn_of_hidden_files(&args.mountpoint);
    }
    let mut account = AccountSession::open(&args.account, access?).await?;
    let (vfs, events, invalidations) =
        account.file_system_of(settings(args), (args.uid, args.gid))?;
    let goes_on_with = goes_on_with(&vfs);
    if args.ready_fd.is_none() {
        goes_on_with.iter().for_each(|words| note(words));
    }
    if !args.no_check {
        first_look(args, &vfs).await?;
    }
    let listening = control::listen(&account.dir.path, vfs.clone(), account.about(&mountpoint))?;
    let options = MountOptions {
        allow_other: args.allow_other,
        read_only: args.read_only,
        notify: !args.no_notify,
    };
    let handle = runtime.handle().clone();
    // A signal that comes as soon as it is mounted must find who unmounts it.
    let signals = Signals::catch()?;
    let (mounted, kernel) =
        fuse::mount(vfs.clone(), handle, &mountpoint, &options).map_err(mountpoint::explain)?;
    tokio::spawn(vfs.clone().pump(events, invalidations, kernel));
    account.dir.note_user(Some(&mountpoint))?;
    let server = account.server.take();
    Ok(Mount {
        vfs,
        mounted,
        server,
        signals,
        in_background: args.ready_fd.is_some(),
        goes_on_with,
        _listening: listening,
        _account: account,
    })
}

/// What an earlier mount did not get to Taskade, in words.
fn goes_on_with(vfs: &Vfs) -> Vec<String> {
    let pending = pending(&sync::progress_status(vfs));
    let mut words: Vec<String> = pending
        .iter()
        .take(NAMED)
        .map(|change| format!("going on with what waits: {}", change.in_words()))
        .collect();
    if pending.len() > NAMED {
        let others = counted(pending.len() - NAMED);
        words.push(format!("and with {others} more, which `taskadefs status` lists"));
    }
    words
}

/// What is left at the end, in a few words.
fn in_short(vfs: &Vfs) -> String {
    match pending(&sync::progress_status(vfs)).len() {
        0 => "unmounted, and all is with Taskade".to_owned(),
        count => format!("unmounted; {} are {REMEDY}", counted(count)),
    }
}

/// Tells what did not get to Taskade.
fn tell_left(vfs: &Vfs, in_background: bool) {
    let status = sync::progress_status(vfs);
    waiting::tell_left(&status, |words| match in_background {
        true => tracing::warn!("{words}"),
        false => tell(&words),
    });
}

/// Where nothing is known yet, looks at the workspaces, which the first listing then has.
///
/// # Errors
/// If what is given is wrong, or nobody is there: what is wrong, and the remedy.
async fn first_look(args: &MountArgs, vfs: &Vfs) -> Result<()> {
    let looked = tokio::time::timeout(FIRST_LOOK, vfs.first_look()).await;
    let Ok(looked) = looked else {
        tracing::warn!("mounting, though the service has no room for a request");
        return Ok(());
    };
    let Err(error) = looked else { return Ok(()) };
    let reason = vfs.status().trouble.unwrap_or_else(|| error.to_string());
    let url = args.account.api_url();
    let failed =
        |kind, what: String, remedy: &str| Err(Error::new(kind, what).at(url).hint(remedy));
    match error.kind() {
        Kind::Unauthorized => {
            let what = "Taskade does not know the token".to_owned();
            failed(
                Kind::Unauthorized,
                what,
                "make a new one, and run `taskadefs login`, set TASKADE_TOKEN or give --token-file",
            )
        }
        Kind::Protocol | Kind::NotFound | Kind::Refused => {
            let what = format!("Taskade's API is not there ({reason})");
            failed(Kind::NotFound, what, "check --api-url, which ends with /api/v1")
        }
        Kind::Unreachable | Kind::Ambiguous if reason.contains("certificate") => {
            let what = format!("what answers cannot be trusted ({reason})");
            failed(Kind::Unreachable, what, "check the clock, and what is between you and Taskade")
        }
        Kind::Unreachable | Kind::Ambiguous => {
            let remedy = "check the network and --api-url, or mount with --no-check";
            failed(Kind::Unreachable, reason, remedy)
        }
        // It is there, and has its own troubles, or no room for one more request.
        _ => {
            tracing::warn!(%error, "mounting, though the service could not be looked at");
            Ok(())
        }
    }
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

/// Where POSIX shared memory is on Linux (shm_overview(7)).
const SHARED_MEMORY: &str = "/dev/shm";

fn settings(args: &MountArgs) -> Settings {
    Settings {
        max_age: args.max_age,
        commit_wait: args.commit_wait,
        read_timeout: args.read_timeout,
        max_delete: args.max_delete,
        max_archive: args.max_archive,
        content_type: args.content_type.into(),
        ids: args.ids,
        markers: args.markers.into(),
        fields: args.fields.into(),
        read_only: args.read_only,
        // What nobody hears of is asked for once somebody looks.
        follow: !args.no_notify,
        keep_history: args.keep_history,
        details: args.details.0.clone(),
        paths: args.paths.clone(),
        shared_memory: Some(SHARED_MEMORY.into()),
        ..Settings::default()
    }
}

impl Mount {
    /// Serves until somebody unmounts, or a signal asks for the end.
    async fn serve(&mut self, manager: &ServiceManager) -> Result<()> {
        let ended = tokio::select! {
            () = self.mounted.ended() => true,
            () = self.signals.any() => false,
        };
        manager.stopping("sending what waits");
        let last = tokio::time::Instant::now() + LAST_WAIT;
        let mut watch = (!self.in_background).then(Watch::new);
        // Whoever asks a second time does not want to wait.
        let is_hurried = tokio::select! {
            () = sync::rest(&self.vfs, LAST_WAIT, watch.as_mut()) => false,
            () = self.signals.any() => true,
        };
        if !ended {
            self.mounted.unmount()?;
            // Files that are still open keep the session alive; the process need not wait.
            if tokio::time::timeout(DETACH_WAIT, self.mounted.ended()).await.is_ok() {
                // What was written in the last moment is saved as well, within the same wait.
                let left = match is_hurried {
                    true => Duration::ZERO,
                    false => last.saturating_duration_since(tokio::time::Instant::now()),
                };
                sync::rest(&self.vfs, left, watch.as_mut()).await;
            }
        }
        if let Some(server) = self.server.take() {
            server.shutdown().await;
        }
        Ok(())
    }
}
