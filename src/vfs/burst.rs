//! Bursts: many removals at once, which are an accident until somebody says that they are not.
//!
//! More than `--max-archive` projects that are removed within the grace are refused from the next
//! one on, and those before it that still wait are taken back. The refusal lasts for as long as
//! removals follow each other within the grace.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
    time::Instant,
};

use super::{Vfs, inode::Directory, removal::Waiting};
use crate::{
    error::{Error, Kind, Result},
    sync::{GRACE, Project},
};

/// Removals that were refused together.
#[derive(Debug)]
pub(crate) struct Burst {
    /// When the last of them was tried.
    pub(crate) last: Instant,
    pub(crate) files: Vec<Refused>,
}

/// A file that was not removed since too many were.
#[derive(Debug, Clone)]
pub(crate) struct Refused {
    pub(crate) directory: Directory,
    pub(crate) name: OsString,
    pub(crate) project: Arc<Project>,
}

impl Refused {
    fn of(directory: &Directory, name: &OsStr, project: &Arc<Project>) -> Self {
        Self { directory: directory.clone(), name: name.to_owned(), project: project.clone() }
    }
}

impl Burst {
    fn add(&mut self, file: Refused) {
        if self.files.iter().all(|known| known.project.serial != file.project.serial) {
            self.files.push(file);
        }
    }
}

impl Vfs {
    /// Whether one more project may be removed.
    ///
    /// # Errors
    /// [`Kind::DeletionGuard`] if not: then those that wait are taken back.
    pub(crate) async fn admit_removal(
        self: &Arc<Self>,
        directory: &Directory,
        name: &OsStr,
        project: &Arc<Project>,
    ) -> Result<()> {
        let most = self.engine.settings().max_archive;
        let file = Refused::of(directory, name, project);
        let taken_back: Vec<Waiting> = {
            let (mut tree, now) = (self.tree(), self.engine.clock().now());
            let goes_on = tree
                .burst
                .as_ref()
                .is_some_and(|burst| now.saturating_duration_since(burst.last) <= GRACE);
            if !goes_on && tree.waiting.len() < most {
                return Ok(());
            }
            let waiting = std::mem::take(&mut tree.waiting);
            let burst = match tree.burst.take() {
                Some(burst) if goes_on => burst,
                _ => Burst { last: now, files: Vec::new() },
            };
            let burst = tree.burst.insert(burst);
            burst.last = now;
            for waiting in &waiting {
                burst.add(Refused::of(&waiting.directory, &waiting.name, &waiting.project));
            }
            burst.add(file);
            waiting
        };
        for waiting in taken_back {
            if let Err(error) = self.take_back_and_tell(waiting).await {
                tracing::error!(%error, "a removal is not taken back");
            }
        }
        let what = format!("more than {most} projects at once are not removed");
        Err(Error::new(Kind::DeletionGuard, what).at(name.to_string_lossy()).hint(
            "none of them is; if you mean it, run `taskadefs retry --allow-delete DIR`, or \
             mount with a larger --max-archive",
        ))
    }

    /// The paths of the files that were not removed since they were too many at once.
    pub(crate) fn refused_removals(&self) -> Vec<String> {
        let files = self.tree().burst.as_ref().map(|burst| burst.files.clone());
        let mut paths: Vec<String> =
            files.iter().flatten().map(|file| self.path_of(&file.project)).collect();
        paths.sort();
        paths
    }

    /// Removes the files at and below a path relative to the mount whose removal was refused: it
    /// was meant. They are one group. How many.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if no removal was refused there, otherwise as archiving.
    pub async fn retry_removals(self: &Arc<Self>, path: &Path) -> Result<usize> {
        self.check_writable()?;
        let files = self.take_refused(path)?;
        let mut burst = None;
        for Refused { directory, name, project } in &files {
            let ticket = self.vacate_in(burst, directory, name, project, None).await?;
            let row =
                self.tree().waiting.iter().find(|it| it.ticket == ticket).and_then(|it| it.row);
            burst = burst.or(row);
            self.settle_removal(ticket).await;
        }
        Ok(files.len())
    }

    /// Forgets that removals at and below a path were refused. How many.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if none was.
    pub fn discard_removals(&self, path: &Path) -> Result<usize> {
        self.take_refused(path).map(|files| files.len())
    }

    fn take_refused(&self, path: &Path) -> Result<Vec<Refused>> {
        let files = self.tree().burst.as_ref().map(|burst| burst.files.clone());
        let is_meant = |file: &Refused| Path::new(&self.path_of(&file.project)).starts_with(path);
        let (meant, rest): (Vec<Refused>, Vec<Refused>) =
            files.into_iter().flatten().partition(is_meant);
        if meant.is_empty() {
            return Err(Error::new(Kind::NotFound, "no removals were refused there")
                .at(path.display().to_string()));
        }
        if let Some(burst) = &mut self.tree().burst {
            burst.files = rest;
        }
        // What was archived or went elsewhere since is left alone.
        let is_there = |file: &Refused| {
            file.project.id().is_none_or(|id| !self.engine.listings.is_archived(&id))
        };
        Ok(meant.into_iter().filter(is_there).collect())
    }
}
