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
    plan::Outline,
    replica::{
        given_up::{Extent, GivenUp},
        pending::PendingSave,
        rejection::RejectedText,
        served::{Base, Process},
        state::Replica,
    },
    sync::{
        bases,
        engine::Engine,
        project::Project,
        read::serve::Written,
        transition::Transition,
        write::stage::{self, StagedChange},
    },
};

/// What a saved text puts back of what was there before a refusal of Taskade.
pub(crate) enum PutBack {
    /// It is another text, or Taskade refused nothing.
    Nothing,
    /// All of it. What was refused, and what takes back what is done of it, or may be, if anything.
    Whole(RejectedText, Option<Box<PendingSave>>),
    /// A save that waited when the refused one was added to it: it is still to be sent. What was
    /// refused.
    Waiting(RejectedText),
}

/// Whether a text is the one from before what Taskade refused of a project: then that is set aside.
pub(crate) fn put_back(project: &Project, next: &Replica, base: &Base, text: &[u8]) -> PutBack {
    if matches!(base, Base::Unread(_)) {
        return PutBack::Nothing;
    }
    let Some(aside) = next.rejected_as_aside() else { return PutBack::Nothing };
    let format = project.format();
    let lines = format.parse(text, next.title(), &aside.base);
    let before = format.lines(&aside.base);
    if !lines.is_ok_and(|lines| says_the_same(&lines, &before)) {
        return PutBack::Nothing;
    }
    // Who has had that very text before its eyes all along has not seen what was refused, and so
    // takes nothing of it back.
    if says_the_same(&format.lines(&next.resolved(base.outline())), &before) {
        return PutBack::Nothing;
    }
    if next.saved().is_some_and(|saved| saved.is_added) {
        return PutBack::Waiting(aside);
    }
    let taken_back = next.pending().and_then(PendingSave::taken_back).map(Box::new);
    PutBack::Whole(aside, taken_back)
}

/// The file shows again what it showed before what Taskade refused. The outline of that, and which save
/// it is if part of the refused one is taken back.
pub(crate) async fn go_back(
    engine: &Engine,
    project: &Project,
    mut next: Transition<'_>,
    (process, base): (Option<Process>, &Base),
    aside: RejectedText,
    taken_back: Option<Box<PendingSave>>,
) -> Result<(Arc<Outline>, Option<u64>)> {
    let before = aside.base.clone();
    let given_up = GivenUp::of(&next, Extent::All);
    let written = Written::new(project, process, base, &before);
    if let Some(save) = taken_back {
        let change = StagedChange::of(*save);
        let mut staged = stage::stage(engine, project, &mut next, &written, change).await;
        staged.given_up = given_up;
        next.keep_aside(aside);
        let generation = stage::commit(engine, project, next, &written, staged).await?;
        return Ok((before, Some(generation)));
    }
    next.forget_save(|left| project.render(left));
    next.keep_aside(aside);
    let to_render = next
        .commit_with(|current| {
            bases::give_up(engine, current, given_up.as_ref());
            written.note(engine, current)
        })
        .await?;
    written.render(project, to_render);
    engine.transfers.release_all(project.serial);
    Ok((before, None))
}

/// A program saved what it had before its eyes: what was refused here is set aside. A conflict is given
/// up by that: who left it there was told of no failure, and had nothing to repair.
pub(crate) async fn set_aside(
    engine: &Engine,
    project: &Project,
    mut next: Transition<'_>,
    written: &Written<'_>,
) -> Result<()> {
    if !next.forget_conflict() {
        next.set_aside();
    }
    let to_render = next.commit_with(|current| written.note(engine, current)).await?;
    written.render(project, to_render);
    Ok(())
}

/// Whether two texts say the same of the same tasks, whatever ids they have.
pub(crate) fn says_the_same(one: &[Line], other: &[Line]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).all(|(one, other)| {
            (one.depth, one.done, &one.text, &one.details)
                == (other.depth, other.done, &other.text, &other.details)
        })
}
