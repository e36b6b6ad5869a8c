//! What was edited between two commits, whatever the files are now.

use std::path::{Path, PathBuf};

use super::git::Repository;

use crate::{
    error::{Error, Kind, Result},
    file_name::PROJECT_SUFFIX,
};

use super::disk;

/// A file that was changed between two commits. Paths are relative to the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RangeEdit {
    pub(super) path: PathBuf,
    /// Where it was before, if somewhere else.
    pub(super) from: Option<PathBuf>,
    /// What it said before; `None` if it was not there.
    pub(super) before: Option<String>,
    /// What it says after; `None` if it is not there any more.
    pub(super) after: Option<String>,
}

/// What was edited in a range `A..B`, in whose place `B` is `HEAD` if it is left out.
///
/// # Errors
/// If it is no range, or git does not know it.
pub(super) fn edits(dir: &Path, range: &str) -> Result<Vec<RangeEdit>> {
    let Some((from, to)) = range.split_once("..").filter(|(_, to)| !to.starts_with('.')) else {
        return Err(Error::new(Kind::Invalid, "no range of commits")
            .at(range)
            .hint("give the commit before and the one after: A..B"));
    };
    let from = Some(from).filter(|it| !it.is_empty()).unwrap_or("HEAD");
    let to = Some(to).filter(|it| !it.is_empty()).unwrap_or("HEAD");
    let repository = Repository::existing(dir)?;
    let is_project =
        |path: &Path| disk::is_plain(path) && path.to_string_lossy().ends_with(PROJECT_SUFFIX);
    let mut edits = Vec::new();
    for (status, path, was_at) in repository.changed(from, to)? {
        // What was copied is new, and what was renamed from no project's file, too.
        let was_at = was_at.filter(|was_at| status == 'R' && is_project(was_at));
        if !is_project(&path) {
            continue;
        }
        let is_new = status == 'A' || status == 'C' || (status == 'R' && was_at.is_none());
        let before = match is_new {
            true => None,
            false => Some(repository.text(from, was_at.as_deref().unwrap_or(&path))?),
        };
        let after = if status == 'D' { None } else { Some(repository.text(to, &path)?) };
        edits.push(RangeEdit { path, from: was_at, before, after });
    }
    Ok(edits)
}
