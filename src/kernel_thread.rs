//! The threads that take the kernel's requests. A mount has two of them, and as long as one waits for
//! the disk it answers nobody: so none of them reads or writes a file, looks into a database, or waits
//! for who does. A debug build asserts it.
//!
//! A request that needs the disk [leaves](leave) its thread and goes on in another. What is to be on
//! disk before the request is answered, and is written by another thread, it [owes](owe).

use std::{
    cell::Cell,
    future::poll_fn,
    task::{Context, Poll},
};

thread_local! {
    static SERVES: Cell<bool> = const { Cell::new(false) };
    static LEAVES: Cell<bool> = const { Cell::new(false) };
    static OWES: Cell<Option<u64>> = const { Cell::new(None) };
}

/// What came of serving a request.
#[derive(Debug)]
pub(crate) struct Served<T> {
    pub(crate) value: T,
    /// Whether it is to go on where it may wait for the disk.
    pub(crate) leaves: bool,
    /// Up to where the log of served bases is to be written before the request is answered.
    pub(crate) owes: Option<u64>,
}

/// Serves a request, on a thread of the kernel's.
pub(crate) fn serve<T>(request: impl FnOnce() -> T) -> Served<T> {
    struct Serving;
    impl Drop for Serving {
        fn drop(&mut self) {
            SERVES.set(false);
        }
    }
    SERVES.set(true);
    LEAVES.set(false);
    OWES.set(None);
    let _serving = Serving;
    let value = request();
    Served { value, leaves: LEAVES.get(), owes: OWES.get() }
}

/// Whether a request of the kernel's is served by this very thread, which may not wait.
pub(crate) fn is_serving() -> bool {
    SERVES.get()
}

/// Returns on a thread that may wait for the disk. Whoever dropped it instead has done nothing.
pub(crate) async fn leave() {
    poll_fn(|context: &mut Context<'_>| {
        if !is_serving() {
            return Poll::Ready(());
        }
        LEAVES.set(true);
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// Has the answer wait until the log of served bases is written up to there.
pub(crate) fn owe(ticket: u64) {
    OWES.set(OWES.get().max(Some(ticket)));
}

/// Panics in a debug build if this thread may not wait for that.
#[track_caller]
pub(crate) fn assert_not_serving(what: &str) {
    debug_assert!(!is_serving() || std::thread::panicking(), "{what} on a thread of the kernel's");
}

#[cfg(test)]
mod tests {
    use std::{
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use super::{assert_not_serving, is_serving, leave, owe, serve};

    #[test]
    fn a_request_that_leaves_goes_on_elsewhere_and_owes_the_most() {
        let mut request = pin!(async {
            owe(3);
            owe(2);
            leave().await;
            assert_not_serving("the disk is read");
        });
        let mut context = Context::from_waker(Waker::noop());
        let served = serve(|| request.as_mut().poll(&mut context));
        assert!(served.value.is_pending() && served.leaves && !is_serving());
        assert_eq!(served.owes, Some(3));
        assert_eq!(request.as_mut().poll(&mut context), Poll::Ready(()));
        let served = serve(is_serving);
        assert!(served.value && !served.leaves && served.owes.is_none());
    }

    #[test]
    #[should_panic(expected = "the disk is read on a thread of the kernel's")]
    #[cfg(debug_assertions)]
    fn nothing_is_read_from_the_disk_while_the_kernel_waits() {
        serve(|| assert_not_serving("the disk is read"));
    }
}
