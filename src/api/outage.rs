//! Whether the service is there: when it counts as gone, and who may look whether it is back. Pure.
//!
//! A failure counts only if nothing was answered since its request was sent: one slow or broken
//! endpoint beside others that answer is no outage. While the service is gone one request at a time
//! is let through, as a probe; the pause between probes doubles, and is cut short where somebody
//! looks. Whatever is answered, a refusal as well, ends the outage.

use std::time::{Duration, Instant, SystemTime};

/// The first pause between two probes, and the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How soon after a probe the next one may be, if somebody looks.
const SHORTEST_PAUSE: Duration = Duration::from_secs(2);

/// How a request failed that got no answer of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// There was no connection.
    Unconnected,
    /// Not a byte came for as long as is waited for one.
    Silent,
    /// The connection broke, or what came was not the service's.
    Broken,
}

impl Failure {
    /// How many in a row, the last of which is this one, tell that the service is gone.
    fn tells_after(self) -> u32 {
        match self {
            Failure::Silent => 1,
            Failure::Unconnected => 2,
            Failure::Broken => 3,
        }
    }
}

/// Whether a request may be sent now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// As far as is known the service is there.
    Free,
    /// It is to find out whether the service is back.
    Probe,
    /// Not before then: nobody is to look earlier.
    NotBefore(Instant),
    /// Somebody looks at the moment.
    Probing,
}

/// Since when the service is gone, and how that showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gone {
    /// Since when.
    pub since: SystemTime,
    /// What the last look came to.
    pub reason: String,
}

#[derive(Debug)]
struct OutageState {
    gone: Gone,
    /// When somebody looked last.
    looked: Instant,
    /// When the next probe is due.
    due: Instant,
    pause: Duration,
    probing: bool,
}

/// Whether the service is there.
#[derive(Debug, Default)]
pub(crate) struct Outage {
    answered: Option<Instant>,
    /// Failures in a row, and since when.
    failures: u32,
    began: Option<SystemTime>,
    state: Option<OutageState>,
}

impl Outage {
    /// Since when the service is gone, if it is.
    pub(crate) fn gone(&self) -> Option<&Gone> {
        self.state.as_ref().map(|state| &state.gone)
    }

    /// Whether a request may be sent now. A probe must be announced by [`probes`](Self::probes).
    pub(crate) fn passage(&self, now: Instant) -> Passage {
        match &self.state {
            None => Passage::Free,
            Some(state) if state.probing => Passage::Probing,
            Some(state) if now < state.due => Passage::NotBefore(state.due),
            Some(_) => Passage::Probe,
        }
    }

    /// Somebody looks: the next probe need not wait for the end of its pause.
    pub(crate) fn hurry(&mut self) {
        if let Some(state) = &mut self.state {
            state.due = state.due.min(state.looked + SHORTEST_PAUSE);
        }
    }

    /// A probe is sent.
    pub(crate) fn probes(&mut self) {
        if let Some(state) = &mut self.state {
            state.probing = true;
        }
    }

    /// The probe came to nothing that tells: its sender went.
    pub(crate) fn abandoned(&mut self) {
        if let Some(state) = &mut self.state {
            state.probing = false;
        }
    }

    /// The service answered.
    pub(crate) fn answered(&mut self, now: Instant) {
        *self = Self { answered: Some(now), ..Self::default() };
    }

