//! What living programs have before their eyes, on disk: an editor outlives the mount, and saves its
//! old buffer to the next one.
//!
//! A record is with the kernel before the program's `open` is answered, by a `write(2)` and no `fsync`:
//! it outlives a mount that is killed. Power loss takes the programs too, and records of another boot
//! are ignored. On disk such a write can wait (for whoever syncs the same disk, or for room in memory),
//! so it is made in memory where there is a place for that, and else by a thread of its own, and no
//! thread of the kernel's waits for that: see `base_writer`. An outline is written once, a program that
//! is served it by its number. `bases.log` grows; once it is large it is put together with `bases.kept`
//! by another thread, which leaves out the programs that are gone.

use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64, mpsc},
    thread::{self, JoinHandle},
};

pub(crate) use crate::store::base_lines::Circumstances;
use crate::{
    ids::ProjectId,
    pidfs,
    plan::{Key, Outline},
    replica::served::Process,
    store::{
        base_file::{LARGE, LogDirs, LogFile, LogPlace},
        base_lines::{LogLines, News},
        base_records::Kept,
        base_writer::LogWriter,
    },
};

/// The log of one account.
#[derive(Debug)]
pub(crate) struct BaseLog {
    news: mpsc::Sender<News>,
    noted: Arc<LogWriter>,
    /// `None` where nothing is kept, or whoever notes something writes it.
    writer: Option<JoinHandle<()>>,
}

impl BaseLog {
    /// Opens the log in a directory, and what grows of it in memory below `shared` if that can be, with
    /// what it says of programs that still live. Without one everything works, but nothing outlives the
    /// mount.
    pub(crate) fn open(dir: &Path, shared: Option<&Path>) -> Arc<Self> {
        Self::open_with(LogDirs::new(dir, shared), LARGE)
    }

    fn open_with(dirs: LogDirs, large: u64) -> Arc<Self> {
        let boot = pidfs::boot();
        let contents = dirs.read(&boot);
        let (news, waiting) = mpsc::channel();
        let next = Arc::new(AtomicU64::new(0));
        let noted = LogWriter::new(LogLines::new(next.clone()), waiting);
        let begun = LogFile::begin(LogPlace::new(dirs.clone(), boot, next), &contents, large);
        let started = begun.and_then(|file| match file {
            Some(file) if dirs.is_in_memory() => {
                noted.write_to(file);
                Ok(None)
            }
            Some(file) => noted.start(file).map(Some),
            None => Ok(None),
        });
        let writer = started.unwrap_or_else(|error| {
            tracing::warn!(%error, "what programs have read is not known after a remount");
            dirs.remove_all();
            None
        });
        noted.lock().log.take_over(contents);
        Arc::new(Self { news, noted, writer })
    }

    /// What is known of a project from before this mount.
    pub(crate) fn take_kept(&self, project: &ProjectId) -> Kept {
        self.noted.lock().log.kept.remove(project).unwrap_or_default()
    }

    /// Notes what a program has before its eyes, and under which name. Nothing if that is noted.
    #[cfg(test)]
    fn note(
        &self,
        process: Process,
        project: &ProjectId,
        outline: &Arc<Outline>,
        path: Option<crate::replica::grace::FilePath>,
    ) {
        let circumstances = Circumstances { path, ..Circumstances::default() };
        self.note_with(process, project, outline, circumstances);
        self.flush();
    }

    /// The projects of which it is known, from before this mount, what this program had before its eyes,
    /// and that nobody has come to since.
    pub(crate) fn kept_of(&self, process: Process) -> Vec<ProjectId> {
        let state = self.noted.lock();
        let has = |kept: &Kept| kept.bases.iter().any(|(of, _)| *of == process);
        let mut ids: Vec<ProjectId> =
            state.log.kept.iter().filter(|(_, kept)| has(kept)).map(|(id, _)| id.clone()).collect();
        ids.sort();
        ids
    }

    /// Notes what a program has before its eyes, once the log is [flushed](Self::flush). Nothing if
    /// that is noted.
    pub(crate) fn note_with(
        &self,
        process: Process,
        project: &ProjectId,
        outline: &Arc<Outline>,
        circumstances: Circumstances,
    ) {
        let (project, outline) = (project.clone(), outline.clone());
        self.queue(News::Base { process, project, outline, circumstances });
    }

    /// Notes that tasks are known by other keys from now on, once the log is flushed.
    pub(crate) fn note_aliases(&self, project: &ProjectId, aliases: Vec<(Key, Key)>) {
        self.queue(News::Aliases { project: project.clone(), aliases });
    }

    /// Notes what the service made of texts, once the log is flushed.
    pub(crate) fn note_made(&self, project: &ProjectId, made: Vec<(Key, String, String)>) {
        self.queue(News::Made { project: project.clone(), made });
    }

    /// Returns once everything is written that was noted before, by whomever; on a thread of the
    /// kernel's at once: then the answer to its request [waits](Self::answer) for that.
    pub(crate) fn flush(&self) {
        self.noted.flush();
    }

    /// Gives the answer to a request that [owes](crate::kernel_thread::owe) this.
    pub(crate) fn answer(&self, ticket: u64, answer: impl FnOnce() + Send + 'static) {
        self.noted.answer(ticket, answer);
    }

    /// Returns once that is written which a request owes.
    pub(crate) fn wait(&self, ticket: u64) {
        self.noted.wait(ticket);
    }

    fn queue(&self, news: News) {
        // The receiver lives as long as this does.
        let _ = self.news.send(news);
    }

    /// The project that a program read under this name last.
    pub(crate) fn read_under(
        &self,
        process: Process,
        directory: &str,
        name: &str,
    ) -> Option<ProjectId> {
        self.noted.lock().log.read_under(process, directory, name)
    }

    /// A name was given up here: it stands for nothing any more, whoever has read what it was.
    pub(crate) fn forget_name(&self, directory: &str, name: &str) {
        self.noted.lock().change(|log, lines| log.forget_name(directory, name, lines));
        self.flush();
    }
}

impl Drop for BaseLog {
    fn drop(&mut self) {
        let file = self.noted.end();
        if let Some(writer) = self.writer.take_if(|it| it.thread().id() != thread::current().id()) {
            // It ends when all is written.
            let _ = writer.join();
        }
        file.into_iter().for_each(LogFile::end);
    }
}

#[cfg(test)]
#[path = "base_log_tests.rs"]
mod tests;
