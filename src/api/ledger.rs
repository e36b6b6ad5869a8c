//! What the requests of one backend have met so far: the budget, who waits, and whether the service
//! is there.
//!
//! The lock is never held across an await.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, futures::Notified, watch};

use super::{
    budget::{Budget, Decision, LimitHeaders, RequestOutcome, SentRequest},
    outage::{Failure, Gone, Outage, Passage},
    priority::Priority,
    queue::{Queue, QueuePlace},
};
use crate::clock::Clock;

/// Most requests under way at once.
pub(super) const MOST_IN_FLIGHT: usize = 8;

/// What one backend knows.
pub(super) struct Ledger {
    clock: Arc<dyn Clock>,
    state: Mutex<LedgerState>,
    changed: Notify,
    gone: watch::Sender<Option<Gone>>,
    /// Whether it is noted that the service is gone.
    notes_outages: bool,
}

#[derive(Debug, Default)]
struct LedgerState {
    budget: Budget,
    in_flight: usize,
    queue: Queue,
    outage: Outage,
    sent: u64,
}

/// What is known of the request budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetStatus {
    /// Requests allowed in a window.
    pub limit: Option<u32>,
    /// Requests of a window that are to spare for what nobody waits for.
    pub spare: Option<u32>,
    /// Requests left in this window.
    pub remaining: Option<u32>,
    /// Whether what is left is kept for saves: a read would wait for the next window.
    pub is_kept: bool,
    /// Until the next window.
    pub reset: Option<Duration>,
    /// Requests that wait for it.
    pub waiting: usize,
    /// Requests sent by this process.
    pub sent: u64,
}

/// What a request that waits is to do.
pub(super) enum GateStep {
    Go {
        is_probe: bool,
        request: SentRequest,
    },
    /// The budget, or those before it.
    Wait(Decision),
    /// The service is gone: until a probe is due, or its answer is there.
    WaitForProbe {
        due: Option<Instant>,
        gone: Option<Gone>,
    },
}

impl Ledger {
    pub(super) fn new(clock: Arc<dyn Clock>) -> Self {
        let (state, changed) = (Mutex::default(), Notify::new());
        let gone = watch::Sender::new(None);
        Self { clock, state, changed, gone, notes_outages: false }
    }

    /// Notes from now on when the service is gone.
    pub(super) fn note_outages(&mut self) {
        self.notes_outages = true;
    }

    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Comes when something has changed since this was called.
    pub(super) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// A request waits from now on.
    pub(super) fn join(&self, priority: Priority, project: &str) -> QueuePlace {
        self.lock().queue.join(priority, project)
    }

    /// A program waits, or waits no more, for what is read about a project (or space).
    pub(super) fn want(&self, project: &str, is_wanted: bool) {
        if is_wanted {
            self.lock().queue.want(project);
            self.changed.notify_waiters();
        } else {
            self.lock().queue.unwant(project);
        }
    }

    /// A request waits no more.
    pub(super) fn leave(&self, place: QueuePlace) {
        self.lock().queue.leave(place);
        self.changed.notify_waiters();
    }

    /// What a request that waits is to do. If it may go, it is under way from now on.
    pub(super) fn decide(&self, priority: Priority, place: QueuePlace, now: Instant) -> GateStep {
        self.lock().decide(priority, place, now)
    }

    /// Since when the service is gone, and whenever that changes.
    pub(super) fn outage(&self) -> watch::Receiver<Option<Gone>> {
        self.gone.subscribe()
    }

    /// Somebody looks: if the service is gone, the next probe is soon.
    pub(super) fn hurry(&self) {
        let mut state = self.lock();
        if state.outage.gone().is_some() {
            state.outage.hurry();
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// What is known of the budget.
    pub(super) fn status(&self) -> BudgetStatus {
        let state = self.lock();
        let (limit, remaining, reset) = state.budget.status(self.clock.now());
        let spare =
            limit.map(|limit| limit.saturating_sub(state.budget.kept(Priority::Background)));
        let kept = state.budget.kept(Priority::Foreground);
        BudgetStatus {
            limit,
            spare,
            remaining,
            // After the reset nothing is known of the new window.
            is_kept: remaining.is_some_and(|remaining| remaining <= kept)
                && reset.is_some_and(|reset| !reset.is_zero()),
            reset,
            waiting: state.queue.len(),
            sent: state.sent,
        }
    }

    /// The service refused a request for the limit, though its status did not say so.
    pub(super) fn refused(&self, headers: LimitHeaders) {
        self.lock().budget.refused(headers, self.clock.now());
        self.changed.notify_waiters();
    }

    /// The service is there.
    pub(super) fn heard(&self) {
        self.lock().outage.answered(self.clock.now());
        self.announce();
    }

    /// Nothing of the service came to a request that was sent then.
    pub(super) fn unheard(
        &self,
        failure: Failure,
        reason: impl FnOnce() -> String,
        was_probe: bool,
        sent: Instant,
    ) {
        if self.notes_outages {
            let at = (self.clock.now(), self.clock.wall());
            self.lock().outage.failed(failure, reason, was_probe, sent, at);
            self.announce();
        }
    }

    /// What a request came to.
    pub(super) fn settle(&self, request: SentRequest, outcome: RequestOutcome) {
        let now = self.clock.now();
        self.lock().budget.settled(request, outcome, now);
        self.changed.notify_waiters();
    }

    /// A request is no more under way. A probe that ends so has found nothing out.
    pub(super) fn end(&self, is_probe: bool) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if is_probe {
            state.outage.abandoned();
        }
        drop(state);
        self.changed.notify_waiters();
    }

    /// Tells whoever waits for it whether the service is there.
    fn announce(&self) {
        let now = self.lock().outage.gone().cloned();
        self.gone.send_if_modified(|known| {
            let is_new = *known != now;
            match (known.is_some(), &now) {
                (false, Some(gone)) => tracing::warn!(reason = gone.reason, "the service is gone"),
                (true, None) => tracing::info!("the service is back"),
                _ => {}
            }
            *known = now;
            is_new
        });
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, LedgerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LedgerState {
    fn decide(&mut self, priority: Priority, place: QueuePlace, now: Instant) -> GateStep {
        let is_probe = match self.outage.passage(now) {
            Passage::Free => false,
            Passage::Probe => true,
            Passage::NotBefore(due) => return self.wait_for_probe(Some(due)),
            Passage::Probing => return self.wait_for_probe(None),
        };
        let priority = self.queue.priority(place).unwrap_or(priority);
        match self.budget.may_send(priority, now) {
            Decision::Now if is_probe && !self.queue.is_next(place) => self.wait_for_probe(None),
            Decision::Now if !self.queue.is_next(place) || self.in_flight >= MOST_IN_FLIGHT => {
                GateStep::Wait(Decision::WaitForAnswer)
            }
            Decision::Now => GateStep::Go { is_probe, request: self.admit(place, is_probe, now) },
            decision => GateStep::Wait(decision),
        }
    }

    fn wait_for_probe(&self, due: Option<Instant>) -> GateStep {
        GateStep::WaitForProbe { due, gone: self.outage.gone().cloned() }
    }

    /// Lets the next one through.
    fn admit(&mut self, place: QueuePlace, is_probe: bool, now: Instant) -> SentRequest {
        if is_probe {
            self.outage.probes();
        }
        self.queue.serve(place);
        self.in_flight += 1;
        self.sent += 1;
        self.budget.sent(now)
    }
}
