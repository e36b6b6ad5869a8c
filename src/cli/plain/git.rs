//! The repository that an export keeps, by the `git` that the user has.

use std::{
    ffi::OsStr,
    io::Write,
    os::unix::ffi::OsStrExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use crate::error::{Error, Kind, Result};

/// A git repository.
pub(super) struct Repository {
    dir: PathBuf,
}

impl Repository {
    /// The repository that a directory is the top of, or is in; made if there is none.
    ///
    /// # Errors
    /// If there is no git, or the repository is in the middle of a merge.
    pub(super) fn at(dir: &Path) -> Result<Self> {
        let this = Self { dir: dir.to_owned() };
        if this.git(&["rev-parse", "--git-dir"], None).is_err() {
            this.git(&["init", "--quiet"], None)?;
        }
        let unmerged = this.git(&["ls-files", "--unmerged", "--", "."], None)?;
        if !unmerged.stdout.is_empty() {
            return Err(Error::new(Kind::Invalid, "a merge is not settled in its repository")
                .at(dir.display().to_string())
                .hint("settle it, then export again"));
        }
        Ok(this)
    }

    /// An existing repository.
    ///
    /// # Errors
    /// If there is none.
    pub(super) fn existing(dir: &Path) -> Result<Self> {
        let this = Self { dir: dir.to_owned() };
        this.git(&["rev-parse", "--git-dir"], None)?;
        Ok(this)
    }

    /// Commits these paths, relative to the directory, and nothing else that is changed there.
    ///
    /// # Errors
    /// What git fails with.
    pub(super) fn commit(&self, paths: &[PathBuf], message: &str) -> Result<()> {
        let mut list = Vec::new();
        for path in paths {
            list.extend(path.as_os_str().as_bytes());
            list.push(0);
        }
        let from_list = ["--pathspec-from-file=-", "--pathspec-file-nul"];
        let there: Vec<u8> = self.known(&list)?;
        if there.is_empty() {
            return Ok(());
        }
        self.git(&[&["add", "--all"], &from_list[..]].concat(), Some(&there))?;
        let staged = self.git(&[&["diff", "--cached", "--quiet", "--"], &["."][..]].concat(), None);
        if staged.is_ok() {
            return Ok(());
        }
        let mut arguments: Vec<&str> = Vec::new();
        if self.git(&["config", "user.email"], None).is_err() {
            arguments.extend(["-c", "user.name=taskadefs", "-c", "user.email=taskadefs@localhost"]);
        }
        arguments.extend(["commit", "--quiet", "--only", "-m", message]);
        arguments.extend(from_list);
        self.git(&arguments, Some(&there)).map(drop)
    }

    /// Those of some paths that are there or that git knows: it refuses others.
    fn known(&self, list: &[u8]) -> Result<Vec<u8>> {
        let tracked = self.git(&["ls-files", "-z"], None)?.stdout;
        let tracked: std::collections::HashSet<&[u8]> = tracked.split(|byte| *byte == 0).collect();
        let is_known = |path: &&[u8]| {
            let on_disk = self.dir.join(OsStr::from_bytes(path));
            !path.is_empty() && (tracked.contains(path) || on_disk.symlink_metadata().is_ok())
        };
        let known = list.split(|byte| *byte == 0).filter(is_known);
        Ok(known.flat_map(|path| path.iter().copied().chain([0])).collect())
    }

    /// The paths below the directory, relative to it, that are not as the last commit has them.
    ///
    /// # Errors
    /// What git fails with.
    pub(super) fn uncommitted(&self) -> Result<Vec<PathBuf>> {
        let status =
            ["status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--", "."];
        let output = self.git(&status, None)?;
        // Its paths are relative to the top of the repository.
        let prefix = self.git(&["rev-parse", "--show-prefix"], None)?;
        let prefix = prefix.stdout.trim_ascii_end();
        let entries = output.stdout.split(|byte| *byte == 0).filter(|entry| entry.len() > 3);
        let below = entries.filter_map(|entry| entry[3..].strip_prefix(prefix));
        Ok(below.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect())
    }

    /// What changed of the projects' files between two commits: status, path, and where it was before.
    ///
    /// # Errors
    /// What git fails with.
    pub(super) fn changed(
        &self,
        from: &str,
        to: &str,
    ) -> Result<Vec<(char, PathBuf, Option<PathBuf>)>> {
        let diff = ["diff", "--name-status", "-z", "-M", "--relative", "--end-of-options"];
        let output = self.git(&[&diff[..], &[from, to, "--", "."]].concat(), None)?;
        let mut parts = output.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
        let path = |part: Option<&[u8]>| part.map(|part| PathBuf::from(OsStr::from_bytes(part)));
        let mut changed = Vec::new();
        while let Some(status) = parts.next() {
            let status = char::from(status[0]);
            let Some(first) = path(parts.next()) else { break };
            let second = if matches!(status, 'R' | 'C') { path(parts.next()) } else { None };
            changed.push(match second {
                Some(second) => (status, second, Some(first)),
                None => (status, first, None),
            });
        }
        Ok(changed)
    }

    /// What a file said in a commit.
    ///
    /// # Errors
    /// If it was not there, or is no text.
    pub(super) fn text(&self, commit: &str, path: &Path) -> Result<String> {
        let object = format!("{commit}:./{}", path.display());
        let output = self.git(&["show", "--end-of-options", &object], None)?;
        String::from_utf8(output.stdout).map_err(|_| {
            Error::new(Kind::Invalid, "it is no UTF-8 text").at(path.display().to_string())
        })
    }

    fn git(&self, arguments: &[&str], input: Option<&[u8]>) -> Result<Output> {
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.dir).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed =
            |error| Error::io("cannot run git", error).hint("install git, or export without --git");
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut stdin) = child.stdin.take() {
            // git may have ended by itself: what it says then tells why.
            let _ = stdin.write_all(input.unwrap_or_default());
        }
        let output = child.wait_with_output().map_err(failed)?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let words = arguments.iter().find(|it| !it.starts_with('-') && !it.contains('='));
        let what = format!("git {} failed: {said}", words.unwrap_or(&""));
        Err(Error::new(Kind::Storage, what)
            .at(self.dir.display().to_string())
            .hint("`git status` there says how it stands"))
    }
}
