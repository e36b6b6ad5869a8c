//! What a project is to hold, and what it may hold after a save that nobody heard the end of.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::fd::IntoRawFd,
    path::Path,
};

use crate::support::rng::Dice;

/// A task of the model.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Task {
    depth: usize,
    done: bool,
    text: String,
}

/// What a project is to hold. Every text is unique, so equal texts are one task twice.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Plan(Vec<Task>);

impl Plan {
    /// From the form that the store prints.
    pub(super) fn from_store(tree: &str) -> Self {
        Self(tree.lines().map(task).collect())
    }

    pub(super) fn markdown(&self) -> String {
        let line = |task: &Task| {
            let mark = if task.done { 'x' } else { ' ' };
            format!("{}- [{mark}] {}\n", "  ".repeat(task.depth), task.text)
        };
        self.0.iter().map(line).collect()
    }

    /// The end of the block that begins at `start`.
    fn end_of_block(&self, start: usize) -> usize {
        let depth = self.0[start].depth;
        let below = self.0[start + 1..].iter().take_while(|task| task.depth > depth);
        start + 1 + below.count()
    }

    fn add(&mut self, random: &mut Dice, text: String) {
        let at = random.below(self.0.len() + 1);
        let deepest = at.checked_sub(1).map_or(0, |before| self.0[before].depth + 1).min(3);
        let shallowest = self.0.get(at).map_or(0, |after| after.depth.saturating_sub(1));
        let depth = shallowest.max(random.below(deepest + 1));
        self.0.insert(at, Task { depth, done: random.below(4) == 0, text });
    }

    fn move_block(&mut self, random: &mut Dice) {
        let start = random.below(self.0.len());
        let mut block: Vec<Task> = self.0.drain(start..self.end_of_block(start)).collect();
        let at = random.below(self.0.len() + 1);
        // At the depth of what follows, so that nothing else gets another parent.
        let depth = self.0.get(at).map_or(0, |after| after.depth);
        let before = block[0].depth;
        block.iter_mut().for_each(|task| task.depth = task.depth - before + depth);
        self.0.splice(at..at, block);
    }

    /// Changes one thing.
    pub(super) fn change(&mut self, random: &mut Dice, text: impl Fn(&str) -> String) {
        let (count, what) = (self.0.len(), random.below(6));
        if count < 3 || (what < 2 && count < 14) {
            return self.add(random, text("new"));
        }
        let at = random.below(count);
        match what {
            2 => self.0[at].text = text("edited"),
            3 => self.0[at].done = !self.0[at].done,
            4 => self.move_block(random),
            _ => drop(self.0.drain(at..self.end_of_block(at))),
        }
    }
}

fn task(line: &str) -> Task {
    let shown = line.trim_start_matches(' ');
    let text = shown.strip_prefix("x ");
    Task {
        depth: (line.len() - shown.len()) / 2,
        done: text.is_some(),
        text: text.unwrap_or(shown).to_owned(),
    }
}

/// How a program saves.
#[derive(Debug, Clone, Copy)]
pub(super) enum Way {
    InPlace,
    Synced,
    Renamed,
}

/// Whether a save can have reached the mount, and what it said.
pub(super) struct Attempt {
    written: bool,
    pub(super) result: io::Result<()>,
}

pub(super) fn save(path: &Path, way: Way, text: &str) -> Attempt {
    let mut attempt = Attempt { written: false, result: Ok(()) };
    attempt.result = match way {
        Way::InPlace | Way::Synced => {
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true);
            options.open(path).and_then(|mut file| {
                attempt.written = true;
                file.write_all(text.as_bytes())?;
                if matches!(way, Way::Synced) { file.sync_all() } else { close(file) }
            })
        }
        Way::Renamed => {
            let beside = path.with_file_name("4913");
            fs::write(&beside, text).and_then(|()| {
                attempt.written = true;
                fs::rename(&beside, path)
            })
        }
    };
    attempt
}

/// `close(2)` with its verdict, which `File` does not tell.
fn close(file: File) -> io::Result<()> {
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(file.into_raw_fd()) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

fn is_death(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOTCONN | libc::ECONNABORTED))
}

/// The states that a project may be in: what was told to be saved last, and what was tried
/// since.
pub(super) struct Possible(pub(super) Vec<Plan>);

impl Possible {
    pub(super) fn newest(&self) -> &Plan {
        self.0.last().unwrap()
    }

    /// One save. Whether the mount is alive.
    pub(super) fn save(&mut self, path: &Path, way: Way, next: Plan) -> bool {
        let attempt = save(path, way, &next.markdown());
        match attempt.result {
            // What was emptied and closed is saved once its grace is over: a kill leaves the text before.
            Ok(()) if next.0.is_empty() && matches!(way, Way::InPlace) => self.0.push(next),
            Ok(()) => self.0 = vec![next],
            Err(error) => {
                assert!(is_death(&error), "{way:?}: {error}");
                if attempt.written {
                    self.0.push(next);
                }
                return false;
            }
        }
        true
    }

    pub(super) fn settle(&mut self, found: Plan, what: &str) {
        assert!(
            self.0.contains(&found),
            "{what} is\n{}\nand may be\n{}",
            found.markdown(),
            self.0.iter().map(Plan::markdown).collect::<Vec<_>>().join("\nor\n")
        );
        self.0 = vec![found];
    }
}
