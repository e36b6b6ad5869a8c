//! What programs have emptied and not written to since: whose that is, and what settles it.
//!
//! An empty file is the text of the process that emptied it and of nobody else: that process goes
//! on with it through another open, as emacs does; any other reads, appends to and edits the text
//! that stands. Once closed it waits for its grace; see `commit_policy` for what ends it before.

use std::{sync::Arc, time::SystemTime};

use super::{
    Notice, Vfs,
    commit_policy::{Occasion, Verdict, decide},
    draft::Draft,
    handle::{Handle, Writer},
    tree::Tree,
    types::{Fh, OpenMode},
};
use crate::{
    error::Result,
    sync::{GRACE, Process, Project},
};

/// An open file that was emptied and not written to since.
#[derive(Debug, Clone)]
pub(crate) struct Truncation {
    fh: Fh,
    handle: Arc<Handle>,
    /// Once its grace runs: what tells this grace from an earlier one, and since when the file
    /// shows as empty to who emptied it.
    waits: Option<(u64, SystemTime)>,
}

impl Truncation {
    fn writer(&self) -> Option<&Writer> {
        match &*self.handle {
            Handle::Writer(writer) => Some(writer),
            _ => None,
        }
    }

    fn is_of(&self, serial: u64) -> bool {
        self.writer().is_some_and(|writer| writer.project.serial == serial)
    }
}

impl Tree {
    /// Notes that an open file was emptied.
    pub(crate) fn empty(&mut self, fh: Fh) {
        self.written(fh);
        if let Some(handle) = self.handles.get(&fh) {
            let handle = handle.clone();
            self.truncations.push(Truncation { fh, handle, waits: None });
        }
    }

    /// Notes that an emptied file was written to, or saved.
    pub(crate) fn written(&mut self, fh: Fh) {
        self.truncations.retain(|truncation| truncation.fh != fh);
    }

    /// Since when a project is empty to a process that has closed what it emptied.
    pub(crate) fn emptied_by(&self, serial: u64, process: Option<Process>) -> Option<SystemTime> {
        let process = process?;
        let is_its = |writer: &Writer| writer.process == Some(process);
        let mut own = self.truncations.iter().filter(|truncation| truncation.is_of(serial));
        own.find_map(|own| own.waits.filter(|_| own.writer().is_some_and(is_its)))
            .map(|(_, since)| since)
    }

    /// Whether a project is empty to some process and not to others.
    pub(crate) fn is_emptied(&self, serial: u64) -> bool {
        self.truncations.iter().any(|truncation| truncation.is_of(serial))
    }

    fn truncations_of(&self, serial: u64) -> Vec<Truncation> {
        self.truncations.iter().filter(|truncation| truncation.is_of(serial)).cloned().collect()
    }
}

/// Whether who opens a file goes on with what this process has emptied. An unknown process may be
/// any: it is taken for the same if it writes from the beginning, where a text that stands would
/// be left in pieces, and not if it appends.
fn goes_on(emptied_by: Option<Process>, opener: Option<Process>, mode: OpenMode) -> bool {
    match (emptied_by, opener) {
        (Some(emptied_by), Some(opener)) => emptied_by == opener,
        (None, None) => !mode.append,
        _ => false,
    }
}

impl Vfs {
    /// What a program begins with that opens a project for writing.
    ///
    /// # Errors
    /// As reading the project.
    pub(crate) async fn draft_for(
        &self,
        project: &Arc<Project>,
        process: Option<Process>,
        mode: OpenMode,
    ) -> Result<Draft> {
        let emptied = self.take_over(project, process, mode);
        if mode.truncate {
            return Ok(self.emptied_draft(project, process));
        }
        if let Some(emptied) = emptied {
            return Ok(emptied);
        }
        let mut content = self.engine.read(project).await?;
        if mode.read
            && let Some(served) = self.engine.read_by(project, process)
        {
            content = served.content;
            self.engine.note_served(project, &content);
        }
        Ok(Draft::on(&content))
    }

    /// A draft that a process empties now.
    pub(crate) fn emptied_draft(&self, project: &Arc<Project>, process: Option<Process>) -> Draft {
        Draft::emptied(self.engine.seen_by(project, process))
    }

    /// An editor that emptied the file and opens it again goes on with the empty file.
    fn take_over(
        &self,
        project: &Arc<Project>,
        process: Option<Process>,
        mode: OpenMode,
    ) -> Option<Draft> {
        let truncations = self.tree().truncations_of(project.serial);
        let mut taken = None;
        for truncation in truncations {
            let Some(writer) = truncation.writer() else { continue };
            if goes_on(writer.process, process, mode) {
                let before = writer.draft().before().cloned();
                self.drop_truncation(&truncation);
                taken = Some(Draft::emptied(before));
            }
        }
        taken
    }

