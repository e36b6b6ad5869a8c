//! From the journal's entry of a project back to what is local: what a mount goes on with that the
//! one before has left. The inverse of [`entry`](crate::store::journal::entry). Pure.

use std::{sync::Arc, time::SystemTime};

use crate::{
    plan::Outline,
    replica::{
        creation::Creating,
        current::Current,
        grace::Edited,
        local::{Local, Saved},
        pending::PendingSave,
        relocation::Relocation,
    },
    store::journal::JournalEntry,
};

/// What an entry says of its project.
#[derive(Debug)]
pub(crate) struct Reinstated {
    local: Local,
    row: Option<i64>,
    creating: Option<Creating>,
    is_to_be_archived: bool,
    /// Numbers below this are taken.
    used: u32,
}

impl Reinstated {
    /// What `entry` says. `own` is what the text of the program that saved it stands for, and what that
    /// was edited from, if the program still has it before its eyes.
    pub(crate) fn new(entry: JournalEntry, own: Option<(Arc<Outline>, Edited)>) -> Self {
        let is_born = entry.project.is_some();
        let JournalEntry { row, text, outline, save, creating, archive, since, rejected, .. } =
            entry;
        let used = save.target().next_new().max(outline.next_new());
        let is_added = own.as_ref().is_some_and(|(_, edited)| edited.is_added);
        let (written, edited) = own.map(|(written, edited)| (written, edited.outline)).unzip();
        let text: Arc<[u8]> = text.into();
        let outline = Arc::new(outline);
        let is_known = !is_born || has_text(&save, &text, since);
        let save = Box::new(save);
        let saved = Box::new(Saved { text, outline, written, edited, is_added, since });
        let local = match rejected {
            Some(rejection) => Local::Rejected(save, saved, Box::new(rejection)),
            None => Local::Pending(save, Some(saved).filter(|_| is_known)),
        };
        Self { local, row, creating, is_to_be_archived: archive, used }
    }

    /// Puts it back where it was, before anybody has seen the project.
    pub(crate) fn put_back(self, current: &mut Current) {
        let Self { local, row, creating, is_to_be_archived, used } = self;
        current.reinstate(local, (row, creating), is_to_be_archived, used);
    }
}

/// Whether a row has a text. That of a project that was never read, and is to go elsewhere or to be
/// archived, has none, and the project is not empty for that: it is as old as what is to be done.
fn has_text(save: &PendingSave, text: &[u8], since: SystemTime) -> bool {
    let moved = save.relocation().map(Relocation::since);
    !text.is_empty() || since != moved.unwrap_or(SystemTime::UNIX_EPOCH)
}
