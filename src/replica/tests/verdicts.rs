//! Laws of what waits and of the verdicts on it.

use std::{sync::Arc, time::Duration};

use proptest::{prelude::*, sample::select};

use super::{
    decisions::rejection,
    render,
    steps::{Step, steps},
    world::{START, World},
};
use crate::{
    plan::{
        Outline,
        tests::strategies::{Edit, outlines},
    },
    replica::{
        local::{Local, Saved},
        pending::PendingSave,
        rejection::Rejection,
        state::Replica,
    },
    store::journal::entry,
};

#[derive(Debug, Clone)]
enum Verdict {
    Reject(u64),
    Retry,
    Stage(Outline),
    SetSave(Outline),
    Settle,
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        3 => (0..3_u64).prop_map(Verdict::Reject),
        3 => Just(Verdict::Retry),
        2 => outlines(2).prop_map(Verdict::Stage),
        2 => outlines(2).prop_map(Verdict::SetSave),
        1 => Just(Verdict::Settle),
    ]
}

fn save(target: &Outline) -> PendingSave {
    PendingSave::new(Outline::default(), target.clone())
}

fn saved(target: &Outline) -> Saved {
    Saved::new(render(target), Arc::new(target.clone()), START)
}

fn rejected(second: u64) -> Rejection {
    rejection(START + Duration::from_secs(second))
}

/// What is there after a verdict, from what was there before: all of it, in one place.
fn expected(
    (save_was, saved_was, refusal_was): (Option<PendingSave>, Option<Saved>, Option<Rejection>),
    verdict: &Verdict,
) -> (Option<PendingSave>, Option<Saved>, Option<Rejection>) {
    match verdict {
        Verdict::Reject(second) => {
            // A verdict is of a text, and the first one stands.
            let rejection = saved_was.is_some().then(|| rejected(*second));
            (save_was, saved_was, refusal_was.or(rejection))
        }
        Verdict::Retry => (save_was, saved_was, None),
        Verdict::Stage(target) => (Some(save(target)), Some(saved(target)), None),
        Verdict::SetSave(target) => (Some(save(target)), saved_was, refusal_was),
        Verdict::Settle => (None, None, None),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_verdict_loses_a_save_or_makes_one_up(
        verdicts in prop::collection::vec(verdicts(), 0..8),
    ) {
        let mut local = Local::Clean;
        let all = |local: &Local| {
            (local.save().cloned(), local.saved().cloned(), local.rejection().cloned())
        };
        for verdict in verdicts {
            let expected = expected(all(&local), &verdict);
            let was = local.save().cloned();
            match &verdict {
                Verdict::Reject(second) => local.reject(rejected(*second)),
                Verdict::Retry => local.retry(),
                Verdict::Stage(target) => local.stage(save(target), saved(target)),
                Verdict::SetSave(target) => local.set_save(save(target)),
                Verdict::Settle => prop_assert_eq!(local.settle(), was),
            }
            prop_assert_eq!(all(&local), expected);
            prop_assert_eq!(local.save_mut().cloned(), local.save().cloned());
            prop_assert_eq!(local.saved_mut().cloned(), local.saved().cloned());
            prop_assert!(local.rejection().is_none() || local.saved().is_some());
            prop_assert_eq!(matches!(local, Local::Clean), local.save().is_none());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn what_is_journaled_alike_is_one_entry(
        service in outlines(3),
        steps in steps(10),
        more in steps(4),
    ) {
        let mut world = World::new(&service);
        let mut found: Vec<Replica> = Vec::new();
        for step in steps.iter().chain(&more) {
            world.step(step);
            let current = Replica::clone(&world.current);
            let is_wanted = !matches!(current.local, Local::Clean) || current.is_to_be_archived();
            prop_assert_eq!(current.is_journaled(), is_wanted);
            prop_assert_eq!(entry(&current).is_some(), is_wanted);
            found.push(current);
        }
        for one in &found {
            prop_assert!(one.is_journaled_as(one));
            for other in &found {
                let is_alike = one.is_journaled_as(other);
                prop_assert_eq!(is_alike, other.is_journaled_as(one));
                if is_alike {
                    prop_assert_eq!(entry(one), entry(other));
                    for third in &found {
                        prop_assert_eq!(third.is_journaled_as(one), third.is_journaled_as(other));
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_retried_is_sent_as_it_was(
        service in outlines(3),
        steps in steps(10),
        verdict in select(vec![Step::Reject, Step::Retry]),
    ) {
        let mut world = World::new(&service);
        for step in &steps {
            world.step(step);
        }
        let was = world.current.pending().cloned();
        let text = world.current.content().map(|content| content.text);
        for step in [Step::Reject, verdict, Step::Retry] {
            world.step(&step);
            prop_assert_eq!(world.current.pending().cloned(), was.clone());
            let is = world.current.content().map(|content| content.text);
            prop_assert!(is == text || text.is_none());
        }
        prop_assert!(!world.current.is_rejected());
    }
}

/// The row of a project that is only archived has its text, and said that it was the same.
#[test]
fn another_text_of_an_archived_project_is_another_entry() {
    let mut world = World::new(&Outline::default());
    world.step(&Step::Archive);
    let was = Replica::clone(&world.current);
    world.step(&Step::Elsewhere(vec![Edit::Insert(0, 0, "a".to_owned())]));
    world.step(&Step::Read);
    assert_ne!(entry(&was), entry(&world.current));
    assert!(!was.is_journaled_as(&world.current));
}
