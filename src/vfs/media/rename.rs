//! Renaming into, within and out of `media/`. Taskade's API renames no medium. So what is renamed to a
//! medium's name is uploaded under it, and what is renamed to a name of editors' own is copied there and
//! removed: an editor that saves in two steps is one upload, and one deletion of what it replaced.

use std::{ffi::OsStr, fs, io, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    store::{operations::OperationKind, same_bytes::same_bytes},
    sync::{
        leaf::local_media::LocalMedia,
        operation::{deletion, transition, uploading},
    },
    vfs::{
        directory::no_entry,
        inode::Node,
        media::{self, open},
        media_place::MediaPlace,
        namespace::RenameMode,
        resource_path::{List, ResourceNode},
        returning, scratch,
        types::{Directory, Ino},
        volume::Vfs,
    },
};

/// The directory whose media a directory holds.
fn media_of(vfs: &Vfs, ino: Ino) -> Option<ResourceNode> {
    match vfs.node(ino).ok()? {
        Node::Resource(node) if node.at == List::Media(MediaPlace::Directory) => Some(node),
        _ => None,
    }
}

/// Renames, if a medium is at one of the ends. Whether that was so.
///
/// # Errors
/// [`Kind::NotPermitted`] from one medium's name to another, [`Kind::CrossDevice`] out of and into the
/// directory where that is copying, otherwise as an upload.
pub(crate) async fn rename(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    mode: RenameMode,
) -> Result<bool> {
    let (source, target) = (media_of(vfs, from.0), media_of(vfs, to.0));
    let place = match &source {
        Some(node) => found(vfs, node, from.1).await?,
        None => None,
    };
    if let (Some(node), None) = (&source, &place)
        && !media::is_scratch(node, from.1)
    {
        return Err(no_entry());
    }
    match (source, place, target) {
        (Some(node), Some(place), Some(other)) if node == other => {
            if !media::is_scratch(&other, to.1) {
                return Err(Error::new(Kind::NotPermitted, "Taskade's API renames no files")
                    .at(from.1.to_string_lossy())
                    .hint("copy it to the new name and remove this one"));
            }
            if mode.exchange {
                return Err(Error::new(Kind::Invalid, "a medium is exchanged with nothing"));
            }
            move_away(vfs, &node.directory, (&place, from.1), to).await?;
            Ok(true)
        }
        (Some(_), Some(_), _) => {
            Err(Error::new(Kind::CrossDevice, "a medium leaves its directory by being copied"))
        }
        (_, None, Some(node)) => {
            let taken = found(vfs, &node, to.1).await?;
            if taken.is_none() && media::is_scratch(&node, to.1) {
                return Ok(false);
            }
            if mode.exchange {
                return Err(Error::new(Kind::Invalid, "a medium is exchanged with nothing"));
            }
            if mode.no_replace && taken.is_some() {
                return Err(Error::new(Kind::Exists, "the new name exists"));
            }
            move_in(vfs, from, (&node, to.1), taken).await?;
            Ok(true)
        }
        (_, _, None) | (None, Some(_), _) => Ok(false),
    }
}

