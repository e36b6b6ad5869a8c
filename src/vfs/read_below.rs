//! Reading all projects at and below a path, as a program does that reads file after file.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    plan::Outline,
    sync::{
        Content, FileFormat, Project, presence,
        read::{export, look},
        residency,
    },
    vfs::{
        agenda::shown_name,
        directory::{self, Found, child},
        resolve,
        tree::{entries::Entry, inner::LocalEntry},
        volume::Vfs,
    },
};

/// How many projects are read side by side: what they need of Taskade is asked for in the order of the
/// budget, and a space at a time where that costs less.
const SIDE_BY_SIDE: usize = 16;

/// A project as a reader gets it.
#[derive(Debug, Clone)]
pub struct ReadProject {
    /// Its file, relative to the mount.
    pub path: PathBuf,
    /// `None` before it is created.
    pub id: Option<ProjectId>,
    /// Its title.
    pub title: String,
    /// What its file says.
    pub text: Arc<[u8]>,
    /// The tasks that it stands for.
    pub outline: Arc<Outline>,
    /// How its file is written.
    pub format: Arc<FileFormat>,
    /// When its content last changed.
    pub modified: SystemTime,
    /// Whether it is older than `--max-age`, and Taskade not to be had.
    pub is_stale: bool,
}

/// How many projects were read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadSoFar {
    /// How many were.
    pub done: usize,
    /// How many there are.
    pub total: usize,
    /// How many requests are left to be made, at most. `None` before the first was read: whether a
    /// space is exported may not be known until then.
    pub requests: Option<usize>,
}

/// Whoever is told how far that has come.
pub(crate) type OnProgress<'a> = dyn Fn(ReadSoFar) + Send + Sync + 'a;

/// Reads the project at a path relative to the mount, or all that are below it, in the order of their
/// directories, none older than `--max-age`: what is older is asked for and waited for. While Taskade is
/// gone, what was read before is all there is, and is marked as that. How far it has come is told as soon as
/// it is known how many there are, and whenever one was read, whichever. The workspaces and folders that
/// are below the path.
///
/// # Errors
/// [`Kind::NotFound`] if nothing of Taskade is there, or what listing or reading failed with.
pub(crate) async fn read_below(
    vfs: &Arc<Vfs>,
    path: &Path,
    on_progress: &OnProgress<'_>,
    on_read: &mut (dyn FnMut(ReadProject) + Send),
) -> Result<Vec<PathBuf>> {
    let (projects, folders) = listed_at(vfs, path).await?;
    let total = projects.len();
    let mut unread = Unread::of(vfs, &projects);
    on_progress(ReadSoFar { done: 0, total, requests: None });
    // Begun in the order of the directories, so that whole spaces are asked for once.
    let reading = projects.into_iter().enumerate().map(|(number, (path, project))| async move {
        let is_stale = look(vfs, &project).await.map_err(|error| error.at(shown(&path)))?;
        known(vfs, path, &project, is_stale).map(|read| (number, read, project))
    });
    let mut reading = stream::iter(reading).buffer_unordered(SIDE_BY_SIDE);
    // Those that wait for one before them.
    let mut early = BTreeMap::new();
    let (mut done, mut next) = (0, 0);
    while let Some((number, read, project)) = reading.try_next().await? {
        done += 1;
        unread.note_read(&project);
        on_progress(ReadSoFar { done, total, requests: Some(unread.requests(vfs)) });
        early.insert(number, read);
        while let Some(read) = early.remove(&next) {
            on_read(read);
            next += 1;
        }
    }
    Ok(folders)
}

/// What is left to be read: how many projects of each space.
struct Unread(HashMap<SpaceId, usize>);

impl Unread {
    fn of(vfs: &Vfs, projects: &[(PathBuf, Arc<Project>)]) -> Self {
        let mut unread = HashMap::new();
        for (_, project) in projects.iter().filter(|(_, project)| !is_settled(vfs, project)) {
            *unread.entry(project.folder()).or_insert(0) += 1;
        }
        Self(unread)
    }

    fn note_read(&mut self, project: &Project) {
        let left = self.0.get_mut(&project.folder());
        left.into_iter().for_each(|left| *left = left.saturating_sub(1));
    }

    /// How many requests that takes: one a space that is exported, else one a project.
    fn requests(&self, vfs: &Vfs) -> usize {
        let of = |(space, left): (&SpaceId, &usize)| match export::is_refused(&vfs.engine, space) {
            true => *left,
            false => (*left).min(1),
        };
        self.0.iter().map(of).sum()
    }
}

