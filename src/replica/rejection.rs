//! What was refused, by whom and why. Pure.

use std::{sync::Arc, time::SystemTime};

use serde::{Deserialize, Serialize};

use crate::{clock::rfc3339, error::Kind, ids::ProjectId, plan::Outline};

/// Why and when a save was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rejection {
    pub(crate) kind: Kind,
    /// In words, with the path and what to do.
    pub(crate) reason: String,
    pub(crate) since: SystemTime,
    /// The name of the copy in `rejected/`.
    pub(crate) file: String,
    /// Whether the file shows another text by now.
    #[serde(default)]
    pub(crate) set_aside: bool,
}

/// A text that was refused here.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RejectedText {
    /// Which row of the journal has it; `None` if the journal could not take it.
    pub(crate) row: Option<i64>,
    pub(crate) text: Arc<[u8]>,
    /// What it was edited from.
    pub(crate) base: Arc<Outline>,
    pub(crate) rejection: Rejection,
}

impl Rejection {
    /// The reason, and where the text is if the file shows another one.
    pub(crate) fn message(&self) -> String {
        let Self { reason, file, .. } = self;
        match self.set_aside {
            true => format!("{reason} (the file shows the text from before; this one is {file})"),
            false => reason.clone(),
        }
    }

    /// What is written beside the copy in `rejected/`.
    pub(crate) fn in_words(&self, project: Option<&ProjectId>) -> String {
        let project = project.map_or("not created yet", ProjectId::as_str);
        let when = rfc3339(self.since);
        let shown = match self.set_aside {
            true => "The project's file shows the text from before it. It is kept here until it is",
            false => "The project's file shows this text until it is",
        };
        format!(
            "{}\n\nWhen: {when}\nProject: {project}\n\n{shown} settled: save a text that goes \
             through and is another one than the one from before it, or run `taskadefs retry PATH`, \
             or give it up with `taskadefs discard PATH`. After a day it is only in `taskadefs \
             history`.\n",
            self.reason
        )
    }
}
