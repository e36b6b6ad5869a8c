//! The journal's table of media: what they are called and how long they are, as far as that was ever
//! told. No listing tells it, and neither ever changes, so it is kept for ever.

use std::collections::HashMap;

use rusqlite::params;

use crate::{database::failed as storage, error::Result, ids::MediaId, store::journal::Journal};

/// What is known of a medium beside its id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct MediaFacts {
    pub(crate) name: Option<String>,
    /// Bytes.
    pub(crate) length: Option<u64>,
}

impl MediaFacts {
    /// The same, with what else was told. Whether that is anything new.
    pub(crate) fn learn(&mut self, told: Self) -> bool {
        let before = self.clone();
        self.name = told.name.or(self.name.take());
        self.length = told.length.or(self.length);
        *self != before
    }
}

/// What the names that the media of a folder were given are kept under.
pub(crate) fn names_of_media(folder: &str) -> String {
    format!("media of {folder}")
}

impl Journal {
    /// What is known of all media.
    pub(crate) fn media_facts(&self) -> Result<HashMap<MediaId, MediaFacts>> {
        let failed = || storage("cannot read the names of media");
        let connection = self.lock();
        let mut statement =
            connection.prepare("SELECT id, name, length FROM medias").map_err(failed())?;
        let rows = statement.query_map([], |row| {
            let length: Option<i64> = row.get(2)?;
            let length = length.and_then(|length| u64::try_from(length).ok());
            let facts = MediaFacts { name: row.get(1)?, length };
            Ok((MediaId::new(row.get::<_, String>(0)?), facts))
        });
        rows.map_err(failed())?.map(|row| row.map_err(failed())).collect()
    }

    /// Keeps what is known of a medium, in place of what was.
    pub(crate) fn keep_media_facts(&self, id: &MediaId, facts: &MediaFacts) -> Result<()> {
        let length = facts.length.and_then(|length| i64::try_from(length).ok());
        let sql = "INSERT OR REPLACE INTO medias (id, name, length) VALUES (?1, ?2, ?3)";
        let failed = storage("cannot note the name of a medium");
        self.lock().execute(sql, params![id.as_str(), facts.name, length]).map_err(failed)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::MediaFacts;
    use crate::{ids::MediaId, store::journal::Journal};

    #[test]
    fn what_was_told_of_a_medium_is_there_after_reopening_and_nothing_takes_it_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let (id, mut facts) = (MediaId::new("m"), MediaFacts::default());
        assert!(facts.learn(MediaFacts { name: Some("a.png".to_owned()), length: None }));
        assert!(facts.learn(MediaFacts { name: None, length: Some(7) }));
        assert!(!facts.learn(MediaFacts::default()));
        journal.keep_media_facts(&id, &facts).unwrap();
        drop(journal);
        let known = Journal::open(&path).unwrap().media_facts().unwrap();
        let wanted = MediaFacts { name: Some("a.png".to_owned()), length: Some(7) };
        assert_eq!(known.get(&id), Some(&wanted));
    }
}
