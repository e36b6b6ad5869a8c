//! Laws of what one transition leaves behind, whatever was before it.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use proptest::prelude::*;

use super::{
    decisions::{put_back, rejection},
    render,
    steps::{Step, steps},
    world::{START, World, id, unread},
};
use crate::{
    ids::{ProjectId, SpaceId},
    plan::{
        Change, Item, Key, Listing, Op, Outline,
        tests::strategies::{Edit, edited, edits, outlines},
    },
    replica::{
        becoming::{Keys, Successor},
        copying,
        creating::{CreatedFrom, NewDetails},
        local::Saved,
        pending::PendingSave,
        relocation::Location,
        state::Replica,
    },
};

/// A project to which these things have happened.
fn reached(service: &Outline, steps: &[Step]) -> Replica {
    let mut world = World::new(service);
    for step in steps {
        world.step(step);
    }
    Replica::clone(&world.current)
}

/// What is to become of the tasks.
fn wanted(replica: &Replica) -> Outline {
    replica.pending_or_at_rest().target
}

/// What readers get that is not a text which was refused here.
fn accepted(replica: &Replica) -> Option<Arc<[u8]>> {
    replica.accepted().map(|content| content.text)
}

fn texts(replica: &Replica) -> Vec<Arc<[u8]>> {
    replica.refusals().map(|(text, _)| text.clone()).collect()
}

/// A project that has been read, and a save of it.
fn staged(service: &Outline, ours: &[Edit]) -> Replica {
    let mut next = unread();
    next.take_reading(listing(service), Instant::now(), render);
    let first = next.reserve(ours.len());
    let target = edited(service, ours, |number| Key::New(first + number));
    let saved = Saved::new(render(&target), Arc::new(target.clone()), START);
    next.stage(PendingSave::new(service.clone(), target), saved);
    next
}

fn listing(outline: &Outline) -> Listing {
    Listing { title: None, outline: outline.clone() }
}

fn located(folder: &str) -> Location {
    Location { folder: SpaceId::new(folder), title: "T".to_owned() }
}

/// The same tasks under other ids.
fn copied(outline: &Outline) -> Outline {
    let mut copy = outline.clone();
    for (number, item) in (500..).zip(&mut copy.items) {
        item.key = id(number);
    }
    copy
}

