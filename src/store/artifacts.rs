//! What a person finds on disk beside the journal: the texts of refused saves, and the remote
//! versions that saves overrode, each beside its reason.
//!
//! They are copies for reading. The journal is what counts, and says which of them are to be
//! there: see `rejection`.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{ErrorKind, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use crate::{
    error::{Error, Result},
    file_name::{PROJECT_SUFFIX, fitted, safe},
    kernel_thread,
};

/// What is added to a file's name to get that of its reason.
pub(crate) const REASON_SUFFIX: &str = ".reason";

/// How many bytes of a folder's name are in that of a record: of two, and with a time and the
/// ending of a reason, they leave more than half of the longest name to the title.
pub(crate) const MOST_OF_FOLDER: usize = 48;

/// Which records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArtifactKind {
    /// Texts that Taskade, or a check here, refused.
    Rejected,
    /// Remote versions that a save overrode.
    Conflicts,
}

impl ArtifactKind {
    fn name(self) -> &'static str {
        match self {
            ArtifactKind::Rejected => "rejected",
            ArtifactKind::Conflicts => "conflicts",
        }
    }
}

/// The records of one account.
#[derive(Debug, Clone)]
pub(crate) struct Artifacts {
    dir: PathBuf,
}

impl Artifacts {
    /// The records of the account whose directory this is. Nothing is made before it is needed.
    pub(crate) fn of(account: &Path) -> Self {
        Self { dir: account.join("control") }
    }

    /// The directory that they are in, with whatever else there is for people.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// A name that no record has: made from the folders and the title of a project, and from a
    /// mark that tells it from others of that project. Of folders with long names the beginning is
    /// there, so that the title is too.
    pub(crate) fn free_name(
        &self,
        kind: ArtifactKind,
        folders: &[String],
        title: &str,
        mark: &str,
    ) -> String {
        let mut path: Vec<String> =
            folders.iter().map(|folder| fitted_to(folder, MOST_OF_FOLDER)).collect();
        path.push(title.to_owned());
        let stem = safe(&path.join("/"));
        // The reason's name must fit as well, so the stem is cut for the longer one.
        let suffix = format!("{PROJECT_SUFFIX}{REASON_SUFFIX}");
        let named = |mark: &str| {
            let mut name = fitted(&stem, mark, &suffix);
            name.truncate(name.len().saturating_sub(REASON_SUFFIX.len()));
            name
        };
        let is_free = |name: &String| fs::symlink_metadata(self.path(kind, name)).is_err();
        let numbered = (2_u32..).map(|number| named(&format!("{mark} ~{number}")));
        std::iter::once(named(mark)).chain(numbered).find(is_free).unwrap_or_default()
    }

    /// Writes a record under a name, in place of what had it. On disk when this returns.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(crate) fn write(
        &self,
        kind: ArtifactKind,
        name: &str,
        text: &[u8],
        reason: &str,
    ) -> Result<()> {
        let dir = self.dir.join(kind.name());
        let failed =
            |error| Error::io("cannot keep a text", error).at(dir.join(name).display().to_string());
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).map_err(failed)?;
        // The reason first: a text is never there without one.
        for (name, bytes) in
            [(format!("{name}{REASON_SUFFIX}"), reason.as_bytes()), (name.to_owned(), text)]
        {
            let mut file = OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(dir.join(name))
                .map_err(failed)?;
            file.write_all(bytes).and_then(|()| file.sync_all()).map_err(failed)?;
        }
        File::open(&dir).and_then(|dir| dir.sync_all()).map_err(failed)
    }

    /// Removes a record, if it is there.
    ///
    /// # Errors
    /// If it is there and cannot be removed.
    pub(crate) fn remove(&self, kind: ArtifactKind, name: &str) -> Result<()> {
        remove(&self.dir.join(kind.name()), name)
    }

    /// Puts a copy of a refused text out of sight that is about to be settled: it takes no room on the
    /// disk to undo that.
    pub(crate) fn retire(&self, name: &str) {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(self.settled_dir());
        if let Err(error) = made {
            tracing::warn!(%error, "a refused text is shown until it is settled");
            return;
        }
        self.rename(name, &self.dir.join(ArtifactKind::Rejected.name()), &self.settled_dir());
    }

    /// What was to be settled is not.
    pub(crate) fn bring_back(&self, name: &str) {
        self.rename(name, &self.settled_dir(), &self.dir.join(ArtifactKind::Rejected.name()));
    }

    /// What was to be settled is.
    pub(crate) fn remove_settled(&self, name: &str) {
        let kind = self.dir.join(ArtifactKind::Rejected.name());
        for dir in [self.settled_dir(), kind] {
            if let Err(error) = remove(&dir, name) {
                tracing::warn!(%error, "the copy of a settled text is still there");
            }
        }
    }

    /// Settles what a crash has left half settled: `is_rejected` says of which texts that is not
    /// so.
    pub(crate) fn settle_all(&self, is_rejected: impl Fn(&str) -> bool) {
        let entries = fs::read_dir(self.settled_dir());
        let names = entries.into_iter().flatten().flatten().map(|entry| entry.file_name());
        for name in names.filter_map(|name| name.into_string().ok()) {
            let name = name.strip_suffix(REASON_SUFFIX).unwrap_or(&name);
            match is_rejected(name) {
                true => self.bring_back(name),
                false => self.remove_settled(name),
            }
        }
    }

    /// Where copies are while the journal forgets what they are of: not where anybody looks.
    fn settled_dir(&self) -> PathBuf {
        self.dir.with_file_name("settled")
    }

    fn rename(&self, name: &str, from: &Path, to: &Path) {
        kernel_thread::assert_not_serving("copies are moved");
        for name in [name.to_owned(), format!("{name}{REASON_SUFFIX}")] {
            match fs::rename(from.join(&name), to.join(&name)) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(%error, name, "the copy of a refused text stays where it is");
                }
                _ => {}
            }
        }
    }

    /// Removes remote versions that were overridden more than `keep` ago.
    pub(crate) fn prune(&self, now: SystemTime, keep: Duration) {
        let entries = fs::read_dir(self.dir.join(ArtifactKind::Conflicts.name()));
        for entry in entries.into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let age = modified.ok().and_then(|modified| now.duration_since(modified).ok());
            if age.is_some_and(|age| age > keep)
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(%error, path = %entry.path().display(), "cannot remove an old record");
            }
        }
    }

    /// Whether a record is there.
    pub(crate) fn is_there(&self, kind: ArtifactKind, name: &str) -> bool {
        fs::symlink_metadata(self.path(kind, name)).is_ok()
    }

    /// The name of the overridden version that a file is, or is the reason of.
    pub(crate) fn overridden<'a>(&self, path: &'a Path) -> Option<&'a str> {
        let dir = path.parent()?;
        let name = path.file_name()?.to_str()?;
        let name = name.strip_suffix(REASON_SUFFIX).unwrap_or(name);
        (dir == self.dir.join(ArtifactKind::Conflicts.name())).then_some(name)
    }

    fn path(&self, kind: ArtifactKind, name: &str) -> PathBuf {
        kernel_thread::assert_not_serving("copies are looked at");
        self.dir.join(kind.name()).join(name)
    }
}

