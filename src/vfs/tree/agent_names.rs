//! The names of agents and their files that are gone for a moment, and the files that were emptied.
//!
//! Editors replace a file in two steps, and `rm -r` takes one thing after the other away. A file of an
//! agent that is removed is hidden for the grace: what comes back in it takes its place, whoever takes
//! the whole directory away deletes the agent, and otherwise it is there again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::vfs::agents::place::AgentPlace;

/// What is gone for a moment.
#[derive(Debug, Default)]
pub(crate) struct AgentNames {
    hidden: HashMap<AgentPlace, Instant>,
    emptied: HashMap<AgentPlace, u64>,
    tickets: u64,
}

impl AgentNames {
    /// A place is hidden from `now` on, for this long, and as long all that is hidden of that agent:
    /// whoever takes much away is at it.
    pub(crate) fn hide(&mut self, place: &AgentPlace, now: Instant, grace: Duration) {
        self.hidden.retain(|_, until| *until > now);
        let until = now + grace;
        let of_agent = self.hidden.iter_mut().filter(|(hidden, _)| hidden.agent() == place.agent());
        of_agent.for_each(|(_, hidden)| *hidden = until);
        self.hidden.insert(place.clone(), until);
    }

    /// A place is there again.
    pub(crate) fn unhide(&mut self, place: &AgentPlace) {
        self.hidden.remove(place);
    }

    pub(crate) fn is_hidden(&self, place: &AgentPlace, now: Instant) -> bool {
        self.hidden.get(place).is_some_and(|until| *until > now)
    }

    /// A file was emptied. The ticket by which that may be carried out.
    pub(crate) fn empty(&mut self, place: &AgentPlace) -> u64 {
        self.tickets += 1;
        self.emptied.insert(place.clone(), self.tickets);
        self.tickets
    }

    /// Whether a file is to be emptied by this ticket, which counts once.
    pub(crate) fn take_emptied(&mut self, place: &AgentPlace, ticket: u64) -> bool {
        let is_due = self.emptied.get(place) == Some(&ticket);
        if is_due {
            self.emptied.remove(place);
        }
        is_due
    }

    /// A file got a whole new text: it is there, and was not emptied.
    pub(crate) fn settle(&mut self, place: &AgentPlace) {
        self.hidden.remove(place);
        self.emptied.remove(place);
    }
}
