//! Where a project is to go, and how far that has come: what the journal has of a renaming or a
//! move. Pure.
//!
//! Taskade has no call for either: at worst a project is copied, and the one that it was copied
//! from is archived. Each step is noted before the request that it needs, so that a crash or a
//! lost answer leaves enough to look what came of it.

use std::{
    collections::{HashMap, HashSet},
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use super::{intent::Intent, project::State};
use crate::{
    error::Kind,
    ids::{ProjectId, SpaceId, TaskId},
    plan::{self, Conflict, Details, Item, Key, Op, Outline},
};

/// A title in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
}

impl Place {
    /// Where a project is shown.
    pub(crate) fn shown(state: &State) -> Self {
        Self { folder: state.folder.clone(), title: state.title.clone() }
    }

    /// Where Taskade has a project, or is to create it first.
    pub(crate) fn remote(state: &State) -> Self {
        let relocation = state.intent.as_ref().and_then(|intent| intent.relocation.as_ref());
        relocation.map_or_else(|| Self::shown(state), |relocation| relocation.from.clone())
    }
}

/// A project on its way to another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relocation {
    /// Where Taskade has it, as far as is known.
    pub(crate) from: Place,
    /// Where it is to be, and is shown already.
    pub(crate) to: Place,
    pub(crate) since: SystemTime,
    /// The title that was sent to its title node, until it is known what came of it.
    pub(crate) retitling: Option<String>,
    /// The copy that was asked for, until the project is that copy.
    pub(crate) copy: Option<CopyRequest>,
    /// What copies were not seen to have of their tasks: to be set.
    pub(crate) details: Vec<(TaskId, Details)>,
    /// The projects that it was copied from: to be archived.
    pub(crate) originals: Vec<Original>,
    /// The one of them that it is to be again.
    #[serde(default)]
    pub(crate) back: Option<Original>,
    /// What was refused, once the project is on its way back for that.
    #[serde(default)]
    pub(crate) undone: Option<Undone>,
}

/// A renaming or a move that Taskade has refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Undone {
    pub(crate) kind: Kind,
    /// In words.
    pub(crate) reason: String,
    /// Where the project was to be.
    pub(crate) to: Place,
}

/// A request to copy a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CopyRequest {
    /// Where the copy was to be made.
    pub(crate) to: Place,
    /// The projects that the folder had before: none of them is the copy.
    pub(crate) before: HashSet<ProjectId>,
    /// The tasks that the original was known to have when it was asked for.
    pub(crate) tasks: Outline,
    /// Whether Taskade said that it was made.
    pub(crate) is_made: bool,
    /// The copy, once it is known.
    pub(crate) id: Option<ProjectId>,
}

/// A project of which a copy has the place, or a copy that was not gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Original {
    pub(crate) id: ProjectId,
    /// Where it is; `None` if an earlier version has noted it.
    #[serde(default)]
    pub(crate) folder: Option<SpaceId>,
    /// Its title.
    pub(crate) title: String,
    /// Its tasks, which the copy has too, or is to have.
    pub(crate) tasks: Outline,
    /// The keys that its tasks have in the copy.
    #[serde(default)]
    pub(crate) keys: Vec<(Key, Key)>,
    /// Whether the copy was seen to hold all of them.
    pub(crate) is_whole: bool,
    /// Whether the project never was this one: a copy of it to which nothing was done.
    #[serde(default)]
    pub(crate) is_stray: bool,
    /// Whether nothing was sent since they were read.
    #[serde(skip)]
    pub(crate) is_fresh: bool,
}

/// What is to be done next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// To be again what it was copied from.
    GoBack(Original),
    /// To find the copy that was asked for and become it.
    BecomeCopy(CopyRequest),
    /// To set what the copy lacks.
    SetDetails,
    /// To get to the place.
    Go,
    /// To archive what it was copied from.
    Archive(Original),
    /// Nothing.
    Arrived,
}

impl Relocation {
    pub(crate) fn new(from: Place, to: Place, since: SystemTime) -> Self {
        let (details, originals) = (Vec::new(), Vec::new());
        let (retitling, copy, back, undone) = (None, None, None, None);
        Self { from, to, since, retitling, copy, details, originals, back, undone }
    }

    /// What is to be done next.
    pub(crate) fn next(&self) -> Step {
        if let Some(back) = &self.back {
            return Step::GoBack(back.clone());
        }
        if let Some(copy) = &self.copy {
            return Step::BecomeCopy(copy.clone());
        }
        if !self.details.is_empty() {
            return Step::SetDetails;
        }
        if self.from != self.to || self.retitling.is_some() {
            return Step::Go;
        }
        self.originals.last().map_or(Step::Arrived, |original| Step::Archive(original.clone()))
    }

    /// The projects that Taskade may list and that are not to be shown: what is shown is the one
    /// that is on its way.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &ProjectId> {
        let copy = self.copy.iter().filter_map(|copy| copy.id.as_ref());
        copy.chain(self.originals.iter().chain(&self.back).map(|original| &original.id))
    }
}

