//! Every order of events in the smallest worlds: nothing is deleted that whoever deleted it had not
//! seen, and nothing that was saved is lost or doubled.

use std::collections::{HashSet, VecDeque};

use super::{
    deeds::{Deed, Done, Who, is_line},
    small_world::{Event, Sent, SmallWorld},
};

/// How many worlds are looked at of one set of plans, at most, unless `TASKADEFS_WORLDS` says how many: with a few
/// thousand, all of most plans.
const MOST: usize = 1_000;

/// The texts that a line ends as, where all that waits has been sent.
fn texts<'a>(world: &'a SmallWorld, line: &str) -> Vec<&'a str> {
    let items = world.service.items.iter();
    items.map(|item| item.text.as_str()).filter(|text| is_line(text, line)).collect()
}

/// What is wrong with what became of a line.
fn wrong(world: &SmallWorld, line: &str, was_there: bool) -> Option<&'static str> {
    let found = texts(world, line);
    let of_line = |deed: &Deed| {
        let (Deed::Add(of) | Deed::Delete(of) | Deed::Change(of, _)) = deed;
        is_line(of, line)
    };
    let done: Vec<&Done> = world.done.iter().filter(|done| of_line(&done.deed)).collect();
    let is_added = done.iter().any(|done| matches!(done.deed, Deed::Add(_)));
    let changes: Vec<(Who, String)> = done
        .iter()
        .filter_map(|it| match it.deed {
            Deed::Change(_, word) => Some((it.who, format!("{} {word}", it.seen.as_deref()?))),
            _ => None,
        })
        .collect();
    let deletions: Vec<&&Done> =
        done.iter().filter(|done| matches!(done.deed, Deed::Delete(_))).collect();
    if found.len() > 1 {
        return Some("it is there twice");
    }
    if !was_there && !is_added {
        return (!found.is_empty()).then_some("nobody wrote it");
    }
    let has_seen = |by: &Done, who: Who, text: &str| {
        by.who == who || by.seen.as_deref().is_some_and(|seen| seen.starts_with(text))
    };
    let unseen: Vec<&(Who, String)> = changes
        .iter()
        .filter(|(who, text)| deletions.iter().all(|by| !has_seen(by, *who, text)))
        .collect();
    match found.first() {
        None if deletions.is_empty() => Some("nobody deleted it"),
        None if !unseen.is_empty() => Some("who deleted it had not seen what it said"),
        None => None,
        Some(_) if !deletions.is_empty() && changes.is_empty() => Some("its deletion was lost"),
        Some(text) if deletions.is_empty() => match &changes[..] {
            [] => (*text != line).then_some("nobody changed it"),
            [(_, changed)] => (text != changed).then_some("its change was lost"),
            _ => (*text == line).then_some("both changes were lost"),
        },
        Some(_) => None,
    }
}

const LINES: [&str; 3] = ["a", "b", "c"];

fn check(world: &SmallWorld, way: &[Event]) {
    let end = world.settled();
    let others = ["one", "two", "app"].map(|line| (line, false));
    for (line, was_there) in LINES.map(|line| (line, true)).into_iter().chain(others) {
        if let Some(wrong) = wrong(&end, line, was_there) {
            let (done, service) = (&end.done, texts(&end, line));
            panic!("{line}: {wrong}\nafter {way:?}\nof {done:#?}\nwhere {service:?} is left");
        }
    }
}

/// Looks at every world that events lead to, the nearest first. How many there are.
fn explore(plans: &[(Who, Vec<Deed>)]) -> usize {
    let most =
        std::env::var("TASKADEFS_WORLDS").ok().and_then(|most| most.parse().ok()).unwrap_or(MOST);
    let start = SmallWorld::new(&LINES, plans);
    let mut known: HashSet<String> = HashSet::from([start.fingerprint()]);
    let mut queue = VecDeque::from([(start, Vec::new())]);
    while let Some((world, way)) = queue.pop_front() {
        check(&world, &way);
        for event in world.events() {
            let mut next = world.clone();
            next.step(event);
            if known.len() < most && known.insert(next.fingerprint()) {
                let way = way.iter().copied().chain([event]).collect();
                queue.push_back((next, way));
            }
        }
    }
    known.len()
}

const ONE: Who = Who::Program(0);
const TWO: Who = Who::Program(1);

#[test]
fn lines_that_all_add() {
    let plans = [
        (ONE, vec![Deed::Add("one")]),
        (TWO, vec![Deed::Add("two")]),
        (Who::App, vec![Deed::Add("app")]),
    ];
    assert!(explore(&plans) > 100);
}

#[test]
fn a_line_that_one_deletes_and_the_app_changes() {
    let plans = [
        (ONE, vec![Deed::Delete("b")]),
        (TWO, vec![Deed::Add("two")]),
        (Who::App, vec![Deed::Change("b", "app")]),
    ];
    assert!(explore(&plans) > 100);
}

#[test]
fn a_line_that_one_changes_and_the_app_deletes() {
    let plans = [
        (ONE, vec![Deed::Change("c", "one")]),
        (TWO, vec![Deed::Add("two")]),
        (Who::App, vec![Deed::Delete("c")]),
    ];
    assert!(explore(&plans) > 100);
}

#[test]
fn a_line_that_one_deletes_and_the_other_changes() {
    let plans = [
        (ONE, vec![Deed::Delete("b")]),
        (TWO, vec![Deed::Change("b", "two")]),
        (Who::App, vec![Deed::Add("app")]),
    ];
    assert!(explore(&plans) > 100);
}

#[test]
fn a_line_that_one_adds_and_changes_while_the_other_saves_what_it_had() {
    let plans = [
        (ONE, vec![Deed::Add("one"), Deed::Change("one", "more")]),
        (TWO, vec![Deed::Change("a", "two")]),
        (Who::App, vec![Deed::Delete("b")]),
    ];
    assert!(explore(&plans) > 100);
}

/// The answer was known to what the programs had before their eyes, and not to the journal: the line was
/// added once more.
#[test]
fn a_line_that_was_created_before_a_crash_and_is_changed_after_it() {
    let plans = [(ONE, vec![Deed::Add("one"), Deed::Change("one", "more")])];
    let mut world = SmallWorld::new(&LINES, &plans);
    let answered = Event::Send { reads: true, answer: Sent::Answered };
    let way = [Event::Do(ONE), answered, Event::Crash, Event::Do(ONE)];
    for event in way {
        world.step(event);
        check(&world, &way);
    }
}
