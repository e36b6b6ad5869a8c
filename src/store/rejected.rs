//! The journal's table of texts that were refused here.

use std::sync::Arc;

use rusqlite::{Connection, Row, params};

use crate::{
    database::failed as storage,
    error::Result,
    ids::{ProjectId, SpaceId},
    replica::{identity::RejectedOf, rejection::RejectedText},
    store::journal::{Journal, from_json, to_json},
};

/// The columns of a refused text, in the order in which they are read.
pub(crate) const COLUMNS: &str = "row, project, folder, title, text, base, refusal";

impl Journal {
    /// Every refused text, oldest first.
    pub(crate) fn rejected(&self) -> Result<Vec<(RejectedOf, RejectedText)>> {
        let connection = self.lock();
        let failed = storage("cannot read the refused texts");
        let mut statement = connection
            .prepare(&format!("SELECT {COLUMNS} FROM refused ORDER BY row"))
            .map_err(&failed)?;
        let mut rows = statement.query([]).map_err(&failed)?;
        let mut texts = Vec::new();
        while let Some(row) = rows.next().map_err(&failed)? {
            texts.push(read(row)?);
        }
        Ok(texts)
    }
}

/// Writes or replaces a refused text. The row that it has.
pub(crate) fn insert(
    connection: &Connection,
    of: &RejectedOf,
    rejected: &RejectedText,
) -> Result<i64> {
    let (base, rejection) = (to_json(&*rejected.base)?, to_json(&rejected.rejection)?);
    connection
        .execute(
            "INSERT OR REPLACE INTO refused (row, project, folder, title, text, base, refusal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                rejected.row,
                of.project.as_ref().map(ProjectId::as_str),
                of.folder.as_str(),
                of.title,
                &*rejected.text,
                base,
                rejection,
            ],
        )
        .map_err(storage("cannot journal a refused text"))?;
    Ok(connection.last_insert_rowid())
}

/// Removes a refused text: it is settled.
pub(crate) fn remove(connection: &Connection, row: i64) -> Result<()> {
    connection
        .execute("DELETE FROM refused WHERE row = ?1", [row])
        .map_err(storage("cannot clear the journal"))?;
    Ok(())
}

pub(crate) fn read(row: &Row<'_>) -> Result<(RejectedOf, RejectedText)> {
    let failed = storage("cannot read the refused texts");
    let string = |column: usize| row.get::<_, String>(column).map_err(&failed);
    let of = RejectedOf {
        project: row.get::<_, Option<String>>(1).map_err(&failed)?.map(ProjectId::new),
        folder: SpaceId::new(string(2)?),
        title: string(3)?,
    };
    let text: Vec<u8> = row.get(4).map_err(&failed)?;
    let rejected = RejectedText {
        row: row.get(0).map_err(&failed)?,
        text: text.into(),
        base: Arc::new(from_json(&string(5)?)?),
        rejection: from_json(&string(6)?)?,
    };
    Ok((of, rejected))
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, time::SystemTime};

    use crate::error::Kind;
    use crate::ids::ProjectId;
    use crate::ids::SpaceId;
    use crate::plan::Outline;
    use crate::replica::identity::RejectedOf;
    use crate::replica::rejection::RejectedText;
    use crate::replica::rejection::Rejection;
    use crate::store::changes::{Changes, Row};
    use crate::store::journal::Journal;

    #[test]
    fn a_refused_text_is_there_after_reopening_until_it_is_settled() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let journal = Journal::open(&path).unwrap();
        let of = RejectedOf {
            project: Some(ProjectId::new("p")),
            folder: SpaceId::new("f"),
            title: "T".to_owned(),
        };
        let rejection = Rejection {
            kind: Kind::DeletionGuard,
            reason: "too much".to_owned(),
            since: SystemTime::UNIX_EPOCH,
            file: "T.md".to_owned(),
            set_aside: true,
        };
        let base = Arc::new(Outline::default());
        let text = Arc::from(*b"\xff\0");
        let mut rejected = RejectedText { row: None, text, base, rejection };
        let put = |rejected: &RejectedText| {
            let rejected = Some(Row::Put((of.clone(), rejected.clone())));
            journal.apply(&Changes { rejected, ..Changes::default() }).unwrap().rejected
        };
        rejected.row = put(&rejected);
        rejected.rejection.kind = Kind::Os(libc::ENOSPC);
        assert_eq!(put(&rejected), rejected.row);
        drop(journal);
        let journal = Journal::open(&path).unwrap();
        let row = rejected.row.unwrap();
        assert_eq!(journal.rejected().unwrap(), [(of, rejected)]);
        let rejected = Some(Row::Remove(row));
        journal.apply(&Changes { rejected, ..Changes::default() }).unwrap();
        assert_eq!(journal.rejected().unwrap(), []);
    }
}