    fn drop_truncation(&self, truncation: &Truncation) {
        if let Some(writer) = truncation.writer() {
            writer.draft().drop_emptied();
            // The size that the kernel was told is that of the empty file.
            self.tell(Notice::Inode(writer.ino));
        }
        self.tree().written(truncation.fh);
    }

    /// An emptied draft was closed or synced: its grace begins.
    pub(crate) fn grant_grace(self: &Arc<Self>, fh: Fh) {
        let now = self.now();
        let ticket = {
            let mut tree = self.tree();
            let ticket = tree.ticket();
            let emptied = tree.truncations.iter_mut().find(|truncation| truncation.fh == fh);
            // Else something has settled it.
            let Some(emptied) = emptied else { return };
            let since = emptied.waits.map_or(now, |(_, since)| since);
            emptied.waits = Some((ticket, since));
            ticket
        };
        let vfs = self.clone();
        tokio::spawn(async move {
            vfs.engine.clock().sleep(GRACE).await;
            let is_it = |truncation: &Truncation| {
                truncation.waits.is_some_and(|(waits, _)| waits == ticket)
            };
            let over = vfs.tree().truncations.iter().find(|over| is_it(over)).cloned();
            if let Some(over) = over {
                vfs.settle_truncation(&over, Occasion::GraceOver).await;
            }
        });
    }

    /// Settles what was emptied of a project as far as what is about to happen does: nothing that
    /// programs were told is lost, and nothing outlives what took its place. Call it before.
    pub(crate) async fn settle_truncations(
        self: &Arc<Self>,
        project: &Project,
        occasion: Occasion,
    ) {
        self.settle_truncations_but(project, occasion, None).await;
    }

    /// As [`settle_truncations`](Self::settle_truncations), for what this writer is about to do.
    pub(crate) async fn settle_truncations_but(
        self: &Arc<Self>,
        project: &Project,
        occasion: Occasion,
        writer: Option<&Writer>,
    ) {
        let truncations = self.tree().truncations_of(project.serial);
        for truncation in truncations {
            let is_its = |own: &Writer| writer.is_some_and(|writer| std::ptr::eq(own, writer));
            if !truncation.writer().is_some_and(is_its) {
                self.settle_truncation(&truncation, occasion).await;
            }
        }
    }

    /// Settles all that waits, since the mount is going.
    pub(crate) async fn settle_all_truncations(self: &Arc<Self>) {
        let truncations = self.tree().truncations.clone();
        for truncation in truncations {
            self.settle_truncation(&truncation, Occasion::Unmount).await;
        }
    }

    async fn settle_truncation(self: &Arc<Self>, truncation: &Truncation, occasion: Occasion) {
        let Some(writer) = truncation.writer() else { return };
        let (verdict, taken) = {
            let mut draft = writer.draft();
            // It may have been written to meanwhile.
            let is_emptied = draft.is_emptied();
            let verdict = match decide(draft.stage(truncation.waits.is_some()), occasion) {
                verdict if is_emptied => verdict,
                _ => Verdict::Nothing,
            };
            (verdict, (verdict == Verdict::Commit).then(|| draft.take()))
        };
        match verdict {
            Verdict::Commit => {
                self.tree().written(truncation.fh);
                if let Some(taken) = taken
                    && let Err(error) = self.save_taken(writer, taken).await
                {
                    tracing::warn!(%error, "an emptied project was not saved");
                }
                self.tell(Notice::Inode(writer.ino));
            }
            Verdict::Drop => self.drop_truncation(truncation),
            Verdict::Grace | Verdict::Nothing => {}
        }
    }

    /// Whether saving what was emptied is certain to be refused here, however it goes on elsewhere.
    pub(crate) fn is_refusal_certain(&self, writer: &Writer) -> bool {
        let draft = writer.draft();
        let base = draft.before().map(|seen| seen.outline().items.len());
        base.is_some_and(|deleted| deleted > self.engine.settings().max_delete)
    }
}

#[cfg(test)]
mod tests {
    use super::{OpenMode, Process, goes_on};

    #[test]
    fn an_empty_file_is_that_of_who_emptied_it() {
        let write = OpenMode { read: false, write: true, append: false, truncate: false };
        let append = OpenMode { append: true, ..write };
        let process = |group| Some(Process { group, inode: 7 });
        for mode in [write, append] {
            assert!(goes_on(process(1), process(1), mode));
            assert!(!goes_on(process(1), process(2), mode));
            assert!(!goes_on(process(1), None, mode) && !goes_on(None, process(1), mode));
        }
        assert!(goes_on(None, None, write) && !goes_on(None, None, append));
    }
}
