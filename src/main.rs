//! The `taskadefs` program.

fn main() {}
