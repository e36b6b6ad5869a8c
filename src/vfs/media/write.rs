//! Writing media: a draft on the disk of this machine, which is uploaded once it is closed or synced.
//!
//! What was opened to be emptied and never written is as it was: nothing is uploaded of nothing.

use std::{ffi::OsStr, io, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    lock_order::Ordered,
    sync::{Process, leaf::local_media::LocalMedia, operation::uploading, read::media::OpenMedia},
    vfs::{
        directory::no_entry,
        media::{self, names, open},
        media_place::MediaPlace,
        resource,
        resource_path::{List, ResourceNode},
        scratch_file::{ScratchFile, Writing},
        tree::{
            handles::{self, Handle},
            media_writer::{MediaDraft, MediaWriter},
        },
        types::{Attr, Caching, Directory, Fh, Ino, OpenMode, Opened, SetAttr},
        volume::Vfs,
    },
};

/// Creates a file, or opens the one of that name to be emptied.
///
/// # Errors
/// [`Kind::Exists`] if `exclusive` and it exists, [`Kind::Invalid`] for a name that cannot be sent.
pub(crate) async fn create(
    vfs: &Vfs,
    directory: &Directory,
    name: &OsStr,
    mode: OpenMode,
    exclusive: bool,
    process: Option<Process>,
) -> Result<(Attr, Opened)> {
    let named = name.to_str().ok_or_else(|| {
        Error::new(Kind::Invalid, "the name of a medium is UTF-8").at(name.to_string_lossy())
    })?;
    let place = match media::find(vfs, directory, &MediaPlace::Directory, name).await {
        Ok(_) if exclusive => return Err(Error::new(Kind::Exists, "the file exists")),
        Ok(place) => place,
        Err(error) if error.kind() == Kind::NotFound => {
            let space = media::space_of(directory)?;
            vfs.engine.local_medias.set(space, named, LocalMedia::Empty);
            MediaPlace::Named(named.to_owned())
        }
        Err(error) => return Err(error),
    };
    let node = ResourceNode::new(directory, List::Media(place));
    let ino = vfs.tree().inodes.look_up_resource(&node);
    let opened = open_to_write(vfs, ino, &node, mode, process).await?;
    Ok((resource::resource_attr(vfs, ino, &node), opened))
}

/// Opens a file for writing.
///
/// # Errors
/// If what is in it cannot be read, or the disk fails.
pub(crate) async fn open_to_write(
    vfs: &Vfs,
    ino: Ino,
    node: &ResourceNode,
    mode: OpenMode,
    process: Option<Process>,
) -> Result<Opened> {
    let List::Media(place) = &node.at else { return Err(no_entry()) };
    kernel_thread::leave().await;
    let files = vfs.engine.upload_files.clone();
    let (draft, file) = files.new_draft()?;
    let name = match place {
        MediaPlace::Named(name) => name.clone(),
        MediaPlace::File(id) => {
            let given = names::name_of(vfs, &node.directory, id);
            given.unwrap_or_else(|| id.as_str().to_owned())
        }
        MediaPlace::Directory => return Err(Error::new(Kind::IsDirectory, "a directory")),
    };
    let writer = MediaWriter {
        ino,
        node: node.clone(),
        name,
        process,
        append: mode.append,
        file: ScratchFile::new(file, mode.append),
        draft: draft.clone(),
        files,
        state: Ordered::leaf(MediaDraft::default()),
    };
    if !mode.truncate {
        let space = media::space_of(&node.directory)?;
        if let Some((from, media)) = open::content(vfs, space, place).await? {
            fill(&writer, from, &media).await?;
        }
    }
    let fh = vfs.tree().add_handle(Handle::MediaWriter(writer));
    Ok(Opened { fh, caching: Caching::Bypass })
}

/// Has a draft begin as what is there.
async fn fill(writer: &MediaWriter, mut from: std::fs::File, media: &OpenMedia) -> Result<()> {
    media.wait(media.length()).await?;
    let path = writer.files.path(&writer.draft);
    let copied = tokio::task::spawn_blocking(move || {
        let mut to = std::fs::OpenOptions::new().write(true).open(path)?;
        io::Seek::rewind(&mut from)?;
        io::copy(&mut from, &mut to)
    });
    let copied = copied.await.map_err(io::Error::other).and_then(|copied| copied);
    let length = copied.map_err(|error| Error::io("cannot open it for writing", error))?;
    writer.state.lock().length = length;
    Ok(())
}

