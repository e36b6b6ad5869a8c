//! The journal's names: in memory, and written to disk behind, by whoever is told that there is something
//! to be [written out](Journal::write_names). What a crash keeps from disk is given anew, most often the
//! same.

use std::sync::{MutexGuard, PoisonError};

use crate::{
    database::failed as storage,
    ids::{ProjectId, SpaceId},
    store::{
        journal::Journal,
        names::{GivenName, NamesById, write},
    },
};

impl Journal {
    /// The names given in a directory.
    pub(crate) fn names(&self, directory: &str) -> NamesById {
        self.names.lock().by_directory.get(directory).cloned().unwrap_or_default()
    }

    /// The name given in a directory for a title.
    pub(crate) fn name_of(&self, directory: &str, id: &str, title: &str) -> Option<String> {
        let names = self.names.lock();
        let (named, name) = names.by_directory.get(directory)?.get(id)?;
        (named == title).then(|| name.clone())
    }

    /// Gives names in a directory: `give` is told those that were given there, and returns those that are
    /// new. As one: of two who give names at once none gives one that the other gives as well. Returns what
    /// else `give` does, and whether there is something to be written out.
    pub(crate) fn give_names<T>(
        &self,
        directory: &str,
        give: impl FnOnce(&NamesById) -> (T, Vec<GivenName>),
    ) -> (T, bool) {
        let mut names = self.names.lock();
        let nothing = NamesById::default();
        let (result, new) = give(names.by_directory.get(directory).unwrap_or(&nothing));
        new.into_iter().for_each(|name| names.give(directory, name));
        (result, !names.unwritten.is_empty())
    }

    /// Remembers a name that a program gave in a directory, on disk when this returns. What had it
    /// before has it no more. Blocks.
    pub(crate) fn take_name(&self, directory: &str, given: GivenName) {
        {
            let mut names = self.names.lock();
            names.take(directory, &given.name, &given.id);
            names.give(directory, given);
        }
        self.write_names();
    }

    /// Writes out the names that are not on disk yet. Blocks.
    pub(crate) fn write_names(&self) {
        let _turn = self.turn_to_write_names();
        self.write_names_in_turn();
    }

