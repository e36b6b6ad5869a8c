//! What a cache gives back, and what it does not.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{Aged, BEHIND, Cache, CachedProject, Reading};
use crate::ids::ProjectId;
use crate::ids::TaskId;
use crate::plan::Item;
use crate::plan::Key;
use crate::plan::Outline;

fn project(text: &str) -> CachedProject {
    let (key, text) = (Key::Known(TaskId::new("t")), text.to_owned());
    let outline = Outline {
        items: vec![Item {
            key,
            depth: 0,
            text,
            done: true,
            details: Default::default(),
            spelled: Default::default(),
        }],
    };
    let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_123);
    let reading = Reading {
        outline: Arc::new(outline),
        title: Some(TaskId::new("title")),
        fields: Default::default(),
    };
    CachedProject { modified: time, reading }
}

#[test]
fn what_was_kept_is_there_after_reopening_and_for_nobody_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache");
    let id = ProjectId::new("p");
    let cache = Cache::open(&path, Instant::now());
    cache.keep_project(&id, project("old"));
    cache.keep_project(&id, project("new"));
    cache.keep_served(&id, &project("seen").reading.outline);
    cache.keep_listing("w".to_owned(), "[]".to_owned());
    cache.flush(Default::default());
    assert!(!cache.is_complete());
    assert_eq!(cache.project(&id), Some(project("new")));
    drop(cache);
    let cache = Cache::open(&path, Instant::now());
    assert!(cache.is_complete());
    assert_eq!(cache.project(&id), Some(project("new")));
    assert_eq!(cache.served(&id), Some((*project("seen").reading.outline).clone()));
    assert_eq!(cache.project(&ProjectId::new("q")), None);
    assert_eq!(cache.listings()["w"], "[]");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_was_served_is_what_was_read_wherever_it_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let cache = Cache::open(&dir.path().join("cache"), Instant::now());
    let [same, other, unread, never] = ["same", "other", "unread", "never"].map(ProjectId::new);
    for id in [&same, &other, &unread] {
        cache.keep_project(id, project("read"));
    }
    cache.keep_served(&same, &project("read").reading.outline);
    cache.keep_served(&other, &project("seen").reading.outline);
    cache.keep_served(&never, &project("seen").reading.outline);
    cache.write_out();
    let (read, served) = cache.project_and_served(&same).unwrap();
    assert_eq!(read, project("read"));
    assert!(Arc::ptr_eq(&read.reading.outline, &served.unwrap()));
    let (read, served) = cache.project_and_served(&other).unwrap();
    assert_eq!((read, served), (project("read"), Some(project("seen").reading.outline)));
    let (read, served) = cache.project_and_served(&unread).unwrap();
    assert_eq!((read, served), (project("read"), None));
    assert_eq!(cache.project_and_served(&never), None);
}

#[test]
fn what_was_written_after_the_last_flush_may_not_be_all() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache");
    let cache = Cache::open(&path, Instant::now());
    cache.flush(Default::default());
    cache.keep_project(&ProjectId::new("p"), project("a"));
    drop(cache);
    assert!(!Cache::open(&path, Instant::now()).is_complete());
}

#[test]
fn one_that_is_damaged_or_of_another_format_is_begun_anew() {
    let dir = tempfile::tempdir().unwrap();
    let id = ProjectId::new("p");
    let spoilers: [fn(&std::path::Path); 3] = [
        |path| fs::write(path, "no database").unwrap(),
        |path| {
            let file = fs::OpenOptions::new().write(true).open(path).unwrap();
            file.set_len(4096 + 100).unwrap();
        },
        |path| {
            let raw = rusqlite::Connection::open(path).unwrap();
            raw.execute_batch("PRAGMA user_version=99").unwrap();
        },
    ];
    for (number, spoil) in spoilers.into_iter().enumerate() {
        let path = dir.path().join(number.to_string());
        let cache = Cache::open(&path, Instant::now());
        cache.keep_project(&id, project("a"));
        drop(cache);
        spoil(&path);
        let cache = Cache::open(&path, Instant::now());
        assert_eq!(cache.project(&id), None);
        cache.keep_project(&id, project("b"));
        cache.flush(Default::default());
        assert_eq!(cache.project(&id), Some(project("b")));
    }
}

#[test]
fn where_there_can_be_no_cache_nothing_is_kept_and_nothing_fails() {
    let cache = Cache::open(std::path::Path::new("/proc/no/such/place"), Instant::now());
    cache.keep_project(&ProjectId::new("p"), project("a"));
    cache.flush(Default::default());
    assert_eq!(cache.project(&ProjectId::new("p")), None);
}

#[test]
fn what_an_earlier_release_kept_is_kept_and_to_be_read_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache");
    let id = ProjectId::new("p");
    {
        let cache = Cache::open(&path, Instant::now());
        cache.keep_project(&id, project("a"));
        let ages = [(Aged::project(&id), Duration::from_secs(1))];
        cache.flush(ages.into_iter().collect());
    }
    assert!(Cache::open(&path, Instant::now()).read_time(&Aged::project(&id)).is_some());
    let raw = rusqlite::Connection::open(&path).unwrap();
    let earlier = "INSERT INTO complete VALUES (1); DROP TABLE ages; DROP TABLE rested;
        PRAGMA user_version=1";
    raw.execute_batch(earlier).unwrap();
    drop(raw);
    let cache = Cache::open(&path, Instant::now());
    assert_eq!(cache.project(&id), Some(project("a")));
    assert_eq!((cache.is_complete(), cache.read_time(&Aged::project(&id))), (true, None));
}

#[test]
fn after_a_crash_nothing_is_as_old_as_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache");
    let what = Aged::project(&ProjectId::new("p"));
    let ages = [(what.clone(), Duration::from_secs(1))];
    Cache::open(&path, Instant::now()).flush(ages.into_iter().collect());
    let age = |cache: &Cache| Some(Instant::now() - cache.read_time(&what)?);
    let cache = Cache::open(&path, Instant::now());
    assert!(age(&cache).is_some_and(|age| age >= Duration::from_secs(1)));
    drop(cache);
    assert_eq!(age(&Cache::open(&path, Instant::now())), None);
}

#[test]
fn the_cache_is_behind_until_what_was_kept_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cache");
    let cache = Cache::open(&path, Instant::now());
    let large =
        Arc::new(Outline { items: vec![project("a").reading.outline.items[0].clone(); 10_000] });
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(!cache.is_behind());
    for number in 0..=BEHIND / (10_000 * 64) + 1 {
        cache.keep_served(&ProjectId::new(number.to_string()), &large);
    }
    assert!(cache.is_behind());
    other.execute_batch("ROLLBACK").unwrap();
    cache.write_out();
    assert!(!cache.is_behind());
}
