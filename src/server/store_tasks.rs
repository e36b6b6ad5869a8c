//! The tasks of projects as rows, and which of those a change rewrites.

use std::{collections::HashSet, sync::Arc};

use rusqlite::{Connection, Transaction, params, types::ValueRef};

use super::{
    markdown::MarkdownLine,
    node::{Format, NodeShape},
    outline::{StoredTask, Tasks},
    store_details as details,
    token::random_uuid,
};
use crate::error::Result;

/// The tasks of a project, in outline order.
pub(crate) fn read(connection: &Connection, project: &str) -> rusqlite::Result<Tasks> {
    let mut statement = connection.prepare_cached(
        "SELECT id, parent, text, completed, format, format_below, collapsed, ops
         FROM tasks WHERE project = ?1 ORDER BY place",
    )?;
    let rows = statement.query_map([project], |row| {
        Ok(StoredTask {
            id: row.get(0)?,
            parent: row.get(1)?,
            text: row.get(2)?,
            completed: row.get(3)?,
            shape: shape(row)?,
        })
    })?;
    Ok(Tasks(rows.collect::<rusqlite::Result<_>>()?))
}

/// How a node is shown, as its row has it.
fn shape(row: &rusqlite::Row<'_>) -> rusqlite::Result<NodeShape> {
    let node: Option<String> = row.get(4)?;
    let children: Option<String> = row.get(5)?;
    let ops = match row.get_ref(7)? {
        ValueRef::Null => None,
        ops => Some(Arc::new(details::from_json(&ops)?)),
    };
    let format = node.map(|node| Arc::new(Format { node, children }));
    Ok(NodeShape { format, collapsed: row.get(6)?, ops })
}

/// Writes the rows between the first and the last that differ; all to the end if there are more
/// or fewer than before. The text of the title node is the project's name as well. With a task go
/// its details.
pub(crate) fn write_changes(
    transaction: &Transaction<'_>,
    project: &str,
    before: &Tasks,
    after: &Tasks,
) -> rusqlite::Result<()> {
    let same = before.0.iter().zip(&after.0).take_while(|(a, b)| a == b).count();
    let end = if before.0.len() == after.0.len() {
        let rest = before.0.iter().zip(&after.0).skip(same).rev();
        after.0.len() - rest.take_while(|(a, b)| a == b).count()
    } else {
        before.0.len().max(after.0.len())
    };
    transaction.execute(
        "DELETE FROM tasks WHERE project = ?1 AND place >= ?2 AND place < ?3",
        params![project, same as i64, end as i64],
    )?;
    let (was, is) = (rows(before, same, end), rows(after, same, end));
    let kept: HashSet<&str> = is.iter().map(|task| task.id.as_str()).collect();
    for gone in was.iter().filter(|task| !kept.contains(task.id.as_str())) {
        details::forget(transaction, project, &gone.id)?;
    }
    if let Some(title) = after.0.first().filter(|_| same == 0 && end > 0) {
        let sql = "UPDATE projects SET name = ?2 WHERE id = ?1";
        transaction.execute(sql, [project, &title.text])?;
    }
    write(transaction, project, after, same, end)
}

/// The tasks of these places, as far as there are some.
fn rows(tasks: &Tasks, from: usize, to: usize) -> &[StoredTask] {
    tasks.0.get(from..to.min(tasks.0.len())).unwrap_or_default()
}

pub(crate) fn write(
    transaction: &Transaction<'_>,
    project: &str,
    tasks: &Tasks,
    from: usize,
    to: usize,
) -> rusqlite::Result<()> {
    let mut insert = transaction.prepare_cached(
        "INSERT INTO tasks (project, place, id, parent, text, completed,
             format, format_below, collapsed, ops)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
    )?;
    for (place, task) in tasks.0.iter().enumerate().take(to).skip(from) {
        let format = task.shape.format.as_deref();
        insert.execute(params![
            project,
            place as i64,
            task.id,
            task.parent,
            task.text,
            task.completed,
            format.map(|format| &format.node),
            format.and_then(|format| format.children.as_ref()),
            task.shape.collapsed,
            task.shape.ops.as_deref().map(details::to_json).transpose()?,
        ])?;
    }
    Ok(())
}

/// Tasks from lines, below a new title node.
pub(crate) fn below_title(name: &str, lines: Vec<MarkdownLine>) -> Result<Tasks> {
    let id = random_uuid()?;
    let mut path = vec![id.clone()];
    let title = StoredTask {
        id,
        parent: None,
        text: name.to_owned(),
        completed: false,
        shape: NodeShape::title(),
    };
    let mut tasks = vec![title];
    for MarkdownLine { depth, text, done: completed, format } in lines {
        path.truncate(depth + 1);
        let (id, parent) = (random_uuid()?, path.last().cloned());
        path.push(id.clone());
        tasks.push(StoredTask { id, parent, text, completed, shape: NodeShape::of(format) });
    }
    Ok(Tasks(tasks))
}
