//! Laws of a rebase onto a reading.

use proptest::prelude::*;

use super::{
    listed,
    steps::{Step, steps},
    world::World,
};
use crate::{
    plan::{
        self, Key, Outline,
        tests::strategies::{edited, edits, outlines},
    },
    replica::pending::PendingSave,
};

/// A save of a program, and what the service has by then.
fn staged(service: &Outline, ours: &[plan::tests::strategies::Edit]) -> PendingSave {
    let base = listed(service);
    let target = edited(&base, ours, Key::New);
    PendingSave::new(base, target)
}

/// What a save is to come to, and by which requests.
fn meant(save: &PendingSave) -> (Outline, Outline, Vec<plan::Op>) {
    (save.base.clone(), save.target.clone(), save.script())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_rebase_onto_what_was_read_is_the_identity(service in outlines(8), ours in edits(6)) {
        let save = staged(&service, &ours);
        let mut rebased = save.clone();
        let found = rebased.rebase(save.base.clone(), 100);
        prop_assert!(found.aliases.is_empty() && found.conflicts.is_empty());
        prop_assert_eq!(rebased, save);
    }

    #[test]
    fn what_was_rebased_onto_a_reading_is_on_it(
        service in outlines(6),
        ours in edits(5),
        theirs in edits(5),
        is_sent in any::<bool>(),
    ) {
        let mut save = staged(&service, &ours);
        if let Some(op) = save.script().first().filter(|_| is_sent) {
            save.sending(op);
        }
        let key = |number| super::world::id(number);
        let theirs = listed(&edited(&save.base, &theirs, key));
        save.rebase(theirs.clone(), 100);
        let once = meant(&save);
        let found = save.rebase(theirs, 200);
        prop_assert!(found.aliases.is_empty(), "{:?}", found.aliases);
        prop_assert_eq!(meant(&save), once);
    }

    #[test]
    fn in_any_state_the_second_rebase_onto_a_reading_changes_nothing(
        service in outlines(4),
        steps in steps(12),
    ) {
        let mut world = World::new(&service);
        for step in &steps {
            world.step(step);
        }
        world.step(&Step::Read);
        world.step(&Step::Rebase);
        let text = world.current.content().map(|content| content.text);
        let Some(once) = world.current.pending().map(meant) else { return Ok(()) };
        world.step(&Step::Read);
        world.step(&Step::Rebase);
        prop_assert_eq!(world.current.pending().map(meant), Some(once));
        prop_assert_eq!(world.current.content().map(|content| content.text), text);
    }
}
