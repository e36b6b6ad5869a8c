//! What an export does to a folder. Pure.
//!
//! What was edited in the folder stays; what was removed or renamed there, and not imported, is not taken
//! for what Taskade has done. Of two readings it is the one that loses less.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::manifest::{Manifest, Written};

use crate::{ids::ProjectId, vfs::PlainFile};

/// A step of an export. Paths are relative to the folder.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    /// The file of a project that has none, or another text than it says.
    Write { id: ProjectId, path: PathBuf, is_new: bool },
    /// A project has another name, or is in another folder.
    Rename { id: ProjectId, from: PathBuf, to: PathBuf },
    /// A project is gone.
    Remove { id: ProjectId, path: PathBuf },
    /// The file has what is to be there.
    Adopt { id: ProjectId, path: PathBuf },
}

/// What is done, and what is not, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct ExportPlan {
    pub(super) steps: Vec<Step>,
    pub(super) left: Vec<(PathBuf, String)>,
    pub(super) unchanged: usize,
}

/// What is to be done so that the folder has what Taskade has, whose files have paths relative to it.
pub(super) fn plan(
    manifest: &Manifest,
    disk: &BTreeMap<PathBuf, String>,
    remote: &[PlainFile],
) -> ExportPlan {
    let mut plan = ExportPlan::default();
    let tracked: BTreeSet<&Path> =
        manifest.projects.values().map(|written| written.path.as_path()).collect();
    let untracked: BTreeSet<&str> = disk
        .iter()
        .filter(|(path, _)| !tracked.contains(path.as_path()))
        .map(|it| &**it.1)
        .collect();
    let by_id: BTreeMap<&ProjectId, &PlainFile> =
        remote.iter().filter_map(|file| Some((file.id.as_ref()?, file))).collect();
    for file in remote {
        let Some(id) = &file.id else {
            plan.left.push((file.path.clone(), "it is not created yet".to_owned()));
            continue;
        };
        match manifest.projects.get(id) {
            None => {
                // Under another id it may be the same: to move a project may be to copy it.
                let gone = manifest.projects.iter().find(|(other, written)| {
                    written.path == file.path && !by_id.contains_key(other)
                });
                add(&mut plan, manifest, (id, gone), file, disk);
            }
            Some(written) => {
                let was_moved = untracked.contains(written.digest.as_str());
                update(&mut plan, manifest, (id, written), file, disk, was_moved);
            }
        }
    }
    let paths: BTreeSet<&Path> = remote.iter().map(|file| file.path.as_path()).collect();
    let is_gone = |(id, written): &(&ProjectId, &Written)| {
        !by_id.contains_key(id) && !paths.contains(written.path.as_path())
    };
    for (id, written) in manifest.projects.iter().filter(is_gone) {
        match disk.get(&written.path) {
            Some(digest) if is_as_written(manifest, id, written, digest) => {
                plan.steps.push(Step::Remove { id: id.clone(), path: written.path.clone() });
            }
            Some(_) => plan.left.push((
                written.path.clone(),
                "its project is gone, and it was edited here: an import makes it anew".to_owned(),
            )),
            None => {}
        }
    }
    // Names are free before others have them.
    plan.steps.sort_by_key(|step| match step {
        Step::Remove { .. } => 0,
        Step::Rename { .. } => 1,
        Step::Write { .. } | Step::Adopt { .. } => 2,
    });
    plan
}

fn add(
    plan: &mut ExportPlan,
    manifest: &Manifest,
    (id, former): (&ProjectId, Option<(&ProjectId, &Written)>),
    file: &PlainFile,
    disk: &BTreeMap<PathBuf, String>,
) {
    let (id, path) = (id.clone(), file.path.clone());
    let begun = manifest.writing.get(&id);
    let is_ours = |digest: &String| {
        begun.is_some_and(|begun| begun.digest == *digest)
            || former.is_some_and(|(id, written)| is_as_written(manifest, id, written, digest))
    };
    match (&file.unsettled, disk.get(&path)) {
        (Some(why), _) => plan.left.push((path, why.clone())),
        (None, None) => plan.steps.push(Step::Write { id, path, is_new: true }),
        (None, Some(digest)) if *digest == file.digest => plan.steps.push(Step::Adopt { id, path }),
        (None, Some(digest)) if is_ours(digest) => {
            plan.steps.push(Step::Write { id, path, is_new: false });
        }
        (None, Some(_)) => {
            plan.left.push((path, "another file is in its place: move that away".to_owned()));
        }
    }
}

