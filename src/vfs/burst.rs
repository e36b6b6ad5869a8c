//! Bursts: many removals at once, which are an accident until somebody says that they are not.
//!
//! More than `--max-archive` projects that are removed within the grace are refused from the next
//! one on, and those before it that still wait are taken back. The refusal lasts for as long as
//! removals follow each other within the grace. What was refused last is in the journal, and told of
//! for a day, until it is tried again or given up.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    sync::{
        Journal, Project, RejectedRemoval,
        read::{offline, registry},
    },
    vfs::{
        paths, removal,
        tree::{
            burst::{Burst, Refused},
            waiting::Waiting,
        },
        types::Directory,
        volume::Vfs,
    },
};

/// Whether one more project may be removed.
///
/// # Errors
/// [`Kind::DeletionGuard`] if not: then those that wait are taken back.
pub(crate) async fn admit_removal(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    name: &OsStr,
    project: &Arc<Project>,
) -> Result<()> {
    let most = vfs.engine.settings().max_archive;
    let file = Refused::of(directory, name, project);
    let (taken_back, rejected, anew): (Vec<Waiting>, Vec<Refused>, bool) = {
        let (mut tree, now) = (vfs.tree(), vfs.engine.clock().now());
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
    journal_rejected(vfs, rejected, anew).await;
    for waiting in taken_back {
        if let Err(error) = removal::take_back_and_tell(vfs, waiting).await {
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
pub(crate) async fn journal_rejected(vfs: &Vfs, rejected: Vec<Refused>, anew: bool) {
    let since = vfs.engine.clock().wall();
    let rows: Vec<RejectedRemoval> = rejected.iter().filter_map(|file| file.row(since)).collect();
    let journal = move |journal: &Journal| journal.put_rejected_removals(&rows, anew);
    if let Err(error) = vfs.engine.journaled(journal).await {
        tracing::error!(%error, "the next mount will not tell what was not removed");
    }
}

/// What a former mount refused is told of by this one, as far as it is still there.
///
/// # Errors
/// If the journal cannot be read.
pub(crate) fn resume_rejected(vfs: &Vfs) -> Result<()> {
    let rows = vfs.engine.journal().refused_removals()?;
    let files: Vec<Refused> = rows
        .into_iter()
        .filter(|row| offline::is_listed(&vfs.engine, &row.project, &row.folder) != Some(false))
        .map(|row| Refused {
            // One that has saves that wait is known, by a newer title perhaps.
            project: vfs.engine.known(&row.project).unwrap_or_else(|| {
                registry::project(&vfs.engine, &row.project, &row.folder, &row.title)
            }),
            directory: match row.is_workspace {
                true => Directory::Workspace(row.folder),
                false => Directory::Folder(row.folder),
            },
            name: row.name.into(),
        })
        .collect();
    if !files.is_empty() {
        vfs.tree().burst = Some(Burst { last: None, files });
    }
    Ok(())
}

/// The paths of the files that were not removed since they were too many at once.
pub(crate) fn refused_removals(vfs: &Vfs) -> Vec<String> {
    let files = vfs.tree().burst.as_ref().map(|burst| burst.files.clone());
    let files = files.into_iter().flatten().filter(|file| is_there(vfs, file));
    let mut paths: Vec<String> = files.map(|file| paths::path_of(vfs, &file.project)).collect();
    paths.sort();
    paths
}

/// Whether a file was not removed since, and did not go elsewhere.
pub(crate) fn is_there(vfs: &Vfs, file: &Refused) -> bool {
    let is_waiting = vfs.tree().waiting.iter().any(|it| it.project.serial == file.project.serial);
    let id = file.project.id();
    !is_waiting && id.is_none_or(|id| !vfs.engine.listings.is_archived(&id))
}
