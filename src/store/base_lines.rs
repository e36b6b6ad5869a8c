//! What is noted of served bases, as lines of their log, and what is known of it in memory.

use std::{
    collections::HashMap,
    sync::{
        Arc, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use lru::LruCache;

use crate::{
    ids::ProjectId,
    plan::{Key, Outline},
    replica::{
        grace::{Edited, FilePath, Grace},
        served::Process,
    },
    store::base_records::{Contents, EditedFrom, Kept, Noted, Record, push},
};

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
pub(crate) enum News {
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

/// What the log says and has said, and what it said of living programs when it was opened.
#[derive(Debug)]
pub(crate) struct LogLines {
    /// Whether anything outlives the mount.
    pub(crate) is_kept: bool,
    /// The number given last to an outline.
    next: Arc<AtomicU64>,
    outlines: HashMap<ProjectId, Vec<(Weak<Outline>, u64)>>,
    noted: LruCache<(Process, ProjectId), LastNoted>,
    paths: LruCache<(Process, Arc<str>, Arc<str>), ProjectId>,
    pub(crate) kept: HashMap<ProjectId, Kept>,
}

impl LogLines {
    pub(crate) fn new(next: Arc<AtomicU64>) -> Self {
        Self {
            is_kept: false,
            next,
            outlines: HashMap::new(),
            noted: LruCache::unbounded(),
            paths: LruCache::unbounded(),
            kept: HashMap::new(),
        }
    }

    /// What is noted from now on is in a file of its own, which refers to nothing before it.
    pub(crate) fn begin_anew(&mut self) {
        self.outlines.clear();
        self.noted.clear();
    }

    /// The project that a program read under this name last.
    pub(crate) fn read_under(
        &self,
        process: Process,
        directory: &str,
        name: &str,
    ) -> Option<ProjectId> {
        self.paths.peek(&(process, Arc::from(directory), Arc::from(name))).cloned()
    }

    /// A name stands for nothing any more, whoever has read what it was.
    pub(crate) fn forget_name(&mut self, directory: &str, name: &str, lines: &mut Vec<u8>) {
        let is_it = |key: &&(Process, Arc<str>, Arc<str>)| *key.1 == *directory && *key.2 == *name;
        let gone: Vec<_> = self.paths.iter().map(|(key, _)| key).filter(is_it).cloned().collect();
        gone.iter().for_each(|key| drop(self.paths.pop(key)));
        if !gone.is_empty() {
            let (directory, name) = (Arc::from(directory), Arc::from(name));
            push(lines, &Record::Forgotten { directory, name });
        }
    }

    /// Takes over what was noted, and adds the lines that tell it.
    pub(crate) fn take(&mut self, news: News, lines: &mut Vec<u8>) {
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
        if !self.is_kept {
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
        let id = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        if known.len() >= OUTLINES {
            known.remove(0);
        }
        known.push((Arc::downgrade(outline), id));
        push(lines, &Record::Outline { id, outline: Outline::clone(outline) });
        id
    }

    pub(crate) fn take_over(&mut self, contents: Contents) {
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
