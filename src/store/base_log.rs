//! What living programs have before their eyes, on disk: an editor outlives the mount, and saves its
//! old buffer to the next one.
//!
//! A record is with the kernel before the program's `open` is answered, by one `write(2)` and no
//! `fsync`: it outlives a mount that is killed. Power loss takes the programs too, and records of
//! another boot are ignored. An outline is written once, a program that is served it by its number.
//! `bases.log` grows; once it is large it is put together with `bases.kept` by a thread of its own,
//! which leaves out the programs that are gone.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Weak,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
};

use lru::LruCache;

use crate::{
    ids::ProjectId,
    lock_order::{Ordered, OrderedGuard},
    pidfs,
    plan::{Key, Outline},
    replica::{
        grace::{Edited, FilePath, Grace},
        served::Process,
    },
    store::base_records::{Contents, EditedFrom, Kept, Noted, Record, create, push},
};

/// What is written since the last mount began, or since it was put together.
pub(crate) const LOG: &str = "bases.log";

/// The same, while it is put together with what was kept.
pub(crate) const ROTATED: &str = "bases.rotated";

/// What was put together.
pub(crate) const KEPT: &str = "bases.kept";

/// Size of the log in bytes at which it is put together.
pub(crate) const LARGE: u64 = 16 << 20;

/// How many outlines of one project are known by number.
pub(crate) const OUTLINES: usize = 4;

/// How many programs at projects are known to be noted, and how many paths.
pub(crate) const REMEMBERED: usize = 8192;

/// What was noted last: the number of the outline, its name, until when it is its own, and what it
/// was edited from.
pub(crate) type LastNoted = (u64, Option<FilePath>, Option<Grace>, Option<EditedFrom>);

/// What there is to note of what a program has before its eyes, beside that.
#[derive(Debug, Default, Clone)]
pub(crate) struct Circumstances {
    /// Under which name.
    pub(crate) path: Option<FilePath>,
    /// Until when it is served it, if it has saved it a moment ago.
    pub(crate) grace: Option<Grace>,
    /// What it was edited from, if it has saved it.
    pub(crate) edited: Option<Edited>,
}

/// What is to be written. Whoever notes it may hold the lock of a project: the order in which that is
/// noted is the order in which it is written.
#[derive(Debug)]
enum News {
    Base {
        process: Process,
        project: ProjectId,
        outline: Arc<Outline>,
        circumstances: Circumstances,
    },
    Aliases {
        project: ProjectId,
        aliases: Vec<(Key, Key)>,
    },
    Made {
        project: ProjectId,
        made: Vec<(Key, String, String)>,
    },
}

#[derive(Debug)]
pub(crate) struct LogInner {
    waiting: mpsc::Receiver<News>,
    /// `None` if it cannot be written.
    file: Option<File>,
    bytes: u64,
    next: u64,
    outlines: HashMap<ProjectId, Vec<(Weak<Outline>, u64)>>,
    noted: LruCache<(Process, ProjectId), LastNoted>,
    paths: LruCache<(Process, Arc<str>, Arc<str>), ProjectId>,
    kept: HashMap<ProjectId, Kept>,
}

/// The log of one account.
#[derive(Debug)]
pub(crate) struct BaseLog {
    dir: PathBuf,
    boot: String,
    news: mpsc::Sender<News>,
    inner: Ordered<LogInner>,
    rotating: AtomicBool,
}

