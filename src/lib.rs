//! taskadefs mounts Taskade, a hosted workspace of projects and tasks, as a directory.
//!
//! Workspaces and folders are directories, a project is a Markdown file, a line is a task.
//!
//! # Words
//!
//! - *base*: what a program had before its eyes when it wrote, or what Taskade is known to have
//! - *served base*: the text that a process was served last, and what it stands for
//! - *draft*: what is written to an open file and is not saved yet
//! - *pending save*: what a project is to become, journaled; *in flight* is the request whose answer is not
//!   known
//! - *rebase*: to bring what is pending onto what Taskade has by now
//! - *grace*: the time after a save in which its program is served what it wrote; after a removal, in
//!   which the file may come back
//! - *rejected*: a save that was refused, here or by Taskade, until it is settled
//! - *scratch*: files that are no projects, on the local disk
//! - *space*: a workspace or a folder
//! - *export*: a space's projects in one answer
//! - *leaf*: a lock under which no other is taken
//!
#![doc = include_str!("architecture.md")]
#![doc = ""]
#![doc = include_str!("contributing.md")]
#![doc = ""]
#![doc = include_str!("limits.md")]

pub mod agenda;
pub mod api;
pub mod cli;
pub mod clock;
mod database;
pub mod document;
pub mod error;
mod file_name;
pub mod fuse;
mod kernel_thread;
mod lock_order;
mod memory;
pub mod model;
mod pidfs;
pub mod plan;
mod printable;
mod private_file;
pub(crate) mod replica;
pub mod secret;
pub mod server;
pub(crate) mod store;
pub mod sync;
pub mod task_list;
pub(crate) mod text;
pub mod vfs;

pub use self::model::ids;
