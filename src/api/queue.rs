//! Who goes next of those that wait for the budget. Pure.
//!
//! Urgent ones first. Inside one priority projects take turns, so that one with many requests
//! does not keep the others waiting.

use std::collections::VecDeque;

use super::priority::Priority;

/// Those that wait.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// By priority, most urgent first.
    turns: [VecDeque<Turn>; 3],
    tickets: u64,
}

/// A place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct QueuePlace {
    priority: Priority,
    ticket: u64,
}

/// The requests of one project that wait, at least one, in the order in which they joined.
#[derive(Debug)]
struct Turn {
    project: String,
    tickets: VecDeque<u64>,
}

impl Queue {
    /// Joins the queue on behalf of a project.
    pub(crate) fn join(&mut self, priority: Priority, project: &str) -> QueuePlace {
        self.tickets += 1;
        let ticket = self.tickets;
        let turns = &mut self.turns[priority as usize];
        match turns.iter_mut().find(|turn| turn.project == project) {
            Some(turn) => turn.tickets.push_back(ticket),
            None => {
                let tickets = VecDeque::from([ticket]);
                turns.push_back(Turn { project: project.to_owned(), tickets });
            }
        }
        QueuePlace { priority, ticket }
    }

    /// Whether this place is the next to be served.
    pub(crate) fn is_next(&self, place: QueuePlace) -> bool {
        let next = self.turns.iter().find_map(VecDeque::front);
        next.is_some_and(|turn| turn.tickets.front() == Some(&place.ticket))
    }

    /// Leaves the queue because it was served: other projects go before the next of this one.
    pub(crate) fn serve(&mut self, place: QueuePlace) {
        let turns = &mut self.turns[place.priority as usize];
        let of = turns.iter().position(|turn| turn.tickets.contains(&place.ticket));
        if let Some(turn) = of.and_then(|at| turns.remove(at)) {
            turns.push_back(turn);
        }
        self.leave(place);
    }

    /// Leaves the queue, if it is there still.
    pub(crate) fn leave(&mut self, place: QueuePlace) {
        let turns = &mut self.turns[place.priority as usize];
        for turn in turns.iter_mut() {
            turn.tickets.retain(|ticket| *ticket != place.ticket);
        }
        turns.retain(|turn| !turn.tickets.is_empty());
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.turns.iter().flatten().map(|turn| turn.tickets.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Queue, QueuePlace};
    use crate::api::Priority;

    const PRIORITIES: [Priority; 3] = [Priority::Save, Priority::Foreground, Priority::Background];

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
