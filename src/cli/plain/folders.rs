//! The directories of an export: one for each workspace and folder, whether or not it holds a project, and
//! none for one that is gone, unless something else is in it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use super::{
    disk,
    manifest::{Folder, Manifest},
};

use crate::error::Result;

/// Makes the directories of these workspaces and folders, and removes those of what is gone since the export
/// before. Those in whose place something else is.
///
/// # Errors
/// If one cannot be made, or it cannot be noted.
pub(super) fn keep(
    folder: &Folder,
    manifest: &mut Manifest,
    folders: Vec<PathBuf>,
) -> Result<Vec<PathBuf>> {
    let mut in_the_way = Vec::new();
    let folders: BTreeSet<PathBuf> =
        folders.into_iter().filter(|path| disk::is_plain(path)).collect();
    for path in &folders {
        let whole = folder.dir.join(path);
        match fs::create_dir(&whole) {
            Err(_) if whole.is_dir() || is_below_any(path, &in_the_way) => {}
            Err(_) if whole.exists() => in_the_way.push(path.clone()),
            made => made.map_err(|error| disk::failed("cannot make it", &whole, error))?,
        }
    }
    // What is below another comes behind it, and goes before it.
    for gone in manifest.folders.iter().rev().filter(|path| !folders.contains(*path)) {
        // One that is not empty holds what is not of the export.
        let _ = fs::remove_dir(folder.dir.join(gone));
    }
    if manifest.folders != folders {
        manifest.folders = folders;
        folder.keep(manifest)?;
    }
    Ok(in_the_way)
}

fn is_below_any(path: &Path, all: &[PathBuf]) -> bool {
    all.iter().any(|above| path.starts_with(above))
}
