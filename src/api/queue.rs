//! Who goes next of those that wait for the budget. Pure.
//!
//! Urgent ones first. Inside one priority projects take turns, so that one with many requests
//! does not keep the others waiting.
//!
//! What is read in the background about a project that a program waits for is as urgent as what the
//! program would ask for itself: it waits for that reading.

use std::collections::{HashMap, VecDeque};

use super::priority::Priority;

/// Those that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By priority, most urgent first.
    turns: [VecDeque<Turn>; 3],
    tickets: u64,
    /// How many programs wait for readings about which projects.
    wanted: HashMap<String, usize>,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueuePlace {
    ticket: u64,
}

/// The requests of one project that wait, at least one, in the order in which they joined.
#[derive(Debug)]
struct Turn {
    project: String,
    tickets: VecDeque<u64>,
}

const PRIORITIES: [Priority; 3] = [Priority::Save, Priority::Foreground, Priority::Background];

impl Queue {
    /// Joins the queue on behalf of a project.
    pub(crate) fn join(&mut self, priority: Priority, project: &str) -> QueuePlace {
        self.tickets += 1;
        let ticket = self.tickets;
        let is_wanted = self.wanted.contains_key(project);
        let priority = if is_wanted { priority.min(Priority::Foreground) } else { priority };
        self.add(priority, project, [ticket]);
        QueuePlace { ticket }
    }

    fn add(&mut self, priority: Priority, project: &str, tickets: impl IntoIterator<Item = u64>) {
        let turns = &mut self.turns[priority as usize];
        match turns.iter_mut().find(|turn| turn.project == project) {
            Some(turn) => turn.tickets.extend(tickets),
            None => {
                let tickets = tickets.into_iter().collect();
                turns.push_back(Turn { project: project.to_owned(), tickets });
            }
        }
    }

    /// A program waits for what is read about a project, until it wants that [no more](Self::unwant).
    pub(crate) fn want(&mut self, project: &str) {
        *self.wanted.entry(project.to_owned()).or_default() += 1;
        let turns = &mut self.turns[Priority::Background as usize];
        let waits = turns.iter().position(|turn| turn.project == project);
        if let Some(turn) = waits.and_then(|at| turns.remove(at)) {
            self.add(Priority::Foreground, project, turn.tickets);
        }
    }

    /// One of those that want it does so no more. What is as urgent already stays so.
    pub(crate) fn unwant(&mut self, project: &str) {
        if let Some(count) = self.wanted.get_mut(project) {
            *count -= 1;
            if *count == 0 {
                self.wanted.remove(project);
            }
        }
    }

    /// How urgent it is by now. `None` once it has left.
    pub(crate) fn priority(&self, place: QueuePlace) -> Option<Priority> {
        let is_in =
            |turns: &VecDeque<Turn>| turns.iter().any(|turn| turn.tickets.contains(&place.ticket));
        self.turns.iter().zip(PRIORITIES).find(|(turns, _)| is_in(turns)).map(|(_, of)| of)
    }

    /// Whether this place is the next to be served.
    pub(crate) fn is_next(&self, place: QueuePlace) -> bool {
        let next = self.turns.iter().find_map(VecDeque::front);
        next.is_some_and(|turn| turn.tickets.front() == Some(&place.ticket))
    }

    /// Leaves the queue because it was served: other projects go before the next of this one.
    pub(crate) fn serve(&mut self, place: QueuePlace) {
        let Some(priority) = self.priority(place) else { return };
        let turns = &mut self.turns[priority as usize];
        let of = turns.iter().position(|turn| turn.tickets.contains(&place.ticket));
        if let Some(turn) = of.and_then(|at| turns.remove(at)) {
            turns.push_back(turn);
        }
        self.leave(place);
    }

