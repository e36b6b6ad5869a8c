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

use std::sync::Arc;

use crate::{
    document::Line,
    error::Result,
    plan::{Op, Outline},
    replica::{
        identity::RefusedOf,
        pending::PendingSave,
        rejection::{Refusal, RefusedText},
        served::{Process, Seen},
        state::{Replica, Saved},
    },
    sync::{
        engine::Engine,
        project::Project,
        read::{residency, serve},
        upload::{
            discard,
            give_up::{self, GivenUp},
            rejected_copies,
        },
        write::stage::{self, Change},
    },
    text::codec::parse,
};

/// What a saved text puts back of what was there before a refusal of Taskade.
pub(crate) enum PutBack {
    /// It is another text, or Taskade refused nothing.
    Nothing,
    /// All of it. The outline that the file shows again, and which save it is if part of the refused
    /// one is done, or may be, and is taken back.
    Whole(Arc<Outline>, Option<u64>),
    /// A save that waited when the refused one was added to it: it is still to be sent. What was
    /// refused.
    Waiting(RefusedText),
}

/// Sets what Taskade refused of a project aside, if this text is the one from before it. The
/// caller holds `project.commit`.
pub(crate) async fn put_back(
    engine: &Engine,
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
        let target = |begun: &PendingSave| begun.before.clone();
        let taken_back = begun.map(|begun| PendingSave { target: target(&begun), ..begun });
        (RefusedOf::of(&state), aside, taken_back)
    };
    let (before, aside) = (aside.base.clone(), journal_aside(engine, of, aside).await?);
    give_up::unsee_refused(engine, project, GivenUp::All);
    if let Some(intent) = taken_back {
        let change = Change { intent, overridden: Vec::new(), edited: None };
        let generation = stage::commit(engine, project, process, base, &before, change).await?;
        note_aside(engine, project, aside).await;
        return Ok(PutBack::Whole(before, Some(generation)));
    }
    let row = project.lock().row;
    engine.journaled(move |journal| journal.conclude(row, None)).await?;
    show_again(engine, project, process, base, &before, |state| {
        discard::forget_save(engine, project, state, None);
        state.refused = Some(aside);
    });
    rejected_copies::copy_refused_aside(engine, project).await;
    Ok(PutBack::Whole(before, None))
}

/// Keeps a refused text in the journal that its file does not show.
pub(crate) async fn journal_aside(
    engine: &Engine,
    of: RefusedOf,
    mut aside: RefusedText,
) -> Result<RefusedText> {
    let kept = aside.clone();
    let row = engine.journaled(move |journal| journal.put_refused(&of, &kept)).await?;
    aside.row = Some(row);
    Ok(aside)
}

/// Notes that a text which is in the journal is not shown. The caller holds `project.commit`.
pub(crate) async fn note_aside(engine: &Engine, project: &Project, aside: RefusedText) {
    project.lock().refused = Some(aside);
    rejected_copies::copy_refused_aside(engine, project).await;
}

/// Whether a save changes nothing of what its program had before its eyes, while a text that was
/// refused here waits to be settled.
pub(crate) fn is_put_back(engine: &Engine, project: &Project, base: &Seen, ours: &Outline) -> bool {
    let state = residency::recalled(engine, project);
    if state.refused.is_none() {
        return false;
    }
    let (mut base, mut ours) = (state.resolved(base.outline()), ours.clone());
    state.normalised.settle(&mut base, &mut ours);
    base == ours
}

/// A program saved what it had before its eyes, which is `ours`: what was refused here is set
/// aside. The caller holds `project.commit`.
pub(crate) async fn set_aside(
    engine: &Engine,
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
    let aside = journal_aside(engine, of, aside).await?;
    show_again(engine, project, process, base, ours, |state| {
        if state.intent.is_none() {
            state.saved = None;
        }
        state.refused = Some(aside);
    });
    rejected_copies::copy_refused_aside(engine, project).await;
    Ok(())
}

pub(crate) fn show_again(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    base: &Seen,
    ours: &Arc<Outline>,
    change: impl FnOnce(&mut Replica),
) {
    let mut state = residency::recalled(engine, project);
    let before = state.content().map(|content| content.text);
    change(&mut state);
    let changed = state.settle_version(before, engine.clock.wall());
    serve::note_written(engine, project, &mut state, process, base, ours);
    drop(state);
    engine.changed(project, changed);
}

/// What Taskade refused, as a text that its file does not show. Not where more is to become of the
/// project than its tasks.
pub(crate) fn refused_there(state: &Replica) -> Option<RefusedText> {
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
pub(crate) fn says_the_same(one: &[Line], other: &[Line]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            (one.depth, one.done, &one.text, &one.details)
                == (other.depth, other.done, &other.text, &other.details)
        })
}
