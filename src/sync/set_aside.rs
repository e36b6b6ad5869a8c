//! Refused texts that their files do not show any more.
//!
//! Several editors put their backup back when a save fails. That is no wish but the repair of what
//! they take for a half-written file: it sends nothing and settles nothing. The file shows again
//! what it showed before, and the refused text stays with its reason in the journal, `rejected/`
//! and `status`, where `retry` finds it.
//!
//! Refused here, a text is set aside by a save that changes nothing of what its program had before
//! its eyes. Refused by Taskade, by one that is the text from before it, since what the program was
//! last told of is the refused one; it then becomes a text that was refused here. What was done of
//! it already is taken back like any change.

use std::{sync::Arc, time::Duration};

use super::{
    engine::Engine,
    given_up::GivenUp,
    history::Remark,
    intent::Intent,
    project::{Project, Saved, Snapshot, State},
    refusal::{Refusal, RefusedOf, RefusedText},
    save::{Change, parse},
    served::{Process, Seen},
};
use crate::{
    document::Line,
    error::{Kind, Result},
    plan::{Op, Outline},
};

/// How long a refused text is told of while a mount is there to tell it; after that it is history.
const TOLD: Duration = Duration::from_secs(86_400);

/// What a saved text puts back of what was there before a refusal of Taskade.
pub(super) enum PutBack {
    /// It is another text, or Taskade refused nothing.
    Nothing,
    /// All of it. The outline that the file shows again, and which save it is if part of the refused
    /// one is done, or may be, and is taken back.
    Whole(Arc<Outline>, Option<u64>),
    /// A save that waited when the refused one was added to it: it is still to be sent. What was
    /// refused.
    Waiting(RefusedText),
}

impl Engine {
    /// Sets what Taskade refused of a project aside, if this text is the one from before it. The
    /// caller holds `project.commit`.
    pub(super) async fn put_back(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        text: &[u8],
    ) -> Result<PutBack> {
        if matches!(base, Seen::Blindly(_)) {
            return Ok(PutBack::Nothing);
        }
        let (of, aside, taken_back) = {
            let state = project.lock();
            let Some(aside) = refused_there(&state) else { return Ok(PutBack::Nothing) };
            let lines = parse(text, &state.title, &aside.base, project.shows_ids());
            if !lines.is_ok_and(|lines| says_the_same(&lines, &project.lines(&aside.base))) {
                return Ok(PutBack::Nothing);
            }
            if state.saved.as_ref().is_some_and(|saved| saved.is_added) {
                return Ok(PutBack::Waiting(aside));
            }
            let begun = state.intent.clone().filter(|intent| {
                // Whether batches are all or nothing is not documented; other refusals are certain.
                matches!(intent.in_flight, Some(Op::Create(_)))
                    || !intent.doubts.is_empty()
                    || intent.base != intent.before
                    || intent.relocation.is_some()
            });
            let target = |begun: &Intent| begun.before.clone();
            let taken_back = begun.map(|begun| Intent { target: target(&begun), ..begun });
            (RefusedOf::of(&state), aside, taken_back)
        };
        let (before, aside) = (aside.base.clone(), self.journal_aside(of, aside).await?);
        self.unsee_refused(project, GivenUp::All);
        if let Some(intent) = taken_back {
            let change = Change { intent, overridden: Vec::new() };
            let generation = self.commit(project, process, base, &before, change).await?;
            self.note_aside(project, aside).await;
            return Ok(PutBack::Whole(before, Some(generation)));
        }
        let row = project.lock().row;
        self.journaled(move |journal| journal.conclude(row, None)).await?;
        self.show_again(project, process, base, &before, |state| {
            self.forget_save(project, state, None);
            state.refused = Some(aside);
        });
        self.copy_refused_aside(project).await;
        Ok(PutBack::Whole(before, None))
    }

    /// Keeps a refused text in the journal that its file does not show.
    pub(super) async fn journal_aside(
        &self,
        of: RefusedOf,
        mut aside: RefusedText,
    ) -> Result<RefusedText> {
        let kept = aside.clone();
        let row = self.journaled(move |journal| journal.put_refused(&of, &kept)).await?;
        aside.row = Some(row);
        Ok(aside)
    }

    /// Notes that a text which is in the journal is not shown. The caller holds `project.commit`.
    pub(super) async fn note_aside(&self, project: &Project, aside: RefusedText) {
        project.lock().refused = Some(aside);
        self.copy_refused_aside(project).await;
    }

    /// Whether a save changes nothing of what its program had before its eyes, while a text that was
    /// refused here waits to be settled.
    pub(super) fn is_put_back(&self, project: &Project, base: &Seen, ours: &Outline) -> bool {
        let state = self.recalled(project);
        if state.refused.is_none() {
            return false;
        }
        let (mut base, mut ours) = (state.resolved(base.outline()), ours.clone());
        state.normalised.settle(&mut base, &mut ours);
        base == ours
    }

