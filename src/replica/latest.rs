//! A few values by key, in the order in which they were put. Pure.
//!
//! There is one of these in every project, and most have none or one value: empty it takes no memory
//! of its own, and to look through it is as quick as to hash.

/// The one that was put last comes last. Each key is there once.
#[derive(Debug)]
pub(crate) struct Latest<K, V>(Vec<(K, V)>);

impl<K, V> Default for Latest<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: PartialEq, V> Latest<K, V> {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    pub(in crate::replica) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.0.iter_mut().rev().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// Puts a value, which is the latest now, in the place of what the key had.
    pub(crate) fn put(&mut self, key: K, value: V) {
        self.remove(&key);
        if self.0.is_empty() {
            // A vector that grows has room for four.
            self.0.reserve_exact(1);
        }
        self.0.push((key, value));
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.0.retain(|(known, _)| known != key);
    }

    /// Removes the one that was put first.
    pub(crate) fn remove_first(&mut self) {
        if !self.0.is_empty() {
            self.0.remove(0);
        }
    }

    /// The latest comes first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.iter().rev().map(|(key, value)| (key, value))
    }

    pub(in crate::replica) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Latest;

    #[test]
    fn each_key_is_there_once_and_the_latest_comes_first() {
        let mut latest = Latest::default();
        for (key, value) in [('a', 1), ('b', 2), ('a', 3), ('c', 4)] {
            latest.put(key, value);
        }
        let all =
            |latest: &Latest<char, i32>| latest.iter().map(|(k, v)| (*k, *v)).collect::<Vec<_>>();
        assert_eq!(all(&latest), [('c', 4), ('a', 3), ('b', 2)]);
        latest.remove_first();
        latest.remove(&'c');
        assert_eq!((all(&latest), latest.get(&'b')), (vec![('a', 3)], None));
    }
}
