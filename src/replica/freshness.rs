//! When a project or listing is worth a request that nobody waits for: the longer it stays as it is, the
//! later. Pure. Whoever waits for an answer gets one at `--max-age`, whatever this says.

use std::time::{Duration, Instant};

/// How often the age may double: up to 16 times `--max-age`.
pub(crate) const DOUBLINGS: u32 = 4;

/// Nothing is left alone for longer than this, unless `--max-age` is.
pub(crate) const LONGEST: Duration = Duration::from_secs(600);

/// What asking for it has led to lately.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Interest {
    /// How many answers in a row said nothing new.
    unchanged: u32,
    /// When there was no answer, unless there was one since.
    failed: Option<Instant>,
}

impl Interest {
    /// An answer came, which says something new or does not.
    pub(crate) fn note_answer(&mut self, is_new: bool) {
        let unchanged = if is_new { 0 } else { self.unchanged.saturating_add(1) };
        *self = Self { unchanged, failed: None };
    }

    /// No answer came.
    pub(crate) fn note_failure(&mut self, now: Instant) {
        self.failed = Some(now);
    }

    /// Somebody is at work on it.
    pub(crate) fn note_save(&mut self) {
        self.unchanged = 0;
    }

    /// Whether what was read then is worth a request. A service that gave no answer is not asked
    /// sooner than one that gave one.
    pub(crate) fn is_due(self, read: Option<Instant>, now: Instant, max_age: Duration) -> bool {
        let is_over = |since: Option<Instant>, age: Duration| {
            since.is_none_or(|since| now.saturating_duration_since(since) > age)
        };
        is_over(read, self.age(max_age)) && is_over(self.failed, max_age)
    }

    fn age(self, max_age: Duration) -> Duration {
        let doubled = max_age.saturating_mul(1 << self.unchanged.min(DOUBLINGS));
        doubled.min(LONGEST.max(max_age))
    }
}

/// For how long what was read then is still younger than `max_age`.
pub(crate) fn remaining(read: Instant, now: Instant, max_age: Duration) -> Duration {
    max_age.saturating_sub(now.saturating_duration_since(read))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Interest;

    fn ages(interest: &mut Interest, max_age: u64) -> Vec<u64> {
        let age = |_| {
            let age = interest.age(Duration::from_secs(max_age)).as_secs();
            interest.note_answer(false);
            age
        };
        (0..6).map(age).collect()
    }

    #[test]
    fn what_stays_as_it_is_is_asked_for_less_and_less_often_but_not_never() {
        for (max_age, expected) in [
            (30, [30, 60, 120, 240, 480, 480]),
            (60, [60, 120, 240, 480, 600, 600]),
            (3600, [3600; 6]),
            (0, [0; 6]),
        ] {
            assert_eq!(ages(&mut Interest::default(), max_age), expected);
        }
        let mut interest = Interest { unchanged: u32::MAX, failed: None };
        assert_eq!(ages(&mut interest, 30), [480; 6]);
    }

    #[test]
    fn a_change_or_a_save_brings_it_back_to_max_age() {
        let changes: [fn(&mut Interest); 2] =
            [|interest| interest.note_answer(true), Interest::note_save];
        for change in changes {
            let mut interest = Interest::default();
            ages(&mut interest, 30);
            change(&mut interest);
            assert_eq!(ages(&mut interest, 30)[..2], [30, 60]);
        }
    }

    #[test]
    fn a_failure_is_not_repeated_before_max_age_and_nothing_read_is_always_due() {
        let (start, max_age) = (Instant::now(), Duration::from_secs(30));
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut interest = Interest::default();
        assert!(interest.is_due(None, start, max_age));
        assert!(!interest.is_due(Some(start), at(30), max_age));
        assert!(interest.is_due(Some(start), at(31), max_age));
        interest.note_failure(at(31));
        for read in [None, Some(start)] {
            assert!(!interest.is_due(read, at(61), max_age));
            assert!(interest.is_due(read, at(62), max_age));
        }
        interest.note_answer(false);
        assert!(!interest.is_due(Some(at(40)), at(100), max_age));
        assert!(interest.is_due(Some(at(40)), at(101), max_age));
    }
}
