//! Examples of the budget, and laws.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Budget, Decision, LimitHeaders, RequestOutcome, SentRequest};
use crate::api::Priority;

fn headers(limit: u32, remaining: u32, reset: f64) -> LimitHeaders {
    let reset = Some(Duration::from_secs_f64(reset));
    LimitHeaders { limit: Some(limit), remaining: Some(remaining), reset }
}

#[test]
fn the_last_of_the_budget_is_for_saves() {
    let now = Instant::now();
    let mut budget = Budget::default();
    let window = budget.sent(now);
    budget.settled(window, RequestOutcome::Answered(headers(30, 3, 23.5)), now);
    let reset = Decision::WaitUntil(now + Duration::from_secs_f64(23.5));
    assert_eq!(budget.may_send(Priority::Background, now), reset);
    assert_eq!(budget.may_send(Priority::Foreground, now), reset);
    assert_eq!(budget.may_send(Priority::Save, now), Decision::Now);
    let later = now + Duration::from_secs(24);
    assert_eq!(budget.may_send(Priority::Background, later), Decision::Now);
    budget.sent(now);
    assert_eq!(budget.may_send(Priority::Save, later), Decision::WaitForAnswer);
}

#[test]
fn what_nobody_waits_for_takes_only_what_is_spare() {
    let now = Instant::now();
    for (remaining, spare) in [(30, 15), (16, 1), (15, 0), (3, 0)] {
        let mut budget = Budget::default();
        let window = budget.sent(now);
        budget.settled(window, RequestOutcome::Answered(headers(30, remaining, 23.5)), now);
        let mut sent = 0;
        while budget.may_send(Priority::Background, now) == Decision::Now {
            budget.sent(now);
            sent += 1;
        }
        assert_eq!(sent, spare, "{remaining}");
        assert_eq!(budget.may_send(Priority::Save, now), Decision::Now);
    }
}

#[test]
fn nothing_goes_between_a_429_and_its_reset() {
    let now = Instant::now();
    let mut budget = Budget::default();
    budget.refused(
        LimitHeaders { reset: Some(Duration::from_secs(7)), ..LimitHeaders::default() },
        now,
    );
    let until = now + Duration::from_secs(7);
    assert_eq!(budget.may_send(Priority::Save, now), Decision::WaitUntil(until));
    assert_eq!(budget.may_send(Priority::Save, until), Decision::Now);
    budget.refused(LimitHeaders::default(), until);
    let silent = until + Duration::from_secs(60);
    assert_eq!(budget.may_send(Priority::Save, until), Decision::WaitUntil(silent));
}

#[test]
fn what_was_not_told_is_counted_here() {
    let now = Instant::now();
    let after = |outcome| {
        let mut budget = Budget::default();
        let window = budget.sent(now);
        budget.settled(window, RequestOutcome::Answered(headers(30, 9, 20.0)), now);
        budget.sent(now);
        budget.settled(window, outcome, now);
        budget.status(now).1
    };
    assert_eq!(after(RequestOutcome::Answered(LimitHeaders::default())), Some(8));
    assert_eq!(after(RequestOutcome::Lost), Some(8));
    assert_eq!(after(RequestOutcome::Unsent), Some(9));
    assert_eq!(after(RequestOutcome::Answered(headers(30, 5, 20.0))), Some(5));
}

#[test]
fn an_answer_to_an_earlier_window_may_tell_of_this_one() {
    let start = Instant::now();
    let after = |outcome| {
        let mut budget = Budget::default();
        let first = budget.sent(start);
        budget.settled(first, RequestOutcome::Answered(headers(30, 9, 1.0)), start);
        let slow = budget.sent(start);
        let now = start + Duration::from_secs(2);
        assert_eq!(budget.may_send(Priority::Save, now), Decision::Now);
        let second = budget.sent(now);
        budget.settled(second, RequestOutcome::Answered(headers(30, 29, 60.0)), now);
        budget.settled(slow, outcome, now);
        budget.status(now).1
    };
    assert_eq!(after(RequestOutcome::Answered(headers(30, 28, 60.0))), Some(28));
    assert_eq!(after(RequestOutcome::Answered(headers(30, 8, 0.1))), Some(29));
    assert_eq!(after(RequestOutcome::Answered(LimitHeaders::default())), Some(28));
    assert_eq!(after(RequestOutcome::Lost), Some(28));
}

