//! How far the reading of many projects has come, and how long it takes yet.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    asks::{Progress, RequestProgress},
    presentation,
};

use crate::clock::duration_in_words;

/// A bar on a terminal; elsewhere nothing is drawn.
pub(super) fn bar() -> ProgressBar {
    let bar = presentation::bar(Some(0));
    if let Ok(style) = ProgressStyle::with_template("reading [{bar:24}] {pos}/{len} projects{msg}")
    {
        bar.set_style(style.progress_chars("=> "));
    }
    bar
}

pub(super) fn show(bar: &ProgressBar, progress: Progress) {
    let Progress::Requests(progress) = progress else { return };
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(
        remaining(progress)
            .map_or_else(String::new, |left| format!(", about {}", duration_in_words(left))),
    );
}

/// How long the requests that are left take at most, in whole minutes: the service counts requests by the
/// minute. `None` if it has told of no limit, or none is left.
fn remaining(progress: RequestProgress) -> Option<Duration> {
    Some(minutes(progress.left.filter(|left| *left > 0)?, progress.a_minute?))
}

/// How long so many requests take, in whole minutes, where the service takes so many in one.
pub(super) fn minutes(requests: usize, a_minute: u32) -> Duration {
    Duration::from_secs(60 * (requests as u64).div_ceil(u64::from(a_minute.max(1))))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RequestProgress, remaining};

    #[test]
    fn what_is_left_takes_the_minutes_that_its_requests_take() {
        let progress = |left, a_minute| RequestProgress { done: 1, total: 900, a_minute, left };
        assert_eq!(remaining(progress(Some(61), Some(30))), Some(Duration::from_secs(180)));
        assert_eq!(remaining(progress(Some(1), Some(30))), Some(Duration::from_secs(60)));
        assert_eq!(remaining(progress(Some(0), Some(30))), None);
        assert_eq!(remaining(progress(Some(5), None)), None);
        assert_eq!(remaining(progress(None, Some(30))), None);
    }
}
