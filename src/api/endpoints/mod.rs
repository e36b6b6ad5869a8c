//! The endpoints of v1 that taskadefs asks, as the official document describes them.
//!
//! One more is one more type here: what is asked, where that goes, and how the answer is read.

mod agents;
mod bundles;
mod conversations;
mod details;
mod knowledge;
mod media;
mod projects;
mod public_agents;
mod resources;
mod spaces;
mod tasks;
mod templates;

pub(crate) use self::bundles::IMPORT_BUNDLE;
pub use self::{
    agents::{
        CreateAgent, DeleteAgent, GenerateAgent, GetAgent, GetAgents, GetPublicAgentOf, UpdateAgent,
    },
    bundles::{ExportBundle, ImportBundle},
    conversations::{GetConvo, GetConvos, GetTranscript},
    details::{
        DeleteAssignee, DeleteDate, DeleteField, DeleteNote, GetDetail, GetTaskResource,
        PutAssignees, PutDate, PutField, PutNote,
    },
    knowledge::{AddKnowledge, RemoveKnowledge},
    media::{DeleteMedia, DownloadMedia, GetMedias, UploadMedia},
    projects::{CompleteProject, CopyProject, CreateProject, GetProject, RestoreProject},
    public_agents::{GetPublicAgent, PublishAgent, UpdatePublicAgent},
    resources::{GetBlocks, GetFields, GetMembers, GetShareLink, ItemPage, PutShareLink},
    spaces::{GetExport, GetFolders, GetProjects, GetViewedProjects, GetWorkspaces},
    tasks::{CreateTasks, DeleteTask, GetTasks, MoveTask, SetCompleted, UpdateTask},
    templates::{CreateFromTemplate, GetTemplates},
};
