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
    pub(in crate::replica) from: Location,
    /// Where it is to be, and is shown already.
    pub(in crate::replica) to: Location,
    pub(in crate::replica) since: SystemTime,
    /// The title that was sent to its title node, until it is known what came of it.
    pub(in crate::replica) retitling: Option<String>,
    /// The copy that was asked for, until the project is that copy.
    pub(in crate::replica) copy: Option<CopyRequest>,
    /// What copies were not seen to have of their tasks: to be set.
    pub(in crate::replica) details: Vec<(TaskId, Details)>,
    /// The projects that it was copied from: to be archived.
    pub(in crate::replica) originals: Vec<Original>,
    /// The one of them that it is to be again.
    #[serde(default)]
    pub(in crate::replica) back: Option<Original>,
    /// What was refused, once the project is on its way back for that.
    #[serde(default)]
    pub(in crate::replica) undone: Option<Undone>,
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

    /// Where Taskade has it, as far as is known.
    pub(crate) fn from(&self) -> &Location {
        &self.from
    }

    /// Where it is to be, and is shown already.
    pub(crate) fn to(&self) -> &Location {
        &self.to
    }

    /// When that was asked for.
    pub(crate) fn since(&self) -> SystemTime {
        self.since
    }

    /// The title that was sent to its title node, until it is known what came of it.
    pub(crate) fn retitling(&self) -> Option<&String> {
        self.retitling.as_ref()
    }

    /// What copies were not seen to have of their tasks: to be set.
    pub(crate) fn details(&self) -> &[(TaskId, Details)] {
        &self.details
    }

    /// The projects that it is not, or not yet again: what it was copied from, and copies that were not
    /// gone on with.
    pub(crate) fn left_behind(&self) -> impl Iterator<Item = &Original> {
        self.originals.iter().chain(&self.back)
    }

    /// What was refused, once the project is on its way back for that.
    pub(crate) fn undone(&self) -> Option<&Undone> {
        self.undone.as_ref()
    }

    /// It is to go somewhere else than was wanted before. What was refused of that is told to nobody:
    /// whoever waits is told how this one goes.
    pub(in crate::replica) fn redirect(&mut self, to: &Location) {
        to.clone_into(&mut self.to);
        self.undone = None;
    }

    /// This title is about to be sent to its title node.
    pub(crate) fn begin_retitling(&mut self, title: &str) {
        self.retitling = Some(title.to_owned());
    }

    /// Its title node was not given the title that was to be sent, or that was not enough.
    pub(crate) fn give_up_retitling(&mut self) {
        self.retitling = None;
    }

    /// Taskade has it under this title now.
    pub(crate) fn note_retitled(&mut self, title: &str) {
        title.clone_into(&mut self.from.title);
        self.retitling = None;
    }

    /// A copy of it is about to be asked for.
    pub(crate) fn begin_copy(&mut self, request: CopyRequest) {
        self.copy = Some(request);
    }

    /// The copy was made, says Taskade, and which it is if it says that, too.
    pub(crate) fn note_copied(&mut self, id: Option<ProjectId>) {
        if let Some(copy) = &mut self.copy {
            (copy.is_made, copy.id) = (true, id);
        }
    }

    /// This is the copy that was asked for. It may be that nobody uses it: then it is to be archived.
    pub(crate) fn note_found(&mut self, id: &ProjectId) {
        self.copy.iter_mut().for_each(|copy| copy.id = Some(id.clone()));
    }

    /// No copy was made.
    pub(crate) fn give_up_copy(&mut self) {
        self.copy = None;
    }

    /// The copy has what it lacked of this task. What was read of the originals is not news any more.
    pub(crate) fn note_details_set(&mut self, task: &TaskId) {
        self.details.retain(|(other, _)| other != task);
        self.note_sent();
    }

    /// The copy has all that it lacked.
    pub(crate) fn note_all_details_set(&mut self) {
        self.details.clear();
    }

    /// What was read of the originals is not news any more.
    pub(crate) fn note_sent(&mut self) {
        self.originals.iter_mut().for_each(|original| original.is_fresh = false);
    }

    /// One of the originals is archived: not to be asked for again, whether the journal comes to know
    /// it or not.
    pub(crate) fn note_archived(&mut self, id: &ProjectId) {
        let original = self.originals.iter_mut().find(|other| other.id == *id);
        original.into_iter().for_each(|original| original.is_archived = true);
    }

    /// Nothing is left to be done with one of the originals.
    pub(crate) fn release(&mut self, id: &ProjectId) {
        self.originals.retain(|other| other.id != *id);
    }

    /// There is nothing any more that it could go back to: it is where it was to be.
    pub(crate) fn stay(&mut self) {
        self.back = None;
        if let Some(undone) = self.undone.take() {
            self.to = undone.to;
        }
    }

    /// It is that copy now, or what it was copied from, at this place. It has `left` a project behind,
    /// and is to be given the details that it lacks.
    pub(in crate::replica) fn go_on_as(
        &mut self,
        left: Original,
        to: Location,
        lacking: Vec<(TaskId, Details)>,
    ) {
        self.originals.push(left);
        self.from = to;
        (self.copy, self.back) = (None, None);
        self.details = lacking;
    }

    /// One of the originals has these tasks now, of which the copy has them by these keys. It is to be
    /// seen once more that it has all of them.
    pub(in crate::replica) fn note_carried_over(
        &mut self,
        id: &ProjectId,
        tasks: &Outline,
        keys: &[(Key, Key)],
    ) {
        for left in self.originals.iter_mut().filter(|left| left.id == *id) {
            left.tasks.clone_from(tasks);
            left.keys = keys.to_vec();
            (left.is_whole, left.is_fresh) = (false, false);
        }
    }

    /// This way turned back, since Taskade refuses a part of it for this reason; `None` if that was
    /// tried, or nothing is to be undone. It goes back to no project that `is_used` by now.
    pub(in crate::replica) fn turned_back(
        &self,
        (kind, reason): (Kind, String),
        is_used: impl Fn(&ProjectId) -> bool,
    ) -> Option<Self> {
        if self.undone.is_some() {
            return None;
        }
        let mut back = self.clone();
        match self.next() {
            Step::Go | Step::BecomeCopy(_) => {
                let stray = back.copy.take().and_then(Original::stray);
                back.originals.extend(stray);
                if back.originals.is_empty() {
                    return None;
                }
                // It is as far as an earlier one of these brought it.
                back.to = self.from.clone();
                back.retitling = None;
            }
            Step::SetDetails | Step::Archive(_) => {
                let original = back.originals.pop()?;
                // An earlier version has not noted it, or somebody has begun something with it.
                let is_used = is_used(&original.id);
                let folder = original.folder.clone().filter(|_| !is_used)?;
                back.to = Location { folder, title: original.title.clone() };
                back.back = Some(original);
                back.details.clear();
            }
            Step::GoBack(_) | Step::Arrived => return None,
        }
        back.undone = Some(Undone { kind, reason, to: self.to.clone() });
        Some(back)
    }

    /// The projects that Taskade may list and that are not to be shown: what is shown is the one
    /// that is on its way.
    pub(crate) fn hidden(&self) -> impl Iterator<Item = &ProjectId> {
        let copy = self.copy.iter().filter_map(|copy| copy.id.as_ref());
        copy.chain(self.originals.iter().chain(&self.back).map(|original| &original.id))
    }
}

impl Original {
    /// A copy that was made and is not gone on with: the project has all of its tasks itself. `None` if
    /// it is not known which that is.
    fn stray(copy: CopyRequest) -> Option<Self> {
        let CopyRequest { to, tasks, id, .. } = copy;
        Some(Self {
            id: id?,
            folder: Some(to.folder),
            title: to.title,
            tasks,
            keys: Vec::new(),
            is_whole: true,
            is_stray: true,
            is_fresh: false,
            is_archived: false,
        })
    }
}
