//! The lines of refused saves that were given up, and are one line each whoever says them again. Pure.

use std::collections::{HashSet, VecDeque};

use crate::plan::{Item, Key, Outline};

/// How many lines of one project are remembered that were given up.
const REMEMBERED: usize = 1000;

/// The new lines of saves that were given up, each with the key that its task was to have, or has: it
/// may have been made, and stay because others have edited it since. Every program that has one in
/// its buffer says it once more; it is one line all the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenUpLines(VecDeque<(String, Key)>);

impl GivenUpLines {
    /// Notes lines that are given up.
    pub(crate) fn note<'a>(&mut self, lines: impl Iterator<Item = &'a Item>) {
        for Item { text, key, .. } in lines.filter(|line| !line.text.is_empty()) {
            let is_it = |(_, known): &(String, Key)| known == key;
            if !self.0.iter().any(is_it) {
                self.0.push_back((text.clone(), key.clone()));
            }
        }
        while self.0.len() > REMEMBERED {
            self.0.pop_front();
        }
    }

    /// Gives new lines of `ours` the keys that they had when they were given up, as far as neither
    /// they nor what they were edited from have tasks of those keys. `current` is the key that a
    /// task is known by now, if it is one that a line can be of.
    pub(crate) fn recognise(
        &self,
        base: &Outline,
        ours: &mut Outline,
        current: impl Fn(&Key) -> Option<Key>,
    ) {
        if self.0.is_empty() {
            return;
        }
        let mut there: HashSet<Key> =
            base.items.iter().chain(&ours.items).map(|item| item.key.clone()).collect();
        let known: HashSet<Key> = base.items.iter().map(|item| item.key.clone()).collect();
        for item in &mut ours.items {
            if known.contains(&item.key) || !matches!(item.key, Key::New(_)) {
                continue;
            }
            let of_text = self.0.iter().filter(|(text, _)| *text == item.text);
            if let Some(key) =
                of_text.filter_map(|(_, key)| current(key)).find(|key| !there.contains(key))
            {
                there.insert(key.clone());
                item.key = key;
            }
        }
    }
}
