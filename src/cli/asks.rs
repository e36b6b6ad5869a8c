//! What commands ask of the process that serves a mount, and asking it. A request and its answer are a
//! line of JSON each; what takes long tells before its answer how far it has come, a line each time.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::{
        fd::AsRawFd,
        unix::{fs::OpenOptionsExt, net::UnixStream},
    },
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::unix::WriteHalf};

use crate::{
    api::TaskResource,
    error::{Error, Kind, Result, ToldError},
    ids::ProjectId,
    task_list::TaskFilter,
    vfs::{EditedFrom, TaskChoice},
};

/// The name of the socket.
pub(super) const SOCKET: &str = "socket";

/// What a command asks for. Paths are relative to the mount.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Ask {
    Status {},
    /// Whose mount it is.
    Owner {},
    /// Somebody has logged in whose mount this is.
    Login {},
    Retry {
        path: PathBuf,
        allow_delete: bool,
    },
    Discard {
        path: PathBuf,
    },
    Sync {
        seconds: f64,
    },
    History {
        path: Option<PathBuf>,
        most: usize,
    },
    Undoable {
        path: Option<PathBuf>,
    },
    Undo {
        path: Option<PathBuf>,
        row: Option<i64>,
    },
    Details {
        path: PathBuf,
        resources: Vec<TaskResource>,
        #[serde(rename = "anew")]
        refetch: bool,
    },
    Agenda {
        path: Option<PathBuf>,
    },
    /// To a file at an absolute path, which gets this mode if it is not there.
    Export {
        path: PathBuf,
        file: PathBuf,
        mode: u32,
    },
    /// Of a file at an absolute path.
    Import {
        path: PathBuf,
        file: PathBuf,
    },
    Share {
        path: PathBuf,
        create: bool,
    },
    /// Lines to be added at the end of a project.
    Add {
        path: PathBuf,
        lines: String,
    },
    /// A task to be ticked.
    Done {
        path: PathBuf,
        task: TaskChoice,
    },
    /// The tasks at and below a path.
    Tasks {
        path: PathBuf,
        filter: TaskFilter,
    },
    /// What a file says.
    Text {
        path: PathBuf,
    },
    /// What Taskade has at a path.
    Whereabouts {
        path: PathBuf,
    },
    /// The projects at and below a path, to be written as plain files.
    Files {
        path: PathBuf,
    },
    /// What is to be written of a project.
    Snapshot {
        path: PathBuf,
    },
    /// A text that was edited elsewhere.
    SaveEdited {
        path: PathBuf,
        id: Option<ProjectId>,
        from: EditedFrom,
        text: String,
        allow_delete: bool,
        dry_run: bool,
    },
    /// A project that was made elsewhere.
    CreateEdited {
        path: PathBuf,
        text: String,
    },
    /// A project that was renamed or moved elsewhere.
    RenameEdited {
        from: PathBuf,
        to: PathBuf,
    },
    /// A project that was removed elsewhere.
    RemoveEdited {
        path: PathBuf,
        id: ProjectId,
    },
    /// What saving a text would send, or what waits or was refused.
    Diff {
        path: PathBuf,
        text: Option<String>,
    },
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Progress {
    Requests(RequestProgress),
    Bytes(ByteProgress),
}

/// How far an asking has come, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RequestProgress {
    pub(crate) done: usize,
    pub(crate) total: usize,
    /// How many a minute there are to spare, if the service has told of a limit.
    pub(crate) a_minute: Option<u32>,
    /// How many requests are left, at most, where `total` counts something else.
    #[serde(default)]
    pub(crate) left: Option<usize>,
}

/// How far a file is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ByteProgress {
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    /// Whether it is to wait until the service takes it.
    pub(crate) waits: bool,
}

/// What comes back, or how far it has come.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ControlReply {
    value: Option<Value>,
    /// In words, for who does not know of `failure`.
    error: Option<String>,
    failure: Option<Value>,
    progress: Option<Progress>,
}

