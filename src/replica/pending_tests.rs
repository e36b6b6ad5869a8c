//! What a reading makes of a save, by example.

use super::PendingSave;

use crate::{
    ids::TaskId,
    plan::{Item, Key, Op, Outline},
};

fn item(key: Key, depth: usize, done: bool) -> Item {
    Item {
        key,
        depth,
        text: "text".to_owned(),
        done,
        details: Default::default(),
        spelled: Default::default(),
    }
}

fn known(id: &str) -> Key {
    Key::Known(TaskId::new(id))
}

/// A save whose first request, a create, was sent, and what the service has since.
fn created(parent: bool, done: bool) -> (PendingSave, Outline) {
    let above: Vec<Item> = parent.then(|| item(known("p"), 0, false)).into_iter().collect();
    let depth = usize::from(parent);
    let with = |key, done| Outline {
        items: above.iter().cloned().chain([item(key, depth, done)]).collect(),
    };
    let mut save = PendingSave::new(Outline { items: above.clone() }, with(Key::New(0), done));
    let ops = save.script();
    assert!(matches!(ops[0], Op::Create(_)));
    save.sending(&ops[0]);
    (save, with(known("n"), false))
}

#[test]
fn a_task_that_was_created_in_a_crash_is_still_ticked() {
    for parent in [false, true] {
        let (mut save, theirs) = created(parent, true);
        let rebased = save.rebase(theirs, 9);
        assert_eq!(rebased.aliases, [(Key::New(0), known("n"))]);
        assert_eq!(save.script(), [Op::SetDone { key: known("n"), done: true }]);
    }
}

#[test]
fn a_task_that_was_created_in_a_crash_and_deleted_since_is_deleted() {
    for parent in [false, true] {
        let (mut save, theirs) = created(parent, false);
        let seen = save.target.clone();
        let ours = Outline { items: seen.items[..usize::from(parent)].to_vec() };
        assert_eq!(save.fold(&seen, &ours, 5).conflicts, []);
        save.rebase(theirs, 9);
        assert_eq!(save.script(), [Op::Delete { key: known("n") }]);
    }
}

