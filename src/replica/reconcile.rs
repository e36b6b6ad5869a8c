//! Which requests in flight a reading shows to have happened. Pure.
//!
//! A created task has an id that nobody was told: it is one of those that the base did not have,
//! known again by its text and place. Somebody else may have moved or edited it since, so what
//! fits less well is taken where nothing fits better: the same line twice is worse than to take
//! another's new line of the same words for ours.

use std::collections::{HashMap, HashSet};

use crate::{
    ids::TaskId,
    plan::{Item, Key, NewItem, Op, Outline},
};

/// A task that the base did not have.
pub(crate) struct Arrival<'a> {
    id: &'a TaskId,
    parent: Option<&'a Key>,
    text: String,
}

/// How well an arrival fits a create, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Where it was put, and the same text.
    Same,
    /// The same text, somewhere else.
    Moved,
    /// Where it was put, and one text begins with the other.
    Edited,
    /// Somewhere else, and one text begins with the other: what is short may do so by chance, and
    /// is looked for like that only if it is known to have been created.
    MovedAndEdited,
}

/// How many letters and digits do not begin another text by chance.
pub(crate) const TELLING: usize = 8;

/// The numbers of the creates among `items` that have happened, with the ids that they were
/// given. `placed` is `base` with all of them, `theirs` the reading.
///
/// A batch is applied in order and its parents existed before it was sent, so the k-th arrival
/// of one parent and one text is the k-th create of that parent and text.
pub(crate) fn arrived(
    base: &Outline,
    items: &[NewItem],
    placed: &Outline,
    theirs: &Outline,
) -> Vec<(u32, TaskId)> {
    let mut arrivals = arrivals(base, theirs);
    let parents: HashMap<&Key, Option<&Key>> =
        placed.items.iter().map(|item| &item.key).zip(placed.parents()).collect();
    let mut settled: Vec<(u32, TaskId)> = Vec::new();
    for fit in [Fit::Same, Fit::Moved, Fit::Edited, Fit::MovedAndEdited] {
        let last = items.iter().rposition(|item| is_settled(item, &settled));
        for (index, item) in items.iter().enumerate() {
            let Key::New(number) = item.key else { continue };
            if settled.iter().any(|(known, _)| *known == number) {
                continue;
            }
            let parent = parents.get(&item.key).copied().flatten();
            let text = fingerprint(&item.text);
            let fits = |arrival: &Arrival<'_>| {
                // A batch is applied in order: what comes before one that is there was created.
                let chance = fit == Fit::MovedAndEdited && last.is_none_or(|last| index > last);
                fits(fit, arrival, parent, &text)
                    && !(chance && shorter(&arrival.text, &text) < TELLING)
            };
            if let Some(found) = arrivals.iter().position(fits) {
                settled.push((number, arrivals.remove(found).id.clone()));
            }
        }
    }
    settled
}

/// The items of a batch that have happened, where those in `settled` are there, some of which are
/// `again` what was there before.
///
/// A batch is applied in order, so what comes before one that is there has happened too, and if it is
/// not known again others have deleted it. But what is there may be another's of the same words, and
/// what is created again may have been so by another mount: what is not there counts as deleted only
/// if more speak for that than are gone. Else it is created, which deletes nothing.
pub(crate) fn happened<'a>(
    items: &'a [NewItem],
    settled: &[(u32, TaskId)],
    again: &[u32],
) -> Vec<&'a NewItem> {
    let is_again = |item: &NewItem| again.iter().any(|number| item.key == Key::New(*number));
    let (mut witnesses, mut gone, mut end) = (0, 0, 0);
    for (index, item) in items.iter().enumerate() {
        match is_settled(item, settled) {
            true => witnesses += usize::from(!is_again(item)),
            false => gone += 1,
        }
        if is_settled(item, settled) && witnesses > gone {
            end = index + 1;
        }
    }
    let has = |(index, item): &(usize, &NewItem)| *index < end || is_settled(item, settled);
    items.iter().enumerate().filter(has).map(|(_, item)| item).collect()
}

fn is_settled(item: &NewItem, settled: &[(u32, TaskId)]) -> bool {
    settled.iter().any(|(number, _)| item.key == Key::New(*number))
}

