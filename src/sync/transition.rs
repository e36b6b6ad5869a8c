//! The one way in which a project changes: on a copy of its replica, which takes the place of what
//! there was once the journal has it. What fails, or is dropped, has changed nothing: not in memory,
//! not in the journal, and not among the copies in `rejected/`.
//!
//! Whoever has begun a transition of a project is alone in that; readers get what there was until it is
//! committed. What readers leave behind meanwhile stays: see [`Current`].

use std::ops::{Deref, DerefMut};

use tokio::sync::MutexGuard;

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    replica::{current::Current, relocation::Location, state::Replica},
    store::{
        changes::{Changes, Rows},
        history::Action,
        reidentified::Reidentified,
    },
    sync::{engine::Engine, project::Project, rejected_copies::Copies, residency},
};

/// A change of a project that is being made.
pub(crate) struct Transition<'a> {
    engine: &'a Engine,
    project: &'a Project,
    turn: MutexGuard<'a, ()>,
    /// Where the project was shown when it was begun.
    place: Location,
    next: Replica,
    /// Whether it is what a program has written to the file.
    pub(crate) is_written: bool,
    /// What it has done, for the history.
    pub(crate) action: Option<Action>,
    /// That the project is another one from now on.
    pub(crate) reidentified: Option<Reidentified>,
    /// Whether a project is archived from now on.
    pub(crate) archived: Option<(ProjectId, bool)>,
}

impl Deref for Transition<'_> {
    type Target = Replica;

    fn deref(&self) -> &Replica {
        &self.next
    }
}

impl DerefMut for Transition<'_> {
    fn deref_mut(&mut self) -> &mut Replica {
        &mut self.next
    }
}

impl<'a> Transition<'a> {
    /// Begins a transition, once those are over that were begun before.
    pub(crate) async fn begin(engine: &'a Engine, project: &'a Project) -> Self {
        residency::leave_kernel_thread(project).await;
        let turn = project.transition.lock().await;
        let next = residency::resident(engine, project).successor();
        let place = Location::shown(&next);
        let (action, reidentified, archived) = (None, None, None);
        let is_written = false;
        Self { engine, project, turn, place, next, is_written, action, reidentified, archived }
    }

    /// Commits it: what of it the journal is to know is on disk before anybody sees it.
    ///
    /// # Errors
    /// If it cannot be journaled: then nothing has changed.
    pub(crate) async fn commit(self) -> Result<()> {
        self.commit_with(|_| ()).await
    }

    /// As [`commit`](Self::commit); `seen` notes what readers have before their eyes of it, as one with
    /// that they can see it.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub(crate) async fn commit_with<T>(
        mut self,
        seen: impl FnOnce(&mut Current) -> T,
    ) -> Result<T> {
        let (changes, copies) = self.changes();
        self.journal(changes, &copies).await?;
        Ok(self.conclude(copies, seen).await)
    }

    /// As [`commit`](Self::commit), for what has happened whether it can be journaled or not: after a
    /// crash it is found out once more.
    pub(crate) async fn commit_fact(mut self) {
        let (changes, copies) = self.changes();
        if let Err(error) = self.journal(changes, &copies).await {
            tracing::error!(%error, "known in memory only");
        }
        self.conclude(copies, |_| ()).await;
    }

    /// Makes the change in memory alone: one that a reading tells again after a crash, or that the next
    /// one which is journaled takes along.
    pub(crate) fn keep_in_memory(self) {
        self.keep_in_memory_with(|_| ());
    }

    /// As [`keep_in_memory`](Self::keep_in_memory), with what readers have before their eyes of it.
    pub(crate) fn keep_in_memory_with<T>(self, seen: impl FnOnce(&mut Current) -> T) -> T {
        self.advance(seen).0
    }

    /// Writes what the journal is to know, and notes in which rows it has that.
    async fn journal(&mut self, changes: Changes, copies: &Copies) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let put = changes.puts();
        let (journal, artifacts) = (self.engine.journal.clone(), self.engine.artifacts.clone());
        let (settled, base_log) = (copies.settled(), self.engine.base_log.clone());
        let written = tokio::task::spawn_blocking(move || {
            // What was noted of programs before comes before, over a kill, too.
            base_log.flush();
            Copies::settle_around(&artifacts, &settled, || journal.apply(&changes))
        });
        let died = |error| Error::new(Kind::Storage, "the journal writer died").because(error);
        let rows: Rows = written.await.map_err(died)??;
        rows.note(put, &mut self.next);
        Ok(())
    }

    /// Puts what the journal has in place. The copies of what is refused follow before anybody begins
    /// another transition.
    async fn conclude<T>(self, copies: Copies, seen: impl FnOnce(&mut Current) -> T) -> T {
        let engine = self.engine;
        let (value, _turn) = self.advance(seen);
        copies.write(engine).await;
        value
    }

    /// What the journal is to write, and which copies of refused texts are to be there.
    fn changes(&mut self) -> (Changes, Copies) {
        let current = self.project.lock();
        let (now, next) = (&**current, &self.next);
        let (changes, copies) = (Changes::between(now, next), Copies::between(now, next));
        drop(current);
        let (action, reidentified) = (self.action.take(), self.reidentified.take());
        let archived = self.archived.take();
        (Changes { action, reidentified, archived, ..changes }, copies)
    }

    fn advance<T>(self, seen: impl FnOnce(&mut Current) -> T) -> (T, MutexGuard<'a, ()>) {
        let Self { engine, project, turn, place, next, is_written, .. } = self;
        let now = engine.clock.wall();
        let mut current = project.lock();
        let changed = current.advance(next, &place, now);
        let value = seen(&mut current);
        drop(current);
        match is_written {
            true => engine.saved(project, changed),
            false => engine.changed(project, changed),
        }
        (value, turn)
    }
}
