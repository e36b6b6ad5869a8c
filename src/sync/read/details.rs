//! Asking for the details of all tasks of a project, which takes as many requests: with spare
//! budget only, to be broken off at any time, and gone on with where it stopped. Whatever was told
//! shows in the text once all of it is there, as one change.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::{
    api::{Priority, TaskResource},
    error::{Error, Kind, Result},
    ids::{ProjectId, TaskId},
    plan::{Details, Key},
    store::cache_details::DetailAnswer,
    sync::{
        engine::Engine,
        project::Project,
        read::{assigned, detail, open},
        residency,
    },
};

/// How long what was told before it was broken off need not be asked for again.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(3600);

/// How many requests are on their way at once.
pub(crate) const AT_ONCE: usize = 4;

/// How long to wait for more budget where nothing tells when there is more.
pub(crate) const PAUSE: Duration = Duration::from_secs(5);

/// A detail of a task.
pub(crate) type Detail = (TaskId, TaskResource);

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DetailQuery {
    /// Which details.
    pub resources: Vec<TaskResource>,
    /// Whether what is known is asked for as well.
    pub refetch: bool,
}

/// How many requests it takes to know the details of a project's tasks, as they were read last.
pub(crate) async fn detail_request_count(
    engine: &Engine,
    project: &Project,
    query: &DetailQuery,
) -> usize {
    match project.id() {
        Some(id) => asked_for(engine, project, &id, query).await.0.len(),
        None => 0,
    }
}

/// Asks for the details of a project's tasks. `answer` is called after every answer. Dropped
/// half way, what was told is kept for the next query.
///
/// # Errors
/// What reading the project or asking failed with. A used up budget is waited for.
pub(crate) async fn ask_details(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    query: &DetailQuery,
    on_answer: &(dyn Fn() + Send + Sync),
) -> Result<()> {
    open::read(engine, project).await?;
    let id = project.id().ok_or_else(|| {
        Error::new(Kind::NotFound, "it is not created yet").at(format!("{}.md", project.title()))
    })?;
    let (wanted, mut answers) = asked_for(engine, project, &id, query).await;
    let before = |detail: &Detail| project.lock().touches(detail);
    let touched: HashMap<Detail, Option<u32>> = answers
        .iter()
        .map(|answer| (answer.task.clone(), answer.resource))
        .chain(wanted.iter().cloned())
        .map(|detail| (detail.clone(), before(&detail)))
        .collect();
    let asked = stream::iter(wanted).map(|(task, resource)| {
        let id = &id;
        async move {
            let begun = engine.clock.now();
            let details = ask_patiently(engine, id, &task, resource).await?;
            if resource == TaskResource::Fields {
                project.lock().field_times.note_asked(&task, begun);
            }
            let answer = DetailAnswer { task, resource, time: engine.clock.wall(), details };
            engine.cache.put_answer(id, answer.clone());
            on_answer();
            Ok::<DetailAnswer, Error>(answer)
        }
    });
    let asked = asked.buffer_unordered(AT_ONCE);
    answers.extend(asked.try_collect::<Vec<DetailAnswer>>().await?);
    let _conversation = project.remote.lock().await;
    // What was changed here meanwhile is newer than the answer.
    answers.retain(|answer| {
        let detail = (answer.task.clone(), answer.resource);
        touched.get(&detail).is_some_and(|count| *count == before(&detail))
    });
    for answer in answers.iter().filter(|answer| answer.resource == TaskResource::Assignees) {
        let handles = answer.details.parts().assignees.known.into_iter();
        assigned::note_assigned(
            engine,
            project,
            &answer.task,
            handles.map(|(handle, ())| handle).collect(),
        );
    }
    let answers: Vec<(TaskId, Details)> =
        answers.into_iter().map(|answer| (answer.task, answer.details)).collect();
    detail::merge_details(engine, project, &answers).await;
    engine.cache.forget_answers(&id);
    Ok(())
}

/// The details that are still to be asked for, and what was told before it was broken off.
pub(crate) async fn asked_for(
    engine: &Engine,
    project: &Project,
    id: &ProjectId,
    query: &DetailQuery,
) -> (Vec<Detail>, Vec<DetailAnswer>) {
    let wanted = unknown(engine, project, query);
    if wanted.is_empty() {
        return (wanted, Vec::new());
    }
    let (cache, of) = (engine.cache.clone(), id.clone());
    // What was told a moment ago may still be on its way to the disk.
    let answer = tokio::task::spawn_blocking(move || {
        cache.write_out();
        cache.answers(&of)
    });
    let mut answer = answer.await.unwrap_or_default();
    let now = engine.clock.wall();
    let is_wanted: HashSet<&Detail> = wanted.iter().collect();
    answer.retain(|answer| {
        let age = now.duration_since(answer.time).unwrap_or_default();
        age <= GOOD_FOR && is_wanted.contains(&(answer.task.clone(), answer.resource))
    });
    let have: HashSet<Detail> =
        answer.iter().map(|answer| (answer.task.clone(), answer.resource)).collect();
    (wanted.into_iter().filter(|detail| !have.contains(detail)).collect(), answer)
}

/// The details that are to be known, as the project was read last.
pub(crate) fn unknown(engine: &Engine, project: &Project, query: &DetailQuery) -> Vec<Detail> {
    let known = residency::resident(engine, project).snapshot().map(|known| known.outline.clone());
    let known = known.unwrap_or_default();
    let tasks = known.items.iter();
    tasks
        .filter_map(|item| match &item.key {
            Key::Known(task) => Some((task, item)),
            Key::New(_) => None,
        })
        .flat_map(|(task, item)| {
            let unknown =
                |resource: &&TaskResource| query.refetch || !item.details.knows(**resource);
            query.resources.iter().filter(unknown).map(|resource| (task.clone(), *resource))
        })
        .collect()
}

pub(crate) async fn ask_patiently(
    engine: &Engine,
    id: &ProjectId,
    task: &TaskId,
    resource: TaskResource,
) -> Result<Details> {
    loop {
        match detail::ask_detail(engine, Priority::Background, id, task, resource).await {
            Err(error) if error.kind() == Kind::RateLimited => {
                let reset = engine.budget().and_then(|budget| budget.reset);
                engine.clock.sleep(reset.unwrap_or(PAUSE).max(Duration::from_secs(1))).await;
            }
            answer => return answer,
        }
    }
}

/// Asks ahead for the details that `--details` names of a project that somebody has opened,
/// with spare budget, and nobody waits for it.
pub(crate) fn ask_ahead(engine: &Arc<Engine>, project: &Arc<Project>) {
    let query = DetailQuery { resources: engine.details_of(project), refetch: false };
    if query.resources.is_empty() || unknown(engine, project, &query).is_empty() {
        return;
    }
    let Some(mut lease) = engine.asks.add(project) else { return };
    let shared = engine.clone();
    engine.tasks.spawn("asking for details ahead", async move {
        while let Some(project) = lease.next() {
            let query = DetailQuery { resources: shared.details_of(&project), refetch: false };
            if let Err(error) = ask_details(&shared, &project, &query, &|| {}).await {
                tracing::debug!(%error, project = project.title(), "its details are unknown");
                shared.asks.clear();
            }
        }
    });
}
