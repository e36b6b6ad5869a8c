//! What a folder knows of what was written there, in its `.taskadefs/`.
//!
//! Before anything is written it is noted what is to be: after a crash a file that is as it was, or as it
//! was to be, was not edited. The tasks that a text stands for are a file each, named by what tells the
//! text, so that they are there whichever of the two it is.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File},
    path::{Path, PathBuf},
};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

use super::disk;

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::Outline,
};

/// The directory that is this program's.
pub(super) const OWN: &str = ".taskadefs";

/// How the manifest is written; one that is newer is of a later release.
const VERSION: u32 = 1;

/// What was written of each project.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) version: u32,
    /// The workspace or folder whose files these are, relative to a mount; empty for all.
    pub(super) space: PathBuf,
    pub(super) projects: BTreeMap<ProjectId, Written>,
    /// The workspaces and folders that have a directory, relative to the folder.
    #[serde(default)]
    pub(super) folders: BTreeSet<PathBuf>,
    /// What an export that is under way is writing.
    #[serde(default)]
    pub(super) writing: BTreeMap<ProjectId, Written>,
}

/// What was written of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Written {
    /// Its file, relative to the folder.
    pub(super) path: PathBuf,
    /// What tells its text.
    pub(super) digest: String,
    /// What tells the text that was imported from there, until it is known what came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) imported: Option<String>,
}

/// A folder that nobody else exports to or imports from until this is dropped.
pub(super) struct Folder {
    pub(super) dir: PathBuf,
    /// `None` before the first export.
    pub(super) manifest: Option<Manifest>,
    _lock: File,
}

impl Folder {
    /// Opens a folder, and makes it if it is not there.
    ///
    /// # Errors
    /// If it cannot be made, is in use, or its manifest cannot be read.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let own = dir.join(OWN);
        fs::create_dir_all(&own).map_err(|error| disk::failed("cannot make it", &own, error))?;
        let ignored = own.join(".gitignore");
        if !ignored.exists() {
            disk::write(&ignored, b"*\n", None)?;
        }
        let path = own.join("lock");
        let failed = |error| disk::failed("cannot lock it", &path, error);
        let lock = File::options().create(true).truncate(false).write(true).open(&path);
        let lock = lock.map_err(failed)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            Error::new(Kind::Exists, "another export or import is at work in it")
                .at(dir.display().to_string())
                .hint("wait until it has ended")
        })?;
        let manifest = read(&own.join("export.json"))?;
        Ok(Self { dir: dir.to_owned(), manifest, _lock: lock })
    }

    /// Keeps what was written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn keep(&self, manifest: &Manifest) -> Result<()> {
        let manifest = Manifest { version: VERSION, ..manifest.clone() };
        let path = self.dir.join(OWN).join("export.json");
        disk::write(&path, format!("{}\n", json(&manifest)?).as_bytes(), None)
    }

    /// Keeps the tasks that a project's text stands for.
    ///
    /// # Errors
    /// If they cannot be written.
    pub(super) fn keep_tasks(&self, id: &ProjectId, digest: &str, tasks: &Outline) -> Result<()> {
        let path = self.tasks_path(id, digest);
        let dir = path.parent().unwrap_or(&self.dir);
        fs::create_dir_all(dir).map_err(|error| disk::failed("cannot make it", dir, error))?;
        disk::write(&path, json(tasks)?.as_bytes(), None)
    }

    /// The tasks that a project's text stood for; `None` if that is not known any more.
    pub(super) fn tasks(&self, id: &ProjectId, digest: &str) -> Option<Outline> {
        let text = fs::read_to_string(self.tasks_path(id, digest)).ok()?;
        let tasks: Outline = serde_json::from_str(&text).ok()?;
        tasks.is_well_formed().then_some(tasks)
    }

    /// Removes the tasks of texts that were written over since.
    pub(super) fn forget_tasks(&self, manifest: &Manifest) {
        let all = manifest.projects.iter().chain(&manifest.writing);
        let known: BTreeSet<PathBuf> =
            all.map(|(id, written)| self.tasks_path(id, &written.digest)).collect();
        let dir = self.dir.join(OWN).join("tasks");
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            if !known.contains(&entry.path()) {
                // What stays takes room, and no harm is done.
                let _ = fs::remove_file(entry.path());
            }
        }
    }

    fn tasks_path(&self, id: &ProjectId, digest: &str) -> PathBuf {
        let id: String =
            id.as_str().chars().map(|it| if it.is_alphanumeric() { it } else { '-' }).collect();
        self.dir.join(OWN).join("tasks").join(format!("{id}.{digest}.json"))
    }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(Kind::Storage, "cannot be written as JSON").because(error))
}

fn read(path: &Path) -> Result<Option<Manifest>> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(disk::failed("cannot read it", path, error)),
    };
    let unusable = |what: &str| {
        Error::new(Kind::Storage, what.to_owned())
            .at(path.display().to_string())
            .hint("export to a new directory, and move what was edited here over its files")
    };
    let manifest: Manifest = serde_json::from_str(&text)
        .map_err(|error| unusable("what was exported cannot be told").because(error))?;
    if manifest.version > VERSION {
        return Err(unusable("it was exported by a later release of taskadefs"));
    }
    Ok(Some(manifest))
}
