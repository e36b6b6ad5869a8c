//! FUSE requests, one by one: own the arguments, run the operation in a task, reply.

use std::{ffi::OsStr, io, path::Path, sync::Arc, time::SystemTime};

use fuser::{
    FileHandle, Filesystem, FopenFlags, INodeNo, InitFlags, KernelConfig, LockOwner, OpenFlags,
    RenameFlags, ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry,
    ReplyOpen, ReplyStatfs, ReplyWrite, ReplyXattr, Request, TimeOrNow, WriteFlags,
};
use tokio::runtime::Handle;

use super::convert::{errno, file_attr, file_type, ino, number, open_flags, opendir_flags, time};
use super::replies::{GENERATION, reply_attr, reply_data, reply_empty, reply_entry, reply_xattr};
use super::running::{FuseCall, nothing, uncreated, unknown_entry, unopened, unopened_directory};
use crate::{
    kernel_thread,
    vfs::{
        Fh, NewFile, OpenMode, RenameMode, Room, SetAttr, Vfs, handle, raised,
        scratch_file::Writing,
    },
};

/// What a caller makes is the caller's.
fn new_file(request: &Request, permissions: u32) -> NewFile {
    NewFile { permissions, owner: Some((request.uid(), request.gid())) }
}

/// What FUSE talks to.
pub(crate) struct Adapter {
    vfs: Arc<Vfs>,
    runtime: Handle,
}

impl Adapter {
    pub(crate) fn new(vfs: Arc<Vfs>, runtime: Handle) -> Self {
        Self { vfs, runtime }
    }

    /// A request that somebody waits for.
    fn call(&self, request: &Request) -> FuseCall<'_> {
        FuseCall::new(&self.vfs, &self.runtime, request.pid())
    }

    /// A request that nobody waits for.
    fn call_of_nobody(&self) -> FuseCall<'_> {
        FuseCall::new(&self.vfs, &self.runtime, 0)
    }
}

impl Filesystem for Adapter {
    fn init(&mut self, _request: &Request, config: &mut KernelConfig) -> io::Result<()> {
        // O_TRUNC comes with the open, so that both are one save. The kernel's writeback cache
        // stays off: writes would arrive late and out of the writer's sight.
        // READDIRPLUS stays off too. It would have to give plain entries for projects whose size
        // is not known, as a size may cost a request and a name must not. In the protocol that is
        // node 0 beside the entry's number, but fuser's replies have one number for both, and an
        // entry whose number is 0 is left out of listings. Attributes that are believed for no
        // time would do, but have the kernel hold an inode for every name, and gain nothing: a
        // listing that is the same is read from the kernel's own pages.
        let wanted = [
            InitFlags::FUSE_ATOMIC_O_TRUNC,
            InitFlags::FUSE_PARALLEL_DIROPS,
            InitFlags::FUSE_DIRECT_IO_ALLOW_MMAP,
            InitFlags::FUSE_CACHE_SYMLINKS,
        ];
        for capability in wanted {
            if config.add_capabilities(capability).is_err() {
                tracing::debug!(?capability, "the kernel lacks a capability");
            }
        }
        Ok(())
    }

    fn lookup(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        let (parent, name, caller) = (ino(parent), name.to_owned(), request.pid());
        self.call(request).looking_within(parent).run(
            |vfs| async move { vfs.lookup(parent, &name, caller).await },
            reply_entry(reply),
            unknown_entry,
        );
    }

    fn forget(&self, _request: &Request, inode: INodeNo, count: u64) {
        kernel_thread::serve(|| self.vfs.forget(ino(inode), count));
    }

    fn getattr(
        &self,
        request: &Request,
        inode: INodeNo,
        _fh: Option<FileHandle>,
        reply: ReplyAttr,
    ) {
        let (inode, caller) = (ino(inode), request.pid());
        self.call(request).run(
            |vfs| async move { vfs.getattr(inode, caller).await },
            reply_attr(reply),
            nothing,
        );
    }

