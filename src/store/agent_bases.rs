//! What living programs have before their eyes of agents, on disk: an editor outlives the mount, and
//! saves its old text to the next one.
//!
//! A file for each program and file of an agent is with the kernel before the program is answered, without an
//! `fsync`: it outlives a mount that is killed. Power loss takes the programs too, and what is of another
//! boot is ignored.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::{
    api::AgentState, file_name::NAME_MAX, ids::AgentId, kernel_thread, pidfs,
    replica::served::Process,
};

/// After how many writes those are removed whose programs are gone.
const SWEEP_AFTER: u64 = 64;

/// What a program has before its eyes of an agent, by which of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgentBase {
    pub(crate) process: Process,
    pub(crate) agent: AgentId,
    pub(crate) file: String,
    pub(crate) state: AgentState,
}

/// The files of one account.
#[derive(Debug)]
pub(crate) struct AgentBases {
    dir: PathBuf,
    boot: String,
    /// How many were written by this mount.
    written: AtomicU64,
}

#[derive(Serialize, Deserialize)]
struct Record {
    boot: String,
    group: u32,
    inode: u64,
    agent: AgentId,
    file: String,
    state: AgentState,
}

impl AgentBases {
    /// Those of the account whose directory this is. Nothing is made before it is needed.
    pub(crate) fn of(account: &Path) -> Self {
        let dir = account.join("agents.bases");
        Self { dir, boot: pidfs::boot(), written: AtomicU64::new(0) }
    }

    /// What programs that still live have before their eyes, the latest last. What is of others goes.
    pub(crate) fn read(&self) -> Vec<AgentBase> {
        let entries = fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries
            .filter_map(|entry| {
                let base = self.read_one(&entry.path());
                if base.is_none() {
                    // It is looked at again by the next sweep.
                    let _ = fs::remove_file(entry.path());
                }
                Some((entry.metadata().and_then(|it| it.modified()).ok()?, base?))
            })
            .collect();
        found.sort_by_key(|(written, _)| *written);
        found.into_iter().map(|(_, base)| base).collect()
    }

    /// Keeps what a program has before its eyes. Without it everything works, but for what comes after
    /// the mount.
    pub(crate) fn put(&self, base: AgentBase) {
        let AgentBase { process, agent, file, state } = base;
        kernel_thread::assert_not_serving("what a program has read is written");
        // On a kernel that numbers no processes another one may have its number.
        if process.inode == 0 || self.boot.is_empty() {
            return;
        }
        let Process { group, inode } = process;
        let id = utf8_percent_encode(agent.as_str(), NON_ALPHANUMERIC);
        let name = format!("{group}-{inode}-{file}-{id}");
        let record = Record { boot: self.boot.clone(), group, inode, agent, file, state };
        let number = self.written.fetch_add(1, Ordering::Relaxed);
        if let Err(error) = self.write(&name, number, &record) {
            tracing::warn!(%error, "what a program has read of an agent is not known after a remount");
        }
        if number % SWEEP_AFTER == SWEEP_AFTER - 1 {
            self.read();
        }
    }

    fn write(&self, name: &str, number: u64, record: &Record) -> io::Result<()> {
        if name.len() > NAME_MAX {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.dir)?;
        let part = self.dir.with_extension(format!("bases.{number}"));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        file.write_all(&serde_json::to_vec(record)?)?;
        fs::rename(&part, self.dir.join(name))
    }

    fn read_one(&self, path: &Path) -> Option<AgentBase> {
        let record: Record = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
        let Record { boot, group, inode, agent, file, state } = record;
        let lives = boot == self.boot && pidfs::inode(group) == Some(inode);
        lives.then_some(AgentBase { process: Process { group, inode }, agent, file, state })
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::{AgentBase, AgentBases};
    use crate::{api::AgentState, ids::AgentId, pidfs, replica::served::Process};

    fn process(group: u32) -> Process {
        Process { group, inode: pidfs::inode(group).unwrap() }
    }

    #[test]
    fn what_a_living_program_had_before_its_eyes_last_is_there_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let bases = AgentBases::of(dir.path());
        assert_eq!(bases.read(), []);
        let state = |name: &str| AgentState { name: name.to_owned(), data: Default::default() };
        let mut other = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let (me, gone) = (process(std::process::id()), process(other.id()));
        let base = |process, agent: &str, file: &str, name: &str| AgentBase {
            process,
            agent: AgentId::new(agent),
            file: file.to_owned(),
            state: state(name),
        };
        bases.put(base(me, "a/b", "prompt.md", "old"));
        bases.put(base(gone, "a/b", "prompt.md", "x"));
        let left = [base(me, "a/b", "prompt.md", "new"), base(me, "a/b", "agent.json", "y")];
        left.clone().into_iter().for_each(|base| bases.put(base));
        assert_eq!(bases.read().len(), 3);
        other.kill().unwrap();
        other.wait().unwrap();
        assert_eq!(AgentBases::of(dir.path()).read(), left);
        assert_eq!(std::fs::read_dir(dir.path().join("agents.bases")).unwrap().count(), 2);
        bases.put(base(Process { group: 1, inode: 0 }, "d", "prompt.md", "z"));
        assert_eq!(bases.read().len(), 2, "nobody can tell whose it is");
    }
}
