//! The tables of a local store, and how those of an earlier release become them.
//!
//! A step that was released never changes: what comes later is another one.

use std::sync::LazyLock;

use rusqlite_migration::{M, Migrations};

/// From nothing, or from whatever version, to the one that this program writes.
pub(super) static STEPS: LazyLock<Migrations<'static>> = LazyLock::new(|| {
    Migrations::new(vec![M::up(FIRST), M::up(DETAILS), M::up(NODES), M::up(SPACES)])
});

const FIRST: &str = "
    CREATE TABLE IF NOT EXISTS spaces (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        workspace TEXT NOT NULL,
        name TEXT NOT NULL
    ) STRICT;
    CREATE TABLE IF NOT EXISTS projects (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        folder TEXT NOT NULL,
        name TEXT NOT NULL,
        completed INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX IF NOT EXISTS projects_of_folder ON projects (folder);
    CREATE TABLE IF NOT EXISTS tasks (
        project TEXT NOT NULL,
        place INTEGER NOT NULL,
        id TEXT NOT NULL,
        parent TEXT,
        text TEXT NOT NULL,
        completed INTEGER NOT NULL,
        PRIMARY KEY (project, place)
    ) STRICT, WITHOUT ROWID;
";

const DETAILS: &str = "
    CREATE TABLE IF NOT EXISTS dates (
        project TEXT NOT NULL,
        task TEXT NOT NULL,
        schedule TEXT NOT NULL,
        PRIMARY KEY (project, task)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS notes (
        project TEXT NOT NULL,
        task TEXT NOT NULL,
        note TEXT NOT NULL,
        PRIMARY KEY (project, task)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS assignees (
        number INTEGER PRIMARY KEY,
        project TEXT NOT NULL,
        task TEXT NOT NULL,
        handle TEXT NOT NULL,
        UNIQUE (project, task, handle)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS field_values (
        project TEXT NOT NULL,
        task TEXT NOT NULL,
        field TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (project, task, field)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS members (
        number INTEGER PRIMARY KEY,
        workspace TEXT NOT NULL,
        handle TEXT NOT NULL,
        name TEXT NOT NULL,
        UNIQUE (workspace, handle)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS fields (
        number INTEGER PRIMARY KEY,
        project TEXT NOT NULL,
        id TEXT NOT NULL,
        data TEXT NOT NULL,
        UNIQUE (project, id)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS share_links (
        project TEXT PRIMARY KEY,
        key TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
";

/// Formats of nodes, and what exports tell of a project beside its nodes and fields. What was made
/// before them came through the API, which makes checkboxes. Values have their types from here on.
const NODES: &str = "
    ALTER TABLE tasks ADD COLUMN format TEXT;
    ALTER TABLE tasks ADD COLUMN format_below TEXT;
    ALTER TABLE tasks ADD COLUMN collapsed INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE tasks ADD COLUMN ops TEXT;
    ALTER TABLE projects ADD COLUMN bundle TEXT;
    UPDATE tasks SET format = 'checkbox', format_below = 'checkbox' WHERE parent IS NOT NULL;
    UPDATE field_values
        SET value = json_object('type', 'Select', 'optionId', json_extract(value, '$'))
        WHERE json_type(value) = 'text' AND EXISTS (
            SELECT 1 FROM fields
            WHERE fields.project = field_values.project AND fields.id = field
                AND json_extract(data, '$.type') = 'Select');
";

/// What spaces have beside projects; which projects were looked at last, for which those from before
/// count by their age.
const SPACES: &str = "
    CREATE TABLE agents (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        data TEXT NOT NULL,
        public TEXT UNIQUE,
        preferences TEXT
    ) STRICT;
    CREATE TABLE agent_knowledge (
        number INTEGER PRIMARY KEY,
        agent TEXT NOT NULL,
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        UNIQUE (agent, kind, subject)
    ) STRICT;
    CREATE TABLE convos (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        agent TEXT NOT NULL,
        status TEXT NOT NULL,
        title TEXT NOT NULL,
        data TEXT NOT NULL,
        transcript TEXT NOT NULL
    ) STRICT;
    CREATE TABLE medias (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        media_type TEXT NOT NULL,
        file TEXT NOT NULL UNIQUE,
        content BLOB NOT NULL
    ) STRICT;
    CREATE TABLE templates (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        space TEXT NOT NULL,
        name TEXT NOT NULL,
        item TEXT NOT NULL
    ) STRICT;
    CREATE TABLE kept_items (
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        space TEXT NOT NULL,
        item TEXT NOT NULL
    ) STRICT;
    ALTER TABLE projects ADD COLUMN viewed INTEGER NOT NULL DEFAULT 0;
    UPDATE projects SET viewed = number;
";
