//! The tables of the cache, and how those of an earlier release become them. One that no step leads
//! from is begun anew: what it held is only to be read again.
//!
//! A step that was released never changes: what comes later is another one.

use std::sync::LazyLock;

use rusqlite_migration::{M, Migrations};

/// The version that this program writes: the number of [`STEPS`].
pub(crate) const VERSION: i64 = 2;

/// From nothing, or from whatever version, to [`VERSION`].
pub(crate) static STEPS: LazyLock<Migrations<'static>> =
    LazyLock::new(|| Migrations::new(vec![M::up(FIRST), M::up(AGES)]));

const FIRST: &str = "
    CREATE TABLE IF NOT EXISTS listings (
        which TEXT PRIMARY KEY,
        items TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS projects (
        id       TEXT PRIMARY KEY,
        modified INTEGER NOT NULL,
        reading  TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS complete (yes INTEGER NOT NULL) STRICT;
    CREATE TABLE IF NOT EXISTS served (
        id      TEXT PRIMARY KEY,
        outline TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS told (
        project  TEXT NOT NULL,
        task     TEXT NOT NULL,
        resource TEXT NOT NULL,
        time     INTEGER NOT NULL,
        details  TEXT NOT NULL,
        PRIMARY KEY (project, task, resource)
    ) STRICT, WITHOUT ROWID;
";

const AGES: &str = "
    CREATE TABLE ages (
        what TEXT PRIMARY KEY,
        age  INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE rested (
        boot       TEXT NOT NULL,
        since_boot INTEGER NOT NULL,
        wall       INTEGER NOT NULL
    ) STRICT;
";
