//! The log: one line an event, on stderr, fit for a terminal.

use std::{fmt, io::IsTerminal};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::{
    EnvFilter,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use crate::{
    error::{Error, Kind, Result},
    printable::printable,
};

/// Starts it, with what `filter` lets through.
///
/// # Errors
/// If that is no filter.
pub(crate) fn start(filter: &str) -> Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Error::new(Kind::Invalid, "--log is no filter").at(filter).because(error)
    })?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        .event_format(OneLine);
    // Fails only where a log is set up already.
    let _ = log.try_init();
    Ok(())
}

/// An event as one line, whatever is in its message and fields.
struct OneLine;

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
        SystemTime.format_time(&mut writer)?;
        match colour(level).filter(|_| writer.has_ansi_escapes()) {
            Some(colour) => write!(writer, " \x1b[{colour}m{level:>5}\x1b[0m {target}: ")?,
            None => write!(writer, " {level:>5} {target}: ")?,
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
            .event_format(OneLine)
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
