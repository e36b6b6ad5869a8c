//! Uploading a medium. One whose answer was lost is looked for before it is sent again: a medium that
//! the space did not have before, of that name and length, is it.

use std::{collections::HashSet, sync::Arc, time::Instant};

use tokio::task::JoinError;

use crate::{
    api::{FileBody, FilePart, Priority, RemoteMedia, endpoints::UploadMedia},
    error::{Error, Kind, Result},
    file_name::{safe, stem_and_ending},
    ids::{MediaId, SpaceId},
    store::{
        media_names::{MediaFacts, names_of_media},
        names::GivenName,
        operations::Operation,
        same_bytes::same_bytes,
    },
    sync::{
        engine::Engine,
        leaf::local_media::LocalMedia,
        operation::{
            deletion, transition,
            upload::{Upload, uploads},
        },
        read::{media as reading, media_names},
    },
    text::media_type::media_type,
};

/// Uploads it, or finds it there.
///
/// # Errors
/// What the service refuses with, or what came in the way.
pub(super) async fn upload(engine: &Arc<Engine>, operation: &Operation) -> Result<()> {
    let upload = take_over(engine, operation).await?;
    if let Some(landed) = upload.landed {
        return land(engine, operation, landed).await;
    }
    if operation.sent
        && let Some(found) = look(engine, operation, &upload).await?
    {
        tracing::info!(path = operation.path, "an upload had got through");
        return land(engine, operation, found).await;
    }
    if upload.unwanted {
        return give_up(engine, operation, &upload).await;
    }
    let before = match (&upload.before, engine.listings.medias(&operation.space)) {
        (Some(before), _) => before.clone(),
        (None, Some(known)) => ids(known),
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
            if !error.kind().is_certain() {
                return Err(error);
            }
            let unsent = transition::change(engine, operation.row, |it| {
                it.sent = false;
                if let Ok(upload) = Upload::of(it) {
                    Upload { before: None, ..upload }.note(it);
                }
            });
            // Its file may have been removed meanwhile.
            match unsent.await?.as_ref().map(Upload::of).transpose()? {
                Some(upload) if upload.unwanted => give_up(engine, operation, &upload).await,
                _ => Err(error),
            }
        }
    }
}

/// Nothing is at Taskade of an upload whose file was removed: what it was to replace goes all the same.
async fn give_up(engine: &Engine, operation: &Operation, upload: &Upload) -> Result<()> {
    for replaced in &upload.replaces {
        deletion::stage(engine, &operation.space, replaced, operation.path.clone()).await?;
    }
    engine.local_medias.settle(&operation.space, operation.row, None);
    Ok(())
}

/// An upload, with what the one before it under that name was to replace, if that was refused: this one
/// settles it.
async fn take_over(engine: &Engine, operation: &Operation) -> Result<Upload> {
    let upload = Upload::of(operation)?;
    let refused = upload.after.and_then(|before| engine.operations.get(before));
    let Some(refused) = refused.filter(|it| it.refusal.is_some() && !it.sent) else {
        return Ok(upload);
    };
    let left = Upload::of(&refused)?.replaces;
    let changed = transition::change(engine, operation.row, |it| replace_too(it, left));
    let upload = changed.await?.as_ref().map_or(Ok(upload), Upload::of)?;
    transition::remove(engine, refused.row).await?;
    Ok(upload)
}

/// What became of the one before it is known: these are replaced as well.
fn replace_too(operation: &mut Operation, more: impl IntoIterator<Item = MediaId>) {
    if let Ok(mut upload) = Upload::of(operation) {
        upload.replaces.extend(more);
        Upload { after: None, ..upload }.note(operation);
    }
}

async fn send(engine: &Engine, operation: &Operation) -> Result<RemoteMedia> {
    let upload = Upload::of(operation)?;
    let file = operation.file.clone();
    let file = file.ok_or_else(|| Error::new(Kind::Invalid, "the upload has no file"))?;
    let files = engine.upload_files.clone();
    let file = tokio::task::spawn_blocking(move || files.open(&file)).await.map_err(unusable)??;
    let content = FilePart::OnDisk(Arc::new(file), upload.length);
    let body = FileBody::of_parts(media_type(&upload.name), [content]);
    engine.local_medias.begin_sending(operation.row, body.sent().clone());
    let (space, name) = (&operation.space, &*upload.name);
    engine.backend.write(UploadMedia { space, name, file: body }).await
}

