//! The file system: inodes, names, handles, drafts and scratch, free of the kernel's types.
//!
//! Workspaces and folders are directories, projects are files, and any other name is scratch on
//! the local disk. What editors do when they save (truncate, write, rename over, delete and
//! create again) is turned into saves of projects here; see `handle` and `rename`.
//!
//! Lock order: a handle's draft, then the tree, then what the engine locks. The tree is never
//! locked across an await, and the kernel is told of changes by a task of its own.
//!
#![doc = include_str!("semantics.md")]
//!
#![doc = include_str!("recipes.md")]

pub(crate) mod agenda;
pub(crate) mod agents;
pub(crate) mod answer_text;
pub(crate) mod archive_place;
pub(crate) mod archived;
pub(crate) mod attr;
pub(crate) mod attributes;
pub(crate) mod bundles;
pub(crate) mod burst;
pub(crate) mod commands;
pub(crate) mod commit_policy;
pub(crate) mod control;
pub(crate) mod copying;
pub(crate) mod details_below;
pub(crate) mod dir_pages;
pub(crate) mod directory;
pub(crate) mod draft;
pub(crate) mod edits;
pub(crate) mod exchange;
pub(crate) mod face;
pub(crate) mod handle;
pub(crate) mod heard_names;
pub(crate) mod history;
pub(crate) mod inode;
pub(crate) mod invalidation;
pub(crate) mod kernel_cache;
pub(crate) mod left_behind;
pub(crate) mod local;
pub(crate) mod lookup;
pub(crate) mod lookups;
pub(crate) mod media;
pub(crate) mod media_place;
pub(crate) mod names;
pub(crate) mod namespace;
pub(crate) mod occupy;
pub(crate) mod open_dir;
pub(crate) mod operations;
pub(crate) mod outcome;
pub(crate) mod paths;
pub(crate) mod pins;
pub(crate) mod plain_files;
pub(crate) mod process;
pub(crate) mod pump;
pub(crate) mod raise;
pub(crate) mod raised;
pub(crate) mod raisers;
pub(crate) mod reach;
pub(crate) mod read_below;
pub(crate) mod recent;
pub(crate) mod rejected;
pub(crate) mod rejected_removals;
pub(crate) mod removal;
pub(crate) mod remove;
pub(crate) mod replace;
pub(crate) mod resolve;
pub(crate) mod resource;
pub(crate) mod resource_path;
pub(crate) mod rest;
pub(crate) mod returning;
pub(crate) mod scratch;
pub(crate) mod scratch_file;
pub(crate) mod scratch_make;
pub(crate) mod share;
pub(crate) mod start_and_end;
pub(crate) mod status;
pub(crate) mod taken;
pub(crate) mod template_place;
pub(crate) mod templates;
pub(crate) mod tree;
pub(crate) mod truncation;
pub(crate) mod turn;
pub(crate) mod types;
pub(crate) mod volume;
pub(crate) mod watchers;
pub(crate) mod xattr;

pub(crate) use crate::vfs::agenda::offline_agenda;
pub use crate::vfs::bundles::ImportOutcome;
pub use crate::vfs::details_below::AskedDetails;
pub use crate::vfs::edits::{Edited, TaskChoice};
pub use crate::vfs::invalidation::Invalidate;
pub use crate::vfs::invalidation::Invalidation;
pub use crate::vfs::invalidation::Raise;
pub use crate::vfs::kernel_cache::Held;
pub use crate::vfs::lookups::{ListedTasks, Whereabouts};
pub use crate::vfs::namespace::RenameMode;
pub use crate::vfs::plain_files::{EditedFrom, PlainFile, PlainTree, Snapshot};
pub(crate) use crate::vfs::plain_files::{digest, time_of};
pub use crate::vfs::read_below::{ReadProject, ReadSoFar};
pub use crate::vfs::status::SaveStatus;
pub use crate::vfs::status::Status;
pub use crate::vfs::types::Attr;
pub use crate::vfs::types::Caching;
pub use crate::vfs::types::DirectoryEntry;
pub use crate::vfs::types::Fh;
pub use crate::vfs::types::FileKind;
pub use crate::vfs::types::Ino;
pub use crate::vfs::types::NewFile;
pub use crate::vfs::types::OpenMode;
pub use crate::vfs::types::Opened;
pub use crate::vfs::types::ROOT;
pub use crate::vfs::types::Room;
pub use crate::vfs::types::SetAttr;
pub use crate::vfs::volume::Vfs;
