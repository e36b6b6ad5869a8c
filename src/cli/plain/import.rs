//! `import`: what was edited in plain files, sent.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use super::{
    super::{
        asks::{self, Ask},
        plain_arguments::ImportArgs,
        reach::{Reached, ReachedPath},
        terminal::confirm_done,
    },
    disk,
    export::remote,
    import_plan::{self, Edit},
    import_told::ImportTold,
    manifest::{Folder, Manifest, Written},
    ranges::{self, RangeEdit},
};

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::Outline,
    vfs::{EditedFrom, PlainFile, Snapshot, digest, time_of},
};

/// How many projects may be completed at once before it is taken for an accident.
const MOST_REMOVED: usize = 10;

/// Imports.
///
/// # Errors
/// If anything that was edited is not sent.
pub(crate) fn import(args: &ImportArgs) -> Result<()> {
    let shown = args.dir.display().to_string();
    if !args.dir.is_dir() {
        return Err(Error::new(Kind::NotFound, "no such directory")
            .at(shown)
            .hint("name the directory that was exported to"));
    }
    let folder = Folder::open(&args.dir)?;
    let known = folder.manifest.clone();
    if known.is_none() && args.git_range.is_none() {
        return Err(Error::new(Kind::NotFound, "nothing was exported to it")
            .at(shown)
            .hint("`taskadefs export` first: what was edited is told by what was exported"));
    }
    let manifest = known.unwrap_or_default();
    let space: PathBuf = match &args.space {
        Some(space) => space.components().collect(),
        None => manifest.space.clone(),
    };
    let reached = ReachedPath::of_space(&space, &args.account)?;
    let mut import = Import {
        args,
        remote: remote(&reached.reached, &reached.inside)?.files,
        reached: &reached.reached,
        space: reached.inside.clone(),
        folder: &folder,
        manifest,
        told: ImportTold::of(&folder.dir, args.dry_run),
        sent: Vec::new(),
        moved: BTreeSet::new(),
        done: 0,
        left: 0,
    };
    match &args.git_range {
        Some(range) => import.range(ranges::edits(&args.dir, range)?)?,
        None => import.files()?,
    }
    import.told.end();
    import.conclude()?;
    let Import { done, left, .. } = import;
    match left {
        0 if done == 0 => confirm_done(&format!("{shown}: nothing was edited\n")),
        0 => Ok(()),
        left => Err(Error::new(
            Kind::Refused,
            match left {
                1 => "1 file was not imported".to_owned(),
                left => format!("{left} files were not imported"),
            },
        )
        .at(shown)
        .hint("settle what was told of each, and import again: what was sent is not sent twice")),
    }
}

struct Import<'a> {
    args: &'a ImportArgs,
    reached: &'a Reached,
    folder: &'a Folder,
    space: PathBuf,
    remote: Vec<PlainFile>,
    manifest: Manifest,
    told: ImportTold,
    /// The projects whose files have been sent: which, where, and what tells the text.
    sent: Vec<(Option<ProjectId>, PathBuf, String)>,
    /// Those that were renamed or moved, which may have made them others.
    moved: BTreeSet<ProjectId>,
    done: usize,
    left: usize,
}

