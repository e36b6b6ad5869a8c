//! The request budget: when a request may be sent. Pure.
//!
//! The service tells its limit, what remains of it, and the seconds until it starts anew, with
//! every answer. Nothing is sent that it would refuse, nothing between a 429 and its reset, and
//! the last of the budget is kept for saves. How much a new window has is asked with one request
//! alone: others may have used some of it, and so may requests that were under way.

use std::time::{Duration, Instant};

use super::types::Priority;

/// How long to hold still after a 429 that says nothing.
const UNKNOWN_RESET: Duration = Duration::from_secs(60);

/// What the headers of an answer say of the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Told {
    /// `x-rate-limit-limit`.
    pub(crate) limit: Option<u32>,
    /// `x-rate-limit-remaining`.
    pub(crate) remaining: Option<u32>,
    /// `x-rate-limit-reset` or `Retry-After`.
    pub(crate) reset: Option<Duration>,
}

/// Whether a request may go now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Send it.
    Now,
    /// Not before this moment.
    WaitUntil(Instant),
    /// Not before a request under way is answered.
    WaitForAnswer,
}

/// What is known of the budget.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget {
    limit: Option<u32>,
    remaining: Option<u32>,
    reset: Option<Instant>,
    refused_until: Option<Instant>,
    in_flight: u32,
    /// Counts the windows: what an answer tells is true of the window it was asked in.
    window: u64,
    /// Whether an answer of this window has told how much of it is left.
    known: bool,
    /// Whether the request that asks is under way.
    asking: bool,
}

impl Budget {
    /// Whether a request of this priority may go.
    pub(crate) fn may_send(&mut self, priority: Priority, now: Instant) -> Decision {
        self.renew(now);
        if let Some(until) = self.refused_until {
            return Decision::WaitUntil(until);
        }
        if !self.known {
            return if self.asking { Decision::WaitForAnswer } else { Decision::Now };
        }
        let Some(remaining) = self.remaining else { return Decision::Now };
        let kept = self.kept(priority);
        if remaining.saturating_sub(self.in_flight) > kept {
            return Decision::Now;
        }
        match self.reset {
            Some(reset) if remaining <= kept || self.in_flight == 0 => Decision::WaitUntil(reset),
            Some(_) => Decision::WaitForAnswer,
            // Without a reset nothing will ever say that there is more: only a 429 can.
            None if self.in_flight == 0 => Decision::Now,
            None => Decision::WaitForAnswer,
        }
    }

    /// A request is on its way. The window that it belongs to.
    pub(crate) fn sent(&mut self) -> u64 {
        self.in_flight += 1;
        self.asking |= !self.known;
        self.window
    }

    /// A request of this window is over; `told` is what its answer said, if there was one.
    pub(crate) fn answered(&mut self, window: u64, told: Option<Told>, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.renew(now);
        if window != self.window {
            return;
        }
        self.asking = false;
        let Some(told) = told else { return };
        self.known = true;
        if told.limit.is_some() {
            self.limit = told.limit;
        }
        let reset = told.reset.map(|reset| now + reset);
        // Answers overtake each other: within one window the least that was told counts.
        let new_window = self.reset.is_none();
        self.remaining = match (self.remaining, told.remaining) {
            (Some(known), Some(told)) if !new_window => Some(known.min(told)),
            (known, told) => told.or(known),
        };
        if new_window {
            self.reset = reset;
        }
    }

    /// The service refused a request with 429.
    pub(crate) fn refused(&mut self, told: Told, now: Instant) {
        let until = now + told.reset.unwrap_or(UNKNOWN_RESET);
        self.refused_until = Some(self.refused_until.map_or(until, |known| known.max(until)));
        self.remaining = Some(0);
        self.reset = self.refused_until;
    }

    /// The limit, what remains, and when it starts anew, as far as is known.
    pub(crate) fn status(&self, now: Instant) -> (Option<u32>, Option<u32>, Option<Duration>) {
        let reset = self.reset.map(|reset| reset.saturating_duration_since(now));
        (self.limit, self.remaining, reset)
    }