fn update(
    plan: &mut ExportPlan,
    manifest: &Manifest,
    (id, written): (&ProjectId, &Written),
    file: &PlainFile,
    disk: &BTreeMap<PathBuf, String>,
    was_moved: bool,
) {
    let (id, was_at) = (id.clone(), written.path.clone());
    let is_edited = match disk.get(&was_at) {
        None if was_moved => {
            let why = "it was renamed here, and not imported: `taskadefs import` sends that";
            plan.left.push((was_at, why.to_owned()));
            return;
        }
        None => {
            match &file.unsettled {
                Some(why) => plan.left.push((file.path.clone(), why.clone())),
                None => {
                    plan.steps.push(Step::Write { id, path: file.path.clone(), is_new: false });
                }
            }
            return;
        }
        Some(digest) if *digest == file.digest && *digest != written.digest => {
            plan.steps.push(Step::Adopt { id: id.clone(), path: was_at.clone() });
            false
        }
        Some(digest) => !is_as_written(manifest, &id, written, digest),
    };
    if is_edited {
        let why = "it was edited here, and not imported: `taskadefs import` sends that";
        plan.left.push((was_at, why.to_owned()));
        return;
    }
    if file.path != was_at {
        let to = file.path.clone();
        plan.steps.push(Step::Rename { id: id.clone(), from: was_at.clone(), to });
    }
    let is_new_text = disk.get(&was_at).is_none_or(|digest| *digest != file.digest);
    match &file.unsettled {
        Some(why) if is_new_text => plan.left.push((file.path.clone(), why.clone())),
        None if is_new_text => {
            plan.steps.push(Step::Write { id, path: file.path.clone(), is_new: false });
        }
        _ if file.path == was_at => plan.unchanged += 1,
        _ => {}
    }
}

