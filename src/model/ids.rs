//! Typed identifiers of Taskade objects.
//!
//! An id is opaque text from the network: 16 or 9 characters for projects and spaces, usually
//! a UUID for tasks, but nothing here relies on its shape. Task ids are unique only inside a
//! project, because copies and imports keep them.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps the id as the service spells it.
            pub fn new(id: impl AsRef<str>) -> Self {
                Self(Arc::from(id.as_ref()))
            }

            /// The id as the service spells it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:?})", stringify!($name), &*self.0)
            }
        }
    };
}

id_type!(
    /// A medium: a file of a workspace or folder that is no project.
    MediaId
);

id_type!(
    /// A workspace or a folder. They share one namespace: the home folder of a workspace has
    /// the id of the workspace itself.
    SpaceId
);
id_type!(
    /// A project.
    ProjectId
);
id_type!(
    /// A task, unique only inside its project.
    TaskId
);
id_type!(
    /// An agent of a space.
    AgentId
);
id_type!(
    /// A conversation with an agent.
    ConvoId
);
id_type!(
    /// A template of projects.
    TemplateId
);
