//! The clock seam: everything that waits or compares times asks a [`Clock`], so that tests can
//! move time by hand.

use std::time::{Duration, Instant, SystemTime};

use jiff::{SignedDuration, Timestamp};

/// A source of time and of waiting.
#[async_trait::async_trait]
pub trait Clock: std::fmt::Debug + Send + Sync + 'static {
    /// Monotonic time, for ages and deadlines.
    fn now(&self) -> Instant;

    /// Wall-clock time, for file times.
    fn wall(&self) -> SystemTime;

    /// Returns once `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock, by way of tokio: in a runtime with paused time it is virtual.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A time as RFC 3339 has it, in UTC, to the second.
pub(crate) fn rfc3339(time: SystemTime) -> String {
    timestamp(time).map_or_else(String::new, |time| format!("{time:.0}"))
}

/// A time as RFC 3339 has it, in UTC, to the millisecond.
pub(crate) fn rfc3339_millis(time: SystemTime) -> String {
    timestamp(time).map_or_else(String::new, |time| format!("{time:.3}"))
}

/// The time that a text in the format of RFC 3339 stands for.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok()?.try_into().ok()
}

/// The seconds of a day without a leap.
const DAY: u64 = 86_400;

/// How long something takes or is ago, such as `1d 2h 5m 3s`.
pub(crate) fn duration_in_words(duration: Duration) -> String {
    let (days, rest) = (duration.as_secs() / DAY, duration.as_secs() % DAY);
    let rest = SignedDuration::new(rest.cast_signed(), duration.subsec_nanos().cast_signed());
    match days {
        0 => format!("{rest:#}"),
        days if rest.is_zero() => format!("{days}d"),
        days => format!("{days}d {rest:#}"),
    }
}

/// `None` beyond the years that the calendar knows: a clock that is set so shows no time.
fn timestamp(time: SystemTime) -> Option<Timestamp> {
    Timestamp::try_from(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_and_read_as_rfc_3339() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_764_000_000_987);
        assert_eq!(rfc3339(time), "2025-11-24T16:00:00Z");
        assert_eq!(rfc3339_millis(time), "2025-11-24T16:00:00.987Z");
        assert_eq!(parse_rfc3339("2025-11-24T16:00:00.987Z"), Some(time));
        assert_eq!(parse_rfc3339("yesterday"), None);
        assert_eq!(duration_in_words(Duration::from_secs(7_503)), "2h 5m 3s");
        assert_eq!(duration_in_words(Duration::from_secs(86_400 + 7_503)), "1d 2h 5m 3s");
        assert_eq!(duration_in_words(Duration::ZERO), "0s");
    }
}
