//! The gate that every request passes: urgent ones first, none that the service would refuse.
//!
//! The lock is never held across an await. A permit that is dropped (its caller was cancelled)
//! counts as a request without an answer.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{
    budget::{Budget, Decision, Told},
    types::Priority,
};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
};

/// Most requests under way at once.
const MOST_IN_FLIGHT: usize = 8;

/// The gate of one backend.
pub(crate) struct Gate {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    budget: Budget,
    in_flight: usize,
    waiting: [usize; 3],
    sent: u64,
}

/// The right to send one request.
pub(crate) struct Permit<'a> {
    gate: &'a Gate,
    window: u64,
    answered: bool,
}

/// A place in the queue of one priority.
struct Waiting<'a> {
    gate: &'a Gate,
    class: usize,
}

/// What is known of the request budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetStatus {
    /// Requests allowed in a window.
    pub limit: Option<u32>,
    /// Requests left in this window.
    pub remaining: Option<u32>,
    /// Until the next window.
    pub reset: Option<Duration>,
    /// Requests that wait for it.
    pub waiting: usize,
    /// Requests sent by this process.
    pub sent: u64,
}

impl Gate {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default(), changed: Notify::new() }
    }

    /// Waits for the right to send a request, but no longer than `patience`.
    ///
    /// # Errors
    /// [`Kind::RateLimited`], with the seconds until it would be possible.
    pub(crate) async fn pass(&self, priority: Priority, patience: Duration) -> Result<Permit<'_>> {
        let deadline = self.clock.now() + patience;
        let class = priority as usize;
        let mut place: Option<Waiting<'_>> = None;
        loop {
            // Registered before the look, so that no change between look and wait is missed.
            let changed = self.changed.notified();
            let now = self.clock.now();
            let decision = {
                let mut state = self.lock();
                let decision = state.decide(priority, now);
                if decision == Decision::Now {
                    let window = state.budget.sent();
                    state.in_flight += 1;
                    state.sent += 1;
                    return Ok(Permit { gate: self, window, answered: false });
                }
                if place.is_none()
                    && let Some(waiting) = state.waiting.get_mut(class)
                {
                    *waiting += 1;
                    place = Some(Waiting { gate: self, class });
                }
                decision
            };
            let until = match decision {
                Decision::Now => continue,
                Decision::WaitUntil(until) => until.min(deadline),
                Decision::WaitForAnswer => deadline,
            };
            if now >= deadline || matches!(decision, Decision::WaitUntil(at) if at > deadline) {
                return Err(self.too_busy(decision, now));
            }
            tokio::select! {
                () = changed => {}
                () = self.clock.sleep(until.saturating_duration_since(now)) => {}
            }
        }
    }

    /// What is known of the budget.
    pub(crate) fn status(&self) -> BudgetStatus {
        let state = self.lock();
        let (limit, remaining, reset) = state.budget.status(self.clock.now());
        let waiting = state.waiting.iter().sum();
        BudgetStatus { limit, remaining, reset, waiting, sent: state.sent }
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

impl State {
    fn decide(&mut self, priority: Priority, now: Instant) -> Decision {
        let more_urgent = self.waiting.iter().take(priority as usize).sum::<usize>() > 0;
        match self.budget.may_send(priority, now) {
            Decision::Now if more_urgent || self.in_flight >= MOST_IN_FLIGHT => {
                Decision::WaitForAnswer
            }
            decision => decision,
        }
    }
}

impl Permit<'_> {
    /// The request was answered; `told` is what the headers say.
    pub(crate) fn answered(mut self, told: Told, refused: bool) {
        self.answered = true;
        let now = self.gate.clock.now();
        let mut state = self.gate.lock();
        state.budget.answered(self.window, Some(told), now);
        if refused {
            state.budget.refused(told, now);
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.gate.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        if !self.answered {
            state.budget.answered(self.window, None, self.gate.clock.now());
        }
        drop(state);
        self.gate.changed.notify_waiters();
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.gate.lock().waiting.get_mut(self.class) {
            *waiting = waiting.saturating_sub(1);
        }
        self.gate.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::Gate;
    use crate::{
        api::{Priority, budget::Told},
        clock::SystemClock,
        error::Kind,
    };

    fn told(remaining: u32, reset: u64) -> Told {
        let reset = Some(Duration::from_secs(reset));
        Told { limit: Some(30), remaining: Some(remaining), reset }
    }

    #[tokio::test(start_paused = true)]
    async fn a_save_waits_for_the_reset_and_then_goes_before_a_read() {
        let gate = Arc::new(Gate::new(Arc::new(SystemClock)));
        let patience = Duration::from_secs(60);
        gate.pass(Priority::Save, patience).await.unwrap().answered(told(0, 20), false);
        let (sender, mut order) = tokio::sync::mpsc::unbounded_channel();
        let started = tokio::time::Instant::now();
        for priority in [Priority::Background, Priority::Foreground, Priority::Save] {
            let (gate, sender) = (gate.clone(), sender.clone());
            tokio::spawn(async move {
                let permit = gate.pass(priority, patience).await.unwrap();
                sender.send(priority).unwrap();
                permit.answered(told(29, 60), false);
            });
        }
        assert_eq!(order.recv().await, Some(Priority::Save));
        assert!(started.elapsed() >= Duration::from_secs(20));
        assert_eq!(order.recv().await, Some(Priority::Foreground));
        assert_eq!(order.recv().await, Some(Priority::Background));
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end_that_says_when_to_come_back() {
        let gate = Gate::new(Arc::new(SystemClock));
        gate.pass(Priority::Save, Duration::ZERO).await.unwrap().answered(told(0, 40), true);
        let error = gate.pass(Priority::Foreground, Duration::from_secs(10)).await.err().unwrap();
        assert_eq!(error.kind(), Kind::RateLimited);
        assert!(error.to_string().contains("41 s"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_cancelled_caller_gives_its_place_back() {
        let gate = Gate::new(Arc::new(SystemClock));
        for _ in 0..100 {
            drop(gate.pass(Priority::Background, Duration::ZERO).await.unwrap());
        }
        assert_eq!(gate.status().waiting, 0);
        assert_eq!(gate.status().sent, 100);
    }
}
