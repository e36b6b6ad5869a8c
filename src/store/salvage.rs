//! A journal that is damaged, or of a format that no program of this version can go on with: what
//! it held is taken into a new one, and it is set aside.
//!
//! A save that can still be read goes on as if nothing had happened. Of one that cannot, the text
//! is kept in `rejected/`, with what is known of it. The order survives a crash between any two
//! steps: the new journal is complete before the old one is set aside, and takes its place last.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rusqlite::{Connection, ErrorCode, Row};

use crate::{
    clock::rfc3339,
    error::{Error, Result},
    store::{
        artifacts::{ArtifactKind, Artifacts},
        changes::{self, Changes},
        journal::{self, Journal},
        operations, rejected as rejected_rows,
        schema::VERSION,
    },
};

/// Most rows of a torn table that are asked for one by one.
pub(crate) const MOST_ROWS: i64 = 4096;

impl Journal {
    /// Opens or creates the journal at `path`, which nobody else has open. One that is damaged is
    /// set aside, and what can be read of it is taken over.
    ///
    /// # Errors
    /// [`Kind::Storage`](crate::error::Kind::Storage) if it cannot be read or written, or is of a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        let findings = mend(path)?;
        let mut journal = Self::open_as_is(path)?;
        journal.findings = findings;
        Ok(journal)
    }
}

