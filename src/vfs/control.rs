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
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    clock::rfc3339,
    error::{Error, Kind, Result},
    printable::printable_json,
    sync::{
        Awaited, Project, Standing, presence,
        read::registry,
        residency,
        upload::{conflicts, unmoved},
    },
    vfs::{
        burst, operations, paths, removal,
        status::{ConflictStatus, ErrorStatus, MoveStatus, SaveStatus, Status},
        types::{Attr, FileKind, Ino, ROOT},
        volume::Vfs,
    },
};

/// What is shown in `.taskade/README.md`.
pub(crate) const README: &str = include_str!("control_readme.md");

/// The name of the file that says how it stands.
pub(crate) const STATUS: &str = "status.json";

/// The name of the directory with links to what was viewed last.
pub(crate) const RECENT: &str = "recent";

/// How it stands.
pub(crate) fn status(vfs: &Vfs) -> Status {
    let budget = vfs.engine.budget();
    let gone = presence::gone(&vfs.engine);
    let offline_since = gone.map(|it| rfc3339(it.since));
    let mut saves: Vec<SaveStatus> = registry::unsettled(&vfs.engine)
        .iter()
        .filter_map(|project| save_status(vfs, project))
        .collect();
    saves.extend(removal::waiting_removals(vfs));
    saves.extend(operations::standing(vfs));
    saves.sort_by(|one, other| one.path.cmp(&other.path));
    Status {
        pid: std::process::id(),
        read_only: vfs.engine.settings().read_only,
        limit: budget.and_then(|budget| budget.limit),
        remaining: budget.and_then(|budget| budget.remaining),
        reset: budget.and_then(|budget| budget.reset).map(|reset| reset.as_secs()),
        memory: residency::memory(&vfs.engine),
        reads: vfs.reads.load(Ordering::Relaxed),
        saves,
        conflicts: conflicts(vfs),
        refused_removals: burst::refused_removals(vfs),
        moves: moves(vfs),
        journal: vfs.engine.journal().findings().to_vec(),
        trouble: presence::trouble(&vfs.engine),
        offline_since,
        last_answer: vfs.engine.backend.answered().map(rfc3339),
        errors: errors(vfs),
        cache: cache(vfs),
    }
}

fn errors(vfs: &Vfs) -> Vec<ErrorStatus> {
    let told = |(at, reason)| ErrorStatus { reason, since: rfc3339(at) };
    vfs.engine.backend.errors().into_iter().map(told).collect()
}

/// How many bytes the files of the cache take.
fn cache(vfs: &Vfs) -> u64 {
    let entries = fs::read_dir(vfs.engine.journal().dir()).into_iter().flatten().flatten();
    let is_cache = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().starts_with("cache.");
    let files = entries.filter(is_cache).filter_map(|entry| entry.metadata().ok());
    files.map(|file| file.len()).sum()
}

pub(crate) fn conflicts(vfs: &Vfs) -> Vec<ConflictStatus> {
    let overridden = conflicts::overridden(&vfs.engine).into_iter();
    overridden
        .map(|it| {
            let project = it.project.as_ref().and_then(|id| vfs.engine.known(id));
            let path = project.map(|project| paths::path_of(vfs, &project));
            ConflictStatus {
                path: path.unwrap_or_else(|| format!("{}.md", it.title)),
                file: conflict_path(&it.file),
                since: rfc3339(it.since),
            }
        })
        .collect()
}

pub(crate) fn moves(vfs: &Vfs) -> Vec<MoveStatus> {
    let unmoved = unmoved::unmoved(&vfs.engine).into_iter();
    unmoved
        .map(|it| {
            let path = vfs.engine.known(&it.project).map(|project| paths::path_of(vfs, &project));
            MoveStatus {
                path: path.unwrap_or_else(|| format!("{}.md", it.title)),
                reason: it.reason,
                since: rfc3339(it.since),
            }
        })
        .collect()
}

