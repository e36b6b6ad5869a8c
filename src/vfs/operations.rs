//! Operations as programs and people see them: what waits and what was refused, by the file that it is
//! about.

use crate::{
    clock::rfc3339,
    error::{Error, Kind, Result},
    store::operations::Operation,
    sync::{
        locate,
        operation::{
            agent::{create, shown, typed_text::TypedText},
            settle,
        },
        upload::discard::LISTED,
    },
    vfs::{
        agents::{self, place::AgentPlace},
        media,
        resource_path::{List, ResourceNode},
        status::{Progress, SaveStatus},
        volume::Vfs,
    },
};

/// How it stands with all of them.
pub(crate) fn standing(vfs: &Vfs) -> Vec<SaveStatus> {
    let all = vfs.engine.operations.all().into_iter();
    let status = |operation: Operation| SaveStatus {
        path: locate::path_of_operation(&vfs.engine, &operation),
        state: if operation.refusal.is_some() { "rejected" } else { "pending" },
        kind: operation.kind.shown(),
        since: rfc3339(operation.refusal.as_ref().map_or(operation.since, |it| it.since)),
        progress: progress(vfs, &operation),
        reason: operation.refusal.map(|refusal| refusal.reason),
    };
    all.map(status).collect()
}

/// How far an upload is.
fn progress(vfs: &Vfs, operation: &Operation) -> Option<Progress> {
    let sent = vfs.engine.local_medias.sent(operation.row)?;
    Some(Progress { sent, length: operation.body["length"].as_u64()? })
}

/// What is to be done about a place, or was refused.
pub(crate) fn operation_of(vfs: &Vfs, node: &ResourceNode) -> Option<Operation> {
    match &node.at {
        List::Media(place) => media::operation_of(vfs, &node.directory, place),
        List::Agents(AgentPlace::Generate) => {
            create::generation_in(&vfs.engine, node.directory.space()?)
        }
        List::Agents(place) => {
            let of_agent =
                shown::operations_of(&vfs.engine, &vfs.engine.agents.now(place.agent()?));
            // What was refused is what is to be settled: the latest of a file, and of an agent what all
            // else waits for.
            let mut refused = of_agent.iter().filter(|it| it.refusal.is_some());
            let first = refused.clone().next();
            let of_place = match place {
                AgentPlace::File(_, file) => refused.rfind(|it| it.path.ends_with(file.name())),
                _ => None,
            };
            of_place.or(first).or(of_agent.last()).cloned()
        }
        _ => None,
    }
}

/// Tries again what was refused about a place.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was, otherwise if the journal cannot note it.
pub(crate) async fn retry(vfs: &Vfs, node: &ResourceNode) -> Result<()> {
    let operation = refused(vfs, node)?;
    match TypedText::of(&operation) {
        Some(typed) => agents::write::save_again(vfs, &node.directory, &operation, &typed).await,
        None => settle::retry(&vfs.engine, &operation).await,
    }
}

/// Gives up what was refused about a place.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was, otherwise if the journal cannot note it.
pub(crate) async fn discard(vfs: &Vfs, node: &ResourceNode) -> Result<()> {
    settle::discard(&vfs.engine, &refused(vfs, node)?).await
}

fn refused(vfs: &Vfs, node: &ResourceNode) -> Result<Operation> {
    operation_of(vfs, node)
        .ok_or_else(|| Error::new(Kind::NotFound, "nothing was refused").hint(LISTED))
}