/// The medium that an earlier request may have made.
async fn look(
    engine: &Arc<Engine>,
    operation: &Operation,
    upload: &Upload,
) -> Result<Option<RemoteMedia>> {
    let listed = engine.backend.medias(Priority::Save, &operation.space).await?;
    let before: HashSet<&MediaId> = upload.before.iter().flatten().collect();
    let is_another = |id: &MediaId| {
        before.contains(id)
            || upload.replaces.contains(id)
            || engine.local_medias.is_landed(id)
            || deletion::deletion_of(engine, id).is_some()
    };
    for media in listed.into_iter().filter(|it| !is_another(&it.id)) {
        let mut facts = engine.medias.facts(&media.id);
        if facts.name.is_none() || facts.length.is_none() {
            facts = match media_names::ask(engine, &media.id, Priority::Save).await {
                Ok(facts) => facts,
                Err(error) if error.kind() == Kind::NotFound => continue,
                Err(error) => return Err(error),
            };
        }
        let is_named = facts.name.as_ref() == Some(&upload.name);
        let may_be_it = is_named && facts.length.is_none_or(|length| length == upload.length);
        if may_be_it && is_of(engine, &media.id, operation).await? {
            return Ok(Some(media));
        }
    }
    Ok(None)
}

/// Whether a medium is what an operation sends, byte for byte: somebody else's may have its name and its
/// length.
async fn is_of(engine: &Arc<Engine>, id: &MediaId, operation: &Operation) -> Result<bool> {
    let Some(name) = operation.file.clone() else { return Ok(false) };
    let (file, open) = match reading::open(engine, id).await {
        Err(error) if error.kind() == Kind::NotFound => return Ok(false),
        opened => opened?,
    };
    open.wait(open.length()).await?;
    let files = engine.upload_files.clone();
    let compared = tokio::task::spawn_blocking(move || same_bytes(&files.open(&name)?, &file));
    compared.await.map_err(unusable)?
}

/// It is there: it is shown, what it replaces goes, and its bytes stay to be read. May be done again
/// after a crash.
async fn land(engine: &Engine, operation: &Operation, media: RemoteMedia) -> Result<()> {
    let (row, id, space) = (operation.row, media.id.clone(), &operation.space);
    let landed = transition::change(engine, row, |it| {
        if let Ok(upload) = Upload::of(it) {
            Upload { landed: Some(media.clone()), ..upload }.note(it);
        }
        // From here on who removes its file, or writes another one, knows of it.
        engine.local_medias.note_landed(row, &id);
    });
    // As it is by now: its file may have been removed meanwhile.
    let upload = Upload::of(landed.await?.as_ref().unwrap_or(operation))?;
    let (name, length) = (Some(upload.name.clone()), Some(upload.length));
    reading::note(engine, &id, MediaFacts { name, length }).await;
    engine.listings.add_media(space, media);
    if let Some(file) = operation.file.clone() {
        let (files, uploads, id) =
            (engine.media_files.clone(), engine.upload_files.clone(), id.clone());
        let adopted = tokio::task::spawn_blocking(move || files.adopt(&id, &uploads.path(&file)));
        if let Ok(Err(error)) = adopted.await {
            tracing::debug!(%error, "what was uploaded is read again when it is wanted");
        }
    }
    let gone = upload.replaces.iter().chain(upload.unwanted.then_some(&id));
    for media in gone {
        deletion::stage(engine, space, media, operation.path.clone()).await?;
    }
    if !upload.unwanted {
        keep_name(engine, space, &id, &upload.name).await?;
    }
    for (later, _) in uploads(engine).into_iter().filter(|(_, it)| it.after == Some(row)) {
        transition::change(engine, later.row, |later| replace_too(later, [id.clone()])).await?;
    }
    let now: Instant = engine.clock.now();
    let became = (!upload.unwanted).then_some(LocalMedia::Uploaded(id, now));
    engine.local_medias.settle(space, row, became);
    Ok(())
}

/// The name that its program gave it is its name from now on, also where others have one that is called so.
async fn keep_name(engine: &Engine, space: &SpaceId, id: &MediaId, name: &str) -> Result<()> {
    let title = safe(name);
    let (title, id) = (stem_and_ending(&title).0.to_owned(), id.as_str().to_owned());
    let given = GivenName { id, title, name: name.to_owned() };
    let (journal, key) = (engine.journal.clone(), names_of_media(space.as_str()));
    tokio::task::spawn_blocking(move || journal.take_name(&key, given)).await.map_err(unusable)
}

fn unusable(error: JoinError) -> Error {
    Error::new(Kind::Storage, "the disk cannot be used").because(error)
}

fn ids(medias: Vec<RemoteMedia>) -> Vec<MediaId> {
    medias.into_iter().map(|media| media.id).collect()
}
