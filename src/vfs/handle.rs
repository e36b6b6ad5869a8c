//! Open files: reading, and drafts. When a draft is committed is decided in `commit_policy`; what
//! was emptied and not written to since is kept in `truncation`.

use std::{
    fs::File,
    os::unix::fs::FileExt,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, atomic::Ordering},
    time::SystemTime,
};

use rustix::fs::{FallocateFlags, fallocate};

use super::{
    Vfs,
    commit_policy::{Occasion, Verdict, decide},
    dir_pages::Listing,
    draft::{self, Draft, Taken},
    inode::Node,
    outcome::Outcome,
    process,
    share::Sharing,
    types::{Caching, Fh, Ino, OpenMode, Opened},
};
use crate::{
    error::{Error, Kind, Result},
    sync::{Base, Process, Project, Seen},
};

/// An open file or directory.
#[derive(Debug)]
pub(crate) enum Handle {
    /// A project open for reading, and its text as it was then. With `is_private` it is read past
    /// the pages that all share.
    Reader { project: Arc<Project>, process: Option<Process>, text: Arc<[u8]>, is_private: bool },
    /// A project open for writing.
    Writer(Writer),
    /// What the service said of a project or a task when it was opened.
    Answer { ino: Ino, text: Arc<[u8]> },
    /// A share link open for writing.
    Sharing(Sharing),
    /// A local file.
    Scratch { file: File, ino: Ino, append: bool },
    /// A directory, as it was when it was opened.
    Directory { ino: Ino, entries: Listing },
}

/// A project open for writing.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) project: Arc<Project>,
    pub(crate) ino: Ino,
    /// Who opened it.
    pub(crate) process: Option<Process>,
    append: bool,
    /// Whether the program can read it.
    reads: bool,
    draft: Mutex<Draft>,
    /// The removed project that the file is again, if it was new when it was opened.
    restored: OnceLock<Arc<Project>>,
    /// What its last commit came to.
    pub(super) outcome: Outcome,
    written: Mutex<SystemTime>,
    /// The time of last change that the program has set since it last wrote.
    dated: Mutex<Option<SystemTime>>,
}

impl Writer {
    pub(crate) fn new(
        project: Arc<Project>,
        ino: Ino,
        process: Option<Process>,
        mode: OpenMode,
        draft: Draft,
        now: SystemTime,
    ) -> Self {
        let (draft, written, dated) = (Mutex::new(draft), Mutex::new(now), Mutex::default());
        let (append, reads) = (mode.append, mode.read);
        let (outcome, restored) = (Outcome::default(), OnceLock::new());
        Self { project, ino, process, append, reads, draft, restored, outcome, written, dated }
    }

    /// What is written is saved to this project.
    pub(crate) fn target(&self) -> &Arc<Project> {
        self.restored.get().unwrap_or(&self.project)
    }

    /// The file is this project, which was removed and is back.
    pub(crate) fn go_to(&self, project: &Arc<Project>) {
        // A file that was new is restored once.
        let _ = self.restored.set(project.clone());
    }