    fn setattr(
        &self,
        request: &Request,
        inode: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        accessed: Option<TimeOrNow>,
        modified: Option<TimeOrNow>,
        _changed: Option<SystemTime>,
        fh: Option<FileHandle>,
        _created: Option<SystemTime>,
        _chgtime: Option<SystemTime>,
        _bkuptime: Option<SystemTime>,
        _flags: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let now = SystemTime::now();
        let set = SetAttr {
            mode,
            uid,
            gid,
            size,
            accessed: accessed.map(|wanted| time(wanted, now)),
            modified: modified.map(|wanted| time(wanted, now)),
        };
        let (inode, fh, caller) = (ino(inode), fh.map(|fh| Fh(fh.0)), request.pid());
        let operation = |vfs: Arc<Vfs>| async move { vfs.setattr(inode, fh, &set, caller).await };
        self.call(request).run(operation, reply_attr(reply), nothing);
    }

    fn readlink(&self, request: &Request, inode: INodeNo, reply: ReplyData) {
        let inode = ino(inode);
        self.call(request).run(
            |vfs| async move {
                let target = vfs.readlink(inode).await?;
                Ok(target.into_os_string().into_encoded_bytes())
            },
            reply_data(reply),
            nothing,
        );
    }

    fn mknod(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        rdev: u32,
        reply: ReplyEntry,
    ) {
        let (parent, name, caller) = (ino(parent), name.to_owned(), request.pid());
        let new = new_file(request, mode & !umask);
        let operation =
            |vfs: Arc<Vfs>| async move { vfs.mknod(parent, &name, new, rdev, caller).await };
        self.call(request).within(parent).run(operation, reply_entry(reply), unknown_entry);
    }

    fn mkdir(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        reply: ReplyEntry,
    ) {
        let (parent, name) = (ino(parent), name.to_owned());
        let new = new_file(request, mode & !umask);
        let raises = raised::is_raised_by(&self.vfs, request.pid());
        let operation = move |vfs: Arc<Vfs>| async move {
            match raises {
                true => raised::made(&vfs, parent, &name),
                false => vfs.mkdir(parent, &name, new).await,
            }
        };
        self.call(request).within(parent).run(operation, reply_entry(reply), unknown_entry);
    }

    fn unlink(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let (parent, name) = (ino(parent), name.to_owned());
        let raises = raised::is_raised_by(&self.vfs, request.pid());
        self.call(request).within(parent).run(
            move |vfs| async move {
                match raises {
                    true => raised::removed(&vfs, parent, &name),
                    false => vfs.unlink(parent, &name).await,
                }
            },
            reply_empty(reply),
            nothing,
        );
    }

    fn rmdir(&self, request: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let (parent, name) = (ino(parent), name.to_owned());
        let raises = raised::is_raised_by(&self.vfs, request.pid());
        self.call(request).within(parent).run(
            move |vfs| async move {
                match raises {
                    true => raised::removed(&vfs, parent, &name),
                    false => vfs.rmdir(parent, &name).await,
                }
            },
            reply_empty(reply),
            nothing,
        );
    }

    fn symlink(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        target: &Path,
        reply: ReplyEntry,
    ) {
        let (parent, name, target) = (ino(parent), name.to_owned(), target.to_owned());
        let new = new_file(request, 0o777);
        let operation =
            |vfs: Arc<Vfs>| async move { vfs.symlink(parent, &name, &target, new).await };
        self.call(request).within(parent).run(operation, reply_entry(reply), unknown_entry);
    }

    fn rename(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        let mode = RenameMode {
            no_replace: flags.contains(RenameFlags::RENAME_NOREPLACE),
            exchange: flags.contains(RenameFlags::RENAME_EXCHANGE),
        };
        let (parent, name) = (ino(parent), name.to_owned());
        let (new_parent, new_name) = (ino(new_parent), new_name.to_owned());
        let caller = request.pid();
        let operation = |vfs: Arc<Vfs>| async move {
            vfs.rename((parent, &name), (new_parent, &new_name), mode, caller).await
        };
        self.call(request).within(parent).within(new_parent).run(
            operation,
            reply_empty(reply),
            nothing,
        );
    }

