//! Templates of projects in the store, and what a bundle may hold that this server only keeps: flows
//! and apps.

use serde_json::Value;

use super::{
    store::{Store, failed},
    store_details::{from_json, to_json},
    token::random_name,
};
use crate::error::Result;

/// A template of projects.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Template {
    pub(crate) id: String,
    pub(crate) name: String,
    /// `{root, preferences}`, as an export has a project.
    pub(crate) item: Value,
}

/// An item of a bundle as it came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeptItem {
    pub(crate) id: String,
    /// With its `type`.
    pub(crate) item: Value,
}

const TEMPLATE: &str = "SELECT id, name, item FROM templates";

fn template(row: &rusqlite::Row<'_>) -> rusqlite::Result<Template> {
    let item = from_json(&row.get_ref(2)?)?;
    Ok(Template { id: row.get(0)?, name: row.get(1)?, item })
}

impl Store {
    pub(crate) fn templates(&self, space: &str) -> Result<Vec<Template>> {
        self.rows(&format!("{TEMPLATE} WHERE space = ?1 ORDER BY number"), space, template)
    }

    pub(crate) fn template(&self, id: &str) -> Result<Option<Template>> {
        Ok(self.rows(&format!("{TEMPLATE} WHERE id = ?1"), id, template)?.pop())
    }

    /// Makes a template of `{root, preferences}`. Its id.
    pub(crate) fn make_template(&self, space: &str, name: &str, item: &Value) -> Result<String> {
        let (id, item) = (random_name(16)?, to_json(item).map_err(failed)?);
        let sql = "INSERT INTO templates (id, space, name, item) VALUES (?1, ?2, ?3, ?4)";
        self.lock().connection.execute(sql, [&id, space, name, &item]).map_err(failed)?;
        Ok(id)
    }

    /// The flows and apps of a space.
    pub(crate) fn kept_items(&self, space: &str) -> Result<Vec<KeptItem>> {
        let sql = "SELECT id, item FROM kept_items WHERE space = ?1 ORDER BY number";
        let item = |row: &rusqlite::Row<'_>| {
            Ok(KeptItem { id: row.get(0)?, item: from_json(&row.get_ref(1)?)? })
        };
        self.rows(sql, space, item)
    }
}
