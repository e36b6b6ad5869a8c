//! The names that files and directories were given, as they are kept in memory and on disk.

use std::collections::HashMap;

use rusqlite::Connection;

use crate::{
    database::failed as storage,
    error::Result,
    ids::{ProjectId, SpaceId},
};

/// The names in a directory, as id → (title that it was given for, name).
pub(crate) type NamesById = HashMap<String, (String, String)>;

/// The names that were given, by directory.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) by_directory: HashMap<String, NamesById>,
    /// What is not on disk yet.
    pub(crate) unwritten: Vec<(String, NameChange)>,
}

/// What is to be written of the names in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NameChange {
    /// A name was given.
    Given(GivenName),
    /// What has this id has a name no more: another one has it.
    Taken(String),
}

impl Names {
    /// Reads those that are on disk.
    pub(crate) fn read(connection: &Connection) -> Result<Self> {
        let failed = || storage("cannot read the names");
        let mut statement =
            connection.prepare("SELECT directory, id, title, name FROM names").map_err(failed())?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .map_err(failed())?;
        let mut names = Self::default();
        for row in rows {
            let (directory, id, title, name): (String, String, String, String) =
                row.map_err(failed())?;
            names.by_directory.entry(directory).or_default().insert(id, (title, name));
        }
        Ok(names)
    }

    /// Notes that a name was given in a directory.
    pub(crate) fn give(&mut self, directory: &str, given: GivenName) {
        let GivenName { id, title, name } = given.clone();
        let known = self.by_directory.entry(directory.to_owned()).or_default();
        known.insert(id, (title, name));
        self.unwritten.push((directory.to_owned(), NameChange::Given(given)));
    }

    /// Whatever else had a name in a directory has it no more.
    pub(crate) fn take(&mut self, directory: &str, name: &str, but: &str) {
        let Some(known) = self.by_directory.get_mut(directory) else { return };
        let had = known.extract_if(|id, (_, given)| given == name && id != but);
        let taken = had.map(|(id, _)| (directory.to_owned(), NameChange::Taken(id)));
        self.unwritten.extend(taken);
    }

    /// A project is another one from now on, by the name that it has. Written once more: what was given
    /// while the rows on disk were rewritten comes before that.
    pub(crate) fn reidentify(&mut self, folder: &SpaceId, from: &ProjectId, to: &ProjectId) {
        let Some(names) = self.by_directory.get_mut(folder.as_str()) else { return };
        let Some((title, name)) = names.remove(from.as_str()) else { return };
        self.unwritten
            .push((folder.as_str().to_owned(), NameChange::Taken(from.as_str().to_owned())));
        let id = to.as_str().to_owned();
        self.give(folder.as_str(), GivenName { id, title, name });
    }
}

/// A name as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenName {
    /// Whose name it is.
    pub(crate) id: String,
    /// The title that it was given for.
    pub(crate) title: String,
    /// The name.
    pub(crate) name: String,
}

/// Writes what became of names, in that order.
pub(crate) fn write(connection: &Connection, changes: &[(String, NameChange)]) -> Result<()> {
    let failed = || storage("cannot note the names");
    let mut give = connection
        .prepare_cached(
            "INSERT OR REPLACE INTO names (directory, id, title, name) VALUES (?1, ?2, ?3, ?4)",
        )
        .map_err(failed())?;
    let mut take = connection
        .prepare_cached("DELETE FROM names WHERE directory = ?1 AND id = ?2")
        .map_err(failed())?;
    for (directory, change) in changes {
        match change {
            NameChange::Given(GivenName { id, title, name }) => {
                give.execute([directory, id, title, name]).map_err(failed())?
            }
            NameChange::Taken(id) => take.execute([directory, id]).map_err(failed())?,
        };
    }
    Ok(())
}