    fn link(
        &self,
        request: &Request,
        inode: INodeNo,
        parent: INodeNo,
        name: &OsStr,
        reply: ReplyEntry,
    ) {
        let (inode, parent, name) = (ino(inode), ino(parent), name.to_owned());
        let operation = |vfs: Arc<Vfs>| async move { vfs.link(inode, parent, &name).await };
        self.call(request).within(parent).run(operation, reply_entry(reply), unknown_entry);
    }

    fn open(&self, request: &Request, inode: INodeNo, flags: OpenFlags, reply: ReplyOpen) {
        let (inode, caller) = (ino(inode), request.pid());
        let mode = OpenMode::from_flags(flags.0);
        let operation = |vfs: Arc<Vfs>| async move { vfs.open(inode, mode, caller).await };
        self.call(request).run(
            operation,
            move |result| match result {
                Ok(opened) => {
                    let mut flags = open_flags(opened.caching);
                    if !mode.write {
                        // Nothing is committed on closing what was only read.
                        flags |= FopenFlags::FOPEN_NOFLUSH;
                    }
                    reply.opened(FileHandle(opened.fh.0), flags);
                }
                Err(error) => reply.error(errno(&error)),
            },
            unopened,
        );
    }

    fn create(
        &self,
        request: &Request,
        parent: INodeNo,
        name: &OsStr,
        mode: u32,
        umask: u32,
        flags: i32,
        reply: ReplyCreate,
    ) {
        let (parent, name, caller) = (ino(parent), name.to_owned(), request.pid());
        let exclusive = flags & libc::O_EXCL != 0;
        let open = OpenMode::from_flags(flags);
        let new = new_file(request, mode & !umask);
        let operation = |vfs: Arc<Vfs>| async move {
            vfs.create(parent, &name, new, open, exclusive, caller).await
        };
        self.call(request).within(parent).run(
            operation,
            move |result| match result {
                Ok((attr, opened)) => reply.created(
                    &attr.attr_ttl,
                    &file_attr(&attr),
                    GENERATION,
                    FileHandle(opened.fh.0),
                    open_flags(opened.caching),
                ),
                Err(error) => reply.error(errno(&error)),
            },
            uncreated,
        );
    }

    fn read(
        &self,
        request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        offset: u64,
        size: u32,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let (fh, size) = (Fh(fh.0), size as usize);
        self.call(request).run(
            |vfs| async move { vfs.read(fh, offset, size).await },
            reply_data(reply),
            nothing,
        );
    }

    fn write(
        &self,
        request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        offset: u64,
        data: &[u8],
        write_flags: WriteFlags,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        let (fh, data) = (Fh(fh.0), data.to_vec());
        let writing = match write_flags.contains(WriteFlags::FUSE_WRITE_CACHE) {
            true => Writing::Page,
            false => Writing::Program,
        };
        self.call(request).run(
            move |vfs| async move {
                handle::write(&vfs, fh, writing, offset, &data).await?;
                Ok(u32::try_from(data.len()).unwrap_or(u32::MAX))
            },
            move |result| match result {
                Ok(written) => reply.written(written),
                Err(error) => reply.error(errno(&error)),
            },
            nothing,
        );
    }

    fn flush(
        &self,
        request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        _lock_owner: LockOwner,
        reply: ReplyEmpty,
    ) {
        let (fh, caller) = (Fh(fh.0), request.pid());
        self.call(request).run(
            |vfs| async move { vfs.flush(fh, caller).await },
            reply_empty(reply),
            nothing,
        );
    }

    fn release(
        &self,
        _request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        _lock_owner: Option<LockOwner>,
        _flush: bool,
        reply: ReplyEmpty,
    ) {
        let fh = Fh(fh.0);
        self.call_of_nobody().run(
            |vfs| async move { vfs.release(fh).await },
            reply_empty(reply),
            nothing,
        );
    }

    fn fsync(
        &self,
        request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        _datasync: bool,
        reply: ReplyEmpty,
    ) {
        let fh = Fh(fh.0);
        self.call(request).run(
            |vfs| async move { vfs.fsync(fh).await },
            reply_empty(reply),
            nothing,
        );
    }

