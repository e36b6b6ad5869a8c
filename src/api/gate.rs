//! The gate that every request passes: urgent ones first, none that the service would refuse, and
//! while the service is gone one at a time, as a probe. Reads are turned away then; saves wait.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    budget::{Decision, LimitHeaders},
    ledger::{BudgetStatus, GateStep, Ledger},
    outage::Gone,
    permit::Permit,
    priority::Priority,
    queue::QueuePlace,
};
use crate::{
    clock::{Clock, rfc3339},
    error::{Error, Kind, Result},
};

/// How long a read waits for a probe, while the service is gone.
const PROBE_WAIT: Duration = Duration::from_secs(1);

/// The gate of one backend.
pub(crate) struct Gate {
    ledger: Ledger,
}

/// A place in the queue, given up when dropped.
struct QueuedRequest<'a> {
    ledger: &'a Ledger,
    place: QueuePlace,
}

impl Gate {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { ledger: Ledger::new(clock) }
    }

    /// Notes from now on when the service is gone, and turns reads away then.
    pub(crate) fn note_outages(&mut self) {
        self.ledger.note_outages();
    }

    /// Waits for the right to send a request about this project (or space), but no longer than
    /// `timeout`.
    ///
    /// # Errors
    /// [`Kind::RateLimited`], with the seconds until it would be possible, and
    /// [`Kind::Unreachable`] if the service is gone.
    pub(crate) async fn pass(
        &self,
        priority: Priority,
        project: &str,
        timeout: Duration,
    ) -> Result<Permit<'_>> {
        let clock = self.ledger.clock();
        let joined = clock.now();
        let deadline = joined + timeout;
        let place = self.ledger.join(priority, project);
        let _waiting = QueuedRequest { ledger: &self.ledger, place };
        if priority != Priority::Save {
            self.hurry();
        }
        loop {
            // Registered before the look, so that no change between look and wait is missed.
            let changed = self.ledger.changed();
            let now = clock.now();
            let until = match self.ledger.decide(priority, place, now) {
                GateStep::Go { is_probe, request } => {
                    return Ok(Permit::new(&self.ledger, request, now, is_probe));
                }
                GateStep::Wait(decision) => {
                    let until = match decision {
                        Decision::WaitUntil(until) => until,
                        Decision::Now | Decision::WaitForAnswer => deadline,
                    };
                    if now >= deadline || until > deadline {
                        return Err(too_busy(decision, now));
                    }
                    until
                }
                GateStep::WaitForProbe { due, gone } => {
                    let wait = if priority == Priority::Save { timeout } else { PROBE_WAIT };
                    let last = deadline.min(joined + wait);
                    if now >= last || due.is_some_and(|due| due > last) {
                        return Err(offline(gone));
                    }
                    due.unwrap_or(last)
                }
            };
            tokio::select! {
                () = changed => {}
                () = clock.sleep(until.saturating_duration_since(now)) => {}
            }
        }
    }

    /// A program waits, or waits no more, for what is read about a project (or space): that is as urgent
    /// then as if it asked for it itself.
    pub(crate) fn want(&self, project: &str, is_wanted: bool) {
        self.ledger.want(project, is_wanted);
    }

    /// Somebody looks: if the service is gone, the next probe is soon.
    pub(crate) fn hurry(&self) {
        self.ledger.hurry();
    }

    /// Since when the service is gone, and whenever that changes.
    pub(crate) fn outage(&self) -> watch::Receiver<Option<Gone>> {
        self.ledger.outage()
    }

    /// What is known of the budget.
    pub(crate) fn status(&self) -> BudgetStatus {
        self.ledger.status()
    }

    /// The service refused a request for the limit, though its status did not say so.
    pub(crate) fn refused(&self, headers: LimitHeaders) {
        self.ledger.refused(headers);
    }
}

fn too_busy(decision: Decision, now: Instant) -> Error {
    let error = Error::new(Kind::RateLimited, "the request budget of this account is used up");
    match decision {
        Decision::WaitUntil(at) => {
            let seconds = at.saturating_duration_since(now).as_secs().saturating_add(1);
            error.hint(format!("try again in {seconds} s"))
        }
        _ => error.hint("try again in a minute"),
    }
}

/// Why a request is not even sent.
fn offline(gone: Option<Gone>) -> Error {
    let words = gone.map_or_else(String::new, |gone| {
        let since = rfc3339(gone.since);
        format!(" since {since}: {}", gone.reason)
    });
    Error::new(Kind::Unreachable, format!("offline{words}"))
}

impl Drop for QueuedRequest<'_> {
    fn drop(&mut self) {
        self.ledger.leave(self.place);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::Duration};

    use super::{Gate, Permit};
    use crate::{
        api::{Priority, budget::LimitHeaders, ledger::MOST_IN_FLIGHT},
        clock::SystemClock,
        error::{Kind, Result},
    };

    fn headers(remaining: u32, reset: u64) -> LimitHeaders {
        let reset = Some(Duration::from_secs(reset));
        LimitHeaders { limit: Some(30), remaining: Some(remaining), reset }
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
                let timeout = Duration::from_secs(60);
                let mut permit = task_gate.pass(priority, project, timeout).await.unwrap();
                sender.send(project).unwrap();
                permit.answered(headers(29, 60), false);
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
        pass(&gate, Priority::Save, 0).await.unwrap().answered(headers(0, 20), false);
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
        pass(&gate, Priority::Save, 0).await.unwrap().answered(headers(0, 40), true);
        let error = pass(&gate, Priority::Foreground, 10).await.err().unwrap();
        assert_eq!(error.kind(), Kind::RateLimited);
        assert!(error.to_string().contains("41 s"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_kept_for_saves_is_told_until_the_window_ends() {
        let gate = Gate::new(Arc::new(SystemClock));
        assert!(!gate.status().is_kept);
        for (remaining, is_kept) in [(4, false), (3, true), (0, true)] {
            pass(&gate, Priority::Save, 0).await.unwrap().answered(headers(remaining, 20), false);
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
        pass(&gate, Priority::Save, 0).await.unwrap().answered(headers(0, 20), false);
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
            permit.answered(headers(29, 60), false);
            permits.push(permit);
        }
        assert!(pass(&gate, Priority::Save, 1).await.is_err());
        permits.pop();
        assert!(pass(&gate, Priority::Save, 1).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_have_been_counted_is_and_what_was_not_sent_is_not() {
        let gate = Gate::new(Arc::new(SystemClock));
        pass(&gate, Priority::Save, 0).await.unwrap().answered(headers(2, 60), false);
        pass(&gate, Priority::Save, 0).await.unwrap().unsent();
        assert_eq!(gate.status().remaining, Some(2));
        drop(pass(&gate, Priority::Save, 0).await.unwrap());
        assert_eq!(gate.status().remaining, Some(1));
    }
}
