//! A mount: from the first request of the kernel to the last.

use std::{
    ffi::OsStr,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
};

use fuser::{Config, MountOption, Notifier, Session, SessionACL, SessionUnmounter};
use tokio::sync::oneshot;

use super::{adapter::Adapter, convert, raiser::Raiser};
use crate::{
    error::{Error, Kind, Result},
    vfs::{Ino, Invalidate, Raise, Vfs},
};

/// How the kernel is to mount.
#[derive(Debug, Clone, Default)]
pub struct MountOptions {
    /// Whether other users may enter.
    pub allow_other: bool,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Whether programs that watch files are told of changes by others.
    pub notify: bool,
}

/// A file system that is mounted.
pub struct Mounted {
    unmounter: Mutex<SessionUnmounter>,
    session: JoinHandle<io::Result<()>>,
    ended: oneshot::Receiver<()>,
}

/// Mounts at `mountpoint` and serves the kernel until it is unmounted. The notifier is for
/// [`Vfs::pump`].
///
/// # Errors
/// If the kernel or `fusermount3` refuses.
pub fn mount(
    vfs: Arc<Vfs>,
    runtime: tokio::runtime::Handle,
    mountpoint: &Path,
    options: &MountOptions,
) -> Result<(Mounted, Arc<dyn Invalidate>)> {
    let failed = |error| {
        Error::io("cannot mount", error)
            .at(mountpoint.display().to_string())
            .hint("see that /dev/fuse exists and fuse3 is installed")
    };
    let adapter = Adapter::new(vfs, runtime);
    let mut session = Session::new(adapter, mountpoint, &config(options)).map_err(failed)?;
    let notifier = session.notifier();
    let unmounter = Mutex::new(session.unmount_callable());
    // Of what is mounted read-only the kernel lets nothing be asked that watchers would hear of.
    let raiser = (options.notify && !options.read_only).then(|| Raiser::of(mountpoint)).flatten();
    let (end, ended) = oneshot::channel();
    let session = std::thread::Builder::new()
        .name("fuse".to_owned())
        .spawn(move || {
            let result = session.run();
            // Whoever waits for the end may have gone first.
            let _ = end.send(());
            result
        })
        .map_err(failed)?;
    Ok((Mounted { unmounter, session, ended }, Arc::new(Kernel { notifier, raiser })))
}

fn config(options: &MountOptions) -> Config {
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("taskadefs".to_owned()),
        MountOption::Subtype("taskadefs".to_owned()),
        MountOption::DefaultPermissions,
        MountOption::NoDev,
        MountOption::NoSuid,
        MountOption::NoAtime,
    ];
    if options.read_only {
        config.mount_options.push(MountOption::RO);
    }
    config.acl = if options.allow_other { SessionACL::All } else { SessionACL::Owner };
    config.n_threads = Some(2);
    config.clone_fd = true;
    config
}

impl Mounted {
    /// Returns when somebody unmounts it.
    pub async fn ended(&mut self) {
        // An error means that the session thread is gone: that is an end as well.
        let _ = (&mut self.ended).await;
    }

    /// Unmounts, if nobody did. Files that are open keep it alive until they are closed.
    ///
    /// # Errors
    /// If the kernel refuses.
    pub fn unmount(&self) -> Result<()> {
        self.unmounter
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .unmount()
            .map_err(|error| Error::io("cannot unmount", error))
    }

    /// Waits for the last answer to be given.
    ///
    /// # Errors
    /// What ended the session.
    pub fn join(self) -> Result<()> {
        match self.session.join() {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(Error::io("the mount ended", error)),
            Err(_) => Err(Error::new(Kind::Protocol, "the mount ended in a panic")),
        }
    }
}

/// The kernel, as told of changes.
struct Kernel {
    notifier: Notifier,
    raiser: Option<Raiser>,
}

impl Invalidate for Kernel {
    fn inode(&self, ino: Ino) {
        tracing::debug!(ino = ino.0, "the kernel drops what it has of an inode");
        ignore_unknown(self.notifier.inval_inode(convert::number(ino), 0, 0));
    }

    fn entry(&self, parent: Ino, name: &OsStr) {
        tracing::debug!(parent = parent.0, ?name, "the kernel drops an entry");
        ignore_unknown(self.notifier.inval_entry(convert::number(parent), name));
    }

    fn raise(&self, raise: &Raise) -> io::Result<()> {
        let raiser = self.raiser.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        raiser.raise(raise)
    }
}

/// The kernel answers ENOENT for what it has not cached: then there is nothing to drop.
fn ignore_unknown(result: io::Result<()>) {
    if let Err(error) = result
        && error.raw_os_error() != Some(libc::ENOENT)
    {
        tracing::debug!(%error, "the kernel took no notice");
    }
}
