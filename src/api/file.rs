//! Files that go with requests, and come with answers: bytes as they are, and no envelope.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use hyper::body::Bytes;

use crate::error::Result;

/// A file that is sent with a request.
#[derive(Clone)]
pub struct FileBody {
    media_type: String,
    bytes: Bytes,
    sent: Arc<AtomicU64>,
}

impl FileBody {
    /// A file of this type, such as `image/png`.
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { media_type: media_type.into(), bytes: bytes.into(), sent: Arc::default() }
    }

    /// What it is.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// What is in it.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How much of it is on its way, or there; all that is sent of it counts there.
    pub fn sent(&self) -> &Arc<AtomicU64> {
        &self.sent
    }

    /// Notes that the next are on their way.
    pub(super) fn note_sent(&self, more: usize) {
        self.sent.fetch_add(more as u64, Ordering::Relaxed);
    }

    /// It is sent from its beginning.
    pub(super) fn begin(&self) {
        self.sent.store(0, Ordering::Relaxed);
    }
}

impl fmt::Debug for FileBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes of {}", self.bytes.len(), self.media_type)
    }
}

/// What is known of a file before its bytes come.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileHead {
    /// What it is called, if that is told.
    pub name: Option<String>,
    /// From which byte on it comes.
    pub from: u64,
    /// How long all of it is, if that is told.
    pub length: Option<u64>,
}

/// Who takes a file as it comes. Between attempts it keeps what it has.
pub trait Receiver: Send + Sync {
    /// How much of it is there: the rest is asked for, where the service gives parts.
    fn received(&self) -> u64;

    /// It is about to come. Whether it is wanted; if not, that was all there was to know.
    ///
    /// # Errors
    /// If it cannot be taken.
    fn begin(&self, head: &FileHead) -> Result<bool>;

    /// The next of it is there.
    ///
    /// # Errors
    /// If it cannot be kept.
    fn take(&self, bytes: &[u8]) -> Result<()>;
}

/// A receiver as a call has it.
#[derive(Clone)]
pub struct Receiving(pub Arc<dyn Receiver>);

impl fmt::Debug for Receiving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a receiver that has {} bytes", self.0.received())
    }
}