/// The numbers of the new tasks in `target` that `theirs` has already, though `base` does not:
/// below the same parent, with the same text, as often as it is there. With the ids that they have.
pub(crate) fn already_there(
    base: &Outline,
    target: &Outline,
    theirs: &Outline,
) -> Vec<(u32, TaskId)> {
    let mut arrivals = arrivals(base, theirs);
    let mut there: Vec<(u32, TaskId)> = Vec::new();
    for (item, parent) in target.items.iter().zip(target.parents()) {
        let Key::New(number) = item.key else { continue };
        // A parent that turned out to be there stands for the one that is.
        let known = there.iter().find(|(new, _)| parent == Some(&Key::New(*new)));
        let known = known.map(|(_, id)| Key::Known(id.clone()));
        let text = fingerprint(&item.text);
        let found = arrivals
            .iter()
            .position(|arrival| fits(Fit::Same, arrival, known.as_ref().or(parent), &text));
        if let Some(found) = found.filter(|_| !text.is_empty()) {
            there.push((number, arrivals.remove(found).id.clone()));
        }
    }
    there
}

/// The tasks of two outlines that are gone, or were to be created `again`, and have come back in
/// `theirs` under another id: somebody cut and pasted them, or another mount created again what
/// it had changed. Creating them here too would double them. With the keys that they have now.
pub(crate) fn returned(
    outlines: [&Outline; 2],
    again: &[u32],
    theirs: &Outline,
) -> Vec<(Key, Key)> {
    let there: HashSet<&Key> = theirs.items.iter().map(|item| &item.key).collect();
    let items = || outlines.into_iter().flat_map(|outline| &outline.items);
    let gone = |item: &&Item| match &item.key {
        Key::Known(_) => !there.contains(&item.key),
        Key::New(number) => again.contains(number),
    };
    let mut missing: HashMap<&str, Vec<&Key>> = HashMap::new();
    for item in items().filter(gone) {
        let keys = missing.entry(item.text.as_str()).or_default();
        if !item.text.is_empty() && !keys.contains(&&item.key) {
            keys.push(&item.key);
        }
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let known: HashSet<&Key> = items().map(|item| &item.key).collect();
    let is_new = |item: &&Item| matches!(item.key, Key::Known(_)) && !known.contains(&item.key);
    let mut found: Vec<(Key, Key)> = Vec::new();
    for item in theirs.items.iter().filter(is_new) {
        let candidates = missing.get(item.text.as_str()).into_iter().flatten();
        let free = |key: &&&Key| found.iter().all(|(taken, _)| taken != **key);
        if let Some(key) = candidates.into_iter().find(free) {
            found.push(((*key).clone(), item.key.clone()));
        }
    }
    found
}

pub(crate) fn arrivals<'a>(base: &Outline, theirs: &'a Outline) -> Vec<Arrival<'a>> {
    let known: HashSet<&Key> = base.items.iter().map(|item| &item.key).collect();
    let placed = theirs.items.iter().zip(theirs.parents());
    placed
        .filter_map(|(item, parent)| match &item.key {
            Key::Known(id) if !known.contains(&item.key) => {
                Some(Arrival { id, parent, text: fingerprint(&item.text) })
            }
            _ => None,
        })
        .collect()
}

pub(crate) fn fits(fit: Fit, arrival: &Arrival<'_>, parent: Option<&Key>, text: &str) -> bool {
    let at_its_place = arrival.parent == parent;
    match fit {
        Fit::Same => at_its_place && arrival.text == text,
        // What says nothing is not known again anywhere else.
        Fit::Moved => !text.is_empty() && arrival.text == text,
        Fit::Edited => at_its_place && one_begins(&arrival.text, text),
        Fit::MovedAndEdited => one_begins(&arrival.text, text),
    }
}

pub(crate) fn shorter(one: &str, other: &str) -> usize {
    one.chars().count().min(other.chars().count())
}

/// Whether both say something, and one begins with the other.
pub(crate) fn one_begins(one: &str, other: &str) -> bool {
    let begins = one.starts_with(other) || other.starts_with(one);
    begins && !one.is_empty() && !other.is_empty()
}

/// A text as it is recognised again after the service may have read it as Markdown: its letters
/// and digits, or all of it if it has none.
pub(crate) fn fingerprint(text: &str) -> String {
    let letters: String = text.chars().filter(|c| c.is_alphanumeric()).collect();
    if letters.is_empty() { text.to_owned() } else { letters }
}

