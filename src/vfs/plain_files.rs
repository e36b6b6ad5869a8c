//! Projects as plain files elsewhere: what there is to be written there, and what was edited there and is to
//! be saved here, by whoever keeps a folder without a mount.
//!
//! What was edited elsewhere was edited from what was written there once. That comes along, as the tasks
//! that the text stood for, or else as the text alone: then who is who is told by what the lines say.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{self, Key, Outline, Wanted},
    sync::{
        DraftBase, Project, Standing, presence,
        write::{accept, preview, script_words},
    },
    text::{checks::check_left_markers, codec::wanted},
    vfs::{
        edits::Edited,
        namespace::RenameMode,
        process::NOBODY,
        read_below::{self, OnProgress, ReadProject},
        resolve,
        types::{Ino, OpenMode},
        volume::Vfs,
    },
};

/// A project that is to be written elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainFile {
    /// Its file, relative to the mount.
    pub path: PathBuf,
    /// `None` before it is created: then there is nothing to be written yet.
    pub id: Option<ProjectId>,
    /// Its title.
    pub title: String,
    /// What tells its text from any other.
    pub digest: String,
    /// Why it is not to be written now: a save of it is on its way, or was refused.
    pub unsettled: Option<String>,
    /// Whether it is older than `--max-age`, and Taskade not to be had.
    pub is_stale: bool,
}

/// What is to be written elsewhere. Paths are relative to the mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlainTree {
    /// The projects.
    pub files: Vec<PlainFile>,
    /// The workspaces and folders, those that hold nothing as well.
    pub folders: Vec<PathBuf>,
}

/// What is written elsewhere of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// What there was to know of it before.
    pub file: PlainFile,
    /// What its file says.
    pub text: String,
    /// The tasks that this stands for.
    pub outline: Outline,
    /// When its content last changed, in seconds since 1970.
    pub modified: u64,
}

/// What a text was edited from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EditedFrom {
    /// The text of these tasks.
    Tasks(Outline),
    /// This text.
    Text(String),
}

/// What tells a text from any other.
pub(crate) fn digest(text: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text);
    digest.as_ref().iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// What is at and below a path relative to the mount, each project as old as `--max-age` at most.
///
/// # Errors
/// [`Kind::NotFound`] if nothing is there, or what reading failed with.
pub(crate) async fn files_below(
    vfs: &Arc<Vfs>,
    path: &Path,
    on_progress: &OnProgress<'_>,
) -> Result<PlainTree> {
    let mut files = Vec::new();
    let mut on_read = |read: ReadProject| files.push(plain_file(vfs, &read));
    let folders = read_below::read_below(vfs, path, on_progress, &mut on_read).await?;
    Ok(PlainTree { files, folders })
}

/// What is to be written of the project at a path relative to the mount, as far as it is known.
///
/// # Errors
/// If there is none, or its text is none.
pub(crate) async fn snapshot(vfs: &Arc<Vfs>, path: &Path) -> Result<Snapshot> {
    let read = read_below::read_known(vfs, path).await?;
    let file = plain_file(vfs, &read);
    let text = String::from_utf8(read.text.to_vec()).map_err(|_| {
        Error::new(Kind::Invalid, "its text is no UTF-8").at(path.display().to_string())
    })?;
    let modified = read.modified.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    Ok(Snapshot { file, text, outline: Outline::clone(&read.outline), modified })
}

fn plain_file(vfs: &Vfs, read: &ReadProject) -> PlainFile {
    let project = read.id.as_ref().and_then(|id| vfs.engine.known(id));
    let unsettled = match project.as_ref().map(|project| project.standing()) {
        Some(Standing::Rejected(why)) => Some(format!("its last save was refused: {why}")),
        Some(Standing::Pending) => Some("a save of it is on its way".to_owned()),
        None => Some("it is not created yet".to_owned()),
        // What has no id is not with Taskade yet, whatever its save is known to be.
        Some(Standing::Clean) => {
            let is_new = |item: &plan::Item| matches!(item.key, Key::New(_));
            let has_new = read.outline.items.iter().any(is_new);
            has_new.then(|| "a save of it is on its way".to_owned())
        }
    };
    PlainFile {
        path: read.path.clone(),
        id: read.id.clone(),
        title: read.title.clone(),
        digest: digest(&read.text),
        unsettled,
        is_stale: read.is_stale,
    }
}

