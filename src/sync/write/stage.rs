//! Journaling a change: from then on it is promised.

use std::{sync::Arc, time::Instant};

use crate::{
    error::Result,
    plan::{Conflict, Outline},
    replica::{given_up::GivenUp, local::Saved, pending::PendingSave, removed::Removed},
    sync::{
        bases,
        engine::Engine,
        project::Project,
        read::serve::Written,
        transition::Transition,
        upload::conflicts,
        write::{
            elsewhere::{self, Origin},
            returning::{self, Returned},
            transfer::HELD,
        },
    },
};

/// What a save comes to.
pub(crate) struct StagedChange {
    pub(crate) save: PendingSave,
    /// What it was merged into, and where that disagreed: the earlier save that still waits, and
    /// what the service is known to have.
    pub(crate) overridden: Vec<(Outline, Vec<Conflict>)>,
    /// What its program's text was edited from.
    pub(crate) edited: Option<Arc<Outline>>,
    /// Until when its deletions wait, by the clock that only goes forward.
    pub(crate) held: Option<Instant>,
}

impl StagedChange {
    pub(crate) fn of(save: PendingSave) -> Self {
        Self { save, overridden: Vec::new(), edited: None, held: None }
    }

    /// Has its deletions wait.
    pub(crate) fn hold(&mut self, engine: &Engine) {
        self.save.hold_deletes(engine.clock.wall() + HELD);
        self.held = Some(engine.clock.now() + HELD);
    }
}

/// What is to be noted of a change once it is journaled.
pub(crate) struct Staged {
    /// The tasks that are deleted by then.
    removed: Removed,
    /// The tasks of other projects that gave some of what tasks have.
    origins: Vec<Origin>,
    held: Option<Instant>,
    /// What is given up for it.
    pub(crate) given_up: Option<GivenUp>,
}

/// Wants a change in a transition that is to be committed.
pub(crate) async fn stage(
    engine: &Engine,
    project: &Project,
    next: &mut Transition<'_>,
    written: &Written<'_>,
    mut change: StagedChange,
) -> Staged {
    let Written { process, base, ours, .. } = *written;
    for (theirs, conflicts) in &change.overridden {
        conflicts::keep_overridden(engine, project, theirs, conflicts).await;
    }
    let save = &mut change.save;
    let returned = returning::bring_back(engine, project, next, (process, base), save).await;
    // Canonical, and with all that waits: what is shown from now on stays as it is unless
    // somebody else changes it.
    // Never the one that was written itself: who reads it is not who wrote it.
    let outline = Arc::new(change.save.target().clone());
    let text = project.render(&outline);
    let (written, edited) = (Some(ours.clone()), change.edited);
    let is_added = edited.is_some() && next.pending().is_some();
    let since = engine.clock.wall();
    next.stage(change.save, Saved { text, outline, written, edited, is_added, since });
    next.note_copied(returned.copied);
    let Returned { removed, origins, .. } = returned;
    Staged { removed, origins, held: change.held, given_up: None }
}

/// Journals what is staged; then it is promised. Which save it is.
pub(crate) async fn commit(
    engine: &Engine,
    project: &Project,
    next: Transition<'_>,
    written: &Written<'_>,
    staged: Staged,
) -> Result<u64> {
    let generation = next.generation();
    let Staged { removed, origins, held, given_up } = staged;
    let to_render = next
        .commit_with(|current| {
            bases::give_up(engine, current, given_up.as_ref());
            current.removed = removed;
            current.held = held.or(current.held);
            written.note(engine, current)
        })
        .await?;
    written.render(project, to_render);
    elsewhere::note_brought(engine, &origins);
    Ok(generation)
}