    /// Leaves the queue, if it is there still.
    pub(crate) fn leave(&mut self, place: QueuePlace) {
        for turns in &mut self.turns {
            for turn in turns.iter_mut() {
                turn.tickets.retain(|ticket| *ticket != place.ticket);
            }
            turns.retain(|turn| !turn.tickets.is_empty());
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.turns.iter().flatten().map(|turn| turn.tickets.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{PRIORITIES, Queue, QueuePlace};
    use crate::api::Priority;

    fn serve_all(queue: &mut Queue, mut places: Vec<(QueuePlace, &str)>) -> String {
        let mut order = String::new();
        while let Some(at) = places.iter().position(|(place, _)| queue.is_next(*place)) {
            let (place, name) = places.remove(at);
            queue.serve(place);
            order.push_str(name);
        }
        assert_eq!((places.len(), queue.len()), (0, 0));
        order
    }

    #[test]
    fn projects_take_turns_and_the_urgent_go_first() {
        let mut queue = Queue::default();
        let joined = [
            (Priority::Foreground, "a"),
            (Priority::Foreground, "a"),
            (Priority::Foreground, "a"),
            (Priority::Foreground, "b"),
            (Priority::Background, "c"),
            (Priority::Foreground, "b"),
            (Priority::Save, "s"),
        ];
        let places = joined.map(|(priority, name)| (queue.join(priority, name), name));
        assert_eq!(serve_all(&mut queue, places.to_vec()), "sababac");
    }

    #[test]
    fn what_a_program_waits_for_is_urgent_as_long_as_it_does() {
        let mut queue = Queue::default();
        let (other, first) =
            (queue.join(Priority::Background, "b"), queue.join(Priority::Background, "a"));
        let reader = queue.join(Priority::Foreground, "c");
        queue.want("a");
        queue.want("a");
        queue.unwant("a");
        assert_eq!(queue.priority(first), Some(Priority::Foreground));
        assert_eq!(queue.priority(other), Some(Priority::Background));
        let second = queue.join(Priority::Background, "a");
        queue.unwant("a");
        let last = queue.join(Priority::Background, "a");
        let places = [(other, "o"), (first, "1"), (reader, "r"), (second, "2"), (last, "l")];
        assert_eq!(serve_all(&mut queue, places.to_vec()), "r12ol");
        assert_eq!(queue.priority(first), None);
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut queue = Queue::default();
        let gone = queue.join(Priority::Save, "a");
        let stays = queue.join(Priority::Foreground, "b");
        assert!(!queue.is_next(stays));
        queue.leave(gone);
        queue.leave(gone);
        assert!(queue.is_next(stays));
        assert_eq!(queue.len(), 1);
    }

    /// One that waits, in the model.
    #[derive(Debug)]
    struct Waiter {
        place: QueuePlace,
        priority: Priority,
        project: &'static str,
        /// The projects that went since it was the first of its own.
        passed_by: Vec<&'static str>,
    }

    /// The first to wait of each project in this priority.
    fn firsts(waiting: &mut [Waiter], priority: Priority) -> Vec<&mut Waiter> {
        let mut seen = Vec::new();
        let of_priority = waiting.iter_mut().filter(|waiter| waiter.priority == priority);
        of_priority
            .filter(|waiter| {
                let first = !seen.contains(&waiter.project);
                seen.push(waiter.project);
                first
            })
            .collect()
    }

    proptest! {
        /// While somebody waits there is a next one. It is never less urgent than another, the
        /// requests of one project go in their order, and no project goes twice while another's
        /// first waits.
        #[test]
        fn nobody_is_passed_over(
            steps in prop::collection::vec((0_usize..5, 0_usize..3, 0_usize..4), 1..120),
        ) {
            let mut queue = Queue::default();
            let mut waiting: Vec<Waiter> = Vec::new();
            for (what, number, project) in steps {
                let (priority, project) = (PRIORITIES[number], ["a", "b", "c", "d"][project]);
                if what < 3 {
                    let place = queue.join(priority, project);
                    waiting.push(Waiter { place, priority, project, passed_by: Vec::new() });
                } else if what == 3 && !waiting.is_empty() {
                    let gone = waiting.remove(number % waiting.len());
                    queue.leave(gone.place);
                } else if let Some(next) = waiting.iter().position(|w| queue.is_next(w.place)) {
                    let served = waiting.remove(next);
                    queue.serve(served.place);
                    let urgent = waiting.iter().any(|waiter| waiter.priority < served.priority);
                    prop_assert!(!urgent, "a more urgent one waits");
                    let same = |waiter: &Waiter| {
                        (waiter.priority, waiter.project) == (served.priority, served.project)
                    };
                    prop_assert!(!waiting[..next].iter().any(same), "its own order was broken");
                    for first in firsts(&mut waiting, served.priority) {
                        if first.project != served.project {
                            prop_assert!(!first.passed_by.contains(&served.project), "passed twice");
                            first.passed_by.push(served.project);
                        }
                    }
                } else {
                    prop_assert!(waiting.is_empty(), "nobody is next");
                }
                prop_assert_eq!(queue.len(), waiting.len());
            }
        }
    }
}
