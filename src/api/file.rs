//! Files that go with requests, and come with answers: bytes as they are, and no envelope.

use std::{
    fmt,
    fs::File,
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
    parts: Arc<[FilePart]>,
    sent: Arc<AtomicU64>,
}

/// A part of a file that is sent.
#[derive(Debug, Clone)]
pub enum FilePart {
    /// What is in memory.
    Bytes(Bytes),
    /// So many bytes of what is on the disk, from its beginning on, of which a piece at a time is in
    /// memory. If there are fewer by then, the request breaks off.
    OnDisk(Arc<File>, u64),
}

impl FilePart {
    /// Bytes.
    pub(super) fn length(&self) -> u64 {
        match self {
            FilePart::Bytes(bytes) => bytes.len() as u64,
            FilePart::OnDisk(_, length) => *length,
        }
    }
}

impl FileBody {
    /// A file of this type, such as `image/png`.
    pub fn new(media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::of_parts(media_type, [FilePart::Bytes(bytes.into())])
    }

    /// A file of this type, which is these one after another.
    pub fn of_parts(
        media_type: impl Into<String>,
        parts: impl IntoIterator<Item = FilePart>,
    ) -> Self {
        let parts = parts.into_iter().collect();
        Self { media_type: media_type.into(), parts, sent: Arc::default() }
    }

    /// What it is.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// Bytes.
    pub fn length(&self) -> u64 {
        self.parts.iter().map(FilePart::length).sum()
    }

    /// What it is made of.
    pub fn parts(&self) -> &[FilePart] {
        &self.parts
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
        write!(f, "{} bytes of {}", self.length(), self.media_type)
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

    /// Whether it may be JSON without a name, which is no file but an envelope for others.
    fn takes_json(&self) -> bool {
        false
    }

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
