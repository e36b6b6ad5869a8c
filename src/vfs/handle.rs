//! Open files: reading, and drafts. When a draft is committed is decided in `commit_policy`; what
//! was emptied and not written to since is kept in `truncation`.

use std::sync::{Arc, atomic::Ordering};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    sync::{
        Process, Project,
        read::{details, follow, open, serve},
        residency,
    },
    vfs::{
        agents, archived,
        commit_policy::{Occasion, Verdict, decide},
        draft::{self, Draft},
        inode::Node,
        kernel_cache, left_behind, media, outcome, pins, process, resource, scratch,
        scratch_file::Writing,
        share, taken,
        tree::{
            handles::{Handle, Writer, is_opener},
            sources::CopySource,
        },
        truncation,
        types::{Caching, Fh, Ino, OpenMode, Opened},
        volume::Vfs,
    },
};

/// Opens a file.
///
/// # Errors
/// What reading the project failed with, or [`Kind::ReadOnly`].
pub(crate) async fn open(vfs: &Vfs, ino: Ino, mode: OpenMode, caller: u32) -> Result<Opened> {
    let opened = open_node(vfs, ino, mode, caller).await;
    pins::end_open(vfs, caller, &opened);
    opened
}

async fn open_node(vfs: &Vfs, ino: Ino, mode: OpenMode, caller: u32) -> Result<Opened> {
    if mode.write {
        vfs.check_writable_at(ino)?;
    }
    match vfs.node(ino)? {
        Node::Directory { .. } => Err(Error::new(Kind::IsDirectory, "a directory")),
        Node::Scratch(_) => scratch::open_scratch(vfs, ino, mode, caller).await,
        Node::Resource(node) => {
            if archived::has_left(vfs, &node) {
                pins::check_stale(vfs, ino, caller)?;
            }
            resource::open_resource(vfs, ino, &node, mode, process::of_thread(caller)).await
        }
        Node::Project(project) if mode.write => {
            follow::open(&vfs.engine, &project, process::of_thread(caller));
            residency::ensure(&vfs.engine, &project).await;
            pins::open_to_write(vfs, ino, &project, caller)?;
            if left_behind::may_have_left(vfs, &project).await? {
                pins::check_stale(vfs, ino, caller)?;
            }
            open_writer(vfs, ino, project, mode, process::of_thread(caller)).await
        }
        Node::Project(project) => {
            let process = process::of_thread(caller);
            follow::open(&vfs.engine, &project, process);
            if let Some(process) = process {
                vfs.tree().sources.note(process, CopySource::Project(project.clone()));
            }
            open_reader(vfs, ino, project, (caller, process)).await
        }
    }
}

