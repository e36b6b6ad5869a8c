//! The remote versions that saves override: kept in `conflicts/`, so that nobody's words are lost,
//! and told of until somebody has looked at them.

use std::{path::Path, sync::Arc};

use crate::{
    clock::rfc3339,
    kernel_thread,
    plan::{Conflict, Outline},
    store::{
        artifacts::ArtifactKind,
        remarks::{Overridden, Remark},
    },
    sync::{engine::Engine, project::Project},
    text::{details::in_words as task_in_words, fields::FieldView},
};

/// Tells the log how a save met changes made elsewhere, and keeps the version `theirs` if
/// words of it are overridden.
pub(crate) async fn keep_overridden(
    engine: &Engine,
    project: &Project,
    theirs: &Outline,
    conflicts: &[Conflict],
) {
    let title = project.title();
    for conflict in conflicts {
        tracing::warn!(project = title, ?conflict, "a save met a change made elsewhere");
    }
    let format = project.format();
    let words = |conflict| in_words(conflict, theirs, format.fields.as_deref());
    let lines: Vec<String> = conflicts.iter().filter_map(words).collect();
    if lines.is_empty() {
        return;
    }
    let since = engine.clock.wall();
    let when = rfc3339(since);
    let reason = format!(
        "{}: a save here overrode changes that were made elsewhere. This is the version from \
         elsewhere; copy from it what is to stay, and remove it.\n\nWhen: {when}\n\n{}\n",
        shown_path(engine, project),
        lines.join("\n\n")
    );
    let text = project.render(theirs);
    // Not every disk that the state may be copied to takes colons in names.
    let mark = format!(" {}", when.replace(':', "-"));
    let file = free_record(engine, ArtifactKind::Conflicts, project, &mark).await;
    let (artifacts, name, id) = (engine.artifacts.clone(), file.clone(), project.id());
    let overridden = Overridden { project: id.clone(), title: title.clone(), file, since };
    let written = engine.journaled(move |journal| {
        artifacts.write(ArtifactKind::Conflicts, &name, &text, &reason)?;
        let summary =
            format!("overrode changes made elsewhere; they are in .taskade/conflicts/{name}");
        let lines = lines.iter().flat_map(|line| line.lines());
        let lines = lines.map(|line| format!("! {line}")).collect();
        let remark = Remark { time: since, project: id, title, summary, lines };
        journal.remark(&remark, Some(&name))
    });
    match written.await {
        Ok(()) => engine.unseen.add(overridden),
        Err(error) => tracing::error!(%error, "no copy of what a save overrode"),
    }
}

/// The overridden versions that nobody has looked at, oldest first.
pub(crate) fn overridden(engine: &Engine) -> Vec<Overridden> {
    engine.unseen.there(&engine.artifacts)
}

/// Notes that a program opened or removed a file of `.taskade/`: an overridden version, or its
/// reason, is told of no longer.
pub(crate) fn looked_at(engine: &Engine, path: &Path) {
    let Some(file) = engine.artifacts.overridden(path).map(str::to_owned) else { return };
    if engine.unseen.remove(&file) {
        let journal = Arc::clone(&engine.journal);
        // Where it cannot be noted, the next mount tells of it once more.
        tokio::task::spawn_blocking(move || {
            if let Err(error) = journal.looked_at(&file) {
                tracing::warn!(%error, "not noted as looked at");
            }
        });
    }
}

/// A name for a record of a project, which the disk is asked for.
pub(crate) async fn free_record(
    engine: &Engine,
    kind: ArtifactKind,
    project: &Project,
    mark: &str,
) -> String {
    kernel_thread::leave().await;
    let folders = engine.listings.names_of(&project.folder());
    engine.artifacts.free_name(kind, &folders, &project.title(), mark)
}

/// The path of a project as far as its folders are known, for people.
pub(crate) fn shown_path(engine: &Engine, project: &Project) -> String {
    let mut path = engine.listings.names_of(&project.folder());
    path.push(format!("{}.md", project.title()));
    path.join("/")
}

/// The words that are overridden, if any are.
pub(crate) fn in_words(
    conflict: &Conflict,
    theirs: &Outline,
    fields: Option<&FieldView>,
) -> Option<String> {
    match conflict {
        Conflict::Text { base, ours, theirs, .. } => {
            Some(format!("was:  {base}\nhere: {ours}\nelsewhere (overridden): {theirs}"))
        }
        Conflict::Details { key } => {
            let line = theirs.find(key).map(|item| task_in_words(item, fields))?;
            Some(format!("elsewhere (overridden): {line}"))
        }
        Conflict::KeptEdited { .. }
        | Conflict::KeptParent { .. }
        | Conflict::Recreated { .. }
        | Conflict::MoveDropped { .. } => None,
    }
}
