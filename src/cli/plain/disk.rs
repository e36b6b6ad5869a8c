//! The files of a folder: which there are, and putting whole ones in their place.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{self, Write},
    path::{Component, Path, PathBuf},
    time::SystemTime,
};

use crate::{
    error::{Error, Result},
    file_name::PROJECT_SUFFIX,
    vfs::digest,
};

pub(super) fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    Error::io(what, error).at(path.display().to_string())
}

/// Puts a whole file in its place, or leaves what is there.
///
/// # Errors
/// If it cannot be written.
pub(super) fn write(path: &Path, content: &[u8], time: Option<SystemTime>) -> Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = path.with_file_name(format!(".{name}.new"));
    let written = File::create(&new).and_then(|mut file| {
        file.write_all(content)?;
        if let Some(time) = time {
            file.set_modified(time)?;
        }
        file.sync_all()?;
        fs::rename(&new, path)
    });
    written.map_err(|error| {
        // What was begun is of no use.
        let _ = fs::remove_file(&new);
        failed("cannot write it", path, error)
    })
}

/// The files of projects below a directory, each with what tells its text; relative to it. What is hidden
/// is nobody's project.
///
/// # Errors
/// If a directory or file cannot be read.
pub(super) fn files(dir: &Path) -> Result<BTreeMap<PathBuf, String>> {
    let (mut found, mut ahead) = (BTreeMap::new(), vec![PathBuf::new()]);
    while let Some(at) = ahead.pop() {
        let here = dir.join(&at);
        let entries =
            fs::read_dir(&here).map_err(|error| failed("cannot list it", &here, error))?;
        for entry in entries {
            let entry = entry.map_err(|error| failed("cannot list it", &here, error))?;
            let (name, path) = (entry.file_name(), at.join(entry.file_name()));
            let kind = entry.file_type().map_err(|error| failed("cannot look", &path, error))?;
            let name = name.to_string_lossy();
            if name.starts_with('.') {
                continue;
            }
            if kind.is_dir() {
                ahead.push(path);
            } else if kind.is_file() && name.ends_with(PROJECT_SUFFIX) {
                let whole = dir.join(&path);
                let text =
                    fs::read(&whole).map_err(|error| failed("cannot read it", &whole, error))?;
                found.insert(path, digest(&text));
            }
        }
    }
    Ok(found)
}

/// Whether a path stays in its directory, and in none that is hidden.
pub(super) fn is_plain(path: &Path) -> bool {
    path.components().all(|part| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    })
}

/// Removes the directories above a path that hold nothing any more, up to `dir`.
pub(super) fn remove_empty_above(dir: &Path, path: &Path) {
    for above in path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
        // One that holds something stays, and with it those above.
        if fs::remove_dir(dir.join(above)).is_err() {
            return;
        }
    }
}
