//! Saves that were refused: kept durably with their reason until they are settled, by a save that
//! goes through, by trying again, or by giving them up.
//!
//! There are two sorts. Taskade refused it: the save is in the journal with its intent, part of it
//! may be done, and trying again sends the rest. It was refused here (the text cannot be a project,
//! or deletes too much): nothing was promised and nothing sent, an earlier save may still be on
//! its way, and trying again checks the text again.
//!
//! The copy for people in `rejected/` is written after the journal names it and removed before the
//! journal forgets it: what a crash leaves undone, the next mount does.

use std::{sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::{
    engine::Engine,
    given_up::GivenUp,
    intent::Intent,
    journal::Entry,
    project::{Progress, Project, State},
    records::{Records, Shelf},
    served::Seen,
};
use crate::{
    clock::rfc3339,
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    plan::Outline,
};

/// Why and when a save was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    /// In words, with the path and what to do.
    pub(crate) reason: String,
    pub(crate) since: SystemTime,
    /// The name of the copy in `rejected/`.
    pub(crate) file: String,
    /// Whether the file shows another text by now.
    #[serde(default)]
    pub(crate) set_aside: bool,
}

/// A text that was refused here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RefusedText {
    /// Which row of the journal has it; `None` if the journal could not take it.
    pub(crate) row: Option<i64>,
    pub(crate) text: Arc<[u8]>,
    /// What it was edited from.
    pub(crate) base: Arc<Outline>,
    pub(crate) refusal: Refusal,
}

/// Whose text was refused here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RefusedOf {
    pub(crate) project: Option<ProjectId>,
    pub(crate) folder: SpaceId,
    pub(crate) title: String,
}

impl RefusedOf {
    pub(super) fn of(state: &State) -> Self {
        Self { project: state.id.clone(), folder: state.folder.clone(), title: state.title.clone() }
    }
}

impl Refusal {
    /// The reason, and where the text is if the file shows another one.
    pub(crate) fn told(&self) -> String {
        let Self { reason, file, .. } = self;
        match self.set_aside {
            true => format!("{reason} (the file shows the text from before; this one is {file})"),
            false => reason.clone(),
        }
    }

    /// What is written beside the copy in `rejected/`.
    pub(crate) fn in_words(&self, project: Option<&ProjectId>) -> String {
        let project = project.map_or("not created yet", ProjectId::as_str);
        let when = rfc3339(self.since);
        let shown = match self.set_aside {
            true => "The project's file shows the text from before it. It is kept here until it is",
            false => "The project's file shows this text until it is",
        };
        format!(
            "{}\n\nWhen: {when}\nProject: {project}\n\n{shown} settled: save a text that goes \
             through and is another one than the one from before it, or run `taskadefs retry PATH`, \
             or give it up with `taskadefs discard PATH`. After a day it is only in `taskadefs \
             history`.\n",
            self.reason
        )
    }
}

impl Engine {
    /// Keeps a text that was refused here, so that it is what readers get.
    pub(crate) async fn keep_refused(
        self: &Arc<Self>,
        project: &Arc<Project>,
        text: Arc<[u8]>,
        base: Arc<Outline>,
        error: &Error,
    ) {
        self.note_refused(project, text, base, error, false).await;
    }

    /// As [`keep_refused`](Self::keep_refused); set aside, readers get what they got before.
    async fn note_refused(
        self: &Arc<Self>,
        project: &Arc<Project>,
        text: Arc<[u8]>,
        base: Arc<Outline>,
        error: &Error,
        set_aside: bool,
    ) {
        tracing::warn!(%error, "a save was refused");
        let _transition = project.commit.lock().await;
        let (of, row, named) = {
            let state = project.lock();
            let of = RefusedOf::of(&state);
            let earlier = state.refused.as_ref();
            let named = earlier.map(|refused| refused.refusal.file.clone());
            (of, earlier.and_then(|refused| refused.row), named)
        };
        let name = || self.free_record(Shelf::Rejected, project, "");
        let file = named.unwrap_or_else(name);
        let (kind, reason) = (error.kind(), error.to_string());
        let refusal = Refusal { kind, reason, since: self.clock.wall(), file, set_aside };
        let mut refused = RefusedText { row, text, base, refusal };
        let kept = refused.clone();
        match self.journaled(move |journal| journal.put_refused(&of, &kept)).await {
            Ok(row) => refused.row = Some(row),
            Err(error) => tracing::error!(%error, "a refused text is kept in memory only"),
        }
        let changed = {
            let mut state = self.recalled(project);
            let before = state.content().map(|content| content.text);
            state.refused = Some(refused);
            state.settle_version(before, self.clock.wall())
        };
        self.copy_refused_aside(project).await;
        self.tell_of_refusal(project);
        self.changed(project, changed);
    }

