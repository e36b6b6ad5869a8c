//! Programs of their own at one mount: each a process that does nothing itself, and in whose name
//! requests come. What the file system knows of a caller is its process.

use std::{
    process::{Child, Command, Stdio},
    time::SystemTime,
};

use taskadefs::{
    error::Result,
    vfs::{Caching, Fh, Ino, OpenMode},
};

use crate::support::harness::{APPEND, Mount, READ, TRUNCATE};

/// One of them.
pub(crate) struct Program {
    process: Child,
    /// The file that it works at.
    file: &'static str,
}

impl Program {
    pub(crate) fn new() -> Self {
        let mut command = Command::new("cat");
        let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        Self { process, file: "Plan.md" }
    }

    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// From now on it works at this file.
    pub(crate) fn goes_to(&mut self, file: &'static str) {
        self.file = file;
    }

    pub(crate) async fn open(&self, mount: &Mount, mode: OpenMode) -> (Ino, Fh, Caching) {
        let ino = mount.ino(self.file).await.unwrap();
        let opened = mount.vfs.open(ino, mode, self.id()).await.unwrap();
        (ino, opened.fh, opened.caching)
    }

    /// What it reads, which must be as long as it is told that it is.
    pub(crate) async fn reads(&self, mount: &Mount) -> String {
        let (ino, fh, _) = self.open(mount, READ).await;
        let size = mount.vfs.getattr(ino, self.id()).await.unwrap().size;
        let text = mount.vfs.read(fh, 0, 1 << 20).await.unwrap();
        mount.vfs.release(fh).await.unwrap();
        assert_eq!(text.len() as u64, size, "stat and read must agree");
        String::from_utf8(text).unwrap()
    }

    /// What it is told of what it wrote.
    async fn puts(&self, mount: &Mount, mode: OpenMode, text: &str) -> Result<()> {
        let (_, fh, _) = self.open(mount, mode).await;
        mount.vfs.write(fh, 0, text.as_bytes()).await.unwrap();
        let told = mount.vfs.flush(fh, self.id()).await;
        mount.vfs.release(fh).await.unwrap();
        told
    }

    /// It saves, and may be told that this failed.
    pub(crate) async fn saves(&self, mount: &Mount, text: &str) -> Result<()> {
        self.puts(mount, TRUNCATE, text).await
    }

    pub(crate) async fn writes(&self, mount: &Mount, text: &str) {
        self.puts(mount, TRUNCATE, text).await.unwrap();
    }

    pub(crate) async fn appends(&self, mount: &Mount, text: &str) {
        self.puts(mount, APPEND, text).await.unwrap();
    }

    /// The size and time that it is told.
    pub(crate) async fn stat(&self, mount: &Mount) -> (u64, SystemTime) {
        let ino = mount.ino(self.file).await.unwrap();
        let attr = mount.vfs.getattr(ino, self.id()).await.unwrap();
        (attr.size, attr.modified)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Tasks of one word each, as a text.
pub(crate) fn lines(texts: &str) -> String {
    texts.split_whitespace().map(|text| format!("- [ ] {text}\n")).collect()
}
