//! How a project goes on as another one: a copy of it, or what it was copied from. Pure.
//!
//! From then on it is that: what waits to be saved has that one's ids, and what it was is left behind.
//! What others did there meanwhile stands.

use std::{collections::HashMap, sync::Arc, time::Instant};

use crate::{
    ids::{ProjectId, TaskId},
    plan::{Conflict, Details, Key, Listing, Outline},
    replica::{
        copying::{self, InCopy},
        pending::{PendingSave, Rebased},
        relocation::{Location, Original},
        state::Replica,
    },
};

/// What a project is to be from now on.
#[derive(Debug)]
pub(crate) struct Successor {
    pub(crate) id: ProjectId,
    pub(crate) to: Location,
    pub(crate) listing: Listing,
    pub(crate) keys: Keys,
}

/// How its tasks there are known.
#[derive(Debug)]
pub(crate) enum Keys {
    /// It is a copy, which has its tasks like this.
    OfCopy(InCopy),
    /// It is again what it was copied from.
    Back(Original),
}

/// What became of a project that is another one now.
#[derive(Debug)]
pub(crate) struct Became {
    /// What it was.
    pub(crate) former: ProjectId,
    /// The keys that its tasks have now.
    pub(crate) keys: Vec<(Key, Key)>,
    /// What is there, and where that disagreed with what waits.
    pub(crate) there: Outline,
    pub(crate) conflicts: Vec<Conflict>,
}

impl Replica {
    /// Goes on as another project, which was read then and lacks these details of its tasks. `render`
    /// gives the text. `None` if it is none of Taskade's, or nothing waits: then nothing has changed.
    pub(crate) fn go_on_as(
        &mut self,
        Successor { id, to, listing, keys }: Successor,
        lacking: Vec<(TaskId, Details)>,
        read: Instant,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) -> Option<Became> {
        let (former, save) = (self.id.clone()?, self.pending()?.clone());
        let there = There::of(self, keys, listing.outline, &lacking);
        let first_new = self.reserve(save.target.items.len());
        let (mut save, mut renamed) = copying::on_copy(&save, &there.keys, &there.base, first_new);
        let conflicts = there.rebase(self, &mut save, &mut renamed);
        if let Some(relocation) = &mut save.relocation {
            let left = there.leaves(self, former.clone(), relocation.from.clone(), &renamed);
            relocation.go_on_as(left, to, lacking);
        }
        self.id = Some(id);
        self.local.set_save(save);
        let (there, title) = (there.outline, listing.title.map(|node| node.id));
        self.install_with_title(there.clone(), render(&there), title, Some(read));
        for (from, to) in &renamed {
            self.note_alias(from.clone(), to.clone());
        }
        Some(Became { former, keys: renamed, there, conflicts })
    }
}

/// A project's tasks where it is to go on.
#[derive(Debug)]
struct There {
    /// The keys that they have there, by those that they have now.
    keys: HashMap<Key, Key>,
    /// What was there of what the project wants.
    base: Outline,
    /// What is there.
    outline: Outline,
    /// Whether what is there is all that is left behind.
    is_whole: bool,
}

impl There {
    fn of(
        replica: &Replica,
        keys: Keys,
        mut outline: Outline,
        lacking: &[(TaskId, Details)],
    ) -> Self {
        let left = replica.remote_outline();
        match keys {
            Keys::OfCopy(InCopy { keys, mut base }) => {
                let is_whole = copying::same_tasks(&left, &outline);
                outline.inherit(&copying::renamed(&left, &keys));
                for item in outline.items.iter_mut().filter(|_| !lacking.is_empty()) {
                    item.details = item.details.sendable();
                }
                copying::with_details_of(&mut base, &outline);
                Self { keys, base, outline, is_whole }
            }
            Keys::Back(Original { tasks, keys, .. }) => {
                // What was done to the copy is to be done there, and what others did there stays.
                let is_whole = [&tasks, &outline].iter().any(|it| copying::same_tasks(&left, it));
                outline.inherit(&tasks);
                let keys =
                    keys.into_iter().map(|(old, new)| (replica.current(&new), old)).collect();
                Self { keys, base: tasks, outline, is_whole }
            }
        }
    }

    /// Takes into the save what others did there. The keys that tasks have for that, too.
    fn rebase(
        &self,
        replica: &mut Replica,
        save: &mut PendingSave,
        renamed: &mut Vec<(Key, Key)>,
    ) -> Vec<Conflict> {
        if self.base == self.outline {
            return Vec::new();
        }
        let first_new = replica.reserve(save.target.items.len());
        let Rebased { aliases, conflicts } = save.rebase(self.outline.clone(), first_new);
        let aliases: HashMap<Key, Key> = aliases.into_iter().collect();
        for (_, now) in renamed.iter_mut() {
            if let Some(newer) = aliases.get(now) {
                now.clone_from(newer);
            }
        }
        renamed.extend(aliases);
        conflicts
    }

    /// What is left behind: to be archived.
    fn leaves(
        &self,
        replica: &Replica,
        id: ProjectId,
        from: Location,
        renamed: &[(Key, Key)],
    ) -> Original {
        let Location { folder, title } = from;
        let mut keys = self.keys.clone();
        keys.extend(renamed.iter().cloned());
        Original {
            id,
            folder: Some(folder),
            title,
            tasks: replica.remote_outline(),
            keys: keys.into_iter().collect(),
            is_whole: self.is_whole,
            is_stray: false,
            is_fresh: true,
            is_archived: false,
        }
    }
}
