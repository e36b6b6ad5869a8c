//! A log in the system's journal: a datagram a line, in the protocol of systemd-journald.

use std::{
    io::{self, Write},
    os::unix::net::UnixDatagram,
    path::Path,
};

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

use crate::error::{Error, Kind, Result};

/// Where journald listens.
pub(super) const SOCKET: &str = "/run/systemd/journal/socket";

/// Most bytes of a line that are sent: a datagram has a size.
const LONGEST: usize = 48 << 10;

/// The journal.
#[derive(Debug)]
pub(super) struct Journal(UnixDatagram);

/// A line of it.
#[derive(Debug)]
pub(super) struct JournalLine<'a> {
    socket: &'a UnixDatagram,
    priority: u8,
}

impl Journal {
    /// The one that listens there.
    ///
    /// # Errors
    /// If none does.
    pub(super) fn open(socket: &Path) -> Result<Self> {
        let open = || {
            let datagram = UnixDatagram::unbound()?;
            datagram.connect(socket)?;
            // Nobody waits for a log.
            datagram.set_nonblocking(true)?;
            io::Result::Ok(datagram)
        };
        open().map(Self).map_err(|error| {
            Error::new(Kind::NotFound, "there is no journald to log to")
                .at(socket.display().to_string())
                .because(error)
                .hint("give --log-to stderr or --log-to FILE")
        })
    }
}

impl<'a> MakeWriter<'a> for Journal {
    type Writer = JournalLine<'a>;

    fn make_writer(&'a self) -> JournalLine<'a> {
        JournalLine { socket: &self.0, priority: 6 }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> JournalLine<'a> {
        // As syslog(3) counts.
        let priority = match *metadata.level() {
            Level::ERROR => 3,
            Level::WARN => 4,
            Level::INFO => 6,
            _ => 7,
        };
        JournalLine { socket: &self.0, priority }
    }
}

/// What is written at once is a line.
impl Write for JournalLine<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let text = text.get(..LONGEST.min(text.len())).unwrap_or_default();
        let head = format!("PRIORITY={}\nSYSLOG_IDENTIFIER=taskadefs\nMESSAGE=", self.priority);
        let message = [head.as_bytes(), text, b"\n"].concat();
        self.socket.send(&message).map(|_| line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixDatagram, time::Duration};

    use super::Journal;

    #[test]
    fn a_line_is_a_message_with_its_priority() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        assert!(Journal::open(&path).unwrap_err().to_string().contains("--log-to"));
        let listener = UnixDatagram::bind(&path).unwrap();
        listener.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let log = tracing_subscriber::fmt()
            .with_ansi(false)
            .without_time()
            .with_writer(Journal::open(&path).unwrap())
            .finish();
        tracing::subscriber::with_default(log, || tracing::warn!("a word"));
        let mut buffer = [0; 1024];
        let length = listener.recv(&mut buffer).unwrap();
        let said = String::from_utf8_lossy(&buffer[..length]).into_owned();
        assert!(said.starts_with("PRIORITY=4\nSYSLOG_IDENTIFIER=taskadefs\nMESSAGE="), "{said}");
        assert!(said.ends_with("a word\n") && said.matches('\n').count() == 3, "{said}");
    }
}
