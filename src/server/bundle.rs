//! A space as exported: its projects as trees of nodes, written as real exports are.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::{
    Shared,
    answer::{Answer, Outcome},
    outline::{Task, Tasks},
    quirks::Exports,
};
use crate::error::Result;

/// The export of a space.
pub(super) fn export(shared: &Shared, space: &str) -> Outcome {
    if shared.quirks.exports == Exports::Refused {
        return Err(Answer::refusal(403, "no permission to export"));
    }
    let items = items(shared, space).map_err(|error| Answer::refusal(500, &error.to_string()))?;
    Ok(Answer::item(json!({ "version": "1", "items": items })))
}

fn items(shared: &Shared, space: &str) -> Result<Map<String, Value>> {
    let mut items = Map::new();
    for row in shared.store.projects(space)? {
        let mut tasks = shared.store.tasks(&row.id)?;
        if shared.quirks.exports == Exports::Different {
            for task in &mut Arc::make_mut(&mut tasks).0 {
                task.text = task.text.replace('*', "");
            }
        }
        let root = json!({ "type": "root", "children": [tree(&tasks)] });
        let item = json!({
            "type": "space-bundle-project-item", "projectId": row.id, "root": root,
            "preferences": {},
        });
        items.insert(row.id, item);
    }
    Ok(items)
}

/// The title node with everything below it, built from the last task to the first.
fn tree(tasks: &Tasks) -> Value {
    let depths = tasks.depths();
    // The subtrees that wait for their parent, of each depth, last first.
    let mut waiting: Vec<Vec<Value>> = Vec::new();
    for (task, depth) in tasks.0.iter().zip(&depths).rev() {
        let mut children = waiting.get_mut(depth + 1).map(std::mem::take).unwrap_or_default();
        children.reverse();
        if waiting.len() <= *depth {
            waiting.resize(depth + 1, Vec::new());
        }
        waiting[*depth].push(node(task, *depth, children));
    }
    waiting.first_mut().and_then(Vec::pop).unwrap_or_default()
}

fn node(task: &Task, depth: usize, children: Vec<Value>) -> Value {
    let end = json!({ "insert": "\n", "attributes": { "paragraph": true } });
    let text = json!({ "insert": task.text });
    let ops = if task.text.is_empty() { vec![end] } else { vec![text, end] };
    let format = if depth == 0 { "h1" } else { "checkbox" };
    json!({
        "type": "text", "id": task.id, "text": { "ops": ops },
        "format": { "node": format, "children": "checkbox" },
        "collapsed": false, "completed": task.completed, "children": children,
    })
}
