//! Getting a project to another place: what the worker does for it, once all else is sent.
//!
//! The title node is tried first, and only what `GET /projects/{id}` then says is believed. Where
//! that changes nothing, and for another folder, the project is copied and becomes its copy: saves
//! that wait, what programs have read and what they write go on with the copy's tasks. The original
//! is archived last, once the copy was seen to hold all of it. What to do where Taskade refuses a
//! part of that is told in `turn_back`.

use std::sync::{Arc, atomic::Ordering};

use super::{
    engine::Engine,
    intent::Intent,
    project::{Project, Relocated, State},
    relocation::{self, CopyRequest, Original, Relocation, Step},
};
use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{Details, Key, Op, Outline},
};

impl Engine {
    /// Gets a project where it is to be, or gives that up if Taskade refuses it. The caller holds
    /// `project.remote`.
    pub(crate) async fn relocate(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        loop {
            let error = match self.go(project).await {
                Err(error) if !error.kind().is_transient() && !error.kind().is_local() => error,
                gone => return gone,
            };
            if !self.turn_back(project, &error).await? {
                return self.give_up_relocation(project, error).await;
            }
        }
    }

    /// Goes on until the project is there, or has become a copy that is to be changed first.
    async fn go(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        loop {
            let (id, relocation) = {
                let state = project.lock();
                let relocation = state.intent.as_ref().and_then(|it| it.relocation.clone());
                (state.id.clone(), relocation)
            };
            let Some(relocation) = relocation else { return Ok(()) };
            let Some(id) = id else {
                // It was never created: it will be, where it is to be.
                return self.arrive(project).await;
            };
            match relocation.next() {
                Step::GoBack(original) => self.go_back(project, original).await?,
                Step::Go => self.set_out(project, &id, &relocation).await?,
                Step::BecomeCopy(request) => self.become_copy(project, &id, request).await?,
                Step::SetDetails => self.set_details(project, &id, relocation).await?,
                Step::Archive(original) if original.is_whole || is_sent(project) => {
                    if !self.archive_original(project, &original).await? {
                        return Ok(());
                    }
                }
                // What others did to it meanwhile is to be done to the copy first.
                Step::Archive(original) => {
                    self.note_relocation(project, stale).await?;
                    if project.lock().is_refused() {
                        let error = Error::new(Kind::Refused, "others have changed it since");
                        return Err(not_archived(&error, &original.title));
                    }
                    return Ok(());
                }
                Step::Arrived => return self.arrive(project).await,
            }
        }
    }

    /// Tries the title, and asks for a copy where that is not enough.
    async fn set_out(
        &self,
        project: &Project,
        id: &ProjectId,
        relocation: &Relocation,
    ) -> Result<()> {
        let Relocation { from, to, .. } = relocation;
        let is_here = from.folder == to.folder;
        if (is_here || relocation.retitling.is_some())
            && self.retitle(project, id, relocation).await?
        {
            return Ok(());
        }
        self.note_relocation(project, |relocation| relocation.retitling = None).await?;
        if from == to {
            return Ok(());
        }
        let before = self.project_ids(&to.folder).await?;
        let tasks = self.known_tasks_of(project);
        let request = CopyRequest { to: to.clone(), before, tasks, is_made: false, id: None };
        self.note_relocation(project, |relocation| relocation.copy = Some(request)).await?;
        self.ask_for_copy(project, id, to).await
    }

    /// Tries the title node. Whether the project has another title now.
    async fn retitle(
        &self,
        project: &Project,
        id: &ProjectId,
        relocation: &Relocation,
    ) -> Result<bool> {
        let Relocation { from, to, retitling, .. } = relocation;
        if let Some(sent) = retitling {
            // Its answer was lost.
            let now = self.backend.project(Priority::Save, id).await?.name;
            if now == *sent {
                return self.retitled(project, id, sent).await.map(|()| true);
            }
        }
        if self.titles_are_fixed.load(Ordering::Relaxed) || from == to {
            return Ok(false);
        }
        if self.recalled(project).snapshot.is_none() {
            self.fetch(project, Priority::Save).await?;
        }
        let node = self.recalled(project).snapshot.as_ref().and_then(|known| known.title.clone());
        let Some(node) = node else { return Ok(false) };
        let content = self.settings.wording.content(&to.title);
        let title = Some(to.title.clone());
        self.note_relocation(project, |relocation| relocation.retitling = title).await?;
        match self.backend.update_task(id, &node, &content).await {
            Ok(_) => {
                let now = self.backend.project(Priority::Save, id).await?;
                if now.name == to.title {
                    return self.retitled(project, id, &to.title).await.map(|()| true);
                }
                self.titles_are_fixed.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) if matches!(error.kind(), Kind::Refused | Kind::NotFound) => {
                self.titles_are_fixed.store(true, Ordering::Relaxed);
                Ok(false)
            }
            Err(error) => {
                if error.kind().is_certain() {
                    self.note_relocation(project, |relocation| relocation.retitling = None).await?;
                }
                Err(error)
            }
        }
    }

