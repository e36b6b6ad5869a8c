//! Open files.

use std::{
    sync::{Arc, OnceLock},
    time::SystemTime,
};

use crate::{
    error::Result,
    lock_order::{Ordered, OrderedGuard, Rank},
    sync::{Base, Process, Project, read::media::OpenMedia},
    vfs::{
        dir_pages::DirectoryListing,
        draft::Draft,
        process,
        scratch_file::ScratchFile,
        tree::{
            agent_writer::AgentWriter, media_writer::MediaWriter, outcome::Outcome,
            sharing::Sharing,
        },
        types::{Ino, OpenMode},
    },
};

/// An open file or directory.
#[derive(Debug)]
pub(crate) enum Handle {
    /// A project open for reading, and its text as it was then. With `is_private` it is read past
    /// the pages that all share.
    Reader { project: Arc<Project>, process: Option<Process>, text: Arc<[u8]>, is_private: bool },
    /// A project open for writing.
    Writer(Writer),
    /// What the service said of a project or a task when it was opened.
    Answer { ino: Ino, text: Arc<[u8]> },
    /// A medium open for reading.
    Media(MediaReader),
    /// A medium open for writing.
    MediaWriter(MediaWriter),
    /// A share link open for writing.
    Sharing(Sharing),
    /// A file of an agent open for writing.
    Agent(AgentWriter),
    /// A local file.
    Scratch { file: ScratchFile, ino: Ino },
    /// A directory, as it was when it was opened.
    Directory { ino: Ino, entries: DirectoryListing },
}

/// A medium open for reading, of which not all may have come yet.
#[derive(Debug)]
pub(crate) struct MediaReader {
    pub(crate) ino: Ino,
    pub(crate) file: ScratchFile,
    pub(crate) media: OpenMedia,
}

/// A project open for writing.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) project: Arc<Project>,
    pub(crate) ino: Ino,
    /// Who opened it.
    pub(crate) process: Option<Process>,
    pub(crate) append: bool,
    /// Whether the program can read it.
    pub(crate) reads: bool,
    pub(crate) draft: Ordered<Draft>,
    /// The removed project that the file is again, if it was new when it was opened.
    pub(crate) restored: OnceLock<Arc<Project>>,
    /// What its last commit came to.
    pub(crate) outcome: Outcome,
    pub(crate) written: Ordered<SystemTime>,
    /// The time of last change that the program has set since it last wrote.
    pub(crate) dated: Ordered<Option<SystemTime>>,
}

impl Writer {
    pub(crate) fn new(
        project: Arc<Project>,
        ino: Ino,
        process: Option<Process>,
        mode: OpenMode,
        draft: Draft,
        now: SystemTime,
    ) -> Self {
        let (draft, written, dated) =
            (Ordered::new(Rank::Draft, draft), Ordered::leaf(now), Ordered::default());
        let (append, reads) = (mode.append, mode.read);
        let (outcome, restored) = (Outcome::default(), OnceLock::new());
        Self { project, ino, process, append, reads, draft, restored, outcome, written, dated }
    }

    /// What is written is saved to this project.
    pub(crate) fn target(&self) -> &Arc<Project> {
        self.restored.get().unwrap_or(&self.project)
    }

    /// The file is this project, which was removed and is back.
    pub(crate) fn go_to(&self, project: &Arc<Project>) {
        // A file that was new is restored once.
        let _ = self.restored.set(project.clone());
    }

    pub(crate) fn draft(&self) -> OrderedGuard<'_, Draft> {
        self.draft.lock()
    }

    /// When it was last written to.
    pub(crate) fn written(&self) -> SystemTime {
        *self.written.lock()
    }

    pub(crate) fn truncate(&self, size: u64, seen: Option<Base>) -> Result<()> {
        self.draft().truncate(size, seen)
    }

    pub(crate) fn touch(&self, now: SystemTime) {
        *self.written.lock() = now;
        *self.dated.lock() = None;
    }

    /// The program gives what it has written so far this time of last change.
    pub(crate) fn date(&self, time: SystemTime) {
        *self.written.lock() = time;
        *self.dated.lock() = Some(time);
    }

    pub(crate) fn dated(&self) -> Option<SystemTime> {
        *self.dated.lock()
    }
}

/// Whether a request of this thread is one of the process that opened the file. An unknown
/// process counts as the opener: committing early loses nothing, never committing would.
pub(crate) fn is_opener(opener: Option<Process>, thread: u32) -> bool {
    match (opener, process::of_thread(thread)) {
        (Some(opener), Some(caller)) => opener == caller,
        _ => true,
    }
}
