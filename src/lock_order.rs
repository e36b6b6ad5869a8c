//! The order of the locks that threads hold, which a debug build asserts.
//!
//! Outermost first: the draft of an open file, the tree of the file system, the replica of a project,
//! and leaves. Under a replica there are pure calls alone: no leaf, no rendering, and no I/O. A leaf
//! takes no other lock.

use std::{
    ops::{Deref, DerefMut},
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
};

/// How far in a lock is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Draft = 1,
    Tree = 2,
    Replica = 3,
    Leaf = 4,
}

#[cfg(debug_assertions)]
mod held {
    use std::cell::RefCell;

    use super::Rank;

    thread_local! {
        static HELD: RefCell<Vec<Rank>> = const { RefCell::new(Vec::new()) };
    }

    /// This thread holds a lock of this rank.
    #[derive(Debug)]
    pub(crate) struct Held(Rank);

    impl Held {
        pub(crate) fn begin(rank: Rank) -> Self {
            HELD.with_borrow_mut(|held| {
                let innermost = held.iter().max();
                assert!(innermost.is_none_or(|held| *held < rank), "{rank:?} under {innermost:?}");
                held.push(rank);
            });
            Self(rank)
        }
    }

    impl Drop for Held {
        fn drop(&mut self) {
            HELD.with_borrow_mut(|held| {
                if let Some(at) = held.iter().rposition(|rank| *rank == self.0) {
                    held.remove(at);
                }
            });
        }
    }

    pub(crate) fn assert_outside(rank: Rank, what: &str) {
        HELD.with_borrow(|held| {
            let is_outside = held.iter().all(|held| *held < rank);
            // A panic that unwinds lets go of its locks as it likes.
            assert!(is_outside || std::thread::panicking(), "{what} under {held:?}");
        });
    }
}

#[cfg(not(debug_assertions))]
mod held {
    use super::Rank;

    /// Nothing is asserted.
    #[derive(Debug)]
    pub(crate) struct Held;

    impl Held {
        pub(crate) fn begin(_: Rank) -> Self {
            Self
        }
    }

    pub(crate) fn assert_outside(_: Rank, _: &str) {}
}

pub(crate) use held::assert_outside;

/// A lock with a rank.
#[derive(Debug)]
pub(crate) struct Ordered<T> {
    rank: Rank,
    inner: Mutex<T>,
}

impl<T> Ordered<T> {
    pub(crate) fn new(rank: Rank, value: T) -> Self {
        Self { rank, inner: Mutex::new(value) }
    }

    /// A lock under which no other is taken.
    pub(crate) fn leaf(value: T) -> Self {
        Self::new(Rank::Leaf, value)
    }

    pub(crate) fn lock(&self) -> OrderedGuard<'_, T> {
        let held = held::Held::begin(self.rank);
        OrderedGuard {
            guard: self.inner.lock().unwrap_or_else(PoisonError::into_inner),
            _held: held,
        }
    }
}

impl<T: Default> Default for Ordered<T> {
    fn default() -> Self {
        Self::leaf(T::default())
    }
}

/// A lock that is held.
#[derive(Debug)]
pub(crate) struct OrderedGuard<'a, T> {
    guard: MutexGuard<'a, T>,
    _held: held::Held,
}

impl<T> OrderedGuard<'_, T> {
    /// Lets go of the lock until somebody tells that there is news, and takes it again.
    pub(crate) fn wait(self, news: &Condvar) -> Self {
        let Self { guard, _held } = self;
        Self { guard: news.wait(guard).unwrap_or_else(PoisonError::into_inner), _held }
    }
}

impl<T> Deref for OrderedGuard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.guard
    }
}

impl<T> DerefMut for OrderedGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.guard
    }
}

#[cfg(test)]
mod tests {
    use super::{Ordered, Rank, assert_outside};

    #[test]
    fn locks_are_taken_inwards_and_let_go_of_in_any_order() {
        let (tree, replica, leaf) =
            (Ordered::new(Rank::Tree, 1), Ordered::new(Rank::Replica, 2), Ordered::leaf(3));
        let outer = tree.lock();
        let inner = replica.lock();
        drop(outer);
        drop(inner);
        drop(leaf.lock());
        assert_eq!(*tree.lock() + *leaf.lock(), 4);
        assert_outside(Rank::Tree, "anything");
    }

    #[test]
    #[should_panic(expected = "Leaf under Some(Leaf)")]
    #[cfg(debug_assertions)]
    fn a_leaf_takes_no_other() {
        let (one, other) = (Ordered::leaf(()), Ordered::leaf(()));
        let _one = one.lock();
        drop(other.lock());
    }

    #[test]
    #[should_panic(expected = "rendering under [Replica]")]
    #[cfg(debug_assertions)]
    fn nothing_is_rendered_under_a_replica() {
        let replica = Ordered::new(Rank::Replica, ());
        let _replica = replica.lock();
        assert_outside(Rank::Replica, "rendering");
    }
}
