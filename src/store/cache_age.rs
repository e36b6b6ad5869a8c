//! How old what is in the cache is when it is opened again: nobody's clock is believed alone.
//!
//! What was read is kept with its age when the mount came to rest, and with what every clock said
//! then. The next mount adds what has passed since. A clock that was set back or forward meanwhile, a
//! machine that was copied, or one that has no clock of its own makes the ages unknown: then everything
//! is read again, which costs requests and no more.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use rusqlite::{Connection, OptionalExtension, params};
use rustix::time::{ClockId, clock_gettime};

use crate::{
    ids::ProjectId,
    store::cache_time::{nanoseconds, time},
};

/// How far apart two clocks may drift before one of them was set.
const DRIFT: Duration = Duration::from_secs(1);

/// What has an age, as the cache names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Aged(String);

impl Aged {
    pub(crate) fn project(id: &ProjectId) -> Self {
        Self(format!("project {}", id.as_str()))
    }

    /// `which` as the cache has it.
    pub(crate) fn listing(which: &str) -> Self {
        Self(format!("listing {which}"))
    }
}

/// What the clocks of the machine said at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClockStamp {
    /// Which start of the machine it was, as `/proc/sys/kernel/random/boot_id` has it.
    boot: String,
    /// Since the machine was started, sleep included (`CLOCK_BOOTTIME`).
    since_boot: Duration,
    wall: SystemTime,
}

impl ClockStamp {
    /// `None` where the machine does not tell one start from another.
    pub(crate) fn now() -> Option<Self> {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        let since_boot = Duration::try_from(clock_gettime(ClockId::Boottime)).ok()?;
        Some(Self { boot: boot.trim().to_owned(), since_boot, wall: SystemTime::now() })
    }

    /// How long after `before` this was; `None` if the clocks do not agree on that.
    fn elapsed_since(&self, before: &Self) -> Option<Duration> {
        let by_wall = self.wall.duration_since(before.wall).ok()?;
        if self.boot == before.boot {
            let by_boot = self.since_boot.checked_sub(before.since_boot)?;
            return (by_wall.abs_diff(by_boot) <= DRIFT).then_some(by_boot);
        }
        // The mount before came to rest before the machine was started.
        (by_wall >= self.since_boot).then_some(by_wall)
    }
}

/// The ages of everything in the cache at `now`, as far as they are known.
pub(crate) fn ages(
    connection: &Connection,
    now: Option<&ClockStamp>,
) -> rusqlite::Result<HashMap<Aged, Duration>> {
    let sql = "SELECT boot, since_boot, wall FROM rested";
    let before = connection.query_row(sql, [], |row| {
        let since_boot = Duration::from_nanos(u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0));
        Ok(ClockStamp { boot: row.get(0)?, since_boot, wall: time(row.get(2)?) })
    });
    let elapsed = now.zip(before.optional()?).and_then(|(now, before)| now.elapsed_since(&before));
    let Some(elapsed) = elapsed else { return Ok(HashMap::new()) };
    let mut statement = connection.prepare("SELECT what, age FROM ages")?;
    let rows = statement.query_map([], |row| {
        let age = Duration::from_nanos(u64::try_from(row.get::<_, i64>(1)?).unwrap_or(u64::MAX));
        Ok((Aged(row.get(0)?), age.saturating_add(elapsed)))
    })?;
    rows.collect()
}

/// Keeps the ages that everything has at `now`; what is not among them has none.
pub(crate) fn put_ages(
    connection: &Connection,
    ages: &[(Aged, Duration)],
    now: Option<&ClockStamp>,
) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM ages", [])?;
    connection.execute("DELETE FROM rested", [])?;
    let Some(ClockStamp { boot, since_boot, wall }) = now else { return Ok(()) };
    let nanos = |duration: &Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    let wall = nanoseconds(*wall);
    let sql = "INSERT INTO rested VALUES (?1, ?2, ?3)";
    connection.execute(sql, params![boot, nanos(since_boot), wall])?;
    let mut statement = connection.prepare_cached("INSERT OR REPLACE INTO ages VALUES (?1, ?2)")?;
    for (Aged(what), age) in ages {
        statement.execute(params![what, nanos(age)])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::ClockStamp;

    fn stamp(boot: &str, since_boot: u64, wall: u64) -> ClockStamp {
        ClockStamp {
            boot: boot.to_owned(),
            since_boot: Duration::from_secs(since_boot),
            wall: SystemTime::UNIX_EPOCH + Duration::from_secs(wall),
        }
    }

    #[test]
    fn what_passed_is_known_where_all_clocks_agree() {
        let rested = stamp("first", 1_000, 50_000);
        for (now, passed) in [
            (stamp("first", 1_010, 50_010), Some(10)),
            // An hour's sleep is an hour.
            (stamp("first", 4_600, 53_600), Some(3_600)),
            (stamp("second", 60, 50_300), Some(300)),
        ] {
            assert_eq!(now.elapsed_since(&rested), passed.map(Duration::from_secs), "{now:?}");
        }
    }

    #[test]
    fn a_clock_that_was_set_makes_ages_unknown() {
        let rested = stamp("first", 1_000, 50_000);
        for (now, what) in [
            (stamp("first", 1_010, 49_000), "set back"),
            (stamp("first", 1_010, 50_005), "set back by less than what passed"),
            (stamp("first", 1_010, 90_000), "set forward"),
            (stamp("first", 900, 50_010), "a copy of the machine that was stopped before"),
            (stamp("second", 60, 49_000), "set back while it was off"),
            (stamp("second", 60, 50_030), "on for longer than since it rested"),
        ] {
            assert_eq!(now.elapsed_since(&rested), None, "{what}");
        }
    }
}
