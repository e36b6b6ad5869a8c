//! Who is who: finds for every line that was saved the task that it was before.
//!
//! From sure to unsure, each step only on what the steps before have left:
//!
//! 1. block ids (`--ids`);
//! 2. a subtree, and then a text, that occurs exactly once before and after, wherever it is;
//! 3. equal texts in order below one and the same parent, then between the same neighbours;
//! 4. equal texts elsewhere, whole blocks before lines;
//! 5. a parent of the same text by its children;
//! 6. similar texts, in order, then a parent by the children that it still has, whatever its
//!    text is now, unless that is another line's, then similar texts anywhere;
//! 7. what is left at the same place, where that takes fewer requests; not in a text that has next
//!    to nothing in common with the tasks, which is about other things.
//!
//! Every step is linear, or bounded where it compares pairs, so that no input takes long:
//! beyond the bounds, fewer lines keep their identity.

mod exact;
mod leftover;
mod matching;
mod parents;
mod postings;
mod sequence;
mod side;
mod similar;
mod similarity;
mod wanted;

pub use self::wanted::Wanted;
use self::{matching::Matching, parents::Texts, side::AlignedSide, similarity::Similarity};
use super::{Details, Item, Key, Outline};
use crate::model::Spelled;

/// Gives every wanted line the key that its task has in `base`, or a [`Key::New`] with a number
/// above all in `base`. Whether a box is ticked never decides.
/// The lines of `base` itself get exactly their own keys. What `base` knows of a task stays known.
pub fn align(base: &Outline, wanted: &[Wanted], first_new: u32) -> Outline {
    let mut matching = recognised(base, wanted);
    if !is_unrelated(&matching) {
        matching.match_leftovers();
    }
    keyed(base, wanted, &matching, first_new)
}

/// As [`align`], for lines that are not known to be of `base` at all: only those are, that are told by
/// what they say.
pub(crate) fn recognise(base: &Outline, wanted: &[Wanted], first_new: u32) -> Outline {
    keyed(base, wanted, &recognised(base, wanted), first_new)
}

/// Whether a text is, however edited, one of the tasks of `base`: at least a quarter of the lines
/// of the shorter one are recognised in the other. Where it is not, no line of the one has become
/// a line of the other, and the text belongs to other tasks. Nothing resembles what is empty.
pub fn resembles(base: &Outline, wanted: &[Wanted]) -> bool {
    let matching = recognised(base, wanted);
    let in_common = in_common(&matching);
    in_common > 0 && in_common * 4 >= base.items.len().min(wanted.len())
}

/// Fewest lines of a text that can be told to be about other things: of less, each may have been
/// written anew.
const FEW: usize = 4;

/// Whether the lines of one side have nothing to do with those of the other: not one in eight of
/// the shorter side is recognised. A task must not become another one, with its date and people,
/// because it stood at the same place.
fn is_unrelated(matching: &Matching<'_>) -> bool {
    let shorter = matching.old.len().min(matching.new.len());
    shorter >= FEW && in_common(matching) * 8 < shorter
}

/// How many lines are recognised.
fn in_common(matching: &Matching<'_>) -> usize {
    (0..matching.new.len()).filter(|&line| matching.old_of(line).is_some()).count()
}

/// Steps 1 to 6: the lines that are told by what they say.
fn recognised<'a>(base: &'a Outline, wanted: &'a [Wanted]) -> Matching<'a> {
    let mut matching = Matching::new(AlignedSide::pair(base, wanted));
    let mut similarity = Similarity::new(&matching.old.texts, &matching.new.texts);
    matching.match_anchors(base, wanted);
    matching.match_unique_subtrees();
    matching.match_unique_texts();
    matching.match_parents_by_children(Texts::Equal, &mut similarity);
    matching.match_between_neighbours();
    matching.match_moved_subtrees();
    matching.match_moved_texts();
    matching.match_similar_children(&mut similarity);
    matching.match_parents_by_children(Texts::Any, &mut similarity);
    matching.match_similar_children(&mut similarity);
    matching.match_similar_between_neighbours(&mut similarity);
    matching.match_similar_anywhere(&mut similarity);
    matching.match_parents_by_children(Texts::Any, &mut similarity);
    matching
}

fn keyed(base: &Outline, wanted: &[Wanted], matching: &Matching<'_>, mut fresh: u32) -> Outline {
    let mut items = Vec::with_capacity(wanted.len());
    for (index, line) in wanted.iter().enumerate() {
        let (key, details, spelled) = match matching.old_of(index).map(|old| &base.items[old]) {
            Some(old) => (old.key.clone(), old.details.clone(), old.spelled),
            None => {
                fresh += 1;
                (Key::New(fresh - 1), Details::none(), Spelled::default())
            }
        };
        let depth = matching.new.tree.depth(index);
        let (text, done) = (line.text.clone(), line.done);
        items.push(Item { key, depth, text, done, details, spelled });
    }
    Outline { items }
}
