//! What commands ask that takes long, in the process that serves the mount: how far it is is told
//! meanwhile, and it is broken off once nobody listens.

use std::{sync::Arc, time::Duration};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::asks::{Ask, ByteProgress, ControlReply, ControlWriter, Progress, RequestProgress, say};

use crate::{
    error::{Error, Kind, Result},
    sync::{DetailQuery, Transferred},
    vfs::{AskedDetails, ReadSoFar, Vfs},
};

/// How often a client is told that the work goes on, also if there is nothing new.
const BEAT: Duration = Duration::from_secs(5);

/// How long it is told nothing more after it was told something.
const PAUSE: Duration = Duration::from_millis(50);

/// Whether this takes long.
pub(super) fn is_long(ask: &Ask) -> bool {
    matches!(
        ask,
        Ask::Details { .. }
            | Ask::Tasks { .. }
            | Ask::Files { .. }
            | Ask::Export { .. }
            | Ask::Import { .. }
    )
}

/// Does it and tells how far it has come. `None` if the client has gone: then it is broken off.
pub(super) async fn obey(
    vfs: &Arc<Vfs>,
    ask: Ask,
    writer: &mut ControlWriter<'_>,
    gone: impl Future<Output = ()>,
) -> Option<Result<Value>> {
    let bytes = |it: &Transferred| {
        let Transferred { done, total, waits } = *it;
        Progress::Bytes(ByteProgress { done, total, waits })
    };
    let begun = || watch::channel(Transferred::default());
    match ask {
        Ask::Details { path, resources, refetch } => {
            let query = DetailQuery { resources, refetch };
            let (sender, told) = watch::channel(AskedDetails { done: 0, total: 0 });
            let work = async {
                let ino = vfs.resolve(&path).await?;
                let on_progress = |asked| {
                    sender.send_replace(asked);
                };
                let asked = vfs.ask_details(ino, &query, &on_progress).await;
                vfs.forget(ino, 1);
                asked.map(|asked| json!({ "done": asked.done }))
            };
            let requests = |&AskedDetails { done, total }: &AskedDetails| {
                let a_minute = vfs.spare_requests();
                Progress::Requests(RequestProgress { done, total, a_minute, left: None })
            };
            follow(work, told, requests, writer, gone).await
        }
        Ask::Tasks { path, filter } => {
            let (sender, told) = watch::channel(ReadSoFar::default());
            let work = async {
                let on_progress = |read| {
                    sender.send_replace(read);
                };
                in_json(&vfs.tasks_below(&path, &filter, &on_progress).await?)
            };
            follow(work, told, |so_far| read_so_far(vfs, so_far), writer, gone).await
        }
        Ask::Files { path } => {
            let (sender, told) = watch::channel(ReadSoFar::default());
            let work = async {
                let on_progress = |read| {
                    sender.send_replace(read);
                };
                in_json(&vfs.files_below(&path, &on_progress).await?)
            };
            follow(work, told, |so_far| read_so_far(vfs, so_far), writer, gone).await
        }
        Ask::Export { path, file, mode } => {
            let (sender, told) = begun();
            let work = async {
                let exported = vfs.export_bundle(&path, &file, mode, &sender).await;
                exported.and_then(|exported| in_json(&exported))
            };
            follow(work, told, bytes, writer, gone).await
        }
        Ask::Import { path, file } => {
            let (sender, told) = begun();
            let work = async {
                let outcome = vfs.import_bundle(&path, &file, &sender).await;
                outcome.and_then(|outcome| in_json(&outcome))
            };
            follow(work, told, bytes, writer, gone).await
        }
        _ => Some(Err(Error::new(Kind::Invalid, "not a command that takes long"))),
    }
}

fn read_so_far(vfs: &Vfs, so_far: &ReadSoFar) -> Progress {
    let ReadSoFar { done, total, requests } = *so_far;
    let a_minute = vfs.spare_requests();
    Progress::Requests(RequestProgress { done, total, a_minute, left: requests })
}

fn in_json(value: &impl Serialize) -> Result<Value> {
    serde_json::to_value(value)
        .map_err(|error| Error::new(Kind::Protocol, "cannot say what was done").because(error))
}

/// Works, and tells what is told of that meanwhile.
async fn follow<T>(
    work: impl Future<Output = Result<Value>>,
    mut told: watch::Receiver<T>,
    in_words: impl Fn(&T) -> Progress,
    writer: &mut ControlWriter<'_>,
    gone: impl Future<Output = ()>,
) -> Option<Result<Value>> {
    tokio::pin!(work, gone);
    let mut beat = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            answer = &mut work => return Some(answer),
            () = &mut gone => return None,
            // Whoever tells is there as long as the work is.
            _ = told.changed() => {}
            _ = beat.tick() => {}
        }
        let progress = in_words(&told.borrow_and_update());
        say(writer, &ControlReply::of_progress(progress)).await.ok()?;
        tokio::select! {
            answer = &mut work => return Some(answer),
            () = &mut gone => return None,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