    /// Whoever writes names out, or rewrites them, is alone in that: what was given later is written later.
    pub(crate) fn turn_to_write_names(&self) -> MutexGuard<'_, ()> {
        self.name_writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`write_names`](Self::write_names), by whoever has the turn.
    pub(crate) fn write_names_in_turn(&self) {
        let unwritten = std::mem::take(&mut self.names.lock().unwritten);
        if unwritten.is_empty() {
            return;
        }
        let written = {
            let mut connection = self.lock();
            connection.transaction().map_err(storage("cannot note the names")).and_then(
                |transaction| {
                    write(&transaction, &unwritten)?;
                    transaction.commit().map_err(storage("cannot note the names"))
                },
            )
        };
        if let Err(error) = written {
            tracing::warn!(%error, "names are known to this mount only");
            self.names.lock().unwritten.splice(0..0, unwritten);
        }
    }

    /// As the rows of a project that became its copy are rewritten.
    pub(crate) fn reidentify_name(&self, folder: &SpaceId, from: &ProjectId, to: &ProjectId) {
        self.names.lock().reidentify(folder, from, to);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use crate::{
        ids::{ProjectId, SpaceId},
        store::{journal::Journal, names::GivenName},
    };

    /// Gives these names, whatever was given. Whether there is something to be written out.
    fn give(journal: &Journal, directory: &str, names: Vec<GivenName>) -> bool {
        journal.give_names(directory, |_| ((), names)).1
    }

    #[test]
    fn of_many_who_give_names_at_once_none_gives_one_that_is_given() {
        const EACH: usize = 50;
        let dir = tempfile::tempdir().unwrap();
        let journal = Journal::open(&dir.path().join("journal")).unwrap();
        // The first name that is free.
        let name_one = |id: String| {
            journal.give_names("f", |known| {
                let is_free = |name: &String| known.values().all(|(_, given)| given != name);
                let free = (0..).map(|number| format!("Plan ~{number}.md")).find(is_free);
                let (title, name) = ("Plan".to_owned(), free.unwrap());
                ((), vec![GivenName { id, title, name }])
            })
        };
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let name_one = &name_one;
                scope.spawn(move || {
                    for number in 0..EACH {
                        let ((), is_new) = name_one(format!("{thread} {number}"));
                        assert!(is_new);
                    }
                });
            }
        });
        let names: HashSet<String> =
            journal.names("f").into_values().map(|(_, name)| name).collect();
        assert_eq!(names.len(), 4 * EACH);
    }

    #[test]
    fn a_name_is_there_at_once_and_after_reopening_once_it_was_written_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let given = |id: &str| GivenName {
            id: id.to_owned(),
            title: "Plan".to_owned(),
            name: format!("Plan ~{id}.md"),
        };
        let journal = Journal::open(&path).unwrap();
        assert!(give(&journal, "f", vec![given("a"), given("b")]));
        assert_eq!(journal.name_of("f", "a", "Plan").as_deref(), Some("Plan ~a.md"));
        assert_eq!(journal.name_of("f", "a", "Other"), None);
        journal.write_names();
        assert!(!give(&journal, "f", Vec::new()), "nothing is left to be written");
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(journal.names("f").len(), 2);
        // What was not written out is when the journal goes.
        give(&journal, "f", vec![given("c")]);
        drop(journal);
        assert_eq!(Journal::open(&path).unwrap().names("f").len(), 3);
    }

    #[test]
    fn a_project_that_is_another_one_keeps_its_name_whatever_that_one_was_called_meanwhile() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let given = |id: &str, name: &str| GivenName {
            id: id.to_owned(),
            title: "Plan".to_owned(),
            name: name.to_owned(),
        };
        let journal = Journal::open(&path).unwrap();
        give(&journal, "f", vec![given("a", "Plan.md")]);
        journal.write_names();
        // Both are listed for a moment, while the rows on disk are rewritten.
        give(&journal, "f", vec![given("b", "Plan ~b.md")]);
        journal.reidentify_name(&SpaceId::new("f"), &ProjectId::new("a"), &ProjectId::new("b"));
        let have = |journal: &Journal| ["a", "b"].map(|id| journal.name_of("f", id, "Plan"));
        assert_eq!(have(&journal), [None, Some("Plan.md".to_owned())]);
        drop(journal);
        assert_eq!(have(&Journal::open(&path).unwrap()), [None, Some("Plan.md".to_owned())]);
    }

    #[test]
    fn what_is_given_last_is_on_disk_whoever_writes_it_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let journal = &journal;
                scope.spawn(move || {
                    for round in 0..50 {
                        let (id, title) = ("a".to_owned(), "Plan".to_owned());
                        let name = format!("Plan ~{writer}-{round}.md");
                        give(journal, "f", vec![GivenName { id, title, name }]);
                        journal.write_names();
                    }
                });
            }
        });
        let (known, written) = (journal.names("f"), Journal::open_to_look(&path).unwrap());
        assert_eq!(written.names("f"), known);
    }

    #[test]
    fn a_name_that_is_taken_is_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let given = |id: &str| GivenName {
            id: id.to_owned(),
            title: "Plan".to_owned(),
            name: "Plan.md".to_owned(),
        };
        let journal = Journal::open(&path).unwrap();
        give(&journal, "f", vec![given("a")]);
        give(&journal, "g", vec![given("a")]);
        journal.take_name("f", given("b"));
        journal.take_name("f", given("b"));
        let have =
            |journal: &Journal| ["a", "b"].map(|id| journal.name_of("f", id, "Plan").is_some());
        assert_eq!(have(&journal), [false, true]);
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        assert_eq!(have(&journal), [false, true]);
        assert!(journal.name_of("g", "a", "Plan").is_some(), "that of another directory");
    }
}
