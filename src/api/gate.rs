//! The gate that every request passes: urgent ones first, none that the service would refuse, and
//! while the service is gone one at a time, as a probe. Reads are turned away then; saves wait.
//!
//! The lock is never held across an await. A permit holds one of the places under way until it
//! is dropped; dropped without an outcome (its caller was cancelled), its request may have been
//! counted by the service.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::{Notify, watch};

use super::{
    budget::{Budget, Decision, Outcome, Told},
    outage::{Failure, Gone, Outage, Passage},
    priority::Priority,
    queue::{Place, Queue},
};
use crate::{
    clock::Clock,
    clock::rfc3339,
    error::{Error, Kind, Result},
};

/// Most requests under way at once.
const MOST_IN_FLIGHT: usize = 8;

/// How long a read waits for a probe, while the service is gone.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// The gate of one backend.
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
    gone: watch::Sender<Option<Gone>>,
    /// Whether it is noted that the service is gone.
    notes_outages: bool,
}

#[derive(Debug, Default)]
struct State {
    budget: Budget,
    in_flight: usize,
    queue: Queue,
    outage: Outage,
    sent: u64,
}

/// The right to send one request.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    window: u64,
    sent: Instant,
    /// Whether it is to find out if the service is back, and nothing is known of that yet.
    is_probe: bool,
    /// Whether the budget knows what became of the request.
    settled: bool,
}

/// A place in the queue, given up when dropped.
struct Waiting<'a> {
    gate: &'a Gate,
    place: Place,
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

