//! `media/` of workspaces and folders: the files of a space that are no projects.
//!
//! What is there is what listings told and what this mount has done since. What programs make goes by
//! the name that they gave it for as long as the mount lasts; names of editors' own files are scratch.

mod names;
pub(crate) mod open;
pub(crate) mod rename;
mod scratch_names;
pub(crate) mod write;

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    api::RemoteMedia,
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    store::operations::{Operation, OperationKind},
    sync::{
        ListIntent, Process,
        leaf::local_media::LocalMedia,
        operation::{deletion, media as operations, uploading},
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
    let node = |place| ResourceNode::new(directory, List::Media(place));
    Ok(entries.map(|(name, place)| (name.into(), node(place))).collect())
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
    if let Some(place) = name.to_str().and_then(|name| local(vfs, directory, name)) {
        return Ok(place);
    }
    // Editors probe for their own files all the time: no listing is worth a look for them.
    if name.as_encoded_bytes().starts_with(b".") {
        return Err(no_entry());
    }
    let entries = entries(vfs, directory).await?;
    let named = entries.iter().find(|(known, _)| name == known.as_str());
    // The id stays one of its names: its name may be learnt at any time.
    let is_it = |place: &MediaPlace| matches!(place, MediaPlace::File(id) if name == id.as_str());
    let found = named.or_else(|| entries.iter().find(|(_, place)| is_it(place))).cloned();
    found.map(|(_, place)| place).ok_or_else(no_entry)
}

/// Whether a name in a place is the programs' own, unless a medium has it.
pub(crate) fn is_scratch(node: &ResourceNode, name: &OsStr) -> bool {
    let is_own = name.to_str().is_some_and(scratch_names::is_scratch);
    is_own && node.at == List::Media(MediaPlace::Directory)
}

/// Whether a place is `media/` itself.
pub(crate) fn is_directory(node: &ResourceNode) -> bool {
    node.at == List::Media(MediaPlace::Directory)
}

/// Whether what is made under a name is the programs' own.
pub(crate) async fn is_free_for_scratch(vfs: &Vfs, node: &ResourceNode, name: &OsStr) -> bool {
    let directory = &node.directory;
    is_scratch(node, name) && find(vfs, directory, &MediaPlace::Directory, name).await.is_err()
}

/// Removes a file: what is at Taskade of it is deleted once the grace is over.
///
/// # Errors
/// [`Kind::NotFound`] if there is none, otherwise if it cannot be journaled.
pub(crate) async fn unlink(vfs: &Arc<Vfs>, directory: &Directory, name: &OsStr) -> Result<()> {
    let space = space_of(directory)?;
    match find(vfs, directory, &MediaPlace::Directory, name).await? {
        MediaPlace::File(id) => {
            operations::remove(&vfs.engine, space, &id, deletion::path_of(&name.to_string_lossy()))
                .await
        }
        MediaPlace::Named(name) => uploading::remove(&vfs.engine, space, &name).await,
        MediaPlace::Directory => Err(no_entry()),
    }
}

/// The name that a medium goes by in a directory; `None` for one that nobody was told the name of.
pub(crate) fn name_of(vfs: &Vfs, directory: &Directory, id: &MediaId) -> Option<String> {
    let space = directory.space()?;
    let local = vfs.engine.local_medias.all(space).into_iter().find(|(_, it)| is_of(it, id));
    local.map(|(name, _)| name).or_else(|| names::name_of(vfs, directory, id))
}

/// The id of what is in a place, once Taskade has it.
pub(crate) fn id_of(vfs: &Vfs, directory: &Directory, place: &MediaPlace) -> Option<MediaId> {
    match place {
        MediaPlace::File(id) => Some(id.clone()),
        MediaPlace::Named(name) => match vfs.engine.local_medias.get(directory.space()?, name)? {
            LocalMedia::Uploaded(id, _) => Some(id),
            LocalMedia::Empty | LocalMedia::Uploading(_) => None,
        },
        MediaPlace::Directory => None,
    }
}

/// What is to be done about a place, or was refused.
pub(crate) fn operation_of(
    vfs: &Vfs,
    directory: &Directory,
    place: &MediaPlace,
) -> Option<Operation> {
    match place {
        MediaPlace::File(id) => deletion::deletion_of(&vfs.engine, id),
        MediaPlace::Named(name) => match vfs.engine.local_medias.get(directory.space()?, name)? {
            LocalMedia::Uploading(row) => vfs.engine.operations.get(row),
            LocalMedia::Uploaded(id, _) => deletion::deletion_of(&vfs.engine, &id),
            LocalMedia::Empty => None,
        },
        MediaPlace::Directory => None,
    }
}

/// The media of a space by their names: those that were made here, then in the order in which they are
/// listed.
async fn entries(vfs: &Vfs, directory: &Directory) -> Result<Vec<(String, MediaPlace)>> {
    let space = space_of(directory)?;
    let mut medias = directories::medias(&vfs.engine, space, ListIntent::List).await?;
    let is_listed = |id: &str| medias.iter().any(|media| media.id.as_str() == id);
    deletion::settle_gone(&vfs.engine, OperationKind::DeleteMedia, space, is_listed).await?;
    let locals = locals(vfs, space, &medias);
    let is_hidden = uploading::hidden(&vfs.engine, space);
    medias.retain(|media| {
        let is_local = locals.iter().any(|(_, local)| is_of(local, &media.id));
        !is_local && !is_hidden(&media.id) && !deletion::is_going(&vfs.engine, &media.id)
    });
    let names = names::assign(vfs, directory, &locals, &medias);
    let listed = names.into_iter().zip(medias.into_iter().map(|media| MediaPlace::File(media.id)));
    let local = locals.into_iter().map(|(name, _)| (name.clone(), MediaPlace::Named(name)));
    Ok(local.chain(listed).collect())
}

/// What was made here and is there still, as far as is known.
fn locals(vfs: &Vfs, space: &SpaceId, listed: &[RemoteMedia]) -> Vec<(String, LocalMedia)> {
    let all = vfs.engine.local_medias.all(space).into_iter();
    let is_there = |(name, local): &(String, LocalMedia)| {
        let LocalMedia::Uploaded(id, since) = local else { return true };
        let is_gone = listed.iter().all(|media| media.id != *id)
            && vfs.engine.listings.is_media_listed_since(space, *since);
        if is_gone {
            vfs.engine.local_medias.remove(space, name);
        }
        !is_gone
    };
    all.filter(is_there).collect()
}

fn is_of(local: &LocalMedia, media: &MediaId) -> bool {
    matches!(local, LocalMedia::Uploaded(id, _) if id == media)
}

/// The place of a name that was given here.
fn local(vfs: &Vfs, directory: &Directory, name: &str) -> Option<MediaPlace> {
    vfs.engine.local_medias.get(directory.space()?, name)?;
    Some(MediaPlace::Named(name.to_owned()))
}

pub(super) fn space_of(directory: &Directory) -> Result<&SpaceId> {
    directory.space().ok_or_else(no_entry)
}