/// Puts a sound journal at `path` if there is a damaged one, or one left half way by a crash.
/// What there is to tell of it.
///
/// # Errors
/// If the new one cannot be written: then the old one is where it was.
pub(crate) fn mend(path: &Path) -> Result<Vec<String>> {
    let failed = |error| Error::io("cannot mend the journal", error).at(path.display().to_string());
    let new = beside(path, ".new");
    let Some(why) = damage(path) else {
        // A crash came after the old one was set aside.
        if !path.exists() && new.exists() {
            fs::rename(&new, path).map_err(failed)?;
        }
        return Ok(Vec::new());
    };
    remove(&new).map_err(failed)?;
    let mut findings = vec![format!("the journal was damaged: {why}")];
    {
        let journal = Journal::open_as_is(&new)?;
        carry_over(path, &journal, &mut findings);
    }
    let when = rfc3339(SystemTime::now()).replace(':', "-");
    let aside = beside(path, &format!(".damaged-{when}"));
    for suffix in ["-wal", "-shm", ""] {
        let from = beside(path, suffix);
        match fs::rename(&from, beside(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
    }
    fs::rename(&new, path).map_err(failed)?;
    findings.push(format!("it is set aside as {}", aside.display()));
    for finding in &findings {
        tracing::warn!("{finding}");
    }
    Ok(findings)
}

/// Why a journal cannot be gone on with; `None` if it can, if there is none, or if that is not
/// for this to tell (no permission, a newer format).
pub(crate) fn damage(path: &Path) -> Option<String> {
    let metadata = fs::metadata(path).ok()?;
    if metadata.is_dir() {
        return Some("it is a directory".to_owned());
    }
    let checked = Connection::open(path).and_then(|connection| {
        let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        let unreadable = if found == "ok" && (1..=VERSION).contains(&version) {
            unreadable_rows(&connection)
        } else {
            0
        };
        Ok((
            version,
            if unreadable > 0 { format!("{unreadable} rows make no sense") } else { found },
        ))
    });
    match checked {
        Ok((version, found)) if found != "ok" && version <= VERSION => Some(found),
        Ok(_) => None,
        Err(error) => matches!(
            error.sqlite_error_code(),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        )
        .then(|| error.to_string()),
    }
}

/// How many rows cannot be understood.
pub(crate) fn unreadable_rows(connection: &Connection) -> usize {
    let saves = each_row(connection, "saves", journal::COLUMNS, |row| {
        journal::read_entry(row).err().map(|error| error.to_string())
    });
    let rejected = each_row(connection, "refused", rejected_rows::COLUMNS, |row| {
        rejected_rows::read(row).err().map(|error| error.to_string())
    });
    let operations = each_row(connection, "operations", operations::COLUMNS, |row| {
        operations::damage(row).map(|error| error.to_string())
    });
    saves.len() + rejected.len() + operations.len()
}

/// Takes what can be read of a damaged journal into a sound one.
pub(crate) fn carry_over(path: &Path, journal: &Journal, findings: &mut Vec<String>) {
    let Ok(damaged) = Connection::open(path) else { return };
    let artifacts = Artifacts::of(path.parent().unwrap_or(Path::new("")));
    each_row(&damaged, "saves", journal::COLUMNS, |row| {
        let carried = journal::read_entry(row).and_then(|mut entry| {
            entry.row = None;
            journal.apply(&Changes { save: Some(changes::Row::Put(entry)), ..Changes::default() })
        });
        carried.err().map(|error| error.to_string())
    })
    .into_iter()
    .chain(each_row(&damaged, "refused", rejected_rows::COLUMNS, |row| {
        let carried = rejected_rows::read(row).and_then(|(of, mut rejected)| {
            rejected.row = None;
            let rejected = Some(changes::Row::Put((of, rejected)));
            journal.apply(&Changes { rejected, ..Changes::default() })
        });
        carried.err().map(|error| error.to_string())
    }))
    .for_each(|lost| findings.push(keep_text(&damaged, &artifacts, &lost)));
    let lost = each_row(&damaged, "operations", operations::COLUMNS, |row| {
        operations::carry_over(row, journal).err().map(|error| error.to_string())
    });
    findings.extend(lost.iter().map(|Lost { row, why, .. }| {
        let path = operations::path_of_row(&damaged, *row);
        let path = path.unwrap_or_else(|| format!("row {row}"));
        format!("what was to be done with `{path}` cannot go on: {why}")
    }));
    journal.take_names(&damaged);
}

/// A row that cannot be gone on with.
pub(crate) struct Lost {
    table: &'static str,
    row: i64,
    why: String,
}

/// Hands every row of a table on, and goes past those that cannot be read. Those that could not
/// be handed on.
pub(crate) fn each_row(
    damaged: &Connection,
    table: &'static str,
    columns: &str,
    hand_on: impl Fn(&Row<'_>) -> Option<String>,
) -> Vec<Lost> {
    let mut lost = Vec::new();
    let sql = format!("SELECT {columns} FROM {table} WHERE row = ?1");
    for row in rows(damaged, table) {
        let read = damaged
            .prepare_cached(&sql)
            .and_then(|mut statement| statement.query_row([row], |row| Ok(hand_on(row))));
        match read {
            Ok(None) | Err(rusqlite::Error::QueryReturnedNoRows) => {}
            Ok(Some(why)) => lost.push(Lost { table, row, why }),
            Err(error) => lost.push(Lost { table, row, why: error.to_string() }),
        }
    }
    lost
}

/// The numbers of a table's rows; guessed where the table is torn.
pub(crate) fn rows(damaged: &Connection, table: &str) -> Vec<i64> {
    let listed = damaged
        .prepare(&format!("SELECT row FROM {table} ORDER BY row"))
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect());
    match listed {
        Ok(rows) => rows,
        // Without the table there is nothing at all.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => Vec::new(),
        Err(_) => (1..=MOST_ROWS).collect(),
    }
}

/// Keeps the text of a row that cannot be gone on with. What became of it, in words.
pub(crate) fn keep_text(damaged: &Connection, artifacts: &Artifacts, lost: &Lost) -> String {
    let Lost { table, row, why } = lost;
    let title =
        read_one(damaged, table, *row, "title").and_then(|bytes| String::from_utf8(bytes).ok());
    let title = title.unwrap_or_else(|| format!("row {row}"));
    let Some(text) = read_one(damaged, table, *row, "text") else {
        return format!("a save of `{title}` cannot be read any more: {why}");
    };
    let project = read_one(damaged, table, *row, "project").unwrap_or_default();
    let reason = format!(
        "{title}.md: this save was in a journal that was damaged, and cannot go on: {why}\n\n\
         Project: {}\n\nCompare it with the project, and save what is missing again.\n",
        String::from_utf8_lossy(&project)
    );
    let name = artifacts.free_name(ArtifactKind::Rejected, &[], &title, " (salvaged)");
    match artifacts.write(ArtifactKind::Rejected, &name, &text, &reason) {
        Ok(()) => format!("a save of `{title}` cannot go on; its text is in rejected/{name}"),
        Err(error) => format!("a save of `{title}` cannot go on, nor be kept: {error}"),
    }
}

pub(crate) fn read_one(
    damaged: &Connection,
    table: &str,
    row: i64,
    column: &str,
) -> Option<Vec<u8>> {
    let sql = format!("SELECT CAST({column} AS BLOB) FROM {table} WHERE row = ?1");
    damaged.query_row(&sql, [row], |row| row.get::<_, Option<Vec<u8>>>(0)).ok().flatten()
}

pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(crate) fn remove(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(path, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::ids::ProjectId;
    use crate::ids::SpaceId;
    use crate::ids::TaskId;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;
    use crate::replica::pending::PendingSave;
    use crate::store::changes::{Changes, Row};
    use crate::store::journal::Journal;
    use crate::store::journal::JournalEntry;

    fn outline(keys: &[(Key, usize)]) -> Outline {
        let item = |(key, depth): &(Key, usize)| Item {
            key: key.clone(),
            depth: *depth,
            text: format!("{key:?}"),
            done: false,
            details: Default::default(),
            spelled: Default::default(),
        };
        Outline { items: keys.iter().map(item).collect() }
    }

    fn known(id: &str) -> Key {
        Key::Known(TaskId::new(id))
    }

    fn entry() -> JournalEntry {
        let base = outline(&[(known("a"), 0), (known("b"), 1)]);
        let target = outline(&[(known("a"), 0), (Key::New(0), 1), (Key::New(1), 2)]);
        let mut save = PendingSave::new(base, target.clone());
        let ops = save.script();
        save.sending(&ops[0]);
        JournalEntry {
            row: None,
            project: Some(ProjectId::new("p")),
            folder: SpaceId::new("f"),
            title: "T".to_owned(),
            text: b"- [ ] a\n".to_vec(),
            outline: target,
            save,
            creating: None,
            archive: false,
            since: std::time::SystemTime::UNIX_EPOCH,
            rejected: None,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig {
            cases: 96,
            failure_persistence: None,
            ..ProptestConfig::default()
        })]

        /// Whatever a row holds, it is a save that can be gone on with or a text that is kept.
        #[test]
        fn any_intent_is_gone_on_with_or_its_text_is_kept(
            column in prop_oneof![Just("intent"), Just("outline"), Just("since")],
            edits in prop::collection::vec((any::<prop::sample::Index>(), "[0-9a-z\",:{}\\[\\]]{0,3}"), 1..4),
            theirs in prop::collection::vec((0_u8..6, 0_usize..3), 0..5),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("journal");
            let save = Some(Row::Put(entry()));
            let changes = Changes { save, ..Changes::default() };
            Journal::open(&path).unwrap().apply(&changes).unwrap();
            let raw = rusqlite::Connection::open(&path).unwrap();
            let sql = format!("SELECT {column} FROM saves");
            let mut json: String = raw.query_row(&sql, [], |row| row.get(0)).unwrap();
            for (at, replacement) in edits {
                let at = at.index(json.len().max(1)).min(json.len().saturating_sub(1));
                if json.is_char_boundary(at) && json.is_char_boundary(at + 1) {
                    json.replace_range(at..=at, &replacement);
                }
            }
            raw.execute(&format!("UPDATE saves SET {column} = ?1"), [json]).unwrap();
            drop(raw);
            let journal = Journal::open(&path).unwrap();
            let entries = journal.entries().unwrap();
            let salvaged = dir.path().join("control/rejected/T (salvaged).md");
            prop_assert!(entries.len() == 1 || std::fs::read(salvaged).unwrap() == b"- [ ] a\n");
            let mut deepest = 0;
            let mut theirs: Vec<(Key, usize)> = theirs
                .into_iter()
                .map(|(id, depth)| (known(&id.to_string()), depth))
                .collect();
            theirs.dedup_by(|one, other| one.0 == other.0);
            for (_, depth) in &mut theirs {
                *depth = (*depth).min(deepest);
                deepest = *depth + 1;
            }
            let theirs = outline(&theirs);
            for mut entry in entries.into_iter().filter(|_| theirs.is_well_formed()) {
                entry.save.rebase(theirs.clone(), 100);
                entry.save.script();
            }
        }
    }
}
