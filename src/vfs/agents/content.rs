//! What the files of agents hold.

use serde_json::Value;

use crate::{
    api::RemoteAgent,
    error::{Error, Kind, Result},
    ids::AgentId,
    sync::{
        Process,
        operation::agent::{shown, typed},
        read::agents,
    },
    text::prompt::prompt_text,
    vfs::{
        agents::place::{AgentFile, AgentPlace, ConvoFile},
        answer_text,
        directory::no_entry,
        types::Directory,
        volume::Vfs,
    },
};

/// What `knowledge/` says of itself.
pub(crate) const KNOWLEDGE: &str = include_str!("knowledge.md");

/// What `.generate` says of itself.
pub(crate) const GENERATE: &str = include_str!("generate.md");

/// What a file holds, for the program that opens it, which has it before its eyes from then on.
///
/// # Errors
/// What asking for it failed with, [`Kind::IsDirectory`] for a directory.
pub(crate) async fn content(
    vfs: &Vfs,
    directory: &Directory,
    place: &AgentPlace,
    process: Option<Process>,
) -> Result<Vec<u8>> {
    let engine = &vfs.engine;
    match place {
        AgentPlace::Generate => Ok(GENERATE.into()),
        AgentPlace::File(id, file) if let Some(text) = typed_text(vfs, id, *file) => Ok(text),
        AgentPlace::File(id, AgentFile::Public) => {
            let id = &engine.agents.now(id);
            let told = if shown::is_new(engine, id) {
                Value::Null
            } else {
                agents::public(engine, id).await?
            };
            answer_text::json(&told)
        }
        AgentPlace::File(id, file) => {
            let space = directory.space().ok_or_else(no_entry)?;
            let agent = shown::agent(engine, space, id).await?;
            let now = &engine.agents.now(id);
            shown::note_served(engine, process, (now, file.name()), agent.state()).await;
            known_text(&agent, *file).ok_or_else(|| Error::new(Kind::Protocol, "not to be shown"))
        }
        AgentPlace::KnowledgeReadme(_) => Ok(KNOWLEDGE.into()),
        AgentPlace::Convo(agent, id, file) => {
            let agent = &engine.agents.now(agent);
            match file {
                ConvoFile::Metadata => answer_text::json(&agents::convo(engine, agent, id).await?),
                ConvoFile::Transcript => {
                    Ok(agents::transcript(engine, agent, id).await?.into_bytes())
                }
            }
        }
        AgentPlace::Known(..) => Err(Error::new(Kind::Invalid, "a link")),
        AgentPlace::All | AgentPlace::One(_) | AgentPlace::Knowledge(_) | AgentPlace::Convos(_) => {
            Err(Error::new(Kind::IsDirectory, "a directory"))
        }
    }
}

/// What was written to a file of an agent and cannot be that.
pub(crate) fn typed_text(vfs: &Vfs, id: &AgentId, file: AgentFile) -> Option<Vec<u8>> {
    typed::read(&vfs.engine, &vfs.engine.agents.now(id), file.name())
}

/// What a file of an agent holds that is told with the agent; `None` for what is not.
pub(crate) fn known_text(agent: &RemoteAgent, file: AgentFile) -> Option<Vec<u8>> {
    match file {
        AgentFile::Whole => answer_text::json(&Value::from(agent.item.clone())).ok(),
        AgentFile::Prompt => Some(prompt_text(agent.prompt()).into_bytes()),
        AgentFile::Public => None,
    }
}
