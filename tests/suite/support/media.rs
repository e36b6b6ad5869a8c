//! What programs do to files in `.taskade/media/` of the folder.

use std::ffi::OsStr;

use taskadefs::{
    error::Result,
    vfs::{OpenMode, RenameMode},
};

use crate::support::harness::{Mount, READ, TRUNCATE, me};

pub const MEDIA: &str = ".taskade/media";

pub async fn names(mount: &Mount) -> Vec<String> {
    mount.names_of(mount.place(MEDIA).await).await
}

/// Writes a file as `cp` does. What closing it says.
pub async fn write(mount: &Mount, name: &str, content: &[u8]) -> Result<()> {
    write_with(mount, name, TRUNCATE, content).await
}

pub async fn write_with(mount: &Mount, name: &str, mode: OpenMode, content: &[u8]) -> Result<()> {
    let fh = match mount.find(&format!("{MEDIA}/{name}")).await {
        Ok(found) => mount.vfs.open(found.ino, mode, me()).await?.fh,
        Err(_) => {
            let parent = mount.place(MEDIA).await;
            let name = OsStr::new(name);
            let made = mount.vfs.create(parent, name, 0o644_u32, mode, false, me()).await?;
            made.1.fh
        }
    };
    let written = mount.vfs.write(fh, 0, content).await;
    let flushed = mount.vfs.flush(fh, me()).await;
    mount.vfs.release(fh).await?;
    written.and(flushed)
}

pub async fn read(mount: &Mount, name: &str) -> Result<Vec<u8>> {
    let ino = mount.find(&format!("{MEDIA}/{name}")).await?.ino;
    let fh = mount.vfs.open(ino, READ, me()).await?.fh;
    let size = mount.vfs.getattr(ino, me()).await?.size;
    let bytes = mount.vfs.read(fh, 0, 1 << 20).await;
    mount.vfs.release(fh).await?;
    assert_eq!(size, bytes.as_ref().map_or(size, |bytes| bytes.len() as u64));
    bytes
}

pub async fn remove(mount: &Mount, name: &str) -> Result<()> {
    mount.vfs.unlink(mount.place(MEDIA).await, OsStr::new(name)).await
}

pub async fn rename(mount: &Mount, from: &str, to: &str) -> Result<()> {
    let parent = mount.place(MEDIA).await;
    let (from, to) = ((parent, OsStr::new(from)), (parent, OsStr::new(to)));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await
}

pub async fn state(mount: &Mount, name: &str) -> Option<String> {
    mount.attribute(mount.place(&format!("{MEDIA}/{name}")).await, "user.taskade.state").await
}