    pub(crate) fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When it was last written to.
    pub(crate) fn written(&self) -> SystemTime {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn truncate(&self, size: u64, seen: Option<Seen>) -> Result<()> {
        self.draft().truncate(size, seen)
    }

    fn touch(&self, now: SystemTime) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = now;
        *self.dated.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The program gives what it has written so far this time of last change.
    pub(crate) fn date(&self, time: SystemTime) {
        *self.written.lock().unwrap_or_else(PoisonError::into_inner) = time;
        *self.dated.lock().unwrap_or_else(PoisonError::into_inner) = Some(time);
    }

    fn dated(&self) -> Option<SystemTime> {
        *self.dated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a request of this thread is one of the process that opened the file. An unknown
/// process counts as the opener: committing early loses nothing, never committing would.
pub(crate) fn is_opener(opener: Option<Process>, thread: u32) -> bool {
    match (opener, process::of_thread(thread)) {
        (Some(opener), Some(caller)) => opener == caller,
        _ => true,
    }
}

impl Vfs {
    /// Opens a file.
    ///
    /// # Errors
    /// What reading the project failed with, or [`Kind::ReadOnly`].
    pub async fn open(&self, ino: Ino, mode: OpenMode, caller: u32) -> Result<Opened> {
        if mode.write {
            self.check_writable()?;
        }
        match self.node(ino)? {
            Node::Directory { .. } => Err(Error::new(Kind::IsDirectory, "a directory")),
            Node::Scratch(_) => self.open_scratch(ino, mode),
            Node::Place(place) => {
                self.open_place(ino, &place, mode, process::of_thread(caller)).await
            }
            Node::Project(project) if mode.write => {
                self.open_to_write(ino, &project, caller)?;
                self.open_writer(ino, project, mode, process::of_thread(caller)).await
            }
            Node::Project(project) => self.open_reader(ino, project, caller).await,
        }
    }

    async fn open_reader(&self, ino: Ino, project: Arc<Project>, caller: u32) -> Result<Opened> {
        let process = process::of_thread(caller);
        if let Some(past) = self.open_past(ino, &project, caller)? {
            let text = match past.text {
                Some(text) => text,
                None => self.engine.read(&project).await?.text,
            };
            return Ok(self.add_private_reader(project, process, text));
        }
        if self.tree().emptied_by(project.serial, process).is_some() {
            return Ok(self.add_private_reader(project, process, Arc::from([])));
        }
        let mut content = match self.engine.own_content(&project, process) {
            // What it wrote a moment ago is no news from anyone.
            Some(own) => own,
            None => self.engine.read_for(&project, process).await?,
        };
        let mut is_apart = false;
        if let Some(served) = self.engine.read_by(&project, process) {
            (content, is_apart) = (served.content, served.is_apart);
        }
        self.engine.note_served(&project, &content);
        self.engine.ask_ahead(&project);
        let (serial, size) = (project.serial, content.text.len() as u64);
        self.open_outgrown(ino, &project, &content, caller)?;
        if is_apart || self.tree().is_written(serial) {
            return Ok(self.add_private_reader(project, process, content.text));
        }
        // A kernel that believes in another size would cut the text off there.
        let told = self.tree().sized.get(&serial).copied();
        if told.is_some_and(|told| told != size) {
            self.tell_and_wait(ino).await;
        }
        let mut tree = self.tree();
        if !self.is_shared(&tree, ino, serial, &content) {
            drop(tree);
            self.open_outgrown(ino, &project, &content, caller)?;
            return Ok(self.add_private_reader(project, process, content.text));
        }
        let paged = tree.paged.insert(serial, content.version);
        let caching = if paged == Some(content.version) { Caching::Keep } else { Caching::Drop };
        if caching == Caching::Drop {
            tracing::debug!(serial, "the kernel drops what it has of a project that is opened");
        }
        let (reads, text) = (project.clone(), content.text.clone());
        let fh = tree.add_handle(Handle::Reader { project, process, text, is_private: false });
        tree.pins.pin(fh, ino, &reads, &content);
        Ok(Opened { fh, caching })
    }

    /// Opens a project with a text that is not read from, nor left in, the pages that all share.
    fn add_private_reader(
        &self,
        project: Arc<Project>,
        process: Option<Process>,
        text: Arc<[u8]>,
    ) -> Opened {
        let mut tree = self.tree();
        // A mapping may fill them with it all the same.
        tree.paged.remove(&project.serial);
        let fh = tree.add_handle(Handle::Reader { project, process, text, is_private: true });
        Opened { fh, caching: Caching::Bypass }
    }

    async fn open_writer(
        &self,
        ino: Ino,
        project: Arc<Project>,
        mode: OpenMode,
        process: Option<Process>,
    ) -> Result<Opened> {
        let draft = self.draft_for(&project, process, mode).await?;
        Ok(self.add_writer(ino, project, mode, process, draft))
    }

    pub(crate) fn add_writer(
        &self,
        ino: Ino,
        project: Arc<Project>,
        mode: OpenMode,
        process: Option<Process>,
        draft: Draft,
    ) -> Opened {
        let emptied = draft.is_emptied();
        let writer = Writer::new(project, ino, process, mode, draft, self.now());
        let mut tree = self.tree();
        let fh = tree.add_handle(Handle::Writer(writer));
        if emptied {
            tree.empty(fh);
        }
        // Nobody else may see the pages of a draft, nor the draft theirs.
        Opened { fh, caching: Caching::Bypass }
    }

    /// Reads from an open file.
    ///
    /// # Errors
    /// [`Kind::BadHandle`] if it is not open.
    pub fn read(&self, fh: Fh, offset: u64, size: usize) -> Result<Vec<u8>> {
        match &*self.handle(fh)? {
            Handle::Reader { project, process, text, is_private } => {
                self.reads.fetch_add(1, Ordering::Relaxed);
                let is_overtaken = !is_private && self.tree().pins.is_overtaken(fh);
                let text = match is_overtaken {
                    true => self.text_now(project, *process, text),
                    false => text.clone(),
                };
                Ok(draft::slice(&text, offset, size).to_vec())
            }
            Handle::Writer(writer) => Ok(writer.draft().read(offset, size).to_vec()),
            Handle::Answer { text, .. } => Ok(draft::slice(text, offset, size).to_vec()),
            Handle::Sharing(sharing) => Ok(sharing.draft().read(offset, size).to_vec()),
            Handle::Scratch { file, .. } => read_full(file, offset, size),
            Handle::Directory { .. } => Err(Error::new(Kind::IsDirectory, "a directory")),
        }
    }

    /// What a reader gets of an inode that has another text by now than when it opened the project.
    /// Not the newer one before the kernel has heard of that: as long as it believes in the size of
    /// the old one, it would cut the new one off there. It asks again once it has heard.
    fn text_now(
        &self,
        project: &Arc<Project>,
        process: Option<Process>,
        opened: &Arc<[u8]>,
    ) -> Arc<[u8]> {
        let believed = self.tree().sized.get(&project.serial).copied();
        let is_believed = |text: &[u8]| believed.is_none_or(|size| size == text.len() as u64);
        let served = self.engine.read_by(project, process);
        // Its pages are everybody's.
        let content = match served {
            Some(served) if served.is_own => self.engine.content(project),
            served => served.map(|served| served.content),
        };
        match content {
            Some(content) if is_believed(&content.text) || !is_believed(opened) => {
                self.engine.note_served(project, &content);
                content.text
            }
            _ => opened.clone(),
        }
    }

    /// Writes to an open file.
    ///
    /// # Errors
    /// [`Kind::BadHandle`] if it is not open for writing, EFBIG if it grows beyond reason.
    pub fn write(&self, fh: Fh, offset: u64, data: &[u8]) -> Result<()> {
        match &*self.handle(fh)? {
            Handle::Writer(writer) => {
                let mut draft = writer.draft();
                // The kernel's idea of the end of the file is not the draft's.
                draft.write((!writer.append).then_some(offset), data)?;
                drop(draft);
                writer.touch(self.now());
                self.tree().written(fh);
                Ok(())
            }
            Handle::Sharing(sharing) => sharing.write(offset, data),
            Handle::Scratch { file, append, .. } => {
                let failed = |error| Error::io("cannot write", error);
                let end = if *append { file.metadata().map_err(failed)?.len() } else { offset };
                file.write_all_at(data, end).map_err(failed)
            }
            _ => Err(Error::new(Kind::BadHandle, "the file is not open for writing")),
        }
    }

    /// A descriptor of the file was closed.
    ///
    /// # Errors
    /// As a save, and once more what the last save through this handle was refused with.
    pub async fn flush(self: &Arc<Self>, fh: Fh, caller: u32) -> Result<()> {
        let handle = self.handle(fh)?;
        let writer = match &*handle {
            Handle::Writer(writer) => writer,
            Handle::Sharing(sharing) => return self.flush_share(sharing, caller).await,
            _ => return Ok(()),
        };
        let occasion = Occasion::Flush {
            by_opener: is_opener(writer.process, caller),
            is_refusal_certain: self.is_refusal_certain(writer),
        };
        self.carry_out(fh, writer, occasion).await
    }

    /// The program wants what it wrote to be safe.
    ///
    /// # Errors
    /// As closing it, with an errno that no program takes lightly.
    pub async fn fsync(self: &Arc<Self>, fh: Fh) -> Result<()> {
        let handle = self.handle(fh)?;
        match &*handle {
            Handle::Writer(writer) => {
                writer.draft().confirm_emptied();
                self.carry_out(fh, writer, Occasion::Fsync).await.map_err(Error::at_fsync)
            }
            Handle::Sharing(sharing) => self.send_share(sharing).await.map_err(Error::at_fsync),
            Handle::Scratch { file, .. } => {
                let file = file.try_clone().map_err(|error| Error::io("cannot sync", error))?;
                tokio::task::spawn_blocking(move || file.sync_all())
                    .await
                    .map_err(|error| Error::new(Kind::Storage, "cannot sync").because(error))?
                    .map_err(|error| Error::io("cannot sync", error))
            }
            _ => Ok(()),
        }
    }

    /// Makes room in an open scratch file, as fallocate(2) asks.
    ///
    /// # Errors
    /// [`Kind::Unsupported`] for a project: its room is not on this disk.
    pub async fn allocate(&self, fh: Fh, mode: i32, offset: u64, length: u64) -> Result<()> {
        let Handle::Scratch { file, .. } = &*self.handle(fh)? else {
            return Err(Error::new(Kind::Unsupported, "only local files take room ahead"));
        };
        let file = file.try_clone().map_err(|error| Error::io("cannot make room", error))?;
        let mode = FallocateFlags::from_bits_retain(u32::try_from(mode).unwrap_or_default());
        tokio::task::spawn_blocking(move || fallocate(&file, mode, offset, length))
            .await
            .map_err(|error| Error::new(Kind::Storage, "cannot make room").because(error))??;
        Ok(())
    }

    /// The last descriptor of an open file is gone.
    ///
    /// # Errors
    /// As a save; nobody but the log hears of it.
    pub async fn release(self: &Arc<Self>, fh: Fh) -> Result<()> {
        let handle = {
            let mut tree = self.tree();
            tree.pins.unpin(fh);
            tree.handles.remove(&fh)
        };
        let Some(handle) = handle else { return Ok(()) };
        let writer = match &*handle {
            Handle::Writer(writer) => writer,
            Handle::Sharing(sharing) => return self.send_share(sharing).await,
            _ => return Ok(()),
        };
        let result = self.carry_out(fh, writer, Occasion::Release).await;
        // Attributes that the kernel was told were the draft's.
        self.tell(super::Notice::Inode(writer.ino));
        result
    }

    /// What becomes of what is written, by what happens to the open file.
    async fn carry_out(
        self: &Arc<Self>,
        fh: Fh,
        writer: &Writer,
        occasion: Occasion,
    ) -> Result<()> {
        let stage = writer.draft().stage(false);
        match decide(stage, occasion) {
            Verdict::Commit => {
                self.tree().written(fh);
                self.commit(writer).await
            }
            Verdict::Grace => {
                self.grant_grace(fh);
                Ok(())
            }
            // Nobody hears what is told then.
            Verdict::Drop | Verdict::Nothing if occasion == Occasion::Release => Ok(()),
            Verdict::Drop | Verdict::Nothing => self.last_outcome(writer),
        }
    }

    pub(crate) async fn commit(self: &Arc<Self>, writer: &Writer) -> Result<()> {
        let taken = writer.draft().take();
        if taken.is_whole {
            let replaced = Occasion::Replaced;
            self.settle_truncations_but(writer.target(), replaced, Some(writer)).await;
        }
        self.save_taken(writer, taken).await
    }

    /// Saves what was taken of a draft.
    pub(crate) async fn save_taken(self: &Arc<Self>, writer: &Writer, taken: Taken) -> Result<()> {
        let returned = self.returned(writer, &taken.text).await?;
        let base = match taken.base {
            _ if returned.is_some() => Base::LastRead,
            Base::Exactly(base) if !writer.reads => Base::Blindly(base),
            base => base,
        };
        let target = writer.target();
        let saved = self.engine.save(target, writer.process, base, taken.text).await;
        writer.outcome.note(saved.outline.clone(), &saved.result);
        if let Some(project) = &returned {
            // A restoration is sent whatever becomes of the text.
            self.engine.go_on(project);
        }
        if let Some(time) = writer.dated().filter(|_| saved.result.is_ok()) {
            self.engine.set_modified(target, time);
        }
        if let Some(outline) = saved.outline {
            writer.draft().rebase(outline);
        }
        saved.result
    }

    pub(crate) fn handle(&self, fh: Fh) -> Result<Arc<Handle>> {
        let handle = self.tree().handles.get(&fh).cloned();
        handle.ok_or_else(|| Error::new(Kind::BadHandle, "the file is not open"))
    }
}

fn read_full(file: &File, offset: u64, size: usize) -> Result<Vec<u8>> {
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, offset.saturating_add(filled as u64)) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(Error::io("cannot read", error)),
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}