impl Gate {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let (state, changed) = (Mutex::default(), Notify::new());
        let gone = watch::Sender::new(None);
        Self { clock, state, changed, gone, notes_outages: false }
    }

    /// Notes from now on when the service is gone, and turns reads away then.
    pub(crate) fn note_outages(&mut self) {
        self.notes_outages = true;
    }

    /// Waits for the right to send a request about this project (or space), but no longer than
    /// `patience`.
    ///
    /// # Errors
    /// [`Kind::RateLimited`], with the seconds until it would be possible, and
    /// [`Kind::Unreachable`] if the service is gone.
    pub(crate) async fn pass(
        &self,
        priority: Priority,
        project: &str,
        patience: Duration,
    ) -> Result<Permit<'_>> {
        let joined = self.clock.now();
        let deadline = joined + patience;
        let place = self.lock().queue.join(priority, project);
        let _waiting = Waiting { gate: self, place };
        if priority != Priority::Save {
            self.hurry();
        }
        loop {
            // Registered before the look, so that no change between look and wait is missed.
            let changed = self.changed.notified();
            let now = self.clock.now();
            let until = {
                let mut state = self.lock();
                match state.decide(priority, place, now) {
                    Step::Go { is_probe } => {
                        let window = state.admit(place, is_probe);
                        return Ok(Permit {
                            gate: self,
                            window,
                            sent: now,
                            is_probe,
                            settled: false,
                        });
                    }
                    Step::Wait(decision) => {
                        let until = match decision {
                            Decision::WaitUntil(until) => until,
                            Decision::Now | Decision::WaitForAnswer => deadline,
                        };
                        if now >= deadline || until > deadline {
                            drop(state);
                            return Err(self.too_busy(decision, now));
                        }
                        until
                    }
                    Step::WaitForProbe(due) => {
                        let wait = if priority == Priority::Save { patience } else { PROBE_WAIT };
                        let last = deadline.min(joined + wait);
                        if now >= last || due.is_some_and(|due| due > last) {
                            return Err(gone(state.outage.gone()));
                        }
                        due.unwrap_or(last)
                    }
                }
            };
            tokio::select! {
                () = changed => {}
                () = self.clock.sleep(until.saturating_duration_since(now)) => {}
            }
        }
    }

    /// Somebody looks: if the service is gone, the next probe is soon.
    pub(crate) fn hurry(&self) {
        let mut state = self.lock();
        if state.outage.gone().is_some() {
            state.outage.hurry();
            drop(state);
            self.changed.notify_waiters();
        }
    }

    /// Since when the service is gone, and whenever that changes.
    pub(crate) fn outage(&self) -> watch::Receiver<Option<Gone>> {
        self.gone.subscribe()
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

    /// What is known of the budget.
    pub(crate) fn status(&self) -> BudgetStatus {
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
    pub(crate) fn refused(&self, told: Told) {
        self.lock().budget.refused(told, self.clock.now());
        self.changed.notify_waiters();
    }

    fn too_busy(&self, decision: Decision, now: Instant) -> Error {
        let error = Error::new(Kind::RateLimited, "the request budget of this account is used up");
        match decision {
            Decision::WaitUntil(at) => {
                let seconds = at.saturating_duration_since(now).as_secs().saturating_add(1);
                error.hint(format!("try again in {seconds} s"))
            }
            _ => error.hint("try again in a minute"),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a request that waits is to do.
enum Step {
    Go {
        is_probe: bool,
    },
    /// The budget, or those before it.
    Wait(Decision),
    /// The service is gone: until a probe is due, or its answer is there.
    WaitForProbe(Option<Instant>),
}

/// Why a request is not even sent.
fn gone(gone: Option<&Gone>) -> Error {
    let words = gone.map_or_else(String::new, |gone| {
        let since = rfc3339(gone.since);
        format!(" since {since}: {}", gone.reason)
    });
    Error::new(Kind::Unreachable, format!("offline{words}"))
}

impl State {
    fn decide(&mut self, priority: Priority, place: Place, now: Instant) -> Step {
        let is_probe = match self.outage.passage(now) {
            Passage::Free => false,
            Passage::Probe => true,
            Passage::NotBefore(due) => return Step::WaitForProbe(Some(due)),
            Passage::Probing => return Step::WaitForProbe(None),
        };
        match self.budget.may_send(priority, now) {
            Decision::Now if is_probe && !self.queue.is_next(place) => Step::WaitForProbe(None),
            Decision::Now if !self.queue.is_next(place) || self.in_flight >= MOST_IN_FLIGHT => {
                Step::Wait(Decision::WaitForAnswer)
            }
            Decision::Now => Step::Go { is_probe },
            decision => Step::Wait(decision),
        }
    }

    /// Lets the next one through. The window that its request belongs to.
    fn admit(&mut self, place: Place, is_probe: bool) -> u64 {
        if is_probe {
            self.outage.probes();
        }
        self.queue.serve(place);
        self.in_flight += 1;
        self.sent += 1;
        self.budget.sent()
    }
}

impl Permit<'_> {
    /// Whether it is to find out if the service is back.
    pub(crate) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The service is there: what came is from it.
    pub(crate) fn heard(&mut self) {
        self.is_probe = false;
        self.gate.lock().outage.answered(self.gate.clock.now());
        self.gate.announce();
    }

    /// Nothing came, or nothing of the service.
    pub(crate) fn unheard(&mut self, failure: Failure, reason: impl FnOnce() -> String) {
        if !self.gate.notes_outages {
            return;
        }
        let was_probe = std::mem::take(&mut self.is_probe);
        let at = (self.gate.clock.now(), self.gate.clock.wall());
        self.gate.lock().outage.failed(failure, reason, was_probe, self.sent, at);
        self.gate.announce();
    }

    /// The request was answered; `told` is what the headers say.
    pub(crate) fn answered(&mut self, told: Told, refused: bool) {
        self.settle(Outcome::Answered(told));
        if refused {
            self.gate.refused(told);
        }
    }

    /// The request did not leave this machine.
    pub(crate) fn unsent(&mut self) {
        self.settle(Outcome::Unsent);
    }

    fn settle(&mut self, outcome: Outcome) {
        if !self.settled {
            self.settled = true;
            let now = self.gate.clock.now();
            self.gate.lock().budget.settled(self.window, outcome, now);
            self.gate.changed.notify_waiters();
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.settle(Outcome::Lost);
        let mut state = self.gate.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if self.is_probe {
            state.outage.abandoned();
        }
        drop(state);
        self.gate.changed.notify_waiters();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.gate.lock().queue.leave(self.place);
        self.gate.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{Gate, MOST_IN_FLIGHT, Permit};
    use crate::{
        api::{Priority, budget::Told},
        clock::SystemClock,
        error::{Kind, Result},
    };

    fn told(remaining: u32, reset: u64) -> Told {
        let reset = Some(Duration::from_secs(reset));
        Told { limit: Some(30), remaining: Some(remaining), reset }
    }

    async fn pass(gate: &Gate, priority: Priority, seconds: u64) -> Result<Permit<'_>> {
        gate.pass(priority, "p", Duration::from_secs(seconds)).await
    }

    /// Sends so many requests each, all waiting at once; the order in which they went.
    async fn order(gate: &Arc<Gate>, senders: &[(Priority, &'static str)]) -> Vec<&'static str> {
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (waiting, (priority, project)) in senders.iter().copied().enumerate() {
            let (task_gate, sender) = (gate.clone(), sender.clone());
            tokio::spawn(async move {
                let patience = Duration::from_secs(60);
                let mut permit = task_gate.pass(priority, project, patience).await.unwrap();
                sender.send(project).unwrap();
                permit.answered(told(29, 60), false);
            });
            while gate.status().waiting <= waiting {
                tokio::task::yield_now().await;
            }
        }
        drop(sender);
        let mut names = Vec::new();
        while let Some(name) = order.recv().await {
            names.push(name);
        }
        names
    }

    #[tokio::test(start_paused = true)]
    async fn a_save_waits_for_the_reset_and_then_goes_before_reads_that_take_turns() {
        let gate = Arc::new(Gate::new(Arc::new(SystemClock)));
        pass(&gate, Priority::Save, 0).await.unwrap().answered(told(0, 20), false);
        let started = tokio::time::Instant::now();
        let senders = [
            (Priority::Background, "refresh"),
            (Priority::Foreground, "a"),
            (Priority::Foreground, "a"),
            (Priority::Foreground, "b"),
            (Priority::Save, "save"),
        ];
        assert_eq!(order(&gate, &senders).await, ["save", "a", "b", "a", "refresh"]);
        assert_eq!(started.elapsed().as_secs(), 20);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end_that_says_when_to_come_back() {
        let gate = Gate::new(Arc::new(SystemClock));
        pass(&gate, Priority::Save, 0).await.unwrap().answered(told(0, 40), true);
        let error = pass(&gate, Priority::Foreground, 10).await.err().unwrap();
        assert_eq!(error.kind(), Kind::RateLimited);
        assert!(error.to_string().contains("41 s"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_for_saves_is_told_until_the_window_ends() {
        let gate = Gate::new(Arc::new(SystemClock));
        assert!(!gate.status().is_kept);
        for (remaining, is_kept) in [(4, false), (3, true), (0, true)] {
            pass(&gate, Priority::Save, 0).await.unwrap().answered(told(remaining, 20), false);
            assert_eq!(gate.status().is_kept, is_kept, "{remaining}");
        }
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert!(!gate.status().is_kept);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_caller_gives_its_place_back() {
        let gate = Gate::new(Arc::new(SystemClock));
        for _ in 0..100 {
            drop(pass(&gate, Priority::Background, 0).await.unwrap());
        }
        assert_eq!((gate.status().waiting, gate.status().sent), (0, 100));
        // Also while it waits, for the others wait behind it.
        pass(&gate, Priority::Save, 0).await.unwrap().answered(told(0, 20), false);
        let waited = tokio::time::timeout(Duration::from_secs(1), pass(&gate, Priority::Save, 60));
        assert!(waited.await.is_err());
        assert_eq!(gate.status().waiting, 0);
        assert!(pass(&gate, Priority::Background, 60).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn only_so_many_are_under_way_until_their_answers_are_read() {
        let gate = Gate::new(Arc::new(SystemClock));
        let mut permits = Vec::new();
        for _ in 0..MOST_IN_FLIGHT {
            let mut permit = pass(&gate, Priority::Save, 0).await.unwrap();
            permit.answered(told(29, 60), false);
            permits.push(permit);
        }
        assert!(pass(&gate, Priority::Save, 1).await.is_err());
        permits.pop();
        assert!(pass(&gate, Priority::Save, 1).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_counted_is_and_what_was_not_sent_is_not() {
        let gate = Gate::new(Arc::new(SystemClock));
        pass(&gate, Priority::Save, 0).await.unwrap().answered(told(2, 60), false);
        pass(&gate, Priority::Save, 0).await.unwrap().unsent();
        assert_eq!(gate.status().remaining, Some(2));
        drop(pass(&gate, Priority::Save, 0).await.unwrap());
        assert_eq!(gate.status().remaining, Some(1));
    }
}