/// Saves a text as a project, which was edited elsewhere. With `dry_run` nothing is saved. What is sent, a
/// line for each request.
///
/// # Errors
/// [`Kind::NotFound`] if the project is gone; [`Kind::Unsettled`] if conflicts are left in the text;
/// otherwise as a save.
pub(crate) async fn save_edited(
    vfs: &Arc<Vfs>,
    (path, id): (&Path, Option<&ProjectId>),
    from: EditedFrom,
    text: &str,
    (allow_delete, dry_run): (bool, bool),
) -> Result<(Vec<String>, Edited)> {
    vfs.check_writable()?;
    let shown = || path.display().to_string();
    let project = read_below::project_at(vfs, path).await?;
    if id.is_some_and(|id| project.id().as_ref() != Some(id)) {
        return Err(Error::new(Kind::NotFound, "another project has this name by now").at(shown()));
    }
    vfs.check_project_writable(&project).map_err(|error| error.at(shown()))?;
    let known = read_below::read_current(vfs, &project).await.map_err(|it| it.at(shown()))?;
    let base = match from {
        EditedFrom::Tasks(outline) => Arc::new(outline),
        EditedFrom::Text(text) => Arc::new(base_of(&project, &known.outline, &text)?),
    };
    check_left_markers(text, Some(&base)).map_err(|error| error.at(shown()))?;
    let planned =
        preview::preview(&vfs.engine, &project, base.clone(), text.as_bytes(), allow_delete);
    let planned = planned.await.map_err(|error| match error.kind() {
        Kind::DeletionGuard => {
            error.better_hint("nothing was sent; --allow-delete sends it").at(shown())
        }
        _ => error.at(shown()),
    })?;
    let format = project.format();
    let lines = script_words::in_words(&planned, &project.title(), format.fields.as_deref());
    let mut edited = Edited { text: String::new(), unchanged: true, waits: false, trouble: None };
    if dry_run || lines.is_empty() {
        return Ok((lines, edited));
    }
    let given = accept::Given::Again { allow_delete };
    let base = DraftBase::Unread(base);
    let saved = accept::save_given(&vfs.engine, &project, None, base, text.into(), given).await;
    saved.result.map_err(|error| error.at(shown()))?;
    edited.unchanged = false;
    edited.waits = project.standing() == Standing::Pending;
    edited.trouble = presence::trouble(&vfs.engine).filter(|_| edited.waits);
    Ok((lines, edited))
}

/// The tasks that a text stood for, told by what its lines say: what Taskade has of them goes by its id,
/// and what it has no more is a task that is gone.
fn base_of(project: &Project, known: &Outline, text: &str) -> Result<Outline> {
    let format = project.format();
    let lines = format.parse(text.as_bytes(), &project.title(), known)?;
    let wanted: Vec<Wanted> = lines.iter().map(wanted).collect();
    let mut base = plan::align(known, &wanted, known.next_new());
    format.say(known, &mut base, &lines)?;
    for item in &mut base.items {
        if let Key::New(number) = item.key {
            item.key = Key::Known(TaskId::new(format!("gone-{number}")));
        }
    }
    Ok(base)
}

/// Creates a project that was made elsewhere.
///
/// # Errors
/// [`Kind::Exists`] if there is one of this name, [`Kind::NotFound`] if its directory is not there,
/// otherwise as a save.
pub(crate) async fn create_edited(vfs: &Arc<Vfs>, path: &Path, text: &str) -> Result<Edited> {
    vfs.check_writable()?;
    let shown = || path.display().to_string();
    check_left_markers(text, None).map_err(|error| error.at(shown()))?;
    let (parent, name) = place(vfs, path).await?;
    let mode = OpenMode { read: false, write: true, append: false, truncate: false };
    let created = async {
        let (attr, opened) = vfs.create(parent, name, 0o644_u32, mode, true, NOBODY).await?;
        let written = async {
            vfs.write(opened.fh, 0, text.as_bytes()).await?;
            vfs.fsync(opened.fh).await
        };
        let written = written.await;
        let released = vfs.release(opened.fh).await;
        vfs.forget(attr.ino, 1);
        written.and(released)
    };
    let created = created.await;
    vfs.forget(parent, 1);
    created.map_err(|error| error.at(shown()))?;
    let project = read_below::project_at(vfs, path).await?;
    let waits = project.standing() == Standing::Pending || project.is_unborn();
    let trouble = presence::trouble(&vfs.engine).filter(|_| waits);
    Ok(Edited { text: String::new(), unchanged: false, waits, trouble })
}

/// Renames or moves a project that was renamed or moved elsewhere.
///
/// # Errors
/// [`Kind::Exists`] if another project has the name, otherwise as a renaming.
pub(crate) async fn rename_edited(vfs: &Arc<Vfs>, from: &Path, to: &Path) -> Result<()> {
    vfs.check_writable()?;
    let (parent, name) = place(vfs, from).await?;
    let (new_parent, new_name) = place(vfs, to).await?;
    let mode = RenameMode { no_replace: true, ..RenameMode::default() };
    let renamed = vfs.rename((parent, name), (new_parent, new_name), mode, NOBODY).await;
    vfs.forget(parent, 1);
    vfs.forget(new_parent, 1);
    renamed.map_err(|error| error.at(from.display().to_string()))
}

/// Archives a project whose file was removed elsewhere.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, otherwise as a removal.
pub(crate) async fn remove_edited(vfs: &Arc<Vfs>, path: &Path, id: &ProjectId) -> Result<()> {
    vfs.check_writable()?;
    let shown = || path.display().to_string();
    let project = read_below::project_at(vfs, path).await?;
    if project.id().as_ref() != Some(id) {
        return Err(Error::new(Kind::NotFound, "another project has this name by now").at(shown()));
    }
    let (parent, name) = place(vfs, path).await?;
    let removed = vfs.unlink(parent, name).await;
    vfs.forget(parent, 1);
    removed.map_err(|error| error.at(shown()))
}

/// The inode of a path's directory, which lives until it is forgotten, and the name in it.
async fn place<'a>(vfs: &Vfs, path: &'a Path) -> Result<(Ino, &'a OsStr)> {
    let name = path.file_name();
    let name = name.ok_or_else(|| Error::new(Kind::Invalid, "it has no name"))?;
    let parent = path.parent().unwrap_or(Path::new(""));
    Ok((resolve::resolve(vfs, parent).await?, name))
}

/// A time that a file is given.
pub(crate) fn time_of(modified: u64) -> SystemTime {
    UNIX_EPOCH + std::time::Duration::from_secs(modified)
}