/// Writes to a draft. What is too large for Taskade is refused as a whole.
///
/// # Errors
/// [`Kind::FileTooLarge`], or what the disk says.
pub(crate) async fn write(
    writer: &MediaWriter,
    writing: Writing,
    offset: u64,
    data: &[u8],
) -> Result<()> {
    kernel_thread::leave().await;
    let mut state = writer.state.lock();
    let appends = writer.append && writing == Writing::Program;
    let begins = if appends { state.length } else { offset };
    let end = begins.saturating_add(data.len() as u64);
    state.check(end)?;
    writer.file.write(writing, offset, data)?;
    state.length = state.length.max(end);
    state.is_dirty = true;
    Ok(())
}

/// Changes the length of a draft.
///
/// # Errors
/// As [`write()`].
pub(crate) async fn truncate(writer: &MediaWriter, size: u64) -> Result<()> {
    kernel_thread::leave().await;
    let mut state = writer.state.lock();
    state.check(size)?;
    writer.file.set_len(size)?;
    state.is_dirty |= state.length != size;
    state.length = size;
    Ok(())
}

/// Changes attributes: none but the length.
///
/// # Errors
/// As [`write()`], and as an upload where it is open nowhere.
pub(crate) async fn set(
    vfs: &Vfs,
    ino: Ino,
    node: &ResourceNode,
    fh: Option<Fh>,
    set: &SetAttr,
) -> Result<Attr> {
    if let Some(size) = set.size {
        match writer(vfs, ino, fh) {
            Some(handle) => {
                if let Handle::MediaWriter(writer) = &*handle {
                    truncate(writer, size).await?;
                }
            }
            None => {
                let mode =
                    OpenMode { read: false, write: true, append: false, truncate: size == 0 };
                let opened = open_to_write(vfs, ino, node, mode, None).await?;
                let handle = vfs.tree().handles.remove(&opened.fh);
                if let Some(Handle::MediaWriter(writer)) = handle.as_deref() {
                    truncate(writer, size).await?;
                    commit(vfs, writer).await?;
                }
            }
        }
    }
    Ok(resource::resource_attr(vfs, ino, node))
}

/// What writes a file, through this handle if there is one.
fn writer(vfs: &Vfs, ino: Ino, fh: Option<Fh>) -> Option<Arc<Handle>> {
    let tree = vfs.tree();
    let is_it = |(open, handle): &(&Fh, &Arc<Handle>)| match &***handle {
        Handle::MediaWriter(writer) => writer.ino == ino && fh.is_none_or(|fh| fh == **open),
        _ => false,
    };
    tree.handles.iter().find(is_it).map(|(_, handle)| handle.clone())
}

/// A descriptor was closed: uploaded if its process is the one that opened the file.
///
/// # Errors
/// What it was refused with, also by an earlier close.
pub(crate) async fn flush(vfs: &Vfs, writer: &MediaWriter, caller: u32) -> Result<()> {
    if handles::is_opener(writer.process, caller) { commit(vfs, writer).await } else { Ok(()) }
}

/// Uploads what was written and not uploaded yet, and waits for the verdict.
///
/// # Errors
/// What it was refused with.
pub(crate) async fn commit(vfs: &Vfs, writer: &MediaWriter) -> Result<()> {
    {
        let mut state = writer.state.lock();
        if let Some(refusal) = &state.refusal {
            return Err(refusal.clone());
        }
        if !state.is_dirty || state.length == 0 {
            return Ok(());
        }
        state.is_dirty = false;
    }
    let result = upload(vfs, writer).await;
    if let Err(error) = &result {
        let mut state = writer.state.lock();
        if error.kind().is_local() {
            state.is_dirty = true;
        } else {
            state.refusal = Some(error.clone());
        }
    }
    result
}

async fn upload(vfs: &Vfs, writer: &MediaWriter) -> Result<()> {
    let ResourceNode { directory, at } = &writer.node;
    let List::Media(place) = at else { return Ok(()) };
    let space = media::space_of(directory)?;
    let replaces = match place {
        MediaPlace::File(id) => Some(id.clone()),
        // Its file was removed while it was open: nobody wants it.
        MediaPlace::Named(name) if vfs.engine.local_medias.get(space, name).is_none() => {
            return Ok(());
        }
        MediaPlace::Named(_) | MediaPlace::Directory => None,
    };
    kernel_thread::leave().await;
    let path = writer.files.path(&writer.draft);
    let row = uploading::stage(&vfs.engine, space, &writer.name, &path, replaces).await?;
    uploading::verdict(&vfs.engine, row).await
}
