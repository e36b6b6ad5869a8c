//! The log: one line an event, on stderr, in a file or in the system's journal, fit for a terminal.

use std::{fmt, path::PathBuf, sync::Arc};

use tracing::{Event, Level, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::{
    journald::{self, Journal},
    log_file::{self, LogFile},
    presentation,
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// What other crates log beside warnings is what goes over the wire, whatever the filter lets through.
const QUIET: [&str; 7] =
    ["h2", "hyper", "hyper_util", "reqwest", "rustls", "secret_service", "zbus"];

/// Where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LogTo {
    Stderr,
    Journald,
    File(PathBuf),
}

impl LogTo {
    /// Reads `--log-to`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("stderr, journald or a file".to_owned()),
            "stderr" => Ok(Self::Stderr),
            "journald" => Ok(Self::Journald),
            file => Ok(Self::File(file.into())),
        }
    }
}

/// Starts it, with what `filter` lets through.
///
/// # Errors
/// If that is no filter, or the log cannot be written where it is to go.
pub(crate) fn start(filter: &str, to: &LogTo) -> Result<()> {
    let mut filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::new(Kind::Invalid, "--log is no filter").at(filter).because(error)
    })?;
    let is_chatty = filter.max_level_hint().is_none_or(|most| most > LevelFilter::WARN);
    for name in QUIET.iter().filter(|_| is_chatty) {
        if let Ok(directive) = format!("{name}=warn").parse() {
            filter = filter.add_directive(directive);
        }
    }
    let log = tracing_subscriber::fmt().with_env_filter(filter);
    // Each fails only where a log is set up already.
    let _ = match to {
        LogTo::Stderr => log
            .with_ansi(presentation::has_colours(&std::io::stderr()))
            .with_writer(std::io::stderr)
            .event_format(OneLine { is_timed: true })
            .try_init(),
        LogTo::File(path) => log
            .with_ansi(false)
            .with_writer(Arc::new(LogFile::open(path, log_file::LONGEST)?))
            .event_format(OneLine { is_timed: true })
            .try_init(),
        // The journal knows when.
        LogTo::Journald => log
            .with_ansi(false)
            .with_writer(Journal::open(journald::SOCKET.as_ref())?)
            .event_format(OneLine { is_timed: false })
            .try_init(),
    };
    Ok(())
}

/// An event as one line, whatever is in its message and fields.
struct OneLine {
    is_timed: bool,
}

impl<S, N> FormatEvent<S, N> for OneLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let (level, target) = (*event.metadata().level(), event.metadata().target());
        if self.is_timed {
            SystemTime.format_time(&mut writer)?;
            write!(writer, " ")?;
        }
        match colour(level).filter(|_| writer.has_ansi_escapes()) {
            Some(colour) => write!(writer, "\x1b[{colour}m{level:>5}\x1b[0m {target}: ")?,
            None => write!(writer, "{level:>5} {target}: ")?,
        }
        let mut said = String::new();
        context.format_fields(Writer::new(&mut said), event)?;
        writeln!(writer, "{}", printable(&said))
    }
}

/// The number of a level's colour.
fn colour(level: Level) -> Option<u8> {
    match level {
        Level::ERROR => Some(31),
        Level::WARN => Some(33),
        Level::INFO => Some(32),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        sync::{Arc, Mutex},
    };

    use super::OneLine;

    #[derive(Clone, Default)]
    struct WrittenLog(Arc<Mutex<Vec<u8>>>);

    impl Write for WrittenLog {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_title_or_reason_steers_who_reads_the_log() {
        let written = WrittenLog::default();
        let writer = written.clone();
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .event_format(OneLine { is_timed: true })
            .finish();
        tracing::subscriber::with_default(log, || {
            let path = "a\u{1b}]0;x\u{7}\n2026 forged\u{202e}\u{9b}31m";
            tracing::warn!(%path, title = path, "not {path}");
        });
        let said = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(said.lines().count(), 1, "{said:?}");
        assert!(!said.trim_end().contains(crate::printable::steers), "{said:?}");
        assert!(said.contains("forged") && said.contains("WARN"), "{said:?}");
    }
}
