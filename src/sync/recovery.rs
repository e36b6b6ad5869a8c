//! Starting where the last mount stopped: what the journal holds is finished.

use std::sync::Arc;

use super::{
    engine::Engine,
    journal::Entry,
    project::{Project, Saved},
};
use crate::error::{Error, Kind, Result};

impl Engine {
    /// Takes over every save that the journal holds and starts to work them off. The projects
    /// that they belong to, some of them not created yet.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn recover(self: &Arc<Self>) -> Result<Vec<Arc<Project>>> {
        let mut projects = Vec::new();
        for entry in self.journal.entries()? {
            let project = match &entry.project {
                Some(id) => self.project(id, &entry.folder, &entry.title),
                None => self.new_project(&entry.folder, &entry.title),
            };
            let refused = entry.refused.is_some();
            restore(&project, entry);
            if !refused {
                self.start_worker(&project);
            }
            projects.push(project);
        }
        Ok(projects)
    }

    /// Returns once no save is on its way, or after `wait`.
    pub async fn rest(&self, wait: std::time::Duration) {
        let mut busy = self.busy.subscribe();
        let idle = async {
            let _ = busy.wait_for(|busy| *busy == 0).await;
        };
        tokio::select! {
            () = idle => {}
            () = self.clock.sleep(wait) => {}
        }
    }
}

fn restore(project: &Project, entry: Entry) {
    let mut state = project.lock();
    let used = entry.intent.target.next_new().max(entry.outline.next_new());
    state.reserve(used as usize);
    let refused = entry.refused.map(|reason| Error::new(Kind::Refused, reason));
    state.saved =
        Some(Saved { text: entry.text.into(), outline: Arc::new(entry.outline), refused });
    state.intent = Some(entry.intent);
    state.row = entry.row;
    state.creating = entry.creating;
    state.archive = entry.archive;
    state.generation += 1;
    state.version += 1;
}
