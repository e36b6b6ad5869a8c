//! What an import tells: what is sent, what waits and what fails, a line each, and on a terminal how many of
//! the files it has come to.

use std::path::{Path, PathBuf};

use indicatif::{ProgressBar, ProgressStyle};

use super::super::{
    presentation,
    terminal::{confirm_done, say, tell, tell_error},
};

use crate::{
    error::{Error, Result},
    printable::printable,
};

/// What tells of an import.
pub(super) struct ImportTold {
    dir: PathBuf,
    is_dry_run: bool,
    bar: ProgressBar,
}

impl ImportTold {
    /// Of one of the files in this directory.
    pub(super) fn of(dir: &Path, is_dry_run: bool) -> Self {
        let bar = presentation::bar(Some(0));
        if let Ok(style) = ProgressStyle::with_template("sending [{bar:24}] {pos}/{len} files") {
            bar.set_style(style.progress_chars("=> "));
        }
        Self { dir: dir.to_owned(), is_dry_run, bar }
    }

    /// So many files are to be sent.
    pub(super) fn begin(&self, files: usize) {
        self.bar.set_length(files as u64);
        self.bar.tick();
    }

    /// One is done with, however that went.
    pub(super) fn step(&self) {
        self.bar.inc(1);
    }

    /// All are done with.
    pub(super) fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// A file as it is named.
    pub(super) fn shown(&self, path: &Path) -> String {
        self.dir.join(path).display().to_string()
    }

    /// These requests are sent of a file, or would be.
    ///
    /// # Errors
    /// If the terminal is gone.
    pub(super) fn sent(&self, path: &Path, lines: &[String]) -> Result<()> {
        let path = self.shown(path);
        let line = |line: &String| format!("{}: {}\n", printable(&path), printable(line));
        let lines = lines.iter().map(line).collect::<String>();
        self.bar.suspend(|| if self.is_dry_run { say(&lines) } else { confirm_done(&lines) })
    }

    /// A file was taken, as `edited` has it, and may have to wait.
    pub(super) fn taken(&self, path: &Path, edited: &serde_json::Value) {
        if edited["waits"] == true {
            let why = edited["trouble"].as_str().map(|why| format!(" ({why})")).unwrap_or_default();
            let path = self.shown(path);
            self.bar.suspend(|| {
                tell(&format_args!(
                    "{path}: saved on this machine, and not with Taskade yet{why}; `taskadefs sync` sends it"
                ));
            });
        }
    }

    /// A file is left out.
    pub(super) fn failed(&self, path: &Path, error: Error) {
        let path = self.shown(path);
        self.bar.suspend(|| tell_error(error.renamed(|_| Some(path))));
    }
}
