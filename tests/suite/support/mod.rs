//! What the tests stand on: a Taskade in memory, mounts with and without a kernel, programs.

pub mod apart;
pub mod document;
pub mod harness;
pub mod media;
pub mod mount;
pub mod places;
pub mod program;
pub mod rng;
pub mod service;
pub mod signals;
pub mod step_clock;
pub mod terminal;
pub mod watching;
