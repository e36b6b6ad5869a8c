//! The remote versions that saves override: kept in `conflicts/`, so that nobody's words are lost,
//! and told of until somebody has looked at them.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    engine::Engine,
    history::Remark,
    journal::Journal,
    project::Project,
    records::{Records, Shelf},
    remarks::Overridden,
    shown,
};
use crate::{
    clock::rfc3339,
    error::Result,
    plan::{Conflict, Outline},
};

/// The overridden versions that nobody has looked at. The journal has them too.
#[derive(Debug, Default)]
pub(crate) struct Unseen(Mutex<Vec<Overridden>>);

impl Unseen {
    pub(crate) fn of(journal: &Journal) -> Result<Self> {
        Ok(Self(Mutex::new(journal.overridden()?)))
    }

    fn add(&self, overridden: Overridden) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(overridden);
    }

    fn remove(&self, file: &str) -> bool {
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unseen.len();
        unseen.retain(|overridden| overridden.file != file);
        unseen.len() < count
    }

    fn there(&self, records: &Records) -> Vec<Overridden> {
        let unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_there = |it: &&Overridden| records.is_there(Shelf::Conflicts, &it.file);
        unseen.iter().filter(is_there).cloned().collect()
    }
}

impl Engine {
    /// Tells the log how a save met changes made elsewhere, and keeps the version `theirs` if
    /// words of it are overridden.
    pub(crate) async fn keep_overridden(
        &self,
        project: &Project,
        theirs: &Outline,
        conflicts: &[Conflict],
    ) {
        let title = project.title();
        for conflict in conflicts {
            tracing::warn!(project = title, ?conflict, "a save met a change made elsewhere");
        }
        let lines: Vec<String> =
            conflicts.iter().filter_map(|conflict| in_words(conflict, theirs)).collect();
        if lines.is_empty() {
            return;
        }
        let since = self.clock.wall();
        let when = rfc3339(since);
        let reason = format!(
            "{}: a save here overrode changes that were made elsewhere. This is the version from \
             elsewhere; copy from it what is to stay, and remove it.\n\nWhen: {when}\n\n{}\n",
            self.shown_path(project),
            lines.join("\n\n")
        );
        let text = project.render(theirs);
        // Not every disk that the state may be copied to takes colons in names.
        let mark = format!(" {}", when.replace(':', "-"));
        let file = self.free_record(Shelf::Conflicts, project, &mark);
        let (records, name, id) = (self.records.clone(), file.clone(), project.id());
        let overridden = Overridden { project: id.clone(), title: title.clone(), file, since };
        let written = self.journaled(move |journal| {
            records.write(Shelf::Conflicts, &name, &text, &reason)?;
            let summary =
                format!("overrode changes made elsewhere; they are in .taskade/conflicts/{name}");
            let lines = lines.iter().flat_map(|line| line.lines());
            let lines = lines.map(|line| format!("! {line}")).collect();
            let remark = Remark { time: since, project: id, title, summary, lines };
            journal.remark(&remark, Some(&name))
        });
        match written.await {
            Ok(()) => self.unseen.add(overridden),
            Err(error) => tracing::error!(%error, "no copy of what a save overrode"),
        }
    }

    /// The overridden versions that nobody has looked at, oldest first.
    pub(crate) fn overridden(&self) -> Vec<Overridden> {
        self.unseen.there(&self.records)
    }

    /// Notes that a program opened or removed a file of `.taskade/`: an overridden version, or its
    /// reason, is told of no longer.
    pub(crate) fn looked_at(&self, path: &Path) {
        let Some(file) = self.records.overridden(path).map(str::to_owned) else { return };
        if self.unseen.remove(&file) {
            let journal = Arc::clone(&self.journal);
            // Where it cannot be noted, the next mount tells of it once more.
            tokio::task::spawn_blocking(move || {
                if let Err(error) = journal.looked_at(&file) {
                    tracing::warn!(%error, "not noted as looked at");
                }
            });
        }
    }

    /// A name for a record of a project.
    pub(crate) fn free_record(&self, shelf: Shelf, project: &Project, mark: &str) -> String {
        let folders = self.listings.names_of(&project.folder());
        self.records.free_name(shelf, &folders, &project.title(), mark)
    }

    /// The path of a project as far as its folders are known, for people.
    pub(crate) fn shown_path(&self, project: &Project) -> String {
        let mut path = self.listings.names_of(&project.folder());
        path.push(format!("{}.md", project.title()));
        path.join("/")
    }
}

/// The words that are overridden, if any are.
fn in_words(conflict: &Conflict, theirs: &Outline) -> Option<String> {
    match conflict {
        Conflict::Text { base, ours, theirs, .. } => {
            Some(format!("was:  {base}\nhere: {ours}\nelsewhere (overridden): {theirs}"))
        }
        Conflict::Details { key } => {
            let line = theirs.find(key).map(shown::in_words)?;
            Some(format!("elsewhere (overridden): {line}"))
        }
        Conflict::KeptEdited { .. }
        | Conflict::KeptParent { .. }
        | Conflict::Recreated { .. }
        | Conflict::MoveDropped { .. } => None,
    }
}