    async fn retitled(&self, project: &Project, id: &ProjectId, title: &str) -> Result<()> {
        self.note_relocation(project, |relocation| {
            title.clone_into(&mut relocation.from.title);
            relocation.retitling = None;
        })
        .await?;
        self.listings.retitle(id, title);
        Ok(())
    }

    /// Sets what the copy lacks. Doing it twice does no harm, so only the end is journaled.
    async fn set_details(
        &self,
        project: &Project,
        id: &ProjectId,
        relocation: Relocation,
    ) -> Result<()> {
        for (task, details) in &relocation.details {
            for change in Details::none().script(details) {
                let op = Op::Detail { key: Key::Known(task.clone()), change };
                match self.send(project, id, &op).await {
                    // Somebody has deleted it since.
                    Err(error) if error.kind() == Kind::NotFound => break,
                    Err(error) if !error.kind().is_transient() && !error.kind().is_local() => {
                        return Err(because(&error, "the copy has not got everything"));
                    }
                    sent => drop(sent?),
                }
            }
            let mut state = project.lock();
            let relocation = state.intent.as_mut().and_then(|it| it.relocation.as_mut());
            if let Some(relocation) = relocation {
                relocation.details.retain(|(other, _)| other != task);
                stale(relocation);
            }
        }
        self.note_relocation(project, |relocation| relocation.details.clear()).await
    }

    /// Archives a project of which the copy is seen to be whole. `false` if others have changed it
    /// since: what they did is to be done to the copy first.
    async fn archive_original(&self, project: &Project, original: &Original) -> Result<bool> {
        let Original { id, title, .. } = original;
        let is_there = match original.is_fresh {
            true => true,
            false => match self.original_now(project, original).await? {
                Some(now) if !relocation::same_tasks(&original.tasks, &now) => {
                    return self.carry_over(project, original, now).await.map(|()| false);
                }
                now => now.is_some(),
            },
        };
        if is_there {
            match self.backend.complete_project(id).await {
                Err(error) if error.kind() == Kind::NotFound => {}
                Err(error) if error.kind() == Kind::Refused => {
                    // It may be archived already: an answer was lost.
                    let now = self.backend.project(Priority::Save, id).await?;
                    if now.completed != Some(true) {
                        return Err(not_archived(&error, title));
                    }
                }
                Err(error) if !error.kind().is_transient() => {
                    return Err(not_archived(&error, title));
                }
                Err(error) => {
                    // Who knows what others have done to it by the next time.
                    let mut state = project.lock();
                    let relocation = state.intent.as_mut().and_then(|it| it.relocation.as_mut());
                    relocation.into_iter().for_each(stale);
                    return Err(error);
                }
                Ok(()) => {}
            }
        }
        self.hide(id, true).await?;
        self.note_relocation(project, |relocation| {
            relocation.originals.retain(|other| other.id != *id);
        })
        .await?;
        self.listings.show_as_listed(id);
        Ok(true)
    }

    /// Reads the original once more, since time has passed. What it has, if it is still there.
    async fn original_now(
        &self,
        project: &Project,
        original: &Original,
    ) -> Result<Option<Outline>> {
        let Original { id, title, tasks, .. } = original;
        let mut now = match self.read_copy(project, id, title).await {
            Err(error) if error.kind() == Kind::NotFound => return Ok(None),
            now => now?.outline,
        };
        now.inherit(tasks);
        Ok(Some(now))
    }

