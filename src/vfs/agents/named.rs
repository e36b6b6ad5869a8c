//! The agents of spaces by their names.

use std::{collections::HashMap, ffi::OsString, sync::Arc};

use crate::{
    api::RemoteAgent,
    ids::{AgentId, SpaceId},
};

/// The agents of a space, named as they were listed.
#[derive(Debug)]
pub(crate) struct AgentNames {
    pub(crate) listed: Arc<Vec<RemoteAgent>>,
    pub(crate) in_order: Vec<(OsString, AgentId)>,
}

/// The names of the agents of each space that was listed.
pub(crate) type NamesBySpace = HashMap<SpaceId, Arc<AgentNames>>;
