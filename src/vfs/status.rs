//! How a mount stands, as `status` and `status.json` tell it.

use serde::Serialize;

/// How it stands with a mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The process that serves it.
    pub pid: u32,
    /// Whether nothing may be written.
    pub read_only: bool,
    /// Requests allowed in a window, as far as the service told.
    pub limit: Option<u32>,
    /// Requests left in this window.
    pub remaining: Option<u32>,
    /// Seconds to the next window.
    pub reset: Option<u64>,
    /// About how many bytes of memory the tasks take; what was not looked at for long is only in
    /// the cache on disk.
    pub memory: usize,
    /// Reads of projects that the kernel could not answer from its own cache.
    pub reads: u64,
    /// Saves that are not, or not yet, with Taskade.
    pub saves: Vec<SaveStatus>,
    /// Versions from elsewhere that saves overrode and nobody has looked at.
    pub conflicts: Vec<ConflictStatus>,
    /// The files that were not removed since they were too many at once, relative to the mount.
    pub refused_removals: Vec<String>,
    /// Projects that Taskade refused to move after whoever asked for it was told that all is well.
    pub moves: Vec<MoveStatus>,
    /// What there was to tell of the journal when it was opened.
    pub journal: Vec<String>,
    /// What was last wrong with the service, if the last answer was a failure.
    pub trouble: Option<String>,
    /// Since when the service is known to be gone, in RFC 3339, if it is.
    pub offline_since: Option<String>,
    /// When the service last answered, in RFC 3339.
    pub last_answer: Option<String>,
    /// What went wrong last with the service, the newest last.
    pub errors: Vec<ErrorStatus>,
    /// How many bytes of the disk the cache takes.
    pub cache: u64,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorStatus {
    /// What, and what to do.
    pub reason: String,
    /// When, in RFC 3339.
    pub since: String,
}

/// How it stands with a save.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SaveStatus {
    /// The file, relative to the mount.
    pub path: String,
    /// `pending` or `rejected`.
    pub state: &'static str,
    /// `save`, `removal` or `restoration` of a project; `deletion` or `upload` of a file in `.taskade/`.
    pub kind: &'static str,
    /// Why it was refused.
    pub reason: Option<String>,
    /// Since when, in RFC 3339.
    pub since: String,
    /// How far it is, where it is sent at the moment and takes its time.
    pub progress: Option<Progress>,
}

/// How much of something has been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// Bytes.
    pub sent: u64,
    /// Bytes.
    pub length: u64,
}

/// A version from elsewhere that a save overrode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConflictStatus {
    /// The file that was saved, relative to the mount.
    pub path: String,
    /// The file that has the version from elsewhere, relative to the mount.
    pub file: String,
    /// Since when, in RFC 3339.
    pub since: String,
}

/// A project that is not where it was to be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveStatus {
    /// Where it is, relative to the mount.
    pub path: String,
    /// Where it was to be, why it is not there, and what to do.
    pub reason: String,
    /// Since when, in RFC 3339.
    pub since: String,
}
