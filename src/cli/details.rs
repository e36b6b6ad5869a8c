//! `details`: asking for the dates, people, notes and fields of tasks, with a progress bar.

use std::{path::Path, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::{
    arguments::DetailsArgs,
    asks::{Ask, Progress, RequestProgress},
    mounted_path::mounted_path,
    presentation, reading_bar,
    terminal::{confirm_done, each},
};

use crate::{clock::duration_in_words, error::Result, printable::printable};

/// Asks for what is below the paths. Broken off with Ctrl-C, it goes on from there the next time.
///
/// # Errors
/// If a path is not in a mount, or what asking failed with.
pub(crate) fn details(args: &DetailsArgs) -> Result<()> {
    let mut answers = 0;
    each(&args.paths, |path| {
        let mounted_path = mounted_path(path)?;
        let ask = Ask::Details {
            path: mounted_path.inside.clone().unwrap_or_default(),
            resources: args.only.0.clone(),
            refetch: args.refresh,
        };
        let bar = bar(path);
        let on_progress = |progress| show(&bar, progress);
        let answer = mounted_path.follow(&ask, on_progress);
        bar.finish_and_clear();
        let answer = answer.map_err(|error| match error.kind().is_transient() {
            true => error.hint("what was told already is kept: run it again to go on from there"),
            false => error,
        })?;
        answers += answer["done"].as_u64().unwrap_or_default();
        Ok(())
    })?;
    confirm_done(&match answers {
        0 => "everything was known; --refresh asks again\n".to_owned(),
        1 => "1 answer\n".to_owned(),
        _ => format!("{answers} answers\n"),
    })
}

/// A bar on a terminal; elsewhere nothing is drawn.
fn bar(path: &Path) -> ProgressBar {
    let bar = presentation::bar(Some(0));
    let template = "{prefix} [{bar:24}] {pos}/{len}{msg}";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.progress_chars("=> "));
    }
    bar.set_prefix(printable(&path.to_string_lossy()).into_owned());
    bar
}

fn show(bar: &ProgressBar, progress: Progress) {
    let Progress::Requests(progress) = progress else { return };
    bar.set_length(progress.total as u64);
    bar.set_position(progress.done as u64);
    bar.set_message(
        remaining(progress).map_or_else(String::new, |left| {
            format!(" requests, about {}", duration_in_words(left))
        }),
    );
}

/// How long what is left takes, in whole minutes: the service counts requests by the minute. `None`
/// if it has told of no limit.
fn remaining(progress: RequestProgress) -> Option<Duration> {
    Some(reading_bar::minutes(progress.total.saturating_sub(progress.done), progress.a_minute?))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{RequestProgress, remaining};

    #[test]
    fn what_is_left_takes_the_minutes_that_the_spare_requests_take() {
        let progress =
            |done, total, a_minute| RequestProgress { done, total, a_minute, left: None };
        let minutes = |minutes: u64| Some(Duration::from_secs(60 * minutes));
        assert_eq!(remaining(progress(0, 200, Some(15))), minutes(14));
        assert_eq!(remaining(progress(199, 200, Some(15))), minutes(1));
        assert_eq!(remaining(progress(200, 200, Some(15))), minutes(0));
        assert_eq!(remaining(progress(0, 200, None)), None);
        assert_eq!(remaining(progress(0, 3, Some(0))), minutes(3));
    }
}
