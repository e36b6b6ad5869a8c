//! Where the directory of an agent is below that of its space.

use crate::{
    error::Result,
    ids::{AgentId, SpaceId},
    sync::operation::agent::shown,
    vfs::{agents::names, directory::no_entry, volume::Vfs},
};

/// Its path, by the name that it is shown under.
///
/// # Errors
/// [`Kind::NotFound`](crate::error::Kind::NotFound) if there is no such agent.
pub(crate) async fn of(vfs: &Vfs, space: &SpaceId, id: &AgentId) -> Result<String> {
    let listed = shown::listed(&vfs.engine, space).await?;
    let named = names::name_agents(vfs, space, &listed);
    let found = named.into_iter().find(|(_, known)| known == id);
    found.map(|(name, _)| below(&name)).ok_or_else(no_entry)
}

/// The name that an agent is shown under, or was when there was one.
pub(crate) async fn name_of(vfs: &Vfs, space: &SpaceId, id: &AgentId) -> String {
    let listed = shown::listed(&vfs.engine, space).await.unwrap_or_default();
    let named = names::name_agents(vfs, space, &listed);
    let found = named.into_iter().find(|(_, known)| known == id).map(|(name, _)| name);
    let given = || names::given(vfs, space, id);
    found.or_else(given).unwrap_or_else(|| id.as_str().to_owned())
}

/// The path of the agent that is shown under a name.
pub(crate) fn below(name: &str) -> String {
    format!(".taskade/agents/{name}")
}
