//! From the path of a command to what is there.

use std::path::{Component, Path};

use crate::{
    error::{Error, Kind, Result},
    vfs::{
        directory::{self, Found},
        lookup,
        process::NOBODY,
        types::{Directory, Ino, ROOT},
        volume::Vfs,
    },
};

/// The inode at a path relative to the mount. As for the kernel after a lookup, it lives until
/// it is forgotten.
///
/// # Errors
/// [`Kind::NotFound`] if there is none.
pub(crate) async fn resolve(vfs: &Vfs, path: &Path) -> Result<Ino> {
    let shown = || path.display().to_string();
    let mut at = ROOT;
    for component in path.components() {
        let found = match component {
            Component::Normal(name) => lookup::lookup(vfs, at, name, NOBODY).await,
            _ => Err(Error::new(Kind::Invalid, "not a path in the mount")),
        };
        if at != ROOT {
            lookup::forget(vfs, at, 1);
        }
        at = found.map_err(|error| error.at(shown()))?.ino;
    }
    Ok(at)
}

/// What Taskade has at a path relative to the mount. It costs no request for what a file holds, and
/// what is not Taskade's is not found.
///
/// # Errors
/// [`Kind::NotFound`] if the way does not lead through directories of Taskade.
pub(crate) async fn find(vfs: &Vfs, path: &Path) -> Result<Found> {
    let shown = || path.display().to_string();
    let mut at = Found::Directory(Directory::Root);
    for component in path.components() {
        let (Component::Normal(name), Found::Directory(directory)) = (component, at) else {
            return Err(Error::new(Kind::NotFound, "Taskade has nothing there").at(shown()));
        };
        let found = directory::find(vfs, &directory, name).await;
        at = found.map_err(|error| error.at(shown()))?;
    }
    Ok(at)
}