/// What is known of the project at a path relative to the mount; what was never read is read.
///
/// # Errors
/// As [`project_at`], or what reading failed with.
pub(crate) async fn read_known(vfs: &Arc<Vfs>, path: &Path) -> Result<ReadProject> {
    let project = project_at(vfs, path).await?;
    residency::ensure(&vfs.engine, &project).await;
    if !project.is_known() {
        look(vfs, &project).await.map_err(|error| error.at(shown(path)))?;
    }
    known(vfs, path.to_owned(), &project, false)
}

/// What a project says, none older than `--max-age` unless Taskade is gone.
///
/// # Errors
/// What reading it failed with.
pub(crate) async fn read_current(vfs: &Vfs, project: &Arc<Project>) -> Result<Content> {
    look(vfs, project).await?;
    residency::content(&vfs.engine, project)
        .ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
}

/// Reads a project anew unless it is young or has a save on its way. Whether what is known is older, and
/// Taskade is not to be had.
async fn look(vfs: &Vfs, project: &Arc<Project>) -> Result<bool> {
    let engine = &vfs.engine;
    residency::ensure(engine, project).await;
    if is_settled(vfs, project) {
        return Ok(false);
    }
    let is_known = project.is_known();
    if is_known && presence::gone(engine).is_some() {
        return Ok(true);
    }
    match look::read(engine, project, Priority::Foreground).await {
        Err(error) if is_known && error.kind().is_transient() => Ok(true),
        read => read.map(|()| false),
    }
}

/// Whether a project is read as it is.
fn is_settled(vfs: &Vfs, project: &Project) -> bool {
    let current = project.lock();
    let is_fresh = current.is_fresh(vfs.engine.clock().now(), vfs.engine.settings().max_age);
    current.is_known() && (!current.shows_remote() || is_fresh)
}

fn known(vfs: &Vfs, path: PathBuf, project: &Arc<Project>, is_stale: bool) -> Result<ReadProject> {
    let nothing = || Error::new(Kind::Protocol, "nothing was read").at(shown(&path));
    let content = residency::content(&vfs.engine, project).ok_or_else(nothing)?;
    let Content { text, outline, .. } = content;
    Ok(ReadProject {
        path,
        id: project.id(),
        title: project.title(),
        text,
        outline,
        format: project.format(),
        modified: project.modified(),
        is_stale,
    })
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// The project at a path relative to the mount.
///
/// # Errors
/// [`Kind::Invalid`] if something else is there, [`Kind::NotFound`] if nothing is.
pub(crate) async fn project_at(vfs: &Vfs, path: &Path) -> Result<Arc<Project>> {
    match resolve::find(vfs, path).await? {
        Found::Project(project) => Ok(project),
        Found::Directory(_) => Err(Error::new(Kind::IsDirectory, "it is a directory")
            .at(shown(path))
            .hint("name the file of a project")),
        Found::Elsewhere => Err(Error::new(Kind::NotFound, "Taskade has nothing there")
            .at(shown(path))
            .hint("the files of projects end with .md")),
        Found::Nothing => Err(directory::no_entry().at(shown(path))),
    }
}

/// The projects at and below a path relative to the mount, with their paths, as directories show them, and
/// the workspaces and folders below it.
async fn listed_at(vfs: &Vfs, path: &Path) -> Result<(Vec<(PathBuf, Arc<Project>)>, Vec<PathBuf>)> {
    let top = match resolve::find(vfs, path).await? {
        Found::Directory(directory) => directory,
        _ => return Ok((vec![(path.to_owned(), project_at(vfs, path).await?)], Vec::new())),
    };
    let mut folders = Vec::new();
    let (mut projects, mut ahead) = (Vec::new(), vec![(path.to_owned(), top)]);
    while let Some((at, directory)) = ahead.pop() {
        let entries = directory::entries(vfs, &directory).await?;
        let locals = vfs.tree().locals.get(&directory).cloned().unwrap_or_default();
        let mut below = Vec::new();
        for (name, entry) in &entries.in_order {
            let path = at.join(shown_name(name));
            match entry {
                Entry::Space(space) => below.push((path, child(&directory, space))),
                Entry::Project(listed) if !locals.contains_key(name) => {
                    projects.push((path, directory::listed_project(vfs, &directory, listed)?));
                }
                Entry::Project(_) => {}
            }
        }
        for (name, local) in locals {
            if let LocalEntry::New(project) = local
                && directory::is_here(&project, &directory, &name)
            {
                projects.push((at.join(shown_name(&name)), project));
            }
        }
        folders.extend(below.iter().map(|(path, _)| path.clone()));
        // What is pushed last comes first.
        ahead.extend(below.into_iter().rev());
    }
    Ok((projects, folders))
}
