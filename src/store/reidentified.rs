//! The journal's rows of a project that is a copy of itself from now on: all at once, so that no
//! crash leaves some of them with the original.

use std::collections::HashMap;

use rusqlite::{Connection, params};

use crate::{
    database::failed as storage,
    error::Result,
    ids::{ProjectId, SpaceId},
    plan::{Key, Outline},
    replica::copying as relocation,
    store::journal::{from_json, to_json},
};

/// A project that became its copy.
#[derive(Debug)]
pub(crate) struct Reidentified {
    pub(crate) from: ProjectId,
    pub(crate) to: ProjectId,
    /// The folder that the copy is in.
    pub(crate) folder: SpaceId,
    /// The keys of the copy's tasks that differ from those of the original, by those.
    pub(crate) keys: HashMap<Key, Key>,
}

/// Has the name and the history of a project that became its copy go with it.
pub(crate) fn rewrite(connection: &Connection, change: &Reidentified) -> Result<()> {
    let failed = || storage("cannot journal a move");
    let Reidentified { from, to, folder, .. } = change;
    connection
        .execute(
            "UPDATE OR REPLACE names SET id = ?2 WHERE directory = ?3 AND id = ?1",
            [from.as_str(), to.as_str(), folder.as_str()],
        )
        .map_err(failed())?;
    connection
        .execute(
            "UPDATE OR REPLACE unmoved SET project = ?2 WHERE project = ?1",
            [from.as_str(), to.as_str()],
        )
        .map_err(failed())?;
    rewrite_history(connection, change)
}

fn rewrite_history(connection: &Connection, change: &Reidentified) -> Result<()> {
    let failed = || storage("cannot move a history");
    let Reidentified { from, to, keys, .. } = change;
    if !keys.is_empty() {
        let mut statement = connection
            .prepare("SELECT row, before, after FROM past WHERE project = ?1")
            .map_err(failed())?;
        let rows = statement
            .query_map([from.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(failed())?;
        let rows: Vec<(i64, String, String)> =
            rows.collect::<rusqlite::Result<_>>().map_err(failed())?;
        for (row, before, after) in rows {
            let renamed = |json: &str| -> Result<String> {
                let outline: Outline = from_json(json)?;
                to_json(&relocation::renamed(&outline, keys))
            };
            connection
                .execute(
                    "UPDATE past SET before = ?2, after = ?3 WHERE row = ?1",
                    params![row, renamed(&before)?, renamed(&after)?],
                )
                .map_err(failed())?;
        }
    }
    connection
        .execute("UPDATE past SET project = ?2 WHERE project = ?1", [from.as_str(), to.as_str()])
        .map_err(failed())?;
    Ok(())
}
