//! Laws of the three-way merge.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    align_with, applied, known, merge_with, outline, resolved,
    strategies::{edited, edits, outlines},
    text,
};
use crate::plan::{Conflict, Details, Item, Key, Merged, Outline, PartialMap, TaskDetails, script};

/// What we and they made of a base.
fn forks(size: usize, count: usize) -> impl Strategy<Value = (Outline, Outline, Outline)> {
    (outlines(size), edits(count), edits(count)).prop_map(|(base, ours, theirs)| {
        let ours = edited(&base, &ours, Key::New);
        let theirs = edited(&base, &theirs, |number| known(&format!("their{number}")));
        (base, ours, theirs)
    })
}

fn keys(outline: &Outline) -> HashSet<&Key> {
    outline.items.iter().map(|item| &item.key).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn with_nothing_of_theirs_it_is_ours((base, ours, _) in forks(14, 10)) {
        let expected = Merged { outline: ours.clone(), conflicts: vec![] };
        prop_assert_eq!(merge_with(&base, &ours, &base), expected);
    }

    #[test]
    fn with_nothing_of_ours_it_is_theirs((base, _, theirs) in forks(14, 10)) {
        let expected = Merged { outline: theirs.clone(), conflicts: vec![] };
        prop_assert_eq!(merge_with(&base, &base, &theirs), expected);
    }

    #[test]
    fn what_both_did_is_no_conflict((base, ours, _) in forks(14, 10)) {
        let ours = resolved(&ours, "our");
        let expected = Merged { outline: ours.clone(), conflicts: vec![] };
        prop_assert_eq!(merge_with(&base, &ours, &ours), expected);
    }

    #[test]
    fn nobodys_task_is_lost_or_doubled((base, ours, theirs) in forks(14, 10)) {
        let merged = merge_with(&base, &ours, &theirs).outline;
        prop_assert!(merged.is_well_formed());
        let (in_base, in_ours) = (keys(&base), keys(&ours));
        let (in_theirs, in_merged) = (keys(&theirs), keys(&merged));
        for key in in_theirs.iter().filter(|key| !in_base.contains(*key)) {
            prop_assert!(in_merged.contains(key));
        }
        for key in in_ours.iter().filter(|key| !in_base.contains(*key)) {
            prop_assert!(in_merged.contains(key));
        }
        for key in in_ours.intersection(&in_theirs) {
            prop_assert!(in_merged.contains(key));
        }
        for key in &in_merged {
            prop_assert!(matches!(key, Key::New(_)) || in_theirs.contains(key));
        }
    }

    #[test]
    fn what_only_one_side_changed_has_that_value((base, ours, theirs) in forks(14, 10)) {
        let merged = merge_with(&base, &ours, &theirs).outline;
        for item in &merged.items {
            let (Some(b), Some(o), Some(t)) =
                (base.find(&item.key), ours.find(&item.key), theirs.find(&item.key)) else { continue };
            prop_assert_eq!(&item.text, if o.text == b.text { &t.text } else { &o.text });
            prop_assert_eq!(item.done, if o.done == b.done { t.done } else { o.done });
            let (m, b, o, t) =
                (item.details.parts(), b.details.parts(), o.details.parts(), t.details.parts());
            prop_assert_eq!(&m.date, if o.date == b.date { &t.date } else { &o.date });
            prop_assert_eq!(&m.note, if o.note == b.note { &t.note } else { &o.note });
            for handle in ["alice", "bob", "carol"] {
                let is = |set: &PartialMap<()>| set.get(handle).is_some();
                let (m, b, o, t) =
                    (is(&m.assignees), is(&b.assignees), is(&o.assignees), is(&t.assignees));
                prop_assert_eq!(m, if o == b { t } else { o });
            }
            let value = |parts: &TaskDetails| parts.fields.get("@f").cloned();
            let (m, b, o, t) = (value(&m), value(&b), value(&o), value(&t));
            prop_assert_eq!(m, if o == b { t } else { o });
        }
    }

    #[test]
    fn what_one_side_deleted_and_the_other_left_alone_is_gone((base, ours, theirs) in forks(14, 10)) {
        let Merged { outline, conflicts } = merge_with(&base, &ours, &theirs);
        let (in_ours, in_theirs) = (keys(&ours), keys(&theirs));
        for item in base.items.iter().filter(|item| !in_ours.contains(&item.key)) {
            let kept = conflicts.contains(&Conflict::KeptEdited { key: item.key.clone() })
                || conflicts.contains(&Conflict::KeptParent { key: item.key.clone() });
            prop_assert_eq!(outline.find(&item.key).is_some(), kept);
        }
        for item in base.items.iter().filter(|item| !in_theirs.contains(&item.key)) {
            prop_assert!(outline.find(&item.key).is_none());
        }
    }

    #[test]
    fn a_merge_that_has_been_sent_is_at_rest((base, ours, theirs) in forks(14, 10)) {
        let merged = merge_with(&base, &ours, &theirs).outline;
        let sent = applied(&theirs, &script(&theirs, &merged));
        prop_assert_eq!(&sent, &merged);
        let (base, sent) = (resolved(&ours, "our"), resolved(&sent, "our"));
        prop_assert_eq!(merge_with(&base, &base, &sent), Merged { outline: sent, conflicts: vec![] });
    }

    #[test]
    fn merging_is_deterministic((base, ours, theirs) in forks(14, 10)) {
        prop_assert_eq!(merge_with(&base, &ours, &theirs), merge_with(&base, &ours, &theirs));
    }
}

