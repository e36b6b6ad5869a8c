//! Two projects that exchange their names (RENAME_EXCHANGE of rename(2)).
//!
//! Each goes to the other's place with its tasks, as by a renaming, and nothing is archived. Titles
//! need not be unique at Taskade, so one goes after the other and no third name is needed; between
//! the two, for a moment or after a crash, both have one title, which tells nobody's tasks wrong.
//!
//! Anything else is exchanged with nothing: a project and scratch would each have to become what the
//! other is. rename(2) has EINVAL for what a file system cannot exchange, upon which programs rename
//! over, and that is a save here.

use std::{ffi::OsStr, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    sync::{Project, bases, upload::unmoved},
    vfs::{
        commit_policy::Occasion, directory::no_entry, left_behind, names, occupy::RenameEnd,
        replace, tree::inner::LocalEntry, truncation, types::Directory, volume::Vfs,
    },
};

/// A project where it is.
pub(crate) struct ExchangeSide<'a> {
    directory: Directory,
    name: &'a OsStr,
    project: Arc<Project>,
}

impl<'a> ExchangeSide<'a> {
    fn of(end: RenameEnd, name: &'a OsStr) -> Result<Self> {
        match end {
            RenameEnd::Project(directory, project) => Ok(Self { directory, name, project }),
            // Both must be there.
            RenameEnd::LeftBehind(..) | RenameEnd::Vacant(..) | RenameEnd::Free(_) => {
                Err(no_entry())
            }
            RenameEnd::Space | RenameEnd::Scratch => Err(Error::new(
                Kind::Invalid,
                "only two projects, or two other files, are exchanged",
            )),
        }
    }

    /// Whether its name is that of its title: the other one then has it by that title.
    fn is_named_by_title(&self) -> bool {
        self.name.to_str().and_then(names::title).as_deref() == Some(&*self.project.title())
    }
}

/// Exchanges the names of two projects.
///
/// # Errors
/// [`Kind::Invalid`] if one is no project, or has its name by its id; otherwise as a renaming:
/// then both are where they were.
pub(crate) async fn exchange(
    vfs: &Arc<Vfs>,
    one: (RenameEnd, &OsStr),
    other: (RenameEnd, &OsStr),
) -> Result<()> {
    let (one, other) = (ExchangeSide::of(one.0, one.1)?, ExchangeSide::of(other.0, other.1)?);
    if one.project.serial == other.project.serial {
        return Ok(());
    }
    if !one.is_named_by_title() || !other.is_named_by_title() {
        let what = "a name that tells projects of one title apart cannot be exchanged";
        return Err(Error::new(Kind::Invalid, what));
    }
    for side in [&one, &other] {
        truncation::expire_truncates(vfs, &side.project, Occasion::Rename).await;
    }
    let from = Some((&one.directory, one.name));
    replace::rename_free(vfs, from, &one.project, &other.directory, other.name).await?;
    let done = replace::rename_free(vfs, None, &other.project, &one.directory, one.name).await;
    if let Err(error) = done {
        exchange_back(vfs, &one, &other).await;
        return Err(error);
    }
    if let Some(name) = other.name.to_str() {
        bases::forget_name(&vfs.engine, other.directory.key(), name);
        left_behind::note_path(&one.project, &other.directory, other.name);
    }
    Ok(())
}

/// The second one cannot have the name of the first, which gets that back.
pub(crate) async fn exchange_back(
    vfs: &Arc<Vfs>,
    one: &ExchangeSide<'_>,
    other: &ExchangeSide<'_>,
) {
    let from = Some((&other.directory, other.name));
    let back = replace::rename_free(vfs, from, &one.project, &one.directory, one.name).await;
    if other.project.id().is_none() {
        let local = LocalEntry::New(other.project.clone());
        vfs.tree().set_local(&other.directory, other.name, local);
    }
    let Err(error) = back else { return };
    let reason = format!(
        "was to be exchanged with {}, which is not moved, and cannot go back: {error}; rename it",
        other.name.to_string_lossy()
    );
    if let Err(error) =
        unmoved::note_unmoved(&vfs.engine, &one.project, &one.project.title(), &reason).await
    {
        tracing::error!(%error, "a project that was exchanged half way is not told of");
    }
}
