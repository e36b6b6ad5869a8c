//! Writing to the files of agents. When what is written is saved is decided in `commit_policy`, as for
//! projects; what was emptied and not written to is saved once the grace is over without another save.

use std::sync::Arc;

use crate::{
    api::AgentState,
    error::{Error, Kind, Result},
    ids::{AgentId, SpaceId},
    store::operations::Operation,
    sync::{
        GRACE, Process, locate,
        operation::{
            agent::{
                body::{AgentAt, PublicWish},
                create, publish, save, shown, typed,
                typed_text::TypedText,
            },
            transition,
        },
    },
    vfs::{
        agents::{
            content, paths,
            place::{AgentFile, AgentPlace},
            text,
        },
        commit_policy::{Occasion, Verdict, decide},
        directory::no_entry,
        draft::Draft,
        tree::{
            agent_names::Emptied,
            agent_writer::AgentWriter,
            handles::{Handle, is_opener},
        },
        types::{Caching, Directory, Ino, OpenMode, Opened},
        volume::Vfs,
    },
};

/// Opens a file for writing.
///
/// # Errors
/// What reading it failed with, if it is to be changed and not replaced.
pub(crate) async fn open(
    vfs: &Vfs,
    ino: Ino,
    (directory, place): (&Directory, &AgentPlace),
    mode: OpenMode,
    process: Option<Process>,
) -> Result<Opened> {
    let draft = match (mode.truncate, place) {
        // What it says of itself is not to be made an agent.
        (_, AgentPlace::Generate) => Draft::default(),
        (true, _) => Draft::emptied(None),
        (false, _) => Draft::of(content::content(vfs, directory, place, process).await?),
    };
    let writer = AgentWriter::new((directory, place), ino, process, mode, draft);
    let mut tree = vfs.tree();
    tree.agents.unhide(place);
    Ok(Opened { fh: tree.add_handle(Handle::Agent(writer)), caching: Caching::Bypass })
}

/// A descriptor of the file was closed.
///
/// # Errors
/// As a save, and once more what the last save through this handle was refused with.
pub(crate) async fn flush(vfs: &Arc<Vfs>, writer: &AgentWriter, caller: u32) -> Result<()> {
    let by_opener = is_opener(writer.process, caller);
    carry_out(vfs, writer, Occasion::Flush { by_opener, is_refusal_certain: false }).await
}

/// The program wants what it wrote to be safe.
///
/// # Errors
/// As [`flush`].
pub(crate) async fn fsync(vfs: &Arc<Vfs>, writer: &AgentWriter) -> Result<()> {
    writer.draft().confirm_emptied();
    carry_out(vfs, writer, Occasion::Fsync).await
}

/// The last descriptor is gone.
///
/// # Errors
/// As a save; nobody but the log hears of it.
pub(crate) async fn release(vfs: &Arc<Vfs>, writer: &AgentWriter) -> Result<()> {
    carry_out(vfs, writer, Occasion::Release).await
}

/// The mount is going: what was written is saved.
///
/// # Errors
/// As a save.
pub(crate) async fn commit(vfs: &Arc<Vfs>, writer: &AgentWriter) -> Result<()> {
    carry_out(vfs, writer, Occasion::Unmount).await
}

/// Sets the length of what is being written.
///
/// # Errors
/// If it grows beyond reason.
pub(crate) fn truncate(writer: &AgentWriter, size: u64) -> Result<()> {
    writer.draft().truncate(size, None)
}

async fn carry_out(vfs: &Arc<Vfs>, writer: &AgentWriter, occasion: Occasion) -> Result<()> {
    let stage = writer.draft().stage(false);
    let (directory, place) = (&writer.directory, &writer.place);
    match decide(stage, occasion) {
        Verdict::Commit => {
            let text = writer.draft().take().text;
            let saved = save_text(vfs, directory, place, &text, writer.process).await;
            writer.note_outcome(&saved);
            saved
        }
        Verdict::Grace => {
            writer.draft().drop_emptied();
            save_empty_later(vfs, directory, place, writer.process);
            Ok(())
        }
        Verdict::Drop | Verdict::Nothing if occasion == Occasion::Release => Ok(()),
        Verdict::Drop | Verdict::Nothing => writer.outcome(),
    }
}

