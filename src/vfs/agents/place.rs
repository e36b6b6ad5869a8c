//! `agents/` as a tree: what is where. Pure.

use std::ffi::OsStr;

use crate::{
    api::Knowledge,
    ids::{AgentId, ConvoId},
    vfs::types::FileKind,
};

/// What an agent has that is a file of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum AgentFile {
    /// The whole object.
    Whole,
    /// Its system prompt.
    Prompt,
    /// How the public has it.
    Public,
}

/// And a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ConvoFile {
    /// What is known of it.
    Metadata,
    /// What was said.
    Transcript,
}

impl AgentFile {
    const ALL: [AgentFile; 3] = [Self::Prompt, Self::Whole, Self::Public];

    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Prompt => "prompt.md",
            Self::Whole => "agent.json",
            Self::Public => "public.json",
        }
    }
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

/// Where in that tree. An agent goes by the id that it had here first, for as long as the mount lasts:
/// what a program has of it stays what it is when the service gives it one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum AgentPlace {
    /// `agents/` itself.
    All,
    /// `agents/.generate`: whatever is written to it is made an agent.
    Generate,
    /// `agents/NAME/`.
    One(AgentId),
    /// `agents/NAME/FILE`.
    File(AgentId, AgentFile),
    /// `agents/NAME/knowledge/`.
    Knowledge(AgentId),
    /// What `knowledge/` says of itself.
    KnowledgeReadme(AgentId),
    /// Something that it knows: a symbolic link.
    Known(AgentId, Knowledge),
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
            Self::Generate | Self::File(..) | Self::KnowledgeReadme(_) | Self::Convo(..) => {
                FileKind::File
            }
        }
    }

    /// The agent that it is of, if it is of one.
    pub(crate) fn agent(&self) -> Option<&AgentId> {
        match self {
            Self::All | Self::Generate => None,
            Self::One(agent)
            | Self::File(agent, _)
            | Self::Knowledge(agent)
            | Self::KnowledgeReadme(agent)
            | Self::Known(agent, _)
            | Self::Convos(agent)
            | Self::Convo(agent, ..) => Some(agent),
        }
    }

    /// Whether programs may write to it.
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, Self::Generate | Self::File(..))
    }

    /// Whether names in it that mean nothing to Taskade are the programs' own files.
    pub(crate) fn holds_scratch(&self) -> bool {
        matches!(self, Self::One(_))
    }

    /// The place that it is in; `None` for `agents/` itself.
    pub(crate) fn above(&self) -> Option<AgentPlace> {
        match self {
            Self::All => None,
            Self::Generate | Self::One(_) => Some(Self::All),
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
            Self::All => vec![(".generate", Self::Generate)],
            Self::One(agent) => {
                let file = |file: AgentFile| (file.name(), Self::File(agent.clone(), file));
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

    /// What is always in it under this name.
    pub(crate) fn fixed_child(&self, name: &OsStr) -> Option<AgentPlace> {
        self.fixed().into_iter().find(|(known, _)| name == *known).map(|(_, place)| place)
    }
}
