//! An export on its way to its file. Begun again after it broke off, it comes from its beginning: it is
//! made anew each time it is asked for, and no part of one fits another.

use serde::Deserialize;

use crate::{
    api::{FileHead, Receiver},
    error::{Error, Kind, Result},
    lock_order::Ordered,
    model::BundleFormat,
    sync::bundle::{
        TransferWatch, Transferred,
        contents::{self, Contents},
        item::EnvelopeScanner,
        target::Target,
    },
};

/// An export that comes.
pub(super) struct Received {
    target: Target,
    format: BundleFormat,
    /// The envelope that JSON comes in, as far as it has come.
    envelope: Ordered<EnvelopeScanner>,
    progress: TransferWatch,
}

/// What an envelope says that has no item.
#[derive(Deserialize)]
struct Refusal {
    message: Option<String>,
}

impl Received {
    pub(super) fn new(target: Target, format: BundleFormat, progress: TransferWatch) -> Self {
        Self { target, format, envelope: Ordered::leaf(EnvelopeScanner::default()), progress }
    }

    /// All has come that comes: it takes its place, if it is a whole bundle. What is in it, and how many
    /// bytes it has. Blocks.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if it is none.
    pub(super) fn complete(self) -> Result<(Contents, u64)> {
        if self.format == BundleFormat::Json {
            check(&self.envelope.lock())?;
        }
        let contents = contents::look(self.target.file(), self.format).map_err(|error| {
            Error::new(Kind::Protocol, "what came in place of the bundle is none")
                .because(error)
                .hint(NO_BUNDLE)
        })?;
        let metadata = self.target.file().metadata();
        let length = metadata.map_err(|error| Error::io("cannot write the bundle", error))?.len();
        self.target.commit()?;
        Ok((contents, length))
    }
}

/// What to do where something else answers than the service.
const NO_BUNDLE: &str =
    "try again; if it is the same, sign in to the network, or check the proxy and --api-url";

/// Whether a bundle has come, and all of it.
fn check(envelope: &EnvelopeScanner) -> Result<()> {
    if envelope.is_whole() {
        return Ok(());
    }
    let refusal: Option<Refusal> = serde_json::from_slice(envelope.beside()).ok();
    Err(match refusal {
        Some(Refusal { message: Some(message) }) => {
            Error::new(Kind::Refused, format!("Taskade does not give it out: {message}"))
        }
        _ => Error::new(Kind::Protocol, "what came in place of the bundle is none").hint(NO_BUNDLE),
    })
}

impl Receiver for Received {
    fn received(&self) -> u64 {
        0
    }

    fn takes_json(&self) -> bool {
        self.format != BundleFormat::Zip
    }

    fn begin(&self, head: &FileHead) -> Result<bool> {
        if head.from > 0 {
            return Err(Error::new(Kind::Protocol, "a part of the bundle came, and not all of it"));
        }
        self.target.clear()?;
        *self.envelope.lock() = EnvelopeScanner::default();
        self.progress.send_replace(Transferred { total: head.length, ..Transferred::default() });
        Ok(true)
    }

    fn take(&self, bytes: &[u8]) -> Result<()> {
        match self.format {
            BundleFormat::Json => {
                self.envelope.lock().feed(bytes, |piece| self.target.write(piece))?;
            }
            BundleFormat::Zip | BundleFormat::Tsk => self.target.write(bytes)?,
        }
        self.progress.send_modify(|progress| progress.done += bytes.len() as u64);
        Ok(())
    }
}