pub(crate) async fn open_reader(
    vfs: &Vfs,
    ino: Ino,
    project: Arc<Project>,
    (caller, process): (u32, Option<Process>),
) -> Result<Opened> {
    residency::ensure(&vfs.engine, &project).await;
    if let Some(detached) = pins::open_detached(vfs, ino, &project, caller)? {
        let text = match detached.text {
            Some(text) => text,
            None => open::read(&vfs.engine, &project).await?.text,
        };
        return Ok(add_private_reader(vfs, project, process, text));
    }
    if vfs.tree().emptied_by(project.serial, process).is_some() {
        return Ok(add_private_reader(vfs, project, process, Arc::from([])));
    }
    let mut content = match serve::own_content(&vfs.engine, &project, process) {
        // What it wrote a moment ago is no news from anyone.
        Some(own) => own,
        None => open::read_for(&vfs.engine, &project, process).await?,
    };
    let mut is_apart = false;
    if let Some(served) = serve::read_by(&vfs.engine, &project, process) {
        (content, is_apart) = (served.content, served.is_apart);
    }
    open::note_served(&vfs.engine, &project, &content);
    details::ask_ahead(&vfs.engine, &project);
    let (serial, size) = (project.serial, content.text.len() as u64);
    pins::open_outgrown(vfs, ino, &project, &content, caller)?;
    let is_kept_clear = {
        let tree = vfs.tree();
        tree.is_written(serial) || tree.pins.is_reserved(ino, caller)
    };
    if is_apart || is_kept_clear {
        return Ok(add_private_reader(vfs, project, process, content.text));
    }
    // A kernel that believes in another size would cut the text off there.
    let announced = vfs.tree().sized.get(&serial).copied();
    if announced.is_some_and(|announced| announced != size) {
        kernel_cache::invalidate_and_wait(vfs, ino).await;
    }
    let mut tree = vfs.tree();
    if !pins::is_shared(&tree, ino, serial, &content) {
        drop(tree);
        pins::open_outgrown(vfs, ino, &project, &content, caller)?;
        return Ok(add_private_reader(vfs, project, process, content.text));
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
pub(crate) fn add_private_reader(
    vfs: &Vfs,
    project: Arc<Project>,
    process: Option<Process>,
    text: Arc<[u8]>,
) -> Opened {
    let mut tree = vfs.tree();
    // A mapping may fill them with it all the same.
    tree.paged.remove(&project.serial);
    let fh = tree.add_handle(Handle::Reader { project, process, text, is_private: true });
    Opened { fh, caching: Caching::Bypass }
}

pub(crate) async fn open_writer(
    vfs: &Vfs,
    ino: Ino,
    project: Arc<Project>,
    mode: OpenMode,
    process: Option<Process>,
) -> Result<Opened> {
    let draft = truncation::draft_for(vfs, &project, process, mode).await?;
    Ok(add_writer(vfs, ino, project, mode, process, draft))
}

pub(crate) fn add_writer(
    vfs: &Vfs,
    ino: Ino,
    project: Arc<Project>,
    mode: OpenMode,
    process: Option<Process>,
    draft: Draft,
) -> Opened {
    let emptied = draft.is_emptied();
    let writer = Writer::new(project, ino, process, mode, draft, vfs.now());
    let mut tree = vfs.tree();
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
pub(crate) async fn read(vfs: &Vfs, fh: Fh, offset: u64, size: usize) -> Result<Vec<u8>> {
    match &*vfs.handle(fh)? {
        Handle::Reader { project, process, text, is_private } => {
            vfs.reads.fetch_add(1, Ordering::Relaxed);
            let is_overtaken = !is_private && vfs.tree().pins.is_overtaken(fh);
            let text = match is_overtaken {
                true => text_now(vfs, project, *process, text),
                false => text.clone(),
            };
            Ok(draft::slice(&text, offset, size).to_vec())
        }
        Handle::Writer(writer) => Ok(writer.draft().read(offset, size).to_vec()),
        Handle::Answer { text, .. } => Ok(draft::slice(text, offset, size).to_vec()),
        Handle::Sharing(sharing) => Ok(sharing.draft().read(offset, size).to_vec()),
        Handle::Agent(writer) => Ok(writer.draft().read(offset, size).to_vec()),
        Handle::Scratch { file, .. } => file.read(offset, size).await,
        Handle::Media(reader) => media::open::read(reader, offset, size).await,
        Handle::MediaWriter(writer) => writer.file.read(offset, size).await,
        Handle::Directory { .. } => Err(Error::new(Kind::IsDirectory, "a directory")),
    }
}

/// What a reader gets of an inode that has another text by now than when it opened the project.
/// Not the newer one before the kernel has heard of that: as long as it believes in the size of
/// the old one, it would cut the new one off there. It asks again once it has heard.
pub(crate) fn text_now(
    vfs: &Vfs,
    project: &Arc<Project>,
    process: Option<Process>,
    opened: &Arc<[u8]>,
) -> Arc<[u8]> {
    let size = vfs.tree().sized.get(&project.serial).copied();
    let has_size = |text: &[u8]| size.is_none_or(|size| size == text.len() as u64);
    let served = serve::read_by(&vfs.engine, project, process);
    // Its pages are everybody's.
    let content = match served {
        Some(served) if served.is_own => residency::content(&vfs.engine, project),
        served => served.map(|served| served.content),
    };
    match content {
        Some(content) if has_size(&content.text) || !has_size(opened) => {
            open::note_served(&vfs.engine, project, &content);
            content.text
        }
        _ => opened.clone(),
    }
}

/// Writes to an open file.
///
/// # Errors
/// [`Kind::BadHandle`] if it is not open for writing, EFBIG if it grows beyond reason.
pub(crate) async fn write(
    vfs: &Vfs,
    fh: Fh,
    writing: Writing,
    offset: u64,
    data: &[u8],
) -> Result<()> {
    match &*vfs.handle(fh)? {
        Handle::Writer(writer) => {
            let mut draft = writer.draft();
            // The kernel's idea of the end of the file is not the draft's.
            let appends = writer.append && writing == Writing::Program;
            draft.write((!appends).then_some(offset), data)?;
            drop(draft);
            writer.touch(vfs.now());
            vfs.tree().written(fh);
            Ok(())
        }
        Handle::Sharing(sharing) => sharing.write(offset, data),
        Handle::Agent(agent) => agent.write(offset, data),
        Handle::MediaWriter(writer) => media::write::write(writer, writing, offset, data).await,
        Handle::Scratch { file, .. } => {
            kernel_thread::leave().await;
            file.write(writing, offset, data)
        }
        _ => Err(Error::new(Kind::BadHandle, "the file is not open for writing")),
    }
}

/// A descriptor of the file was closed.
///
/// # Errors
/// As a save, and once more what the last save through this handle was refused with.
pub(crate) async fn flush(vfs: &Arc<Vfs>, fh: Fh, caller: u32) -> Result<()> {
    let handle = vfs.handle(fh)?;
    let writer = match &*handle {
        Handle::Writer(writer) => writer,
        Handle::Sharing(sharing) => return share::flush_share(vfs, sharing, caller).await,
        Handle::Agent(agent) => return agents::write::flush(vfs, agent, caller).await,
        Handle::MediaWriter(writer) => return media::write::flush(vfs, writer, caller).await,
        _ => return Ok(()),
    };
    let occasion = Occasion::Flush {
        by_opener: is_opener(writer.process, caller),
        is_refusal_certain: truncation::is_refusal_certain(vfs, writer),
    };
    carry_out(vfs, fh, writer, occasion).await
}

/// The program wants what it wrote to be safe.
///
/// # Errors
/// As closing it, with an errno that no program takes lightly.
pub(crate) async fn fsync(vfs: &Arc<Vfs>, fh: Fh) -> Result<()> {
    let handle = vfs.handle(fh)?;
    match &*handle {
        Handle::Writer(writer) => {
            writer.draft().confirm_emptied();
            carry_out(vfs, fh, writer, Occasion::Fsync).await.map_err(Error::at_fsync)
        }
        Handle::Sharing(sharing) => share::send_share(vfs, sharing).await.map_err(Error::at_fsync),
        Handle::Agent(agent) => agents::write::fsync(vfs, agent).await.map_err(Error::at_fsync),
        Handle::MediaWriter(writer) => {
            media::write::commit(vfs, writer).await.map_err(Error::at_fsync)
        }
        Handle::Scratch { file, .. } => file.sync().await,
        _ => Ok(()),
    }
}

/// Makes room in an open scratch file, as fallocate(2) asks.
///
/// # Errors
/// [`Kind::Unsupported`] for a project: its room is not on this disk.
pub(crate) async fn allocate(vfs: &Vfs, fh: Fh, mode: i32, offset: u64, length: u64) -> Result<()> {
    let Handle::Scratch { file, .. } = &*vfs.handle(fh)? else {
        return Err(Error::new(Kind::Unsupported, "only local files take room ahead"));
    };
    file.allocate(mode, offset, length).await
}

/// The last descriptor of an open file is gone.
///
/// # Errors
/// As a save; nobody but the log hears of it.
pub(crate) async fn release(vfs: &Arc<Vfs>, fh: Fh) -> Result<()> {
    let handle = {
        let mut tree = vfs.tree();
        tree.pins.unpin(fh);
        tree.handles.remove(&fh)
    };
    let Some(handle) = handle else { return Ok(()) };
    let writer = match &*handle {
        Handle::Writer(writer) => writer,
        Handle::Sharing(sharing) => return share::send_share(vfs, sharing).await,
        Handle::Agent(agent) => return agents::write::release(vfs, agent).await,
        Handle::MediaWriter(writer) => {
            kernel_thread::leave().await;
            return media::write::commit(vfs, writer).await;
        }
        Handle::Scratch { .. } | Handle::Media(_) => {
            kernel_thread::leave().await;
            return Ok(());
        }
        _ => return Ok(()),
    };
    let result = carry_out(vfs, fh, writer, Occasion::Release).await;
    // Attributes that the kernel was told were the draft's.
    kernel_cache::invalidate(vfs, super::Invalidation::Inode(writer.ino));
    result
}

/// What becomes of what is written, by what happens to the open file.
pub(crate) async fn carry_out(
    vfs: &Arc<Vfs>,
    fh: Fh,
    writer: &Writer,
    occasion: Occasion,
) -> Result<()> {
    let stage = writer.draft().stage(false);
    match decide(stage, occasion) {
        Verdict::Commit => {
            vfs.tree().written(fh);
            commit(vfs, writer).await
        }
        Verdict::Grace => {
            truncation::grant_grace(vfs, fh);
            Ok(())
        }
        // Nobody hears what is told then.
        Verdict::Drop | Verdict::Nothing if occasion == Occasion::Release => Ok(()),
        Verdict::Drop | Verdict::Nothing => outcome::last_outcome(writer),
    }
}

pub(crate) async fn commit(vfs: &Arc<Vfs>, writer: &Writer) -> Result<()> {
    let taken = writer.draft().take();
    if taken.is_whole {
        let replaced = Occasion::Replaced;
        truncation::expire_truncates_but(vfs, writer.target(), replaced, Some(writer)).await;
    }
    taken::save_taken(vfs, writer, taken).await
}
