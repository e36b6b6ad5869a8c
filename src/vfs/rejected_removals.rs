//! Removals that were refused, done after all or given up.

use std::{path::Path, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    sync::upload::discard::LISTED,
    vfs::{burst, paths, removal, remove, tree::burst::Refused, volume::Vfs},
};

/// Removes the files at and below a path relative to the mount whose removal was refused: it
/// was meant. They are one group. How many.
///
/// # Errors
/// [`Kind::NotFound`] if no removal was refused there, otherwise as archiving.
pub(crate) async fn retry_removals(vfs: &Arc<Vfs>, path: &Path) -> Result<usize> {
    vfs.check_writable()?;
    let files = take_rejected(vfs, path).await?;
    let mut burst = None;
    for Refused { directory, name, project } in &files {
        let ticket = remove::vacate_in(vfs, burst, directory, name, project, None).await?;
        let row = vfs.tree().waiting.iter().find(|it| it.ticket == ticket).and_then(|it| it.row);
        burst = burst.or(row);
        removal::expire_removal(vfs, ticket).await;
    }
    Ok(files.len())
}

/// Forgets that removals at and below a path were refused. How many.
///
/// # Errors
/// [`Kind::NotFound`] if none was, otherwise if the journal cannot note it.
pub(crate) async fn discard_removals(vfs: &Vfs, path: &Path) -> Result<usize> {
    take_rejected(vfs, path).await.map(|files| files.len())
}

pub(crate) async fn take_rejected(vfs: &Vfs, path: &Path) -> Result<Vec<Refused>> {
    let files = vfs.tree().burst.as_ref().map(|burst| burst.files.clone());
    let is_meant =
        |file: &Refused| Path::new(&paths::path_of(vfs, &file.project)).starts_with(path);
    let (meant, rest): (Vec<Refused>, Vec<Refused>) =
        files.into_iter().flatten().partition(is_meant);
    if meant.is_empty() {
        return Err(Error::new(Kind::NotFound, "no removals were refused there")
            .hint(LISTED)
            .at(path.display().to_string()));
    }
    let ids: Vec<ProjectId> = meant.iter().filter_map(|file| file.project.id()).collect();
    vfs.engine.journaled(move |journal| journal.forget_rejected_removals(&ids)).await?;
    if let Some(burst) = &mut vfs.tree().burst {
        burst.files = rest;
    }
    Ok(meant.into_iter().filter(|file| burst::is_there(vfs, file)).collect())
}
