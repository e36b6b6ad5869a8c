//! Starting where the last mount stopped: what the journal holds is finished.

use std::sync::Arc;

use super::{
    engine::Engine,
    journal::Entry,
    project::{Project, Saved},
    records::Shelf,
};
use crate::error::{Kind, Result};

impl Engine {
    /// Takes over every save that the journal holds and starts to work them off, but for those
    /// that were refused: they wait for the user. A missing or wrong token is no reason to wait,
    /// since there may be another by now. The projects that they belong to, some of them not
    /// created yet.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn recover(self: &Arc<Self>) -> Result<Vec<Arc<Project>>> {
        let (mut projects, mut ready) = (Vec::<Arc<Project>>::new(), Vec::<Arc<Project>>::new());
        for entry in self.journal.entries()? {
            let project = match &entry.project {
                Some(id) => self.project(id, &entry.folder, &entry.title),
                None => self.new_project(&entry.folder, &entry.title),
            };
            let waits = self.reinstate(&project, entry)?;
            self.recover_transfers(&project);
            self.show_relocation(&project);
            if !waits || project.lock().is_relocated() {
                ready.push(project.clone());
            }
            projects.push(project);
        }
        // Only now: a deletion must know who still copies from what it deletes.
        ready.iter().for_each(|project| self.start_worker(project));
        self.recover_refused(&mut projects)?;
        let (now, keep) = (self.clock.wall(), self.settings.keep_history);
        self.records.prune(now, keep);
        self.journal.prune_past(now, keep)?;
        self.journal.prune_remarks(now, keep)?;
        self.journal.prune_removals(now, keep)?;
        self.journal.prune_unmoved(now)?;
        self.journal.prune_refused_removals(now)?;
        Ok(projects)
    }

    /// Returns once no save is on its way, or after `wait`.
    pub async fn rest(self: &Arc<Self>, wait: std::time::Duration) {
        self.release_held();
        let mut busy = self.busy.subscribe();
        let idle = async {
            let _ = busy.wait_for(|busy| *busy == 0).await;
        };
        tokio::select! {
            () = idle => {}
            () = self.clock.sleep(wait) => {}
        }
        let engine = self.clone();
        // Fails only while the runtime goes.
        let _ = tokio::task::spawn_blocking(move || engine.cache.flush()).await;
    }
}

impl Engine {
    /// Puts a journal entry back where it was. Whether the save waits for the user.
    fn reinstate(&self, project: &Project, mut entry: Entry) -> Result<bool> {
        if let Some(refusal) = &entry.refused
            && refusal.kind == Kind::Unauthorized
        {
            self.records.remove(Shelf::Rejected, &refusal.file)?;
            entry.refused = None;
        }
        let waits = entry.refused.is_some();
        let mut state = project.lock();
        let used = entry.intent.target.next_new().max(entry.outline.next_new());
        state.reserve(used as usize);
        let (text, outline) = (entry.text.into(), Arc::new(entry.outline));
        let (since, refused) = (entry.since, entry.refused);
        state.saved = Some(Saved { text, outline, since, refused, ..Saved::default() });
        state.intent = Some(entry.intent);
        state.row = entry.row;
        state.creating = entry.creating;
        // The former mount may have sent it.
        (state.archive, state.archiving) = (entry.archive, entry.archive);
        state.generation += 1;
        state.version += 1;
        self.end_own_texts_before(&mut state, since);
        Ok(waits)
    }
}
