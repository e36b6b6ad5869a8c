//! `.taskade/` at the root of the mount: what there is to know of the mount and its saves.
//!
//! It shows the directory `control` of the account, which other parts write to, as scratch is
//! shown, but it can only be read. Records of overridden versions may be removed: whoever has
//! dealt with one is done with it.

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use serde::Serialize;

use super::{
    Vfs,
    process::NOBODY,
    types::{Attr, FileKind, Ino, ROOT},
};
use crate::{
    clock::rfc3339,
    error::{Error, Kind, Result},
    printable::printable_json,
    sync::{Awaited, Project, Standing},
};

/// What is shown in `.taskade/README.md`.
const README: &str = include_str!("control_readme.md");

/// The name of the file that says how it stands.
const STATUS: &str = "status.json";

/// How it stands with a mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The process that serves it.
    pub pid: u32,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Requests allowed in a window, as far as the service told.
    pub limit: Option<u32>,
    /// Requests left in this window.
    pub remaining: Option<u32>,
    /// Seconds to the next window.
    pub reset: Option<u64>,
    /// About how many bytes of memory the tasks take; what was not looked at for long is only in
    /// the cache on disk.
    pub memory: usize,
    /// Reads of projects that the kernel could not answer from its own cache.
    pub reads: u64,
    /// Saves that are not, or not yet, with Taskade.
    pub saves: Vec<SaveStatus>,
    /// Versions from elsewhere that saves overrode and nobody has looked at.
    pub conflicts: Vec<ConflictStatus>,
    /// The files that were not removed since they were too many at once, relative to the mount.
    pub refused_removals: Vec<String>,
    /// Projects that Taskade refused to move after whoever asked for it was told that all is well.
    pub moves: Vec<MoveStatus>,
    /// What there was to tell of the journal when it was opened.
    pub journal: Vec<String>,
    /// What was last wrong with the service, if the last answer was a failure.
    pub trouble: Option<String>,
    /// Since when the service is known to be gone, in RFC 3339, if it is.
    pub offline_since: Option<String>,
}

/// How it stands with a save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaveStatus {
    /// The file, relative to the mount.
    pub path: String,
    /// `pending` or `rejected`.
    pub state: &'static str,
    /// `save`, `removal` or `restoration`.
    pub kind: &'static str,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Since when, in RFC 3339.
    pub since: String,
}

/// A version from elsewhere that a save overrode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConflictStatus {
    /// The file that was saved, relative to the mount.
    pub path: String,
    /// The file that has the version from elsewhere, relative to the mount.
    pub file: String,
    /// Since when, in RFC 3339.
    pub since: String,
}

/// A project that is not where it was to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveStatus {
    /// Where it is, relative to the mount.
    pub path: String,
    /// Where it was to be, why it is not there, and what to do.
    pub reason: String,
    /// Since when, in RFC 3339.
    pub since: String,
}

impl Vfs {
    /// How it stands.
    pub fn status(&self) -> Status {
        let budget = self.engine.budget();
        let gone = self.engine.gone();
        let offline_since = gone.map(|it| rfc3339(it.since));
        let mut saves: Vec<SaveStatus> = self
            .engine
            .unsettled()
            .iter()
            .filter_map(|project| self.save_status(project))
            .collect();
        saves.extend(self.waiting_removals());
        saves.sort_by(|one, other| one.path.cmp(&other.path));
        Status {
            pid: std::process::id(),
            read_only: self.engine.settings().read_only,
            limit: budget.and_then(|budget| budget.limit),
            remaining: budget.and_then(|budget| budget.remaining),
            reset: budget.and_then(|budget| budget.reset).map(|reset| reset.as_secs()),
            memory: self.engine.memory(),
            reads: self.reads.load(Ordering::Relaxed),
            saves,
            conflicts: self.conflicts(),
            refused_removals: self.refused_removals(),
            moves: self.moves(),
            journal: self.engine.journal().findings().to_vec(),
            trouble: self.engine.trouble(),
            offline_since,
        }
    }

    fn conflicts(&self) -> Vec<ConflictStatus> {
        let overridden = self.engine.overridden().into_iter();
        overridden
            .map(|it| {
                let project = it.project.as_ref().and_then(|id| self.engine.known(id));
                let path = project.map(|project| self.path_of(&project));
                ConflictStatus {
                    path: path.unwrap_or_else(|| format!("{}.md", it.title)),
                    file: conflict_path(&it.file),
                    since: rfc3339(it.since),
                }
            })
            .collect()
    }

    fn moves(&self) -> Vec<MoveStatus> {
        let unmoved = self.engine.unmoved().into_iter();
        unmoved
            .map(|it| {
                let path = self.engine.known(&it.project).map(|project| self.path_of(&project));
                MoveStatus {
                    path: path.unwrap_or_else(|| format!("{}.md", it.title)),
                    reason: it.reason,
                    since: rfc3339(it.since),
                }
            })
            .collect()
    }

    /// The files with what saves of a project overrode and nobody has looked at.
    pub(crate) fn conflicts_of(&self, project: &Project) -> Vec<String> {
        let id = project.id();
        let overridden = self.engine.overridden().into_iter();
        let of = overridden.filter(|it| it.project.is_some() && it.project == id);
        of.map(|it| conflict_path(&it.file)).collect()
    }

