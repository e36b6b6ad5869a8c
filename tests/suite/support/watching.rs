//! Programs that watch files and directories, and what they hear.

use std::{
    collections::HashSet,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, Sender, channel},
    time::{Duration, Instant},
};

/// How long something may take to be heard.
const DEADLINE: Duration = Duration::from_secs(30);

/// What `inotifywait` is to tell: all but that something is read or opened.
const EVENTS: &str = "modify,attrib,close_write,moved_to,moved_from,create,delete,\
                      delete_self,move_self";

/// What `fs.watch` of Node tells.
const NODE: &str = "const fs = require('fs'); \
    for (const path of process.argv.slice(1)) \
        fs.watch(path, (event, name) => console.log(path + ' ' + event + ' ' + name)); \
    console.log('ready')";

/// A program that watches.
pub struct Watch {
    program: Child,
    lines: Receiver<String>,
    heard: Vec<String>,
}

impl Watch {
    /// `inotifywait` in this directory: what is heard is the path and the events.
    pub fn inotify(dir: &Path, paths: &[&str]) -> Self {
        let mut command = Command::new("inotifywait");
        command.args(["--monitor", "--format", "%w%f %e", "--event", EVENTS]).args(paths);
        Self::start(command, dir, "Watches established.")
    }

    /// Node in this directory: what is heard is the path, the kind of event and the name.
    pub fn node(dir: &Path, paths: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.args(["-e", NODE]).args(paths);
        Self::start(command, dir, "ready")
    }

    fn start(mut command: Command, dir: &Path, ready: &str) -> Self {
        command.current_dir(dir).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut program = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = channel();
        forward(program.stdout.take().unwrap(), sender.clone());
        forward(program.stderr.take().unwrap(), sender);
        let mut watch = Self { program, lines, heard: Vec::new() };
        watch.hears(ready);
        watch.heard.clear();
        watch
    }

    /// Waits until this is heard, and what was heard until then, that included. Forgets it.
    pub fn hears(&mut self, line: &str) -> Vec<String> {
        self.hears_within(DEADLINE, line)
    }

    /// As [`hears`](Self::hears), and no longer than this.
    pub fn hears_within(&mut self, longest: Duration, line: &str) -> Vec<String> {
        let end = Instant::now() + longest;
        while !self.heard.iter().any(|heard| heard == line) {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(heard) => self.heard.push(heard),
                Err(error) => panic!("{line:?} was not heard: {error}; {:?} was", self.heard),
            }
        }
        let at = self.heard.iter().position(|heard| heard == line).unwrap();
        self.heard.drain(..=at).collect()
    }

    /// Waits until so many different things were heard, and all that was. Forgets it.
    pub fn hears_of(&mut self, count: usize) -> Vec<String> {
        let end = Instant::now() + DEADLINE;
        let mut different: HashSet<String> = self.heard.iter().cloned().collect();
        while different.len() < count {
            let left = end.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(heard) => {
                    different.insert(heard.clone());
                    self.heard.push(heard);
                }
                Err(error) => panic!("{} of {count} were heard: {error}", different.len()),
            }
        }
        std::mem::take(&mut self.heard)
    }

    /// What was heard until now, of what has reached this process. Forgets it.
    pub fn has_heard(&mut self) -> Vec<String> {
        self.heard.extend(self.lines.try_iter());
        std::mem::take(&mut self.heard)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.program.kill();
        let _ = self.program.wait();
    }
}

fn forward(output: impl Read + Send + 'static, lines: Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                return;
            }
        }
    });
}