    /// A request that was sent then got no answer of the service.
    pub(crate) fn failed(
        &mut self,
        failure: Failure,
        reason: impl FnOnce() -> String,
        was_probe: bool,
        sent: Instant,
        (now, wall): (Instant, SystemTime),
    ) {
        if self.answered.is_some_and(|answered| answered > sent) {
            return;
        }
        if let Some(state) = &mut self.state {
            if was_probe {
                state.gone.reason = reason();
                state.probing = false;
                state.looked = now;
                state.due = now + state.pause;
                state.pause = (state.pause * 2).min(LONGEST_PAUSE);
            }
            return;
        }
        self.failures += 1;
        let since = *self.began.get_or_insert(wall);
        if self.failures < failure.tells_after() {
            return;
        }
        // What is not the service's may stand in the way of one endpoint only: the next request
        // is a probe at once.
        let due = if failure == Failure::Broken { now } else { now + FIRST_PAUSE };
        self.state = Some(OutageState {
            gone: Gone { since, reason: reason() },
            looked: now,
            due,
            pause: FIRST_PAUSE * 2,
            probing: false,
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant, SystemTime};

    use proptest::prelude::*;

    use super::{Failure, LONGEST_PAUSE, Outage, Passage};

    const SECOND: Duration = Duration::from_secs(1);

    fn fail(outage: &mut Outage, failure: Failure, was_probe: bool, now: Instant) {
        let at = (now, SystemTime::UNIX_EPOCH);
        outage.failed(failure, || format!("{failure:?}"), was_probe, now, at);
    }

    #[test]
    fn it_takes_more_than_one_failure_unless_it_was_long_silent() {
        for (failure, needed) in
            [(Failure::Silent, 1), (Failure::Unconnected, 2), (Failure::Broken, 3)]
        {
            let (mut outage, now) = (Outage::default(), Instant::now());
            for count in 1..=needed {
                assert_eq!(outage.passage(now), Passage::Free, "{failure:?}");
                fail(&mut outage, failure, false, now);
                assert_eq!(outage.gone().is_some(), count == needed, "{failure:?}");
            }
        }
    }

    #[test]
    fn a_failure_does_not_count_if_something_was_answered_since_it_was_sent() {
        let (mut outage, sent) = (Outage::default(), Instant::now());
        outage.answered(sent + SECOND);
        let at = (sent + 2 * SECOND, SystemTime::UNIX_EPOCH);
        outage.failed(Failure::Silent, String::new, false, sent, at);
        assert!(outage.gone().is_none());
    }

    #[test]
    fn one_probe_at_a_time_and_the_pauses_grow_to_their_bound() {
        let (mut outage, mut now) = (Outage::default(), Instant::now());
        fail(&mut outage, Failure::Silent, false, now);
        let mut pauses = Vec::new();
        for _ in 0..8 {
            let Passage::NotBefore(due) = outage.passage(now) else { panic!("{outage:?}") };
            pauses.push((due - now).as_secs());
            now = due;
            assert_eq!(outage.passage(now), Passage::Probe);
            outage.probes();
            assert_eq!(outage.passage(now), Passage::Probing);
            // What was under way before fails as well, and tells nothing new.
            fail(&mut outage, Failure::Unconnected, false, now);
            assert_eq!(outage.passage(now), Passage::Probing);
            fail(&mut outage, Failure::Unconnected, true, now);
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 30, 30, 30]);
        assert_eq!(outage.gone().unwrap().reason, "Unconnected");
        outage.answered(now);
        assert_eq!(outage.passage(now), Passage::Free);
    }

    #[test]
    fn whoever_looks_cuts_the_pause_short_but_not_to_nothing() {
        let (mut outage, start) = (Outage::default(), Instant::now());
        fail(&mut outage, Failure::Silent, false, start);
        for _ in 0..6 {
            outage.probes();
            fail(&mut outage, Failure::Silent, true, start);
        }
        assert_eq!(outage.passage(start), Passage::NotBefore(start + LONGEST_PAUSE));
        outage.hurry();
        assert_eq!(outage.passage(start), Passage::NotBefore(start + 2 * SECOND));
        outage.hurry();
        assert_eq!(outage.passage(start + 2 * SECOND), Passage::Probe);
        outage.probes();
        outage.abandoned();
        assert_eq!(outage.passage(start + 2 * SECOND), Passage::Probe);
    }

    #[test]
    fn what_is_not_the_services_is_looked_behind_at_once() {
        let (mut outage, now) = (Outage::default(), Instant::now());
        (0..3).for_each(|_| fail(&mut outage, Failure::Broken, false, now));
        assert_eq!(outage.passage(now), Passage::Probe);
    }

    proptest! {
        /// Whatever happens in whatever order, there is never a second probe beside one that is
        /// under way, and a probe becomes due in the end.
        #[test]
        fn never_two_probes(steps in prop::collection::vec((0_u8..6, 0_u64..5000), 1..200)) {
            let (mut outage, mut now) = (Outage::default(), Instant::now());
            let mut probe = false;
            for (what, pause) in steps {
                now += Duration::from_millis(pause);
                match what {
                    0 if outage.passage(now) == Passage::Probe => {
                        prop_assert!(!probe);
                        outage.probes();
                        probe = true;
                    }
                    1 if probe => {
                        fail(&mut outage, Failure::Unconnected, true, now);
                        probe = false;
                    }
                    2 if probe => {
                        outage.abandoned();
                        probe = false;
                    }
                    3 => fail(&mut outage, Failure::Unconnected, false, now),
                    4 => {
                        outage.answered(now);
                        probe = false;
                    }
                    5 => outage.hurry(),
                    _ => {}
                }
            }
            if outage.gone().is_some() && !probe {
                prop_assert_eq!(outage.passage(now + LONGEST_PAUSE), Passage::Probe);
            }
        }
    }
}
