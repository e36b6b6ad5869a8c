//! Integration tests, in one binary: linking once is most of what a build costs.

// A test that panics has failed: that is what unwrap is for here.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod absence;
mod agenda;
mod asked;
mod cached;
mod cli;
mod client;
mod commands;
mod crash;
mod detail_model;
mod detailed;
mod dice;
mod driven;
mod editors;
mod editors_calls;
mod editors_git;
mod editors_new;
mod editors_shapes;
mod exports;
mod frugal;
mod history;
mod hostile;
mod kept;
mod mount;
mod mount_details;
mod mount_files;
mod mount_life;
mod mount_refusals;
mod mount_resources;
mod mounted;
mod plan_on_server;
mod quirks;
mod refused;
mod resources;
mod saving;
mod server;
mod service;
mod service_details;
mod service_line;
mod simulation;
mod storage;
mod told;
mod transferred;
mod walks;
