//! Giving up what was refused.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    replica::given_up::{Extent, GivenUp},
    sync::{
        bases,
        engine::Engine,
        hiding,
        project::Project,
        read::fetch,
        transition::Transition,
        upload::{actions, unmoved},
    },
};

/// Where it is seen what there is to be settled.
pub(crate) const LISTED: &str = "`taskadefs status` lists what waits and what was refused";

/// Gives up what was refused of a project: its file shows again what Taskade has, or the
/// save that is on its way, and that it was not moved is told no longer.
///
/// # Errors
/// [`Kind::NotFound`] if nothing was refused, [`Kind::Storage`] if it cannot be noted.
pub(crate) async fn discard(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let _conversation = fetch::converse(engine, project).await;
    engine.denied.forget(&project.folder());
    let mut next = Transition::begin(engine, project).await;
    let (there, here) = (next.is_rejected(), next.rejected_here().is_some());
    let was_unmoved = unmoved::settle_unmoved(engine, project).await?;
    if !there && !here {
        return if was_unmoved { Ok(()) } else { Err(nothing_rejected(project)) };
    }
    let given_up = there.then(|| GivenUp::of(&next, Extent::Rest)).flatten();
    if there {
        // Part of it may be done, and can be undone.
        next.action =
            actions::of_save(engine, &next).filter(|action| action.before != action.after);
        // What could not be restored is archived still.
        let archived = next.id().filter(|_| next.is_to_be_restored()).cloned();
        next.archived = archived.map(|id| (id, true));
    }
    next.discard(|left| project.render(left));
    let (archived, goes_on) = (next.archived.clone(), next.is_relocated());
    next.commit_with(|current| {
        bases::give_up(engine, current, given_up.as_ref());
        bases::end_own_texts(engine, current);
    })
    .await?;
    if there {
        engine.transfers.release_all(project.serial);
    }
    if let Some((id, hidden)) = archived {
        hiding::show_hidden(engine, &id, hidden);
    }
    // Nobody at work takes over what was left for when it is through.
    if goes_on || there {
        engine.wake(project);
    }
    Ok(())
}

pub(crate) fn nothing_rejected(project: &Project) -> Error {
    Error::new(Kind::NotFound, "no save of it was refused")
        .at(format!("{}.md", project.title()))
        .hint(LISTED)
}
