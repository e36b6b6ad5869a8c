//! The requests of a save in words, a line for each.

use crate::{
    plan::{Change, Key, Op, Outline, Placement},
    sync::write::preview::Preview,
    text::{details::in_words as task_in_words, fields::FieldView},
};

/// The requests of a save in words, in their order: what is done, then what it is done to. Each is one
/// request, but for the readings that may come before.
pub(crate) fn in_words(preview: &Preview, title: &str, fields: Option<&FieldView>) -> Vec<String> {
    if preview.creates {
        let tasks = counted(preview.target.items.len());
        let done = preview.target.items.iter().filter(|item| item.done);
        let created = std::iter::once(format!("create the project {title}, with {tasks}"));
        return created.chain(done.map(|item| format!("complete {}", item.text))).collect();
    }
    let text = |key: &Key| {
        let item = preview.target.find(key).or_else(|| preview.base.find(key));
        item.map_or_else(String::new, |item| item.text.clone())
    };
    let words = |op: Op| match op {
        Op::Create(items) => {
            let texts: Vec<&str> = items.iter().map(|item| item.text.as_str()).collect();
            let tasks = if items.len() > 1 { counted(items.len()) + ": " } else { String::new() };
            format!("create {tasks}{}", texts.join(", "))
        }
        Op::SetText { key, text } => {
            let was = preview.base.find(&key).map(|item| item.text.as_str()).unwrap_or_default();
            format!("update {was} → {text}")
        }
        Op::SetDone { key, done: true } => format!("complete {}", text(&key)),
        Op::SetDone { key, done: false } => format!("uncomplete {}", text(&key)),
        Op::Detail { key, change } => detail_in_words(&preview.target, &key, &change, fields),
        Op::Move { key, to } => format!("move {} {}", text(&key), place(&to, text)),
        Op::Delete { key } => format!("delete {}{}", text(&key), below(&preview.base, &key)),
    };
    preview.script().into_iter().map(words).collect()
}

fn counted(tasks: usize) -> String {
    if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") }
}

/// What is deleted with a task.
fn below(base: &Outline, key: &Key) -> String {
    let Some(at) = base.items.iter().position(|item| item.key == *key) else {
        return String::new();
    };
    let depth = base.items[at].depth;
    match base.items[at + 1..].iter().take_while(|item| item.depth > depth).count() {
        0 => String::new(),
        count => format!(", with {} below it", counted(count)),
    }
}

fn place(to: &Placement, text: impl Fn(&Key) -> String) -> String {
    use crate::model::Position::{AfterBegin, AfterEnd, BeforeBegin, BeforeEnd};
    let anchor = to.anchor.as_ref().map(text);
    let anchor = anchor.unwrap_or_else(|| "the project".to_owned());
    match to.position {
        BeforeBegin => format!("before {anchor}"),
        AfterBegin | BeforeEnd => format!("into {anchor}"),
        AfterEnd => format!("after {anchor}"),
    }
}

fn detail_in_words(
    target: &Outline,
    key: &Key,
    change: &Change,
    fields: Option<&FieldView>,
) -> String {
    let task = target.find(key).map(|item| task_in_words(item, fields)).unwrap_or_default();
    let field = |id: &str| {
        let label = fields.and_then(|view| view.keys().label(id));
        label.unwrap_or(id).to_owned()
    };
    let what = match change {
        Change::Date(Some(_)) => "set the date of".to_owned(),
        Change::Date(None) => "remove the date of".to_owned(),
        Change::Note(Some(_)) => "set the note of".to_owned(),
        Change::Note(None) => "remove the note of".to_owned(),
        Change::Assign(handles) => format!("assign {} to", handles.join(", ")),
        Change::Unassign(handle) => format!("unassign {handle} from"),
        Change::Field(id, Some(_)) => format!("set {} of", field(id)),
        Change::Field(id, None) => format!("remove {} of", field(id)),
    };
    format!("{what} {task}")
}
