//! What programs have emptied and not written to since: whose that is, and what settles it.
//!
//! An empty file is the text of the process that emptied it and of nobody else: that process goes
//! on with it through another open, as emacs does; any other reads, appends to and edits the text
//! that stands. Once closed it waits for its grace; see `commit_policy` for what ends it before.

use std::{sync::Arc, time::SystemTime};

use crate::{
    error::Result,
    sync::{
        GRACE, Process, Project,
        read::{open, serve},
        write::accept,
    },
    vfs::{
        commit_policy::{Occasion, Verdict, decide},
        draft::Draft,
        invalidation::Invalidation,
        kernel_cache, taken,
        tree::{deferred::DeferredTruncate, handles::Writer, inner::MountTree},
        types::{Fh, OpenMode},
        volume::Vfs,
    },
};

impl MountTree {
    /// Notes that an open file was emptied.
    pub(crate) fn empty(&mut self, fh: Fh) {
        self.written(fh);
        if let Some(handle) = self.handles.get(&fh) {
            let handle = handle.clone();
            self.truncations.push(DeferredTruncate { fh, handle, waits: None });
        }
    }

    /// Notes that an emptied file was written to, or saved.
    pub(crate) fn written(&mut self, fh: Fh) {
        self.truncations.retain(|truncation| truncation.fh != fh);
    }

    /// Since when a project is empty to a process that has closed what it emptied. The kernel
    /// answers no close by its RELEASE: whoever asks may come before the grace has begun.
    pub(crate) fn emptied_by(&self, serial: u64, process: Option<Process>) -> Option<SystemTime> {
        let process = process?;
        let own = self.truncations.iter().filter(|truncation| truncation.is_of(serial));
        own.filter(|own| own.waits.is_some() || !self.handles.contains_key(&own.fh))
            .filter_map(DeferredTruncate::writer)
            .find(|writer| writer.process == Some(process))
            .map(Writer::written)
    }

    /// Whether a project is empty to some process and not to others.
    pub(crate) fn is_emptied(&self, serial: u64) -> bool {
        self.truncations.iter().any(|truncation| truncation.is_of(serial))
    }

    pub(crate) fn truncations_of(&self, serial: u64) -> Vec<DeferredTruncate> {
        self.truncations.iter().filter(|truncation| truncation.is_of(serial)).cloned().collect()
    }
}

/// Whether who opens a file goes on with what this process has emptied. An unknown process may be
/// any: it is taken for the same if it writes from the beginning, where a text that stands would
/// be left in pieces, and not if it appends.
pub(crate) fn goes_on(
    emptied_by: Option<Process>,
    opener: Option<Process>,
    mode: OpenMode,
) -> bool {
    match (emptied_by, opener) {
        (Some(emptied_by), Some(opener)) => emptied_by == opener,
        (None, None) => !mode.append,
        _ => false,
    }
}

/// What a program begins with that opens a project for writing.
///
/// # Errors
/// As reading the project.
pub(crate) async fn draft_for(
    vfs: &Vfs,
    project: &Arc<Project>,
    process: Option<Process>,
    mode: OpenMode,
) -> Result<Draft> {
    let emptied = take_over(vfs, project, process, mode);
    if mode.truncate {
        return Ok(emptied_draft(vfs, project, process));
    }
    if let Some(emptied) = emptied {
        return Ok(emptied);
    }
    let mut content = open::read(&vfs.engine, project).await?;
    if mode.read
        && let Some(served) = serve::read_by(&vfs.engine, project, process)
    {
        content = served.content;
        open::note_served(&vfs.engine, project, &content);
    }
    Ok(Draft::on(&content))
}

/// A draft that a process empties now.
pub(crate) fn emptied_draft(vfs: &Vfs, project: &Arc<Project>, process: Option<Process>) -> Draft {
    Draft::emptied(accept::seen_by(&vfs.engine, project, process))
}

/// An editor that emptied the file and opens it again goes on with the empty file.
pub(crate) fn take_over(
    vfs: &Vfs,
    project: &Arc<Project>,
    process: Option<Process>,
    mode: OpenMode,
) -> Option<Draft> {
    let truncations = vfs.tree().truncations_of(project.serial);
    let mut taken = None;
    for truncation in truncations {
        let Some(writer) = truncation.writer() else { continue };
        if goes_on(writer.process, process, mode) {
            let before = writer.draft().before().cloned();
            drop_truncation(vfs, &truncation);
            taken = Some(Draft::emptied(before));
        }
    }
    taken
}

pub(crate) fn drop_truncation(vfs: &Vfs, truncation: &DeferredTruncate) {
    if let Some(writer) = truncation.writer() {
        writer.draft().drop_emptied();
        // The size that the kernel was told is that of the empty file.
        kernel_cache::invalidate(vfs, Invalidation::Inode(writer.ino));
    }
    vfs.tree().written(truncation.fh);
}

