//! What the endpoints do that are about files of spaces.

use serde_json::{Value, json};

use super::{
    agents::found_or_null,
    answer::{Answer, Handled},
    archive::Archive,
    call::ServedCall,
    projects::{broken, check_space, with_nulls},
    requests,
    shared::Shared,
    store_media::Media,
};
use crate::ids::SpaceId;

/// How many files a page has without `limit`.
const DEFAULT_PAGE: usize = 100;

/// Largest file, in bytes (Taskade's own limit).
pub(super) const MAX_FILE: usize = 25 << 20;

/// Where the public address of a file is, outside the API.
pub(super) const PUBLIC: &str = "/files/";

pub(super) fn list(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let page = requests::page(call.query, DEFAULT_PAGE)?;
    check_space(shared, call.id(0))?;
    let medias = shared.store.medias(call.id(0)).map_err(broken)?;
    Ok(Answer::items(with_nulls(shared, page.of(&medias).iter().map(item).collect())))
}

/// `Media`, which tells no name.
fn item(media: &Media) -> Value {
    json!({ "id": media.id, "space_id": media.space, "kind": media.kind() })
}

pub(super) fn find(shared: &Shared, id: &str) -> Result<Media, Answer> {
    let media = shared.store.media(id).map_err(broken)?;
    media.ok_or_else(|| Answer::not_found("Media not found"))
}

pub(super) fn get(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    found_or_null(shared, find(shared, call.id(0)).map(|media| item(&media)))
}

pub(super) fn delete(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    match shared.store.delete_media(call.id(0)).map_err(broken)? {
        true => Ok(Answer::ok()),
        false => Err(Answer::not_found("Media not found")),
    }
}

pub(super) fn download(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let media = find(shared, call.id(0))?;
    if shared.quirks.downloads_redirect {
        return Ok(Answer::redirect(public_url(call, &media)));
    }
    let content = shared.store.content(&media.id).map_err(broken)?;
    Ok(Answer::file(content, &media.media_type, &media.name))
}

/// The file that a public address names.
pub(super) fn public(shared: &Shared, file: &str) -> Handled {
    let media = shared.store.media_of_file(file).map_err(broken)?;
    let media = media.ok_or_else(|| Answer::not_found("File not found"))?;
    let content = shared.store.content(&media.id).map_err(broken)?;
    Ok(Answer::file(content, &media.media_type, &media.name))
}

/// An address on another host, for everybody who has it: the same server by its other name.
fn public_url(call: &ServedCall<'_>, media: &Media) -> String {
    let port = call.host.rsplit_once(':').map_or("80", |(_, port)| port);
    format!("http://localhost:{port}{PUBLIC}{}", media.file)
}

pub(super) fn download_all(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    check_space(shared, call.id(0))?;
    let mut archive = Archive::default();
    for media in shared.store.medias(call.id(0)).map_err(broken)? {
        let metadata = json!({
            "id": media.id, "kind": media.kind(), "name": media.name,
            "mimetype": media.media_type, "size": media.size,
        });
        let content = shared.store.content(&media.id).map_err(broken)?;
        archive.add(&format!("{}/metadata.json", media.id), metadata.to_string().as_bytes());
        archive.add(&format!("{}/original", media.id), &content);
    }
    archive.answer("medias.zip").map_err(broken)
}

pub(super) fn upload(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let space = call.id(0);
    let name = call.query.get("filename").filter(|name| !name.is_empty());
    let Some(name) = name else { return Err(Answer::bad_request("filename: not empty")) };
    check_space(shared, space)?;
    let media_type = match call.media_type {
        "" => "application/octet-stream",
        given => given,
    };
    let added = shared.store.add_media(&SpaceId::new(space), name, media_type, call.body);
    let media = find(shared, &added.map_err(broken)?)?;
    let item = json!({
        "mediaId": media.id, "fileId": format!("space-files/{}", media.file),
        "kind": media.kind(), "downloadUrl": public_url(call, &media),
    });
    Ok(Answer::item(item))
}
