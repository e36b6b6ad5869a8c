//! The tables of the journal, and how those of an earlier release become them.
//!
//! A step that was released never changes: what comes later is another one. The steps of a journal
//! are counted in its `PRAGMA user_version`.

use std::sync::LazyLock;

use rusqlite::Transaction;
use rusqlite_migration::{HookResult, M, Migrations};

/// The version that this program writes: the number of [`STEPS`].
pub(crate) const VERSION: i64 = 6;

/// From nothing, or from whatever version, to [`VERSION`].
pub(crate) static STEPS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![
        M::up(FIRST),
        // The tables are the same: a save has said since then that its tasks are a tree.
        M::up(""),
        // Until then tables and columns were added as they were missed.
        M::up_with_hook(SINCE_SECOND, complete_history),
        M::up(OPERATIONS),
        M::up(MEDIA_NAMES),
        M::up(AGENT_ACTIONS),
    ])
});

const FIRST: &str = "
    CREATE TABLE IF NOT EXISTS saves (
        row      INTEGER PRIMARY KEY,
        project  TEXT UNIQUE,
        folder   TEXT NOT NULL,
        title    TEXT NOT NULL,
        text     BLOB NOT NULL,
        outline  TEXT NOT NULL,
        intent   TEXT NOT NULL,
        creating TEXT,
        archive  INTEGER NOT NULL,
        since    TEXT NOT NULL,
        refused  TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS archived (
        project TEXT PRIMARY KEY
    ) STRICT;
    CREATE TABLE IF NOT EXISTS names (
        directory TEXT NOT NULL,
        id        TEXT NOT NULL,
        title     TEXT NOT NULL,
        name      TEXT NOT NULL,
        PRIMARY KEY (directory, id)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS refused (
        row     INTEGER PRIMARY KEY,
        project TEXT UNIQUE,
        folder  TEXT NOT NULL,
        title   TEXT NOT NULL,
        text    BLOB NOT NULL,
        base    TEXT NOT NULL,
        refusal TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS past (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        time    INTEGER NOT NULL,
        project TEXT NOT NULL,
        folder  TEXT NOT NULL,
        title   TEXT NOT NULL,
        deed    TEXT NOT NULL,
        before  TEXT NOT NULL,
        after   TEXT NOT NULL,
        undoes  INTEGER,
        undone  INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS past_of_project ON past (project, row);
";

const SINCE_SECOND: &str = "
    CREATE TABLE IF NOT EXISTS remarks (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        time    INTEGER NOT NULL,
        project TEXT,
        title   TEXT NOT NULL,
        summary TEXT NOT NULL,
        lines   TEXT NOT NULL,
        -- The name in `conflicts/` of what nobody has looked at yet.
        unseen  TEXT
    ) STRICT;
    CREATE TABLE IF NOT EXISTS removals (
        row          INTEGER PRIMARY KEY AUTOINCREMENT,
        time         INTEGER NOT NULL,
        burst        INTEGER NOT NULL,
        project      TEXT,
        folder       TEXT NOT NULL,
        is_workspace INTEGER NOT NULL,
        title        TEXT NOT NULL,
        name         TEXT NOT NULL,
        outline      TEXT NOT NULL,
        copy         BLOB,
        archived     INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS unmoved (
        project TEXT PRIMARY KEY,
        title   TEXT NOT NULL,
        reason  TEXT NOT NULL,
        since   INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS habits (
        what TEXT PRIMARY KEY
    ) STRICT;
    CREATE TABLE IF NOT EXISTS refused_removals (
        project      TEXT PRIMARY KEY,
        folder       TEXT NOT NULL,
        is_workspace INTEGER NOT NULL,
        title        TEXT NOT NULL,
        name         TEXT NOT NULL,
        since        INTEGER NOT NULL
    ) STRICT;
";

/// What is to be done that is no save of a project.
const OPERATIONS: &str = "
    CREATE TABLE IF NOT EXISTS operations (
        row     INTEGER PRIMARY KEY AUTOINCREMENT,
        kind    TEXT NOT NULL,
        space   TEXT NOT NULL,
        -- Of the file that it is about, below the directory of the space.
        path    TEXT NOT NULL,
        -- The id of what it is about; none until the service has given one.
        subject TEXT,
        -- What else it takes, as JSON, and the name of the file with the bytes that it sends.
        body    TEXT NOT NULL,
        file    TEXT,
        since   INTEGER NOT NULL,
        -- Whether a request for it may have got to the service.
        sent    INTEGER NOT NULL,
        refused TEXT
    ) STRICT;
";

/// What media are called, and how long they are: no listing tells it.
const MEDIA_NAMES: &str = "
    CREATE TABLE IF NOT EXISTS medias (
        id     TEXT PRIMARY KEY,
        name   TEXT,
        length INTEGER
    ) STRICT, WITHOUT ROWID;
";

/// What was done to agents.
const AGENT_ACTIONS: &str = "
    CREATE TABLE IF NOT EXISTS agent_actions (
        row    INTEGER PRIMARY KEY AUTOINCREMENT,
        time   INTEGER NOT NULL,
        space  TEXT NOT NULL,
        agent  TEXT NOT NULL,
        path   TEXT NOT NULL,
        kind   TEXT NOT NULL,
        undoes INTEGER,
        undone INTEGER NOT NULL DEFAULT 0
    ) STRICT;
";

/// The columns of `past` that a journal of the second version may lack.
pub(crate) const LATER: [(&str, &str); 6] = [
    ("path", "TEXT"),
    ("former_project", "TEXT"),
    ("former_folder", "TEXT"),
    ("former_title", "TEXT"),
    ("former_path", "TEXT"),
    ("burst", "INTEGER"),
];

fn complete_history(transaction: &Transaction<'_>) -> HookResult {
    let mut statement = transaction.prepare("SELECT name FROM pragma_table_info('past')")?;
    let known: Vec<String> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for (name, kind) in LATER.iter().filter(|(name, _)| !known.iter().any(|known| known == name)) {
        transaction.execute_batch(&format!("ALTER TABLE past ADD COLUMN {name} {kind}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{STEPS, VERSION};
    use crate::store::{history::Scope, journal::Journal};

    /// A journal of every version, and of the second one as it was first and last: a save with a
    /// request in flight, a text that was refused, and what was done before.
    const EARLIER: [&str; 6] = [
        include_str!("../../tests/journals/1.sql"),
        include_str!("../../tests/journals/2-first.sql"),
        include_str!("../../tests/journals/2-last.sql"),
        include_str!("../../tests/journals/3.sql"),
        include_str!("../../tests/journals/4.sql"),
        include_str!("../../tests/journals/5.sql"),
    ];

    #[test]
    fn every_step_can_be_made_and_they_are_counted() {
        STEPS.validate().unwrap();
        let empty = rusqlite::Connection::open_in_memory().unwrap();
        let steps = STEPS.pending_migrations(&empty).unwrap();
        assert_eq!(i64::from(steps), VERSION);
    }

    fn tables(path: &Path) -> Vec<(String, String)> {
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c
                   WHERE m.type = 'table' ORDER BY 1, 2";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.collect::<rusqlite::Result<_>>().unwrap()
    }

    #[test]
    fn a_journal_of_every_earlier_version_goes_on_with_all_that_it_holds() {
        let dir = tempfile::tempdir().unwrap();
        let new = dir.path().join("new");
        drop(Journal::open(&new).unwrap());
        for (number, sql) in EARLIER.iter().enumerate() {
            let path = dir.path().join(number.to_string());
            rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
            let journal = Journal::open(&path).unwrap();
            assert_eq!(journal.findings(), <[String; 0]>::default(), "taken for damaged");
            let entries = journal.entries().unwrap();
            assert_eq!(entries.len(), 1);
            assert_eq!(entries[0].text, b"- [ ] buy bread\n- [ ] call Ann\n- [ ] three\n");
            assert!(entries[0].save.unanswered().next().is_some());
            let rejected = journal.rejected().unwrap();
            assert_eq!(rejected.len(), 1);
            assert_eq!(rejected[0].0.title, "Other");
            assert!(journal.history(&Scope::All, 9).unwrap().len() >= 2);
            assert_eq!(journal.names("root").len(), 1);
            let waiting = journal.operations().unwrap();
            assert_eq!(waiting.len(), usize::from(sql.contains("INSERT INTO \"operations\"")));
            drop(journal);
            assert_eq!(tables(&path), tables(&new), "{number}");
        }
    }
}
