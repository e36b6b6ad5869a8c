//! SQLite files: private, durable, and of a format with a version.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rusqlite_migration::{Error as MigrationError, MigrationDefinitionError, Migrations};

use crate::error::{Error, Kind, Result};

/// How long another process that is about to end may hold a database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// Opens or makes a database that only its owner can read, and makes of it what `steps` lead to. A
/// transaction is on disk when it is over (WAL with `synchronous=FULL`).
///
/// # Errors
/// [`Kind::Storage`] if it cannot be used, or has more steps behind it than there are: a newer format
/// is refused, not guessed at.
pub(crate) fn open(path: &Path, steps: &Migrations<'_>) -> Result<Connection> {
    prepare(path, steps).map_err(|error| error.at(path.display().to_string()))
}

/// Opens a database that is there, to be looked at only.
///
/// # Errors
/// [`Kind::Storage`] if there is none.
pub(crate) fn open_to_look(path: &Path) -> Result<Connection> {
    let failed = || failed("cannot open the database");
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(failed())?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed())?;
    Ok(connection)
}

/// What is wrong with a database that is there, if anything is.
///
/// # Errors
/// [`Kind::Storage`] if it cannot be looked at.
pub(crate) fn damage(path: &Path) -> Result<Option<String>> {
    let connection = open_to_look(path)?;
    let found: rusqlite::Result<String> =
        connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0));
    match found {
        Ok(found) => Ok((found != "ok").then_some(found)),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if matches!(error.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) =>
        {
            Ok(Some(error.to_string()))
        }
        Err(error) => Err(failed("cannot look at the database")(error)),
    }
}

fn prepare(path: &Path, steps: &Migrations<'_>) -> Result<Connection> {
    // SQLite gives the files that it makes beside this one the same permissions.
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(|error| Error::io("cannot open the database", error))?;
    let mut connection = Connection::open(path).map_err(failed("cannot open the database"))?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed("cannot open the database"))?;
    connection
        .execute_batch("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        .map_err(failed("cannot prepare the database"))?;
    match steps.to_latest(&mut connection) {
        Ok(()) => Ok(connection),
        Err(MigrationError::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead)) => {
            let found: i64 = connection
                .query_row("PRAGMA user_version", [], |row| row.get(0))
                .map_err(failed("cannot read the database"))?;
            let what = format!("the database has format {found}, newer than this program knows");
            Err(Error::new(Kind::Storage, what).hint("use the newer taskadefs"))
        }
        Err(MigrationError::RusqliteError { err, .. }) => {
            Err(failed("cannot prepare the database")(err))
        }
        Err(error) => Err(Error::new(Kind::Storage, "cannot prepare the database").because(error)),
    }
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

/// The time that is so many seconds after 1970.
pub(crate) fn time(seconds: i64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

/// Seconds since 1970.
pub(crate) fn seconds(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