    /// Taskade will not have it: the text stays, with the reason.
    pub(crate) async fn refuse(self: &Arc<Self>, project: &Arc<Project>, error: Error) {
        let error = self.refused_at(project, error);
        tracing::warn!(%error, "Taskade refused a save");
        let _transition = project.commit.lock().await;
        let file = self.free_record(Shelf::Rejected, project, "");
        let (kind, reason) = (error.kind(), error.to_string());
        let refusal = Refusal { kind, reason, since: self.clock.wall(), file, set_aside: false };
        let entry = {
            let mut state = project.lock();
            if let Some(saved) = state.saved.as_mut() {
                saved.refused.get_or_insert(refusal);
            }
            state.working = false;
            self.journal_entry(&state)
        };
        if let Err(error) = self.note(project, entry).await {
            tracing::error!(%error, "a refusal could not be journaled");
        }
        self.copy_refused_aside(project).await;
        self.tell_of_refusal(project);
        let generation = project.lock().generation;
        project.progress.send_replace(Progress { generation, refused: Some(error) });
    }

    /// Writes the copies where it may block.
    pub(super) async fn copy_refused_aside(&self, project: &Project) {
        let (records, copies) = (self.records.clone(), copies_of(project));
        // Fails only while the runtime goes: the next mount writes them.
        let _ = tokio::task::spawn_blocking(move || write_copies(&records, &copies)).await;
    }

    /// A failure of a save, with the path that it is of and what can be done.
    pub(super) fn refused_at(&self, project: &Project, error: Error) -> Error {
        error.at(self.shown_path(project)).hint(
            "save a corrected text, or run `taskadefs retry PATH` once it can succeed, or \
             `taskadefs discard PATH` to give it up",
        )
    }

    /// Takes over what the journal holds of texts that were refused here. `projects` are those
    /// with saves; what belongs to none of them is added.
    pub(crate) fn recover_refused(&self, projects: &mut Vec<Arc<Project>>) -> Result<()> {
        for (of, refused) in self.journal.refused()? {
            // A project that is still to be created has no id to be known by.
            let is_it = |project: &&Arc<Project>| {
                let state = project.lock();
                state.id == of.project && state.folder == of.folder && state.title == of.title
            };
            let project = match (projects.iter().find(is_it), &of.project) {
                (Some(project), _) => project.clone(),
                (None, Some(id)) => self.project(id, &of.folder, &of.title),
                (None, None) => self.new_project(&of.folder, &of.title),
            };
            project.lock().refused = Some(refused);
            projects.push(project);
        }
        for project in projects.iter() {
            write_copies(&self.records, &copies_of(project));
            self.tell_of_refusal(project);
        }
        Ok(())
    }

    /// Notes the id that a project has by now with what was refused of it.
    pub(crate) async fn identify_refused(&self, project: &Project) {
        let refused = {
            let state = project.lock();
            state.refused.clone().map(|refused| (RefusedOf::of(&state), refused))
        };
        let Some((of, refused)) = refused.filter(|(_, refused)| refused.row.is_some()) else {
            return;
        };
        let noted = self.journaled(move |journal| journal.put_refused(&of, &refused));
        if let Err(error) = noted.await {
            tracing::error!(%error, "a refused text is not known to be of a new project");
        }
    }

    /// Removes the copies of what is refused of a project, which is about to be settled. The row of
    /// a text that was refused here: the journal forgets it in the transaction that settles it.
    /// The caller holds `project.commit`.
    pub(crate) async fn uncopy_refused(&self, project: &Project) -> Option<i64> {
        let (row, files) = {
            let state = project.lock();
            let there = state.saved.as_ref().and_then(|saved| saved.refused.as_ref());
            let here = state.refused.as_ref();
            let files = there.into_iter().chain(here.map(|refused| &refused.refusal));
            let files: Vec<String> = files.map(|refusal| refusal.file.clone()).collect();
            (here.and_then(|refused| refused.row), files)
        };
        if !files.is_empty() {
            let records = self.records.clone();
            let removed = self.journaled(move |_| {
                files.iter().try_for_each(|file| records.remove(Shelf::Rejected, file))
            });
            if let Err(error) = removed.await {
                tracing::warn!(%error, "the copy of a settled text is still there");
            }
        }
        row
    }

    /// What was refused of a project is settled, and nothing takes its place. The caller holds
    /// `project.commit`.
    pub(crate) async fn settle_refused(&self, project: &Project) -> Result<()> {
        match self.uncopy_refused(project).await {
            Some(row) => self.journaled(move |journal| journal.remove_refused(row)).await,
            None => Ok(()),
        }
    }