    /// A program saved what it had before its eyes, which is `ours`: what was refused here is set
    /// aside. The caller holds `project.commit`.
    pub(super) async fn set_aside(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
    ) -> Result<()> {
        let (of, refused) = {
            let state = project.lock();
            (RefusedOf::of(&state), state.refused.clone())
        };
        let Some(mut aside) = refused else { return Ok(()) };
        aside.refusal.set_aside = true;
        let aside = self.journal_aside(of, aside).await?;
        self.show_again(project, process, base, ours, |state| {
            if state.intent.is_none() {
                state.saved = None;
            }
            state.refused = Some(aside);
        });
        self.copy_refused_aside(project).await;
        Ok(())
    }

    fn show_again(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
        change: impl FnOnce(&mut State),
    ) {
        let mut state = self.recalled(project);
        let before = state.content().map(|content| content.text);
        change(&mut state);
        let changed = state.settle_version(before, self.clock.wall());
        self.note_written(project, &mut state, process, base, ours);
        drop(state);
        self.changed(project, changed);
    }

    /// Forgets a save that left the journal unfinished: part of it may be done, and what Taskade
    /// has is what was noted as done. `onward` is what stays in the journal of it.
    pub(super) fn forget_save(&self, project: &Project, state: &mut State, onward: Option<Intent>) {
        state.saved = None;
        state.row = state.row.filter(|_| onward.is_some());
        state.creating = None;
        self.transfers.release_all(project.serial);
        if let Some(intent) = state.intent.take() {
            let text = project.render(&intent.base);
            let title = state.snapshot.take().and_then(|known| known.title);
            let outline = Arc::new(intent.base);
            state.snapshot = Some(Snapshot { outline, text, title, read: None });
        }
        state.intent = onward;
    }

    /// Lets what was refused of a project become history once it was told of for long enough.
    pub(super) fn tell_of_refusal(&self, project: &Arc<Project>) {
        let (engine, project) = (self.this.clone(), Arc::downgrade(project));
        let Some(refusal) = project.upgrade().and_then(|project| newest(&project.lock())) else {
            return;
        };
        // Another token goes on with it, whenever that comes.
        if refusal.kind == Kind::Unauthorized {
            return;
        }
        let clock = self.clock.clone();
        tokio::spawn(async move {
            clock.sleep(TOLD).await;
            let (Some(engine), Some(project)) = (engine.upgrade(), project.upgrade()) else {
                return;
            };
            let is_it = newest(&project.lock()).is_some_and(|now| now.since == refusal.since);
            if is_it && let Err(error) = engine.make_history(&project).await {
                tracing::error!(%error, "a refused text cannot become history");
            }
        });
    }

    /// Gives up what was refused of a project; its text stays in the history.
    ///
    /// # Errors
    /// As [`discard`](Self::discard).
    pub(crate) async fn make_history(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let remark = {
            let state = project.lock();
            let here = state.refused.iter().map(|refused| (&refused.text, &refused.refusal));
            let there = state
                .saved
                .iter()
                .filter_map(|saved| saved.refused.as_ref().map(|refusal| (&saved.text, refusal)));
            here.chain(there).next().map(|(text, refusal)| Remark {
                time: refusal.since,
                project: state.id.clone(),
                title: state.title.clone(),
                summary: format!("refused: {}", refusal.reason),
                lines: String::from_utf8_lossy(text).lines().map(|l| format!("| {l}")).collect(),
            })
        };
        if let Some(remark) = remark {
            self.journaled(move |journal| journal.remark(&remark, None)).await?;
        }
        self.discard(project).await
    }
}

/// What Taskade refused, as a text that its file does not show. Not where more is to become of the
/// project than its tasks.
fn refused_there(state: &State) -> Option<RefusedText> {
    let Saved { text, edited, refused, .. } = state.saved.as_ref()?;
    let refusal = Refusal { set_aside: true, ..refused.clone()? };
    if state.refused.is_some() || state.creating.is_some() || state.archive {
        return None;
    }
    let before = match (edited, &state.intent) {
        (Some(edited), _) => edited.as_ref(),
        (None, Some(intent)) => &intent.before,
        (None, None) => return None,
    };
    let base = Arc::new(state.resolved(before));
    Some(RefusedText { row: None, text: text.clone(), base, refusal })
}

/// Whether two texts say the same of the same tasks, whatever ids they have.
fn says_the_same(one: &[Line], other: &[Line]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            (one.depth, one.done, &one.text, &one.details)
                == (other.depth, other.done, &other.text, &other.details)
        })
}

fn newest(state: &State) -> Option<Refusal> {
    let there = state.saved.as_ref().and_then(|saved| saved.refused.as_ref());
    state.refused.as_ref().map(|refused| &refused.refusal).or(there).cloned()
}