/// A service that starts anew does not wait for the end of a window that it has told of before.
#[test]
fn a_window_that_ends_later_than_the_known_one_is_another() {
    let start = Instant::now();
    let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
    let answered = |budget: &mut Budget, (sent, now): (f64, f64), answer: LimitHeaders| {
        let request = budget.sent(at(sent));
        budget.settled(request, RequestOutcome::Answered(answer), at(now));
        budget.status(at(now)).1
    };
    let mut budget = Budget::default();
    assert_eq!(answered(&mut budget, (0.0, 0.0), headers(40, 5, 1.0)), Some(5));
    // Told late, it is the same.
    assert_eq!(answered(&mut budget, (0.1, 0.9), headers(40, 4, 0.9)), Some(4));
    assert_eq!(answered(&mut budget, (0.9, 0.9), headers(40, 39, 1.0)), Some(4));
    assert_eq!(answered(&mut budget, (0.9, 0.9), headers(40, 0, 1.0)), Some(0));
    let ends = Decision::WaitUntil(at(0.9) + Duration::from_secs_f64(1.0));
    assert_eq!(budget.may_send(Priority::Save, at(1.0)), ends);
    // Much later, it has what it tells.
    assert_eq!(answered(&mut budget, (1.3, 1.3), headers(40, 37, 4.0)), Some(37));
}

#[test]
fn a_small_limit_leaves_something_to_read_with() {
    let now = Instant::now();
    for (limit, left) in [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (30, 27), (100, 90)] {
        let mut budget = Budget::default();
        let window = budget.sent(now);
        budget.settled(window, RequestOutcome::Answered(headers(limit, limit, 20.0)), now);
        let mut sent = 0;
        while budget.may_send(Priority::Foreground, now) == Decision::Now {
            budget.sent(now);
            sent += 1;
        }
        assert_eq!(sent, left, "{limit}");
    }
}

/// The service of the model below: a window is 10 s from its first request.
const WINDOW: Duration = Duration::from_secs(10);

/// A request on its way there, then its answer on its way back.
#[derive(Debug)]
struct Trip {
    arrives: Instant,
    returns: Instant,
    request: SentRequest,
    fate: u8,
    answer: Option<LimitHeaders>,
}

#[derive(Debug)]
struct Service {
    limit: u32,
    used: u32,
    ends: Instant,
}

impl Service {
    /// Counts a request; `None` where it refuses.
    fn count(&mut self, now: Instant) -> Option<LimitHeaders> {
        if now >= self.ends {
            self.ends = now + WINDOW;
            self.used = 0;
        }
        self.used += 1;
        let remaining = self.limit.checked_sub(self.used)?;
        let reset = Some(self.ends.saturating_duration_since(now));
        Some(LimitHeaders { limit: Some(self.limit), remaining: Some(remaining), reset })
    }
}

proptest! {
    /// A service that counts exactly never refuses, in whatever order answers come, and
    /// whether they come and tell or not, once it has told what is left of a window; also if it
    /// starts anew, and tells; and whoever waits is let through in the end.
    #[test]
    fn a_counting_service_never_refuses(
        limit in 1_u32..12,
        restarts in any::<bool>(),
        steps in prop::collection::vec((0_usize..5, 0_u64..400, 0_u64..1500, 0_u8..8), 1..200),
    ) {
        let start = Instant::now();
        let mut service = Service { limit, used: 0, ends: start };
        let mut budget = Budget::default();
        let mut trips: Vec<Trip> = Vec::new();
        let mut now = start;
        let priorities = [Priority::Save, Priority::Foreground, Priority::Background];
        for (what, pause, travel, fate) in steps {
            let until = now + Duration::from_millis(pause);
            // What happens on the way until then, in its order.
            while let Some((at, next)) = trips
                .iter()
                .enumerate()
                .map(|(at, trip)| (at, trip.answer.map_or(trip.arrives, |_| trip.returns)))
                .filter(|(_, next)| *next <= until)
                .min_by_key(|(_, next)| *next)
            {
                if trips[at].answer.is_none() {
                    let headers = service.count(next);
                    prop_assert!(headers.is_some(), "refused");
                    trips[at].answer = headers;
                    continue;
                }
                let trip = trips.remove(at);
                let outcome = match (trip.fate, trip.answer) {
                    (0, _) => RequestOutcome::Lost,
                    (1, _) => RequestOutcome::Answered(LimitHeaders::default()),
                    (_, headers) => RequestOutcome::Answered(headers.unwrap_or_default()),
                };
                budget.settled(trip.request, outcome, next);
            }
            now = until;
            if what == 4 && restarts && trips.is_empty() && fate == 0 {
                service.ends = now;
            }
            let Some(priority) = priorities.get(what) else { continue };
            if budget.may_send(*priority, now) == Decision::Now {
                let is_told = budget.status(now).1.is_some() && !restarts;
                let fate = if is_told { fate } else { u8::MAX };
                let request = budget.sent(now);
                let arrives = now + Duration::from_millis(travel / 2);
                let returns = now + Duration::from_millis(travel);
                trips.push(Trip { arrives, returns, request, fate, answer: None });
            }
        }
        // Nobody is kept waiting for ever: with all answers there, only for a moment to come.
        for trip in trips {
            budget.settled(trip.request, RequestOutcome::Lost, now);
        }
        for priority in priorities {
            if let Decision::WaitUntil(at) = budget.may_send(priority, now) {
                prop_assert!(at <= now + WINDOW);
                prop_assert_eq!(budget.may_send(priority, at), Decision::Now);
            } else {
                prop_assert_eq!(budget.may_send(priority, now), Decision::Now);
            }
        }
    }
}
