//! How a project comes to be one of Taskade's: from a request whose answer may be lost to a save on
//! what was made of it. Pure.
//!
//! How the service reads the Markdown of a new project is not documented beyond titles and bullets, so
//! what it made is read back and believed, and only the difference is left to be sent. Of what is made
//! from more than its text (see [`MadeFrom`](super::creation::MadeFrom)) that is done likewise.

use std::{collections::HashSet, sync::Arc, time::SystemTime};

use crate::{
    api::TaskResource,
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{self, Details, Key, Outline, Wanted},
    replica::{
        creation::{Creating, Source},
        local::Saved,
        pending::PendingSave,
        relocation::{Location, Relocation},
        state::Replica,
    },
};

/// How a project came to be.
#[derive(Debug)]
pub(crate) enum CreatedFrom {
    /// The service said so.
    Answered,
    /// It was found, made by an earlier request with these tasks, and others may have been at it.
    Found(Outline),
}

/// What the tasks of a project have beside their texts that was just created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NewDetails {
    /// Nothing: the request made the tasks alone.
    None,
    /// What those have that they were copied from.
    Copied,
    /// Nothing, although they were copied: it is to be set.
    Missing,
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
        self.creating = Some(Box::new(Creating { before, sent: sent.clone(), is_made: false }));
        sent
    }

    /// The request to create it was executed, and what it made is not known: it is to be found.
    pub(crate) fn note_made(&mut self) {
        if let Some(creating) = &mut self.creating {
            creating.is_made = true;
        }
    }

    /// The request to create it was not executed: nothing is to be found of it.
    pub(crate) fn note_not_created(&mut self) {
        self.creating = None;
    }

    /// It is this project of Taskade's from now on, to be read before anything else is sent to it, and
    /// has that place there, from where it is on its way if it is shown at another. What was sent stays
    /// known until [what was made of it](Self::align_with_created) is.
    pub(crate) fn is_created_as(&mut self, id: ProjectId, at: &Location, since: SystemTime) {
        let shown = Location::shown(self);
        let save = self.pending_mut();
        if let Some(save) = save.filter(|save| save.relocation.is_some() || shown != *at) {
            let relocation = Relocation::new(at.clone(), shown, since);
            let relocation = save.relocation.get_or_insert(relocation);
            at.clone_into(&mut relocation.from);
        }
        self.id = Some(id);
        self.expire();
    }

    /// A task that was copied with the project, and something that the original's is known to have: a
    /// look at it tells whether copies have that. Of the last reading.
    pub(crate) fn sample_of_copy(&self) -> Option<(TaskId, TaskResource)> {
        let (wanted, read) = (self.pending()?.target(), &self.snapshot()?.outline);
        adopt(wanted, read).0.items.iter().find_map(|item| {
            let Key::Known(task) = &item.key else { return None };
            let has = |any: &TaskResource| item.details.has_any(*any);
            Some((task.clone(), TaskResource::DETAILS.into_iter().find(has)?))
        })
    }

    /// Taskade copies no project for it: it is created from its text, of which these are the tasks.
    pub(crate) fn create_from_text(&mut self, tasks: Outline) {
        let Some(save) = self.pending().cloned() else { return };
        self.creating = None;
        self.local.set_save(PendingSave { made_from: None, target: tasks.clone(), ..save });
        if let Some(saved) = self.local.saved_mut() {
            saved.outline = Arc::new(tasks);
        }
    }

    /// Turns its save into one on what was created, as the last reading has it: tasks that were made
    /// are not made again, and what else the save was to do is still to be done. `false` if nothing
    /// waits to be aligned, and nothing has changed.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if nothing was read.
    pub(crate) fn align_with_created(
        &mut self,
        origin: CreatedFrom,
        details: NewDetails,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) -> Result<bool> {
        let read = self.snapshot().map(|snapshot| snapshot.outline.clone());
        let read = read.ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))?;
        let Some(save) = self.pending().cloned() else { return Ok(false) };
        let first_new = self.reserve(read.items.len());
        if let Some(Source::Template { line, .. }) = save.made_from().map(|it| &it.source) {
            self.fill_from_template(&save, &read, line, render);
            return Ok(true);
        }
        let (aligned, ids) = match origin {
            CreatedFrom::Answered => made(&save.target, &read, details),
            CreatedFrom::Found(sent) => found(&sent, &save.target, &read, first_new, details),
        };
        let PendingSave { transferred, brought, hold_deletes_until, relocation, .. } = save;
        let mut aligned = PendingSave {
            before: Outline::default(),
            creates: true,
            made_from: save.made_from,
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

    /// Wants what a template has made, with what was written to the file since it was copied behind
    /// it, in place of the line that stood for that.
    fn fill_from_template(
        &mut self,
        save: &PendingSave,
        read: &Outline,
        line: &str,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) {
        let mut written = save.target.clone();
        let stands = written.items.iter().filter(|item| item.text == line);
        let stands: Vec<Key> = stands.map(|item| item.key.clone()).collect();
        for key in stands {
            written.lift_out(&key);
            if let Key::New(number) = key {
                self.note_unmade(number);
            }
        }
        let mut target = read.clone();
        target.items.extend(written.items);
        let since = self.local.saved().map_or(SystemTime::UNIX_EPOCH, |saved| saved.since);
        let outline = Arc::new(target.clone());
        let saved = Saved::new(render(&outline), outline, since);
        let base = read.clone();
        let filled =
            PendingSave { base, target, before: Outline::default(), creates: true, ..save.clone() };
        self.creating = None;
        self.local.stage(filled, saved);
    }
}

/// The save on a project that nobody but this request has touched: whatever else the service
/// put there is not wanted.
fn made(
    wanted: &Outline,
    read: &Outline,
    details: NewDetails,
) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (mut adopted, ids) = adopt(wanted, read);
    let base = details.of(read, &adopted);
    details.fit(&mut adopted);
    (PendingSave::new(base, adopted), ids)
}

/// The save on a project that was found: what is there beyond what was sent is somebody's.
fn found(
    sent: &Outline,
    wanted: &Outline,
    read: &Outline,
    first_new: u32,
    details: NewDetails,
) -> (PendingSave, Vec<(u32, TaskId)>) {
    let (adopted, ids) = adopt(sent, read);
    let adopted = adopted.existing();
    let base = details.of(&adopted, &adopted);
    let mut target = wanted.clone();
    details.fit(&mut target);
    for (number, id) in &ids {
        for item in target.items.iter_mut().filter(|item| item.key == Key::New(*number)) {
            item.key = Key::Known(id.clone());
        }
    }
    let mut save = PendingSave::new(base, target);
    save.rebase(read.clone(), first_new);
    (save, ids)
}

impl NewDetails {
    /// The tasks as they are just after they were created, as these.
    fn of(self, created: &Outline, wanted: &Outline) -> Outline {
        let mut created = created.clone();
        for item in &mut created.items {
            item.details = match self {
                Self::None | Self::Missing => Details::none(),
                Self::Copied => {
                    wanted.find(&item.key).map(|it| it.details.clone()).unwrap_or_default()
                }
            };
        }
        created
    }

    /// What is wanted as it can be sent, if it has to be.
    fn fit(self, wanted: &mut Outline) {
        for item in wanted.items.iter_mut().filter(|_| self == Self::Missing) {
            item.details = item.details.sendable();
        }
    }
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
