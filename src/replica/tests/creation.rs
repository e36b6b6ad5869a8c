//! No task is created twice, whatever answer is lost and whatever others do to the task meanwhile.

use proptest::{collection::vec, prelude::*, sample::Index, sample::subsequence};

use super::{
    steps::{Answer, Step, answers},
    world::World,
};
use crate::{
    plan::{Key, Outline, tests::strategies::Edit},
    replica::reconcile::{fingerprint, one_begins},
};

/// Long enough to be known again when they are moved and edited, and none like another.
const NEW: [&str; 4] =
    ["apples and pears", "bread of yesterday", "cheese for the cat", "dates, dried"];

/// What somebody does in the app to a task that a request has created.
#[derive(Debug, Clone)]
enum Meddling {
    Move {
        task: Index,
        to: Index,
    },
    /// Adds words to its text.
    Extend(Index),
    /// Takes words away from its end.
    Shorten(Index),
    Tick(Index),
}

/// What happens between two requests.
#[derive(Debug, Clone)]
struct Between {
    meddling: Vec<Meddling>,
    is_crash: bool,
    answer: Answer,
}

fn meddling() -> impl Strategy<Value = Meddling> {
    prop_oneof![
        (any::<Index>(), any::<Index>()).prop_map(|(task, to)| Meddling::Move { task, to }),
        any::<Index>().prop_map(Meddling::Extend),
        any::<Index>().prop_map(Meddling::Shorten),
        any::<Index>().prop_map(Meddling::Tick),
    ]
}

fn between() -> impl Strategy<Value = Between> {
    let parts = (vec(meddling(), 0..3), prop::bool::weighted(0.2), answers());
    parts.prop_map(|(meddling, is_crash, answer)| Between { meddling, is_crash, answer })
}

/// Where a program adds which lines.
fn additions() -> impl Strategy<Value = Vec<Edit>> {
    let texts = subsequence(NEW.to_vec(), 1..=NEW.len()).prop_shuffle();
    (texts, vec((0..8_usize, 0..3_usize), NEW.len())).prop_map(|(texts, places)| {
        let added = texts.into_iter().zip(places);
        added.map(|(text, (at, depth))| Edit::Insert(at, depth, text.to_owned())).collect()
    })
}

fn is_of(text: &str, new: &str) -> bool {
    one_begins(&fingerprint(text), &fingerprint(new))
}

fn meddle(service: &mut Outline, meddling: &Meddling) {
    let created: Vec<Key> = service
        .items
        .iter()
        .filter(|item| NEW.iter().any(|new| is_of(&item.text, new)))
        .map(|item| item.key.clone())
        .collect();
    let (Meddling::Move { task, .. }
    | Meddling::Extend(task)
    | Meddling::Shorten(task)
    | Meddling::Tick(task)) = meddling;
    if created.is_empty() {
        return;
    }
    let key = &created[task.index(created.len())];
    let at = service.items.iter().position(|item| item.key == *key).unwrap();
    let item = &mut service.items[at];
    match meddling {
        // What was shortened and goes on otherwise is another text.
        Meddling::Extend(_) if NEW.iter().any(|new| item.text.starts_with(new)) => {
            item.text.push_str(" and more");
        }
        Meddling::Extend(_) => {}
        Meddling::Shorten(_) => {
            let (words, _) = item.text.rsplit_once(' ').unwrap_or((&item.text, ""));
            if words.len() > 10 {
                item.text = words.to_owned();
            }
        }
        Meddling::Tick(_) => item.done ^= true,
        Meddling::Move { to, .. } => {
            let item = crate::plan::Item { depth: 0, ..item.clone() };
            service.lift_out(key);
            let tops = service.items.iter().enumerate().filter(|(_, item)| item.depth == 0);
            let mut places: Vec<usize> = tops.map(|(at, _)| at).collect();
            places.push(service.items.len());
            service.items.insert(places[to.index(places.len())], item);
        }
    }
}

/// Sends what is left, with nothing in its way.
fn drain(world: &mut World) {
    for _ in 0..64 {
        if world.current.pending().is_none() {
            return;
        }
        for step in [Step::Read, Step::Rebase, Step::Send(Answer::Executed), Step::Complete] {
            world.step(&step);
        }
    }
    panic!("it never comes to an end: {:?}", world.current.pending());
}

fn check(lines: &[&str], added: &[Edit], between: &[Between]) {
    let mut service = Outline::default();
    for (number, text) in (900..).zip(lines) {
        let (text, details, spelled) = ((*text).to_owned(), Default::default(), Default::default());
        let key = super::world::id(number);
        service.items.push(crate::plan::Item {
            key,
            depth: 0,
            text,
            done: false,
            details,
            spelled,
        });
    }
    let mut world = World::new(&service);
    world.step(&Step::Open(1));
    world.step(&Step::Save(1, added.to_vec()));
    for Between { meddling, is_crash, answer } in between {
        world.step(&Step::Send(*answer));
        meddling.iter().for_each(|meddling| meddle(&mut world.service, meddling));
        if *is_crash {
            world.step(&Step::Crash);
        }
        world.step(&Step::Read);
        world.step(&Step::Rebase);
    }
    drain(&mut world);
    for text in added.iter().filter_map(|edit| match edit {
        Edit::Insert(_, _, text) => Some(text),
        _ => None,
    }) {
        let found = world.service.items.iter().filter(|item| is_of(&item.text, text)).count();
        assert_eq!(found, 1, "{text:?} in {:#?}", world.service);
    }
    for text in lines {
        let found = world.service.items.iter().filter(|item| item.text == *text).count();
        assert_eq!(found, 1, "{text:?}");
    }
    assert_eq!(world.service.items.len(), lines.len() + added.len());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn no_task_is_created_twice(
        lines in subsequence(vec!["one", "two", "three"], 0..=3),
        added in additions(),
        between in vec(between(), 0..5),
    ) {
        check(&lines, &added, &between);
    }
}
