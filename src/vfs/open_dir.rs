//! Open directories: what is in them, as it was when they were opened.

use std::{
    ffi::{OsStr, OsString},
    fs,
    os::unix::fs::MetadataExt,
};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    sync::{
        ListIntent,
        read::{directories, space_readahead},
    },
    vfs::{
        directory::{self, child},
        inode::Node,
        local,
        names::RESERVED,
        process, recent, resource, scratch,
        tree::{entries::Entry, handles::Handle, inner::LocalEntry},
        types::{Directory, DirectoryEntry, Fh, FileKind, Ino, Opened, ROOT},
        volume::Vfs,
    },
};

/// Opens a directory: its entries as they are now, so that reading it on survives changes.
///
/// # Errors
/// If it cannot be listed.
pub(crate) async fn opendir(vfs: &Vfs, ino: Ino, caller: u32) -> Result<Opened> {
    let listed = list(vfs, ino, caller).await?;
    let mut tree = vfs.tree();
    let (entries, caching) = tree.dir_pages.open(ino, listed);
    let fh = tree.add_handle(Handle::Directory { ino, entries });
    Ok(Opened { fh, caching })
}

/// Gives the entries of an open directory from `offset` on, each with the offset after it,
/// until there is no room for more.
///
/// # Errors
/// [`Kind::BadHandle`] if it is not open.
pub(crate) fn readdir(
    vfs: &Vfs,
    fh: Fh,
    offset: u64,
    mut is_full: impl FnMut(u64, &DirectoryEntry) -> bool,
) -> Result<()> {
    let handle = vfs.handle(fh)?;
    let Handle::Directory { ino, entries } = &*handle else {
        return Err(Error::new(Kind::NotDirectory, "not an open directory"));
    };
    if offset == 0 {
        vfs.tree().dir_pages.read(*ino, entries);
    }
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let rest = entries.get(start..).unwrap_or_default();
    // The last that has no room is given again, from its offset.
    let _ = (offset + 1..).zip(rest).find(|(next, entry)| is_full(*next, entry));
    Ok(())
}

/// Closes a directory.
pub(crate) fn releasedir(vfs: &Vfs, fh: Fh) {
    let mut tree = vfs.tree();
    if let Some(Handle::Directory { ino, entries }) = tree.handles.remove(&fh).as_deref() {
        tree.dir_pages.close(*ino, entries);
    }
}

pub(crate) async fn list(vfs: &Vfs, ino: Ino, caller: u32) -> Result<Vec<DirectoryEntry>> {
    let (mut listed, parent) = match vfs.node(ino)? {
        Node::Directory { directory, parent } => {
            let process = process::of_thread(caller);
            if let Some(space) = directory.space() {
                space_readahead::enter(&vfs.engine, space, process).await;
            }
            let list_intent = directories::list_intent_of(&vfs.engine, process, Some(ino.0));
            (list_remote(vfs, ino, &directory, list_intent).await?, parent)
        }
        Node::Scratch(node) => {
            if let Some((parent, name)) = &node
                && recent::is_recent(vfs, *parent, name)
            {
                let process = process::of_thread(caller);
                let intent = directories::list_intent_of(&vfs.engine, process, Some(ino.0));
                recent::refresh(vfs, intent).await;
            }
            (Vec::new(), node.map_or(ROOT, |(parent, _)| parent))
        }
        Node::Resource(node) => {
            let process = process::of_thread(caller);
            // Whoever walks here is known as one that walks.
            directories::list_intent_of(&vfs.engine, process, Some(ino.0));
            let (mut listed, above) = resource::list_resources(vfs, &node, process).await?;
            if resource::scratch_name(vfs, &node).is_some() && !has_no_scratch(vfs, ino) {
                kernel_thread::leave().await;
                listed.extend(list_scratch(vfs, ino, &scratch::scratch_dir(vfs, ino)?)?);
            }
            return Ok(with_dots(ino, above, listed));
        }
        Node::Project(_) => return Err(Error::new(Kind::NotDirectory, "a project is a file")),
    };
    if !has_no_scratch(vfs, ino) {
        kernel_thread::leave().await;
        listed.extend(list_scratch(vfs, ino, &scratch::scratch_dir(vfs, ino)?)?);
    }
    if ino == ROOT {
        let control = scratch::lookup_scratch(vfs, ROOT, OsStr::new(RESERVED))?;
        let name = OsString::from(RESERVED);
        listed.push(DirectoryEntry { ino: control.ino, kind: control.kind, name });
    }
    Ok(with_dots(ino, parent, listed))
}

/// Whether the kernel has it in memory that a directory has no place on the local disk.
fn has_no_scratch(vfs: &Vfs, ino: Ino) -> bool {
    let found = scratch::local_dir(vfs, ino).ok().and_then(|dir| scratch::cached(vfs, &dir));
    ino != ROOT && found.is_some_and(|found| found.is_err())
}

pub(crate) async fn list_remote(
    vfs: &Vfs,
    ino: Ino,
    directory: &Directory,
    list_intent: ListIntent,
) -> Result<Vec<DirectoryEntry>> {
    let entries = directory::entries_for(vfs, directory, list_intent).await?;
    let mut tree = vfs.tree();
    let locals = tree.locals.get(directory).cloned().unwrap_or_default();
    let mut listed = Vec::with_capacity(entries.in_order.len() + locals.len());
    for (name, entry) in &entries.in_order {
        if locals.contains_key(name) {
            continue;
        }
        let (ino, kind) = match entry {
            Entry::Space(space) => {
                (tree.directory(&child(directory, space), ino), FileKind::Directory)
            }
            Entry::Project(project) => {
                let known = vfs.engine.known(&project.id);
                (tree.inodes.number(&project.id, known.as_ref()), FileKind::File)
            }
        };
        listed.push(DirectoryEntry { ino, kind, name: name.clone() });
    }
    for (name, local) in locals {
        if let LocalEntry::New(project) = local
            && directory::is_here(&project, directory, &name)
        {
            let ino = tree.inodes.project(&project);
            listed.push(DirectoryEntry { ino, kind: FileKind::File, name });
        }
    }
    Ok(listed)
}

pub(crate) fn list_scratch(
    vfs: &Vfs,
    ino: Ino,
    path: &std::path::Path,
) -> Result<Vec<DirectoryEntry>> {
    let read = match fs::read_dir(path) {
        Ok(read) => read,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(scratch::failed("cannot list", path, error)),
    };
    let mut listed = Vec::new();
    for entry in read {
        let entry = entry.map_err(|error| scratch::failed("cannot list", path, error))?;
        // An entry that went away while the directory was read is not listed.
        let Ok(metadata) = entry.metadata() else { continue };
        let name = entry.file_name();
        let known = vfs.tree().inodes.scratch_at(ino, &name);
        let ino = known.unwrap_or(Ino(metadata.ino() | (1 << 63)));
        listed.push(DirectoryEntry { ino, kind: local::kind(&metadata), name });
    }
    Ok(listed)
}

pub(crate) fn with_dots(ino: Ino, parent: Ino, listed: Vec<DirectoryEntry>) -> Vec<DirectoryEntry> {
    let dots = [(ino, "."), (parent, "..")].map(|(ino, name)| DirectoryEntry {
        ino,
        kind: FileKind::Directory,
        name: name.into(),
    });
    dots.into_iter().chain(listed).collect()
}
