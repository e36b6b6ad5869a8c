//! The outlines that open files may have begun as. Pure.
//!
//! What a program has before its eyes follows what becomes of its saves; an open file only knows
//! the outline that its draft began as, or that it was committed as. When what was saved is given
//! up, such an outline says what nobody has any more: from then on another one stands for it.

use std::sync::{Arc, Weak};

use crate::plan::Outline;

/// With how many outlines it is looked which of them anybody still has.
pub(crate) const ROOM: usize = 64;

/// Of one project.
#[derive(Debug, Default)]
pub(crate) struct Lent {
    outlines: Vec<Weak<Outline>>,
    /// What stands for outlines of which something was given up.
    instead: Vec<(Arc<Outline>, Arc<Outline>)>,
}

impl Lent {
    /// Notes that an open file may have this outline from now on.
    pub(crate) fn lend(&mut self, outline: &Arc<Outline>) {
        let is_it = |known: &Weak<Outline>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(outline));
        // Most often it is the one that was lent last.
        if self.outlines.last().is_some_and(is_it) {
            return;
        }
        if self.outlines.len() >= ROOM && self.outlines.len().is_power_of_two() {
            self.outlines.retain(|known| known.strong_count() > 0);
        }
        self.outlines.push(Arc::downgrade(outline));
    }

    /// What was saved is given up: `without` is what an outline is without it.
    pub(crate) fn give_up(&mut self, mut without: impl FnMut(&Arc<Outline>) -> Arc<Outline>) {
        self.instead.retain(|(lent, _)| Arc::strong_count(lent) > 1);
        for (_, instead) in &mut self.instead {
            *instead = without(instead);
        }
        for lent in std::mem::take(&mut self.outlines).iter().filter_map(Weak::upgrade) {
            if self.instead.iter().any(|(known, _)| Arc::ptr_eq(known, &lent)) {
                continue;
            }
            let left = without(&lent);
            if Arc::ptr_eq(&left, &lent) {
                self.outlines.push(Arc::downgrade(&lent));
            } else {
                self.instead.push((lent, left));
            }
        }
    }

    /// What an outline stands for by now.
    pub(crate) fn now(&self, outline: Arc<Outline>) -> Arc<Outline> {
        let found = self.instead.iter().find(|(lent, _)| Arc::ptr_eq(lent, &outline));
        found.map_or(outline, |(_, instead)| instead.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{Lent, ROOM};
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;

    fn outline(texts: &[&str]) -> Arc<Outline> {
        let item = |(number, text): (u32, &&str)| Item {
            key: Key::New(number),
            depth: 0,
            text: (*text).to_owned(),
            done: false,
            details: Default::default(),
            spelled: Default::default(),
        };
        Arc::new(Outline { items: (0..).zip(texts).map(item).collect() })
    }

    /// Without its last line, if that says so.
    fn without(text: &str) -> impl Fn(&Arc<Outline>) -> Arc<Outline> {
        move |outline| match outline.items.split_last() {
            Some((last, left)) if last.text == text => Arc::new(Outline { items: left.to_vec() }),
            _ => outline.clone(),
        }
    }

    #[test]
    fn what_was_given_up_is_not_in_it_and_what_was_lent_later_is_as_it_was() {
        let mut lent = Lent::default();
        let (one, other) = (outline(&["a", "b", "c"]), outline(&["a"]));
        lent.lend(&one);
        lent.lend(&other);
        lent.give_up(without("c"));
        assert_eq!(lent.now(one.clone()), outline(&["a", "b"]));
        assert!(Arc::ptr_eq(&lent.now(other.clone()), &other));
        let later = outline(&["a", "b", "c"]);
        lent.lend(&later);
        assert!(Arc::ptr_eq(&lent.now(later.clone()), &later));
        lent.give_up(without("b"));
        assert_eq!(lent.now(one), outline(&["a"]));
        // Nobody has it any more.
        lent.give_up(without("b"));
        assert!(lent.instead.is_empty());
    }

    #[test]
    fn what_nobody_has_takes_no_room() {
        let mut lent = Lent::default();
        let kept = outline(&["a"]);
        lent.lend(&kept);
        (0..ROOM * 20).for_each(|_| lent.lend(&outline(&["b"])));
        assert!(lent.outlines.len() <= ROOM * 2);
        lent.give_up(without("a"));
        assert_eq!(lent.now(kept), outline(&[]));
    }
}
