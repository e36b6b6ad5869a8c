//! `export`: what Taskade has, as plain files.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    super::{
        asks::{self, Ask},
        mountpoint,
        plain_arguments::ExportArgs,
        reach::{Reached, ReachedPath},
        reading_bar,
        terminal::{confirm_done, tell},
    },
    changes::{self, Changed},
    disk,
    export_plan::{self, ExportPlan, Step},
    folders, git,
    manifest::{Folder, Manifest, Written},
};

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    vfs::{PlainFile, PlainTree, Snapshot, time_of},
};

/// How many files may go at once before it is taken for an accident.
const MOST_REMOVED: usize = 10;

/// Exports.
///
/// # Errors
/// If anything of what Taskade has is not there afterwards.
pub(crate) fn export(args: &ExportArgs) -> Result<()> {
    let shown = args.dir.display().to_string();
    if let Ok(Some(_)) = mountpoint::mount_of(&args.dir) {
        return Err(Error::new(Kind::Invalid, "it is in a mount")
            .at(shown)
            .hint("export to a directory of the local disk"));
    }
    let folder = Folder::open(&args.dir)?;
    let space = space(args, folder.manifest.as_ref())?;
    let repository = args.git.then(|| git::Repository::at(&args.dir)).transpose()?;
    let reached = ReachedPath::of_space(&space, &args.account)?;
    let PlainTree { files, folders } = remote(&reached.reached, &reached.inside)?;
    let mut export = Export {
        remote: files,
        reached: &reached.reached,
        space: reached.inside.clone(),
        manifest: Manifest {
            space: reached.inside.clone(),
            ..folder.manifest.clone().unwrap_or_default()
        },
        folder: &folder,
        changed: Vec::new(),
        left: Vec::new(),
    };
    let plan = export.plan(args.allow_delete)?;
    let unchanged = plan.unchanged;
    export.carry_out(plan)?;
    let in_the_way = folders::keep(&folder, &mut export.manifest, folders)?;
    let why = "a file is in the place of the folder: move that away";
    export.left.extend(in_the_way.into_iter().map(|path| (path, why.to_owned())));
    if let Some(repository) = &repository {
        export.find_uncommitted(repository)?;
    }
    let Export { mut changed, left, remote, .. } = export;
    changed.sort_by(|one, other| one.path().cmp(other.path()));
    if let Some(repository) = repository
        && let Some(message) = changes::message(&changed)
    {
        repository.commit(&changes::paths(&changed), &message)?;
    }
    for (path, why) in &left {
        tell(&format_args!("{}: not exported: {why}", args.dir.join(path).display()));
    }
    let stale = remote.iter().filter(|file| file.is_stale).count();
    confirm_done(&format!("{shown}: {}\n", changes::counted(&changed, unchanged)))?;
    match (left.len(), stale) {
        (0, 0) => Ok(()),
        (0, stale) => Err(Error::new(
            Kind::Unreachable,
            format!(
                "{stale} projects are as they were read before, since Taskade is not to be had"
            ),
        )
        .at(shown)
        .hint("export again once it is")),
        (left, _) => Err(Error::new(
            Kind::Storage,
            match left {
                1 => "1 file is not what Taskade has".to_owned(),
                left => format!("{left} files are not what Taskade has"),
            },
        )
        .at(shown)
        .hint("settle what was told of each, and export again")),
    }
}

/// Which space it is: the one that was named, or that was exported before.
fn space(args: &ExportArgs, known: Option<&Manifest>) -> Result<PathBuf> {
    let given: Option<PathBuf> = args.space.as_ref().map(|space| space.components().collect());
    match (given, known) {
        (Some(given), Some(known))
            if !known.space.as_os_str().is_empty() || !known.projects.is_empty() =>
        {
            if !given.ends_with(&known.space) {
                let what = format!("it is an export of {}", shown_space(&known.space));
                return Err(Error::new(Kind::Invalid, what)
                    .at(args.dir.display().to_string())
                    .hint("export to another directory"));
            }
            Ok(given)
        }
        (Some(given), _) => Ok(given),
        (None, Some(known)) => Ok(known.space.clone()),
        (None, None) => Ok(PathBuf::new()),
    }
}

fn shown_space(space: &Path) -> String {
    if space.as_os_str().is_empty() {
        "all workspaces".to_owned()
    } else {
        space.display().to_string()
    }
}

