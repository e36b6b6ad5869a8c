//! What the store has of projects beside their tasks: members, fields and share links.

use std::collections::{BTreeMap, HashMap};

use rusqlite::OptionalExtension;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    store::{Store, failed},
    store_details::{Field, Member, from_json},
};
use crate::error::Result;

/// Values of fields, by the ids of those.
pub(crate) type Values = BTreeMap<String, Value>;

/// What a project has in an export beside its nodes and fields, such as its views.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub(crate) struct Surroundings {
    pub(crate) root: Map<String, Value>,
    pub(crate) preferences: Map<String, Value>,
}

impl Store {
    /// The members of the workspace that a project is in.
    pub(crate) fn members(&self, project: &str) -> Result<Vec<Member>> {
        let sql = "SELECT handle, members.name FROM members
                   JOIN spaces ON spaces.workspace = members.workspace
                   JOIN projects ON projects.folder = spaces.id
                   WHERE projects.id = ?1 ORDER BY members.number";
        let member =
            |row: &rusqlite::Row<'_>| Ok(Member { handle: row.get(0)?, name: row.get(1)? });
        self.rows(sql, project, member)
    }

    /// Who was made a member of anything first, if anybody was.
    pub(crate) fn first_member(&self) -> Result<Option<Member>> {
        let sql = "SELECT handle, name FROM members ORDER BY number LIMIT 1";
        let member =
            |row: &rusqlite::Row<'_>| Ok(Member { handle: row.get(0)?, name: row.get(1)? });
        let inner = self.lock();
        inner.connection.query_row(sql, [], member).optional().map_err(failed)
    }

    /// Whether nobody is a member of anything.
    pub(crate) fn has_no_members(&self) -> Result<bool> {
        let sql = "SELECT NOT EXISTS (SELECT 1 FROM members)";
        self.lock().connection.query_row(sql, [], |row| row.get(0)).map_err(failed)
    }

    /// The fields of a project.
    pub(crate) fn fields(&self, project: &str) -> Result<Vec<Field>> {
        let sql = "SELECT id, data FROM fields WHERE project = ?1 ORDER BY number";
        let field = |row: &rusqlite::Row<'_>| {
            Ok(Field { id: row.get(0)?, data: from_json(&row.get_ref(1)?)? })
        };
        self.rows(sql, project, field)
    }

    /// What the share link of a project is made of, if it has one.
    pub(crate) fn share_key(&self, project: &str) -> Result<Option<String>> {
        let sql = "SELECT key FROM share_links WHERE project = ?1";
        let inner = self.lock();
        inner.connection.query_row(sql, [project], |row| row.get(0)).optional().map_err(failed)
    }

    /// Shares a project; one that is shared keeps its link.
    pub(crate) fn share(&self, project: &str, key: &str) -> Result<()> {
        let sql = "INSERT OR IGNORE INTO share_links (project, key) VALUES (?1, ?2)";
        self.lock().connection.execute(sql, [project, key]).map(drop).map_err(failed)
    }

    /// The values of all tasks of a project, by their ids and those of the fields.
    pub(crate) fn all_values(&self, project: &str) -> Result<HashMap<String, Values>> {
        let sql = "SELECT task, field, value FROM field_values WHERE project = ?1";
        let value = |row: &rusqlite::Row<'_>| {
            Ok((row.get::<_, String>(0)?, row.get(1)?, from_json(&row.get_ref(2)?)?))
        };
        let mut values: HashMap<String, Values> = HashMap::new();
        for (task, field, value) in self.rows(sql, project, value)? {
            values.entry(task).or_default().insert(field, value);
        }
        Ok(values)
    }

    /// What exports tell of a project beside its nodes and fields.
    pub(crate) fn surroundings(&self, project: &str) -> Result<Surroundings> {
        let sql = "SELECT bundle FROM projects WHERE id = ?1 AND bundle IS NOT NULL";
        let kept = self.rows(sql, project, |row| from_json(&row.get_ref(0)?))?;
        Ok(kept.into_iter().next().unwrap_or_default())
    }
}