impl BaseLog {
    /// Opens the log in a directory, with what it says of programs that still live. Without one
    /// everything works, but nothing outlives the mount.
    pub(crate) fn open(dir: &Path) -> Arc<Self> {
        let boot = pidfs::boot();
        let mut contents = Contents::default();
        if !boot.is_empty() {
            [KEPT, ROTATED, LOG].iter().for_each(|name| contents.read(&dir.join(name), &boot));
        }
        contents.drop_dead();
        let (news, waiting) = mpsc::channel();
        let mut inner = LogInner {
            waiting,
            file: None,
            bytes: 0,
            next: 0,
            outlines: HashMap::new(),
            noted: LruCache::unbounded(),
            paths: LruCache::unbounded(),
            kept: HashMap::new(),
        };
        match begin(dir, &boot, &contents, &mut inner) {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(%error, "what programs have read is not known after a remount");
                remove_all(dir);
            }
        }
        inner.take_over(contents);
        let (inner, rotating) = (Ordered::leaf(inner), AtomicBool::new(false));
        Arc::new(Self { dir: dir.to_owned(), boot, news, inner, rotating })
    }

    /// What is known of a project from before this mount.
    pub(crate) fn take_kept(&self, project: &ProjectId) -> Kept {
        self.lock().kept.remove(project).unwrap_or_default()
    }

    /// Notes what a program has before its eyes, and under which name. Nothing if that is noted.
    #[cfg(test)]
    fn note(
        self: &Arc<Self>,
        process: Process,
        project: &ProjectId,
        outline: &Arc<Outline>,
        path: Option<FilePath>,
    ) {
        let circumstances = Circumstances { path, ..Circumstances::default() };
        self.note_with(process, project, outline, circumstances);
        self.flush();
    }

    /// The projects of which it is known, from before this mount, what this program had before its eyes,
    /// and that nobody has come to since.
    pub(crate) fn kept_of(&self, process: Process) -> Vec<ProjectId> {
        let inner = self.lock();
        let has = |kept: &Kept| kept.bases.iter().any(|(of, _)| *of == process);
        let mut ids: Vec<ProjectId> =
            inner.kept.iter().filter(|(_, kept)| has(kept)).map(|(id, _)| id.clone()).collect();
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

    /// Returns once everything is written that was noted before, by whomever.
    pub(crate) fn flush(self: &Arc<Self>) {
        let mut inner = self.lock();
        let mut lines = Vec::new();
        while let Ok(news) = inner.waiting.try_recv() {
            inner.take(news, &mut lines);
        }
        self.append(inner, &lines);
    }

    fn queue(&self, news: News) {
        // The receiver lives as long as this does.
        let _ = self.news.send(news);
    }

    /// The project that a program read under this name last.
    pub(crate) fn read_under(
        self: &Arc<Self>,
        process: Process,
        directory: &str,
        name: &str,
    ) -> Option<ProjectId> {
        self.flush();
        let key = (process, Arc::from(directory), Arc::from(name));
        self.lock().paths.peek(&key).cloned()
    }

    /// A name was given up here: it stands for nothing any more, whoever has read what it was.
    pub(crate) fn forget_name(self: &Arc<Self>, directory: &str, name: &str) {
        self.flush();
        let mut inner = self.lock();
        let is_it = |key: &&(Process, Arc<str>, Arc<str>)| *key.1 == *directory && *key.2 == *name;
        let gone: Vec<_> = inner.paths.iter().map(|(key, _)| key).filter(is_it).cloned().collect();
        gone.iter().for_each(|key| drop(inner.paths.pop(key)));
        if !gone.is_empty() {
            let mut lines = Vec::new();
            let (directory, name) = (Arc::from(directory), Arc::from(name));
            push(&mut lines, &Record::Forgotten { directory, name });
            self.append(inner, &lines);
        }
    }

    fn lock(&self) -> OrderedGuard<'_, LogInner> {
        self.inner.lock()
    }

    /// Writes whole lines. What cannot be written leaves what is there out of date: then nothing is
    /// kept at all.
    fn append(self: &Arc<Self>, mut inner: OrderedGuard<'_, LogInner>, lines: &[u8]) {
        let Some(file) = inner.file.as_mut().filter(|_| !lines.is_empty()) else { return };
        if let Err(error) = file.write_all(lines) {
            tracing::warn!(%error, "what programs have read is not known after a remount");
            inner.file = None;
            remove_all(&self.dir);
            return;
        }
        inner.bytes += lines.len() as u64;
        if inner.bytes > LARGE && !self.rotating.swap(true, Ordering::AcqRel) {
            let rotated = self.rotate(&mut inner);
            drop(inner);
            let log = self.clone();
            let work = move || {
                if rotated.is_ok_and(|()| log.put_together().is_ok()) {
                    log.rotating.store(false, Ordering::Release);
                }
            };
            // Without a thread the log only grows.
            drop(std::thread::Builder::new().name("bases".to_owned()).spawn(work));
        }
    }

    fn rotate(&self, inner: &mut LogInner) -> io::Result<()> {
        fs::rename(self.dir.join(LOG), self.dir.join(ROTATED))?;
        inner.outlines.clear();
        inner.noted.clear();
        let mut file = create(&self.dir.join(LOG))?;
        let mut lines = Vec::new();
        push(&mut lines, &Record::Boot(self.boot.clone()));
        file.write_all(&lines)?;
        inner.file = Some(file);
        inner.bytes = 0;
        Ok(())
    }

    fn put_together(&self) -> io::Result<()> {
        let mut contents = Contents::default();
        let rotated = self.dir.join(ROTATED);
        contents.read(&self.dir.join(KEPT), &self.boot);
        contents.read(&rotated, &self.boot);
        contents.drop_dead();
        // Numbers are one file's own, but for those that the log goes on with.
        let mut scratch = self.lock().next;
        contents.write(&self.dir.join(KEPT), &self.boot, &mut scratch)?;
        let mut inner = self.lock();
        inner.next = inner.next.max(scratch);
        drop(inner);
        fs::remove_file(rotated)
    }
}

