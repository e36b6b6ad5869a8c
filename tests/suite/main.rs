//! Integration tests, in one binary: linking once is most of what a build costs.

#![allow(unreachable_pub)]

mod saving;
mod service;
