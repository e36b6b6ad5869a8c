//! Files in the store, whole: what was uploaded to a space.

use rusqlite::{OptionalExtension, Row, params};

use super::{
    store::{Store, failed},
    token::random_uuid,
};
use crate::{error::Result, ids::SpaceId};

/// A file of a space, without what is in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Media {
    pub(crate) id: String,
    pub(crate) space: String,
    pub(crate) name: String,
    /// As it was uploaded, such as `image/png`.
    pub(crate) media_type: String,
    /// Bytes.
    pub(crate) size: u64,
    /// What its public address names it by.
    pub(crate) file: String,
}

const MEDIA: &str = "SELECT id, space, name, media_type, length(content), file FROM medias";

fn media(row: &Row<'_>) -> rusqlite::Result<Media> {
    Ok(Media {
        id: row.get(0)?,
        space: row.get(1)?,
        name: row.get(2)?,
        media_type: row.get(3)?,
        size: row.get::<_, i64>(4)?.unsigned_abs(),
        file: row.get(5)?,
    })
}

impl Media {
    /// What sort of file it is, in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.media_type.split('/').next() {
            Some("image") => "image",
            Some("video") => "video",
            Some("audio") => "audio",
            _ => "document",
        }
    }
}

impl Store {
    pub(crate) fn medias(&self, space: &str) -> Result<Vec<Media>> {
        self.rows(&format!("{MEDIA} WHERE space = ?1 ORDER BY number"), space, media)
    }

    pub(crate) fn media(&self, id: &str) -> Result<Option<Media>> {
        Ok(self.rows(&format!("{MEDIA} WHERE id = ?1"), id, media)?.pop())
    }

    /// The file that a public address names.
    pub(crate) fn media_of_file(&self, file: &str) -> Result<Option<Media>> {
        Ok(self.rows(&format!("{MEDIA} WHERE file = ?1"), file, media)?.pop())
    }

    /// What is in a file.
    pub(crate) fn content(&self, id: &str) -> Result<Vec<u8>> {
        let sql = "SELECT content FROM medias WHERE id = ?1";
        let inner = self.lock();
        let content = inner.connection.query_row(sql, [id], |row| row.get(0)).optional();
        Ok(content.map_err(failed)?.unwrap_or_default())
    }

    /// Adds a file to a space. Its id.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub fn add_media(
        &self,
        space: &SpaceId,
        name: &str,
        media_type: &str,
        content: &[u8],
    ) -> Result<String> {
        let (id, file) = (random_uuid()?, random_uuid()?);
        let sql = "INSERT INTO medias (id, space, name, media_type, content, file)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let inner = self.lock();
        let params = params![id, space.as_str(), name, media_type, content, file];
        inner.connection.execute(sql, params).map_err(failed)?;
        Ok(id)
    }

    /// Deletes a file, which no agent knows then. Whether there was one.
    pub(crate) fn delete_media(&self, id: &str) -> Result<bool> {
        let mut inner = self.lock();
        let transaction = inner.connection.transaction().map_err(failed)?;
        let delete = |sql: &str| transaction.execute(sql, [id]).map_err(failed);
        let found = delete("DELETE FROM medias WHERE id = ?1")? > 0;
        delete("DELETE FROM agent_knowledge WHERE kind = 'media' AND subject = ?1")?;
        transaction.commit().map_err(failed)?;
        Ok(found)
    }
}
