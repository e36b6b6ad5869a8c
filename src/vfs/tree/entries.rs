//! What a directory was seen to hold, by name.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    sync::Arc,
};

use crate::{
    api::{RemoteProject, RemoteSpace},
    ids::{ProjectId, SpaceId},
    sync::Listed,
};

/// One entry that Taskade has.
#[derive(Debug, Clone)]
pub(crate) enum Entry {
    Space(RemoteSpace),
    Project(RemoteProject),
}

/// The entries of a directory that Taskade has, named.
#[derive(Debug)]
pub(crate) struct Entries {
    pub(crate) listed: Arc<Listed>,
    pub(crate) in_order: Vec<(OsString, Entry)>,
    pub(crate) by_name: HashMap<OsString, usize>,
}

impl Entries {
    /// The name of a project.
    pub(crate) fn name_of(&self, id: &ProjectId) -> Option<&OsStr> {
        self.name_where(|entry| matches!(entry, Entry::Project(project) if project.id == *id))
    }

    /// The name of a workspace or folder.
    pub(crate) fn name_of_space(&self, id: &SpaceId) -> Option<&OsStr> {
        self.name_where(|entry| matches!(entry, Entry::Space(space) if space.id == *id))
    }

    pub(crate) fn name_where(&self, is_it: impl Fn(&Entry) -> bool) -> Option<&OsStr> {
        self.in_order.iter().find(|(_, entry)| is_it(entry)).map(|(name, _)| name.as_os_str())
    }

    pub(crate) fn get(&self, name: &OsStr) -> Option<&Entry> {
        let index = self.by_name.get(name)?;
        self.in_order.get(*index).map(|(_, entry)| entry)
    }

    /// The names that do not stand for the same here and there.
    pub(crate) fn differing(&self, other: &Self) -> Vec<OsString> {
        let gone = self
            .in_order
            .iter()
            .filter(|(name, entry)| other.get(name).is_none_or(|now| !now.is_the_same(entry)));
        // There may have been scratch of that name.
        let new = other.in_order.iter().filter(|(name, _)| !self.by_name.contains_key(name));
        gone.chain(new).map(|(name, _)| name.clone()).collect()
    }
}

impl Entry {
    pub(crate) fn is_the_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Entry::Space(one), Entry::Space(other)) => one.id == other.id,
            (Entry::Project(one), Entry::Project(other)) => one.id == other.id,
            (Entry::Space(_), Entry::Project(_)) | (Entry::Project(_), Entry::Space(_)) => false,
        }
    }
}
