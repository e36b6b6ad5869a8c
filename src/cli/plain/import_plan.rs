//! What was done in a folder since it was written. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use super::manifest::{Manifest, Written};

use crate::ids::ProjectId;

/// Something that was done in the folder. Paths are relative to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Edit {
    /// A file has another name, or is in another directory; it may say something else, too.
    Moved { id: ProjectId, from: PathBuf, path: PathBuf },
    /// A file says something else.
    Saved { id: ProjectId, path: PathBuf },
    /// There is a file more.
    Created { path: PathBuf },
    /// A file is gone.
    Removed { id: ProjectId, path: PathBuf },
    /// What was imported from it is on its way still.
    Waits { path: PathBuf },
}

/// What was done since the folder was written. `resembles` says whether a file says most of what a project
/// said: then it is that project's, under another name.
pub(super) fn edits(
    manifest: &Manifest,
    disk: &BTreeMap<PathBuf, String>,
    mut resembles: impl FnMut(&ProjectId, &Path) -> bool,
) -> Vec<Edit> {
    let tracked: BTreeSet<&Path> =
        manifest.projects.values().map(|written| written.path.as_path()).collect();
    let mut new: BTreeMap<&Path, &String> = disk
        .iter()
        .filter(|(path, _)| !tracked.contains(path.as_path()))
        .map(|(path, digest)| (path.as_path(), digest))
        .collect();
    let missing: Vec<(&ProjectId, &Written)> =
        manifest.projects.iter().filter(|(_, written)| !disk.contains_key(&written.path)).collect();
    let mut edits = Vec::new();
    let mut moved = BTreeSet::new();
    // What says the very same comes first: of what only resembles it there may be more.
    for exact in [true, false] {
        for (id, written) in &missing {
            if moved.contains(id) {
                continue;
            }
            let is_it =
                |path: &Path,
                 digest: &str,
                 resembles: &mut dyn FnMut(&ProjectId, &Path) -> bool| {
                    if exact { digest == written.digest } else { resembles(id, path) }
                };
            let found = new.iter().find(|(path, digest)| is_it(path, digest, &mut resembles));
            let Some(path) = found.map(|(path, _)| path.to_path_buf()) else { continue };
            new.remove(path.as_path());
            moved.insert(*id);
            edits.push(Edit::Moved {
                id: (*id).clone(),
                from: written.path.clone(),
                path: path.clone(),
            });
            if !exact {
                edits.push(Edit::Saved { id: (*id).clone(), path });
            }
        }
    }
    for (id, written) in &manifest.projects {
        let path = written.path.clone();
        match disk.get(&path) {
            None if moved.contains(id) => {}
            None => edits.push(Edit::Removed { id: id.clone(), path }),
            Some(digest) if *digest == written.digest => {}
            Some(digest) if Some(digest) == written.imported.as_ref() => {
                edits.push(Edit::Waits { path })
            }
            Some(digest) if manifest.writing.get(id).is_some_and(|it| it.digest == *digest) => {}
            Some(_) => edits.push(Edit::Saved { id: id.clone(), path }),
        }
    }
    edits.extend(new.into_keys().map(|path| Edit::Created { path: path.to_owned() }));
    edits
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        path::{Path, PathBuf},
    };

    use super::{Edit, Manifest, Written, edits};
    use crate::ids::ProjectId;

    fn manifest(projects: &[(&str, &str, &str)]) -> Manifest {
        let of = |&(id, path, digest): &(&str, &str, &str)| {
            let (path, digest) = (PathBuf::from(path), digest.to_owned());
            (ProjectId::new(id), Written { path, digest, imported: None })
        };
        Manifest { projects: projects.iter().map(of).collect(), ..Manifest::default() }
    }

    fn words(edits: &[Edit]) -> Vec<String> {
        let word = |edit: &Edit| match edit {
            Edit::Moved { from, path, .. } => format!("{} -> {}", from.display(), path.display()),
            Edit::Saved { path, .. } => format!("save {}", path.display()),
            Edit::Created { path } => format!("create {}", path.display()),
            Edit::Removed { path, .. } => format!("remove {}", path.display()),
            Edit::Waits { path } => format!("wait {}", path.display()),
        };
        edits.iter().map(word).collect()
    }

    fn of(known: &Manifest, files: &[(&str, &str)]) -> Vec<String> {
        let disk: BTreeMap<PathBuf, String> =
            files.iter().map(|(path, digest)| (path.into(), (*digest).to_owned())).collect();
        words(&edits(known, &disk, |id, path| id.as_str() == "a" && path == Path::new("like-a.md")))
    }

    #[test]
    fn what_is_as_it_was_written_was_not_edited() {
        let known = manifest(&[("a", "a.md", "1"), ("b", "b.md", "2")]);
        assert_eq!(of(&known, &[("a.md", "1"), ("b.md", "2")]), [""; 0]);
        assert_eq!(of(&known, &[("a.md", "x"), ("b.md", "2")]), ["save a.md"]);
        assert_eq!(of(&known, &[("b.md", "2"), ("c.md", "3")]), ["remove a.md", "create c.md"]);
    }

    #[test]
    fn a_file_under_another_name_is_the_same_project() {
        let known = manifest(&[("a", "a.md", "1"), ("b", "b.md", "1")]);
        assert_eq!(of(&known, &[("b.md", "1"), ("new/c.md", "1")]), ["a.md -> new/c.md"]);
        let also_edited = of(&known, &[("b.md", "1"), ("like-a.md", "9")]);
        assert_eq!(also_edited, ["a.md -> like-a.md", "save like-a.md"]);
        // The very same text counts for more than one that is like it.
        let both = of(&manifest(&[("a", "a.md", "1")]), &[("like-a.md", "9"), ("same.md", "1")]);
        assert_eq!(both, ["a.md -> same.md", "create like-a.md"]);
    }

    #[test]
    fn what_was_imported_is_not_imported_twice() {
        let mut known = manifest(&[("a", "a.md", "1")]);
        known.projects.get_mut(&ProjectId::new("a")).unwrap().imported = Some("2".to_owned());
        assert_eq!(of(&known, &[("a.md", "2")]), ["wait a.md"]);
        assert_eq!(of(&known, &[("a.md", "3")]), ["save a.md"]);
    }
}
