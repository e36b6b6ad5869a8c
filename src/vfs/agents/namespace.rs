//! Names below `agents/` that come and go: what creating, removing and renaming them comes to. Any name
//! in the directory of an agent that means nothing to Taskade is scratch, so that editors can save as
//! they always do.

use std::{
    ffi::OsStr,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use crate::{
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    kernel_thread,
    sync::{
        GRACE, Process,
        operation::agent::{body::AgentAt, create, knowledge, save, shown},
    },
    vfs::{
        agents::{content, knowledge as links, listing, paths, place::AgentPlace, write},
        directory::no_entry,
        inode::Node,
        kernel_cache, names as file_names, resource,
        resource_path::{List, ResourceNode},
        scratch,
        types::{Attr, Directory, FileKind, Ino, OpenMode, Opened},
        volume::Vfs,
    },
};

/// A directory below `agents/`.
pub(crate) struct AgentDirectory {
    directory: Directory,
    place: AgentPlace,
}

/// What a renaming came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Renaming {
    Done,
    /// It is one of scratch, and still to be done.
    OfScratch,
}

/// The directory below `agents/` that an inode is; `None` for any other.
pub(crate) fn directory_at(vfs: &Vfs, ino: Ino) -> Option<AgentDirectory> {
    match vfs.node(ino).ok()? {
        Node::Resource(ResourceNode { directory, at: List::Agents(place) }) => {
            Some(AgentDirectory { directory, place })
        }
        _ => None,
    }
}

impl AgentDirectory {
    fn node(&self, place: &AgentPlace) -> ResourceNode {
        ResourceNode::new(&self.directory, List::Agents(place.clone()))
    }

    /// What is always here under a name, hidden or not.
    fn fixed(&self, name: &OsStr) -> Option<AgentPlace> {
        self.place.fixed_child(name)
    }

    fn is_hidden(&self, vfs: &Vfs, place: &AgentPlace) -> bool {
        vfs.tree().agents.is_hidden(place, vfs.engine.clock().now())
    }
}

/// Creates a file, which is one that comes back if it is of an agent. `None` if it is scratch.
///
/// # Errors
/// [`Kind::Exists`] if `exclusive` and it is there; [`Kind::NotPermitted`] where no file can be made.
pub(crate) async fn create(
    vfs: &Vfs,
    at: &AgentDirectory,
    name: &OsStr,
    (mode, exclusive): (OpenMode, bool),
    process: Option<Process>,
) -> Result<Option<(Attr, Opened)>> {
    let Some(place) = at.fixed(name) else {
        let holds_scratch = at.place.holds_scratch();
        return if holds_scratch { Ok(None) } else { Err(not_here()) };
    };
    if place.kind() != FileKind::File || !place.is_written() {
        return Err(not_here());
    }
    let is_hidden = at.is_hidden(vfs, &place);
    if exclusive && !is_hidden {
        return Err(Error::new(Kind::Exists, "the file exists"));
    }
    let attr = resource::look_up_resource(vfs, &at.node(&place));
    // What is made anew replaces what was there.
    let mode = OpenMode { truncate: mode.truncate || is_hidden, ..mode };
    let opened = write::open(vfs, attr.ino, (&at.directory, &place), mode, process).await?;
    Ok(Some((Attr { size: 0, ..attr }, opened)))
}

/// Removes a file: what an agent has is hidden for the grace, and there again after it unless the agent
/// is deleted. `false` if it is scratch.
///
/// # Errors
/// [`Kind::NotFound`] if it is not there.
pub(crate) async fn unlink(vfs: &Vfs, at: &AgentDirectory, name: &OsStr) -> Result<bool> {
    let place = match listing::child(vfs, &at.directory, &at.place, name).await {
        Err(error) if error.kind() == Kind::NotFound && at.place.holds_scratch() => {
            return Ok(false);
        }
        place => place?,
    };
    if place.kind() == FileKind::Directory {
        return Err(Error::new(Kind::IsDirectory, "a directory"));
    }
    match &place {
        AgentPlace::Known(id, known) => {
            let id = &vfs.engine.agents.now(id);
            let (path, space) = knowledge_path(vfs, at, id, name).await?;
            knowledge::remove(&vfs.engine, AgentAt { space, id, path: &path }, known).await?;
        }
        _ => hide(vfs, &place),
    }
    Ok(true)
}

/// Links something into `knowledge/`: the agent is to know it. `None` if it is scratch.
///
/// # Errors
/// [`Kind::NotFound`] if it leads to nothing that an agent can know, [`Kind::Exists`] if it knows it, and
/// what it was refused with.
pub(crate) async fn symlink(
    vfs: &Vfs,
    at: &AgentDirectory,
    name: &OsStr,
    target: &Path,
) -> Result<Option<Attr>> {
    if at.place.holds_scratch() && at.fixed(name).is_none() {
        return Ok(None);
    }
    let AgentPlace::Knowledge(agent) = &at.place else { return Err(not_here()) };
    let id = &vfs.engine.agents.now(agent);
    write::check_made(vfs, id)?;
    let meant = links::meant(vfs, &at.directory, target).await?;
    if knowledge::shown(&vfs.engine, id).contains(&meant) {
        return Err(Error::new(Kind::Exists, "the agent knows that"));
    }
    let (path, space) = knowledge_path(vfs, at, id, name).await?;
    knowledge::add(&vfs.engine, AgentAt { space, id, path: &path }, &meant).await?;
    let place = AgentPlace::Known(agent.clone(), meant);
    Ok(Some(resource::look_up_resource(vfs, &at.node(&place))))
}