/// Whether a reading looks as if `op`, which makes `placed` of the base, was executed.
pub(crate) fn shows(theirs: &Outline, placed: &Outline, op: &Op) -> bool {
    let find = |key: &Key| theirs.items.iter().find(|item| item.key == *key);
    match op {
        Op::Create(_) => false,
        Op::SetText { key, text } => find(key).is_some_and(|item| item.text == *text),
        Op::SetDone { key, done } => find(key).is_some_and(|item| item.done == *done),
        // No reading shows it.
        Op::Detail { .. } => false,
        Op::Move { key, .. } => place(theirs, key) == place(placed, key),
        Op::Delete { key } => find(key).is_none(),
    }
}

/// The parent of a task, and the sibling before it.
pub(crate) fn place<'a>(
    outline: &'a Outline,
    key: &Key,
) -> Option<(Option<&'a Key>, Option<&'a Key>)> {
    let parents = outline.parents();
    let index = outline.items.iter().position(|item| item.key == *key)?;
    let parent = *parents.get(index)?;
    let mut before = outline.items.iter().zip(&parents).take(index).rev();
    let sibling = before.find(|(_, above)| **above == parent).map(|(item, _)| &item.key);
    Some((parent, sibling))
}

#[cfg(test)]
mod tests {
    use super::arrived;
    use crate::ids::TaskId;
    use crate::plan;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Op;
    use crate::plan::Outline;

    fn outline(items: &[(Key, usize, &str)]) -> Outline {
        let item = |(key, depth, text): &(Key, usize, &str)| Item {
            key: key.clone(),
            depth: *depth,
            text: (*text).to_owned(),
            done: false,
            details: Default::default(),
            spelled: Default::default(),
        };
        Outline { items: items.iter().map(item).collect() }
    }

    fn known(id: &str) -> Key {
        Key::Known(TaskId::new(id))
    }

    /// What is found of two creates, `milk` and `bread` below `p`, in a reading.
    fn found(theirs: &[(Key, usize, &str)]) -> Vec<(u32, String)> {
        let base = outline(&[(known("p"), 0, "p"), (known("q"), 0, "q")]);
        let wanted = outline(&[
            (known("p"), 0, "p"),
            (Key::New(0), 1, "milk"),
            (Key::New(1), 1, "*bread*"),
            (known("q"), 0, "q"),
        ]);
        let ops = plan::script(&base, &wanted);
        let [Op::Create(items)] = &ops[..] else { panic!("{ops:?}") };
        let found = arrived(&base, items, &wanted, &outline(theirs));
        found.into_iter().map(|(number, id)| (number, id.to_string())).collect()
    }

    #[test]
    fn creates_are_known_again_by_place_and_text_then_by_text_then_by_how_it_begins() {
        let (p, q) = ((known("p"), 0, "p"), (known("q"), 0, "q"));
        let one = (0, "x".to_owned());
        let two = (1, "y".to_owned());
        assert_eq!(found(&[p.clone(), q.clone()]), []);
        let theirs = [p.clone(), (known("x"), 1, "milk"), (known("y"), 1, "bread"), q.clone()];
        assert_eq!(found(&theirs), [one.clone(), two.clone()]);
        let theirs = [p.clone(), (known("y"), 1, "bread"), q.clone(), (known("x"), 1, "milk")];
        assert_eq!(found(&theirs), [two.clone(), one.clone()]);
        let theirs = [p.clone(), (known("x"), 1, "milk, oat"), q.clone()];
        assert_eq!(found(&theirs), std::slice::from_ref(&one));
        // Elsewhere and with another text, it is somebody else's,
        let theirs = [p.clone(), q.clone(), (known("x"), 1, "milk, oat")];
        assert_eq!(found(&theirs), []);
        // unless it says enough to be known again,
        let (base, wanted) = (
            outline(std::slice::from_ref(&p)),
            [p.clone(), (Key::New(0), 1, "pick up the parcel")],
        );
        let ops = plan::script(&base, &outline(&wanted));
        let [Op::Create(items)] = &ops[..] else { panic!("{ops:?}") };
        let theirs = outline(&[p.clone(), (known("x"), 0, "pick up the parcel today")]);
        let found_again = arrived(&base, items, &outline(&wanted), &theirs);
        assert_eq!(found_again, [(0, TaskId::new("x"))]);
        // or must have been created, since what came after it was.
        let theirs = [p, (known("y"), 1, "bread"), q, (known("x"), 1, "milk, oat")];
        assert_eq!(found(&theirs), [two, one]);
    }
}