    /// Tries a refused save again; with `allow_delete` the deletion guard does not look.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if nothing was refused; otherwise as a save.
    pub async fn retry(self: &Arc<Self>, project: &Arc<Project>, allow_delete: bool) -> Result<()> {
        let refused = {
            let mut state = project.lock();
            self.end_own_texts(&mut state);
            state.refused.clone()
        };
        let generation = match refused {
            Some(refused) => {
                let RefusedText { text, base, refusal, .. } = refused;
                match self
                    .accept(project, None, &Seen::Perhaps(base.clone()), &text, allow_delete)
                    .await
                {
                    Ok((_, None)) => {
                        // Taskade has all of it: others did the same.
                        return self.discard(project).await;
                    }
                    Ok((_, generation)) => generation,
                    Err(error) => {
                        let error = self.refused_at(project, error);
                        self.note_refused(project, text, base, &error, refusal.set_aside).await;
                        return Err(error);
                    }
                }
            }
            None => Some(self.send_again(project).await?),
        };
        let Some(generation) = generation else { return Ok(()) };
        self.start_worker(project);
        self.verdict(project, generation).await
    }

    /// Clears Taskade's refusal of a save. The number of the save.
    async fn send_again(&self, project: &Project) -> Result<u64> {
        let _transition = project.commit.lock().await;
        if project.lock().saved.as_ref().is_none_or(|saved| saved.refused.is_none()) {
            return Err(nothing_refused(project));
        }
        self.uncopy_refused(project).await;
        let (entry, generation) = {
            let mut state = project.lock();
            if let Some(saved) = state.saved.as_mut() {
                saved.refused = None;
            }
            state.generation += 1;
            (self.journal_entry(&state), state.generation)
        };
        self.note(project, entry).await?;
        Ok(generation)
    }

    /// Gives up what was refused of a project: its file shows again what Taskade has, or the
    /// save that is on its way, and that it was not moved is told no longer.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if nothing was refused, [`Kind::Storage`] if it cannot be noted.
    pub async fn discard(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let _conversation = project.remote.lock().await;
        let _transition = project.commit.lock().await;
        let (row, past, is_refused) = {
            let state = project.lock();
            let there = state.saved.as_ref().is_some_and(|saved| saved.refused.is_some());
            // Part of it may be done, and can be undone.
            let past = self.deed(&state).filter(|past| past.before != past.after);
            (state.row.filter(|_| there), past, there || state.refused.is_some())
        };
        let was_unmoved = self.settle_unmoved(project).await?;
        if !is_refused {
            return if was_unmoved { Ok(()) } else { Err(nothing_refused(project)) };
        }
        self.settle_refused(project).await?;
        // Where it is to go is not given up.
        let onward = project.lock().intent.as_ref().and_then(Intent::onward);
        if row.is_some() {
            if let Some(onward) = &onward {
                let entry = {
                    let state = project.lock();
                    let text = project.render(&onward.target);
                    let entry = super::save::entry(&state, &text, &onward.target, onward);
                    Entry { refused: None, creating: None, ..entry }
                };
                self.journaled(move |journal| journal.put(&entry)).await?;
            }
            let row = row.filter(|_| onward.is_none());
            self.journaled(move |journal| journal.conclude(row, past.as_ref())).await?;
        }
        // What could not be restored is archived still.
        let archived = {
            let state = project.lock();
            let restores = state.intent.as_ref().is_some_and(|intent| intent.restores);
            state.id.clone().filter(|_| restores && row.is_some())
        };
        if let Some(id) = archived {
            self.hide(&id, true).await?;
        }
        if row.is_some() {
            self.unsee_refused(project, GivenUp::Rest);
        }
        let mut state = project.lock();
        let before = state.content().map(|content| content.text);
        self.end_own_texts(&mut state);
        state.refused = None;
        if row.is_some() {
            self.forget_save(project, &mut state, onward);
        }
        let changed = state.settle_version(before, self.clock.wall());
        let goes_on = state.is_relocated();
        drop(state);
        self.changed(project, changed);
        if goes_on {
            self.start_worker(project);
        }
        Ok(())
    }
}

/// The texts that are refused of a project, each with its name and reason in `rejected/`.
fn copies_of(project: &Project) -> Vec<(Arc<[u8]>, String, String)> {
    let state = project.lock();
    let here = state.refused.iter().map(|refused| (&refused.text, &refused.refusal));
    let there = state
        .saved
        .iter()
        .filter_map(|saved| saved.refused.as_ref().map(|refusal| (&saved.text, refusal)));
    let copy = |(text, refusal): (&Arc<[u8]>, &Refusal)| {
        (text.clone(), refusal.file.clone(), refusal.in_words(state.id.as_ref()))
    };
    here.chain(there).map(copy).collect()
}

/// Writes the copies of what is refused of a project, as the journal says they are there.
fn write_copies(records: &Records, copies: &[(Arc<[u8]>, String, String)]) {
    for (text, file, reason) in copies {
        if let Err(error) = records.write(Shelf::Rejected, file, text, reason) {
            tracing::warn!(%error, "no copy of a refused text");
        }
    }
}

fn nothing_refused(project: &Project) -> Error {
    Error::new(Kind::NotFound, "no save of it was refused").at(format!("{}.md", project.title()))
}
