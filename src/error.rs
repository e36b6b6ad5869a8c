//! The one error type of the library, and the one place that maps it to an errno.
//!
//! An [`Error`] tells a person what happened, to which path, why, and what to do next. Its
//! [`Kind`] is what code decides by: the errno a program gets, whether a request may be sent
//! again, and whether a write may have happened although its answer never came.

use std::{error, fmt, io, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::printable::printable;

/// `Result` with the library's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// The text cannot be a project, or an argument is out of range.
    Invalid,
    /// A save would delete more than the deletion guard allows.
    DeletionGuard,
    /// The text holds both sides of a conflict, as git leaves them in a file.
    Unsettled,
    /// The service, or the layout of the mount, has no such operation.
    NotPermitted,
    /// The mount or the file is read-only.
    ReadOnly,
    /// No such file, project or task.
    NotFound,
    /// The name is taken.
    Exists,
    /// A directory was wanted.
    NotDirectory,
    /// A file was wanted.
    IsDirectory,
    /// The directory still holds something.
    NotEmpty,
    /// The operation crosses into another directory tree and must be done by copying.
    CrossDevice,
    /// The name is longer than 255 bytes.
    NameTooLong,
    /// The handle is closed or was opened for something else.
    BadHandle,
    /// The extended attribute is not set.
    NoAttribute,
    /// The caller's buffer is too small.
    Range,
    /// The operation is not supported here.
    Unsupported,
    /// Taskade does not know the token (401).
    Unauthorized,
    /// Taskade does not allow it (403).
    Forbidden,
    /// The plan does not cover it (402).
    PaymentRequired,
    /// The request budget is used up (429): nothing was done.
    RateLimited,
    /// Taskade refused the request for another reason (other 4xx, or 200 with `ok: false`).
    Refused,
    /// The request never reached Taskade: nothing was done.
    Unreachable,
    /// The request was sent and no usable answer came: a write may or may not have happened.
    Ambiguous,
    /// What answered was not Taskade, or could not be understood: no verdict.
    Protocol,
    /// What was answered is more than is read: the next answer is as long.
    TooLarge,
    /// The file is larger than Taskade takes.
    FileTooLarge,
    /// The state directory could not be read or written.
    Storage,
    /// An operating system call failed, with this errno.
    Os(i32),
}

impl Kind {
    /// The errno that a program sees.
    pub fn errno(self) -> i32 {
        match self {
            Kind::Invalid | Kind::Unsettled => libc::EINVAL,
            Kind::DeletionGuard | Kind::NotPermitted => libc::EPERM,
            Kind::ReadOnly => libc::EROFS,
            Kind::NotFound => libc::ENOENT,
            Kind::Exists => libc::EEXIST,
            Kind::NotDirectory => libc::ENOTDIR,
            Kind::IsDirectory => libc::EISDIR,
            Kind::NotEmpty => libc::ENOTEMPTY,
            Kind::CrossDevice => libc::EXDEV,
            Kind::NameTooLong => libc::ENAMETOOLONG,
            Kind::BadHandle => libc::EBADF,
            Kind::NoAttribute => libc::ENODATA,
            Kind::Range => libc::ERANGE,
            Kind::Unsupported => libc::EOPNOTSUPP,
            Kind::Unauthorized | Kind::Forbidden => libc::EACCES,
            Kind::PaymentRequired => libc::EDQUOT,
            Kind::FileTooLarge => libc::EFBIG,
            Kind::RateLimited
            | Kind::Refused
            | Kind::Unreachable
            | Kind::Ambiguous
            | Kind::Protocol
            | Kind::TooLarge
            | Kind::Storage => libc::EIO,
            Kind::Os(errno) => errno,
        }
    }

    /// Whether it is certain that a write that failed like this changed nothing at Taskade.
    pub fn is_certain(self) -> bool {
        !matches!(self, Kind::Ambiguous | Kind::Protocol)
    }

    /// Whether it is this machine that failed, and not the service: a full disk, say.
    pub fn is_local(self) -> bool {
        matches!(self, Kind::Storage | Kind::Os(_))
    }

    /// Whether the same request may do better later, with nothing else changed.
    pub fn is_transient(self) -> bool {
        matches!(self, Kind::RateLimited | Kind::Unreachable | Kind::Ambiguous | Kind::Protocol)
    }
}

/// A failure: what happened, to which path, why, and what to do next.
#[derive(Clone)]
pub struct Error {
    kind: Kind,
    what: String,
    path: Option<String>,
    remedy: Option<String>,
    source: Option<Arc<dyn error::Error + Send + Sync>>,
}

