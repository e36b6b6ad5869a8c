//! Whether the config file is understood, for whoever only looks.

use std::path::Path;

use super::parse;

pub(crate) use super::problem::Problem;

/// What is wrong with a config file, in the order of its lines; nothing if there is no such file.
pub(crate) fn check(path: &Path) -> Vec<Problem> {
    parse::read(path, false).1
}
