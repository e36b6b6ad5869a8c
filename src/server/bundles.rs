//! What the endpoints do that are about bundles: whole spaces, given out and taken in.

use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    answer::{Answer, Handled},
    archive::{self, Archive},
    bundle,
    call::ServedCall,
    incoming::Incoming,
    projects::{broken, check_space},
    quirks::Exports,
    requests,
    shared::Shared,
};
use crate::ids::SpaceId;

/// Largest archive that is imported, in bytes (Taskade's own limit).
pub(super) const MAX_ARCHIVE: usize = 50 << 20;

/// What every ZIP archive begins with.
const ZIP: &[u8] = b"PK";

/// `bundleImport`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ImportBundle {
    bundle_data: Box<RawValue>,
}

fn check_exports(shared: &Shared, space: &str) -> Result<(), Answer> {
    check_space(shared, space)?;
    match shared.quirks.exports {
        Exports::Refused => Err(Answer::refusal(403, "no permission to export")),
        Exports::Same | Exports::Different => Ok(()),
    }
}

pub(super) fn export(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    check_exports(shared, call.id(0))?;
    bundle::export(shared, call.id(0)).map_err(broken)
}

/// As an archive with a directory for each sort of item; as `tsk` the same by another name, or JSON.
pub(super) fn export_archive(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let space = call.id(0);
    check_exports(shared, space)?;
    let format = call.query.get("format").map_or("zip", String::as_str);
    match format {
        "zip" => {}
        "tsk" if shared.quirks.tsk_is_json => {
            let bytes = bundle::tsk(shared, space).map_err(broken)?.to_string().into_bytes();
            return Ok(Answer::file(bytes, "application/x-tsk", "bundle.tsk"));
        }
        "tsk" => {}
        _ => return Err(Answer::bad_request("format: zip or tsk")),
    }
    let mut archive = Archive::default();
    let name = shared.store.space_name(space).map_err(broken)?.unwrap_or_default();
    let manifest = json!({
        "version": "1.1", "spaceId": space, "spaceMetadata": { "name": name }, "name": name,
    });
    archive.add("manifest.json", manifest.to_string().as_bytes());
    for (path, item) in bundle::files(shared, space).map_err(broken)? {
        archive.add(&path, item.to_string().as_bytes());
    }
    for media in shared.store.medias(space).map_err(broken)? {
        let metadata = json!({
            "kind": media.kind(), "name": media.name, "mimetype": media.media_type,
            "size": media.size,
        });
        let content = shared.store.content(&media.id).map_err(broken)?;
        archive.add(&format!("media/{}/metadata.json", media.id), metadata.to_string().as_bytes());
        archive.add(&format!("media/{}/original", media.id), &content);
    }
    archive.answer(&format!("bundle.{format}")).map_err(broken)
}

pub(super) fn import(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let request: ImportBundle = requests::read(call)?;
    let bundle = Incoming::of_export(request.bundle_data.get().as_bytes());
    install(shared, call.id(0), bundle)
}

/// An archive, or what a `.tsk` may be that is JSON.
pub(super) fn import_archive(shared: &Shared, call: &ServedCall<'_>) -> Handled {
    let bundle = if call.body.starts_with(ZIP) {
        archive::unpack(call.body).and_then(|files| {
            let (bundle, others) = Incoming::of_files(files);
            match others.into_iter().next() {
                Some((path, why)) => Err(format!("{path}: {why}")),
                None => Ok(bundle),
            }
        })
    } else {
        Incoming::of_json(call.body)
    };
    install(shared, call.id(0), bundle)
}

fn install(shared: &Shared, space: &str, bundle: Result<Incoming, String>) -> Handled {
    check_space(shared, space)?;
    let bundle = bundle.map_err(|why| Answer::bad_request(&format!("bundle: {why}")))?;
    if shared.imports.count().refused {
        return Err(Answer::refusal(429, "Too many imports"));
    }
    let installed = shared.store.install(&SpaceId::new(space), &bundle).map_err(broken)?;
    Ok(Answer::item(installed))
}