impl ControlReply {
    /// What was asked for.
    pub(super) fn of_value(value: Value) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    /// Why there is none.
    pub(super) fn of_error(error: &Error) -> Self {
        let failure = serde_json::to_value(ToldError::from(error)).ok();
        Self { error: Some(error.to_string()), failure, ..Self::default() }
    }

    /// How far it has come.
    pub(super) fn of_progress(progress: Progress) -> Self {
        Self { progress: Some(progress), ..Self::default() }
    }
}

/// Whom the client is told by.
pub(super) type ControlWriter<'a> = WriteHalf<'a>;

pub(super) async fn say(
    writer: &mut ControlWriter<'_>,
    answer: &ControlReply,
) -> std::io::Result<()> {
    let line = serde_json::to_string(answer).unwrap_or_default();
    writer.write_all(format!("{line}\n").as_bytes()).await
}

/// Asks the process that has an account. `None` if no process has it.
///
/// # Errors
/// What it answers with, or that it does not answer within `timeout`.
pub(crate) fn ask(account: &Path, ask: &Ask, timeout: Duration) -> Result<Option<Value>> {
    follow(account, ask, timeout, |_| {})
}

/// As [`ask`], and tells how far it has come. `timeout` is for each sign of life.
///
/// # Errors
/// As [`ask`].
pub(crate) fn follow(
    account: &Path,
    ask: &Ask,
    timeout: Duration,
    on_progress: impl FnMut(Progress),
) -> Result<Option<Value>> {
    let failed =
        |error| Error::io("the mount does not answer", error).at(account.display().to_string());
    match within(account, UnixStream::connect) {
        Ok(stream) => converse(stream, ask, timeout, on_progress).map(Some),
        Err(error) => match error.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => Ok(None),
            _ => Err(failed(error)),
        },
    }
}

/// Asks whoever is at the other end of a connection. `timeout` is for each sign of life.
///
/// # Errors
/// What it answers with, or that it does not answer in time.
pub(super) fn converse(
    mut stream: UnixStream,
    ask: &Ask,
    timeout: Duration,
    mut on_progress: impl FnMut(Progress),
) -> Result<Value> {
    let failed = |error| Error::io("the mount does not answer", error);
    stream.set_read_timeout(Some(timeout)).map_err(failed)?;
    let line = serde_json::to_string(ask)
        .map_err(|error| Error::new(Kind::Invalid, "the command cannot be sent").because(error))?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    let mut reader = BufReader::new(&stream);
    loop {
        let mut said = String::new();
        reader.read_line(&mut said).map_err(failed)?;
        if said.is_empty() {
            return Err(gone());
        }
        let answer: ControlReply = serde_json::from_str(&said).map_err(not_understood)?;
        match answer {
            ControlReply { progress: Some(progress), .. } => on_progress(progress),
            ControlReply { error: Some(error), failure, .. } => {
                let told = failure.and_then(|it| serde_json::from_value::<ToldError>(it).ok());
                return Err(told.map_or_else(|| Error::new(Kind::Refused, error), Error::from));
            }
            ControlReply { value, .. } => return Ok(value.unwrap_or_default()),
        }
    }
}

/// What was answered, as what it is.
///
/// # Errors
/// If a mount of another version answered.
pub(super) fn understood<T: DeserializeOwned>(answer: Value) -> Result<T> {
    serde_json::from_value(answer).map_err(not_understood)
}

fn not_understood(error: serde_json::Error) -> Error {
    Error::new(Kind::Protocol, "the mount's answer cannot be understood")
        .because(error)
        .hint("if taskadefs was upgraded since it was mounted, unmount it and mount it again")
}

/// Nobody answers any more.
pub(super) fn gone() -> Error {
    Error::new(Kind::Unreachable, "the mount ended before it answered")
        .hint("mount it again: it goes on with what waits, which `taskadefs status` tells")
}

/// Does something with the socket of an account. Its path may be longer than an address of a
/// socket can be (`sun_path` in unix(7)), so it is named by way of the directory.
pub(super) fn within<T>(
    account: &Path,
    act: impl FnOnce(PathBuf) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let dir = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_CLOEXEC)
        .open(account)?;
    act(PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd())))
}