async fn knowledge_path<'a>(
    vfs: &Vfs,
    at: &'a AgentDirectory,
    id: &AgentId,
    name: &OsStr,
) -> Result<(String, &'a SpaceId)> {
    let space = at.directory.space().ok_or_else(no_entry)?;
    let path = paths::of(vfs, space, id).await?;
    Ok((format!("{path}/knowledge/{}", name.to_string_lossy()), space))
}

/// Removes a directory: an agent's, if all that is in it was removed, deletes the agent once the grace is
/// over. `false` if it is scratch.
///
/// # Errors
/// [`Kind::NotFound`] if it is not there, [`Kind::NotEmpty`] if something is in it, and otherwise if it
/// cannot be journaled.
pub(crate) async fn rmdir(vfs: &Vfs, at: &AgentDirectory, name: &OsStr) -> Result<bool> {
    let place = match listing::child(vfs, &at.directory, &at.place, name).await {
        Err(error) if error.kind() == Kind::NotFound && at.place.holds_scratch() => {
            return Ok(false);
        }
        place => place?,
    };
    if place.kind() != FileKind::Directory {
        return Err(Error::new(Kind::NotDirectory, "a file"));
    }
    let is_hidden = |(_, place): &(_, AgentPlace)| at.is_hidden(vfs, place);
    let AgentPlace::One(agent) = &place else {
        // Conversations that nobody has listed are nobody's that would miss them.
        let is_unlisted = |agent: &AgentId| {
            let id = vfs.engine.agents.now(agent);
            vfs.engine.listings.convos(&id).is_none()
        };
        let is_unknown = matches!(&place, AgentPlace::Convos(agent) if is_unlisted(agent));
        if !is_unknown && !listing::children(vfs, &at.directory, &place).await?.is_empty() {
            return Err(not_empty());
        }
        hide(vfs, &place);
        return Ok(true);
    };
    let id = &vfs.engine.agents.now(agent);
    if vfs.engine.agents.is_new(id) {
        create::remove(&vfs.engine, id).await?;
        return Ok(true);
    }
    if !place.fixed().iter().all(is_hidden) {
        return Err(not_empty());
    }
    if shown::is_new(&vfs.engine, id) {
        create::remove(&vfs.engine, id).await?;
        return Ok(true);
    }
    let space = at.directory.space().ok_or_else(no_entry)?;
    let path = paths::below(&name.to_string_lossy());
    save::remove(&vfs.engine, AgentAt { space, id, path: &path }).await?;
    for (_, gone) in place.fixed() {
        vfs.tree().agents.unhide(&gone);
    }
    Ok(true)
}

/// Makes a directory: the one of an agent that was just deleted is that agent, and any other one that is
/// made once its prompt is written. `None` if it is scratch.
///
/// # Errors
/// [`Kind::Exists`] if it is there, [`Kind::NotPermitted`] where none can be made.
pub(crate) async fn mkdir(vfs: &Vfs, at: &AgentDirectory, name: &OsStr) -> Result<Option<Attr>> {
    if at.place.holds_scratch() && at.fixed(name).is_none() {
        return Ok(None);
    }
    if let Some(place) = at.fixed(name).filter(|place| at.is_hidden(vfs, place)) {
        vfs.tree().agents.unhide(&place);
        return Ok(Some(resource::look_up_resource(vfs, &at.node(&place))));
    }
    if listing::child(vfs, &at.directory, &at.place, name).await.is_ok() {
        return Err(Error::new(Kind::Exists, "the directory exists"));
    }
    let (AgentPlace::All, Some(space)) = (&at.place, at.directory.space()) else {
        return Err(not_here());
    };
    let path = paths::below(&name.to_string_lossy());
    let id = match save::take_back(&vfs.engine, space, &path).await? {
        Some(id) => vfs.engine.agents.first(&id),
        None => {
            let title = name.to_str().and_then(file_names::space_title).ok_or_else(|| {
                Error::new(Kind::Invalid, "no agent can have this name").at(name.to_string_lossy())
            })?;
            vfs.engine.agents.add_new(space, &title)?
        }
    };
    Ok(Some(resource::look_up_resource(vfs, &at.node(&AgentPlace::One(id)))))
}

