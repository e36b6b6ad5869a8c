//! A task of a list for people and for `grep`.

use super::task::ListedTask;

use crate::printable::printable;

/// A task as one line, without its end: where it is, as `grep -n` tells it, its box, its text, and what
/// is known of it as its line in the file has it. `path` is what its file goes by.
pub(crate) fn line(task: &ListedTask, path: &str) -> String {
    // Without a line of its own it is somewhere in the file.
    let number = task.line.unwrap_or(1);
    let (path, text) = (one_line(path), one_line(&task.text));
    let indent = "  ".repeat(task.depth);
    let mut line =
        format!("{path}:{number}:{indent}- [{}] {text}", if task.done { 'x' } else { ' ' });
    for handle in &task.assignees {
        line.push_str(&format!(" @{}", one_line(handle)));
    }
    for (name, value) in &task.fields {
        line.push_str(&format!(" [{}:: {}]", one_line(name), one_line(value)));
    }
    if let Some(due) = &task.due {
        line.push_str(&format!(" 📅 {}", one_line(due)));
        if let Some(time) = &task.time {
            line.push_str(&format!(" {}", one_line(time)));
        }
    }
    line
}

/// Without anything that breaks a line, or that a terminal obeys.
fn one_line(text: &str) -> String {
    printable(&text.replace('\n', "⏎")).into_owned()
}