impl Error {
    /// A failure of this kind; `what` says what happened and why, without a final full stop.
    pub fn new(kind: Kind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), path: None, remedy: None, source: None }
    }

    /// A failed system call; `what` says what was being done.
    pub fn io(what: impl Into<String>, source: io::Error) -> Self {
        let kind = source.raw_os_error().map_or(Kind::Storage, Kind::Os);
        Self::new(kind, what).because(source)
    }

    /// Names the file or directory that it happened to. The innermost name wins.
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path.get_or_insert_with(|| path.into());
        self
    }

    /// Names what it happened to in other words, whatever it was named before; what nobody has named
    /// gets the name `None` stands for.
    #[must_use]
    pub(crate) fn renamed(mut self, name: impl FnOnce(Option<&str>) -> Option<String>) -> Self {
        self.path = name(self.path.as_deref());
        self
    }

    /// Says what the person can do next.
    #[must_use]
    pub fn hint(mut self, remedy: impl Into<String>) -> Self {
        self.remedy.get_or_insert_with(|| remedy.into());
        self
    }

    /// As [`hint`](Self::hint), in place of one that knows less of what was wanted.
    #[must_use]
    pub(crate) fn better_hint(self, remedy: impl Into<String>) -> Self {
        Self { remedy: None, ..self }.hint(remedy)
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl error::Error + Send + Sync + 'static) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// The same failure as `fsync` is to tell it: an errno that programs take for "this file system
    /// cannot do that" would hide that the text was refused.
    #[must_use]
    pub(crate) fn at_fsync(self) -> Self {
        match self.errno() {
            libc::EINVAL | libc::EROFS | libc::ENOSYS | libc::EOPNOTSUPP | libc::EBADF => {
                self.of_kind(Kind::Refused)
            }
            _ => self,
        }
    }

    /// The same failure, of another kind.
    #[must_use]
    pub(crate) fn of_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    /// What happened, and why.
    fn reason(&self) -> String {
        let mut words = self.what.clone();
        let mut cause = self.source.as_deref().map(|source| source as &dyn error::Error);
        while let Some(source) = cause {
            words.push_str(&format!(": {source}"));
            cause = source.source();
        }
        words
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The errno that a program sees.
    pub fn errno(&self) -> i32 {
        self.kind.errno()
    }
}

impl From<rustix::io::Errno> for Error {
    fn from(errno: rustix::io::Errno) -> Self {
        Self::io("the local disk refuses it", errno.into())
    }
}

/// A failure as another process of this program is told it: its causes are words.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ToldError {
    kind: Kind,
    what: String,
    path: Option<String>,
    remedy: Option<String>,
}

impl From<&Error> for ToldError {
    fn from(error: &Error) -> Self {
        let Error { kind, path, remedy, .. } = error.clone();
        Self { kind, what: error.reason(), path, remedy }
    }
}

impl From<ToldError> for Error {
    fn from(ToldError { kind, what, path, remedy }: ToldError) -> Self {
        Self { kind, what, path, remedy, source: None }
    }
}

/// One line that is fit for a terminal: paths, titles and words of the service may be in it.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}: ", printable(path))?;
        }
        f.write_str(&printable(&self.reason()))?;
        if let Some(remedy) = &self.remedy {
            write!(f, "; {}", printable(remedy))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind)
    }
}

impl error::Error for Error {}

#[cfg(test)]
mod tests {
    use std::io;

    use super::{Error, Kind};

    #[test]
    fn an_error_reads_as_what_where_why_and_what_next() {
        let error =
            Error::io("cannot open the journal", io::Error::from_raw_os_error(libc::EACCES))
                .at("/state/journal")
                .hint("check who owns the state directory");
        let text = error.to_string();
        assert!(text.starts_with("/state/journal: cannot open the journal: Permission denied"));
        assert!(text.ends_with("; check who owns the state directory"));
        assert_eq!(error.errno(), libc::EACCES);
    }

    #[test]
    fn an_error_is_one_line_that_steers_no_terminal() {
        let error = Error::new(Kind::Refused, "no\u{1b}[2J").at("a\nb\u{202e}.md").hint("c\u{9b}");
        assert_eq!(error.to_string(), r"a\nb\u202e.md: no\x1b[2J; c\x9b");
    }

    #[test]
    fn fsync_tells_no_failure_that_programs_take_lightly() {
        use Kind::{BadHandle, DeletionGuard, Forbidden, Invalid, PaymentRequired, ReadOnly};
        for (kind, errno) in [
            (Invalid, libc::EIO),
            (ReadOnly, libc::EIO),
            (Kind::Unsupported, libc::EIO),
            (BadHandle, libc::EIO),
            (Kind::Os(libc::ENOSYS), libc::EIO),
            (DeletionGuard, libc::EPERM),
            (Forbidden, libc::EACCES),
            (PaymentRequired, libc::EDQUOT),
            (Kind::Os(libc::ENOSPC), libc::ENOSPC),
        ] {
            let error = Error::new(kind, "line 2: a table").at("a.md").at_fsync();
            assert_eq!((error.errno(), &*error.to_string()), (errno, "a.md: line 2: a table"));
        }
    }

    #[test]
    fn another_process_is_told_all_of_it() {
        let cause = io::Error::from_raw_os_error(libc::ENOENT);
        let error = Error::io("cannot read", cause).at("a.md").hint("look");
        let told = serde_json::to_string(&super::ToldError::from(&error)).unwrap();
        let told: Error = serde_json::from_str::<super::ToldError>(&told).unwrap().into();
        assert_eq!((told.to_string(), told.kind()), (error.to_string(), error.kind()));
        let named = told.renamed(|path| path.map(|path| format!("mnt/{path}")));
        assert!(named.to_string().starts_with("mnt/a.md: cannot read: No such file"));
    }

    #[test]
    fn the_innermost_path_wins() {
        let error = Error::new(Kind::NotFound, "no such project").at("a.md").at("dir");
        assert_eq!(error.to_string(), "a.md: no such project");
    }
}
