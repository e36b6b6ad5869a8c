//! The lines of refused saves that were given up, and are one line each whoever says them again. Pure.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{Arc, Weak},
};

use crate::{
    model::Spelled,
    plan::{self, Details, Item, Key, Outline, Wanted},
};

/// How many lines of one project are remembered that were given up.
const REMEMBERED: usize = 1000;

/// The new lines of saves that were given up, each with the key that its task was to have, or has: it
/// may have been made, and stay because others have edited it since. Every program that has one in
/// its buffer says it once more; it is one line all the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct GivenUpLines {
    lines: VecDeque<Item>,
    /// What programs have in their buffers that are known to have the first of each, which is
    /// without lines that were given up.
    buffers: Vec<(Weak<Outline>, Arc<Outline>)>,
}

impl GivenUpLines {
    /// Notes lines that are given up.
    pub(crate) fn note<'a>(&mut self, lines: impl Iterator<Item = &'a Item>) {
        for line in lines.filter(|line| !line.text.is_empty()) {
            if !self.lines.iter().any(|known| known.key == line.key) {
                self.lines.push_back(line.clone());
            }
        }
        while self.lines.len() > REMEMBERED {
            self.lines.pop_front();
        }
    }

    /// Notes that whoever is known to have `left` from now on, in the place of `seen`, has that in its
    /// buffer all the same.
    pub(crate) fn note_buffer(&mut self, left: &Arc<Outline>, seen: &Arc<Outline>) {
        let buffer = self.buffer(seen).unwrap_or(seen).clone();
        self.buffers.retain(|(known, _)| known.strong_count() > 0);
        self.buffers.push((Arc::downgrade(left), buffer));
    }

    fn buffer(&self, left: &Arc<Outline>) -> Option<&Arc<Outline>> {
        let is_it = |known: &Weak<Outline>| std::ptr::eq(known.as_ptr(), Arc::as_ptr(left));
        self.buffers.iter().find(|(known, _)| is_it(known)).map(|(_, buffer)| buffer)
    }

    /// Gives new lines of `ours`, which `wanted` is, the keys that they had when they were given up, as
    /// far as neither they nor what they were edited from, which is `base` and was `seen`, have
    /// tasks of those keys. `current` is the key that a task is known by now, if it is one that a
    /// line can be of. Whoever had a line in its buffer may have edited it; what anybody else says
    /// is that line only if it says just that. What the lines were edited from, in any order.
    pub(crate) fn recognise(
        &self,
        (seen, base): (&Arc<Outline>, &Outline),
        wanted: &[Wanted],
        ours: &mut Outline,
        current: impl Fn(&Key) -> Option<Key>,
    ) -> Vec<Item> {
        if self.lines.is_empty() {
            return Vec::new();
        }
        let known: HashSet<&Key> = base.items.iter().map(|item| &item.key).collect();
        let there: HashSet<Key> =
            base.items.iter().chain(&ours.items).map(|item| item.key.clone()).collect();
        let now = |line: &Item| Some(Item { key: current(&line.key)?, ..line.clone() });
        let is_free = |line: &Item| !there.contains(&line.key);
        let lines: Vec<Item> = self.lines.iter().filter_map(now).filter(is_free).collect();
        let is_new = |item: &Item| matches!(item.key, Key::New(_)) && !known.contains(&item.key);
        let new: Vec<usize> = (0..ours.items.len()).filter(|at| is_new(&ours.items[*at])).collect();
        let mut found: HashMap<usize, Item> = HashMap::new();
        if let Some(buffer) = self.buffer(seen) {
            let given_up: HashSet<&Key> = lines.iter().map(|line| &line.key).collect();
            let had: Vec<Item> =
                buffer.items.iter().map(|it| now(it).unwrap_or(it.clone())).collect();
            let had = Outline { items: had };
            let aligned = plan::recognise(&had, wanted, had.next_new());
            for &at in &new {
                let line = had.find(&aligned.items[at].key);
                let line = line.filter(|line| given_up.contains(&line.key));
                found.extend(line.map(|line| (at, line.clone())));
            }
        }
        let mut taken: HashSet<Key> = found.values().map(|line| line.key.clone()).collect();
        for at in new {
            let mut of_text = lines.iter().filter(|line| line.text == ours.items[at].text);
            if !found.contains_key(&at)
                && let Some(line) = of_text.find(|line| !taken.contains(&line.key))
            {
                taken.insert(line.key.clone());
                let (details, spelled) = (Details::default(), Spelled::default());
                found.insert(at, Item { done: false, details, spelled, ..line.clone() });
            }
        }
        for (at, line) in &found {
            ours.items[*at].key = line.key.clone();
        }
        found.into_values().collect()
    }
}