    fn opendir(&self, request: &Request, inode: INodeNo, _flags: OpenFlags, reply: ReplyOpen) {
        let (inode, caller) = (ino(inode), request.pid());
        self.call(request).run(
            |vfs| async move { vfs.opendir(inode, caller).await },
            move |result| match result {
                Ok(opened) => reply.opened(FileHandle(opened.fh.0), opendir_flags(opened.caching)),
                Err(error) => reply.error(errno(&error)),
            },
            unopened_directory,
        );
    }

    fn readdir(
        &self,
        _request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        offset: u64,
        mut reply: ReplyDirectory,
    ) {
        let read = || {
            self.vfs.readdir(Fh(fh.0), offset, |next, entry| {
                reply.add(number(entry.ino), next, file_type(entry.kind), &entry.name)
            })
        };
        match kernel_thread::serve(read).value {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(errno(&error)),
        }
    }

    fn releasedir(
        &self,
        _request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        _flags: OpenFlags,
        reply: ReplyEmpty,
    ) {
        kernel_thread::serve(|| self.vfs.releasedir(Fh(fh.0)));
        reply.ok();
    }

    fn fsyncdir(
        &self,
        request: &Request,
        inode: INodeNo,
        _fh: FileHandle,
        _datasync: bool,
        reply: ReplyEmpty,
    ) {
        let inode = ino(inode);
        self.call(request).run(
            |vfs| async move { vfs.sync_directory(inode).await },
            reply_empty(reply),
            nothing,
        );
    }

    fn statfs(&self, request: &Request, _inode: INodeNo, reply: ReplyStatfs) {
        // What is written waits on the local disk: there has to be room.
        self.call(request).run(
            |vfs| async move { vfs.room().await },
            move |result| match result {
                Ok(Room { block, blocks: [all, free, available], files: [files, more] }) => {
                    reply.statfs(all, free, available, files, more, block, 255, block);
                }
                Err(error) => reply.error(errno(&error)),
            },
            nothing,
        );
    }

    fn setxattr(
        &self,
        request: &Request,
        inode: INodeNo,
        name: &OsStr,
        value: &[u8],
        flags: i32,
        _position: u32,
        reply: ReplyEmpty,
    ) {
        let (inode, name, value) = (ino(inode), name.to_owned(), value.to_vec());
        let operation =
            |vfs: Arc<Vfs>| async move { vfs.setxattr(inode, &name, &value, flags).await };
        self.call(request).run(operation, reply_empty(reply), nothing);
    }

    fn getxattr(
        &self,
        request: &Request,
        inode: INodeNo,
        name: &OsStr,
        size: u32,
        reply: ReplyXattr,
    ) {
        let (inode, name) = (ino(inode), name.to_owned());
        let operation = |vfs: Arc<Vfs>| async move { vfs.getxattr(inode, &name).await };
        self.call(request).run(operation, reply_xattr(reply, size), nothing);
    }

    fn listxattr(&self, request: &Request, inode: INodeNo, size: u32, reply: ReplyXattr) {
        let inode = ino(inode);
        let operation = |vfs: Arc<Vfs>| async move { Ok(vfs.listxattr(inode).await) };
        self.call(request).run(operation, reply_xattr(reply, size), nothing);
    }

    fn removexattr(&self, request: &Request, inode: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        let (inode, name) = (ino(inode), name.to_owned());
        let operation = |vfs: Arc<Vfs>| async move { vfs.removexattr(inode, &name).await };
        self.call(request).run(operation, reply_empty(reply), nothing);
    }

    fn fallocate(
        &self,
        request: &Request,
        _inode: INodeNo,
        fh: FileHandle,
        offset: u64,
        length: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        let fh = Fh(fh.0);
        let operation = |vfs: Arc<Vfs>| async move { vfs.allocate(fh, mode, offset, length).await };
        self.call(request).run(operation, reply_empty(reply), nothing);
    }
}
