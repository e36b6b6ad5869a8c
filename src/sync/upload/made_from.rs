//! Projects that are made from more than a text: copies of other projects, which come with all that
//! those have, and what a template makes.
//!
//! A copy that Taskade refuses is created from its text instead: what was saved is there all the same, and
//! the history says what it lacks. One that was made, as Taskade says, and is not listed is looked for. Of a template nothing is known but its name,
//! so a project that is not made from it is not made.

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    ids::ProjectId,
    model::FieldSchema,
    plan::{self, Outline, Wanted},
    replica::{
        creating::NewDetails,
        creation::{MadeFrom, Source},
        relocation::Location,
    },
    store::remarks::Remark,
    sync::{engine::Engine, project::Project, read::detail, residency, transition::Transition},
    text::codec::wanted,
};

/// Taskade says that a project was made, and does not list it: another one may be a second one.
pub(crate) fn unseen() -> Error {
    Error::new(Kind::Refused, "Taskade says that it made the project, but does not list it").hint(
        "nothing is made twice: `taskadefs retry` looks for it again, and `discard` gives it up",
    )
}

/// Where the service makes a project that is to be at a place: what a template makes is called as the
/// template is.
pub(crate) fn made_at(made_from: Option<&MadeFrom>, place: Location) -> Location {
    match made_from.map(|it| &it.source) {
        Some(Source::Template { name, .. }) => Location { title: name.clone(), ..place },
        Some(Source::Project(_)) | None => place,
    }
}

/// Asks for a project. Its id, if that came, and where it is.
///
/// # Errors
/// As [`Client::write`](crate::api::Client::write).
pub(crate) async fn ask(
    engine: &Engine,
    made_from: &MadeFrom,
    place: &Location,
) -> Result<(Option<ProjectId>, Location)> {
    match &made_from.source {
        Source::Project(id) => {
            let copied = engine.backend.copy_project(id, &place.folder, &place.title).await?;
            Ok((copied, place.clone()))
        }
        Source::Template { id, name, .. } => {
            let (made, called) = engine.backend.create_from_template(&place.folder, id).await?;
            let title = called.unwrap_or_else(|| name.clone());
            Ok((made, Location { title, ..place.clone() }))
        }
    }
}

/// A project is not made from that: a copy is to be created from its text. Why, in words.
///
/// # Errors
/// What it was refused with, if there is nothing else to make it from or that comes to the same.
pub(crate) async fn give_up(
    engine: &Engine,
    project: &Project,
    made_from: &MadeFrom,
    error: Error,
) -> Result<String> {
    let is_copy = made_from.project().is_some();
    if !is_copy || error.kind().is_transient() || error.kind() == Kind::Unauthorized {
        return Err(error);
    }
    tracing::warn!(%error, project = project.title(), "not copied, but created from its text");
    let mut next = Transition::begin(engine, project).await;
    let target = next.pending().map(|save| save.target().clone()).unwrap_or_default();
    let first_new = next.reserve(target.items.len());
    let tasks = as_text(project, next.title(), &target, first_new);
    next.create_from_text(tasks);
    next.commit().await?;
    Ok(format!(
        "not copied from {} but created from its text, without what no text shows: {error}",
        made_from.path
    ))
}

/// Tells, in the history, why a project was not made from what it was to be made from.
///
/// # Errors
/// [`Kind::Storage`] if it cannot be journaled.
pub(crate) async fn report(engine: &Engine, project: &Project, why: String) -> Result<()> {
    let (time, project, title) = (engine.clock.wall(), project.id(), project.title());
    let remark = Remark { time, project, title, summary: why, lines: Vec::new() };
    engine.journaled(move |journal| journal.remark(&remark, None)).await
}

/// The tasks of a copy as its text says them where it has no fields: with those as text.
fn as_text(project: &Project, title: &str, target: &Outline, first_new: u32) -> Outline {
    let text = project.render(target);
    project.learn_fields(&FieldSchema::default(), None);
    let read = || {
        let (format, nothing) = (project.format(), Outline::default());
        let lines = format.parse(&text, title, &nothing)?;
        let wanted: Vec<Wanted> = lines.iter().map(wanted).collect();
        let mut tasks = plan::align(&nothing, &wanted, first_new);
        format.say(&nothing, &mut tasks, &lines)?;
        Ok::<Outline, Error>(tasks)
    };
    let Ok(mut tasks) = read() else { return target.clone() };
    if tasks.items.len() == target.items.len() {
        for (task, was) in tasks.items.iter_mut().zip(&target.items) {
            task.key = was.key.clone();
        }
    }
    tasks
}

/// What the tasks of a project have that was just created and read. Whether Taskade's copies have what
/// the original's have is not documented: one detail is looked at.
///
/// # Errors
/// As [`Client::detail`](crate::api::Client::detail).
pub(crate) async fn new_details(engine: &Engine, project: &Project) -> Result<NewDetails> {
    let (id, is_copy, sample) = {
        let state = residency::resident(engine, project);
        let made_from = state.pending().and_then(|save| save.made_from());
        let is_copy = made_from.is_some_and(|it| it.project().is_some());
        (state.id().cloned(), is_copy, state.sample_of_copy())
    };
    if !is_copy {
        return Ok(NewDetails::None);
    }
    let Some((id, (task, resource))) = id.zip(sample) else { return Ok(NewDetails::Copied) };
    let found = detail::ask_detail(engine, Priority::Save, &id, &task, resource).await?;
    Ok(if found.has_any(resource) { NewDetails::Copied } else { NewDetails::Missing })
}