/// What is there of a batch may be another's of the same words: then nothing of it was executed.
#[test]
fn a_line_of_the_same_words_does_not_tell_that_others_deleted_what_was_sent_before_it() {
    let task = |key: Key, text: &str| Item {
        key,
        depth: 0,
        text: text.to_owned(),
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    let texts = ["milk", "bread", "eggs", "butter"];
    let new = (0..).zip(texts).map(|(number, text)| task(Key::New(number), text));
    let missing = |there: &[&str], again: &[u32]| {
        let mut save =
            PendingSave::new(Outline::default(), Outline { items: new.clone().collect() });
        save.recreated = again.to_vec();
        let script = save.script();
        save.sending(&script[0]);
        let there = there.iter().map(|text| task(known(text), text));
        save.rebase(Outline { items: there.collect() }, 9);
        let script = save.script().into_iter().flat_map(|op| match op {
            Op::Create(items) => items,
            op => panic!("{op:?}"),
        });
        script.map(|item| item.text).collect::<Vec<_>>()
    };
    assert_eq!(missing(&["butter"], &[]), ["milk", "bread", "eggs"]);
    assert_eq!(missing(&["milk", "butter"], &[]), ["bread", "eggs"]);
    // Others have deleted the bread.
    assert_eq!(missing(&["milk", "eggs"], &[]), ["butter"]);
    // Another mount may have created again the same.
    assert_eq!(missing(&["milk", "eggs"], &[2]), ["bread", "butter"]);
}

#[test]
fn a_task_to_be_created_again_is_not_if_somebody_else_has_done_so() {
    let task = |id: &str, text: &str| Item {
        key: known(id),
        depth: usize::from(text == "child"),
        text: text.to_owned(),
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    let base = Outline { items: vec![task("p", "parent"), task("q", "other")] };
    let mut target = base.clone();
    target.items.insert(1, Item { key: Key::New(0), ..task("", "child") });
    let mut save = PendingSave::new(base, target);
    // Its parent is deleted, so that it is to be created again,
    save.rebase(Outline { items: vec![task("q", "other")] }, 5);
    assert!(save.target.items.iter().any(|item| item.key == Key::New(5)));
    // and another mount does it first.
    let theirs = Outline { items: vec![task("q", "other"), task("r", "parent")] };
    let rebased = save.rebase(theirs, 6);
    assert_eq!(rebased.aliases, [(Key::New(5), known("r"))]);
    assert!(save.recreated.is_empty());
    let script = save.script();
    assert!(
        matches!(&script[..], [Op::Create(items)] if items.len() == 1 && items[0].text == "child"),
        "{script:?}"
    );
}

/// Two programs have it before their eyes: what the one deletes the other needs.
#[test]
fn a_task_to_be_created_again_that_was_given_up_and_is_needed_is_known_where_somebody_made_it() {
    let task = |key: Key, text: &str| Item {
        key,
        depth: usize::from(text == "child"),
        text: text.to_owned(),
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    let of = |items: &[(Key, &str)]| Outline {
        items: items.iter().map(|(key, text)| task(key.clone(), text)).collect(),
    };
    let again = Key::New(5);
    let mut save = PendingSave::new(of(&[(known("p"), "parent")]), of(&[(known("p"), "parents")]));
    save.rebase(Outline::default(), 5);
    save.fold(&of(&[(again.clone(), "parents")]), &Outline::default(), 6);
    assert_eq!(save.target, Outline::default());
    let seen = of(&[(again.clone(), "parent")]);
    save.fold(&seen, &of(&[(again.clone(), "parent"), (Key::New(6), "child")]), 7);
    let rebased = save.rebase(of(&[(known("r"), "parent")]), 7);
    assert_eq!(rebased.aliases, [(again, known("r"))]);
    let script = save.script();
    assert!(
        matches!(&script[..], [Op::Create(items)] if items.len() == 1 && items[0].text == "child"),
        "{script:?}"
    );
}

#[test]
fn a_save_of_a_task_that_came_back_under_another_id_is_of_that_one() {
    let task = |id: &str, text: &str| Item {
        key: known(id),
        depth: 0,
        text: text.to_owned(),
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    let read = Outline { items: vec![task("a", "a"), task("b", "b")] };
    let mut target = read.clone();
    target.items[1].done = true;
    let mut save = PendingSave::new(read.clone(), target.clone());
    // Somebody cuts the first and pastes it; the program has not read that when it saves.
    for theirs in [vec![task("b", "b")], vec![task("b", "b"), task("c", "a")]] {
        save.rebase(Outline { items: theirs }, 5);
    }
    target.items.insert(1, Item { key: Key::New(0), depth: 1, ..task("", "below a") });
    let folded = save.fold(&read, &target, 5);
    assert_eq!(folded.aliases, [(known("a"), known("c"))]);
    let texts: Vec<&str> = save.target.items.iter().map(|item| item.text.as_str()).collect();
    assert_eq!(texts, ["b", "a", "below a"]);
}

#[test]
fn what_a_newer_save_takes_back_is_taken_back_also_if_it_was_in_flight() {
    let outline = |items: &[(&str, &str, bool)]| Outline {
        items: items
            .iter()
            .map(|(id, text, done)| Item {
                key: known(id),
                depth: 0,
                text: (*text).to_owned(),
                done: *done,
                details: Default::default(),
                spelled: Default::default(),
            })
            .collect(),
    };
    let before = outline(&[("a", "a", false), ("b", "b", false)]);
    for after in [
        outline(&[("a", "edited", false), ("b", "b", false)]),
        outline(&[("a", "a", true), ("b", "b", false)]),
        outline(&[("b", "b", false), ("a", "a", false)]),
    ] {
        let deleted = outline(&[("b", "b", false)]);
        for newest in [&before, &deleted] {
            let mut save = PendingSave::new(before.clone(), after.clone());
            let ops = save.script();
            assert_eq!(ops.len(), 1);
            save.sending(&ops[0]);
            assert_eq!(save.fold(&after, newest, 0).conflicts, []);
            for happened in [&before, &after] {
                let mut save = save.clone();
                assert_eq!(save.rebase(happened.clone(), 9).conflicts, []);
                assert_eq!(save.target, *newest, "{ops:?}");
            }
        }
    }
}

#[test]
fn a_line_beside_a_task_that_its_program_still_sees_is_another_one() {
    let outline = |keys: &[Key]| Outline {
        items: keys.iter().map(|key| item(key.clone(), 0, false)).collect(),
    };
    let gone = outline(&[known("x")]);
    // One program has deleted the task, another one that still sees it adds the same line.
    let mut save = PendingSave::new(gone.clone(), Outline::default());
    save.fold(&gone, &outline(&[known("x"), Key::New(0)]), 5);
    assert_eq!(save.target.items.len(), 1);
    assert_eq!(save.target.items[0].key, Key::New(0));
    // One that does not see it puts it back.
    let mut save = PendingSave::new(gone.clone(), Outline::default());
    let rebased = save.fold(&Outline::default(), &outline(&[Key::New(0)]), 5);
    assert_eq!(rebased.aliases, [(Key::New(0), known("x"))]);
    assert_eq!(save.script(), []);
    // It is made again if it is gone all the same.
    save.rebase(Outline::default(), 9);
    assert_eq!(save.target.items[0].key, Key::New(9));
    assert!(matches!(&save.script()[..], [Op::Create(_)]));
}

#[test]
fn a_task_that_is_needed_before_its_deletion_is_sent_is_that_task() {
    let task = |id: &str, text: &str| Item { text: text.to_owned(), ..item(known(id), 0, false) };
    let read = Outline { items: vec![task("a", "a"), task("b", "b")] };
    let without = Outline { items: vec![task("a", "a")] };
    let ours = Outline { items: vec![task("a", "a"), task("b", "edited")] };
    let mut save = PendingSave::new(read.clone(), without.clone());
    let folded = save.fold(&read, &ours, 5);
    assert_eq!((folded.aliases, folded.conflicts), (vec![], vec![]));
    assert_eq!(save.script(), [Op::SetText { key: known("b"), text: "edited".to_owned() }]);
    // If it is gone all the same, it is made again.
    save.rebase(without.clone(), 9);
    assert!(matches!(&save.script()[..], [Op::Create(items)] if items[0].text == "edited"));
    // What was sent may have been executed.
    let mut save = PendingSave::new(read.clone(), without.clone());
    save.sending(&Op::Delete { key: known("b") });
    let folded = save.fold(&read, &ours, 5);
    assert_eq!(folded.aliases, [(known("b"), Key::New(5))]);
    let mut executed = save.clone();
    executed.rebase(without, 9);
    assert!(matches!(&executed.script()[..], [Op::Create(items)] if items[0].text == "edited"));
    // If it was not, it is still there.
    let rebased = save.rebase(read, 9);
    assert_eq!(rebased.aliases, [(Key::New(5), known("b"))]);
    assert_eq!(save.script(), [Op::SetText { key: known("b"), text: "edited".to_owned() }]);
}

#[test]
fn a_task_that_others_brought_back_is_the_one_that_was_to_be_made_again() {
    let task = |id: &str, text: &str| Item { text: text.to_owned(), ..item(known(id), 0, false) };
    let read = Outline { items: vec![task("a", "a"), task("b", "b")] };
    let without = Outline { items: vec![task("a", "a")] };
    let edited = Outline { items: vec![task("a", "a"), task("b", "edited")] };
    let mut save = PendingSave::new(read.clone(), edited);
    save.rebase(without.clone(), 5);
    let rebased = save.clone().rebase(read.clone(), 9);
    assert_eq!(rebased.aliases, [(Key::New(5), known("b"))]);
    let mut wanted = save.clone();
    wanted.rebase(read.clone(), 9);
    assert_eq!(wanted.script(), [Op::SetText { key: known("b"), text: "edited".to_owned() }]);
    // Nobody here wants it any more: it is theirs.
    let seen = save.target.clone();
    save.fold(&seen, &without, 7);
    save.rebase(read.clone(), 9);
    assert_eq!((save.script(), &save.target), (vec![], &read));
}