async fn found(vfs: &Vfs, node: &ResourceNode, name: &OsStr) -> Result<Option<MediaPlace>> {
    match media::find(vfs, &node.directory, &MediaPlace::Directory, name).await {
        Ok(place) => Ok(Some(place)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A medium is renamed to a name of editors' own: what is in it is there then, and it is removed.
async fn move_away(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    (place, name): (&MediaPlace, &OsStr),
    to: (Ino, &OsStr),
) -> Result<()> {
    kernel_thread::leave().await;
    let space = media::space_of(directory)?;
    let path = scratch::scratch_place(vfs, to.0, to.1)?;
    let content = open::content(vfs, space, place).await?;
    if let Some((_, media)) = &content {
        media.wait(media.length()).await?;
    }
    let shown = path.display().to_string();
    let copied = tokio::task::spawn_blocking(move || -> io::Result<()> {
        let mut to = fs::File::create(&*path)?;
        if let Some((mut from, _)) = content {
            io::Seek::rewind(&mut from)?;
            io::copy(&mut from, &mut to)?;
        }
        to.sync_all()
    });
    let copied = copied.await.map_err(io::Error::other).and_then(|copied| copied);
    copied.map_err(|error| Error::io("cannot rename", error).at(shown))?;
    media::unlink(vfs, directory, name).await
}

/// A local file is renamed to a medium's name: it is uploaded, in place of the medium that has it.
async fn move_in(
    vfs: &Arc<Vfs>,
    from: (Ino, &OsStr),
    (node, name): (&ResourceNode, &OsStr),
    taken: Option<MediaPlace>,
) -> Result<()> {
    let named = name.to_str().ok_or_else(|| {
        Error::new(Kind::Invalid, "the name of a medium is UTF-8").at(name.to_string_lossy())
    })?;
    kernel_thread::leave().await;
    let path = scratch::scratch_place(vfs, from.0, from.1)?;
    match fs::symlink_metadata(&path) {
        Ok(found) if found.is_file() => {}
        Ok(_) => return Err(Error::new(Kind::NotPermitted, "a medium is a plain file")),
        // A project, say: it comes in by being copied.
        Err(_) => return Err(Error::new(Kind::CrossDevice, "it becomes a medium by being copied")),
    }
    let space = media::space_of(&node.directory)?;
    let inode = vfs.tree().inodes.scratch_at(from.0, from.1);
    let place = if taken.is_none() && takes_back(vfs, &node.directory, named, &path).await? {
        media::find(vfs, &node.directory, &MediaPlace::Directory, name).await?
    } else {
        let replaces = match taken {
            Some(MediaPlace::File(id)) => Some(id),
            _ => None,
        };
        let row = uploading::stage(&vfs.engine, space, named, &path, replaces).await?;
        uploading::verdict(&vfs.engine, row).await?;
        MediaPlace::Named(named.to_owned())
    };
    fs::remove_file(&path).map_err(|error| scratch::failed("cannot rename", &path, error))?;
    returning::moved_scratch(vfs, &path, None);
    let mut tree = vfs.tree();
    tree.inodes.unlink_scratch(from.0, from.1);
    if let Some(ino) = inode {
        let node = ResourceNode::new(&node.directory, List::Media(place));
        tree.inodes.become_resource(ino, &node);
    }
    Ok(())
}

/// Takes back the removal of a medium of this name whose grace is not over, if the file is what was in
/// it. Whether that was so.
async fn takes_back(
    vfs: &Vfs,
    directory: &Directory,
    name: &str,
    path: &std::path::Path,
) -> Result<bool> {
    let (engine, space) = (&vfs.engine, media::space_of(directory)?);
    let removal = engine.operations.find(|it| {
        it.kind == OperationKind::DeleteMedia
            && it.space == *space
            && it.path == deletion::path_of(name)
            && it.refusal.is_none()
    });
    let Some((removal, id)) = removal.and_then(|it| {
        let id = it.subject.as_deref().map(crate::ids::MediaId::new)?;
        Some((it, id))
    }) else {
        return Ok(false);
    };
    let known = engine.media_files.open(&id, engine.medias.facts(&id).length);
    let (Some(known), Ok(file)) = (known, fs::File::open(path)) else { return Ok(false) };
    if !same_bytes(&known, &file).unwrap_or(false) {
        return Ok(false);
    }
    // From here on nobody carries it out.
    if !engine.operations.hold_on(removal.row, engine.clock.now()) {
        return Ok(false);
    }
    transition::remove(engine, removal.row).await?;
    let (since, local) = (engine.clock.now(), engine.local_medias.get(space, name));
    if local.is_none() {
        engine.local_medias.set(space, name, LocalMedia::Uploaded(id, since));
    }
    Ok(true)
}
