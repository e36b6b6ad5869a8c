//! What programs want of agents, and what becomes of it on its way to Taskade.

mod creation;
mod history;
mod in_doubt;
mod knowledge;
mod merging;
mod rejected;
mod removal;
mod saving;

use std::ffi::OsStr;

use taskadefs::{
    error::Result,
    vfs::{OpenMode, RenameMode},
};

use crate::support::harness::{Mount, READ, TRUNCATE, me};

const AGENTS: &str = ".taskade/agents";
const SCOUT: &str = ".taskade/agents/Scout";
const PROMPT: &str = "Acme/Marketing/.taskade/agents/Scout/prompt.md";
const NONE: [&str; 0] = [];

/// A mount of a folder with the agent `Scout`, which was listed.
async fn scout() -> Mount {
    let mount = Mount::of("a").await;
    mount.memory.make_agent_elsewhere("f", "s", "Scout", "Look.");
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
    mount
}

async fn read(mount: &Mount, file: &str) -> Result<String> {
    let ino = mount.find(&format!("{SCOUT}/{file}")).await?.ino;
    let opened = mount.vfs.open(ino, READ, me()).await?;
    let text = mount.vfs.read(opened.fh, 0, 1 << 20).await?;
    mount.vfs.release(opened.fh).await?;
    Ok(String::from_utf8(text).unwrap())
}

async fn prompt(mount: &Mount) -> String {
    read(mount, "prompt.md").await.unwrap()
}

/// Writes a file anew, as a shell does.
async fn write(mount: &Mount, file: &str, text: &str) -> Result<()> {
    write_by(mount, file, TRUNCATE, text).await
}

async fn write_by(mount: &Mount, file: &str, mode: OpenMode, text: &str) -> Result<()> {
    write_at(mount, &format!("{SCOUT}/{file}"), mode, text).await
}

async fn write_at(mount: &Mount, path: &str, mode: OpenMode, text: &str) -> Result<()> {
    let ino = mount.find(path).await?.ino;
    let opened = mount.vfs.open(ino, mode, me()).await?;
    mount.vfs.write(opened.fh, 0, text.as_bytes()).await?;
    let result = mount.vfs.flush(opened.fh, me()).await;
    mount.vfs.release(opened.fh).await?;
    result
}

async fn rename(mount: &Mount, from: (&str, &str), to: (&str, &str)) -> Result<()> {
    let (old, new) = (mount.place(from.0).await, mount.place(to.0).await);
    let (from, to) = ((old, OsStr::new(from.1)), (new, OsStr::new(to.1)));
    mount.vfs.rename(from, to, RenameMode::default(), me()).await
}

/// The request that sets the agent's prompt, and nothing else.
fn patch(prompt: &str) -> String {
    format!(r#"PATCH s {{"data":{{"commands":[],"description":"{prompt}"}}}}"#)
}

async fn state(mount: &Mount, file: &str) -> Option<String> {
    let ino = mount.place(&format!("{SCOUT}/{file}")).await;
    mount.attribute(ino, "user.taskade.state").await
}