/// What the tasks are, whatever is known of their details.
fn tasks(outline: &Outline) -> Vec<(Key, usize, String, bool)> {
    let task = |item: &Item| (item.key.clone(), item.depth, item.text.clone(), item.done);
    outline.items.iter().map(task).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn a_save_settles_every_refusal(service in outlines(3), steps in steps(10), target in outlines(2)) {
        let mut next = reached(&service, &steps);
        let generation = next.generation();
        let save = PendingSave::new(Outline::default(), target.clone());
        next.stage(save.clone(), Saved::new(render(&target), Arc::new(target), START));
        prop_assert_eq!(next.refusals().count(), 0);
        prop_assert_eq!(next.pending(), Some(&save));
        prop_assert!(next.generation() > generation);
    }

    #[test]
    fn what_is_given_up_leaves_nothing_but_where_the_project_is_to_go(
        service in outlines(3),
        steps in steps(10),
        is_refused in any::<bool>(),
    ) {
        let mut next = reached(&service, &steps);
        if is_refused {
            next.reject(rejection(START));
        }
        let (was, is_rejected) = (next.clone(), next.is_rejected());
        next.discard(render);
        prop_assert_eq!(next.refusals().count(), 0);
        prop_assert_eq!(next.relocation(), was.relocation());
        if is_rejected {
            prop_assert!(next.pending().is_none_or(PendingSave::is_sent));
            prop_assert_eq!(next.pending().is_some(), was.is_relocated());
            prop_assert!(next.creating().is_none() && next.saved().is_none());
        } else {
            prop_assert_eq!(next.pending(), was.pending());
            prop_assert_eq!(next.saved(), was.saved());
        }
    }

    #[test]
    fn a_text_that_is_refused_here_leaves_alone_what_waits(
        service in outlines(3),
        steps in steps(10),
    ) {
        let mut next = reached(&service, &steps);
        let (was, text) = (next.clone(), Arc::<[u8]>::from(*b"refused"));
        let row = |replica: &Replica| replica.rejected_here().and_then(|rejected| rejected.row);
        next.reject_text(text.clone(), Arc::default(), rejection(START));
        prop_assert_eq!(next.content().map(|content| content.text), Some(text.clone()));
        prop_assert_eq!(row(&next), row(&was), "it takes the place of the one before");
        next.set_aside();
        let shown = next.content().map(|content| content.text);
        prop_assert_eq!(shown, accepted(&was));
        prop_assert_eq!((next.pending(), next.rejection()), (was.pending(), was.rejection()));
        let others = was.rejection().and(was.saved()).map(|saved| saved.text.clone());
        prop_assert_eq!(texts(&next), [text].into_iter().chain(others).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_put_back_is_refused_once_and_not_shown(service in outlines(3), steps in steps(10)) {
        let mut next = reached(&service, &steps);
        next.reject(rejection(START));
        let (was, is_known) = (next.clone(), next.rejected_as_aside().is_some());
        put_back(&mut next);
        if is_known {
            let refused = was.saved().map(|saved| saved.text.clone());
            prop_assert_eq!(texts(&next), refused.into_iter().collect::<Vec<_>>());
            prop_assert!(!next.is_rejected() && next.shown_rejected().is_none());
            prop_assert!(next.pending().is_none_or(PendingSave::is_sent));
            prop_assert!(next.rejected_as_aside().is_none());
        } else {
            prop_assert_eq!(texts(&next), texts(&was));
            prop_assert_eq!(next.pending(), was.pending());
        }
    }

    #[test]
    fn an_archival_is_taken_back_for_nothing_just_until_it_is_sent(
        service in outlines(3),
        steps in steps(10),
        is_sent in any::<bool>(),
        is_executed in any::<bool>(),
    ) {
        let mut next = reached(&service, &steps);
        next.want_archival();
        let was = next.clone();
        if is_sent {
            prop_assert_eq!(next.begin_archival(), next.id().cloned());
            if is_executed {
                next.note_archived(true);
                prop_assert!(next.is_archived_here() && next.begin_archival().is_none());
            }
        }
        let mut over = next.clone();
        over.conclude_archival();
        prop_assert!(!over.is_journaled() && over.begin_archival().is_none());
        prop_assert_eq!(next.take_back_archival(), !is_sent);
        // An answer that comes then changes nothing: the project is to be there.
        next.note_archived(is_executed);
        next.note_archival_unsent();
        prop_assert!(!next.is_to_be_archived());
        prop_assert_eq!(next.pending(), was.pending());
    }

    #[test]
    fn where_a_project_goes_is_shown_at_once_and_its_tasks_stay_what_they_are_to_be(
        service in outlines(3),
        steps in steps(10),
    ) {
        let mut next = reached(&service, &steps);
        let (was, from) = (next.clone(), Location::remote(&next));
        let to = located("to");
        let ticket = next.relocate(&to, START + Duration::from_secs(9));
        prop_assert_eq!(ticket, Some(was.renamings() + 1));
        prop_assert!(next.generation() > was.generation());
        prop_assert_eq!(Location::shown(&next), to.clone());
        prop_assert_eq!(Location::remote(&next), from.clone());
        let mut there = next.clone();
        prop_assert!(there.arrive().is_some() && there.arrive().is_none());
        prop_assert_eq!(Location::shown(&there), to);
        let mut back = next.clone();
        prop_assert!(back.give_up_relocation().is_some() && !back.is_relocated());
        prop_assert_eq!(Location::shown(&back), from);
        for replica in [next, there, back] {
            prop_assert_eq!(wanted(&replica), wanted(&was));
            prop_assert_eq!(texts(&replica), texts(&was));
        }
    }

    #[test]
    fn what_was_made_of_a_new_project_is_not_made_again(
        lines in outlines(4),
        others in prop::option::of("[a-z]{12}"),
        is_answered in any::<bool>(),
    ) {
        let mut sent = super::listed(&lines);
        for (number, item) in (0..).zip(&mut sent.items) {
            item.key = Key::New(number);
        }
        let mut next = Replica::new(None, SpaceId::new("f"), "T".to_owned(), START);
        prop_assert!(next.is_unheard_of());
        next.reserve(sent.items.len());
        let saved = Saved::new(render(&sent), Arc::new(sent.clone()), START);
        next.stage(PendingSave::new(Outline::default(), sent.clone()), saved);
        prop_assert_eq!(next.begin_creation([ProjectId::new("q")].into()), sent.clone());
        let at = Location::shown(&next);
        next.is_created_as(ProjectId::new("p"), &at, START);
        prop_assert!(!next.is_relocated(), "it is where it was to be");
        prop_assert!(next.is_unborn(), "it is not known what was made of it");
        let mut made = copied(&sent);
        let foreign = others.filter(|_| !is_answered);
        if let Some(text) = &foreign {
            made = edited(&made, &[Edit::Insert(0, 0, text.clone())], |_| id(900));
        }
        next.take_reading(listing(&made), Instant::now(), render);
        let origin = if is_answered { CreatedFrom::Answered } else { CreatedFrom::Found(sent.clone()) };
        prop_assert!(matches!(next.align_with_created(origin, NewDetails::None, render), Ok(true)));
        prop_assert!(!next.is_unborn());
        let left = next.pending().map(PendingSave::script).unwrap_or_default();
        prop_assert_eq!(left, [], "{:?}", made);
        prop_assert_eq!(foreign.is_some(), wanted(&next).find(&id(900)).is_some());
        for item in &sent.items {
            prop_assert!(matches!(next.current(&item.key), Key::Known(_)));
        }
    }

    #[test]
    fn what_no_request_can_set_is_not_sent_and_all_else_is(
        service in outlines(4),
        mut ours in edits(4),
    ) {
        let all = 0..service.items.len();
        let change = Change::Field("@f".to_owned(), Some(7.into()));
        ours.extend(all.map(|at| Edit::Detail(at, change.clone())));
        let mut next = staged(&service, &ours);
        let set = |op: &Op| match op {
            Op::Detail { key, change: Change::Field(field, Some(_)) } => {
                Some((key.clone(), field.clone()))
            }
            _ => None,
        };
        let script = next.pending().map(PendingSave::script).unwrap_or_default();
        let fields: Vec<(Key, String)> = script.iter().filter_map(set).collect();
        next.leave_out_fields(fields.iter().map(|(key, field)| (key, field.as_str())), render);
        let left = next.pending().map(PendingSave::script).unwrap_or_default();
        let others: Vec<Op> = script.into_iter().filter(|op| set(op).is_none()).collect();
        prop_assert_eq!(left, others);
        let shown = next.content().map(|content| content.text);
        prop_assert_eq!(shown, Some(render(&wanted(&next))));
    }

    #[test]
    fn to_become_a_copy_and_to_be_the_original_again_leaves_what_is_wanted(
        service in outlines(4),
        ours in edits(5),
    ) {
        let service = super::listed(&service);
        let mut next = staged(&service, &ours);
        let (was, from, to) = (next.clone(), Location::shown(&next), located("to"));
        next.relocate(&to, START);
        let copy = copied(&service);
        let keys = Keys::OfCopy(copying::in_copy(&service, &service, &copy).unwrap());
        let there = |id: &str, to, outline, keys| {
            Successor { id: ProjectId::new(id), to, listing: listing(outline), keys }
        };
        let became = there("copy", to.clone(), &copy, keys);
        let became = next.go_on_as(became, Vec::new(), Instant::now(), render).unwrap();
        prop_assert_eq!(Some(&became.former), was.id());
        prop_assert_eq!(Location::remote(&next), to);
        prop_assert!(wanted(&next).items.iter().all(|item| service.find(&item.key).is_none()));
        prop_assert!(copying::same_tasks(&wanted(&next), &wanted(&was)));
        let left: Vec<_> = next.relocation().unwrap().left_behind().cloned().collect();
        prop_assert_eq!(left.iter().map(|left| &left.id).collect::<Vec<_>>(), [&became.former]);
        prop_assert!(left[0].is_whole && became.conflicts.is_empty());
        let back = there("p", from.clone(), &service, Keys::Back(left[0].clone()));
        next.go_on_as(back, Vec::new(), Instant::now(), render).unwrap();
        prop_assert_eq!((next.id(), Location::remote(&next)), (was.id(), from));
        prop_assert_eq!(tasks(&wanted(&next)), tasks(&wanted(&was)));
    }
}
