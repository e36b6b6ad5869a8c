//! Uploading a medium. One whose answer was lost is looked for before it is sent again: a medium that
//! the space did not have before, of that name and length, is it.

use std::{collections::HashSet, time::Instant};

use crate::{
    api::{FileBody, Priority, RemoteMedia, endpoints::UploadMedia},
    error::{Error, Kind, Result},
    ids::MediaId,
    replica::served::GRACE,
    store::{
        media_names::MediaFacts,
        operations::{Operation, OperationKind},
    },
    sync::{
        engine::Engine,
        leaf::local_media::LocalMedia,
        operation::{
            transition,
            upload::{Upload, uploads},
        },
        read::{media, media_names},
    },
    text::media_type::media_type,
};

/// Uploads it, or finds it there.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(super) async fn upload(engine: &Engine, operation: &Operation) -> Result<()> {
    let upload = Upload::of(operation)?;
    if operation.sent
        && let Some(found) = look(engine, operation, &upload).await?
    {
        tracing::info!(path = operation.path, "an upload had got through");
        return land(engine, operation, found).await;
    }
    if upload.unwanted {
        engine.local_medias.settle(&operation.space, operation.row, None);
        return Ok(());
    }
    let before = match (&upload.before, engine.listings.medias(&operation.space)) {
        (Some(before), _) => before.clone(),
        (None, Some(known)) => known.into_iter().map(|media| media.id).collect(),
        (None, None) => ids(engine.backend.medias(Priority::Save, &operation.space).await?),
    };
    let sending = transition::change(engine, operation.row, |it| {
        it.sent = true;
        if let Ok(upload) = Upload::of(it) {
            Upload { before: Some(before), ..upload }.note(it);
        }
    });
    // Somebody gave it up meanwhile.
    let Some(sending) = sending.await? else { return Ok(()) };
    let uploaded = send(engine, &sending).await;
    engine.local_medias.end_sending(operation.row);
    match uploaded {
        Ok(media) => land(engine, &sending, media).await,
        Err(error) => {
            if error.kind().is_certain() {
                transition::change(engine, operation.row, |it| it.sent = false).await?;
            }
            Err(error)
        }
    }
}

async fn send(engine: &Engine, operation: &Operation) -> Result<RemoteMedia> {
    let upload = Upload::of(operation)?;
    let file = operation.file.clone();
    let file = file.ok_or_else(|| Error::new(Kind::Invalid, "the upload has no file"))?;
    let files = engine.upload_files.clone();
    let bytes = tokio::task::spawn_blocking(move || files.read(&file))
        .await
        .map_err(|error| Error::new(Kind::Storage, "the disk cannot be used").because(error))??;
    let body = FileBody::new(media_type(&upload.name), bytes);
    engine.local_medias.begin_sending(operation.row, body.sent().clone());
    let (space, name) = (&operation.space, &*upload.name);
    engine.backend.write(UploadMedia { space, name, file: body }).await
}

/// The medium that an earlier request may have made.
async fn look(
    engine: &Engine,
    operation: &Operation,
    upload: &Upload,
) -> Result<Option<RemoteMedia>> {
    let listed = engine.backend.medias(Priority::Save, &operation.space).await?;
    let before: HashSet<&MediaId> = upload.before.iter().flatten().collect();
    let own = |id: &MediaId| {
        let locals = engine.local_medias.all(&operation.space);
        locals.values().any(|it| matches!(it, LocalMedia::Uploaded(known, _) if known == id))
    };
    for media in listed.into_iter().filter(|it| !before.contains(&it.id) && !own(&it.id)) {
        let mut facts = engine.medias.facts(&media.id);
        if facts.name.is_none() || facts.length.is_none() {
            facts = match media_names::ask(engine, &media.id, Priority::Save).await {
                Ok(facts) => facts,
                Err(error) if error.kind() == Kind::NotFound => continue,
                Err(error) => return Err(error),
            };
        }
        let is_named = facts.name.as_ref() == Some(&upload.name);
        if is_named && facts.length.is_none_or(|length| length == upload.length) {
            return Ok(Some(media));
        }
    }
    Ok(None)
}

/// It is there: it is shown, what it replaces goes, and its bytes stay to be read. May be done again
/// after a crash.
async fn land(engine: &Engine, operation: &Operation, media: RemoteMedia) -> Result<()> {
    let row = operation.row;
    // As it is by now: its file may have been removed meanwhile.
    let upload = Upload::of(&engine.operations.get(row).unwrap_or_else(|| operation.clone()))?;
    let (id, space) = (media.id.clone(), &operation.space);
    let (name, length) = (Some(upload.name.clone()), Some(upload.length));
    media::note(engine, &id, MediaFacts { name, length }).await;
    engine.listings.add_media(space, media);
    if let Some(file) = operation.file.clone() {
        let (files, uploads, id) =
            (engine.media_files.clone(), engine.upload_files.clone(), id.clone());
        let adopted = tokio::task::spawn_blocking(move || files.adopt(&id, &uploads.path(&file)));
        if let Ok(Err(error)) = adopted.await {
            tracing::debug!(%error, "what was uploaded is read again when it is wanted");
        }
    }
    engine.local_medias.note_landed(row, &id);
    let mut gone = upload.replaces.clone();
    // The one before it may have landed while this one was staged.
    gone.extend(upload.after.and_then(|before| engine.local_medias.landed(before)));
    gone.extend(upload.unwanted.then(|| id.clone()));
    for media in gone {
        let new = Operation::new(
            OperationKind::DeleteMedia,
            space,
            operation.path.clone(),
            engine.clock.wall(),
        );
        let subject = Some(media.as_str().to_owned());
        transition::add(engine, Operation { subject, ..new }, GRACE).await?;
    }
    for (later, it) in uploads(engine).into_iter().filter(|(_, it)| it.after == Some(row)) {
        let replaces = it.replaces.iter().cloned().chain([id.clone()]).collect();
        let after = None;
        let next = Upload { replaces, after, ..it };
        transition::change(engine, later.row, |later| next.note(later)).await?;
    }
    let now: Instant = engine.clock.now();
    let became = (!upload.unwanted).then_some(LocalMedia::Uploaded(id, now));
    engine.local_medias.settle(space, row, became);
    Ok(())
}

fn ids(medias: Vec<RemoteMedia>) -> Vec<MediaId> {
    medias.into_iter().map(|media| media.id).collect()
}
