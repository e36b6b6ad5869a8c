//! The remote versions that saves override: kept in `conflicts/`, so that nobody's words are lost.

use super::{engine::Engine, project::Project, records::Shelf, shown};
use crate::plan::{Conflict, Outline};

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
        let when = humantime::format_rfc3339_seconds(self.clock.wall()).to_string();
        let reason = format!(
            "{title}.md: a save here overrode changes that were made elsewhere. This is the \
             version from elsewhere.\n\nWhen: {when}\n\n{}\n",
            lines.join("\n\n")
        );
        let text = project.render(theirs);
        let records = self.records.clone();
        let written = self.journaled(move |_| {
            // Not every disk that the state may be copied to takes colons in names.
            let mark = format!(" {}", when.replace(':', "-"));
            let name = records.free_name(Shelf::Conflicts, &title, &mark);
            records.write(Shelf::Conflicts, &name, &text, &reason)
        });
        if let Err(error) = written.await {
            tracing::error!(%error, "no copy of what a save overrode");
        }
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
