//! Saves by real editors and tools, and whole sessions of them, on real mounts.

mod git;
mod git_conflicts;
mod new_and_unchanged;
mod recipes;
mod requests;
mod save_shapes;
mod sessions;
mod system_calls;
