//! Gathering what is known of tasks, at and below a path, with no request.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    agenda::{Gathered, KnownProject},
    error::{Error, Kind, Result},
    ids::ProjectId,
    sync::{Listed, OfflineAccount, OfflineTasks, Project, read::offline},
    vfs::{
        directory::{self, child, in_order, titled},
        names::{self, Titled},
        tree::{entries::Entry, inner::LocalEntry},
        types::Directory,
        volume::Vfs,
    },
};

/// Where directories and tasks are known.
pub(crate) trait Source {
    /// What is known to be in a directory, in order, by name.
    fn directory(&self, directory: &Directory) -> Result<Vec<(String, NamedEntry)>>;

    /// The tasks of a project that Taskade has, if they are known.
    fn tasks(&self, id: &ProjectId) -> Option<OfflineTasks>;
}

/// What a name stands for.
pub(crate) enum NamedEntry {
    Space(Directory),
    Project {
        id: ProjectId,
        title: String,
    },
    /// A project that Taskade does not list yet.
    New(Arc<Project>),
}

impl NamedEntry {
    fn of(directory: &Directory, entry: &Entry) -> Self {
        match entry {
            Entry::Space(space) => NamedEntry::Space(child(directory, space)),
            Entry::Project(project) => {
                NamedEntry::Project { id: project.id.clone(), title: project.name.clone() }
            }
        }
    }
}

/// What is known of the tasks of a project, or of those below a directory; of all with `None`.
/// No request is made. Blocks.
///
/// # Errors
/// [`Kind::NotFound`] if nothing is known to be there, [`Kind::Storage`] if the journal cannot
/// be read.
pub(crate) fn agenda(vfs: &Vfs, path: Option<&Path>) -> Result<Gathered> {
    offline::write_out_cache(&vfs.engine);
    gather(vfs, path)
}

/// What the last mount of an account knew of all tasks. Nothing of it is changed, and no process
/// has the account.
///
/// # Errors
/// As [`Vfs::agenda`].
pub(crate) fn offline_agenda(account: &Path) -> Result<Gathered> {
    match OfflineAccount::open(account) {
        Some(offline_agenda) => gather(&offline_agenda, None),
        None => Ok(Gathered::default()),
    }
}

impl Source for Vfs {
    fn directory(&self, directory: &Directory) -> Result<Vec<(String, NamedEntry)>> {
        let listed = offline::listed(&self.engine, directory.space(), is_workspace(directory));
        let locals = self.tree().locals.get(directory).cloned().unwrap_or_default();
        let mut places = Vec::new();
        // What was never listed is not named.
        if *listed != Listed::default() {
            let entries = directory::known_entries(self, directory);
            let shown = entries.in_order.iter().filter(|(name, _)| !locals.contains_key(name));
            let place = |entry| NamedEntry::of(directory, entry);
            places.extend(shown.map(|(name, entry)| (shown_name(name), place(entry))));
        }
        let new = locals.iter().filter_map(|(name, local)| match local {
            LocalEntry::New(project) => Some((shown_name(name), NamedEntry::New(project.clone()))),
            LocalEntry::Vacant(_) => None,
        });
        places.extend(new);
        Ok(places)
    }

    fn tasks(&self, id: &ProjectId) -> Option<OfflineTasks> {
        offline::offline_tasks(&self.engine, id)
    }
}

impl Source for OfflineAccount {
    fn directory(&self, directory: &Directory) -> Result<Vec<(String, NamedEntry)>> {
        let entries = in_order(&self.listed(directory.space(), is_workspace(directory)));
        let titled: Vec<Titled> = entries.iter().map(titled).collect();
        let names = names::assign(&titled, &self.names(directory.key()));
        let places = entries.iter().map(|entry| NamedEntry::of(directory, entry));
        Ok(names.into_iter().zip(places).collect())
    }

    fn tasks(&self, id: &ProjectId) -> Option<OfflineTasks> {
        self.offline_tasks(id)
    }
}

/// What a source knows at and below a path relative to the mount.
pub(crate) fn gather(source: &impl Source, path: Option<&Path>) -> Result<Gathered> {
    let wanted = path.unwrap_or(Path::new(""));
    let mut gathered = Gathered::default();
    let mut is_there = wanted.as_os_str().is_empty();
    let mut ahead = vec![(PathBuf::new(), Directory::Root)];
    while let Some((at, directory)) = ahead.pop() {
        for (name, place) in source.directory(&directory)? {
            let path = at.join(name);
            is_there |= path == wanted;
            let is_below = path.starts_with(wanted);
            match place {
                NamedEntry::Space(space) if is_below || wanted.starts_with(&path) => {
                    ahead.push((path, space));
                }
                NamedEntry::Project { id, title } if is_below => {
                    if let Some(tasks) = source.tasks(&id) {
                        add(&mut gathered, &path, Some(&id), &title, &tasks);
                    }
                }
                NamedEntry::New(project) if is_below => {
                    if let Some(tasks) = project.offline_tasks() {
                        let (id, title) = (project.id(), project.title());
                        add(&mut gathered, &path, id.as_ref(), &title, &tasks);
                    }
                }
                NamedEntry::Space(_) | NamedEntry::Project { .. } | NamedEntry::New(_) => {}
            }
        }
    }
    match is_there {
        true => Ok(gathered),
        false => Err(Error::new(Kind::NotFound, "nothing is known of it")
            .at(wanted.display().to_string())
            .hint("look at it first, with `ls` or `cat`: an agenda asks Taskade for nothing")),
    }
}

pub(crate) fn add(
    gathered: &mut Gathered,
    path: &Path,
    id: Option<&ProjectId>,
    title: &str,
    tasks: &OfflineTasks,
) {
    let path = path.to_string_lossy();
    let OfflineTasks { outline, text, format } = tasks;
    let text = text.as_deref();
    gathered.add(&KnownProject { path: &path, id, title, outline, format, text });
}

pub(crate) fn is_workspace(directory: &Directory) -> bool {
    matches!(directory, Directory::Workspace(_))
}

pub(crate) fn shown_name(name: &std::ffi::OsStr) -> String {
    name.to_string_lossy().into_owned()
}
