//! Giving a project another title or folder: what a program that renames its file is told.
//!
//! A renaming is journaled as a save is, shown at once, and carried out by the project's worker
//! once the saves before it are through (see `relocate`). Whoever asked waits for Taskade's verdict
//! as long as for that on a save.

use std::sync::Arc;

use tokio::sync::watch::Receiver;

use super::{
    engine::{Engine, Event},
    intent::Intent,
    journal::Entry,
    project::{Project, Relocated, State},
    relocation::{Place, Relocation},
};
use crate::{error::Result, ids::SpaceId};

impl Engine {
    /// Renames or moves a project. When this is `Ok` it is in the journal, and done or still on
    /// its way.
    ///
    /// # Errors
    /// What Taskade refused it with; then the project is where it was.
    pub async fn rename(
        self: &Arc<Self>,
        project: &Arc<Project>,
        folder: &SpaceId,
        title: &str,
    ) -> Result<()> {
        let to = Place { folder: folder.clone(), title: title.to_owned() };
        // From before it is begun: whether somebody waits decides who is told of a refusal.
        let relocated = project.relocated.subscribe();
        let Some(ticket) = self.wish(project, to).await? else { return Ok(()) };
        self.start_worker(project);
        self.arrival(relocated, ticket).await
    }

    /// Journals where a project is to go, and shows it there. Which renaming of the project it is,
    /// if Taskade has to be asked for it.
    async fn wish(&self, project: &Arc<Project>, to: Place) -> Result<Option<u64>> {
        let transition = project.commit.lock().await;
        let (from, entry) = {
            let mut state = self.recalled(project);
            let from = Place::shown(&state);
            if from == to {
                return Ok(None);
            }
            let is_unknown = state.id.is_none() && state.creating.is_none();
            let entry = if is_unknown {
                // Taskade never heard of it: it is created where it is to be.
                show(&mut state, &to);
                self.journal_entry(&state)
            } else {
                Some(self.relocated_entry(&state, &to))
            };
            (from, entry.map(|entry| (entry, is_unknown)))
        };
        let Some((entry, is_unknown)) = entry else {
            drop(transition);
            self.identify_refused(project).await;
            return Ok(None);
        };
        let intent = entry.intent.clone();
        self.note(project, Some(entry)).await?;
        if is_unknown {
            drop(transition);
            self.identify_refused(project).await;
            return Ok(None);
        }
        let ticket = {
            let mut state = project.lock();
            show(&mut state, &to);
            state.intent = Some(intent);
            state.generation += 1;
            state.renamings += 1;
            state.renamings
        };
        self.show_relocation(project);
        for folder in [from.folder, to.folder] {
            self.emit(Event::Directory(Some(folder)));
        }
        Ok(Some(ticket))
    }

    /// The journal entry of a project that is to go to another place.
    fn relocated_entry(&self, state: &State, to: &Place) -> Entry {
        let known = state.snapshot.as_ref().map(|known| (*known.outline).clone());
        let known = known.unwrap_or_default();
        let mut intent = state.intent.clone().unwrap_or_else(|| Intent::new(known.clone(), known));
        match &mut intent.relocation {
            Some(relocation) => {
                to.clone_into(&mut relocation.to);
                // Whoever waits for an earlier one is told how this one goes.
                relocation.undone = None;
            }
            None => {
                let (from, now) = (Place::shown(state), self.clock.wall());
                intent.relocation = Some(Relocation::new(from, to.clone(), now));
            }
        }
        let mut entry = self.standing_entry(state, &intent);
        (entry.folder, entry.title) = (to.folder.clone(), to.title.clone());
        entry
    }

    /// The journal entry of a project as it is, with another intent.
    pub(crate) fn standing_entry(&self, state: &State, intent: &Intent) -> Entry {
        let (text, outline) =
            state.content().map(|content| (content.text, content.outline)).unwrap_or_default();
        let entry = super::save::entry(state, &text, &state.resolved(&outline), intent);
        match &intent.relocation {
            Some(relocation) if state.saved.is_none() => Entry { since: relocation.since, ..entry },
            _ => entry,
        }
    }

    /// Has the listings show a project where it is to be.
    pub(crate) fn show_relocation(&self, project: &Project) {
        let (id, relocation) = {
            let state = project.lock();
            (state.id.clone(), state.intent.as_ref().and_then(|it| it.relocation.clone()))
        };
        let Some(relocation) = relocation else { return };
        relocation.hidden().for_each(|id| self.listings.show_at(id, None));
        if let Some(id) = id {
            self.listings.show_at(&id, Some(relocation.to));
        }
    }

    /// Waits until a project is where it was to be, but no longer than `--commit-wait`.
    async fn arrival(&self, mut relocated: Receiver<Relocated>, ticket: u64) -> Result<()> {
        let decided = relocated.wait_for(|relocated| relocated.ticket >= ticket);
        tokio::select! {
            relocated = decided => match relocated {
                Ok(relocated) => relocated.refused.clone().map_or(Ok(()), Err),
                Err(_) => Ok(()),
            },
            // In the journal and on its way.
            () = self.departure() => Ok(()),
            () = self.clock.sleep(self.settings.commit_wait) => Ok(()),
        }
    }

    /// The listings are right again about a project.
    pub(crate) fn unshow_relocation(&self, project: &Project, relocation: &Relocation) {
        for id in project.id().iter().chain(relocation.hidden()) {
            self.listings.show_as_listed(id);
        }
        for place in [&relocation.from, &relocation.to] {
            self.emit(Event::Directory(Some(place.folder.clone())));
        }
    }
}

/// Shows a project at a place.
pub(super) fn show(state: &mut State, place: &Place) {
    place.title.clone_into(&mut state.title);
    state.folder = place.folder.clone();
}
