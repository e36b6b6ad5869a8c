//! What programs do to the files of agents, each by its own process.

use std::{ffi::OsStr, path::Path};

use taskadefs::{
    error::{Kind, Result},
    vfs::RenameMode,
};

use crate::support::harness::{Mount, READ, TRUNCATE};

pub(crate) const AGENTS: &str = ".taskade/agents";

pub(crate) async fn read(mount: &Mount, path: &str, process: u32) -> Result<String> {
    let ino = mount.find(&format!("{AGENTS}/{path}")).await?.ino;
    let fh = mount.vfs.open(ino, READ, process).await?.fh;
    let text = mount.vfs.read(fh, 0, 1 << 20).await;
    mount.vfs.release(fh).await?;
    Ok(String::from_utf8(text?).unwrap())
}

/// Writes a file anew, as a shell does. What closing it says.
pub(crate) async fn write(mount: &Mount, path: &str, text: &str, process: u32) -> Result<()> {
    let ino = mount.find(&format!("{AGENTS}/{path}")).await?.ino;
    let fh = mount.vfs.open(ino, TRUNCATE, process).await?.fh;
    let written = mount.vfs.write(fh, 0, text.as_bytes()).await;
    let flushed = mount.vfs.flush(fh, process).await;
    mount.vfs.release(fh).await?;
    written.and(flushed)
}

/// Writes a file beside and renames it over, as editors do. What that says.
pub(crate) async fn replace(
    mount: &Mount,
    (dir, file): (&str, &str),
    text: &str,
    process: u32,
) -> Result<()> {
    let parent = mount.find(&format!("{AGENTS}/{dir}")).await?.ino;
    let new = OsStr::new("sedAbCdEf");
    let made = mount.vfs.create(parent, new, 0o644_u32, TRUNCATE, false, process).await?;
    mount.vfs.write(made.1.fh, 0, text.as_bytes()).await?;
    mount.vfs.flush(made.1.fh, process).await?;
    mount.vfs.release(made.1.fh).await?;
    let (from, to) = ((parent, new), (parent, OsStr::new(file)));
    mount.vfs.rename(from, to, RenameMode::default(), process).await
}

pub(crate) async fn make(mount: &Mount, dir: &str) -> Result<()> {
    let parent = mount.find(AGENTS).await?.ino;
    mount.vfs.mkdir(parent, OsStr::new(dir), 0o755_u32).await.map(drop)
}

pub(crate) async fn rename(mount: &Mount, from: &str, to: &str, process: u32) -> Result<()> {
    let parent = mount.find(AGENTS).await?.ino;
    let (from, to) = ((parent, OsStr::new(from)), (parent, OsStr::new(to)));
    mount.vfs.rename(from, to, RenameMode::default(), process).await
}

/// Removes a directory with all that is in it.
pub(crate) async fn remove_all(mount: &Mount, dir: &str) -> Result<()> {
    let at = mount.find(&format!("{AGENTS}/{dir}")).await?.ino;
    for below in ["knowledge", "conversations"] {
        let inside = mount.find(&format!("{AGENTS}/{dir}/{below}")).await?.ino;
        for name in names_of(mount, inside).await? {
            mount.vfs.unlink(inside, OsStr::new(&name)).await?;
        }
    }
    for name in names_of(mount, at).await? {
        let name = OsStr::new(&name);
        match mount.vfs.unlink(at, name).await {
            Err(error) if error.kind() == Kind::IsDirectory => mount.vfs.rmdir(at, name).await?,
            removed => removed?,
        }
    }
    mount.vfs.rmdir(mount.find(AGENTS).await?.ino, OsStr::new(dir)).await
}

/// The names in a directory, if it can be opened.
async fn names_of(mount: &Mount, ino: taskadefs::vfs::Ino) -> Result<Vec<String>> {
    let fh = mount.vfs.opendir(ino, crate::support::harness::me()).await?.fh;
    mount.vfs.releasedir(fh);
    Ok(mount.names_of(ino).await)
}

pub(crate) async fn link(mount: &Mount, dir: &str, target: &str) -> Result<()> {
    let parent = mount.find(&format!("{AGENTS}/{dir}/knowledge")).await?.ino;
    mount.vfs.symlink(parent, OsStr::new("link"), Path::new(target), 0o777_u32).await.map(drop)
}

pub(crate) async fn unlink(mount: &Mount, dir: &str, name: &str) -> Result<()> {
    let parent = mount.find(&format!("{AGENTS}/{dir}/knowledge")).await?.ino;
    mount.vfs.unlink(parent, OsStr::new(name)).await
}