    fn save_status(&self, project: &Arc<Project>) -> Option<SaveStatus> {
        let kind = match project.awaits() {
            Some(Awaited::Archival) => "removal",
            Some(Awaited::Restoration) => "restoration",
            None => "save",
        };
        let (state, reason) = match project.standing() {
            Standing::Clean if kind == "save" => return None,
            Standing::Clean | Standing::Pending => ("pending", None),
            Standing::Rejected(reason) => ("rejected", Some(reason)),
        };
        let removed = project.id().filter(|_| kind == "removal");
        let removed = removed.and_then(|id| self.engine.removals.time_of(&id));
        let since = removed.unwrap_or_else(|| project.unsettled_since());
        let since = rfc3339(since);
        Some(SaveStatus { path: self.path_of(project), state, kind, reason, since })
    }

    /// The path of a project relative to the mount, as far as its directories were listed.
    pub(crate) fn path_of(&self, project: &Arc<Project>) -> String {
        self.path_in_tree(project).unwrap_or_else(|| {
            let (id, folder, title) = (project.id(), project.folder(), project.title());
            self.engine.path_of(id.as_ref(), &folder, &title)
        })
    }

    /// The path of a project by the names that were given; `None` if one on the way was not.
    fn path_in_tree(&self, project: &Arc<Project>) -> Option<String> {
        let tree = self.tree();
        let (mut at, name) = tree.name_of(project)?;
        let mut path = vec![name.to_string_lossy().into_owned()];
        while let Some(space) = at.space().cloned() {
            let (above, name) = tree.entries.iter().find_map(|(directory, entries)| {
                let name = entries.name_of_space(&space).filter(|_| *directory != at)?;
                Some((directory.clone(), name.to_string_lossy().into_owned()))
            })?;
            path.push(name);
            at = above;
        }
        path.reverse();
        Some(path.join("/"))
    }

    /// The inode at a path relative to the mount. As for the kernel after a lookup, it lives until
    /// it is forgotten.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none.
    pub async fn resolve(&self, path: &Path) -> Result<Ino> {
        let shown = || path.display().to_string();
        let mut at = ROOT;
        for component in path.components() {
            let found = match component {
                Component::Normal(name) => self.lookup(at, name, NOBODY).await,
                _ => Err(Error::new(Kind::Invalid, "not a path in the mount")),
            };
            if at != ROOT {
                self.forget(at, 1);
            }
            at = found.map_err(|error| error.at(shown()))?.ino;
        }
        Ok(at)
    }

    /// Makes the directory with what does not change in it.
    pub(crate) fn make_control(&self) -> Result<()> {
        let mut private = fs::DirBuilder::new();
        std::os::unix::fs::DirBuilderExt::mode(private.recursive(true), 0o700);
        let failed = |error| {
            Error::io("cannot make the directory", error).at(self.control.display().to_string())
        };
        for shelf in ["rejected", "conflicts"] {
            private.create(self.control.join(shelf)).map_err(failed)?;
        }
        self.write_control("README.md", README.as_bytes()).map_err(failed)?;
        // What changes by itself is in nobody's repository.
        self.write_control(".gitignore", b"*\n").map_err(failed)?;
        // It is listed before anybody asked for it, and written anew whenever somebody does.
        self.write_status().map_err(failed)
    }

    fn write_status(&self) -> std::io::Result<()> {
        let json = serde_json::to_string_pretty(&self.status()).map_err(std::io::Error::from)?;
        self.write_control(STATUS, printable_json(&json).as_bytes())
    }

    /// Writes the file anew that says how it stands, if that is what is looked at.
    pub(crate) fn refresh_control(&self, path: &Path) {
        if path != self.control.join(STATUS) {
            return;
        }
        if let Err(error) = self.write_status() {
            tracing::warn!(%error, "the status is out of date");
        }
    }

    /// Whoever has the file open goes on with the one before.
    fn write_control(&self, name: &str, bytes: &[u8]) -> std::io::Result<()> {
        let new = self.control.join(format!(".{name}.new"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(bytes)?;
        fs::rename(new, self.control.join(name))
    }

    /// Refuses to change anything in `.taskade/`.
    pub(crate) fn check_not_control(&self, path: &Path) -> Result<()> {
        if path.starts_with(&self.control) {
            return Err(Error::new(Kind::NotPermitted, "`.taskade` can only be read")
                .hint("refused saves are settled with `taskadefs retry` and `discard`"));
        }
        Ok(())
    }

    /// Whether a record may be removed.
    pub(crate) fn check_removable(&self, path: &Path) -> Result<()> {
        if path.starts_with(self.control.join("conflicts")) {
            return Ok(());
        }
        self.check_not_control(path)
    }

    /// What is below `.taskade/` changes behind the kernel's back.
    pub(crate) fn as_control(&self, path: &Path, attr: Attr) -> Attr {
        if !path.starts_with(&self.control) {
            return attr;
        }
        let mode = if attr.kind == FileKind::Directory { 0o755 } else { 0o444 };
        Attr { mode, believed: Duration::ZERO, named: Duration::ZERO, ..attr }
    }
}

/// Where an overridden version is, relative to the mount.
fn conflict_path(file: &str) -> String {
    format!(".taskade/conflicts/{file}")
}

/// Whether a name in the root is that of the directory.
pub(crate) fn is_control(parent: Ino, name: &OsStr) -> bool {
    parent == ROOT && name == super::directory::RESERVED
}