    fn renew(&mut self, now: Instant) {
        if self.refused_until.is_some_and(|until| now >= until) {
            self.refused_until = None;
        }
        if self.reset.is_some_and(|reset| now >= reset) {
            self.reset = None;
            self.remaining = None;
            self.window += 1;
            self.known = false;
            self.asking = false;
        }
    }

    /// How much of the budget this priority leaves to more urgent ones.
    fn kept(&self, priority: Priority) -> u32 {
        let limit = self.limit.unwrap_or_default();
        match priority {
            Priority::Save => 0,
            Priority::Foreground => limit / 10,
            Priority::Background => limit / 2,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Budget, Decision, Told};
    use crate::api::Priority;

    fn told(limit: u32, remaining: u32, reset: f64) -> Told {
        let reset = Some(Duration::from_secs_f64(reset));
        Told { limit: Some(limit), remaining: Some(remaining), reset }
    }

    #[test]
    fn the_last_of_the_budget_is_for_saves() {
        let now = Instant::now();
        let mut budget = Budget::default();
        let window = budget.sent();
        budget.answered(window, Some(told(30, 3, 23.5)), now);
        let reset = Decision::WaitUntil(now + Duration::from_secs_f64(23.5));
        assert_eq!(budget.may_send(Priority::Background, now), reset);
        assert_eq!(budget.may_send(Priority::Foreground, now), reset);
        assert_eq!(budget.may_send(Priority::Save, now), Decision::Now);
        let later = now + Duration::from_secs(24);
        assert_eq!(budget.may_send(Priority::Background, later), Decision::Now);
        budget.sent();
        assert_eq!(budget.may_send(Priority::Save, later), Decision::WaitForAnswer);
    }

    #[test]
    fn nothing_goes_between_a_429_and_its_reset() {
        let now = Instant::now();
        let mut budget = Budget::default();
        budget.refused(Told { reset: Some(Duration::from_secs(7)), ..Told::default() }, now);
        let until = now + Duration::from_secs(7);
        assert_eq!(budget.may_send(Priority::Save, now), Decision::WaitUntil(until));
        assert_eq!(budget.may_send(Priority::Save, until), Decision::Now);
        budget.refused(Told::default(), until);
        let silent = until + Duration::from_secs(60);
        assert_eq!(budget.may_send(Priority::Save, until), Decision::WaitUntil(silent));
    }

    proptest! {
        /// A service that counts exactly is never asked more than it allows, whatever the order
        /// in which answers come, as long as they come before its window is over.
        #[test]
        fn a_counting_service_never_refuses(
            limit in 1_u32..12,
            steps in prop::collection::vec((0_u8..3, 0_usize..4, 0_u64..900), 1..200),
        ) {
            let start = Instant::now();
            let (mut now, mut window, mut used) = (start, start, 0);
            let mut budget = Budget::default();
            let mut under_way: Vec<(Instant, u64, Told)> = Vec::new();
            let length = Duration::from_secs(10);
            for (what, which, pause) in steps {
                now += Duration::from_millis(pause);
                while let Some(late) = under_way.iter().position(|(sent, ..)| now >= *sent + length / 4) {
                    let (_, sent_in, answer) = under_way.remove(late);
                    budget.answered(sent_in, Some(answer), now);
                }
                if now >= window + length {
                    window = now;
                    used = 0;
                }
                if what < 2 {
                    if budget.may_send(Priority::Save, now) == Decision::Now {
                        let sent_in = budget.sent();
                        used += 1;
                        prop_assert!(used <= limit, "refused");
                        let reset = (window + length).saturating_duration_since(now);
                        let remaining = Some(limit - used);
                        let told = Told { limit: Some(limit), remaining, reset: Some(reset) };
                        under_way.push((now, sent_in, told));
                    }
                } else if !under_way.is_empty() {
                    let (_, sent_in, answer) = under_way.remove(which % under_way.len());
                    budget.answered(sent_in, Some(answer), now);
                }
            }
        }
    }
}
