//! The kernel's side: an adapter between FUSE requests and the file system. No policy here.
//!
//! No callback waits for the network: each takes what it needs, moves its reply into a task, and
//! returns. Only `forget` is handled inline, as its order matters and nobody waits for it.

mod adapter;
mod convert;
mod raiser;
mod replies;
mod running;
mod session;
mod signals;

pub use self::session::{MountOptions, Mounted, mount};
