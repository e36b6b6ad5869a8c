//! The line between commands and the process that serves a mount: a socket in the account's
//! directory, which only its owner can reach. A request and its answer are a line of JSON each; what
//! takes long tells before its answer how far it has come, a line each time.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::{
        fd::AsRawFd,
        unix::{
            fs::{OpenOptionsExt, PermissionsExt},
            net::{UnixListener, UnixStream},
        },
    },
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt},
    net::unix::WriteHalf,
    sync::watch,
};

use crate::{
    api::TaskResource,
    clock::rfc3339,
    error::{Error, Kind, Result},
    sync::{DetailQuery, HistoryEntry},
    vfs::{AskedDetails, Ino, Vfs},
};

/// The name of the socket.
const SOCKET: &str = "socket";

/// Longest request in bytes.
const LONGEST: u64 = 64 << 10;

/// How often a client is told that the work goes on, also if there is nothing new.
const BEAT: Duration = Duration::from_secs(5);

/// How long a client may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What a command asks for. Paths are relative to the mount.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum Ask {
    Status {},
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
}

/// What comes back, or how far it has come.
#[derive(Debug, Default, Serialize, Deserialize)]
struct ControlReply {
    value: Option<Value>,
    error: Option<String>,
    progress: Option<DetailProgress>,
}

/// How far an asking has come, in requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DetailProgress {
    pub(crate) done: usize,
    pub(crate) total: usize,
    /// How many a minute there are to spare, if the service has told of a limit.
    pub(crate) a_minute: Option<u32>,
}

/// What is mounted where.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) mountpoint: String,
    /// The API's address, or the path of a local store.
    pub(crate) account: String,
}

impl About {
    /// How a mount stands, with which it is.
    fn complete(&self, mut status: Value) -> Value {
        status["mountpoint"] = self.mountpoint.clone().into();
        status["account"] = self.account.clone().into();
        status
    }
}

/// The socket, which is gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Listening(PathBuf);

impl Drop for Listening {
    fn drop(&mut self) {
        // Whoever connects to one that is left over is refused.
        let _ = fs::remove_file(&self.0);
    }
}

/// Answers commands until the runtime ends. The account's directory is this process's.
///
/// # Errors
/// If the socket cannot be made.
pub(crate) fn listen(account: &Path, vfs: Arc<Vfs>, about: About) -> Result<Listening> {
    let path = account.join(SOCKET);
    let failed = |error| Error::io("cannot make the socket", error).at(path.display().to_string());
    // One that a crash left over.
    let _ = fs::remove_file(&path);
    let listener = within(account, UnixListener::bind).map_err(failed)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let listener = tokio::net::UnixListener::from_std(listener).map_err(failed)?;
    let about = Arc::new(about);
    tokio::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => drop(tokio::spawn(serve(stream, vfs.clone(), about.clone()))),
                Err(error) => {
                    tracing::warn!(%error, "a command could not connect");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(Listening(path))
}

async fn serve(mut stream: tokio::net::UnixStream, vfs: Arc<Vfs>, about: Arc<About>) {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(LONGEST));
    let answer = match tokio::time::timeout(REQUEST_TIMEOUT, reader.read_line(&mut line)).await {
        Ok(Ok(_)) => match serde_json::from_str(&line) {
            Ok(ask @ Ask::Details { .. }) => {
                let gone = async { drop(reader.fill_buf().await) };
                match detail(&vfs, ask, &mut writer, gone).await {
                    Some(answer) => answer,
                    None => return,
                }
            }
            Ok(ask) => {
                let is_status = matches!(ask, Ask::Status {} | Ask::Sync { .. });
                obey(&vfs, ask).await.map(|value| match is_status {
                    true => about.complete(value),
                    false => value,
                })
            }
            Err(error) => Err(Error::new(Kind::Invalid, "not a command").because(error)),
        },
        Ok(Err(_)) | Err(_) => return,
    };
    let answer = match answer {
        Ok(value) => ControlReply { value: Some(value), ..ControlReply::default() },
        Err(error) => ControlReply { error: Some(error.to_string()), ..ControlReply::default() },
    };
    // Nobody is to be told if the client has gone.
    let _ = say(&mut writer, &answer).await;
}

async fn say(writer: &mut WriteHalf<'_>, answer: &ControlReply) -> std::io::Result<()> {
    let line = serde_json::to_string(answer).unwrap_or_default();
    writer.write_all(format!("{line}\n").as_bytes()).await
}

/// Asks for details and tells how far it has come. `None` if the client has gone: then it is broken
/// off.
async fn detail(
    vfs: &Vfs,
    ask: Ask,
    writer: &mut WriteHalf<'_>,
    gone: impl Future<Output = ()>,
) -> Option<Result<Value>> {
    let Ask::Details { path, resources, refetch } = ask else { return None };
    let (sender, mut progress) = watch::channel(AskedDetails { done: 0, total: 0 });
    let work = async {
        let ino = vfs.resolve(&path).await?;
        let query = DetailQuery { resources, refetch };
        let asked = vfs
            .ask_details(ino, &query, &|asked| {
                // Whoever is told is there as long as the work is.
                sender.send_replace(asked);
            })
            .await;
        vfs.forget(ino, 1);
        asked.map(|asked| json!({ "done": asked.done }))
    };
    tokio::pin!(work, gone);
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            answer = &mut work => return Some(answer),
            () = &mut gone => return None,
            _ = progress.changed() => {}
            _ = beat.tick() => {}
        }
        let AskedDetails { done, total } = *progress.borrow_and_update();
        let progress = Some(DetailProgress { done, total, a_minute: vfs.spare_requests() });
        say(writer, &ControlReply { progress, ..ControlReply::default() }).await.ok()?;
    }
}

