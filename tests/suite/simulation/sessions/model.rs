//! The reference model of a session: which text each program has before its eyes, and what became
//! of its lines. One page, to be read.
//!
//! A program is an editor: it holds a buffer.
//!
//! - What it loads is its buffer. It loads when it opens the file, and when it reloads it later
//!   than the grace after its own save.
//! - What it saves is its buffer. A re-read within the grace gets back just that, in canonical form,
//!   whatever others did: the editor verifies its save, and its buffer stays as it is.
//! - It appends a line without reading: the line is in the file and in its buffer.
//! - A mount that goes, is killed, or comes back changes no buffer.
//! - Whoever is told that a move was refused and that the copy made for it is kept too removes that
//!   copy: the service has refused to, and nobody else may.
//!
//! From this follows all that a save may do:
//!
//! - A line is gone only if somebody took it out of a buffer in which it stood, or deleted it in the
//!   app. A line that never stood in a buffer is not removed by saving that buffer.
//! - A line that was taken out of a buffer whose save was acknowledged is gone, unless somebody else
//!   edited or moved it: who changes a line keeps it. A line that was put among lines that others
//!   have moved meanwhile goes with them, and so is moved.
//! - A line is there once.
//! - Who puts a new line in the place of one that it takes out may have edited that line, for all that
//!   a text can tell: who changes the one keeps the other. If another one edits it too, the later save
//!   stands, and the version that it overrides is in `conflicts/`: that line need not be in the file.
//!   Nor if the later save waits, and its line is taken out before it is sent.
//! - A mount with a maximum age saves without looking for that long after it looked: a line that
//!   another one put, changed or moved there since, it may override, and it may make one again that
//!   another one has made again since. Nobody can show what nobody has seen.

use std::collections::{BTreeMap, BTreeSet};

use crate::simulation::named_lines::names;

/// What became of a line. Each has a name of its own, which no edit changes.
#[derive(Debug, Default)]
pub(crate) struct Fate {
    /// A program was told that it is saved, or it was added in the app.
    pub(crate) promised: bool,
    /// Somebody took it out, and the save may or may not have counted.
    pub(crate) perhaps_removed: bool,
    /// Somebody took it out of a buffer, and that buffer's save was acknowledged.
    pub(crate) removed: bool,
    /// Somebody edited or moved it after it was added.
    pub(crate) changed: bool,
    /// Another text was put in the place of its own.
    pub(crate) overridden: bool,
    /// The lines that were put in its place: they are in its task.
    pub(crate) became: BTreeSet<String>,
    /// A mount that did not have to look took it away as it never saw it, or made it again.
    pub(crate) overridden_unseen: bool,
    pub(crate) doubled_unseen: bool,
    /// Whether it was at the service, in which task, and whether that then was there no more: another
    /// one may have been made for it at once.
    pub(crate) was_there: bool,
    pub(crate) task: Option<String>,
    pub(crate) vanished: bool,
}

impl Fate {
    /// Whether the service, or at least the mount, must have it.
    pub(crate) fn must_be_there(&self) -> bool {
        self.promised && !self.perhaps_removed && !self.overridden_unseen
    }

    /// Whether it may be in `conflicts/` alone: overridden at the service, or before it got there.
    pub(crate) fn may_be_set_aside(&self) -> bool {
        self.overridden || !self.was_there
    }

    /// Whether it must not be there once everything is through.
    pub(crate) fn must_be_gone(&self) -> bool {
        self.removed && !self.changed && !self.doubled_unseen
    }
}

/// The lines that ever were, by name.
pub(crate) type Lines = BTreeMap<String, Fate>;

/// A program with a buffer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Buffer {
    pub(crate) lines: Vec<String>,
    /// What it took out since it saved last, and what it changed.
    removed: BTreeSet<String>,
}

impl Buffer {
    /// The buffer of a program that has just loaded this text.
    pub(crate) fn loaded(text: &str) -> Self {
        Self { lines: text.lines().map(str::to_owned).collect(), removed: BTreeSet::new() }
    }

    /// What it saves: the canonical form, since a program here types no other.
    pub(crate) fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    /// Takes a line out.
    pub(crate) fn remove(&mut self, at: usize) {
        self.removed.extend(names(&self.lines.remove(at)));
    }

    /// It is about to save: from here on what it took out may be gone.
    pub(crate) fn saving(&self, lines: &mut Lines) {
        for name in &self.removed {
            lines.entry(name.clone()).or_default().perhaps_removed = true;
        }
    }

    /// It was told that it is saved.
    pub(crate) fn saved(&mut self, lines: &mut Lines) {
        for name in std::mem::take(&mut self.removed) {
            lines.entry(name).or_default().removed = true;
        }
        for name in self.lines.iter().flat_map(|line| names(line)) {
            lines.entry(name).or_default().promised = true;
        }
    }
}
