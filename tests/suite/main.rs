//! Integration tests, in one binary: linking once is most of what a build costs.

// A test that panics has failed: that is what unwrap is for here.
#![allow(unreachable_pub, clippy::unwrap_used)]

mod api;
mod citations;
mod dependencies;
mod editors;
mod layers;
mod login;
mod mount;
mod operations;
mod reads;
mod saves;
mod server;
mod setup;
mod simulation;
mod support;
