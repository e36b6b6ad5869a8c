//! Integration tests, in one binary: linking once is most of what a build costs.

// A test that panics has failed: that is what unwrap is for here.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod client;
mod crash;
mod editors;
mod mount;
mod mounted;
mod plan_on_server;
mod quirks;
mod saving;
mod server;
mod service;
mod simulation;
