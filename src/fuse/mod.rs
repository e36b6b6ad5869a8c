//! The kernel's side: an adapter between FUSE requests and the file system. No policy here.
//!
//! No callback waits for the network or the disk: what is in memory is answered at once, for anything
//! else it takes what it needs, moves its reply into a task, and returns. `forget` is handled inline,
//! as its order matters and nobody waits for it.

mod adapter;
mod convert;
mod raiser;
mod replies;
mod running;
mod session;
mod signals;

pub use self::session::{MountOptions, Mounted, mount};
