//! What is wrong with a config file, and where.

use std::path::Path;

/// Something in a config file that is not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// In which line; `None` if it is about the file as a whole.
    pub(crate) line: Option<usize>,
    /// What is wrong, with the key as it is written and what there is.
    pub(crate) what: String,
    /// What to do, where that does not follow.
    pub(crate) remedy: Option<String>,
}

impl Problem {
    /// Where it is: the file, and the line.
    pub(crate) fn place(&self, path: &Path) -> String {
        let path = path.display();
        self.line.map_or_else(|| path.to_string(), |line| format!("{path}:{line}"))
    }
}

/// Collects problems while a file is read.
pub(super) struct Problems<'a> {
    text: &'a str,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Something at this byte of the file.
    pub(super) fn add(&mut self, at: usize, what: impl Into<String>) {
        let before = self.text.as_bytes().get(..at).unwrap_or(self.text.as_bytes());
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        self.found.push(Problem { line: Some(line), what: what.into(), remedy: None });
    }

    /// As [`add`](Self::add), with what to do.
    pub(super) fn add_with(&mut self, at: usize, what: impl Into<String>, remedy: &str) {
        self.add(at, what);
        if let Some(last) = self.found.last_mut() {
            last.remedy = Some(remedy.to_owned());
        }
    }

    /// All of them, in the order of their lines.
    pub(super) fn all(mut self) -> Vec<Problem> {
        self.found.sort_by_key(|problem| problem.line);
        self.found
    }
}
