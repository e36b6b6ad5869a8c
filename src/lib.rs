//! taskadefs mounts Taskade, a hosted workspace of projects and tasks, as a directory.
//!
//! Workspaces and folders are directories, a project is a Markdown file, a line is a task.
//!
//! ```text
//! kernel → fuse (adapter, no policy) → vfs (inodes, handles, scratch, names)
//!           read:  vfs → store (snapshots) → api → document::render
//!           save:  vfs → document::parse → plan (align, merge, script) → sync → api
//! ```
//!
//! Layers only call down. `document`, `plan`, `agenda` and `vfs::names` are pure. The seams are
//! [`api::Backend`] and [`clock::Clock`], and the kernel notifier.

pub mod agenda;
pub mod api;
pub mod cli;
pub mod clock;
mod database;
pub mod document;
pub mod error;
mod file_name;
pub mod fuse;
mod memory;
pub mod model;
mod pidfs;
pub mod plan;
mod printable;
pub(crate) mod replica;
pub mod secret;
pub mod server;
pub(crate) mod store;
pub mod sync;
pub(crate) mod text;
pub mod vfs;

pub use self::model::ids;
