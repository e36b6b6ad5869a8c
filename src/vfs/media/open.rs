//! Reading a medium that is open: what is asked for is waited for, and no more than that.

use std::{fs::File, sync::Arc};

use crate::{
    error::{Error, Result},
    ids::SpaceId,
    kernel_thread,
    sync::{
        leaf::local_media::LocalMedia,
        read::media::{self as reading, OpenMedia},
    },
    vfs::{
        directory::no_entry,
        media,
        media_place::MediaPlace,
        resource::UNREAD,
        scratch_file::ScratchFile,
        tree::handles::{Handle, MediaReader},
        types::{Caching, Directory, Ino, Opened},
        volume::Vfs,
    },
};

/// Opens a medium for reading.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn open_to_read(
    vfs: &Vfs,
    ino: Ino,
    directory: &Directory,
    place: &MediaPlace,
) -> Result<Opened> {
    kernel_thread::leave().await;
    let space = media::space_of(directory)?;
    let handle = match content(vfs, space, place).await? {
        Some((file, media)) => {
            Handle::Media(MediaReader { ino, file: ScratchFile::new(file, false), media })
        }
        None => Handle::Answer { ino, text: Arc::from([]) },
    };
    Ok(Opened { fh: vfs.tree().add_handle(handle), caching: Caching::Bypass })
}

/// What is in a place; `None` if a program has made it and nothing is in it yet.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(super) async fn content(
    vfs: &Vfs,
    space: &SpaceId,
    place: &MediaPlace,
) -> Result<Option<(File, OpenMedia)>> {
    let engine = &vfs.engine;
    let id = match place {
        MediaPlace::File(id) => id.clone(),
        MediaPlace::Named(name) => match engine.local_medias.get(space, name) {
            Some(LocalMedia::Uploaded(id, _)) => id,
            Some(LocalMedia::Uploading(row)) => {
                let file = engine.operations.get(row).and_then(|operation| operation.file);
                let path = engine.upload_files.path(&file.ok_or_else(no_entry)?);
                let opened = File::open(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
                let (length, file) = opened.map_err(|error| {
                    Error::io("cannot open it", error).at(path.display().to_string())
                })?;
                return Ok(Some((file, OpenMedia::whole(length))));
            }
            Some(LocalMedia::Empty) => return Ok(None),
            None => return Err(no_entry()),
        },
        MediaPlace::Directory => return Err(no_entry()),
    };
    reading::open(engine, &id).await.map(Some)
}

/// Reads from it.
///
/// # Errors
/// Why it does not come.
pub(crate) async fn read(reader: &MediaReader, offset: u64, size: usize) -> Result<Vec<u8>> {
    let end = offset.saturating_add(size as u64).min(reader.media.length());
    reader.media.wait(end).await?;
    let size = usize::try_from(end.saturating_sub(offset)).unwrap_or_default();
    reader.file.read(offset, size).await
}

/// How long a medium is, as far as that is known.
pub(crate) fn size(vfs: &Vfs, ino: Ino, directory: &Directory, place: &MediaPlace) -> u64 {
    if let Some(length) = open_length(vfs, ino) {
        return length;
    }
    let id = match (place, directory.space()) {
        (MediaPlace::File(id), _) => id.clone(),
        (MediaPlace::Named(name), Some(space)) => match vfs.engine.local_medias.get(space, name) {
            Some(LocalMedia::Uploaded(id, _)) => id,
            Some(LocalMedia::Uploading(row)) => {
                let operation = vfs.engine.operations.get(row);
                let length = operation.and_then(|it| it.body["length"].as_u64());
                return length.unwrap_or(UNREAD);
            }
            Some(LocalMedia::Empty) | None => return 0,
        },
        _ => return UNREAD,
    };
    vfs.engine.medias.facts(&id).length.unwrap_or(UNREAD)
}

/// The length of what is open of it: what a program writes, before what others read.
fn open_length(vfs: &Vfs, ino: Ino) -> Option<u64> {
    let tree = vfs.tree();
    let length = |handle: &Handle| match handle {
        Handle::MediaWriter(writer) if writer.ino == ino => Some((true, writer.length())),
        Handle::Media(reader) if reader.ino == ino => Some((false, reader.media.length())),
        _ => None,
    };
    let open = tree.handles.values().filter_map(|handle| length(handle));
    open.max_by_key(|(is_written, _)| *is_written).map(|(_, length)| length)
}