/// Whether a text is what was written, or was being written when an export was broken off.
fn is_as_written(manifest: &Manifest, id: &ProjectId, written: &Written, digest: &str) -> bool {
    let begun = manifest.writing.get(id).is_some_and(|begun| begun.digest == *digest);
    written.digest == *digest || begun
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, path::PathBuf};

    use super::{ExportPlan, Manifest, PlainFile, Step, Written, plan};
    use crate::ids::ProjectId;

    fn remote(id: &str, path: &str, digest: &str) -> PlainFile {
        PlainFile {
            path: path.into(),
            id: Some(ProjectId::new(id)),
            title: String::new(),
            digest: digest.to_owned(),
            unsettled: None,
            is_stale: false,
        }
    }

    fn manifest(projects: &[(&str, &str, &str)]) -> Manifest {
        let written = |path: &str, digest: &str| Written {
            path: path.into(),
            digest: digest.to_owned(),
            imported: None,
        };
        let projects =
            projects.iter().map(|(id, path, digest)| (ProjectId::new(*id), written(path, digest)));
        Manifest { projects: projects.collect(), ..Manifest::default() }
    }

    fn disk(files: &[(&str, &str)]) -> BTreeMap<PathBuf, String> {
        files.iter().map(|(path, digest)| (PathBuf::from(path), (*digest).to_owned())).collect()
    }

    fn steps(plan: &ExportPlan) -> Vec<String> {
        let step = |step: &Step| match step {
            Step::Write { path, is_new, .. } => {
                format!("{} {}", if *is_new { "new" } else { "write" }, path.display())
            }
            Step::Rename { from, to, .. } => format!("{} -> {}", from.display(), to.display()),
            Step::Remove { path, .. } => format!("remove {}", path.display()),
            Step::Adopt { path, .. } => format!("adopt {}", path.display()),
        };
        plan.steps.iter().map(step).collect()
    }

    #[test]
    fn what_is_new_changed_renamed_and_gone_at_taskade_is_so_here() {
        let known = manifest(&[
            ("a", "a.md", "1"),
            ("b", "b.md", "2"),
            ("c", "c.md", "3"),
            ("d", "d.md", "4"),
        ]);
        let here = disk(&[("a.md", "1"), ("b.md", "2"), ("c.md", "3"), ("d.md", "4")]);
        let there = [
            remote("a", "a.md", "1"),
            remote("b", "b.md", "9"),
            remote("c", "x/c.md", "3"),
            remote("e", "e.md", "5"),
        ];
        let plan = plan(&known, &here, &there);
        assert_eq!(steps(&plan), ["remove d.md", "c.md -> x/c.md", "write b.md", "new e.md"]);
        assert_eq!((plan.unchanged, plan.left.len()), (1, 0));
    }

    #[test]
    fn what_was_edited_here_is_left_alone() {
        let known = manifest(&[("a", "a.md", "1"), ("b", "b.md", "2")]);
        let here = disk(&[("a.md", "mine"), ("b.md", "mine too"), ("c.md", "3")]);
        let there = [remote("a", "a.md", "9"), remote("c", "c.md", "other")];
        let plan = plan(&known, &here, &there);
        assert_eq!(steps(&plan), [""; 0]);
        assert_eq!(plan.left.len(), 3);
    }

    #[test]
    fn what_was_edited_here_and_there_alike_is_the_same_from_now_on() {
        let known = manifest(&[("a", "a.md", "1")]);
        let here = disk(&[("a.md", "9"), ("b.md", "2")]);
        let there = [remote("a", "a.md", "9"), remote("b", "b.md", "2")];
        assert_eq!(steps(&plan(&known, &here, &there)), ["adopt a.md", "adopt b.md"]);
    }

    #[test]
    fn what_was_removed_here_comes_back_and_what_was_renamed_here_waits_for_an_import() {
        let known = manifest(&[("a", "a.md", "1"), ("b", "b.md", "2")]);
        let there = [remote("a", "a.md", "1"), remote("b", "b.md", "2")];
        let planned = plan(&known, &disk(&[("b.md", "2")]), &there);
        assert_eq!(steps(&planned), ["write a.md"]);
        let planned = plan(&known, &disk(&[("new.md", "1"), ("b.md", "2")]), &there);
        assert_eq!((steps(&planned), planned.left.len()), (Vec::new(), 1));
    }

    #[test]
    fn an_export_that_was_broken_off_has_edited_nothing() {
        let mut known = manifest(&[("a", "a.md", "1")]);
        known.writing = manifest(&[("a", "a.md", "2")]).projects;
        for half in ["1", "2"] {
            let planned = plan(&known, &disk(&[("a.md", half)]), &[remote("a", "a.md", "3")]);
            assert_eq!(steps(&planned), ["write a.md"], "{half}");
        }
    }

    #[test]
    fn a_project_that_has_another_id_since_is_the_same_file() {
        let known = manifest(&[("a", "x/a.md", "1")]);
        let here = disk(&[("x/a.md", "1")]);
        assert_eq!(steps(&plan(&known, &here, &[remote("b", "x/a.md", "1")])), ["adopt x/a.md"]);
        assert_eq!(steps(&plan(&known, &here, &[remote("b", "x/a.md", "2")])), ["write x/a.md"]);
        let edited = plan(&known, &disk(&[("x/a.md", "mine")]), &[remote("b", "x/a.md", "2")]);
        assert_eq!((steps(&edited), edited.left.len()), (Vec::new(), 1));
    }

    #[test]
    fn what_is_on_its_way_is_written_the_next_time() {
        let known = manifest(&[("a", "a.md", "1")]);
        let waits = PlainFile { unsettled: Some("waits".into()), ..remote("a", "a.md", "2") };
        let planned = plan(&known, &disk(&[("a.md", "1")]), &[waits]);
        assert_eq!((steps(&planned), planned.left.len()), (Vec::new(), 1));
    }
}
