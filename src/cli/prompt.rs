//! Asking for a secret on the terminal, which shows nothing of it, and is as it was whatever ends this.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    os::unix::fs::OpenOptionsExt,
};

use rustix::termios::{
    LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr,
};
use tokio::io::unix::AsyncFd;

use super::interrupt::Interrupt;

use crate::error::{Error, Result};

/// Longest line that is read.
const LONGEST: usize = 64 << 10;

/// The terminal, as long as it shows nothing of what is typed.
struct Hidden {
    terminal: AsyncFd<File>,
    before: Termios,
}

impl Hidden {
    fn begin() -> Result<Self> {
        let failed = |error: std::io::Error| Error::io("cannot ask on the terminal", error);
        let mut options = OpenOptions::new();
        options.read(true).write(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        let terminal = options.open("/dev/tty").map_err(failed)?;
        let before = tcgetattr(&terminal).map_err(|error| failed(error.into()))?;
        let mut hiding = before.clone();
        hiding.local_modes.remove(LocalModes::ECHO);
        // The line's end is shown, and nobody stops this program in the middle.
        hiding.local_modes.insert(LocalModes::ECHONL | LocalModes::ICANON | LocalModes::ISIG);
        hiding.special_codes[SpecialCodeIndex::VSUSP] = 0;
        // What was typed before is not of this.
        tcsetattr(&terminal, OptionalActions::Flush, &hiding)
            .map_err(|error| failed(error.into()))?;
        // SAFETY: the file is this one's alone, and has one descriptor until it is dropped.
        let terminal = unsafe { AsyncFd::register(terminal) };
        Ok(Self { terminal: terminal.map_err(|error| failed(error.into()))?, before })
    }

    /// A line, as far as one comes.
    async fn line(&self) -> Result<String> {
        let failed = |error: std::io::Error| Error::io("cannot read what is typed", error);
        let mut line = Vec::new();
        let mut buffer = [0; 4096];
        while !line.ends_with(b"\n") && line.len() < LONGEST {
            let mut ready = self.terminal.readable().await.map_err(failed)?;
            let read = ready.try_io(|terminal| {
                let mut terminal = terminal.get_ref();
                terminal.read(&mut buffer)
            });
            match read {
                Ok(Ok(0)) => break,
                Ok(Ok(count)) => line.extend_from_slice(buffer.get(..count).unwrap_or_default()),
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Ok(Err(error)) => return Err(failed(error)),
                Err(_) => {}
            }
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    fn show(&self, words: &str) {
        // A terminal that takes no words takes an answer all the same.
        let _ = self.terminal.get_ref().write_all(words.as_bytes());
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing is left to be done if the terminal is gone.
        let _ = tcsetattr(self.terminal.get_ref(), OptionalActions::Flush, &self.before);
    }
}

/// Asks for a secret. `None` if somebody ended it with Ctrl-C or a signal.
///
/// # Errors
/// If there is no terminal to ask on.
pub(crate) async fn secret(question: &str) -> Result<Option<String>> {
    let mut interrupt = Interrupt::catch()?;
    let hidden = Hidden::begin()?;
    hidden.show(question);
    tokio::select! {
        line = hidden.line() => line.map(Some),
        () = interrupt.came() => {
            hidden.show("\n");
            Ok(None)
        }
    }
}