/// A file was emptied and closed: that is what is wanted, unless another save comes within the grace.
fn save_empty_later(
    vfs: &Arc<Vfs>,
    directory: &Directory,
    place: &AgentPlace,
    process: Option<Process>,
) {
    let ticket = vfs.tree().agents.empty((directory, place), process);
    let (shared, place) = (vfs.clone(), place.clone());
    vfs.engine.tasks.spawn("the end of the grace of an emptied file", async move {
        shared.engine.clock().sleep(GRACE).await;
        let emptied = shared.tree().agents.take_emptied(&place, ticket);
        if let Some(emptied) = emptied {
            save_emptied(&shared, &place, &emptied).await;
        }
    });
}

/// The grace of every file that was emptied is over: nothing else is to come.
pub(crate) async fn expire_emptied(vfs: &Vfs) {
    let all = vfs.tree().agents.take_all_emptied();
    for (place, emptied) in all {
        save_emptied(vfs, &place, &emptied).await;
    }
}

async fn save_emptied(vfs: &Vfs, place: &AgentPlace, emptied: &Emptied) {
    if let Err(error) = save_text(vfs, &emptied.directory, place, b"", emptied.process).await {
        tracing::warn!(%error, "an emptied file of an agent is not saved");
    }
}

/// Saves what was written to a file.
///
/// # Errors
/// [`Kind::Invalid`] for what the agent cannot be, and as [`save::save`].
pub(crate) async fn save_text(
    vfs: &Vfs,
    directory: &Directory,
    place: &AgentPlace,
    written: &[u8],
    process: Option<Process>,
) -> Result<()> {
    save_text_of(vfs, directory, place, written, &Author { process, seen: None }).await
}

/// Who wrote a text.
struct Author {
    process: Option<Process>,
    /// What they had before their eyes, where that is not what this process has now.
    seen: Option<AgentState>,
}

impl Author {
    fn seen(&self, vfs: &Vfs, id: &AgentId, file: AgentFile) -> Option<AgentState> {
        let served = || vfs.engine.agents.served(self.process, (id, file.name()));
        self.seen.clone().or_else(served)
    }
}

async fn save_text_of(
    vfs: &Vfs,
    directory: &Directory,
    place: &AgentPlace,
    written: &[u8],
    author: &Author,
) -> Result<()> {
    vfs.tree().agents.settle(place);
    let (engine, space) = (&vfs.engine, directory.space().ok_or_else(no_entry)?);
    match place {
        AgentPlace::Generate => generate(vfs, space, written).await,
        AgentPlace::File(id, file) => {
            let id = &engine.agents.now(id);
            let name = paths::name_of(vfs, space, id).await;
            let path = format!("{}/{}", paths::below(&name), file.name());
            let at = AgentAt { space, id, path: &path };
            save_file(vfs, at, (*file, name), written, author).await
        }
        _ => Err(Error::new(Kind::NotPermitted, "this cannot be written")),
    }
}

/// Has an agent made of what was written.
async fn generate(vfs: &Vfs, space: &SpaceId, written: &[u8]) -> Result<()> {
    let text = std::str::from_utf8(written).map_err(|error| {
        Error::new(Kind::Invalid, "what an agent is to do is text, in UTF-8").because(error)
    })?;
    match text.trim() {
        "" => Ok(()),
        text => create::generate(&vfs.engine, space, &paths::below(".generate"), text).await,
    }
}

/// What whoever writes to a file of an agent wants.
enum Wanted {
    Nothing,
    Public(PublicWish),
    State { seen: AgentState, wanted: AgentState },
}

/// Saves what was written to a file. What it cannot be is kept, and what the file reads as.
async fn save_file(
    vfs: &Vfs,
    at: AgentAt<'_>,
    (file, name): (AgentFile, String),
    written: &[u8],
    author: &Author,
) -> Result<()> {
    let seen = author.seen(vfs, at.id, file);
    let kept = |name: String| {
        let is_of_new = shown::is_new(&vfs.engine, at.id);
        let (file, text, seen) = (file.name().to_owned(), written.to_vec(), seen.clone());
        TypedText { file, text, name, is_of_new, is_set_aside: false, seen }
    };
    let wanted = match wanted(vfs, at, file, written, seen.clone()) {
        Ok(wanted) => wanted,
        Err(error) => return Err(keep(vfs, at, kept(name), error).await),
    };
    let is_another = match &wanted {
        Wanted::Nothing => false,
        Wanted::Public(_) => true,
        Wanted::State { seen, wanted } => seen != wanted,
    };
    match save_wanted(vfs, at, (file, wanted), author.process).await {
        // No journal has it.
        Err(error) if error.kind().is_local() => Err(keep(vfs, at, kept(name), error).await),
        saved => {
            // Its agent may have been made by that.
            let id = vfs.engine.agents.now(at.id);
            typed::settle(&vfs.engine, &id, file.name(), is_another).await?;
            saved
        }
    }
}

