//! From the path of a command to what is there.

use std::path::{Component, Path};

use crate::{
    error::{Error, Kind, Result},
    vfs::{
        lookup,
        process::NOBODY,
        types::{Ino, ROOT},
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