async fn obey(vfs: &Arc<Vfs>, ask: Ask) -> Result<Value> {
    let path = match &ask {
        Ask::Retry { path, .. } | Ask::Discard { path } | Ask::Details { path, .. } => Some(path),
        // What is gone has a history too, and to look a path up may take requests.
        Ask::History { .. }
        | Ask::Undoable { .. }
        | Ask::Undo { .. }
        | Ask::Status {}
        | Ask::Sync { .. }
        | Ask::Agenda { .. } => None,
    };
    let Some(path) = path else { return act(vfs, &ask, None).await };
    let ino = vfs.resolve(path).await?;
    let answer = act(vfs, &ask, Some(ino)).await;
    vfs.forget(ino, 1);
    answer
}

/// Does what was asked; `ino` is what the path in it stands for.
async fn act(vfs: &Arc<Vfs>, ask: &Ask, ino: Option<Ino>) -> Result<Value> {
    match (ask, ino) {
        (Ask::Retry { allow_delete, path }, Some(ino)) => {
            match vfs.retry(ino, *allow_delete).await {
                // Nothing of its text was refused: its removal may have been.
                Err(error) if *allow_delete && is_other(&error) => {
                    vfs.retry_removals(path).await.map_err(|_| error).map(|count| json!(count))
                }
                done => done.map(|()| Value::Null),
            }
        }
        (Ask::Discard { path }, Some(ino)) => match vfs.discard(ino).await {
            Err(error) if is_other(&error) => {
                vfs.discard_removals(path).await.map_err(|_| error).map(|count| json!(count))
            }
            done => done.map(|()| Value::Null),
        },
        (Ask::History { path, most }, _) => {
            let past = vfs.history_at(path.as_deref(), *most).await?;
            Ok(past.iter().map(in_json).collect())
        }
        (Ask::Undoable { path }, _) => {
            let last = vfs.undoable_at(path.as_deref()).await?;
            Ok(last.iter().map(in_json).collect())
        }
        (Ask::Undo { path, row }, _) => {
            let undone = vfs.undo_at(path.as_deref(), *row).await?;
            Ok(undone.iter().map(in_json).collect())
        }
        (Ask::Agenda { path }, _) => agenda(vfs, path.clone()).await,
        (Ask::Sync { seconds }, _) => {
            vfs.rest(Duration::try_from_secs_f64(*seconds).unwrap_or(REQUEST_TIMEOUT)).await;
            status(vfs)
        }
        (Ask::Status {} | Ask::Retry { .. } | Ask::Discard { .. } | Ask::Details { .. }, _) => {
            status(vfs)
        }
    }
}

/// Whether it is a directory, or no text of it was refused.
fn is_other(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Invalid)
}

async fn agenda(vfs: &Arc<Vfs>, path: Option<PathBuf>) -> Result<Value> {
    let failed = || Error::new(Kind::Protocol, "cannot say what is due");
    let vfs = vfs.clone();
    let gathered = tokio::task::spawn_blocking(move || vfs.agenda(path.as_deref()))
        .await
        .map_err(|error| failed().because(error))??;
    serde_json::to_value(gathered).map_err(|error| failed().because(error))
}

fn status(vfs: &Vfs) -> Result<Value> {
    serde_json::to_value(vfs.status())
        .map_err(|error| Error::new(Kind::Protocol, "cannot say how it stands").because(error))
}

fn in_json(entry: &HistoryEntry) -> Value {
    json!({
        "time": rfc3339(entry.time),
        "project": entry.project,
        "title": entry.title,
        "path": entry.path,
        "summary": entry.summary,
        "changes": entry.changes,
        "is_undo": entry.is_undo,
        "undone": entry.undone,
        "waits": entry.waits,
        "row": entry.row,
    })
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
    mut on_progress: impl FnMut(DetailProgress),
) -> Result<Option<Value>> {
    let failed =
        |error| Error::io("the mount does not answer", error).at(account.display().to_string());
    let mut stream = match within(account, UnixStream::connect) {
        Ok(stream) => stream,
        Err(error) => {
            return match error.kind() {
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused => Ok(None),
                _ => Err(failed(error)),
            };
        }
    };
    stream.set_read_timeout(Some(timeout)).map_err(failed)?;
    let line = serde_json::to_string(ask)
        .map_err(|error| Error::new(Kind::Invalid, "the command cannot be sent").because(error))?;
    stream.write_all(format!("{line}\n").as_bytes()).map_err(failed)?;
    let mut reader = BufReader::new(&stream);
    loop {
        let mut said = String::new();
        reader.read_line(&mut said).map_err(failed)?;
        let answer: ControlReply = serde_json::from_str(&said)
            .map_err(|error| Error::new(Kind::Protocol, "the mount's answer").because(error))?;
        match answer {
            ControlReply { progress: Some(progress), .. } => on_progress(progress),
            ControlReply { error: Some(error), .. } => {
                return Err(Error::new(Kind::Refused, error));
            }
            ControlReply { value, .. } => return Ok(Some(value.unwrap_or_default())),
        }
    }
}

/// Does something with the socket of an account. Its path may be longer than an address of a
/// socket can be (`sun_path` in unix(7)), so it is named by way of the directory.
fn within<T>(
    account: &Path,
    act: impl FnOnce(PathBuf) -> std::io::Result<T>,
) -> std::io::Result<T> {
    let dir = fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_DIRECTORY | libc::O_CLOEXEC)
        .open(account)?;
    act(PathBuf::from(format!("/proc/self/fd/{}/{SOCKET}", dir.as_raw_fd())))
}
