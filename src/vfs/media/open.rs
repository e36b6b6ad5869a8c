//! Reading a medium that is open: what is asked for is waited for, and no more than that.

use crate::{
    error::Result,
    ids::MediaId,
    kernel_thread,
    sync::read::media,
    vfs::{
        resource::UNREAD,
        scratch_file::ScratchFile,
        tree::handles::{Handle, MediaReader},
        types::{Caching, Ino, Opened},
        volume::Vfs,
    },
};

/// Opens a medium for reading.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(crate) async fn open_to_read(vfs: &Vfs, ino: Ino, id: &MediaId) -> Result<Opened> {
    kernel_thread::leave().await;
    let (file, media) = media::open(&vfs.engine, id).await?;
    let file = ScratchFile::new(file, false);
    let handle = Handle::Media(MediaReader { ino, file, media });
    Ok(Opened { fh: vfs.tree().add_handle(handle), caching: Caching::Bypass })
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
pub(crate) fn size(vfs: &Vfs, ino: Ino, id: &MediaId) -> u64 {
    let known = vfs.engine.medias.facts(id).length;
    let open = || {
        let tree = vfs.tree();
        tree.handles.values().find_map(|handle| match &**handle {
            Handle::Media(reader) if reader.ino == ino => Some(reader.media.length()),
            _ => None,
        })
    };
    known.or_else(open).unwrap_or(UNREAD)
}