/// Merges texts: ours is aligned with the base; theirs has the keys that `align` gives it.
fn merged(base: &str, ours: &str, theirs: &str) -> (String, Vec<Conflict>) {
    let base = outline(base);
    let ours = align_with(&base, &super::lines(&outline(ours)));
    let theirs = resolved(&align_with(&base, &super::lines(&outline(theirs))), "their");
    let Merged { outline, conflicts } = merge_with(&base, &ours, &theirs);
    (text(&outline), conflicts)
}

#[test]
fn edits_to_different_tasks_both_stand() {
    let (text, conflicts) = merged("one\ntwo", "one!\ntwo", "one\ntwo!");
    assert_eq!((text.as_str(), conflicts), ("one!\ntwo!\n", vec![]));
}

#[test]
fn edits_to_different_properties_both_stand() {
    let (text, conflicts) = merged("one\ntwo", "one!\ntwo", "[x] one\ntwo");
    assert_eq!((text.as_str(), conflicts), ("[x] one!\ntwo\n", vec![]));
}

#[test]
fn one_text_changed_by_both_is_ours_and_a_conflict() {
    let (text, conflicts) = merged("one\ntwo", "one ours\ntwo", "one theirs\ntwo");
    assert_eq!(text, "one ours\ntwo\n");
    let conflict = Conflict::Text {
        key: known("t1"),
        base: "one".into(),
        ours: "one ours".into(),
        theirs: "one theirs".into(),
    };
    assert_eq!(conflicts, [conflict]);
}

#[test]
fn deleted_here_and_edited_there_is_kept() {
    let (text, conflicts) = merged("one\ntwo", "two", "one!\ntwo");
    assert_eq!(text, "one!\ntwo\n");
    assert_eq!(conflicts, [Conflict::KeptEdited { key: known("t1") }]);
}

#[test]
fn deleted_here_with_new_tasks_there_is_kept_for_them() {
    let (text, conflicts) = merged("one\n  a\n  b\ntwo", "two", "one\n  a\n    new\n  b\ntwo");
    assert_eq!(text, "one\n  a\n    new\ntwo\n");
    let kept = |id| Conflict::KeptParent { key: known(id) };
    assert_eq!(conflicts, [kept("t1"), kept("t2")]);
}

#[test]
fn deleted_there_and_edited_here_is_created_again() {
    let (text, conflicts) = merged("one\n  a\n  b\ntwo", "one\n  a!\n  b\ntwo", "two");
    assert_eq!(text, "one\n  a!\ntwo\n");
    let again = |id, new| Conflict::Recreated { key: known(id), new };
    assert_eq!(conflicts, [again("t1", 0), again("t2", 1)]);
}

#[test]
fn deleted_there_and_untouched_here_is_gone() {
    let (text, conflicts) = merged("one\n  a\ntwo", "one\n  a\ntwo!", "two");
    assert_eq!((text.as_str(), conflicts), ("two!\n", vec![]));
}

#[test]
fn a_new_task_below_what_they_deleted_brings_it_back() {
    let (text, _) = merged("one\n  a\ntwo", "one\n  a\n  new\ntwo", "two");
    assert_eq!(text, "one\n  new\ntwo\n");
}

#[test]
fn a_new_task_follows_the_sibling_that_it_followed() {
    let (text, _) = merged("a\nb\nc", "a\nb\nnew\nc", "c\nb\ntheirs\na");
    assert_eq!(text, "c\nb\nnew\ntheirs\na\n");
}

#[test]
fn a_new_task_whose_predecessor_is_gone_follows_the_one_before() {
    let (text, _) = merged("a\nb\nc", "a\nb\nnew\nc", "theirs\na\nc");
    assert_eq!(text, "theirs\na\nnew\nc\n");
}

#[test]
fn a_new_first_task_stays_before_what_it_preceded() {
    let (text, _) = merged("a\nb", "new\na\nb", "theirs\na\nb");
    assert_eq!(text, "theirs\nnew\na\nb\n");
}

#[test]
fn our_move_wins_over_theirs() {
    let (text, conflicts) = merged("a\nb\nm", "a\n  m\nb", "a\nb\n  m");
    assert_eq!((text.as_str(), conflicts), ("a\n  m\nb\n", vec![]));
}

#[test]
fn moves_into_each_other_leave_theirs() {
    let (text, conflicts) = merged("alpha\nbeta", "beta\n  alpha", "alpha\n  beta");
    assert_eq!(text, "alpha\n  beta\n");
    assert_eq!(conflicts, [Conflict::MoveDropped { key: known("t1") }]);
}

#[test]
fn a_known_task_that_the_base_lacks_counts_as_unchanged_by_us() {
    let base = outline("a");
    let mut ours = base.clone();
    let created = Item {
        key: known("c"),
        depth: 0,
        text: "created".into(),
        done: false,
        details: Details::none(),
        spelled: Default::default(),
    };
    ours.items.push(created.clone());
    let mut theirs = ours.clone();
    theirs.items[1].text = "edited since".into();
    assert_eq!(merge_with(&base, &ours, &theirs).outline, theirs);
    assert_eq!(merge_with(&base, &ours, &base).outline, base);
}

#[test]
fn a_task_of_a_waiting_save_is_merged_like_any_other() {
    let mut waiting = outline("a\nnot sent yet");
    waiting.items[1].key = Key::New(0);
    let mut edited = waiting.clone();
    edited.items[1].text = "edited before it was sent".to_owned();
    assert_eq!(merge_with(&waiting, &edited, &waiting).outline, edited);
    let mut longer = waiting.clone();
    longer.items.push(Item { key: Key::New(1), ..outline("b").items.remove(0) });
    let merged = merge_with(&waiting, &edited, &longer).outline;
    assert_eq!(text(&merged), "a\nedited before it was sent\nb\n");
}
