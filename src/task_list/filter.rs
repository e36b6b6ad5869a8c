//! Which tasks are wanted.

use serde::{Deserialize, Serialize};

use super::task::ListedTask;

/// What is wanted of the tasks: all that is said must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskFilter {
    /// Only what is done, or only what is not.
    #[serde(default)]
    pub done: Option<bool>,
    /// Only what has a date.
    #[serde(default)]
    pub due: bool,
    /// Only what the one with this handle does.
    #[serde(default)]
    pub assignee: Option<String>,
    /// Only what has these values in these fields.
    #[serde(default)]
    pub fields: Vec<(String, String)>,
    /// Only what says this in its text, its note or a field, however it is spelled in capitals.
    #[serde(default)]
    pub text: Option<String>,
}

impl TaskFilter {
    /// Whether a task is wanted.
    pub fn wants(&self, task: &ListedTask) -> bool {
        self.done.is_none_or(|done| done == task.done)
            && (!self.due || task.due.is_some())
            && self.assignee.as_ref().is_none_or(|handle| {
                task.assignees.iter().any(|assignee| assignee.eq_ignore_ascii_case(handle))
            })
            && self.fields.iter().all(|(name, value)| has_value(task, name, value))
            && self.text.as_ref().is_none_or(|text| says(task, text))
    }
}

/// Whether a task has this value in a field of this name: as its line shows it, in capitals or not,
/// and with the emoji that it begins with or without.
fn has_value(task: &ListedTask, name: &str, value: &str) -> bool {
    let is_like = |shown: &str, wanted: &str| {
        let (shown, wanted) = (shown.trim().to_lowercase(), wanted.trim().to_lowercase());
        shown == wanted || without_emoji(&shown) == wanted
    };
    task.fields.iter().any(|(field, shown)| is_like(field, name) && is_like(shown, value))
}

/// A text without the emoji that it begins with.
fn without_emoji(text: &str) -> &str {
    text.trim_start_matches(|first: char| !first.is_alphanumeric() && !first.is_ascii())
        .trim_start()
}

fn says(task: &ListedTask, wanted: &str) -> bool {
    let wanted = wanted.to_lowercase();
    let has = |text: &String| text.to_lowercase().contains(&wanted);
    has(&task.text) || task.note.iter().any(has) || task.fields.iter().any(|(_, value)| has(value))
}

#[cfg(test)]
mod tests {
    use super::{ListedTask, TaskFilter};

    fn task(text: &str) -> ListedTask {
        ListedTask {
            path: "Acme/Plan.md".to_owned(),
            line: Some(1),
            project: None,
            id: None,
            depth: 0,
            done: false,
            text: text.to_owned(),
            start: None,
            start_time: None,
            due: None,
            time: None,
            zone: None,
            assignees: Vec::new(),
            fields: Vec::new(),
            note: None,
        }
    }

    #[test]
    fn without_a_word_everything_is_wanted() {
        let done = ListedTask { done: true, ..task("a") };
        assert!(TaskFilter::default().wants(&task("a")) && TaskFilter::default().wants(&done));
        let open = TaskFilter { done: Some(false), ..TaskFilter::default() };
        assert!(open.wants(&task("a")) && !open.wants(&done));
    }

    #[test]
    fn a_text_is_found_in_capitals_or_not_and_in_notes_and_fields() {
        let finds = |text: &str| TaskFilter { text: Some(text.to_owned()), ..Default::default() };
        let noted = ListedTask {
            note: Some("Ask Überseequartier".to_owned()),
            fields: vec![("Owner".to_owned(), "Bob Okafor".to_owned())],
            ..task("Draft the brief")
        };
        for found in ["BRIEF", "überSEE", "okafor", ""] {
            assert!(finds(found).wants(&noted), "{found}");
        }
        assert!(!finds("owner").wants(&noted) && !finds("briefs").wants(&noted));
    }

    #[test]
    fn a_field_has_its_value_with_its_emoji_or_without() {
        let wants = |name: &str, value: &str| TaskFilter {
            fields: vec![(name.to_owned(), value.to_owned())],
            ..TaskFilter::default()
        };
        let fields = vec![("State".to_owned(), "🟡 In progress".to_owned())];
        let task = ListedTask { fields, ..task("a") };
        for value in ["🟡 In progress", "in progress", "In Progress "] {
            assert!(wants("state", value).wants(&task), "{value}");
        }
        for (name, value) in [("State", "progress"), ("Stat", "In progress"), ("State", "")] {
            assert!(!wants(name, value).wants(&task), "{name} {value}");
        }
    }

    #[test]
    fn somebodys_tasks_and_those_with_a_date() {
        let mine = TaskFilter { assignee: Some("Alice".to_owned()), ..TaskFilter::default() };
        let assigned = ListedTask { assignees: vec!["bob".into(), "alice".into()], ..task("a") };
        assert!(mine.wants(&assigned) && !mine.wants(&task("a")));
        let due = TaskFilter { due: true, ..TaskFilter::default() };
        let dated = ListedTask { due: Some("2026-12-01".to_owned()), ..task("a") };
        assert!(due.wants(&dated) && !due.wants(&task("a")));
    }
}