impl Import<'_> {
    /// What was edited since the folder was written.
    fn files(&mut self) -> Result<()> {
        let disk = disk::files(&self.folder.dir)?;
        let texts = |id: &ProjectId| {
            let written = self.manifest.projects.get(id)?;
            self.folder.tasks(id, &written.digest)
        };
        let resembles = |id: &ProjectId, path: &Path| {
            let text = fs::read_to_string(self.folder.dir.join(path)).unwrap_or_default();
            texts(id).is_some_and(|tasks| says_most_of(&text, &tasks))
        };
        let edits = import_plan::edits(&self.manifest, &disk, resembles);
        let removed = edits.iter().filter(|edit| matches!(edit, Edit::Removed { .. })).count();
        let is_accident = self.is_accident(removed);
        self.told.begin(edits.len());
        for edit in edits {
            match edit {
                Edit::Moved { id, from, path } => {
                    self.each(&path, |it| it.renamed(Some(&id), &from, &path))
                }
                Edit::Saved { id, path } => self.each(&path, |it| it.saved(&id, &path)),
                Edit::Created { path } => self.each(&path, |it| {
                    let text = it.text(&path)?;
                    it.created(&path, &text)
                }),
                Edit::Removed { path, .. } if is_accident => {
                    self.each(&path, |_| Err(many(removed)))
                }
                Edit::Removed { id, path } => self.each(&path, |it| it.removed(Some(&id), &path)),
                Edit::Waits { path } => self.each(&path, |_| {
                    Err(Error::new(Kind::Storage, "what was imported from it is on its way")
                        .hint("`taskadefs sync` sends it; then export"))
                }),
            }
        }
        Ok(())
    }

    /// What was edited between two commits.
    fn range(&mut self, edits: Vec<RangeEdit>) -> Result<()> {
        let removed = edits.iter().filter(|edit| edit.after.is_none()).count();
        let is_accident = self.is_accident(removed);
        self.told.begin(edits.len());
        for RangeEdit { path, from, before, after } in edits {
            self.each(&path.clone(), |it| match (before, after) {
                (_, None) if is_accident => Err(many(removed)),
                (_, None) => it.removed(None, &path),
                (None, Some(after)) => it.created(&path, &after),
                (Some(before), Some(after)) => {
                    let mut there = path.clone();
                    if let Some(from) = &from {
                        it.renamed(None, from, &path)?;
                        // A dry run has renamed nothing.
                        there = if it.args.dry_run { from.clone() } else { there };
                    }
                    if before == after {
                        return Ok(());
                    }
                    let base = it.base_of(&there, &before);
                    it.save((&there, None), base, &after, (&path, None))
                }
            });
        }
        Ok(())
    }

    /// Does something about a file. What fails is told, and the others go on.
    fn each(&mut self, path: &Path, act: impl FnOnce(&mut Self) -> Result<()>) {
        match act(self) {
            Ok(()) => self.done += 1,
            Err(error) => {
                self.left += 1;
                self.told.failed(path, error);
            }
        }
        self.told.step();
    }

    fn is_accident(&self, removed: usize) -> bool {
        removed > MOST_REMOVED && !self.args.allow_delete
    }

    /// A path at Taskade.
    fn there(&self, path: &Path) -> PathBuf {
        self.space.join(path).components().collect()
    }

    fn text(&self, path: &Path) -> Result<String> {
        let whole = self.folder.dir.join(path);
        let bytes =
            fs::read(&whole).map_err(|error| disk::failed("cannot read it", &whole, error))?;
        String::from_utf8(bytes)
            .map_err(|_| Error::new(Kind::Invalid, "it is no UTF-8 text").hint("save it in UTF-8"))
    }

    /// Where a project is now at Taskade, relative to the space.
    fn found(&self, id: &ProjectId) -> Result<PathBuf> {
        let remote = self.remote.iter().find(|file| file.id.as_ref() == Some(id));
        remote.map(|file| file.path.clone()).ok_or_else(|| {
            Error::new(Kind::NotFound, "its project is gone from Taskade")
                .hint("under another name it is a new project")
        })
    }

    fn id_at(&self, path: &Path) -> Result<ProjectId> {
        let remote = self.remote.iter().find(|file| file.path == path);
        let id = remote.and_then(|file| file.id.clone());
        id.ok_or_else(|| {
            Error::new(Kind::NotFound, "Taskade has no such project")
                .hint("export again, to see what it has")
        })
    }

    fn saved(&mut self, id: &ProjectId, path: &Path) -> Result<()> {
        let text = self.text(path)?;
        let there = self.found(id)?;
        let same = Some(id).filter(|id| !self.moved.contains(id));
        let written = self.manifest.projects.get(id);
        let tasks = written.and_then(|written| self.folder.tasks(id, &written.digest));
        let tasks = tasks.ok_or_else(|| {
            Error::new(Kind::Storage, "what was exported of it is not known any more")
                .hint("move it away, export, and put it back")
        })?;
        self.save((&there, same), EditedFrom::Tasks(tasks), &text, (path, Some(id)))
    }

    /// What a text was edited from, of which it is known what it said.
    fn base_of(&self, there: &Path, before: &str) -> EditedFrom {
        let known = self
            .id_at(there)
            .ok()
            .and_then(|id| self.folder.tasks(&id, &digest(before.as_bytes())));
        known.map_or_else(|| EditedFrom::Text(before.to_owned()), EditedFrom::Tasks)
    }

    fn save(
        &mut self,
        (there, same): (&Path, Option<&ProjectId>),
        from: EditedFrom,
        text: &str,
        (path, id): (&Path, Option<&ProjectId>),
    ) -> Result<()> {
        let ask = Ask::SaveEdited {
            path: self.there(there),
            id: same.cloned(),
            from,
            text: text.to_owned(),
            allow_delete: self.args.allow_delete,
            dry_run: self.args.dry_run,
        };
        let answer = self.reached.ask(&ask)?;
        let lines: Vec<String> = asks::understood(answer["lines"].clone())?;
        self.told.sent(path, &lines)?;
        self.told.taken(path, &answer["edited"]);
        if !self.args.dry_run {
            self.note_sent(id.cloned().or_else(|| self.id_at(there).ok()), path, text)?;
        }
        Ok(())
    }

    fn created(&mut self, path: &Path, text: &str) -> Result<()> {
        self.told.sent(path, &["create the project".to_owned()])?;
        if self.args.dry_run {
            return Ok(());
        }
        let ask = Ask::CreateEdited { path: self.there(path), text: text.to_owned() };
        let answer = self.reached.ask(&ask)?;
        self.told.taken(path, &answer);
        self.sent.push((None, path.to_owned(), digest(text.as_bytes())));
        Ok(())
    }

    fn renamed(&mut self, id: Option<&ProjectId>, from: &Path, path: &Path) -> Result<()> {
        let there = match id {
            Some(id) => self.found(id)?,
            None => from.to_owned(),
        };
        self.told.sent(path, &[format!("rename {}", self.there(&there).display())])?;
        if self.args.dry_run || there == path {
            return Ok(());
        }
        let (from, to) = (self.there(&there), self.there(path));
        self.reached.ask(&Ask::RenameEdited { from, to })?;
        let id = id.cloned().map_or_else(|| self.id_at(&there), Ok)?;
        for file in self.remote.iter_mut().filter(|file| file.id.as_ref() == Some(&id)) {
            file.path = path.to_owned();
        }
        if let Some(written) = self.manifest.projects.get_mut(&id) {
            written.path = path.to_owned();
            let written = written.digest.clone();
            self.folder.keep(&self.manifest)?;
            self.sent.push((Some(id.clone()), path.to_owned(), written));
        }
        self.moved.insert(id);
        Ok(())
    }

    fn removed(&mut self, id: Option<&ProjectId>, path: &Path) -> Result<()> {
        let (there, id) = match id {
            // What is gone there, too, is as it is to be.
            Some(id) => match self.found(id) {
                Ok(there) => (there, id.clone()),
                Err(_) => return self.forget(id),
            },
            None => (path.to_owned(), self.id_at(path)?),
        };
        self.told.sent(path, &["complete the project".to_owned()])?;
        if self.args.dry_run {
            return Ok(());
        }
        self.reached.ask(&Ask::RemoveEdited { path: self.there(&there), id: id.clone() })?;
        self.forget(&id)
    }

    fn forget(&mut self, id: &ProjectId) -> Result<()> {
        if self.args.dry_run {
            return Ok(());
        }
        self.manifest.projects.remove(id);
        self.folder.keep(&self.manifest)
    }

    /// Notes that a text was sent, so that it is not sent twice.
    fn note_sent(&mut self, id: Option<ProjectId>, path: &Path, text: &str) -> Result<()> {
        let sent = digest(text.as_bytes());
        if let Some(written) = id.as_ref().and_then(|id| self.manifest.projects.get_mut(id)) {
            written.imported = Some(sent.clone());
            self.folder.keep(&self.manifest)?;
        }
        self.sent.push((id, path.to_owned(), sent));
        Ok(())
    }

    /// Takes over what became of what was sent: the files say what Taskade has now, with what others did
    /// meanwhile. One that was edited since is left alone.
    fn conclude(&mut self) -> Result<()> {
        if self.folder.manifest.is_none() || self.args.dry_run {
            return Ok(());
        }
        for (id, path, sent) in std::mem::take(&mut self.sent) {
            let asked = self.reached.ask(&Ask::Snapshot { path: self.there(&path) });
            // What cannot be told now the next export tells.
            let Ok(Snapshot { file, text, outline, modified }) = asked.and_then(asks::understood)
            else {
                continue;
            };
            let is_it =
                |of: &ProjectId| id.as_ref().is_none_or(|id| id == of || self.moved.contains(id));
            let Some(of) = file.id.clone().filter(is_it) else { continue };
            let whole = self.folder.dir.join(&path);
            let is_as_sent = fs::read(&whole).is_ok_and(|now| digest(&now) == sent);
            if file.unsettled.is_some() || !is_as_sent {
                continue;
            }
            self.folder.keep_tasks(&of, &file.digest, &outline)?;
            let written = Written { path, digest: file.digest.clone(), imported: None };
            if file.digest != sent {
                self.manifest.writing.insert(of.clone(), written.clone());
                self.folder.keep(&self.manifest)?;
                disk::write(&whole, text.as_bytes(), Some(time_of(modified)))?;
                self.manifest.writing.remove(&of);
            }
            id.iter().for_each(|id| drop(self.manifest.projects.remove(id)));
            self.manifest.projects.insert(of, written);
            self.folder.keep(&self.manifest)?;
        }
        self.folder.forget_tasks(&self.manifest);
        Ok(())
    }
}

fn many(removed: usize) -> Error {
    Error::new(Kind::DeletionGuard, format!("{removed} files are gone, which may be an accident"))
        .hint("--allow-delete completes their projects")
}

/// Whether a text says at least half of what a project said.
fn says_most_of(text: &str, tasks: &Outline) -> bool {
    let mut lines: BTreeMap<&str, usize> = BTreeMap::new();
    for line in text.lines() {
        *lines.entry(line.trim()).or_default() += 1;
    }
    let said = tasks.items.iter().filter(|item| {
        let found =
            lines.iter_mut().find(|(line, count)| **count > 0 && line.ends_with(&item.text));
        found.map(|(_, count)| *count -= 1).is_some()
    });
    let said = said.count();
    said > 0 && said * 2 >= tasks.items.len()
}
