//! What programs have before their eyes of a save that Taskade refused, once that is given up: a
//! buffer that still has it says it once more with its next save, which would else change nothing and
//! be told to be saved.

use std::sync::Arc;

use crate::{
    plan::{self, Key, Outline},
    replica::served::without_refused,
    sync::{bases, engine::Engine, project::Project, read::residency},
};

/// How much of a refused save is given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GivenUp {
    /// All of it: what was done is taken back.
    All,
    /// What is not done.
    Rest,
}

/// What Taskade refused of a project is given up. The caller holds `project.commit`, and forgets
/// the save after this.
pub(crate) fn unsee_refused(engine: &Engine, project: &Project, given_up: GivenUp) {
    let mut state = residency::recalled(engine, project);
    let (Some(saved), Some(intent)) = (&state.saved, &state.intent) else { return };
    let left = match given_up {
        GivenUp::All => &intent.before,
        GivenUp::Rest => &intent.base,
    };
    let (refused, left) = (state.resolved(&saved.outline), state.resolved(left));
    let own = saved.written.as_ref().zip(saved.edited.as_ref()).map(|(written, edited)| {
        let edited = state.resolved(edited);
        let had = match given_up {
            GivenUp::All => edited,
            GivenUp::Rest => with_rest(&state.resolved(written), &refused, &left, &edited),
        };
        (written.clone(), Arc::new(had))
    });
    let (mut bases, mut lent) = (std::mem::take(&mut state.bases), std::mem::take(&mut state.lent));
    let without = |seen: &Arc<Outline>| {
        if let Some((_, had)) = own.as_ref().filter(|(own, _)| Arc::ptr_eq(own, seen)) {
            return had.clone();
        }
        let had = state.resolved(seen);
        let left = without_refused(&had, &refused, &left);
        if left == had { seen.clone() } else { Arc::new(left) }
    };
    bases.give_up(without);
    lent.give_up(without);
    (state.bases, state.lent) = (bases, lent);
    bases::log_bases(engine, &mut state);
}

/// What a program is to have edited that made `written` of `edited`, of which `refused` was to come
/// and `left` is there, for its text to say all that is not there: what it deleted, too.
pub(crate) fn with_rest(
    written: &Outline,
    refused: &Outline,
    left: &Outline,
    edited: &Outline,
) -> Outline {
    let fresh = written.next_new().max(refused.next_new()).max(left.next_new());
    // What was deleted and is there is new to what was written.
    let deleted = left.items.iter().filter(|item| refused.find(&item.key).is_none());
    let deleted: Vec<(Key, Key)> =
        deleted.zip(fresh..).map(|(item, new)| (item.key.clone(), Key::New(new))).collect();
    let mut left = left.clone();
    deleted.iter().for_each(|(key, new)| left.rekey(key, new));
    let mut outline = plan::merge(refused, &left, written, left.next_new().max(fresh)).outline;
    deleted.iter().for_each(|(key, new)| outline.rekey(new, key));
    let keys = outline.items.iter().map(|item| item.key.clone());
    let is_strange = |key: &Key| written.find(key).is_none() && edited.find(key).is_none();
    let strange: Vec<_> = keys.filter(is_strange).collect();
    strange.iter().for_each(|key| outline.lift_out(key));
    outline
}
