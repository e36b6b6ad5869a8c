//! What is known beside texts: how it is merged and what it costs to change it.

use proptest::prelude::*;

use super::strategies::details;
use crate::{
    model::{Moment, Schedule},
    plan::{Change, Details, Known, PartialMap, TaskDetails},
};

/// How many requests it takes, counted in another way than the script does.
pub(super) fn requests(from: &Details, to: &Details) -> usize {
    let (from, to) = (from.parts(), to.parts());
    let date = to.date.is_known() && from.date != to.date;
    let note = to.note.is_known() && from.note != to.note;
    let has = |set: &PartialMap<()>, handle: &str| set.get(handle).is_some();
    let (was, is) = (&from.assignees, &to.assignees);
    let gone = was.known.iter().filter(|(handle, ())| !has(is, handle)).count();
    let more = is.known.iter().any(|(handle, ())| !has(was, handle));
    let mut fields: Vec<&String> =
        from.fields.known.iter().chain(&to.fields.known).map(|(id, _)| id).collect();
    fields.sort_unstable();
    fields.dedup();
    let fields = fields.into_iter().filter(|id| from.fields.get(id) != to.fields.get(id));
    usize::from(date) + usize::from(note) + gone + usize::from(more) + fields.count()
}

fn due(day: &str) -> Schedule {
    Schedule { start: Moment { date: day.to_owned(), ..Moment::default() }, end: None }
}

fn people(handles: &[&str], complete: bool) -> PartialMap<()> {
    PartialMap {
        known: handles.iter().map(|handle| ((*handle).to_owned(), ())).collect(),
        complete,
    }
}

proptest! {
    #[test]
    fn what_is_known_already_costs_nothing(details in details()) {
        prop_assert_eq!(details.script(&details), vec![]);
        prop_assert_eq!(details.or(&Details::none()).script(&details), vec![]);
    }

    #[test]
    fn what_is_learnt_is_no_change(known in details(), newer in details()) {
        prop_assert!(!Details::default().changes(&known));
        prop_assert_eq!(known.or(&known), known.clone());
        prop_assert_eq!(known.or(&newer).or(&newer), known.or(&newer));
    }
}

#[test]
fn a_removal_survives_that_less_is_known_now() {
    let base = Details::from(TaskDetails {
        assignees: people(&["alice"], false),
        ..TaskDetails::default()
    });
    let ours = Details::default();
    let theirs = base.clone();
    let merged = Details::merged(&base, &ours, &theirs);
    assert_eq!(theirs.script(&merged), [Change::Unassign("alice".to_owned())]);
}

#[test]
fn who_leaves_is_told_one_by_one_and_who_comes_together() {
    let of =
        |handles| TaskDetails { assignees: people(handles, true), ..TaskDetails::default() }.into();
    let (from, to): (Details, Details) = (of(&["alice", "bob"]), of(&["carol", "bob", "dave"]));
    let came = ["carol", "dave"].map(str::to_owned).to_vec();
    assert_eq!(from.script(&to), [Change::Unassign("alice".to_owned()), Change::Assign(came)]);
}

#[test]
fn dates_that_both_changed_are_ours_and_clash() {
    let of = |day| {
        Details::from(TaskDetails { date: Known::Present(due(day)), ..TaskDetails::default() })
    };
    let (base, ours, theirs) = (of("2026-12-01"), of("2026-12-02"), of("2026-12-03"));
    assert_eq!(Details::merged(&base, &ours, &theirs), ours);
    assert!(Details::clash(&base, &ours, &theirs));
    assert!(!Details::clash(&base, &ours, &base));
    assert!(!Details::clash(&base, &ours, &ours));
    // What was not known was not changed by them.
    assert!(!Details::clash(&base, &ours, &Details::default()));
}

#[test]
fn people_and_dates_of_different_hands_both_stand() {
    let known = TaskDetails { assignees: people(&["alice"], true), ..TaskDetails::default() };
    let base = Details::from(known.clone());
    let ours =
        Details::from(TaskDetails { date: Known::Present(due("2026-12-01")), ..known.clone() });
    let theirs = Details::from(TaskDetails { assignees: people(&["bob"], true), ..known });
    let merged = Details::merged(&base, &ours, &theirs);
    assert_eq!(merged.parts().assignees, people(&["bob"], true));
    assert_eq!(theirs.script(&merged), [Change::Date(Some(due("2026-12-01")))]);
}

#[test]
fn of_a_task_without_fields_no_memory_is_taken_however_it_was_learnt() {
    let exported = || {
        let fields = PartialMap { known: Vec::new(), complete: true };
        Details::from(TaskDetails { fields, ..TaskDetails::default() })
    };
    let read = |details: &Details| -> Details {
        serde_json::from_str(&serde_json::to_string(details).unwrap()).unwrap()
    };
    assert!(exported().is_shared_with(&exported()));
    assert!(exported().is_shared_with(&read(&exported())));
    assert!(exported().settled().is_shared_with(&Details::none()));
    assert!(read(&Details::none()).is_shared_with(&Details::none()));
    assert_eq!(read(&Details::default()), Details::default());
    assert!(!exported().is_shared_with(&Details::none()));
}