/// Renames where one of the directories is below `agents/`: an agent, or one of its files to or from
/// scratch.
///
/// # Errors
/// As a save, where it is one; [`Kind::NotPermitted`] for what cannot be renamed so.
pub(crate) async fn rename(
    vfs: &Vfs,
    from: (Ino, &OsStr),
    to: (Ino, &OsStr),
    (no_replace, process): (bool, Option<Process>),
) -> Result<Renaming> {
    kernel_thread::leave().await;
    let ends = (directory_at(vfs, from.0), directory_at(vfs, to.0));
    let source = match &ends.0 {
        Some(at) => at.fixed(from.1).map(|place| (at, place)),
        None => None,
    };
    match (source, &ends) {
        (None, (Some(at), Some(other)))
            if at.place == AgentPlace::All && other.place == AgentPlace::All =>
        {
            rename_agent(vfs, (at, from.1), (other, to.1)).await?;
            Ok(Renaming::Done)
        }
        (Some((at, place)), (_, Some(other)))
            if other.place.holds_scratch() && other.fixed(to.1).is_none() =>
        {
            away(vfs, (at, &place), to, process).await?;
            Ok(Renaming::Done)
        }
        (None, (_, Some(at))) if is_scratch(vfs, from) => match at.fixed(to.1) {
            Some(place) => {
                if no_replace && !at.is_hidden(vfs, &place) {
                    return Err(Error::new(Kind::Exists, "the new name exists"));
                }
                over(vfs, from, (at, &place, to), process).await?;
                Ok(Renaming::Done)
            }
            None if at.place.holds_scratch() => Ok(Renaming::OfScratch),
            None => Err(not_here()),
        },
        _ => Err(not_here()),
    }
}

/// Gives an agent the name of a directory.
async fn rename_agent(
    vfs: &Vfs,
    (at, name): (&AgentDirectory, &OsStr),
    (other, new): (&AgentDirectory, &OsStr),
) -> Result<()> {
    if at.directory != other.directory {
        return Err(not_here().hint("an agent stays in its folder"));
    }
    let place = listing::child(vfs, &at.directory, &at.place, name).await?;
    if listing::child(vfs, &at.directory, &at.place, new).await.is_ok() {
        return Err(Error::new(Kind::NotEmpty, "there is such an agent"));
    }
    let title = new.to_str().and_then(file_names::space_title).ok_or_else(|| {
        Error::new(Kind::Invalid, "no agent can have this name").at(new.to_string_lossy())
    })?;
    let id = vfs.engine.agents.now(place.agent().ok_or_else(no_entry)?);
    write::rename(vfs, &at.directory, &id, title).await
}

/// A file of an agent is renamed to scratch, as editors make backups: its text is there from now on, and
/// the file hidden until it is written anew, or the grace is over.
async fn away(
    vfs: &Vfs,
    (at, place): (&AgentDirectory, &AgentPlace),
    to: (Ino, &OsStr),
    process: Option<Process>,
) -> Result<()> {
    if !place.is_written() || at.is_hidden(vfs, place) {
        return Err(not_here());
    }
    let text = content::content(vfs, &at.directory, place, process).await?;
    let path = scratch::scratch_place(vfs, to.0, to.1)?;
    let failed = |error| scratch::failed("cannot write", &path, error);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o644);
    options.open(&path).and_then(|mut file| file.write_all(&text)).map_err(failed)?;
    hide(vfs, place);
    // The kernel has the file's inode under the new name.
    kernel_cache::invalidate_names(vfs, to.0, [to.1.to_owned()]);
    Ok(())
}

/// Scratch is renamed over a file of an agent: that is a save.
async fn over(
    vfs: &Vfs,
    from: (Ino, &OsStr),
    (at, place, to): (&AgentDirectory, &AgentPlace, (Ino, &OsStr)),
    process: Option<Process>,
) -> Result<()> {
    let path = scratch::scratch_place(vfs, from.0, from.1)?;
    let failed = |error| scratch::failed("cannot read", &path, error);
    if !fs::symlink_metadata(&path).map_err(failed)?.is_file() {
        return Err(not_here());
    }
    let text = fs::read(&path).map_err(failed)?;
    write::save_text(vfs, &at.directory, place, &text, process).await?;
    fs::remove_file(&path).map_err(|error| scratch::failed("cannot remove", &path, error))?;
    let mut tree = vfs.tree();
    if let Some(ino) = tree.inodes.scratch_at(from.0, from.1) {
        tree.inodes.become_resource(ino, &at.node(place));
    }
    drop(tree);
    // The kernel has the scratch file's inode under the name until it hears of this.
    kernel_cache::invalidate_names(vfs, to.0, [to.1.to_owned()]);
    Ok(())
}

fn is_scratch(vfs: &Vfs, at: (Ino, &OsStr)) -> bool {
    scratch::lookup_scratch(vfs, at.0, at.1).is_ok()
}

fn hide(vfs: &Vfs, place: &AgentPlace) {
    let now = vfs.engine.clock().now();
    vfs.tree().agents.hide(place, now, GRACE);
}

fn not_here() -> Error {
    Error::new(Kind::NotPermitted, "that cannot be made or moved here").hint(
        "an agent is changed by writing its `prompt.md` or `agent.json`, and renamed with its directory",
    )
}

fn not_empty() -> Error {
    Error::new(Kind::NotEmpty, "the directory is not empty").hint("`rm -r` deletes an agent")
}
