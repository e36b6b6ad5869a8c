//! What the headers of an answer say of the request budget.

use std::time::{Duration, SystemTime};

use jiff::{
    fmt::{rfc2822, strtime},
    tz::TimeZone,
};
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

use super::budget::LimitHeaders;

/// Longest wait that is believed.
const MOST_WAIT: Duration = Duration::from_secs(86_400);

/// Reads `x-rate-limit-*` and `Retry-After`; what makes no sense there says nothing. `wall` is
/// the time here, for a date where the answer does not tell its own.
pub(crate) fn limit_headers(headers: &HeaderMap, wall: SystemTime) -> LimitHeaders {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| value(name).and_then(|text| text.trim().parse::<f64>().ok());
    let count = |name: &str| {
        number(name)
            .filter(|n| n.is_finite() && *n >= 0.0)
            .map(|n| n.min(f64::from(u32::MAX)) as u32)
    };
    let seconds = |name: &str| {
        let wait = number(name).and_then(|n| Duration::try_from_secs_f64(n).ok());
        wait.filter(|wait| *wait <= MOST_WAIT)
    };
    let date = |name: &str| value(name).and_then(http_date);
    // By the clock that wrote it, where that is told. A date that is past is no wait: it says
    // more of the clocks than of the limit.
    let until_date = || {
        let from = date(DATE.as_str()).unwrap_or(wall);
        let wait = date(RETRY_AFTER.as_str())?.duration_since(from).ok();
        wait.filter(|wait| !wait.is_zero() && *wait <= MOST_WAIT)
    };
    LimitHeaders {
        limit: count("x-rate-limit-limit"),
        remaining: count("x-rate-limit-remaining"),
        reset: seconds(RETRY_AFTER.as_str())
            .or_else(until_date)
            .or_else(|| seconds("x-rate-limit-reset")),
    }
}

/// A date in any of the three formats that RFC 9110, 5.6.7 has readers accept.
pub(super) fn http_date(text: &str) -> Option<SystemTime> {
    let older = |format| {
        let time = strtime::parse(format, text).ok()?.to_datetime().ok()?;
        TimeZone::UTC.to_timestamp(time).ok()
    };
    rfc2822::parse(text)
        .ok()
        .map(|time| time.timestamp())
        .or_else(|| older("%A, %d-%b-%y %H:%M:%S GMT"))
        .or_else(|| older("%a %b %e %H:%M:%S %Y"))
        .and_then(|time| time.try_into().ok())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use proptest::prelude::*;
    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{LimitHeaders, limit_headers};

    /// Sun, 06 Nov 1994 08:49:37 GMT, the example of RFC 9110.
    const WALL: Duration = Duration::from_secs(784_111_777);

    fn read(pairs: &[(&'static str, &str)]) -> LimitHeaders {
        let pairs = pairs.iter().map(|(name, value)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        });
        limit_headers(&pairs.collect::<HeaderMap>(), SystemTime::UNIX_EPOCH + WALL)
    }

    fn wait(pairs: &[(&'static str, &str)]) -> Option<f64> {
        read(pairs).reset.map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn decimal_seconds_are_read_and_nonsense_says_nothing() {
        let good = read(&[("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "23.727")]);
        assert_eq!(good.remaining, Some(7));
        assert_eq!(good.reset, Some(Duration::from_secs_f64(23.727)));
        let bad = read(&[("x-rate-limit-remaining", "-1"), ("x-rate-limit-reset", "NaN")]);
        assert_eq!((bad.remaining, bad.reset), (None, None));
    }

    #[test]
    fn retry_after_goes_first_where_it_can_be_read() {
        let reset = ("x-rate-limit-reset", "9.5");
        assert_eq!(wait(&[("retry-after", "7"), reset]), Some(7.0));
        for nonsense in ["-1", "NaN", "inf", "1e12", "soon", "Sun, 06 Nov 1994 08:00:00 GMT"] {
            assert_eq!(wait(&[("retry-after", nonsense), reset]), Some(9.5), "{nonsense}");
            assert_eq!(wait(&[("retry-after", nonsense)]), None, "{nonsense}");
        }
    }

    #[test]
    fn a_date_is_read_by_the_clock_that_wrote_it() {
        let at = ("retry-after", "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(wait(&[at]), Some(30.0));
        for date in [
            "Sun, 06 Nov 1994 08:50:00 GMT",
            "Sunday, 06-Nov-94 08:50:00 GMT",
            "Sun Nov  6 08:50:00 1994",
        ] {
            assert_eq!(wait(&[at, ("date", date)]), Some(7.0), "{date}");
        }
    }

    proptest! {
        #[test]
        fn no_header_makes_it_panic(value in "[ -~]{0,24}") {
            for name in ["retry-after", "x-rate-limit-reset", "x-rate-limit-remaining", "date"] {
                let limit_headers = read(&[(name, &value)]);
                prop_assert!(limit_headers.reset.is_none_or(|wait| wait <= super::MOST_WAIT));
            }
        }
    }
}
