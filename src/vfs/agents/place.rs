//! `agents/` as a tree: what is where. Pure.

use crate::{
    ids::{AgentId, ConvoId, ProjectId},
    vfs::types::FileKind,
};

/// What an agent has that is a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AgentFile {
    /// The whole object.
    Whole,
    /// Its system prompt.
    Prompt,
    /// How the public has it.
    Public,
}

/// And a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ConvoFile {
    /// What is known of it.
    Metadata,
    /// What was said.
    Transcript,
}

impl AgentFile {
    const ALL: [(&str, AgentFile); 3] =
        [("prompt.md", Self::Prompt), ("agent.json", Self::Whole), ("public.json", Self::Public)];
}

impl ConvoFile {
    pub(crate) const ALL: [ConvoFile; 2] = [Self::Metadata, Self::Transcript];

    /// The ending of its name.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Metadata => ".json",
            Self::Transcript => ".md",
        }
    }
}

/// Where in that tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AgentPlace {
    /// `agents/` itself.
    All,
    /// `agents/NAME/`.
    One(AgentId),
    /// `agents/NAME/FILE`.
    File(AgentId, AgentFile),
    /// `agents/NAME/knowledge/`.
    Knowledge(AgentId),
    /// What `knowledge/` says of itself.
    KnowledgeReadme(AgentId),
    /// A project that it knows: a symbolic link.
    Known(AgentId, ProjectId),
    /// `agents/NAME/conversations/`.
    Convos(AgentId),
    /// `agents/NAME/conversations/TITLE.json`, or `.md`.
    Convo(AgentId, ConvoId, ConvoFile),
}

impl AgentPlace {
    /// What it is.
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::All | Self::One(_) | Self::Knowledge(_) | Self::Convos(_) => FileKind::Directory,
            Self::Known(..) => FileKind::Symlink,
            Self::File(..) | Self::KnowledgeReadme(_) | Self::Convo(..) => FileKind::File,
        }
    }

    /// The place that it is in; `None` for `agents/` itself.
    pub(crate) fn above(&self) -> Option<AgentPlace> {
        match self {
            Self::All => None,
            Self::One(_) => Some(Self::All),
            Self::File(agent, _) | Self::Knowledge(agent) | Self::Convos(agent) => {
                Some(Self::One(agent.clone()))
            }
            Self::KnowledgeReadme(agent) | Self::Known(agent, _) => {
                Some(Self::Knowledge(agent.clone()))
            }
            Self::Convo(agent, ..) => Some(Self::Convos(agent.clone())),
        }
    }

    /// What is always in it, named.
    pub(crate) fn fixed(&self) -> Vec<(&'static str, AgentPlace)> {
        match self {
            Self::One(agent) => {
                let file = |(name, file)| (name, Self::File(agent.clone(), file));
                let below = [
                    ("knowledge", Self::Knowledge(agent.clone())),
                    ("conversations", Self::Convos(agent.clone())),
                ];
                AgentFile::ALL.into_iter().map(file).chain(below).collect()
            }
            Self::Knowledge(agent) => vec![("README.md", Self::KnowledgeReadme(agent.clone()))],
            _ => Vec::new(),
        }
    }
}
