//! The media of a Taskade in memory.

use serde_json::{Value, json};
use taskadefs::{
    api::{Call, Method},
    error::Result,
};

use crate::support::service::{Memory, State, calls::items, gone};

const LIST: &str = "folders/{folder}/medias";

/// A file of a space.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) folder: String,
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
    pub fn upload_elsewhere(&self, folder: &str, id: &str) {
        self.lock().medias.push(Media { id: id.into(), folder: folder.into() });
    }

    /// Somebody else deletes a file.
    pub fn delete_media_elsewhere(&self, id: &str) {
        self.lock().medias.retain(|media| media.id != id);
    }

    /// The ids of all media, in order.
    pub fn media_ids(&self) -> Vec<String> {
        self.lock().medias.iter().map(|media| media.id.clone()).collect()
    }
}
