//! Long runs drawn from a seed, and a model of what must hold after each step.

mod agents;
mod details;
mod media;
mod named_lines;
mod sessions;
mod two_mounts;
mod working_day;
