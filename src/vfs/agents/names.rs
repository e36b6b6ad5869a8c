//! The names of agents, and of what they have several of. An agent's name is kept as that of a project
//! is: it stays with the agent for as long as that is called so, across remounts.

use std::collections::HashMap;

use crate::{
    api::{RemoteAgent, RemoteConvo},
    ids::{AgentId, ConvoId, SpaceId},
    vfs::{
        agents::place::ConvoFile,
        directory,
        names::{self, Titled},
        volume::Vfs,
    },
};

/// Names agents, in order.
pub(crate) fn name_agents(
    vfs: &Vfs,
    space: &SpaceId,
    agents: &[RemoteAgent],
) -> Vec<(String, AgentId)> {
    let titled = |agent: &RemoteAgent| Titled {
        id: agent.id.as_str().to_owned(),
        title: agent.name.clone(),
        suffix: "",
    };
    let titled: Vec<Titled> = agents.iter().map(titled).collect();
    let names = directory::given(vfs, &key(space), &titled, []);
    names.into_iter().zip(agents.iter().map(|agent| agent.id.clone())).collect()
}

/// The name that an agent was given, if it ever was.
pub(crate) fn given(vfs: &Vfs, space: &SpaceId, id: &AgentId) -> Option<String> {
    let given = vfs.engine.journal().names(&key(space));
    given.get(id.as_str()).map(|(_, name)| name.clone())
}

/// What the names of a space's agents are kept under on disk.
fn key(space: &SpaceId) -> String {
    format!("agents of {space}")
}

/// Names conversations: by their titles, each once for every file that it has.
pub(crate) fn name_convos(convos: &[RemoteConvo]) -> Vec<(String, ConvoId)> {
    let suffix = ConvoFile::Metadata.suffix();
    let titled = |convo: &RemoteConvo| Titled {
        id: convo.id.as_str().to_owned(),
        title: convo.title.clone(),
        suffix,
    };
    let titled: Vec<Titled> = convos.iter().map(titled).collect();
    let names = names::assign(&titled, &HashMap::new()).into_iter();
    let stem = |name: String| name.strip_suffix(suffix).map(str::to_owned).unwrap_or(name);
    names.map(stem).zip(convos.iter().map(|convo| convo.id.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::name_convos;
    use crate::{api::RemoteConvo, file_name::NAME_MAX, ids::ConvoId};

    #[test]
    fn conversations_go_by_their_titles_which_are_told_apart() {
        let long = "é".repeat(300);
        let told = [("aaaa1", "Hi"), ("bbbb2", "Hi"), ("c", ""), ("d", "../x"), ("e", &long)];
        let convos = told.map(|(id, title)| RemoteConvo {
            id: ConvoId::new(id),
            title: title.to_owned(),
            item: Default::default(),
        });
        let names: Vec<String> = name_convos(&convos).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names[..4], ["Hi", "Hi ~bbbb", "Untitled", "．.／x"]);
        assert!(names[4].len() + ".json".len() <= NAME_MAX);
    }
}
