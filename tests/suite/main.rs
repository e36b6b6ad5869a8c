//! Integration tests, in one binary: linking once is most of what a build costs.

mod saving;
mod service;
