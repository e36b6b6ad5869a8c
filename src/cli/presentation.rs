//! How things are shown: the one place that decides whether there are colours, whether anything is drawn,
//! and whether only what was asked for is said.

use std::{
    env,
    io::IsTerminal,
    sync::atomic::{AtomicBool, Ordering},
};

use clap::ColorChoice;
use indicatif::{ProgressBar, ProgressDrawTarget};

/// Whether `--quiet` was given.
static IS_QUIET: AtomicBool = AtomicBool::new(false);

/// Says from here on nothing but what was asked for, and what is wrong.
pub(super) fn be_quiet() {
    IS_QUIET.store(true, Ordering::Relaxed);
}

pub(super) fn is_quiet() -> bool {
    IS_QUIET.load(Ordering::Relaxed)
}

/// Whether a stream is a terminal on which something can be drawn.
pub(super) fn draws(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && can_draw(env::var("TERM").ok().as_deref())
}

/// Whether a stream has colours: where something can be drawn, unless the user wants none
/// (<https://no-color.org>).
pub(super) fn has_colours(stream: &impl IsTerminal) -> bool {
    draws(stream) && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// The same of stdout, for what clap prints.
pub(super) fn color_choice() -> ColorChoice {
    if has_colours(&std::io::stdout()) { ColorChoice::Always } else { ColorChoice::Never }
}

fn can_draw(terminal: Option<&str>) -> bool {
    terminal.is_some_and(|terminal| !matches!(terminal, "" | "dumb"))
}

/// A progress bar on stderr; where nothing can be drawn, and for who wants it quiet, it draws nothing.
pub(super) fn bar(length: Option<u64>) -> ProgressBar {
    let is_drawn = !is_quiet() && draws(&std::io::stderr());
    let target = if is_drawn { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    ProgressBar::with_draw_target(length, target)
}

#[cfg(test)]
mod tests {
    use super::can_draw;

    #[test]
    fn nothing_is_drawn_where_nobody_knows_how() {
        assert!(can_draw(Some("xterm")));
        assert!(![None, Some(""), Some("dumb")].into_iter().any(can_draw));
    }
}