/// Whether two outlines hold the same tasks, whatever their ids.
pub(crate) fn same_tasks(a: &Outline, b: &Outline) -> bool {
    let same = |(a, b): (&Item, &Item)| (a.depth, &a.text, a.done) == (b.depth, &b.text, b.done);
    a.items.len() == b.items.len() && a.items.iter().zip(&b.items).all(same)
}

/// The ids that the tasks of a project have in a copy of it: `original` is what it has now,
/// `before` what it was known to have when it was copied. `None` if the copy holds neither.
pub(crate) fn in_copy(
    original: &Outline,
    before: &Outline,
    copy: &Outline,
) -> Option<HashMap<Key, Key>> {
    // Others may have changed the original since: what they did is to be done to the copy.
    let same = [original, before].into_iter().find(|outline| same_tasks(outline, copy))?;
    let pairs = same.items.iter().zip(&copy.items);
    Some(pairs.map(|(old, new)| (old.key.clone(), new.key.clone())).collect())
}

/// An intent on a project as one on its copy, which holds the tasks of `copy`; `keys` are theirs
/// by those of the original. What the original has and the copy has not is to be created, numbered
/// from `first_new`. With the keys that tasks have now.
pub(crate) fn on_copy(
    intent: &Intent,
    keys: &HashMap<Key, Key>,
    copy: &Outline,
    first_new: u32,
) -> (Intent, Vec<(Key, Key)>) {
    let mut keys = keys.clone();
    let mut next = first_new;
    for item in &intent.target.items {
        if matches!(item.key, Key::Known(_)) && !keys.contains_key(&item.key) {
            keys.insert(item.key.clone(), Key::New(next));
            next += 1;
        }
    }
    let renamed = |key: &mut Key| {
        if let Some(new) = keys.get(key) {
            *key = new.clone();
        }
    };
    let mut intent = intent.clone();
    intent.target.items.iter_mut().for_each(|item| renamed(&mut item.key));
    intent.before.items.iter_mut().for_each(|item| renamed(&mut item.key));
    intent.before = intent.before.existing();
    intent.moved.iter_mut().for_each(|moved| renamed(&mut moved.key));
    intent.put_back.iter_mut().for_each(renamed);
    intent.brought.iter_mut().for_each(|(key, _)| renamed(key));
    intent.origins.iter_mut().for_each(|(_, key)| renamed(key));
    for doubt in &mut intent.doubts {
        if let Op::Detail { key, .. } = doubt {
            renamed(key);
        }
    }
    intent.base = copy.clone();
    (intent, keys.into_iter().filter(|(old, new)| old != new).collect())
}

/// What others have made of an original since it was copied, done to the intent on its copy; `now`
/// is what the original has, `current` the key that a task of the copy is known by, and new tasks
/// are numbered from `first_new`. The tasks of the original as those of the copy, the keys that
/// the copy has for them, and where the copy was changed differently. `None` if it cannot be told
/// which tasks of the copy are which.
pub(crate) fn carried_over(
    intent: &mut Intent,
    original: &Original,
    now: &Outline,
    current: impl Fn(&Key) -> Key,
    first_new: u32,
) -> Option<CarriedOver> {
    let mut keys: HashMap<Key, Key> =
        original.keys.iter().map(|(old, new)| (old.clone(), current(new))).collect();
    let is_told = |item: &Item| match keys.get(&item.key) {
        Some(new @ Key::New(_)) => intent.target.find(new).is_some(),
        Some(Key::Known(_)) => true,
        None => false,
    };
    if !original.tasks.items.iter().all(is_told) {
        return None;
    }
    let mut next = first_new;
    for item in &now.items {
        keys.entry(item.key.clone()).or_insert_with(|| {
            next += 1;
            Key::New(next - 1)
        });
    }
    let (base, theirs) = (renamed(&original.tasks, &keys), renamed(now, &keys));
    intent.before = plan::merge(&base, &intent.before, &theirs, next).outline.existing();
    let merged = plan::merge(&base, &intent.target, &theirs, next);
    intent.target = merged.outline;
    for item in intent.target.items.iter_mut().filter(|item| matches!(item.key, Key::New(_))) {
        item.details = item.details.settled();
    }
    let keys = keys.into_iter().collect();
    Some(CarriedOver { theirs, keys, conflicts: merged.conflicts })
}

/// See [`carried_over`].
#[derive(Debug)]
pub(crate) struct CarriedOver {
    pub(crate) theirs: Outline,
    pub(crate) keys: Vec<(Key, Key)>,
    pub(crate) conflicts: Vec<Conflict>,
}

/// An outline of a project as one of its copy.
pub(crate) fn renamed(outline: &Outline, keys: &HashMap<Key, Key>) -> Outline {
    let mut outline = outline.clone();
    for item in &mut outline.items {
        if let Some(new) = keys.get(&item.key) {
            item.key = new.clone();
        }
    }
    outline
}
