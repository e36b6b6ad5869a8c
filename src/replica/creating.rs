//! How a project comes to be one of Taskade's: from a request whose answer may be lost to a save on
//! what was made of it. Pure.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and bullets, so
//! what it made is read back and believed, and only the difference is left to be sent.

use std::collections::HashSet;

use crate::{
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{self, Details, Key, Outline, Wanted},
    replica::{creation::Creating, pending::PendingSave, state::Replica},
};

/// How a project came to be.
#[derive(Debug)]
pub(crate) enum CreatedFrom {
    /// The service said so.
    Answered,
    /// It was found, made by an earlier request with these tasks, and others may have been at it.
    Found(Outline),
}

impl Replica {
    /// The request to create it, as long as it is not known what it did.
    pub(crate) fn creating(&self) -> Option<&Creating> {
        self.creating.as_deref()
    }

    /// Whether it is not created yet, or what was made of the request is not known yet.
    pub(crate) fn is_unborn(&self) -> bool {
        self.id.is_none() || self.creating.is_some()
    }

    /// Whether Taskade never heard of it: nothing is there, and nothing can come to be there, unless a
    /// save is sent.
    pub(crate) fn is_unheard_of(&self) -> bool {
        self.id.is_none() && self.creating.is_none()
    }

    /// It is about to be created, in a folder that had these projects `before`: what it takes to find
    /// it should the answer be lost. The tasks to create it with.
    pub(crate) fn begin_creation(&mut self, before: HashSet<ProjectId>) -> Outline {
        let sent = self.pending().map(|save| save.target.clone()).unwrap_or_default();
        self.creating = Some(Box::new(Creating { before, sent: sent.clone() }));
        sent
    }

    /// The request to create it was not executed: nothing is to be found of it.
    pub(crate) fn note_not_created(&mut self) {
        self.creating = None;
    }

    /// It is this project of Taskade's from now on, to be read before anything else is sent to it. What
    /// was sent stays known until [what was made of it](Self::align_with_created) is.
    pub(crate) fn is_created_as(&mut self, id: ProjectId) {
        self.id = Some(id);
        self.expire();
    }

    /// Turns its save into one on what was created, as the last reading has it: tasks that were made
    /// are not made again, and what else the save was to do is still to be done. `false` if nothing
    /// waits to be aligned, and nothing has changed.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if nothing was read.
    pub(crate) fn align_with_created(&mut self, origin: CreatedFrom) -> Result<bool> {
        let read = self.snapshot().map(|snapshot| snapshot.outline.clone());
        let read = read.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
        let Some(save) = self.pending().cloned() else { return Ok(false) };
        let first_new = self.reserve(read.items.len());
        let (aligned, ids) = match origin {
            CreatedFrom::Answered => made(&save.target, &read),
            CreatedFrom::Found(sent) => found(&sent, &save.target, &read, first_new),
        };
        let PendingSave { transferred, brought, hold_deletes_until, relocation, .. } = save;
        let mut aligned = PendingSave {
            before: Outline::default(),
            creates: true,
            transferred,
            brought,
            hold_deletes_until,
            relocation,
            ..aligned
        };
        aligned.note_ids(&ids);
        self.creating = None;
        self.local.set_save(aligned);
        for (number, id) in &ids {
            self.note_created(*number, id);
        }
        Ok(true)
    }
}

/// The save on a project that nobody but this request has touched: whatever else the service
/// put there is not wanted.
fn made(wanted: &Outline, read: &Outline) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(wanted, read);
    (PendingSave::new(without_details(read), adopted), ids)
}

/// The save on a project that was found: what is there beyond what was sent is somebody's.
fn found(
    sent: &Outline,
    wanted: &Outline,
    read: &Outline,
    first_new: u32,
) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(sent, read);
    // The request made the tasks alone.
    let base = without_details(&adopted.existing());
    let mut target = wanted.clone();
    for (number, id) in &ids {
        for item in target.items.iter_mut().filter(|item| item.key == Key::New(*number)) {
            item.key = Key::Known(id.clone());
        }
    }
    let mut save = PendingSave::new(base, target);
    save.rebase(read.clone(), first_new);
    (save, ids)
}

/// The tasks as they are just after they were created.
fn without_details(created: &Outline) -> Outline {
    let mut created = created.clone();
    created.items.iter_mut().for_each(|item| item.details = Details::none());
    created
}

/// Gives the tasks of `wanted` the ids of the tasks that the service made for them.
fn adopt(wanted: &Outline, made: &Outline) -> (Outline, Vec<(u32, TaskId)>) {
    let lines: Vec<Wanted> = wanted
        .items
        .iter()
        .map(|item| Wanted {
            depth: item.depth,
            text: item.text.clone(),
            done: item.done,
            anchor: None,
        })
        .collect();
    let aligned = plan::align(made, &lines, 0);
    let mut adopted = wanted.clone();
    let mut ids = Vec::new();
    for (item, found) in adopted.items.iter_mut().zip(aligned.items) {
        if let (Key::New(number), Key::Known(id)) = (&item.key, &found.key) {
            ids.push((*number, id.clone()));
            item.key = found.key;
        }
    }
    (adopted, ids)
}
