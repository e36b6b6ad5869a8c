//! Running what the kernel asks for: at once by the thread that has the request, on a thread of the
//! pool if it needs the local disk, or in a task of its own if it has to wait for others. Who waits can
//! be ended by a signal; what was begun is finished all the same, since a commit under way must be
//! recorded.
//!
//! While a name in a directory is looked up or changed the kernel holds the directory's lock, from
//! the request to its answer. Names in it are dropped only with that lock, so nobody may be at that
//! meanwhile: killed, this process would wait for a lock that only its own answer frees.

use std::{
    future::Future,
    panic::{self, AssertUnwindSafe},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use tokio::runtime::Handle;

use super::signals;
use crate::{
    error::{Error, Kind, Result},
    kernel_thread::{self, Served},
    vfs::{Attr, Held, Ino, Opened, Vfs, raised},
};

/// A request that is not answered.
pub(super) struct FuseCall<'a> {
    vfs: &'a Arc<Vfs>,
    runtime: &'a Handle,
    /// The thread that waits for the answer; 0 if none does.
    caller: u32,
    /// The directories whose locks the kernel holds for it.
    held: [Option<Held>; 2],
    /// Whether it only looks: then it is turned away only if it has to wait.
    looks: bool,
}

impl<'a> FuseCall<'a> {
    /// For this thread, with no lock.
    pub(super) fn new(vfs: &'a Arc<Vfs>, runtime: &'a Handle, caller: u32) -> Self {
        Self { vfs, runtime, caller, held: [None, None], looks: false }
    }

    /// With the lock of this directory.
    pub(super) fn within(mut self, directory: Ino) -> Self {
        self.held = [Some(self.vfs.hold(directory)), self.held[0].take()];
        self
    }

    /// To look a name up in this directory.
    pub(super) fn looking_within(self, directory: Ino) -> Self {
        Self { looks: true, ..self.within(directory) }
    }

    /// Runs an operation and its reply. If a signal ends the wait the operation runs to its end all
    /// the same, and `late` takes back what the kernel would have got.
    pub(super) fn run<F, T>(
        self,
        operation: impl FnOnce(Arc<Vfs>) -> F,
        reply: impl FnOnce(Result<T>) + Send + 'static,
        late: fn(&Arc<Vfs>, T),
    ) where
        F: Future<Output = Result<T>> + Send + 'static,
        T: Send + 'static,
    {
        let Self { vfs, runtime, caller, held, looks } = self;
        // What the mount asks of itself is what the lock of the directory is waited for.
        let raises = raised::is_raised_by(vfs, caller);
        let turns_away = |held: &[Option<Held>; 2]| {
            !raises && held.iter().flatten().any(|held| held.turns_away(caller))
        };
        if !looks && turns_away(&held) {
            reply(Err(again()));
            return;
        }
        let mut future = Box::pin(operation(vfs.clone()));
        let _entered = runtime.enter();
        // What is cached is answered at once, by this thread: handing it over takes longer than to
        // answer. Whoever waits is polled again by the task, which wakes itself then.
        let mut context = Context::from_waker(Waker::noop());
        let mut poll = || kernel_thread::serve(|| future.as_mut().poll(&mut context));
        let polled = panic::catch_unwind(AssertUnwindSafe(&mut poll));
        match polled {
            Ok(Served { value: Poll::Ready(result), owes, .. }) => {
                let answer = move || {
                    reply(result);
                    drop(held);
                };
                match owes {
                    None => answer(),
                    Some(ticket) => vfs.answer(ticket, answer),
                }
            }
            Ok(_) if looks && turns_away(&held) => {
                reply(Err(again()));
                drop(held);
            }
            Ok(Served { leaves: true, owes, .. }) => {
                let vfs = vfs.clone();
                let waiting = Waiting { vfs, owes, caller, held, future, reply, late };
                let tasks = runtime.clone();
                drop(runtime.spawn_blocking(move || waiting.run_here(&tasks)));
            }
            Ok(Served { owes, .. }) => {
                let vfs = vfs.clone();
                let waiting = Waiting { vfs, owes, caller, held, future, reply, late };
                drop(runtime.spawn(waiting.run()));
            }
            // As in a task: the request is answered with EIO as `reply` goes, and the mount lives.
            Err(_) => tracing::error!("a request failed in a way that it must not"),
        }
    }
}

/// A request that goes on elsewhere.
struct Waiting<F, R, T> {
    vfs: Arc<Vfs>,
    /// What is to be on disk before it goes on.
    owes: Option<u64>,
    caller: u32,
    held: [Option<Held>; 2],
    future: Pin<Box<F>>,
    reply: R,
    late: fn(&Arc<Vfs>, T),
}

impl<F, R, T> Waiting<F, R, T>
where
    F: Future<Output = Result<T>> + Send + 'static,
    R: FnOnce(Result<T>) + Send + 'static,
    T: Send + 'static,
{
    /// On this thread, which may wait for the disk; in a task from where it waits for others.
    fn run_here(mut self, runtime: &Handle) {
        self.vfs.settle(self.owes.take());
        let mut context = Context::from_waker(Waker::noop());
        match self.future.as_mut().poll(&mut context) {
            Poll::Ready(result) => {
                (self.reply)(result);
                drop(self.held);
            }
            Poll::Pending => drop(runtime.spawn(self.run())),
        }
    }

    async fn run(self) {
        let Self { vfs, owes, caller, held, mut future, reply, late } = self;
        vfs.settle(owes);
        let result = tokio::select! {
            biased;
            result = &mut future => result,
            () = signals::pending(caller) => {
                reply(Err(interrupted()));
                drop(held);
                if let Ok(value) = future.await {
                    late(&vfs, value);
                }
                return;
            }
        };
        reply(result);
        drop(held);
    }
}

/// The kernel walks the path again for it.
fn again() -> Error {
    Error::new(Kind::Os(libc::ESTALE), "a name in the directory is about to be dropped")
}

fn interrupted() -> Error {
    Error::new(Kind::Os(libc::EINTR), "a signal ended the wait")
}

/// Nothing is to be taken back.
pub(super) fn nothing<T>(_: &Arc<Vfs>, _: T) {}

/// The kernel does not know the inode of an entry that it did not get.
pub(super) fn unknown_entry(vfs: &Arc<Vfs>, attr: Attr) {
    vfs.forget(attr.ino, 1);
}

/// The kernel will not close a file that it did not get.
pub(super) fn unopened(vfs: &Arc<Vfs>, opened: Opened) {
    let vfs = vfs.clone();
    tokio::spawn(async move {
        if let Err(error) = vfs.release(opened.fh).await {
            tracing::warn!(%error, "a file that was opened in vain");
        }
    });
}

/// As [`unopened`], for a directory.
pub(super) fn unopened_directory(vfs: &Arc<Vfs>, opened: Opened) {
    vfs.releasedir(opened.fh);
}

/// As [`unopened`] and [`unknown_entry`], for a file that was made.
pub(super) fn uncreated(vfs: &Arc<Vfs>, (attr, opened): (Attr, Opened)) {
    unopened(vfs, opened);
    unknown_entry(vfs, attr);
}