/// Keeps what was written to a file and cannot be saved. Why, with the path and what to do.
async fn keep(vfs: &Vfs, at: AgentAt<'_>, typed: TypedText, error: Error) -> Error {
    let way = locate::way_in(vfs.engine.journal(), &vfs.engine.listings, at.space);
    let shown = format!("{way}{}", at.path);
    let error = error.at(shown).hint("save a corrected text, or run `taskadefs discard PATH`");
    typed::keep(&vfs.engine, at, typed, &error).await;
    error
}

/// What is meant by what was written to a file, by who had this before its eyes.
///
/// # Errors
/// [`Kind::Invalid`] for what the agent cannot be, [`Kind::NotFound`] if there is none.
fn wanted(
    vfs: &Vfs,
    at: AgentAt<'_>,
    file: AgentFile,
    written: &[u8],
    seen: Option<AgentState>,
) -> Result<Wanted> {
    let engine = &vfs.engine;
    if file == AgentFile::Public {
        if written.is_empty() {
            return Ok(Wanted::Nothing);
        }
        let wish = text::public(written)?;
        check_made(vfs, at.id)?;
        return Ok(Wanted::Public(wish));
    }
    let now = shown::known(engine, at.space, at.id).ok_or_else(no_entry)?;
    let seen = seen.unwrap_or_else(|| now.state());
    let wanted = match file {
        AgentFile::Prompt => text::with_prompt(&seen, written),
        AgentFile::Whole | AgentFile::Public => {
            text::whole(&now, &engine.agents.first(at.id), written)
        }
    };
    Ok(Wanted::State { seen, wanted: wanted? })
}

async fn save_wanted(
    vfs: &Vfs,
    at: AgentAt<'_>,
    (file, wanted): (AgentFile, Wanted),
    process: Option<Process>,
) -> Result<()> {
    let engine = &vfs.engine;
    match wanted {
        Wanted::Nothing => Ok(()),
        Wanted::Public(wish) => publish::save(engine, at, &wish).await,
        Wanted::State { seen, wanted } => {
            let saved = match shown::is_new(engine, at.id) {
                true => create::save(engine, at, &seen, &wanted).await,
                false => save::save(engine, at, &seen, &wanted).await,
            };
            let id = engine.agents.now(at.id);
            shown::note_served(engine, process, (&id, file.name()), wanted).await;
            saved
        }
    }
}

/// Tries again what was written to a file and could not be that.
///
/// # Errors
/// As [`save_text`].
pub(crate) async fn save_again(
    vfs: &Vfs,
    directory: &Directory,
    operation: &Operation,
    typed: &TypedText,
) -> Result<()> {
    let agent = operation.subject.as_deref().map(AgentId::new).ok_or_else(no_entry)?;
    let agent = vfs.engine.agents.first(&agent);
    let place = AgentPlace::One(agent).fixed_child(typed.file.as_ref()).ok_or_else(no_entry)?;
    let author = Author { process: None, seen: typed.seen.clone() };
    save_text_of(vfs, directory, &place, &typed.text, &author).await?;
    transition::remove(&vfs.engine, operation.row).await
}

/// Refuses what takes an agent that Taskade has.
pub(crate) fn check_made(vfs: &Vfs, id: &AgentId) -> Result<()> {
    match shown::is_new(&vfs.engine, id) {
        false => Ok(()),
        true => Err(Error::new(Kind::NotPermitted, "the agent is not made yet")
            .hint("write its `prompt.md` first")),
    }
}

/// Has an agent called otherwise.
///
/// # Errors
/// As [`save::save`].
pub(crate) async fn rename(
    vfs: &Vfs,
    directory: &Directory,
    id: &AgentId,
    name: String,
) -> Result<()> {
    let space = directory.space().ok_or_else(no_entry)?;
    if vfs.engine.agents.rename_new(id, &name) {
        return Ok(());
    }
    let now = shown::known(&vfs.engine, space, id).ok_or_else(no_entry)?.state();
    let (path, wanted) = (paths::of(vfs, space, id).await?, AgentState { name, ..now.clone() });
    let at = AgentAt { space, id, path: &path };
    match shown::is_new(&vfs.engine, id) {
        true => create::save(&vfs.engine, at, &now, &wanted).await,
        false => save::save(&vfs.engine, at, &now, &wanted).await,
    }
}
