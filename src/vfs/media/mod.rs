//! `media/` of workspaces and folders: the files of a space that are no projects.
//!
//! What is there is what listings told and what this mount has done since.

mod names;
pub(crate) mod open;

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    store::operations::Operation,
    sync::{
        ListIntent, Process,
        operation::media as operations,
        read::{directories, media_names},
    },
    vfs::{
        directory::no_entry,
        media_place::MediaPlace,
        resource_path::{List, ResourceNode},
        types::Directory,
        volume::Vfs,
    },
};

/// What is in `media/`, under its name.
pub(crate) async fn list(
    vfs: &Vfs,
    directory: &Directory,
    process: Option<Process>,
) -> Result<Vec<(OsString, ResourceNode)>> {
    let entries = entries(vfs, directory).await?.into_iter();
    media_names::learn(&vfs.engine, space_of(directory)?, process);
    let node = |id| ResourceNode::new(directory, List::Media(MediaPlace::File(id)));
    Ok(entries.map(|(name, id)| (name.into(), node(id))).collect())
}

/// The place of a name.
///
/// # Errors
/// [`Kind::NotFound`] if nothing has it, or what listing failed with.
pub(crate) async fn find(
    vfs: &Vfs,
    directory: &Directory,
    place: &MediaPlace,
    name: &OsStr,
) -> Result<MediaPlace> {
    if *place != MediaPlace::Directory {
        return Err(Error::new(Kind::NotDirectory, "a file"));
    }
    let entries = entries(vfs, directory).await?;
    let named = entries.iter().find(|(known, _)| name == known.as_str());
    // The id stays one of its names: its name may be learnt at any time.
    let found = named.or_else(|| entries.iter().find(|(_, id)| name == id.as_str())).cloned();
    found.map(|(_, id)| MediaPlace::File(id)).ok_or_else(no_entry)
}

/// Removes a file: it is deleted once the grace is over.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, otherwise if it cannot be journaled.
pub(crate) async fn unlink(vfs: &Arc<Vfs>, directory: &Directory, name: &OsStr) -> Result<()> {
    let place = find(vfs, directory, &MediaPlace::Directory, name).await?;
    let MediaPlace::File(id) = place else { return Err(no_entry()) };
    let path = format!(".taskade/media/{}", name.to_string_lossy());
    operations::remove(&vfs.engine, space_of(directory)?, &id, path).await
}

/// What is to be done about a place, or was refused.
pub(crate) fn operation_of(vfs: &Vfs, place: &MediaPlace) -> Option<Operation> {
    match place {
        MediaPlace::File(id) => operations::deletion_of(&vfs.engine, id),
        MediaPlace::Directory => None,
    }
}

/// The media of a space by their names, in the order in which they are listed.
async fn entries(vfs: &Vfs, directory: &Directory) -> Result<Vec<(String, MediaId)>> {
    let space = space_of(directory)?;
    let mut medias = directories::medias(&vfs.engine, space, ListIntent::List).await?;
    medias.retain(|media| !operations::is_going(&vfs.engine, &media.id));
    let names = names::assign(vfs, directory, &medias);
    Ok(names.into_iter().zip(medias.into_iter().map(|media| media.id)).collect())
}

fn space_of(directory: &Directory) -> Result<&SpaceId> {
    directory.space().ok_or_else(no_entry)
}
