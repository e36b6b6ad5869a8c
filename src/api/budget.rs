//! The request budget: when a request may be sent. Pure.
//!
//! The service tells its limit, what remains of it, and the seconds until it starts anew, with
//! every answer. Nothing is sent that it would refuse, nothing between a 429 and its reset, and
//! the last of the budget is kept for saves. How much a new window has is asked with one request
//! alone: others may have used some of it, and so may requests that were under way.

use std::time::{Duration, Instant};

use super::priority::Priority;

/// How long to hold still after a 429 that says nothing.
const UNKNOWN_RESET: Duration = Duration::from_secs(60);

/// How far two tellings of one window's end may be apart: answers travel at different speeds.
const SAME_WINDOW: Duration = Duration::from_secs(1);

/// What the headers of an answer say of the budget.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct LimitHeaders {
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

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum RequestOutcome {
    /// It was answered, and this is what its headers say.
    Answered(LimitHeaders),
    /// No answer came: the service may have counted it.
    Lost,
    /// It did not leave this machine.
    Unsent,
}

/// A request that was sent: the window that it belongs to, and when.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentRequest {
    window: u64,
    at: Instant,
}

/// What is known of the budget.
#[derive(Debug, Clone, Default)]
pub(crate) struct Budget {
    limit: Option<u32>,
    remaining: Option<u32>,
    reset: Option<Instant>,
    refused_until: Option<Instant>,
    in_flight: u32,
    /// Requests of this window that no answer has told of for certain.
    untold: u32,
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
        let Some(remaining) = self.left() else { return Decision::Now };
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

    /// A request is on its way.
    pub(crate) fn sent(&mut self, now: Instant) -> SentRequest {
        self.in_flight += 1;
        self.asking |= !self.known;
        SentRequest { window: self.window, at: now }
    }

    /// What became of a request.
    pub(crate) fn settled(&mut self, sent: SentRequest, outcome: RequestOutcome, now: Instant) {
        self.in_flight = self.in_flight.saturating_sub(1);
        self.renew(now);
        if let RequestOutcome::Answered(headers) = outcome {
            self.move_on(sent.at, headers, now);
        }
        let of_this_window = sent.window == self.window;
        if of_this_window {
            self.asking = false;
        }
        match outcome {
            RequestOutcome::Unsent => {}
            RequestOutcome::Lost => self.miss_one(),
            RequestOutcome::Answered(headers) if of_this_window => self.learn(headers, now),
            // Sent in an earlier window, and perhaps counted in this one: what it tells is of
            // this one if it ends when this one does.
            RequestOutcome::Answered(headers) => {
                match (headers.remaining, headers.reset, self.reset) {
                    (Some(remaining), Some(ends), Some(reset)) => {
                        if now + ends + SAME_WINDOW >= reset {
                            self.remaining = self.remaining.map(|known| known.min(remaining));
                        }
                    }
                    _ => self.miss_one(),
                }
            }
        }
    }

    /// The service may have begun another window before the known one was to end, as it does when it
    /// starts anew: the request was counted between when it was sent and now, so what was told then
    /// of the end of its window may show that this is a later one.
    fn move_on(&mut self, sent: Instant, headers: LimitHeaders, now: Instant) {
        let (Some(known), Some(ends)) = (self.reset, headers.reset) else { return };
        if sent + ends <= known {
            return;
        }
        self.reset = Some(now + ends);
        if sent + ends > known + SAME_WINDOW && headers.remaining.is_some() {
            self.remaining = headers.remaining;
            self.untold = 0;
            self.window += 1;
        }
    }

    fn learn(&mut self, headers: LimitHeaders, now: Instant) {
        if headers.limit.is_some() {
            self.limit = headers.limit;
        }
        // A service that has a limit is asked for what is left until it tells.
        self.known |= headers.remaining.is_some() || self.limit.is_none();
        let reset = headers.reset.map(|reset| now + reset);
        // Answers overtake each other: within one window the least that was told counts.
        let new_window = self.reset.is_none();
        match (self.remaining, headers.remaining) {
            (Some(known), Some(left)) if !new_window => self.remaining = Some(known.min(left)),
            (_, Some(left)) => self.remaining = Some(left),
            // Answered by something before the service, or by one that tells only sometimes.
            (_, None) => self.miss_one(),
        }
        if new_window {
            self.reset = reset;
        }
    }

    /// One more request may be missing in what remains.
    fn miss_one(&mut self) {
        if self.remaining.is_some() {
            self.untold += 1;
        }
    }

    /// What remains, less what may be missing in that number.
    fn left(&self) -> Option<u32> {
        self.remaining.map(|remaining| remaining.saturating_sub(self.untold))
    }

    /// The service refused a request with 429.
    pub(crate) fn refused(&mut self, headers: LimitHeaders, now: Instant) {
        let until = now + headers.reset.unwrap_or(UNKNOWN_RESET);
        self.refused_until = Some(self.refused_until.map_or(until, |known| known.max(until)));
        self.remaining = Some(0);
        self.reset = self.refused_until;
    }

    /// The limit, what remains, and when it starts anew, as far as is known.
    pub(crate) fn status(&self, now: Instant) -> (Option<u32>, Option<u32>, Option<Duration>) {
        let reset = self.reset.map(|reset| reset.saturating_duration_since(now));
        (self.limit, self.left(), reset)
    }

    fn renew(&mut self, now: Instant) {
        if self.refused_until.is_some_and(|until| now >= until) {
            self.refused_until = None;
        }
        if self.reset.is_some_and(|reset| now >= reset) {
            self.reset = None;
            self.remaining = None;
            self.untold = 0;
            self.window += 1;
            self.known = false;
            self.asking = false;
        }
    }

    /// How much of the budget this priority leaves to more urgent ones.
    pub(crate) fn kept(&self, priority: Priority) -> u32 {
        let limit = self.limit.unwrap_or_default();
        match priority {
            Priority::Save => 0,
            // Two at least, but never so much of a small limit that nothing is left to read with.
            Priority::Foreground => (limit / 10).max(2).min(limit / 2),
            // Only what is spare: others may need half of it at once.
            Priority::Background => limit / 2,
        }
    }
}

#[cfg(test)]
mod tests;
