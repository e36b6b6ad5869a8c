//! What programs want to upload: staged, joined with what waits, removed, and waited for.

use std::{collections::HashSet, path::Path, sync::Arc, time::Duration};

use crate::{
    error::{Error, Kind, Result},
    ids::{MediaId, SpaceId},
    store::operations::{Operation, OperationKind},
    sync::{
        engine::Engine,
        leaf::local_media::LocalMedia,
        operation::{
            deletion, media, transition,
            upload::{Upload, uploads},
            worker,
        },
        presence,
    },
};

/// Largest file, in bytes (`mediaUpload`).
pub(crate) const MOST_BYTES: u64 = 25 << 20;

/// Refuses what Taskade takes in no case.
///
/// # Errors
/// [`Kind::FileTooLarge`] if it is so long.
pub(crate) fn check_length(length: u64) -> Result<()> {
    if length > MOST_BYTES {
        return Err(Error::new(Kind::FileTooLarge, "Taskade takes files of up to 25 MB")
            .hint("nothing of it was sent"));
    }
    Ok(())
}

/// Journals that what is in a file now is to be uploaded under a name, in place of `replaces` and of what
/// this mount has uploaded under that name. The row of the operation.
///
/// # Errors
/// If it is too long, or cannot be journaled.
pub(crate) async fn stage(
    engine: &Arc<Engine>,
    space: &SpaceId,
    name: &str,
    from: &Path,
    replaces: Option<MediaId>,
) -> Result<i64> {
    let (files, from) = (engine.upload_files.clone(), from.to_owned());
    let kept = tokio::task::spawn_blocking(move || -> Result<(String, u64)> {
        let length = std::fs::metadata(&from)
            .map_err(|error| Error::io("cannot look at what is to be uploaded", error))?
            .len();
        check_length(length)?;
        Ok((files.keep(&from)?, length))
    });
    let failed = |error| Error::new(Kind::Storage, "the disk cannot be used").because(error);
    let (file, length) = kept.await.map_err(failed)??;
    let row = match join(engine, space, name, (&file, length)).await? {
        Joined::Into(operation) => operation,
        Joined::After { after, uploaded } => {
            let path = deletion::path_of(name);
            let new = Operation::new(OperationKind::UploadMedia, space, path, engine.clock.wall());
            let mut operation = Operation { file: Some(file), ..new };
            let mut upload = Upload::new(name, length);
            upload.replaces.extend(replaces.into_iter().chain(uploaded));
            let make = || {
                // The one before it may have come to something by now.
                match after.map(|before| (before, engine.local_medias.landed(before))) {
                    Some((_, Some(landed))) => upload.replaces.push(landed),
                    Some((before, None)) => upload.after = Some(before),
                    None => {}
                }
                upload.note(&mut operation);
                operation
            };
            transition::add_made(engine, Duration::ZERO, make).await?
        }
    };
    engine.local_medias.set(space, name, LocalMedia::Uploading(row.row));
    worker::wake(engine, &row.lane());
    Ok(row.row)
}

/// What an upload comes to where another one of the same name waits.
enum Joined {
    /// That one sends these bytes: nothing of it was sent.
    Into(Operation),
    /// It is one of its own, behind that one if that is on its way.
    After { after: Option<i64>, uploaded: Option<MediaId> },
}

async fn join(
    engine: &Engine,
    space: &SpaceId,
    name: &str,
    (file, length): (&str, u64),
) -> Result<Joined> {
    let row = match engine.local_medias.get(space, name) {
        Some(LocalMedia::Uploading(row)) => row,
        Some(LocalMedia::Uploaded(id, _)) => {
            return Ok(Joined::After { after: None, uploaded: Some(id) });
        }
        Some(LocalMedia::Empty) | None => {
            return Ok(Joined::After { after: None, uploaded: None });
        }
    };
    let mut former = None;
    let changed = transition::change(engine, row, |it| {
        let Some(upload) = Upload::of(it).ok().filter(|_| !it.sent) else { return };
        former = it.file.replace(file.to_owned());
        it.refusal = None;
        Upload { length, ..upload }.note(it);
    });
    match changed.await? {
        Some(operation) if operation.file.as_deref() == Some(file) => {
            let files = engine.upload_files.clone();
            // Fails only while the runtime goes.
            let _ = tokio::task::spawn_blocking(move || {
                former.into_iter().for_each(|former| files.remove(&former));
            })
            .await;
            Ok(Joined::Into(operation))
        }
        Some(_) => Ok(Joined::After { after: Some(row), uploaded: None }),
        None => Ok(match engine.local_medias.get(space, name) {
            Some(LocalMedia::Uploaded(id, _)) => Joined::After { after: None, uploaded: Some(id) },
            _ => Joined::After { after: None, uploaded: None },
        }),
    }
}

