//! The line between commands and the process that serves a mount: a socket in the account's
//! directory, which only its owner can reach; and answering there what is asked.

use std::{
    fs,
    os::unix::{fs::PermissionsExt, net::UnixListener},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt};

use super::{
    asks::{Ask, ControlReply, SOCKET, say, within},
    long_asks,
    whose::Whose,
};

use crate::{
    clock::rfc3339,
    error::{Error, Kind, Result},
    sync::HistoryEntry,
    vfs::{Ino, Vfs},
};

/// Longest request in bytes: a project's text may be in it.
const LONGEST: u64 = 64 << 20;

/// How long a client may take to say what it wants.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);

/// What is mounted where.
#[derive(Debug, Clone)]
pub(crate) struct About {
    pub(crate) mountpoint: String,
    /// The API's address, or the path of a local store.
    pub(crate) account: String,
    /// Who that is.
    pub(crate) whose: Arc<Whose>,
}

impl About {
    /// How a mount stands, with which it is.
    fn complete(&self, mut status: Value) -> Value {
        status["mountpoint"] = self.mountpoint.clone().into();
        status["account"] = self.account.clone().into();
        status["handle"] = self.whose.known().into();
        status["login"] = self.whose.trouble().into();
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

/// Answers one client.
pub(super) async fn serve(mut stream: tokio::net::UnixStream, vfs: Arc<Vfs>, about: Arc<About>) {
    let (reader, mut writer) = stream.split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(LONGEST));
    let answer = match tokio::time::timeout(REQUEST_TIMEOUT, reader.read_line(&mut line)).await {
        Ok(Ok(_)) => match serde_json::from_str(&line) {
            Ok(ask) if long_asks::is_long(&ask) => {
                let gone = async { drop(reader.fill_buf().await) };
                match long_asks::obey(&vfs, ask, &mut writer, gone).await {
                    Some(answer) => answer,
                    None => return,
                }
            }
            Ok(Ask::Owner {}) => about.whose.handle().await.map(Value::from),
            Ok(ask) => {
                let is_status = matches!(ask, Ask::Status {} | Ask::Sync { .. });
                obey(&vfs, ask).await.map(|value| match is_status {
                    true => about.complete(value),
                    false => value,
                })
            }
            Err(error) => Err(Error::new(Kind::Invalid, "the mount does not know this command")
                .because(error)
                .hint(
                    "if taskadefs was upgraded since it was mounted, unmount it and mount it again",
                )),
        },
        Ok(Err(_)) | Err(_) => return,
    };
    let answer = match answer {
        Ok(value) => ControlReply::of_value(value),
        Err(error) => ControlReply::of_error(&error),
    };
    // Nobody is to be told if the client has gone.
    let _ = say(&mut writer, &answer).await;
}

async fn obey(vfs: &Arc<Vfs>, ask: Ask) -> Result<Value> {
    let path = match &ask {
        Ask::Retry { path, .. } | Ask::Discard { path } => Some(path),
        // What is gone has a history too, and to look a path up may take requests.
        _ => None,
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
                    vfs.retry_removals(path).await.map_err(nearer(error)).map(|count| json!(count))
                }
                done => done.map(|()| Value::Null),
            }
        }
        (Ask::Discard { path }, Some(ino)) => match vfs.discard(ino).await {
            Err(error) if is_other(&error) => {
                vfs.discard_removals(path).await.map_err(nearer(error)).map(|count| json!(count))
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
        (Ask::Login {}, _) => Ok(json!({ "refused": vfs.look_for_token().await? })),
        (Ask::Share { path, create }, _) => vfs.share_links(path, *create).await,
        (Ask::Add { path, lines }, _) => told(&vfs.add(path, lines).await?),
        (Ask::Done { path, task }, _) => told(&vfs.tick(path, task).await?),
        (Ask::Text { path }, _) => text(vfs, path).await,
        (Ask::Whereabouts { path }, _) => told(&vfs.whereabouts(path).await?),
        (Ask::Snapshot { path }, _) => told(&vfs.snapshot(path).await?),
        (Ask::SaveEdited { path, id, from, text, allow_delete, dry_run }, _) => {
            let modes = (*allow_delete, *dry_run);
            let saved = vfs.save_edited((path, id.as_ref()), from.clone(), text, modes).await?;
            Ok(json!({ "lines": saved.0, "edited": told(&saved.1)? }))
        }
        (Ask::CreateEdited { path, text }, _) => told(&vfs.create_edited(path, text).await?),
        (Ask::RenameEdited { from, to }, _) => told(&vfs.rename_edited(from, to).await?),
        (Ask::RemoveEdited { path, id }, _) => told(&vfs.remove_edited(path, id).await?),
        (Ask::Diff { path, text }, _) => told(&vfs.planned(path, text.as_deref()).await?),
        (
            Ask::Status {}
            | Ask::Owner {}
            | Ask::Retry { .. }
            | Ask::Discard { .. }
            | Ask::Details { .. }
            | Ask::Tasks { .. }
            | Ask::Files { .. }
            | Ask::Export { .. }
            | Ask::Import { .. },
            _,
        ) => status(vfs),
    }
}

/// Whether it is a directory, or no text of it was refused.
fn is_other(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Invalid)
}

/// What is told of a removal that was not refused either: what was told of the text.
fn nearer(of_text: Error) -> impl FnOnce(Error) -> Error {
    |of_removal| if of_removal.kind() == Kind::NotFound { of_text } else { of_removal }
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
    told(&vfs.status())
}

/// What a file says: its text, or its bytes if it is none.
async fn text(vfs: &Arc<Vfs>, path: &Path) -> Result<Value> {
    Ok(match String::from_utf8(vfs.content_at(path).await?) {
        Ok(text) => json!({ "text": text }),
        Err(bytes) => json!({ "bytes": bytes.into_bytes() }),
    })
}

fn told(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::new(Kind::Protocol, "cannot say what there is").because(error))
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