impl LogInner {
    /// Takes over what was noted, and adds the lines that tell it.
    fn take(&mut self, news: News, lines: &mut Vec<u8>) {
        match news {
            News::Base { process, project, outline, circumstances } => {
                self.take_base(process, project, &outline, circumstances, lines);
            }
            News::Aliases { project, aliases } => {
                for (from, to) in aliases {
                    push(lines, &Record::Alias { project: project.clone(), from, to });
                }
            }
            News::Made { project, made } => {
                for (key, sent, now) in made {
                    push(lines, &Record::Made { project: project.clone(), key, sent, now });
                }
            }
        }
    }

    fn take_base(
        &mut self,
        process: Process,
        project: ProjectId,
        outline: &Arc<Outline>,
        Circumstances { path, grace, edited }: Circumstances,
        lines: &mut Vec<u8>,
    ) {
        if process.inode == 0 {
            return;
        }
        if let Some((dir, name)) = &path {
            self.paths.put((process, dir.clone(), name.clone()), project.clone());
            if self.paths.len() > REMEMBERED {
                self.paths.pop_lru();
            }
        }
        if self.file.is_none() {
            return;
        }
        let id = self.number(&project, outline, lines);
        let edited = edited.map(|Edited { outline, is_added, since }| EditedFrom {
            outline: self.number(&project, &outline, lines),
            is_added,
            since,
        });
        let key = (process, project.clone());
        let is_noted = |known: &LastNoted| {
            (known.0, known.3) == (id, edited) && known.1 == path && Grace::is_about(known.2, grace)
        };
        if self.noted.get(&key).is_some_and(is_noted) {
            return;
        }
        self.noted.put(key, (id, path.clone(), grace, edited));
        if self.noted.len() > REMEMBERED {
            self.noted.pop_lru();
        }
        let Process { group, inode } = process;
        push(lines, &Record::Base { group, inode, project, outline: id, path, grace, edited });
    }

    /// The number of an outline, which is written if it has none.
    fn number(&mut self, project: &ProjectId, outline: &Arc<Outline>, lines: &mut Vec<u8>) -> u64 {
        let known = self.outlines.entry(project.clone()).or_default();
        let is_it = |(seen, _): &&(Weak<Outline>, u64)| {
            std::ptr::eq(seen.as_ptr(), Arc::as_ptr(outline)) && seen.strong_count() > 0
        };
        if let Some((_, id)) = known.iter().find(is_it) {
            return *id;
        }
        self.next += 1;
        let id = self.next;
        if known.len() >= OUTLINES {
            known.remove(0);
        }
        known.push((Arc::downgrade(outline), id));
        push(lines, &Record::Outline { id, outline: Outline::clone(outline) });
        id
    }

    fn take_over(&mut self, contents: Contents) {
        for Noted { process, project, outline, path, grace, edited } in contents.noted {
            if let Some((dir, name)) = path {
                self.paths.put((process, dir, name), project.clone());
            }
            let kept = self.kept.entry(project).or_default();
            kept.bases.push((process, outline));
            kept.graces.extend(grace.map(|grace| (process, grace)));
            kept.edited.extend(edited.map(|edited| (process, edited)));
        }
        for (project, aliases) in contents.aliases {
            self.kept.entry(project).or_default().aliases = aliases;
        }
        for (project, made) in contents.made {
            self.kept.entry(project).or_default().made = made;
        }
    }
}

/// Keeps what was found, and begins an empty log. In this order: whatever is killed in between, all
/// is there.
pub(crate) fn begin(
    dir: &Path,
    boot: &str,
    contents: &Contents,
    inner: &mut LogInner,
) -> io::Result<()> {
    if boot.is_empty() {
        return Ok(());
    }
    contents.write(&dir.join(KEPT), boot, &mut inner.next)?;
    match fs::remove_file(dir.join(ROTATED)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let temporary = dir.join(LOG).with_extension("begun");
    let mut file = create(&temporary)?;
    let mut lines = Vec::new();
    push(&mut lines, &Record::Boot(boot.to_owned()));
    file.write_all(&lines)?;
    fs::rename(temporary, dir.join(LOG))?;
    inner.file = Some(file);
    Ok(())
}

pub(crate) fn remove_all(dir: &Path) {
    for name in [LOG, ROTATED, KEPT] {
        // What cannot be removed is told by what failed before.
        let _ = fs::remove_file(dir.join(name));
    }
}

#[cfg(test)]
#[path = "base_log_tests.rs"]
mod tests;