/// Waits for Taskade's verdict on an operation, but no longer than the user chose, and not for a service
/// that is gone.
///
/// # Errors
/// What it was refused with.
pub(crate) async fn verdict(engine: &Engine, row: i64) -> Result<()> {
    let verdict = async {
        let mut changes = engine.operations.subscribe();
        loop {
            match engine.operations.get(row) {
                None => return Ok(()),
                Some(Operation { refusal: Some(refusal), .. }) => {
                    return Err(Error::new(refusal.kind, refusal.reason));
                }
                Some(_) => {}
            }
            if changes.changed().await.is_err() {
                return Ok(());
            }
        }
    };
    tokio::select! {
        verdict = verdict => verdict,
        () = presence::departure(engine) => Ok(()),
        () = engine.clock.sleep(engine.settings.commit_wait) => Ok(()),
    }
}

/// Removes a file that was made here; what is or may be at Taskade of it is deleted.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn remove(engine: &Arc<Engine>, space: &SpaceId, name: &str) -> Result<()> {
    match engine.local_medias.get(space, name) {
        Some(LocalMedia::Uploading(row)) => {
            let mut next = Some(row);
            while let Some(row) = next {
                next = give_up(engine, space, row, name).await?;
            }
        }
        Some(LocalMedia::Uploaded(id, _)) => {
            media::remove(engine, space, &id, deletion::path_of(name)).await?;
        }
        Some(LocalMedia::Empty) | None => {}
    }
    engine.local_medias.remove(space, name);
    Ok(())
}

/// Gives an upload up: what it replaces goes all the same, and so does what may come of it. The one before
/// it under that name, which is to be given up as well.
async fn give_up(
    engine: &Arc<Engine>,
    space: &SpaceId,
    row: i64,
    name: &str,
) -> Result<Option<i64>> {
    if let Some(unsent) = transition::remove_if(engine, row, |it| !it.sent).await? {
        let Upload { replaces, after, .. } = Upload::of(&unsent)?;
        for replaced in &replaces {
            media::remove(engine, space, replaced, deletion::path_of(name)).await?;
        }
        return Ok(after);
    }
    let changed = transition::change(engine, row, |it| {
        if let Ok(upload) = Upload::of(it) {
            Upload { unwanted: true, ..upload }.note(it);
            it.refusal = None;
        }
    });
    let given_up = changed.await?;
    let upload = given_up.as_ref().map(Upload::of).transpose()?;
    let landed = match &upload {
        // What lands from now on goes by itself.
        Some(upload) => upload.landed.as_ref().map(|media| media.id.clone()),
        None => engine.local_medias.landed(row),
    };
    if let Some(landed) = landed {
        media::remove(engine, space, &landed, deletion::path_of(name)).await?;
    }
    given_up.iter().for_each(|operation| worker::wake(engine, &operation.lane()));
    Ok(upload.and_then(|upload| upload.after))
}

/// What the journal holds of uploads is shown again, and what belongs to none is swept away.
pub(crate) fn recover(engine: &Engine) {
    let (mut known, mut all) = (HashSet::new(), uploads(engine));
    known.extend(engine.operations.all().into_iter().filter_map(|operation| operation.file));
    // A journal that was mended may have lost who they belong to.
    if engine.journal.findings().is_empty() {
        engine.upload_files.sweep(&known);
    }
    all.retain(|(_, upload)| !upload.unwanted);
    for (operation, upload) in all {
        let local = LocalMedia::Uploading(operation.row);
        engine.local_medias.set(&operation.space, &upload.name, local);
    }
}

/// Which media of a space are shown no longer, or not yet: those that are about to be replaced, and those
/// that may be an upload that nobody has seen the end of.
pub(crate) fn hidden(engine: &Engine, space: &SpaceId) -> impl Fn(&MediaId) -> bool {
    let of_space: Vec<Upload> = uploads(engine)
        .into_iter()
        .filter(|(operation, _)| operation.space == *space)
        .map(|(_, upload)| upload)
        .collect();
    move |id| {
        of_space.iter().any(|upload| {
            let may_be_it = upload.before.as_ref().is_some_and(|before| {
                !before.contains(id) && engine.medias.facts(id).name.as_ref() == Some(&upload.name)
            });
            may_be_it || upload.replaces.contains(id)
        })
    }
}
