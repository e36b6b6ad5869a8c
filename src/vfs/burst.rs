//! Bursts: many removals at once, which are an accident until somebody says that they are not.
//!
//! More than `--max-archive` projects that are removed within the grace are refused from the next
//! one on, and those before it that still wait are taken back. The refusal lasts for as long as
//! removals follow each other within the grace. What was refused last is in the journal, and told of
//! for a day, until it is tried again or given up.

use std::{
    ffi::{OsStr, OsString},
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use super::{Vfs, inode::Directory, removal::Waiting};
use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    sync::{GRACE, Journal, Project, RefusedRemoval},
};

/// Removals that were refused together.
#[derive(Debug)]
pub(crate) struct Burst {
    /// When the last of them was tried; `None` if that was before this mount.
    last: Option<Instant>,
    files: Vec<Refused>,
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

    /// As the journal has it; `None` of a project that Taskade does not have yet.
    fn row(&self, since: SystemTime) -> Option<RefusedRemoval> {
        Some(RefusedRemoval {
            project: self.project.id()?,
            folder: self.project.folder(),
            is_workspace: matches!(self.directory, Directory::Workspace(_)),
            title: self.project.title(),
            name: self.name.to_string_lossy().into_owned(),
            since,
        })
    }
}

impl Burst {
    fn goes_on(&self, now: Instant) -> bool {
        self.last.is_some_and(|last| now.saturating_duration_since(last) <= GRACE)
    }

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
        let (taken_back, refused, anew): (Vec<Waiting>, Vec<Refused>, bool) = {
            let (mut tree, now) = (self.tree(), self.engine.clock().now());
            let goes_on = tree.burst.as_ref().is_some_and(|burst| burst.goes_on(now));
            if !goes_on && tree.waiting.len() < most {
                return Ok(());
            }
            let waiting = std::mem::take(&mut tree.waiting);
            let burst = match tree.burst.take() {
                Some(burst) if goes_on => burst,
                _ => Burst { last: Some(now), files: Vec::new() },
            };
            let burst = tree.burst.insert(burst);
            burst.last = Some(now);
            let known = burst.files.len();
            for waiting in &waiting {
                burst.add(Refused::of(&waiting.directory, &waiting.name, &waiting.project));
            }
            burst.add(file);
            (waiting, burst.files.get(known..).unwrap_or_default().to_vec(), !goes_on)
        };
        self.journal_refused(refused, anew).await;
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

    /// Has the journal know what was refused. It is refused whether it does or not.
    async fn journal_refused(&self, refused: Vec<Refused>, anew: bool) {
        let since = self.engine.clock().wall();
        let rows: Vec<RefusedRemoval> = refused.iter().filter_map(|file| file.row(since)).collect();
        let journal = move |journal: &Journal| journal.put_refused_removals(&rows, anew);
        if let Err(error) = self.engine.journaled(journal).await {
            tracing::error!(%error, "the next mount will not tell what was not removed");
        }
    }

    /// What a former mount refused is told of by this one, as far as it is still there.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub(crate) fn resume_refused(&self) -> Result<()> {
        let rows = self.engine.journal().refused_removals()?;
        let files: Vec<Refused> =
            rows.into_iter()
                .filter(|row| self.engine.is_listed(&row.project, &row.folder) != Some(false))
                .map(|row| Refused {
                    // One that has saves that wait is known, by a newer title perhaps.
                    project: self.engine.known(&row.project).unwrap_or_else(|| {
                        self.engine.project(&row.project, &row.folder, &row.title)
                    }),
                    directory: match row.is_workspace {
                        true => Directory::Workspace(row.folder),
                        false => Directory::Folder(row.folder),
                    },
                    name: row.name.into(),
                })
                .collect();
        if !files.is_empty() {
            self.tree().burst = Some(Burst { last: None, files });
        }
        Ok(())
    }

    /// The paths of the files that were not removed since they were too many at once.
    pub(crate) fn refused_removals(&self) -> Vec<String> {
        let files = self.tree().burst.as_ref().map(|burst| burst.files.clone());
        let files = files.into_iter().flatten().filter(|file| self.is_there(file));
        let mut paths: Vec<String> = files.map(|file| self.path_of(&file.project)).collect();
        paths.sort();
        paths
    }

    /// Whether a file was not removed since, and did not go elsewhere.
    fn is_there(&self, file: &Refused) -> bool {
        let is_waiting =
            self.tree().waiting.iter().any(|it| it.project.serial == file.project.serial);
        let id = file.project.id();
        !is_waiting && id.is_none_or(|id| !self.engine.listings.is_archived(&id))
    }

    /// Removes the files at and below a path relative to the mount whose removal was refused: it
    /// was meant. They are one group. How many.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if no removal was refused there, otherwise as archiving.
    pub async fn retry_removals(self: &Arc<Self>, path: &Path) -> Result<usize> {
        self.check_writable()?;
        let files = self.take_refused(path).await?;
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
    /// [`Kind::NotFound`] if none was, otherwise if the journal cannot note it.
    pub async fn discard_removals(&self, path: &Path) -> Result<usize> {
        self.take_refused(path).await.map(|files| files.len())
    }

    async fn take_refused(&self, path: &Path) -> Result<Vec<Refused>> {
        let files = self.tree().burst.as_ref().map(|burst| burst.files.clone());
        let is_meant = |file: &Refused| Path::new(&self.path_of(&file.project)).starts_with(path);
        let (meant, rest): (Vec<Refused>, Vec<Refused>) =
            files.into_iter().flatten().partition(is_meant);
        if meant.is_empty() {
            return Err(Error::new(Kind::NotFound, "no removals were refused there")
                .at(path.display().to_string()));
        }
        let ids: Vec<ProjectId> = meant.iter().filter_map(|file| file.project.id()).collect();
        self.engine.journaled(move |journal| journal.forget_refused_removals(&ids)).await?;
        if let Some(burst) = &mut self.tree().burst {
            burst.files = rest;
        }
        Ok(meant.into_iter().filter(|file| self.is_there(file)).collect())
    }
}
