//! The media of a Taskade in memory.

use std::os::unix::fs::FileExt;

use serde_json::{Value, json};
use taskadefs::{
    api::{Call, FileBody, FileHead, FilePart, Method},
    error::{Error, Kind, Result},
};

use crate::support::service::{Memory, State, calls::items, gone};

const LIST: &str = "folders/{folder}/medias";

/// A file of a space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) folder: String,
    pub(crate) name: String,
    pub(crate) content: Vec<u8>,
}

/// Whether a request is about media.
pub(crate) fn is_of_media(call: &Call) -> bool {
    call.path.template().starts_with("medias/") || call.path.template() == LIST
}

impl State {
    pub(crate) fn execute_media(&mut self, call: &Call, ids: &[&str]) -> Result<Value> {
        match (call.method, call.path.template(), ids) {
            (Method::Get, LIST, [folder]) => {
                self.check_space(folder)?;
                let inside = self.medias.iter().filter(|media| media.folder == *folder);
                let page = call.query.iter().find(|(name, _)| *name == "page");
                let page: usize = page.map_or(1, |(_, page)| page.parse().unwrap());
                let item = |media: &Media| json!({ "id": media.id, "kind": "document" });
                Ok(items(inside.skip((page - 1) * 100).take(100).map(item)))
            }
            (Method::Get, "medias/{media}/download", [id]) => {
                let media = self.medias.iter().find(|media| media.id == *id).ok_or_else(gone)?;
                let receiver = &*call.receiver.as_ref().unwrap().0;
                let length = Some(media.content.len() as u64);
                let from = receiver.received();
                let part = &media.content[usize::try_from(from).unwrap()..];
                let head = FileHead { name: Some(media.name.clone()), from, length };
                if receiver.begin(&head)? {
                    let torn = self.torn.take().unwrap_or(usize::MAX).min(part.len());
                    receiver.take(&part[..torn])?;
                    self.bytes += torn;
                    if torn < part.len() {
                        return Err(Error::new(Kind::Unreachable, "it broke off"));
                    }
                }
                Ok(items([]))
            }
            (Method::Post, "medias/spaces/{space}/upload", [space]) => {
                self.check_space(space)?;
                let id = format!("u{}", self.next());
                let (_, name) = call.query.iter().find(|(name, _)| *name == "filename").unwrap();
                let content = bytes(call.file.as_ref().unwrap());
                let (folder, name) = ((*space).to_owned(), name.clone());
                self.medias.push(Media { id: id.clone(), folder, name, content });
                let item = json!({ "mediaId": id, "kind": "document", "downloadUrl": "https://x" });
                Ok(json!({ "ok": true, "item": item }))
            }
            (Method::Delete, "medias/{media}", [id]) => {
                let at = self.medias.iter().position(|media| media.id == *id).ok_or_else(gone)?;
                self.medias.remove(at);
                Ok(items([]))
            }
            _ => Err(gone()),
        }
    }
}

impl Memory {
    /// Somebody else uploads a file.
    pub fn upload_elsewhere(&self, folder: &str, id: &str, name: &str, content: &[u8]) {
        let (id, folder, name) = (id.into(), folder.into(), name.into());
        self.lock().medias.push(Media { id, folder, name, content: content.into() });
    }

    /// How many bytes of files were downloaded, and forgets it.
    pub fn take_bytes(&self) -> usize {
        std::mem::take(&mut self.lock().bytes)
    }

    /// The next download breaks off after so many bytes.
    pub fn tear_download(&self, after: usize) {
        self.lock().torn = Some(after);
    }

    /// Somebody else deletes a file.
    pub fn delete_media_elsewhere(&self, id: &str) {
        self.lock().medias.retain(|media| media.id != id);
    }

    /// The names of all media and what is in them, in order.
    pub fn medias(&self) -> Vec<(String, Vec<u8>)> {
        let state = self.lock();
        state.medias.iter().map(|media| (media.name.clone(), media.content.clone())).collect()
    }

    /// The ids of all media, in order.
    pub fn media_ids(&self) -> Vec<String> {
        self.lock().medias.iter().map(|media| media.id.clone()).collect()
    }
}

/// What is sent of a file.
fn bytes(file: &FileBody) -> Vec<u8> {
    let part = |part: &FilePart| match part {
        FilePart::Bytes(bytes) => bytes.to_vec(),
        FilePart::OnDisk(file, length) => {
            let mut bytes = vec![0; usize::try_from(*length).unwrap()];
            file.read_exact_at(&mut bytes, 0).unwrap();
            bytes
        }
    };
    file.parts().iter().flat_map(part).collect()
}