/// The files with what saves of a project overrode and nobody has looked at.
pub(crate) fn conflicts_of(vfs: &Vfs, project: &Project) -> Vec<String> {
    let id = project.id();
    let overridden = conflicts::overridden(&vfs.engine).into_iter();
    let of = overridden.filter(|it| it.project.is_some() && it.project == id);
    of.map(|it| conflict_path(&it.file)).collect()
}

pub(crate) fn save_status(vfs: &Vfs, project: &Arc<Project>) -> Option<SaveStatus> {
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
    let removed = removed.and_then(|id| vfs.engine.removals.time_of(&id));
    let since = removed.unwrap_or_else(|| project.unsettled_since());
    let since = rfc3339(since);
    let (path, progress) = (paths::path_of(vfs, project), None);
    Some(SaveStatus { path, state, kind, reason, since, progress })
}

/// Makes the directory with what does not change in it.
pub(crate) fn make_control(vfs: &Vfs) -> Result<()> {
    let mut private = fs::DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(private.recursive(true), 0o700);
    let failed =
        |error| Error::io("cannot make the directory", error).at(vfs.control.display().to_string());
    for kind in ["rejected", "conflicts", RECENT] {
        private.create(vfs.control.join(kind)).map_err(failed)?;
    }
    write_control(vfs, "README.md", README.as_bytes()).map_err(failed)?;
    // What changes by itself is in nobody's repository.
    write_control(vfs, ".gitignore", b"*\n").map_err(failed)?;
    // It is listed before anybody asked for it, and written anew whenever somebody does.
    write_status(vfs).map_err(failed)
}

pub(crate) fn write_status(vfs: &Vfs) -> std::io::Result<()> {
    let json = serde_json::to_string_pretty(&status(vfs)).map_err(std::io::Error::from)?;
    write_control(vfs, STATUS, printable_json(&json).as_bytes())
}

/// Writes the file anew that says how it stands, if that is what is looked at.
pub(crate) fn refresh_control(vfs: &Vfs, path: &Path) {
    if path != vfs.control.join(STATUS) {
        return;
    }
    if let Err(error) = write_status(vfs) {
        tracing::warn!(%error, "the status is out of date");
    }
}

/// Whoever has the file open goes on with the one before.
pub(crate) fn write_control(vfs: &Vfs, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let new = vfs.control.join(format!(".{name}.new"));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    file.write_all(bytes)?;
    fs::rename(new, vfs.control.join(name))
}

/// Refuses to change anything in `.taskade/`.
pub(crate) fn check_not_control(vfs: &Vfs, path: &Path) -> Result<()> {
    if path.starts_with(&vfs.control) {
        return Err(Error::new(Kind::NotPermitted, "`.taskade` can only be read")
            .hint("refused saves are settled with `taskadefs retry` and `discard`"));
    }
    Ok(())
}

/// Whether a record may be removed.
pub(crate) fn check_removable(vfs: &Vfs, path: &Path) -> Result<()> {
    if path.starts_with(vfs.control.join("conflicts")) {
        return Ok(());
    }
    check_not_control(vfs, path)
}

/// What is below `.taskade/` changes behind the kernel's back.
pub(crate) fn as_control(vfs: &Vfs, path: &Path, attr: Attr) -> Attr {
    if !path.starts_with(&vfs.control) {
        return attr;
    }
    let mode = match attr.kind {
        FileKind::Directory => 0o755,
        // As everywhere: whether it can be changed is told by its directory.
        FileKind::Symlink => 0o777,
        _ => 0o444,
    };
    Attr { mode, attr_ttl: Duration::ZERO, entry_ttl: Duration::ZERO, ..attr }
}

/// Where an overridden version is, relative to the mount.
pub(crate) fn conflict_path(file: &str) -> String {
    format!(".taskade/conflicts/{file}")
}

/// Whether a name in the root is that of the directory.
pub(crate) fn is_control(parent: Ino, name: &OsStr) -> bool {
    parent == ROOT && name == crate::vfs::names::RESERVED
}
