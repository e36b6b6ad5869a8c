//! Being told to end: Ctrl-C, or a signal that means the same.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::{Error, Result};

/// How a command ends that was told to, by the usage of shells: 128 and the number of SIGINT.
pub(super) const INTERRUPTED: u8 = 130;

/// The signals that ask for the end of what waits. From when this is there they end nothing by themselves.
pub(super) struct Interrupt([Signal; 3]);

impl Interrupt {
    /// Catches them.
    ///
    /// # Errors
    /// If they cannot be had.
    pub(super) fn catch() -> Result<Self> {
        let catch =
            |kind| signal(kind).map_err(|error| Error::io("cannot wait for signals", error));
        Ok(Self([
            catch(SignalKind::interrupt())?,
            catch(SignalKind::terminate())?,
            catch(SignalKind::hangup())?,
        ]))
    }

    /// Returns once one came.
    pub(super) async fn came(&mut self) {
        let Self([interrupt, terminate, hangup]) = self;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    }
}
