//! Which changes whoever watches is told of, in which order, and how many. Pure.
//!
//! A program that changes something through the mount is told of by the kernel itself, so what counts
//! is the difference between what watchers have heard of and what is shown now.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    ffi::{OsStr, OsString},
    time::Duration,
};

/// How long changes are gathered before they are told: what changes more often is told of once.
pub(crate) const GATHERED: Duration = Duration::from_millis(50);

/// Most files that wait for being told of. What comes on top of them is left out.
pub(crate) const FILES: usize = 1024;

/// Most names of a directory that are told of one by one. What comes on top of them is left out.
pub(crate) const NAMES: usize = 256;

/// How long ago a program may have opened a file that the kernel does not know any more.
pub(crate) const LATELY: Duration = Duration::from_secs(600);

/// Whether anybody may watch a file. A watched inode stays known to the kernel; a watched directory
/// says nothing of the files in it.
pub(crate) fn may_be_watched(is_known: bool, since_opened: Option<Duration>) -> bool {
    is_known || since_opened.is_some_and(|age| age <= LATELY)
}

/// The files whose change is to be told, each once, in the order in which they changed.
#[derive(Debug, Default)]
pub(crate) struct Unheard {
    queue: VecDeque<u64>,
    queued: BTreeSet<u64>,
}

impl Unheard {
    /// Notes that the file of the project with this serial number changed.
    pub(crate) fn note(&mut self, serial: u64) {
        if self.queue.len() < FILES && self.queued.insert(serial) {
            self.queue.push_back(serial);
        }
    }

    /// The first that is to be told, if there is any.
    pub(crate) fn take(&mut self) -> Option<u64> {
        let serial = self.queue.pop_front()?;
        self.queued.remove(&serial);
        Some(serial)
    }
}

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) is_directory: bool,
    /// Its id; `None` if Taskade does not have it yet.
    pub(crate) id: Option<String>,
}

impl Named {
    fn is_same(&self, other: &Self) -> bool {
        let ids = self.id.as_ref().zip(other.id.as_ref());
        self.is_directory == other.is_directory && ids.is_none_or(|(one, other)| one == other)
    }
}

/// The names in a directory.
pub(crate) type Names = BTreeMap<OsString, Named>;

/// What became of a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameChange {
    /// It stands for something that had no name here.
    Appeared(OsString, Named),
    /// What it stood for is gone.
    Vanished(OsString, Named),
    /// What it stood for has another one.
    Renamed(OsString, OsString, Named),
}

/// The next difference between the names that were heard of and those that there are. What another
/// name stood for is gone before that stands for something else.
pub(crate) fn next_change(heard: &Names, now: &Names) -> Option<NameChange> {
    let is_there = |name: &OsStr, named: &Named, names: &Names| {
        names.get(name).is_some_and(|other| other.is_same(named))
    };
    let gone = heard.iter().filter(|(name, named)| !is_there(name, named, now));
    let mut first = None;
    for (name, named) in gone {
        let renamed = now.iter().find(|(to, other)| {
            let is_it = named.id.is_some() && other.id == named.id;
            is_it && other.is_directory == named.is_directory && !heard.contains_key(*to)
        });
        if let Some((to, named)) = renamed {
            return Some(NameChange::Renamed(name.clone(), to.clone(), named.clone()));
        }
        first = first.or_else(|| Some(NameChange::Vanished(name.clone(), named.clone())));
    }
    first.or_else(|| {
        let new = now.iter().find(|(name, _)| !heard.contains_key(*name));
        new.map(|(name, named)| NameChange::Appeared(name.clone(), named.clone()))
    })
}

/// Notes that a change is heard of.
pub(crate) fn hear(heard: &mut Names, change: &NameChange) {
    match change {
        NameChange::Appeared(name, named) => drop(heard.insert(name.clone(), named.clone())),
        NameChange::Vanished(name, _) => drop(heard.remove(name)),
        NameChange::Renamed(from, to, named) => {
            heard.remove(from);
            heard.insert(to.clone(), named.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{
        FILES, LATELY, NameChange, Named, Names, Unheard, hear, may_be_watched, next_change,
    };

    fn file(id: &str) -> Named {
        Named { is_directory: false, id: (!id.is_empty()).then(|| id.to_owned()) }
    }

    fn names(of: &[(&str, &str)]) -> Names {
        of.iter().map(|(name, id)| ((*name).into(), file(id))).collect()
    }

    /// All that is told, in words.
    fn told(heard: &[(&str, &str)], now: &[(&str, &str)]) -> Vec<String> {
        let (mut heard, now) = (names(heard), names(now));
        let mut told = Vec::new();
        while let Some(change) = next_change(&heard, &now) {
            hear(&mut heard, &change);
            let word = |name: &std::ffi::OsString| name.to_string_lossy().into_owned();
            told.push(match &change {
                NameChange::Appeared(name, _) => format!("+{}", word(name)),
                NameChange::Vanished(name, _) => format!("-{}", word(name)),
                NameChange::Renamed(from, to, _) => format!("{}>{}", word(from), word(to)),
            });
            assert!(told.len() < 100, "{told:?}");
        }
        assert_eq!(heard.keys().collect::<Vec<_>>(), now.keys().collect::<Vec<_>>());
        told
    }

    #[test]
    fn a_file_that_changes_often_waits_once_and_only_so_many_wait() {
        let mut unheard = Unheard::default();
        for serial in [7, 8, 7, 7] {
            unheard.note(serial);
        }
        assert_eq!((unheard.take(), unheard.take(), unheard.take()), (Some(7), Some(8), None));
        unheard.note(7);
        assert_eq!(unheard.take(), Some(7), "it may change again");
        (0..5000).for_each(|serial| unheard.note(serial));
        assert_eq!(std::iter::from_fn(|| unheard.take()).count(), FILES);
        unheard.note(4999);
        assert_eq!(unheard.take(), Some(4999));
    }

    #[test]
    fn what_nobody_has_looked_at_for_long_is_watched_by_nobody() {
        assert!(may_be_watched(true, None) && may_be_watched(false, Some(LATELY)));
        assert!(!may_be_watched(false, None));
        assert!(!may_be_watched(false, Some(LATELY + Duration::from_secs(1))));
    }

    #[test]
    fn names_come_go_and_change() {
        assert_eq!(told(&[("a", "1")], &[("a", "1")]), [""; 0]);
        assert_eq!(told(&[("a", "1")], &[("a", "1"), ("b", "2")]), ["+b"]);
        assert_eq!(told(&[("a", "1"), ("b", "2")], &[("b", "2")]), ["-a"]);
        assert_eq!(told(&[("a", "1")], &[("b", "1")]), ["a>b"]);
        assert_eq!(told(&[("a", "1")], &[("a", "2")]), ["-a", "+a"]);
        assert_eq!(told(&[("a", "1"), ("b", "2")], &[("b", "1"), ("c", "2")]), ["b>c", "a>b"]);
        assert_eq!(told(&[("a", "1"), ("b", "2")], &[("b", "1"), ("a", "2")]).len(), 3);
    }

    #[test]
    fn a_file_that_taskade_has_by_now_is_no_news() {
        assert_eq!(told(&[("a", "")], &[("a", "1")]), [""; 0]);
        let directory = Named { is_directory: true, id: Some("1".into()) };
        let (heard, now) = (names(&[("a", "1")]), Names::from([("a".into(), directory.clone())]));
        assert_eq!(next_change(&heard, &now), Some(NameChange::Vanished("a".into(), file("1"))));
    }
}
