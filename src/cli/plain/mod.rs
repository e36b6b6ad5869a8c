//! Folders as plain files, without a mount: `export` writes them, `import` sends what was edited there.
//!
//! A folder knows in `.taskadefs/` what was written there: of each project where its file is, what tells
//! its text, and the tasks that the text stands for. What is there otherwise was edited there. An export
//! leaves that alone, and an import sends it, three-way against what was written.
//!
#![doc = include_str!("plain.md")]

mod changes;
mod disk;
mod export;
mod export_plan;
mod folders;
mod git;
mod import;
mod import_plan;
mod import_told;
mod manifest;
mod ranges;

pub(super) use self::{export::export, import::import};
