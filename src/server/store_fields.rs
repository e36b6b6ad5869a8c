//! What the store has of projects beside their tasks: members, fields and share links.

use rusqlite::OptionalExtension;

use super::{
    store::{Store, failed},
    store_details::{Field, Member, from_json},
};
use crate::error::Result;

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

    fn rows<T>(
        &self,
        sql: &str,
        project: &str,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let inner = self.lock();
        let mut statement = inner.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map([project], read).map_err(failed)?;
        rows.map(|row| row.map_err(failed)).collect()
    }
}
