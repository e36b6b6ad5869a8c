//! Edits by commands: lines added to a project, and tasks ticked, as an editor would that reads the file,
//! changes it and saves it. What cannot be saved is refused before anything is, and leaves nothing behind.

use std::{path::Path, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Kind, Result},
    plan::{Item, Outline},
    sync::{
        Content, DraftBase, Project, Standing, presence,
        write::{accept, preview, script_words},
    },
    vfs::{
        read_below::{project_at, read_current},
        volume::Vfs,
    },
};

/// What became of an edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Edited {
    /// What it is of: the text of the task that was ticked, or the lines that were added.
    pub text: String,
    /// Whether there was nothing to be done.
    pub unchanged: bool,
    /// Whether it is in the journal and Taskade has not all of it yet.
    pub waits: bool,
    /// What is wrong with the service, if anything is.
    pub trouble: Option<String>,
}

/// Which task is meant.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TaskChoice {
    /// The 1-based line of the file that it begins on.
    pub line: Option<usize>,
    /// Its text, or a part of it that no other open task has.
    pub text: Option<String>,
}

/// Adds lines at the end of the project at a path relative to the mount.
///
/// # Errors
/// As a save.
pub(crate) async fn add(vfs: &Arc<Vfs>, path: &Path, lines: &str) -> Result<Edited> {
    vfs.check_writable()?;
    let shown = || path.display().to_string();
    let project = project_at(vfs, path).await?;
    vfs.check_project_writable(&project).map_err(|error| error.at(shown()))?;
    let content = read_current(vfs, &project).await.map_err(|error| error.at(shown()))?;
    let mut text = content.text.to_vec();
    if !text.is_empty() && !text.ends_with(b"\n") {
        text.push(b'\n');
    }
    text.extend(lines.as_bytes());
    save(vfs, &project, content.outline, text, lines.trim().to_owned())
        .await
        .map_err(|error| error.at(shown()))
}

/// Ticks a task of the project at a path relative to the mount.
///
/// # Errors
/// [`Kind::NotFound`] if there is no such task, [`Kind::Invalid`] if it is not clear which is meant,
/// otherwise as a save.
pub(crate) async fn tick(vfs: &Arc<Vfs>, path: &Path, which: &TaskChoice) -> Result<Edited> {
    vfs.check_writable()?;
    let shown = || path.display().to_string();
    let project = project_at(vfs, path).await?;
    vfs.check_project_writable(&project).map_err(|error| error.at(shown()))?;
    let content = read_current(vfs, &project).await.map_err(|error| error.at(shown()))?;
    if let Standing::Rejected(_) = project.standing() {
        return Err(Error::new(
            Kind::Invalid,
            "its last save was refused, and its text shows that",
        )
        .at(shown())
        .hint("settle it first: `taskadefs status` says why it was refused"));
    }
    let at = choose(&project, &content, which).map_err(|error| error.at(shown()))?;
    let mut ours = Outline::clone(&content.outline);
    let Item { done, text, .. } = &mut ours.items[at];
    let (was_done, chosen) = (std::mem::replace(done, true), text.clone());
    if was_done {
        return Ok(Edited { text: chosen, unchanged: true, waits: false, trouble: None });
    }
    let text = project.render(&ours).to_vec();
    save(vfs, &project, content.outline, text, chosen).await.map_err(|error| error.at(shown()))
}

/// What saving this text would send, were it edited from what the project at a path relative to the
/// mount has now: a line for each request. Without a text, what waits or was refused there.
///
/// # Errors
/// What the save would be refused with before anything is sent.
pub(crate) async fn planned(
    vfs: &Arc<Vfs>,
    path: &Path,
    text: Option<&str>,
) -> Result<Vec<String>> {
    let shown = || path.display().to_string();
    let project = project_at(vfs, path).await?;
    let preview = match text {
        Some(text) => {
            let content = read_current(vfs, &project).await;
            let base = content.map_err(|error| error.at(shown()))?.outline;
            preview::preview(&vfs.engine, &project, base, text.as_bytes(), true).await
        }
        None => preview::unsent(&vfs.engine, &project).await,
    };
    let preview = preview.map_err(|error| error.at(shown()))?;
    let format = project.format();
    Ok(script_words::in_words(&preview, &project.title(), format.fields.as_deref()))
}

async fn save(
    vfs: &Arc<Vfs>,
    project: &Arc<Project>,
    base: Arc<Outline>,
    text: Vec<u8>,
    said: String,
) -> Result<Edited> {
    // A text that is refused here would be kept as what the file is to show.
    preview::preview(&vfs.engine, project, base.clone(), &text, false).await?;
    let base = DraftBase::Exact(base);
    accept::save(&vfs.engine, project, None, base, text).await.result?;
    let waits = project.standing() == Standing::Pending;
    let trouble = presence::trouble(&vfs.engine).filter(|_| waits);
    Ok(Edited { text: said, unchanged: false, waits, trouble })
}

/// What to do if it is not clear which task is meant.
const LINES: &str = "`taskadefs list` tells the lines of tasks";

/// The place of the task that is meant in the outline.
fn choose(project: &Project, content: &Content, which: &TaskChoice) -> Result<usize> {
    let items = &content.outline.items;
    let lines =
        project.format().line_numbers(&content.outline, &project.title(), Some(&content.text));
    if let Some(line) = which.line {
        let at = lines.iter().position(|number| *number == Some(line)).ok_or_else(|| {
            Error::new(Kind::NotFound, format!("no task begins on line {line}")).hint(LINES)
        })?;
        return match &which.text {
            Some(text) if !is_named(&items[at], text) => Err(Error::new(
                Kind::NotFound,
                format!("line {line} is another task by now: {}", items[at].text),
            )
            .hint(LINES)),
            _ => Ok(at),
        };
    }
    let text = which.text.as_deref().unwrap_or_default();
    let all = |is_it: &dyn Fn(&Item) -> bool| -> Vec<usize> {
        (0..items.len()).filter(|at| is_it(&items[*at])).collect()
    };
    let wanted = text.trim().to_lowercase();
    let part = |item: &Item| item.text.to_lowercase().contains(&wanted);
    // What is named best, and open, comes first.
    let tried = [
        all(&|item| !item.done && is_named(item, text)),
        all(&|item| !item.done && part(item)),
        all(&|item| item.done && is_named(item, text)),
        all(&|item| item.done && part(item)),
    ];
    let found = tried.into_iter().find(|found| !found.is_empty()).unwrap_or_default();
    match found[..] {
        [at] => Ok(at),
        [] => Err(Error::new(Kind::NotFound, format!("no task says {text:?}")).hint(LINES)),
        _ => {
            let one = |at: &usize| {
                let line = lines[*at].map_or_else(String::new, |line| format!("line {line}: "));
                format!("{line}{}", items[*at].text)
            };
            let all: Vec<String> = found.iter().map(one).collect();
            Err(Error::new(
                Kind::Invalid,
                format!("several tasks say {text:?}: {}", all.join("; ")),
            )
            .hint("name one by its line, as PATH:LINE"))
        }
    }
}

/// Whether this is all that a task says.
fn is_named(item: &Item, text: &str) -> bool {
    item.text.trim() == text.trim()
}
