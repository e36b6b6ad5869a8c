//! What may be known, or not: one thing, and things by name; and how each is told apart and merged.

use serde::{Deserialize, Serialize};

/// Something that a task may have, if it is known whether it has.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Known<T> {
    /// Nobody has asked.
    #[default]
    Unknown,
    /// It has none.
    Absent,
    /// It has this.
    Present(T),
}

/// Things that a task has by name: those that are known.
#[derive(Debug, Clone, Eq, Serialize, Deserialize)]
pub struct PartialMap<T> {
    /// In the order in which they are shown, each name once. The order tells no two sets apart.
    pub known: Vec<(String, T)>,
    /// Whether there are no others.
    pub complete: bool,
}

impl<T: PartialEq> PartialEq for PartialMap<T> {
    fn eq(&self, other: &Self) -> bool {
        let has_all = || self.known.iter().all(|(name, value)| other.get(name) == Some(value));
        self.complete == other.complete && self.known.len() == other.known.len() && has_all()
    }
}

impl<T> Default for PartialMap<T> {
    fn default() -> Self {
        Self { known: Vec::new(), complete: false }
    }
}

impl<T> Known<T> {
    /// What is known for sure.
    pub fn of(value: Option<T>) -> Self {
        value.map_or(Known::Absent, Known::Present)
    }

    /// What there is, if that is known.
    pub fn present(&self) -> Option<&T> {
        match self {
            Known::Present(value) => Some(value),
            Known::Unknown | Known::Absent => None,
        }
    }

    /// Whether it is known.
    pub fn is_known(&self) -> bool {
        !self.is_unknown()
    }

    /// Whether nobody has asked.
    pub fn is_unknown(&self) -> bool {
        matches!(self, Known::Unknown)
    }
}

impl<T> PartialMap<T> {
    /// Whether nothing is known.
    pub fn is_unknown(&self) -> bool {
        self.known.is_empty() && !self.complete
    }
}

impl<T: Clone + PartialEq> Known<T> {
    pub(super) fn or(&mut self, other: &Self) {
        if !self.is_known() {
            self.clone_from(other);
        }
    }

    pub(super) fn changes(&self, base: &Self) -> bool {
        match (self, base) {
            (Known::Unknown, _) => false,
            // That there is nothing is no change of what nobody knows.
            (Known::Absent, Known::Unknown) => false,
            _ => self != base,
        }
    }

    pub(super) fn none_before(&mut self, after: &Self) {
        if !self.is_known() && after.present().is_some() {
            *self = Known::Absent;
        }
    }

    pub(super) fn differs(&self, base: &Self) -> bool {
        self.is_known() && base.is_known() && self != base
    }

    pub(super) fn merged(base: &Self, ours: Self, theirs: Self) -> Self {
        if ours.changes(base) { ours } else { theirs }
    }

    pub(super) fn clash(base: &Self, ours: &Self, theirs: &Self) -> bool {
        ours.changes(base) && theirs.changes(base) && ours != theirs
    }
}

impl<T> PartialMap<T> {
    /// The one of this name, if it is known.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.known.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl<T: Clone + PartialEq> PartialMap<T> {
    /// Those that `other` does not have.
    pub(super) fn without<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a (String, T)> {
        self.known.iter().filter(|(name, _)| other.get(name).is_none())
    }

    pub(crate) fn put(&mut self, name: &str, value: T) {
        match self.known.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => *known = value,
            None => self.known.push((name.to_owned(), value)),
        }
    }

    /// In the order of another, and what only this one has comes last.
    pub(super) fn sort_like(&mut self, other: &Self) {
        let place = |name: &str| other.known.iter().position(|(known, _)| known == name);
        self.known.sort_by_key(|(name, _)| place(name).unwrap_or(usize::MAX));
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.known.retain(|(known, _)| known != name);
    }

    pub(super) fn or(&mut self, other: &Self) {
        if !self.complete {
            let more = other.without(self).cloned().collect::<Vec<_>>();
            self.known.extend(more);
            self.complete = other.complete;
        }
    }

    pub(super) fn changes(&self, base: &Self) -> bool {
        let is_gone = self.complete && base.without(self).next().is_some();
        is_gone || self.known.iter().any(|(name, value)| base.get(name) != Some(value))
    }

    pub(super) fn differs(&self, base: &Self) -> bool {
        let is_gone = self.complete && base.without(self).next().is_some();
        let is_new = base.complete && self.without(base).next().is_some();
        let other = |(name, value): &(String, T)| base.get(name).is_some_and(|old| old != value);
        is_gone || is_new || self.known.iter().any(other)
    }

    pub(super) fn merged(base: &Self, ours: Self, theirs: Self) -> Self {
        let mut merged = theirs;
        for (name, _) in base.without(&ours) {
            merged.remove(name);
        }
        for (name, value) in &ours.known {
            if base.get(name) != Some(value) {
                merged.put(name, value.clone());
            }
        }
        merged.sort_like(&ours);
        merged
    }

    pub(super) fn clash(base: &Self, ours: &Self, theirs: &Self) -> bool {
        ours.known.iter().chain(&base.known).any(|(name, _)| {
            let (base, ours, theirs) = (base.get(name), ours.get(name), theirs.get(name));
            ours != base && theirs != base && ours != theirs
        })
    }
}
