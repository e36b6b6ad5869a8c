//! The floor: as little as a FUSE file system can do. A tree in memory, every cache on.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fs, io,
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use fuser::{
    Config, Errno, FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo,
    InitFlags, KernelConfig, LockOwner, MountOption, OpenFlags, ReplyAttr, ReplyData,
    ReplyDirectory, ReplyDirectoryPlus, ReplyEntry, ReplyOpen, Request,
};

const LONG: Duration = Duration::from_secs(86_400);

struct Node {
    attr: FileAttr,
    bytes: Vec<u8>,
    names: HashMap<OsString, usize>,
    entries: Vec<(OsString, usize)>,
}

/// The file system; `opened` is the file handle of the next open file, which nobody looks at.
struct Floor {
    nodes: Vec<Node>,
    opened: AtomicU64,
}

/// Serves a copy of `tree` at `mountpoint` until it is unmounted.
pub(crate) fn serve(tree: &Path, mountpoint: &Path) -> io::Result<()> {
    let mut floor = Floor { nodes: Vec::new(), opened: AtomicU64::new(1) };
    floor.take_in(tree)?;
    let mut config = Config::default();
    config.mount_options = vec![MountOption::FSName("floor".to_owned()), MountOption::NoAtime];
    config.n_threads = Some(2);
    config.clone_fd = true;
    fuser::mount(floor, mountpoint, &config)
}

impl Floor {
    fn take_in(&mut self, path: &Path) -> io::Result<usize> {
        let metadata = fs::metadata(path)?;
        let bytes = if metadata.is_file() { fs::read(path)? } else { Vec::new() };
        let number = self.nodes.len();
        let attr = attributes(number, &bytes, metadata.is_dir(), metadata.modified()?);
        self.nodes.push(Node { attr, bytes, names: HashMap::new(), entries: Vec::new() });
        if metadata.is_dir() {
            for entry in fs::read_dir(path)? {
                let entry = entry?;
                let child = self.take_in(&entry.path())?;
                self.nodes[number].names.insert(entry.file_name(), child);
                self.nodes[number].entries.push((entry.file_name(), child));
            }
        }
        Ok(number)
    }

    /// The entries of a directory from an offset on, each with the offset after it.
    fn entries(
        &self,
        ino: INodeNo,
        offset: u64,
    ) -> impl Iterator<Item = (u64, &OsString, &FileAttr)> {
        let all = self.node(ino).map(|node| &node.entries[..]).unwrap_or_default();
        let rest = (1..).zip(all).skip(offset as usize);
        rest.map(|(next, (name, child))| (next, name, &self.nodes[*child].attr))
    }

    fn node(&self, ino: INodeNo) -> Option<&Node> {
        self.nodes.get(usize::try_from(ino.0).ok()?.checked_sub(1)?)
    }
}

fn attributes(number: usize, bytes: &[u8], dir: bool, time: std::time::SystemTime) -> FileAttr {
    FileAttr {
        ino: INodeNo(number as u64 + 1),
        size: bytes.len() as u64,
        blocks: 1,
        atime: time,
        mtime: time,
        ctime: time,
        crtime: time,
        kind: if dir { FileType::Directory } else { FileType::RegularFile },
        perm: if dir { 0o755 } else { 0o644 },
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    }
}

impl Filesystem for Floor {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> io::Result<()> {
        for flag in [InitFlags::FUSE_DO_READDIRPLUS, InitFlags::FUSE_READDIRPLUS_AUTO] {
            // A kernel without it is a slower floor.
            let _ = config.add_capabilities(flag);
        }
        Ok(())
    }

    fn lookup(&self, _request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let child = self.node(parent).and_then(|node| node.names.get(name));
        match child.and_then(|child| self.nodes.get(*child)) {
            Some(node) => reply.entry(&LONG, &node.attr, Generation(0)),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn getattr(&self, _request: &Request, ino: INodeNo, _fh: Option<FileHandle>, reply: ReplyAttr) {
        match self.node(ino) {
            Some(node) => reply.attr(&LONG, &node.attr),
            None => reply.error(Errno::ENOENT),
        }
    }

    fn open(&self, _request: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        let fh = FileHandle(self.opened.fetch_add(1, Ordering::Relaxed));
        reply.opened(fh, FopenFlags::FOPEN_KEEP_CACHE | FopenFlags::FOPEN_NOFLUSH);
    }

    fn read(
        &self,
        _request: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let Some(node) = self.node(ino) else { return reply.error(Errno::ENOENT) };
        let from = usize::try_from(offset).unwrap_or(usize::MAX).min(node.bytes.len());
        let to = from.saturating_add(size as usize).min(node.bytes.len());
        reply.data(&node.bytes[from..to]);
    }

    fn opendir(&self, _request: &Request, _ino: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        reply.opened(FileHandle(0), FopenFlags::FOPEN_CACHE_DIR | FopenFlags::FOPEN_KEEP_CACHE);
    }

    fn readdir(
        &self,
        _request: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        for (next, name, attr) in self.entries(ino, offset) {
            if reply.add(attr.ino, next, attr.kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn readdirplus(
        &self,
        _request: &Request,
        ino: INodeNo,
        _fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectoryPlus,
    ) {
        for (next, name, attr) in self.entries(ino, offset) {
            if reply.add(attr.ino, next, name, &LONG, attr, Generation(0)) {
                break;
            }
        }
        reply.ok();
    }
}
