//! `list` and `find`: tasks of many projects as lines that `grep` and editors understand, or as JSON,
//! mounted or not.

use std::path::Path;

use serde_json::Value;

use super::{
    account_arguments::AccountArgs,
    asks::{self, Ask},
    reach::{Reached, ReachedPath},
    reading_bar,
    task_arguments::{FindArgs, ListArgs},
    terminal::{note, say_as_is, say_json, tell},
};

use crate::{
    error::{Error, Kind, Result},
    task_list::{self, TaskFilter},
    vfs::ListedTasks,
};

/// Lists tasks.
///
/// # Errors
/// If nothing is at the path, or it cannot be read.
pub(crate) fn list(args: &ListArgs) -> Result<()> {
    let filter = |reached: &Reached| {
        Ok(TaskFilter {
            done: (args.open || args.done).then_some(args.done),
            due: args.due,
            assignee: args.mine.then(|| me(args, reached)).transpose()?,
            fields: args.field.clone(),
            text: None,
        })
    };
    let listed = print(args.path.as_deref(), &args.account, filter, args.json)?;
    let ListedTasks { open, dated, assigned, .. } = listed;
    let mut unknown = Vec::new();
    if args.due && dated < open {
        unknown.push(format!("the dates of {dated} of {open} open tasks are known"));
    }
    if args.mine && assigned < open {
        unknown.push(format!("who does it is known of {assigned} of {open} open tasks"));
    }
    if !unknown.is_empty() {
        let unknown = unknown.join(", and ");
        note(&format_args!("{unknown}; `taskadefs details PATH` in a mount asks Taskade for more"));
    }
    Ok(())
}

/// Finds tasks by what they say.
///
/// # Errors
/// [`Kind::NotFound`] if no task says it, otherwise as [`list`].
pub(crate) fn find(args: &FindArgs) -> Result<()> {
    let text = args.text.join(" ");
    let filter = TaskFilter { text: Some(text.clone()), ..TaskFilter::default() };
    let listed = print(args.path.as_deref(), &args.account, |_| Ok(filter), args.json)?;
    match listed.tasks.is_empty() {
        true => {
            let error = Error::new(Kind::NotFound, format!("no task says {text:?}"))
                .hint("`taskadefs list` shows what they say");
            Err(error.renamed(|_| args.path.as_ref().map(|path| path.display().to_string())))
        }
        false => Ok(()),
    }
}

/// Whose tasks are wanted: whoever was named, else whose the account is.
fn me(args: &ListArgs, reached: &Reached) -> Result<String> {
    let given = args.me.as_deref().map(|handle| handle.trim_start_matches('@'));
    if let Some(handle) = given.filter(|handle| !handle.is_empty()) {
        return Ok(handle.to_owned());
    }
    let owner = reached.ask(&Ask::Owner {}).ok();
    owner.as_ref().and_then(Value::as_str).map(str::to_owned).ok_or_else(|| {
        Error::new(Kind::NotFound, "it is not known who you are")
            .hint("give --me HANDLE, set TASKADE_HANDLE, or run `taskadefs login`")
    })
}

/// Prints the tasks that are wanted. All that was told.
fn print(
    path: Option<&Path>,
    account: &AccountArgs,
    filter: impl FnOnce(&Reached) -> Result<TaskFilter>,
    json: bool,
) -> Result<ListedTasks> {
    let reached = ReachedPath::of(path, account)?;
    let filter = filter(&reached.reached)?;
    let bar = reading_bar::bar();
    let ask = Ask::Tasks { path: reached.inside.clone(), filter };
    let answer = reached.follow(&ask, |progress| reading_bar::show(&bar, progress));
    bar.finish_and_clear();
    let mut answer = answer?;
    for task in answer["tasks"].as_array_mut().into_iter().flatten() {
        let shown = reached.shown(task["path"].as_str().unwrap_or_default());
        task["path"] = shown.into();
    }
    if json {
        say_json(&Value::from(
            answer["tasks"].as_array().map(|all| all.iter().map(in_json).collect::<Vec<_>>()),
        ))?;
    }
    let listed: ListedTasks = asks::understood(answer)?;
    if listed.stale > 0 {
        let why = listed.trouble.as_deref().unwrap_or("it does not answer");
        let count = listed.stale;
        tell(&format_args!("{count} projects as they were read before: no Taskade ({why})"));
    }
    if !json {
        let lines = listed.tasks.iter().map(|task| task_list::line(task, &task.path) + "\n");
        say_as_is(&lines.collect::<String>())?;
    }
    Ok(listed)
}

/// A task for scripts: its fields by their names.
fn in_json(task: &Value) -> Value {
    let mut task = task.clone();
    let fields = task["fields"].as_array().cloned().unwrap_or_default();
    let named = |field: &Value| Some((field[0].as_str()?.to_owned(), field[1].clone()));
    task["fields"] = fields.iter().filter_map(named).collect::<serde_json::Map<_, _>>().into();
    task
}
