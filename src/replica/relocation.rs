//! Where a project is to go, and how far that has come: what the journal has of a renaming or a
//! move. Pure.
//!
//! Taskade has no call for either: at worst a project is copied, and the one that it was copied
//! from is archived. Each step is noted before the request that it needs, so that a crash or a
//! lost answer leaves enough to look what came of it.

use std::{collections::HashSet, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{
    error::Kind,
    ids::{ProjectId, SpaceId, TaskId},
    plan::{Details, Key, Outline},
};

/// A title in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Location {
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
}

/// A project on its way to another place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Relocation {
    /// Where Taskade has it, as far as is known.
    pub(crate) from: Location,
    /// Where it is to be, and is shown already.
    pub(crate) to: Location,
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
    pub(crate) to: Location,
}

/// A request to copy a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CopyRequest {
    /// Where the copy was to be made.
    pub(crate) to: Location,
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
    /// Whether it is archived, and the journal does not know it yet.
    #[serde(skip)]
    pub(crate) is_archived: bool,
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
    pub(crate) fn new(from: Location, to: Location, since: SystemTime) -> Self {
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
