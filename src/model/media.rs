//! Media as Taskade tells of them: files of a workspace or folder that are no projects.

use serde::{Deserialize, Serialize};

use super::ids::MediaId;

/// A medium, as listed. No listing tells what it is called or how long it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteMedia {
    /// Its id.
    pub id: MediaId,
    /// What sort of file it is, in the service's word; empty where it does not say.
    pub kind: String,
}
