//! The program as a whole, on real mounts: its files, its commands, its life, its disk.

mod basics;
mod captive_portal;
mod cli;
mod commands;
mod dead_connections;
mod details;
mod directories;
mod files;
mod first_mount;
mod formats;
mod hostile_input;
mod inode_reuse;
mod killed_process;
mod lifecycle;
mod moves;
mod removals;
mod resources;
mod scratch;
mod sections;
mod service_failures;
mod start_and_end;
mod state_directory;
mod stuck_process;
mod tables;
mod watched_crowds;
mod watchers;
