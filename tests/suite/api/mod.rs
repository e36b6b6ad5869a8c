//! The HTTP client, what any Taskade does, and what a real one gave out.

mod client;
mod contract;
mod exports;
