//! Workspaces and folders, and what is in them.

use super::super::{
    bundle::ExportedSpace, call::Method, endpoint::Endpoint, envelope::Envelope, path::Path,
};
use crate::{
    error::Result,
    ids::SpaceId,
    model::{RemoteProject, RemoteSpace},
};

/// All workspaces of the account.
#[derive(Debug, Clone, Copy)]
pub struct GetWorkspaces;

impl Endpoint for GetWorkspaces {
    type Answer = Vec<RemoteSpace>;
    const METHOD: Method = Method::Get;

    fn path(&self) -> Result<Path> {
        Path::new("workspaces", [])
    }

    fn read(&self, answer: Envelope) -> Result<Vec<RemoteSpace>> {
        answer.spaces()
    }
}

/// All folders of a workspace, its home folder (whose id is the workspace's) included where the
/// service lists it.
#[derive(Debug, Clone, Copy)]
pub struct GetFolders<'a> {
    /// The workspace.
    pub workspace: &'a SpaceId,
}

impl Endpoint for GetFolders<'_> {
    type Answer = Vec<RemoteSpace>;
    const METHOD: Method = Method::Get;

    fn path(&self) -> Result<Path> {
        Path::new("workspaces/{workspace}/folders", [self.workspace.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Vec<RemoteSpace>> {
        answer.spaces()
    }
}

/// All projects of a folder, completed (archived) ones included.
#[derive(Debug, Clone, Copy)]
pub struct GetProjects<'a> {
    /// The folder.
    pub folder: &'a SpaceId,
}

impl Endpoint for GetProjects<'_> {
    type Answer = Vec<RemoteProject>;
    const METHOD: Method = Method::Get;

    fn path(&self) -> Result<Path> {
        Path::new("folders/{folder}/projects", [self.folder.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<Vec<RemoteProject>> {
        answer.projects()
    }
}

/// The projects of the account, the one that was viewed last first: the first of them only. It hints
/// at what others may have changed, and proves nothing (`/me/projects` of the document).
#[derive(Debug, Clone, Copy)]
pub struct GetViewedProjects;

impl GetViewedProjects {
    const LIMIT: usize = 100;
}

impl Endpoint for GetViewedProjects {
    type Answer = Vec<RemoteProject>;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;
    const IS_OPTIONAL: bool = true;

    fn path(&self) -> Result<Path> {
        Path::new("me/projects", [])
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        vec![("limit", Self::LIMIT.to_string()), ("sort", "viewed-desc".to_owned())]
    }

    fn read(&self, answer: Envelope) -> Result<Vec<RemoteProject>> {
        answer.projects()
    }
}

/// The projects of a space in one answer, as far as they can be read: the space is asked as the
/// document has it, whether it is a workspace or a folder.
#[derive(Debug, Clone, Copy)]
pub struct GetExport<'a> {
    /// The space.
    pub space: &'a SpaceId,
}

impl Endpoint for GetExport<'_> {
    type Answer = ExportedSpace;
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;
    const IS_OPTIONAL: bool = true;

    fn path(&self) -> Result<Path> {
        Path::new("bundles/{space}/export", [self.space.as_str()])
    }

    fn read(&self, answer: Envelope) -> Result<ExportedSpace> {
        answer.exported()
    }
}