/// What is to be there, with paths relative to the space.
pub(super) fn remote(reached: &Reached, space: &Path) -> Result<PlainTree> {
    let bar = reading_bar::bar();
    let ask = Ask::Files { path: space.to_owned() };
    let answer = reached.follow(&ask, |progress| reading_bar::show(&bar, progress));
    bar.finish_and_clear();
    let PlainTree { files, folders } = asks::understood(answer?)?;
    if files.iter().any(|file| file.path == space) {
        return Err(Error::new(Kind::NotDirectory, "it is a project")
            .at(space.display().to_string())
            .hint("name the workspace or folder that it is in"));
    }
    let below = |path: PathBuf| path.strip_prefix(space).map(Path::to_owned).unwrap_or(path);
    let file = |file: PlainFile| PlainFile { path: below(file.path.clone()), ..file };
    Ok(PlainTree {
        files: files.into_iter().map(file).collect(),
        folders: folders.into_iter().map(below).collect(),
    })
}

struct Export<'a> {
    reached: &'a Reached,
    folder: &'a Folder,
    space: PathBuf,
    manifest: Manifest,
    remote: Vec<PlainFile>,
    changed: Vec<Changed>,
    left: Vec<(PathBuf, String)>,
}

impl Export<'_> {
    fn plan(&mut self, allow_delete: bool) -> Result<ExportPlan> {
        let (plain, hidden): (Vec<PlainFile>, Vec<PlainFile>) = std::mem::take(&mut self.remote)
            .into_iter()
            .partition(|file| disk::is_plain(&file.path));
        self.remote = plain;
        let hidden =
            hidden.into_iter().map(|file| (file.path, "its name begins with a dot".to_owned()));
        self.left.extend(hidden);
        let disk = disk::files(&self.folder.dir)?;
        let mut plan = export_plan::plan(&self.manifest, &disk, &self.remote);
        let is_removal = |step: &Step| matches!(step, Step::Remove { .. });
        let removed = plan.steps.iter().filter(|step| is_removal(step)).count();
        if removed > MOST_REMOVED && removed * 2 > self.manifest.projects.len() && !allow_delete {
            plan.steps.retain(|step| !is_removal(step));
            let why = format!(
                "{removed} projects are gone, which may be an accident: --allow-delete removes their files"
            );
            self.left.push((PathBuf::new(), why));
        }
        self.left.append(&mut plan.left);
        Ok(plan)
    }

    /// Notes what is to be written, writes it, and notes that it was.
    fn carry_out(&mut self, plan: ExportPlan) -> Result<()> {
        let by_id: BTreeMap<ProjectId, PlainFile> =
            self.remote.iter().filter_map(|file| Some((file.id.clone()?, file.clone()))).collect();
        for step in &plan.steps {
            if let Step::Write { id, path, .. } = step
                && let Some(file) = by_id.get(id)
            {
                let (path, digest) = (path.clone(), file.digest.clone());
                let written = Written { path, digest, imported: None };
                self.manifest.writing.insert(id.clone(), written);
            }
        }
        self.folder.keep(&self.manifest)?;
        let done = self.all(plan.steps);
        // What was written before it failed is known, and is written once.
        if done.is_ok() {
            let all = self.manifest.projects.iter();
            let kept: BTreeSet<&Path> =
                all.filter(|(id, _)| by_id.contains_key(id)).map(|(_, it)| &*it.path).collect();
            let is_gone = |(id, written): &(&ProjectId, &Written)| {
                !by_id.contains_key(id)
                    && (kept.contains(&*written.path) || !self.left_here(&written.path))
            };
            let gone = self.manifest.projects.iter().filter(is_gone);
            let gone: Vec<ProjectId> = gone.map(|(id, _)| id.clone()).collect();
            gone.iter().for_each(|id| drop(self.manifest.projects.remove(id)));
            self.manifest.writing.clear();
        }
        self.folder.keep(&self.manifest)?;
        self.folder.forget_tasks(&self.manifest);
        done
    }

    /// Whether a file is still here as it was written though its project is gone.
    fn left_here(&self, path: &Path) -> bool {
        // What was edited is a file that is new from now on.
        let was_edited = self.left.iter().any(|(left, _)| left == path);
        !was_edited && self.folder.dir.join(path).exists()
    }

    fn all(&mut self, steps: Vec<Step>) -> Result<()> {
        let mut moved = Vec::new();
        for step in steps {
            match step {
                Step::Remove { id, path } => self.remove(id, path)?,
                Step::Rename { id, from, to } => moved.push(self.take_away(id, from, to)?),
                Step::Write { id, path, is_new } => {
                    self.put_all(&mut moved)?;
                    self.write(id, path, is_new)?;
                }
                Step::Adopt { id, path } => {
                    self.put_all(&mut moved)?;
                    self.adopt(&id, path)?;
                }
            }
        }
        self.put_all(&mut moved)
    }

    fn remove(&mut self, id: ProjectId, path: PathBuf) -> Result<()> {
        let whole = self.folder.dir.join(&path);
        fs::remove_file(&whole).map_err(|error| disk::failed("cannot remove it", &whole, error))?;
        disk::remove_empty_above(&self.folder.dir, &path);
        let before =
            self.manifest.projects.remove(&id).and_then(|it| self.folder.tasks(&id, &it.digest));
        self.changed.push(Changed::Removed { path, before });
        Ok(())
    }

    /// Moves a file out of the way: two may have changed names.
    fn take_away(
        &self,
        id: ProjectId,
        from: PathBuf,
        to: PathBuf,
    ) -> Result<(ProjectId, PathBuf, PathBuf, PathBuf)> {
        let aside = self
            .folder
            .dir
            .join(super::manifest::OWN)
            .join(format!("moving-{}", id.as_str().replace('/', "-")));
        let whole = self.folder.dir.join(&from);
        fs::rename(&whole, &aside)
            .map_err(|error| disk::failed("cannot rename it", &whole, error))?;
        Ok((id, from, to, aside))
    }

    fn put_all(&mut self, moved: &mut Vec<(ProjectId, PathBuf, PathBuf, PathBuf)>) -> Result<()> {
        for (id, from, to, aside) in moved.drain(..) {
            let whole = self.folder.dir.join(&to);
            let (place, to) = match whole.exists() {
                true => {
                    self.left.push((to, "another file is in its place: move that away".to_owned()));
                    (self.folder.dir.join(&from), from.clone())
                }
                false => (whole, to),
            };
            make_above(&place)?;
            fs::rename(&aside, &place)
                .map_err(|error| disk::failed("cannot rename it", &place, error))?;
            disk::remove_empty_above(&self.folder.dir, &from);
            if let Some(written) = self.manifest.projects.get_mut(&id) {
                written.path.clone_from(&to);
            }
            if from != to {
                self.changed.push(Changed::Renamed { from, path: to });
            }
        }
        Ok(())
    }

    fn snapshot(&self, path: &Path) -> Result<Snapshot> {
        let path = self.space.join(path);
        // The space itself is a project's file where one was named.
        let path = path.components().collect();
        asks::understood(self.reached.ask(&Ask::Snapshot { path })?)
    }

    fn write(&mut self, id: ProjectId, path: PathBuf, is_new: bool) -> Result<()> {
        let Snapshot { file, text, outline, modified } = self.snapshot(&path)?;
        if let Some(why) = file.unsettled {
            self.left.push((path, why));
            return Ok(());
        }
        let whole = self.folder.dir.join(&path);
        let is_in_the_way = is_new && whole.exists() && !self.manifest.writing.contains_key(&id);
        if is_in_the_way {
            self.left.push((path, "another file is in its place: move that away".to_owned()));
            return Ok(());
        }
        let before =
            self.manifest.projects.get(&id).and_then(|it| self.folder.tasks(&id, &it.digest));
        let written = Written { path: path.clone(), digest: file.digest, imported: None };
        if self.manifest.writing.insert(id.clone(), written.clone()).as_ref() != Some(&written) {
            // It has changed since it was listed.
            self.folder.keep(&self.manifest)?;
        }
        self.folder.keep_tasks(&id, &written.digest, &outline)?;
        make_above(&whole)?;
        disk::write(&whole, text.as_bytes(), Some(time_of(modified)))?;
        self.manifest.projects.insert(id, written);
        self.changed.push(match is_new {
            true => Changed::Added { path, after: outline },
            false => Changed::Edited { path, before, after: outline },
        });
        Ok(())
    }

    fn adopt(&mut self, id: &ProjectId, path: PathBuf) -> Result<()> {
        let remote = self.remote.iter().find(|file| file.id.as_ref() == Some(id));
        let Some(at) = remote.map(|file| file.path.clone()) else { return Ok(()) };
        let Snapshot { file, outline, .. } = self.snapshot(&at)?;
        if file.unsettled.is_none() {
            self.folder.keep_tasks(id, &file.digest, &outline)?;
            let written = Written { path, digest: file.digest, imported: None };
            self.manifest.projects.insert(id.clone(), written);
        }
        Ok(())
    }
}

impl Export<'_> {
    /// Finds the files that say what Taskade has, and that the repository does not have so.
    fn find_uncommitted(&mut self, repository: &git::Repository) -> Result<()> {
        let disk = disk::files(&self.folder.dir)?;
        let projects = &self.manifest.projects;
        for path in repository.uncommitted()? {
            let is_changed = self.changed.iter().any(|it| it.path() == path);
            let is_as_written =
                |it: &Written| it.path == path && disk.get(&path) == Some(&it.digest);
            if !is_changed && projects.values().any(is_as_written) {
                self.changed.push(Changed::Uncommitted { path });
            }
        }
        Ok(())
    }
}

fn make_above(path: &Path) -> Result<()> {
    let dir = path.parent().unwrap_or(path);
    fs::create_dir_all(dir).map_err(|error| disk::failed("cannot make it", dir, error))
}
