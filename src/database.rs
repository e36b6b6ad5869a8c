//! SQLite files: private, durable, and of a format with a version.

use std::{fs::OpenOptions, os::unix::fs::OpenOptionsExt, path::Path, time::Duration};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::error::{Error, Kind, Result};

/// How long another process that is about to end may hold a database.
const PATIENCE: Duration = Duration::from_secs(1);

/// Opens or makes a database that only its owner can read. A transaction is on disk when it is
/// over (WAL with `synchronous=FULL`).
///
/// # Errors
/// [`Kind::Storage`] if it cannot be used, or its format is newer than `version`: that is
/// refused, not guessed at.
pub(crate) fn open(path: &Path, version: i64, schema: &str) -> Result<Connection> {
    prepare(path, version, schema).map_err(|error| error.at(path.display().to_string()))
}

/// Opens a database that is there, to be looked at only.
///
/// # Errors
/// [`Kind::Storage`] if there is none.
pub(crate) fn open_to_look(path: &Path) -> Result<Connection> {
    let failed = || failed("cannot open the database");
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed())?;
    connection.busy_timeout(PATIENCE).map_err(failed())?;
    Ok(connection)
}

fn prepare(path: &Path, version: i64, schema: &str) -> Result<Connection> {
    // SQLite gives the files that it makes beside this one the same permissions.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("cannot open the database", error))?;
    let connection = Connection::open(path).map_err(failed("cannot open the database"))?;
    connection.busy_timeout(PATIENCE).map_err(failed("cannot open the database"))?;
    let found: i64 = connection
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(failed("cannot read the database"))?;
    if found > version {
        let what = format!("the database has format {found}, this program knows {version}");
        return Err(Error::new(Kind::Storage, what).hint("use the newer taskadefs"));
    }
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;
             BEGIN; {schema} PRAGMA user_version={version}; COMMIT;"
        ))
        .map_err(failed("cannot prepare the database"))?;
    Ok(connection)
}

/// Says what was being done when SQLite failed. A full disk is told as such.
pub(crate) fn failed(what: &'static str) -> impl Fn(rusqlite::Error) -> Error {
    move |error| {
        let kind = match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Kind::Os(libc::ENOSPC),
            Some(ErrorCode::DatabaseBusy) => {
                return Error::new(Kind::Storage, format!("{what}: another process has it open"))
                    .hint("end that one, or choose another directory");
            }
            _ => Kind::Storage,
        };
        Error::new(kind, what).because(error)
    }
}