/// An emptied draft was closed or synced: its grace begins.
pub(crate) fn grant_grace(vfs: &Arc<Vfs>, fh: Fh) {
    let ticket = {
        let mut tree = vfs.tree();
        let ticket = tree.ticket();
        let emptied = tree.truncations.iter_mut().find(|truncation| truncation.fh == fh);
        // Else something has settled it.
        let Some(emptied) = emptied else { return };
        emptied.waits = Some(ticket);
        ticket
    };
    let shared = vfs.clone();
    vfs.engine.tasks.spawn("the end of a truncation's grace", async move {
        shared.engine.clock().sleep(GRACE).await;
        let is_it = |truncation: &DeferredTruncate| truncation.waits == Some(ticket);
        let over = shared.tree().truncations.iter().find(|over| is_it(over)).cloned();
        if let Some(over) = over {
            expire_truncate(&shared, &over, Occasion::GraceOver).await;
        }
    });
}

/// Settles what was emptied of a project as far as what is about to happen does: nothing that
/// programs were told is lost, and nothing outlives what took its place. Call it before.
pub(crate) async fn expire_truncates(vfs: &Arc<Vfs>, project: &Project, occasion: Occasion) {
    expire_truncates_but(vfs, project, occasion, None).await;
}

/// As [`expire_truncates`], for what this writer is about to do.
pub(crate) async fn expire_truncates_but(
    vfs: &Arc<Vfs>,
    project: &Project,
    occasion: Occasion,
    writer: Option<&Writer>,
) {
    let truncations = vfs.tree().truncations_of(project.serial);
    for truncation in truncations {
        let is_its = |own: &Writer| writer.is_some_and(|writer| std::ptr::eq(own, writer));
        if !truncation.writer().is_some_and(is_its) {
            expire_truncate(vfs, &truncation, occasion).await;
        }
    }
}

/// Settles all that waits, since the mount is going.
pub(crate) async fn expire_all_truncates(vfs: &Arc<Vfs>) {
    let truncations = vfs.tree().truncations.clone();
    for truncation in truncations {
        expire_truncate(vfs, &truncation, Occasion::Unmount).await;
    }
}

pub(crate) async fn expire_truncate(
    vfs: &Arc<Vfs>,
    truncation: &DeferredTruncate,
    occasion: Occasion,
) {
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
            vfs.tree().written(truncation.fh);
            if let Some(taken) = taken
                && let Err(error) = taken::save_taken(vfs, writer, taken).await
            {
                tracing::warn!(%error, "an emptied project was not saved");
            }
            kernel_cache::invalidate(vfs, Invalidation::Inode(writer.ino));
        }
        Verdict::Drop => drop_truncation(vfs, truncation),
        Verdict::Grace | Verdict::Nothing => {}
    }
}

/// Whether saving what was emptied is certain to be refused here, however it goes on elsewhere.
pub(crate) fn is_refusal_certain(vfs: &Vfs, writer: &Writer) -> bool {
    let draft = writer.draft();
    let base = draft.before().map(|seen| seen.outline().items.len());
    base.is_some_and(|deleted| deleted > vfs.engine.settings().max_delete)
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::SystemTime};

    use super::{Draft, MountTree, OpenMode, Process, Writer, goes_on};
    use crate::{
        model::SpaceId, store::base_log::BaseLog, sync::Project, vfs::tree::handles::Handle,
    };

    #[test]
    fn a_file_is_empty_to_who_closed_it_before_its_grace_begins() {
        let dir = tempfile::tempdir().unwrap();
        let (log, format) = (BaseLog::open(dir.path(), None), Default::default());
        let (space, modified) = (SpaceId::new("space"), SystemTime::UNIX_EPOCH);
        let project = Project::new(7, None, space, String::new(), modified, format, log);
        let process = |group| Some(Process { group, inode: 7 });
        let mode = OpenMode { read: false, write: true, append: false, truncate: true };
        let (draft, written) = (Draft::emptied(None), SystemTime::now());
        let writer =
            Writer::new(Arc::new(project), crate::vfs::ROOT, process(1), mode, draft, written);
        let mut tree = MountTree::default();
        let fh = tree.add_handle(Handle::Writer(writer));
        tree.empty(fh);
        assert_eq!(tree.emptied_by(7, process(1)), None, "its draft tells, as long as it is open");
        tree.handles.remove(&fh);
        assert_eq!(tree.emptied_by(7, process(1)), Some(written));
        assert_eq!([tree.emptied_by(7, process(2)), tree.emptied_by(7, None)], [None, None]);
        assert_eq!(tree.emptied_by(8, process(1)), None);
        tree.written(fh);
        assert_eq!(tree.emptied_by(7, process(1)), None);
    }

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
