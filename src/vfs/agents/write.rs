//! Writing to the files of agents. When what is written is saved is decided in `commit_policy`, as for
//! projects; what was emptied and not written to is saved once the grace is over without another save.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    ids::AgentId,
    sync::{
        GRACE, Process,
        operation::agent::{save, shown},
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
    let draft = match mode.truncate {
        true => Draft::emptied(None),
        false => Draft::of(content::content(vfs, directory, place, process).await?),
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
    let ticket = vfs.tree().agents.empty(place);
    let (shared, directory, place) = (vfs.clone(), directory.clone(), place.clone());
    vfs.engine.tasks.spawn("the end of the grace of an emptied file", async move {
        shared.engine.clock().sleep(GRACE).await;
        let is_due = shared.tree().agents.take_emptied(&place, ticket);
        if is_due && let Err(error) = save_text(&shared, &directory, &place, b"", process).await {
            tracing::warn!(%error, "an emptied file of an agent is not saved");
        }
    });
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
    let (AgentPlace::File(id, file), Some(space)) = (place, directory.space()) else {
        return Err(Error::new(Kind::NotPermitted, "this cannot be written"));
    };
    {
        let mut tree = vfs.tree();
        tree.agents.settle(place);
    }
    let engine = &vfs.engine;
    let now = shown::known(engine, space, id).ok_or_else(no_entry)?;
    let seen = engine.agents.served(process, id).unwrap_or_else(|| now.state());
    let name = file.name();
    let wanted = match file {
        AgentFile::Prompt => text::with_prompt(&seen, written),
        AgentFile::Whole => text::whole(&now, written),
        AgentFile::Public => Err(Error::new(Kind::NotPermitted, "this cannot be written")),
    };
    let wanted = wanted.map_err(|error| error.at(name))?;
    let path = paths::of(vfs, space, id).await?;
    let at = save::AgentAt { space, id, path: &format!("{path}/{name}") };
    let saved = save::save(engine, at, &seen, &wanted).await;
    engine.agents.note_served(process, id, wanted);
    saved
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
    let now = shown::known(&vfs.engine, space, id).ok_or_else(no_entry)?.state();
    let path = paths::of(vfs, space, id).await?;
    let wanted = crate::api::AgentState { name, ..now.clone() };
    save::save(&vfs.engine, save::AgentAt { space, id, path: &path }, &now, &wanted).await
}
