//! What is to be done at Taskade that is no save of a project, as the journal has it, and who is at it.
//!
//! Operations in one lane are done one after the other, by one worker. What was refused waits for the
//! user and stands in nobody's way.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::{
    lock_order::{Ordered, OrderedGuard},
    store::operations::Operation,
};

/// Longer than any mount.
const FOR_EVER: Duration = Duration::from_secs(u32::MAX as u64);

/// The operations of one account.
#[derive(Debug)]
pub(crate) struct Operations {
    state: Ordered<OperationTable>,
    /// Held by who changes an operation, in the journal and here.
    pub(crate) transition: AsyncMutex<()>,
    changes: watch::Sender<()>,
}

#[derive(Debug, Default)]
struct OperationTable {
    /// Oldest first.
    all: Vec<Operation>,
    /// Until when those are held that are not to be done at once.
    held: HashMap<i64, Instant>,
    /// The lanes that have a worker.
    at_work: HashSet<String>,
}

/// What is next in a lane.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Next {
    Nothing,
    /// It is not to be done before then.
    Held(Instant),
    Due(Box<Operation>),
}

impl Operations {
    pub(crate) fn of(all: Vec<Operation>) -> Self {
        let state = OperationTable { all, ..OperationTable::default() };
        let (state, changes) = (Ordered::leaf(state), watch::Sender::new(()));
        Self { state, transition: AsyncMutex::default(), changes }
    }

    /// All of them, oldest first.
    pub(crate) fn all(&self) -> Vec<Operation> {
        self.lock().all.clone()
    }

    pub(crate) fn get(&self, row: i64) -> Option<Operation> {
        self.find(|operation| operation.row == row)
    }

    /// The latest that is like this.
    pub(crate) fn find(&self, is_it: impl Fn(&Operation) -> bool) -> Option<Operation> {
        self.lock().all.iter().rev().find(|operation| is_it(operation)).cloned()
    }

    /// Whoever listens is told whenever something changes.
    pub(crate) fn subscribe(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// The journal has an operation, new or changed. With `held_until` it is not done before then.
    pub(crate) fn put(&self, operation: Operation, held_until: Option<Instant>) {
        {
            let mut state = self.lock();
            state.held.extend(held_until.map(|until| (operation.row, until)));
            match state.all.iter_mut().find(|known| known.row == operation.row) {
                Some(known) => *known = operation,
                None => state.all.push(operation),
            }
        }
        self.changes.send_replace(());
    }

    /// The journal has an operation no longer.
    pub(crate) fn remove(&self, row: i64) {
        {
            let mut state = self.lock();
            state.all.retain(|operation| operation.row != row);
            state.held.remove(&row);
        }
        self.changes.send_replace(());
    }

    /// Holds an operation for ever whose time has not come. Whether there was one.
    pub(crate) fn hold_on(&self, row: i64, now: Instant) -> bool {
        let mut state = self.lock();
        match state.held.get_mut(&row) {
            Some(until) if *until > now => {
                *until = now + FOR_EVER;
                true
            }
            _ => false,
        }
    }

    /// Every grace is over.
    pub(crate) fn release(&self) {
        self.lock().held.clear();
        self.changes.send_replace(());
    }

    /// The lanes in which something is to be done.
    pub(crate) fn lanes(&self) -> HashSet<String> {
        let state = self.lock();
        state.all.iter().filter(|it| it.refusal.is_none()).map(Operation::lane).collect()
    }

    /// What is next in a lane.
    pub(crate) fn next(&self, lane: &str, now: Instant) -> Next {
        self.lock().next(lane, now)
    }

    /// Takes the lane, if it has no worker and something is to be done there.
    pub(crate) fn begin_work(&self, lane: &str, now: Instant) -> bool {
        let mut state = self.lock();
        state.next(lane, now) != Next::Nothing && state.at_work.insert(lane.to_owned())
    }

    /// Leaves the lane if nothing is to be done there: who adds something starts another worker then.
    pub(crate) fn end_work_if_done(&self, lane: &str, now: Instant) -> bool {
        let mut state = self.lock();
        state.next(lane, now) == Next::Nothing && state.at_work.remove(lane)
    }

    /// Leaves the lane, whatever is to be done there.
    pub(crate) fn end_work(&self, lane: &str) {
        self.lock().at_work.remove(lane);
    }

    fn lock(&self) -> OrderedGuard<'_, OperationTable> {
        self.state.lock()
    }
}

impl OperationTable {
    fn next(&self, lane: &str, now: Instant) -> Next {
        let waits = |it: &&Operation| it.refusal.is_none() && it.lane() == lane;
        let Some(operation) = self.all.iter().find(waits) else { return Next::Nothing };
        match self.held.get(&operation.row) {
            Some(until) if *until > now => Next::Held(*until),
            _ => Next::Due(Box::new(operation.clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use super::{Next, Operations};
    use crate::{
        error::Kind,
        ids::SpaceId,
        store::operations::{Operation, OperationKind, Refusal},
    };

    fn deletion(row: i64, media: &str) -> Operation {
        let (space, now) = (SpaceId::new("f"), SystemTime::UNIX_EPOCH);
        let new = Operation::new(OperationKind::DeleteMedia, &space, String::new(), now);
        Operation { row, subject: Some(media.to_owned()), ..new }
    }

    #[test]
    fn a_lane_has_one_worker_and_what_was_refused_stands_in_nobodys_way() {
        let now = Instant::now();
        let operations = Operations::of(vec![deletion(1, "a"), deletion(2, "b"), deletion(3, "a")]);
        let lane = deletion(1, "a").lane();
        assert_eq!(operations.lanes().len(), 2);
        assert!(operations.begin_work(&lane, now));
        assert!(!operations.begin_work(&lane, now), "it has one");
        assert_eq!(operations.next(&lane, now), Next::Due(Box::new(deletion(1, "a"))));
        let (reason, since) = (String::new(), SystemTime::UNIX_EPOCH);
        let refusal = Some(Refusal { kind: Kind::Forbidden, reason, since, file: None });
        operations.put(Operation { refusal, ..deletion(1, "a") }, None);
        assert_eq!(operations.next(&lane, now), Next::Due(Box::new(deletion(3, "a"))));
        assert!(!operations.end_work_if_done(&lane, now));
        operations.remove(3);
        assert!(operations.end_work_if_done(&lane, now));
        assert!(!operations.begin_work(&lane, now), "nothing is to be done");
    }

    #[test]
    fn what_is_held_waits_for_its_time_or_for_all_to_be_let_go() {
        let now = Instant::now();
        let (operations, lane) = (Operations::of(Vec::new()), deletion(1, "a").lane());
        let until = now + Duration::from_secs(2);
        operations.put(deletion(1, "a"), Some(until));
        assert_eq!(operations.next(&lane, now), Next::Held(until));
        let due = Next::Due(Box::new(deletion(1, "a")));
        assert_eq!(operations.next(&lane, until), due);
        operations.release();
        assert_eq!(operations.next(&lane, now), due);
    }
}
