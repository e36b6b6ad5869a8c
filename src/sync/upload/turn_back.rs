//! Renamings and moves of which Taskade refuses a part: the project is again where it was.
//!
//! Whoever asked is told that it failed, and then the project is to be what it was before, with what
//! programs have before their eyes, and alone: if it has become a copy it goes back to being the
//! original, with all that was done to the copy, and the copy is archived. Only what cannot be undone
//! either leaves two projects, and both are known by whoever has read one of them.

use std::{collections::HashMap, sync::Arc};

use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    plan::{Key, Outline},
    replica::{
        becoming::{Keys, Successor},
        copying as relocation,
        relocation::{Location, Original, Relocation, Undone},
    },
    sync::{
        bases,
        engine::Engine,
        project::{Project, Relocated},
        read::registry,
        transition::Transition,
        upload::{become_copy, placement, rebase, unmoved},
    },
};

pub(crate) const BOTH: &str = "both projects are kept; compare them and remove one";

/// Has the project go back, durably, since Taskade refuses a part of the way. `false` if there is
/// nothing to be undone, or that was tried. The caller holds `project.remote`.
pub(crate) async fn turn_back(
    engine: &Engine,
    project: &Arc<Project>,
    error: &Error,
) -> Result<bool> {
    let mut next = Transition::begin(engine, project).await;
    let is_used = |id: &ProjectId| engine.known(id).is_some_and(|other| !other.is_blank());
    let refusal = (error.kind(), error.to_string());
    let Some(before) = next.turn_back(refusal, is_used) else { return Ok(false) };
    next.commit().await?;
    placement::unshow_relocation(engine, project, &before);
    placement::show_relocation(engine, project);
    Ok(true)
}

/// The project is again what it was copied from.
pub(crate) async fn go_back(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    original: Original,
) -> Result<()> {
    let Some(folder) = original.folder.clone() else {
        return Err(Error::new(Kind::Refused, "it is not known where it was"));
    };
    let listing = match become_copy::read_copy(engine, project, &original.id, &original.title).await
    {
        Err(error) if error.kind() == Kind::NotFound => return stay(engine, project).await,
        listing => listing?,
    };
    // What others did to the copy is done to the original.
    become_copy::read_original(engine, project).await?;
    rebase::rebase(engine, project).await?;
    let to = Location { folder, title: original.title.clone() };
    let (id, keys) = (original.id.clone(), Keys::Back(original));
    become_copy::go_on_as(engine, project, Successor { id, to, listing, keys }).await
}

/// There is nothing any more that it could go back to: it is where it was to be.
pub(crate) async fn stay(engine: &Engine, project: &Project) -> Result<()> {
    placement::note_relocation(engine, project, Relocation::stay).await?;
    placement::show_relocation(engine, project);
    Ok(())
}

/// Taskade will not have it, and what it came to cannot be undone: the project is where it was, or
/// as far as it came.
pub(crate) async fn give_up_relocation(
    engine: &Engine,
    project: &Arc<Project>,
    error: Error,
) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    let Some(relocation) = next.give_up_relocation() else { return Ok(()) };
    let ticket = next.renamings();
    let is_alone = relocation.hidden().next().is_none();
    let error = if is_alone { error } else { error.hint(BOTH) };
    let undone = match relocation.undone().cloned() {
        None => {
            let (kind, reason) = (error.kind(), error.to_string());
            Undone { kind, reason, to: relocation.to().clone() }
        }
        Some(undone) => Undone {
            reason: format!("{}; nor could that be undone: {error}", undone.reason),
            ..undone
        },
    };
    leave_bases(engine, project, &relocation);
    let title = &relocation.from().title;
    let rejected = Some(report_unmoved(engine, project, title, undone, is_alone).await?);
    next.commit().await?;
    placement::unshow_relocation(engine, project, &relocation);
    project.relocated.send_replace(Relocated { ticket, rejected });
    Ok(())
}

/// Tells why a project is not where it was to be: whoever asked for that, if somebody still waits,
/// and else everybody.
pub(crate) async fn report_unmoved(
    engine: &Engine,
    project: &Project,
    shown: &str,
    undone: Undone,
    is_back: bool,
) -> Result<Error> {
    let Undone { kind, reason, to: Location { folder, title } } = undone;
    let error = Error::new(kind, reason).at(format!("{title}.md"));
    tracing::error!(%error, "a project was not moved");
    if project.relocated.receiver_count() == 0 {
        let mut path = engine.listings.names_of(&folder);
        path.push(format!("{title}.md"));
        let is_back = match is_back {
            true => "it is back under its old name with all that was saved; ",
            false => "",
        };
        let reason = format!(
            "not moved to {}: {error}; {is_back}move it again once that can succeed, or run \
             `taskadefs discard PATH` to be told of this no longer",
            path.join("/")
        );
        unmoved::note_unmoved(engine, project, shown, &reason).await?;
    }
    Ok(error)
}

/// What programs have before their eyes is what they have read of the projects that are left
/// behind, too: they may go on with any of them.
pub(crate) fn leave_bases(engine: &Engine, project: &Project, relocation: &Relocation) {
    // Which task of a copy is which is not known where it was not gone on with.
    for left in relocation.left_behind().filter(|left| !left.is_stray) {
        let Some(folder) = &left.folder else { continue };
        let other = registry::project(engine, &left.id, folder, &left.title);
        if Arc::as_ptr(&other) == std::ptr::from_ref(project) || !other.is_blank() {
            continue;
        }
        let seen: Vec<_> = {
            let state = project.lock();
            let keys = left.keys.iter().map(|(old, new)| (state.current(new), old.clone()));
            let keys: HashMap<Key, Key> = keys.collect();
            let there = |outline: &Outline| Arc::new(seen_there(state.resolved(outline), &keys));
            state.bases.all().map(|(process, outline)| (process, there(outline))).collect()
        };
        let mut state = other.lock();
        // The one that read it last comes first.
        for (process, outline) in seen.into_iter().rev() {
            state.reserve_outline(&outline);
            state.bases.keep(process, outline, None);
        }
        bases::log_bases(engine, &mut state);
    }
}

/// What somebody who has `outline` before its eyes has of a project whose tasks have these keys: what
/// it never had is none of its lines.
pub(crate) fn seen_there(outline: Outline, keys: &HashMap<Key, Key>) -> Outline {
    let other: Vec<Key> = outline.items.iter().map(|item| item.key.clone()).collect();
    let mut seen = outline;
    other.iter().filter(|key| !keys.contains_key(*key)).for_each(|key| seen.lift_out(key));
    relocation::renamed(&seen, keys)
}