fn remove(dir: &Path, name: &str) -> Result<()> {
    for name in [name.to_owned(), format!("{name}{REASON_SUFFIX}")] {
        let path = dir.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::io("cannot remove", error).at(path.display().to_string()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A name, cut at a character so that it has no more bytes than that.
pub(crate) fn fitted_to(name: &str, most: usize) -> String {
    if name.len() <= most {
        return name.to_owned();
    }
    let end = name.floor_char_boundary(most.saturating_sub('…'.len_utf8()));
    format!("{}…", name.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::{
        fs,
        os::unix::fs::PermissionsExt,
        time::{Duration, SystemTime},
    };

    use super::{ArtifactKind, Artifacts};

    #[test]
    fn a_record_is_private_has_a_reason_and_a_name_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::of(dir.path());
        for title in ["a/b".to_owned(), "é".repeat(300)] {
            let folders = ["Acme".to_owned(), "é".repeat(99)];
            let free = || artifacts.free_name(ArtifactKind::Rejected, &folders, &title, " 2026");
            let first = free();
            assert!(
                first.len() <= 255 - ".reason".len() && first.starts_with("Acme／ééé"),
                "{first}"
            );
            assert!(first.contains("／a／b 2026.md") || first.matches('é').count() > 80, "{first}");
            artifacts.write(ArtifactKind::Rejected, &first, b"- [ ] a\n", "because").unwrap();
            let second = free();
            assert_ne!(first, second);
            let path = dir.path().join("control/rejected").join(&first);
            assert_eq!(fs::read_to_string(&path).unwrap(), "- [ ] a\n");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            let reason = path.with_file_name(format!("{first}.reason"));
            assert_eq!(fs::read_to_string(&reason).unwrap(), "because");
            artifacts.remove(ArtifactKind::Rejected, &first).unwrap();
            artifacts.remove(ArtifactKind::Rejected, &first).unwrap();
            assert!(!path.exists() && !reason.exists());
        }
    }

    #[test]
    fn old_conflicts_go_and_refused_texts_stay() {
        let dir = tempfile::tempdir().unwrap();
        let artifacts = Artifacts::of(dir.path());
        for kind in [ArtifactKind::Rejected, ArtifactKind::Conflicts] {
            artifacts.write(kind, "a.md", b"", "").unwrap();
        }
        let day = Duration::from_secs(86_400);
        artifacts.prune(SystemTime::now(), day);
        assert!(dir.path().join("control/conflicts/a.md").exists());
        artifacts.prune(SystemTime::now() + 2 * day, day);
        assert!(!dir.path().join("control/conflicts/a.md").exists());
        assert!(dir.path().join("control/rejected/a.md").exists());
    }
}
