//! The names of agents and their files that are gone for a moment, and the files that were emptied.
//!
//! Editors replace a file in two steps, and `rm -r` takes one thing after the other away. A file of an
//! agent that is removed is hidden for the grace: what comes back in it takes its place, whoever takes
//! the whole directory away deletes the agent, and otherwise it is there again.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::{
    sync::Process,
    vfs::{agents::place::AgentPlace, types::Directory},
};

/// What is gone for a moment.
#[derive(Debug, Default)]
pub(crate) struct AgentNames {
    hidden: HashMap<AgentPlace, Instant>,
    emptied: HashMap<AgentPlace, Emptied>,
    tickets: u64,
}

/// A file that was emptied.
#[derive(Debug, Clone)]
pub(crate) struct Emptied {
    ticket: u64,
    pub(crate) directory: Directory,
    /// Who did it.
    pub(crate) process: Option<Process>,
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
    pub(crate) fn empty(
        &mut self,
        (directory, place): (&Directory, &AgentPlace),
        process: Option<Process>,
    ) -> u64 {
        self.tickets += 1;
        let emptied = Emptied { ticket: self.tickets, directory: directory.clone(), process };
        self.emptied.insert(place.clone(), emptied);
        self.tickets
    }

    /// What is to be done about a file that was emptied with this ticket, which counts once.
    pub(crate) fn take_emptied(&mut self, place: &AgentPlace, ticket: u64) -> Option<Emptied> {
        self.emptied.get(place).filter(|emptied| emptied.ticket == ticket)?;
        self.emptied.remove(place)
    }

    /// All files that were emptied, whose graces are over by that.
    pub(crate) fn take_all_emptied(&mut self) -> HashMap<AgentPlace, Emptied> {
        std::mem::take(&mut self.emptied)
    }

    /// A file got a whole new text: it is there, and was not emptied.
    pub(crate) fn settle(&mut self, place: &AgentPlace) {
        self.hidden.remove(place);
        self.emptied.remove(place);
    }
}
