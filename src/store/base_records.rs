//! The records of the log of served bases, and what files of them say.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    io::{self, BufRead, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

use serde::{Deserialize, Serialize};

use crate::{
    ids::ProjectId,
    pidfs,
    plan::{Key, Outline},
    replica::{
        grace::{Edited, FilePath, Grace},
        served::Process,
    },
};

/// One line of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Record {
    Boot(String),
    Outline {
        id: u64,
        outline: Outline,
    },
    Base {
        group: u32,
        inode: u64,
        project: ProjectId,
        outline: u64,
        path: Option<FilePath>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grace: Option<Grace>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        edited: Option<EditedFrom>,
    },
    /// A task is known by another key from now on.
    Alias {
        project: ProjectId,
        from: Key,
        to: Key,
    },
    /// A name stands for nothing any more that was read under it before.
    Forgotten {
        directory: Arc<str>,
        name: Arc<str>,
    },
    /// What the service made of a text.
    Made {
        project: ProjectId,
        key: Key,
        sent: String,
        now: String,
    },
}

/// What a text was edited from that its program saved, by the number of that outline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EditedFrom {
    pub(crate) outline: u64,
    #[serde(default)]
    pub(crate) is_added: bool,
    pub(crate) since: SystemTime,
}

/// What was kept of one project.
#[derive(Debug, Default, Clone)]
pub(crate) struct Kept {
    /// The one noted last comes last.
    pub(crate) bases: Vec<(Process, Arc<Outline>)>,
    /// Of the programs that saved a moment before.
    pub(crate) graces: Vec<(Process, Grace)>,
    /// Of the programs that wrote what they have.
    pub(crate) edited: Vec<(Process, Edited)>,
    pub(crate) aliases: Vec<(Key, Key)>,
    pub(crate) made: Vec<(Key, String, String)>,
}

/// What a program has before its eyes of a project, and under which name it read that.
#[derive(Debug)]
pub(crate) struct Noted {
    pub(crate) process: Process,
    pub(crate) project: ProjectId,
    pub(crate) outline: Arc<Outline>,
    pub(crate) path: Option<FilePath>,
    pub(crate) grace: Option<Grace>,
    pub(crate) edited: Option<Edited>,
}

/// Everything that the files say of programs that live.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) noted: Vec<Noted>,
    pub(crate) aliases: HashMap<ProjectId, Vec<(Key, Key)>>,
    pub(crate) made: HashMap<ProjectId, Vec<(Key, String, String)>>,
}

impl Contents {
    /// Reads a file on. What cannot be read of it is left out: a record was torn.
    pub(crate) fn read(&mut self, path: &Path, boot: &str) {
        let Ok(file) = File::open(path) else { return };
        let mut outlines: HashMap<u64, Arc<Outline>> = HashMap::new();
        let mut is_this_boot = false;
        for line in io::BufReader::new(file).split(b'\n').map_while(Result::ok) {
            let Ok(record) = serde_json::from_slice(&line) else { continue };
            match record {
                Record::Boot(of) => is_this_boot = of == boot,
                _ if !is_this_boot => return,
                Record::Outline { id, outline } => {
                    outlines.insert(id, Arc::new(outline));
                }
                Record::Base { group, inode, project, outline, path, grace, edited } => {
                    let process = Process { group, inode };
                    let Some(outline) = outlines.get(&outline).cloned() else { continue };
                    let edited = edited.and_then(|EditedFrom { outline, is_added, since }| {
                        let outline = outlines.get(&outline).cloned()?;
                        Some(Edited { outline, is_added, since })
                    });
                    self.noted.retain(|noted| noted.process != process || noted.project != project);
                    self.noted.push(Noted { process, project, outline, path, grace, edited });
                }
                Record::Forgotten { directory, name } => {
                    let is_it = |path: &mut FilePath| path.0 == directory && path.1 == name;
                    self.noted.iter_mut().for_each(|noted| drop(noted.path.take_if(is_it)));
                }
                Record::Alias { project, from, to } => {
                    self.aliases.entry(project).or_default().push((from, to));
                }
                Record::Made { project, key, sent, now } => {
                    self.made.entry(project).or_default().push((key, sent, now));
                }
            }
        }
    }

    /// Forgets programs that are gone, and what only they needed.
    pub(crate) fn drop_dead(&mut self) {
        let mut alive: HashMap<Process, bool> = HashMap::new();
        self.noted.retain(|noted| {
            let Process { group, inode } = noted.process;
            *alive.entry(noted.process).or_insert_with(|| pidfs::inode(group) == Some(inode))
        });
        let is_read = |project: &ProjectId| self.noted.iter().any(|n| n.project == *project);
        self.aliases.retain(|project, _| is_read(project));
        self.made.retain(|project, _| is_read(project));
    }

    pub(crate) fn write(&self, path: &Path, boot: &str, next: &AtomicU64) -> io::Result<()> {
        let mut lines = Vec::new();
        push(&mut lines, &Record::Boot(boot.to_owned()));
        let mut numbers: HashMap<*const Outline, u64> = HashMap::new();
        let mut number = |outline: &Arc<Outline>, lines: &mut Vec<u8>| {
            *numbers.entry(Arc::as_ptr(outline)).or_insert_with(|| {
                let id = next.fetch_add(1, Ordering::Relaxed) + 1;
                push(lines, &Record::Outline { id, outline: Outline::clone(outline) });
                id
            })
        };
        for Noted { process, project, outline, path, grace, edited } in &self.noted {
            let outline = number(outline, &mut lines);
            let edited = edited.as_ref().map(|Edited { outline, is_added, since }| EditedFrom {
                outline: number(outline, &mut lines),
                is_added: *is_added,
                since: *since,
            });
            let (Process { group, inode }, project) = (*process, project.clone());
            let (path, grace) = (path.clone(), *grace);
            let base = Record::Base { group, inode, project, outline, path, grace, edited };
            push(&mut lines, &base);
        }
        for (project, aliases) in &self.aliases {
            for (from, to) in aliases.iter().cloned() {
                push(&mut lines, &Record::Alias { project: project.clone(), from, to });
            }
        }
        for (project, made) in &self.made {
            for (key, sent, now) in made.iter().cloned() {
                push(&mut lines, &Record::Made { project: project.clone(), key, sent, now });
            }
        }
        let temporary = path.with_extension("new");
        create(&temporary)?.write_all(&lines)?;
        fs::rename(temporary, path)
    }
}

/// A new file at this path, for appending.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    // Whatever was left there is of a mount that is gone.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    options.append(true).create_new(true).mode(0o600).open(path)
}

/// Adds a record.
pub(crate) fn push(lines: &mut Vec<u8>, record: &Record) {
    // Cannot fail: every key of a map is a string.
    if serde_json::to_writer(&mut *lines, record).is_ok() {
        lines.push(b'\n');
    }
}