    /// Wants for the copy, durably, what others have made of the original since it was copied.
    async fn carry_over(&self, project: &Project, original: &Original, now: Outline) -> Result<()> {
        let not_told = || {
            let error = Error::new(Kind::Refused, "others have changed it since");
            not_archived(&error, &original.title)
        };
        let _transition = project.commit.lock().await;
        let (intent, carried) = {
            let mut state = self.recalled(project);
            let first = state.reserve(now.items.len() * 2);
            let Some(mut intent) = state.intent.clone() else { return Ok(()) };
            if state.is_refused() {
                return Err(not_told());
            }
            let current = |key: &Key| state.current(key);
            if original.is_stray {
                return Err(not_told());
            }
            let carried = relocation::carried_over(&mut intent, original, &now, current, first);
            let carried = carried.ok_or_else(not_told)?;
            let originals = intent.relocation.iter_mut().flat_map(|it| &mut it.originals);
            for left in originals.filter(|left| left.id == original.id) {
                left.tasks.clone_from(&now);
                left.keys.clone_from(&carried.keys);
                (left.is_whole, left.is_fresh) = (false, false);
            }
            (intent, carried)
        };
        self.keep_overridden(project, &carried.theirs, &carried.conflicts).await;
        let entry = self.standing_entry(&project.lock(), &intent);
        self.note(project, Some(entry)).await?;
        let mut state = project.lock();
        for (from, to) in carried.keys {
            state.note_alias(from, to);
        }
        state.intent = Some(intent);
        state.generation += 1;
        Ok(())
    }

    /// The project is where it was to be, or where it was.
    async fn arrive(&self, project: &Project) -> Result<()> {
        let _transition = project.commit.lock().await;
        let (relocation, ticket) = {
            let mut state = project.lock();
            let ticket = state.renamings;
            // Not journaled: the next mount would find that nothing is left to be done.
            (state.intent.as_mut().and_then(|it| it.relocation.take()), ticket)
        };
        if let Some(relocation) = &relocation {
            self.unshow_relocation(project, relocation);
        }
        let refused = match relocation.and_then(|relocation| relocation.undone) {
            None => {
                self.settle_unmoved(project).await?;
                None
            }
            Some(undone) => Some(self.tell_unmoved(project, undone, true).await?),
        };
        project.relocated.send_replace(Relocated { ticket, refused });
        Ok(())
    }

    /// Notes, durably, how far a relocation has come.
    pub(super) async fn note_relocation(
        &self,
        project: &Project,
        change: impl FnOnce(&mut Relocation),
    ) -> Result<()> {
        let _transition = project.commit.lock().await;
        let entry = {
            let state = self.recalled(project);
            let Some(mut intent) = state.intent.clone() else { return Ok(()) };
            let former = intent.relocation.clone();
            intent.relocation.as_mut().map(change);
            if intent.relocation == former {
                return Ok(());
            }
            self.standing_entry(&state, &intent)
        };
        let relocation = entry.intent.relocation.clone();
        self.note(project, Some(entry)).await?;
        if let Some(intent) = project.lock().intent.as_mut() {
            intent.relocation = relocation;
        }
        Ok(())
    }
}

/// Whether the worker is to get the project to its place now: the saves from before are through or
/// refused, or something is begun that is to be finished first.
pub(crate) fn may_relocate(state: &State) -> bool {
    let Some(intent) = &state.intent else { return false };
    let Some(relocation) = &intent.relocation else { return false };
    let is_sent = intent.is_sent() && !intent.doubtful;
    let is_begun = match relocation.next() {
        Step::Go => relocation.retitling.is_some(),
        Step::Archive(original) => original.is_whole,
        Step::GoBack(_) | Step::BecomeCopy(_) | Step::SetDetails | Step::Arrived => true,
    };
    state.is_refused() || is_sent || is_begun
}

/// Whether nothing is left to be sent of the project's tasks.
fn is_sent(project: &Project) -> bool {
    project.lock().intent.as_ref().is_none_or(Intent::is_sent)
}

/// What was read of the originals is not news any more.
fn stale(relocation: &mut Relocation) {
    relocation.originals.iter_mut().for_each(|original| original.is_fresh = false);
}

fn because(error: &Error, what: &str) -> Error {
    Error::new(error.kind(), format!("{what}: {error}"))
}

fn not_archived(error: &Error, title: &str) -> Error {
    because(error, &format!("it was copied, but `{title}` could not be archived"))
}
