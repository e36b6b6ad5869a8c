//! What a project is to become beside what Taskade has: nothing, a save that waits, or one that was
//! rejected. Pure.

use std::{sync::Arc, time::SystemTime};

use crate::{
    plan::Outline,
    replica::{grace::Edited, pending::PendingSave, rejection::Rejection},
};

/// A text that was saved and is not, or not yet, what Taskade has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Saved {
    pub(crate) text: Arc<[u8]>,
    /// What a program that reads this text now has before its eyes.
    pub(crate) outline: Arc<Outline>,
    /// What the program's own text stands for, if that is known.
    pub(crate) written: Option<Arc<Outline>>,
    /// What it was edited from, if that is known.
    pub(crate) edited: Option<Arc<Outline>>,
    /// Whether it was added to one that waited.
    pub(crate) is_added: bool,
    /// When it was saved.
    pub(crate) since: SystemTime,
}

impl Saved {
    /// A text of which nothing else is known.
    pub(crate) fn new(text: Arc<[u8]>, outline: Arc<Outline>, since: SystemTime) -> Self {
        Self { text, outline, written: None, edited: None, is_added: false, since }
    }

    /// What its own program's text, if it is this one, was edited from.
    pub(crate) fn edited_as(&self, written: &Arc<Outline>) -> Option<Edited> {
        let is_it = self.written.as_ref().is_some_and(|own| Arc::ptr_eq(own, written));
        let outline = self.edited.clone().filter(|_| is_it)?;
        Some(Edited { outline, is_added: self.is_added, since: self.since })
    }
}

/// What is here of a project that Taskade does not have, or was not seen to have. Most projects have
/// nothing here, and it takes no memory where there is nothing.
#[derive(Debug, Clone, Default)]
pub(crate) enum Local {
    /// Nothing: readers get what Taskade has.
    #[default]
    Clean,
    /// A save that is to be sent, and the text that readers get of it; without one there is more to
    /// be done with the project than with its tasks, and readers get what Taskade has.
    Pending(Box<PendingSave>, Option<Box<Saved>>),
    /// A save that Taskade has rejected, which readers get all the same.
    Rejected(Box<PendingSave>, Box<Saved>, Box<Rejection>),
}

impl Local {
    /// What is to become of the project, rejected or not.
    pub(crate) fn save(&self) -> Option<&PendingSave> {
        match self {
            Local::Clean => None,
            Local::Pending(save, _) | Local::Rejected(save, ..) => Some(save),
        }
    }

    pub(in crate::replica) fn save_mut(&mut self) -> Option<&mut PendingSave> {
        match self {
            Local::Clean => None,
            Local::Pending(save, _) | Local::Rejected(save, ..) => Some(save),
        }
    }

    /// The text that readers get instead of what Taskade has.
    pub(crate) fn saved(&self) -> Option<&Saved> {
        match self {
            Local::Clean => None,
            Local::Pending(_, saved) => saved.as_deref(),
            Local::Rejected(_, saved, _) => Some(saved),
        }
    }

    pub(in crate::replica) fn saved_mut(&mut self) -> Option<&mut Saved> {
        match self {
            Local::Clean => None,
            Local::Pending(_, saved) => saved.as_deref_mut(),
            Local::Rejected(_, saved, _) => Some(saved),
        }
    }

    /// Taskade's refusal, if that is its verdict.
    pub(crate) fn rejection(&self) -> Option<&Rejection> {
        match self {
            Local::Rejected(_, _, rejection) => Some(rejection),
            Local::Clean | Local::Pending(..) => None,
        }
    }

    /// Wants this instead, whatever was wanted: Taskade is to be asked for it.
    pub(in crate::replica) fn stage(&mut self, save: PendingSave, saved: Saved) {
        *self = Local::Pending(Box::new(save), Some(Box::new(saved)));
    }

    /// Wants this of the project, of which the text that readers get, and the verdict, stand.
    pub(in crate::replica) fn set_save(&mut self, save: PendingSave) {
        match self {
            Local::Clean => *self = Local::Pending(Box::new(save), None),
            Local::Pending(known, _) | Local::Rejected(known, ..) => **known = save,
        }
    }

    /// Taskade will not have what was saved. What it has refused before, or has nothing to show,
    /// stays as it is.
    pub(in crate::replica) fn reject(&mut self, rejection: Rejection) {
        *self = match std::mem::take(self) {
            Local::Pending(save, Some(saved)) => Local::Rejected(save, saved, Box::new(rejection)),
            other => other,
        };
    }

    /// What was rejected is to be tried again.
    pub(in crate::replica) fn retry(&mut self) {
        *self = match std::mem::take(self) {
            Local::Rejected(save, saved, _) => Local::Pending(save, Some(saved)),
            other => other,
        };
    }

    /// All of it is done, or given up. What it was.
    pub(in crate::replica) fn settle(&mut self) -> Option<PendingSave> {
        match std::mem::take(self) {
            Local::Clean => None,
            Local::Pending(save, _) | Local::Rejected(save, ..) => Some(*save),
        }
    }
}
