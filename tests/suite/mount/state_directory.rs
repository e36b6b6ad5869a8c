//! The state directory when things go wrong with it: damage of every sort, and a full disk.

use std::{
    fs::{self, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use taskadefs::sync::{Journal, Settings};

use crate::support::{
    harness::{Mount, pass},
    mount::Mounted,
    rng::Dice,
};

const BAD: &str = "- [ ] a\n```\ncode\n```\n";

/// A mount with a save that waits and a refused text in its journal, then gone.
async fn waiting() -> Mount {
    let mount = Mount::of("a\nb").await;
    mount.memory.seed("f", "second", "Second", "c");
    mount.read("Plan.md").await;
    mount.read("Second.md").await;
    mount.memory.set_offline(true);
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    mount.overwrite("Second.md", BAD.as_bytes()).await.unwrap_err();
    mount.line.cut();
    mount
}

fn copy_journal(mount: &Mount) -> tempfile::TempDir {
    let copy = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    for ending in ["", "-wal"] {
        let name = format!("journal{ending}");
        if mount.dir.path().join(&name).exists() {
            fs::copy(mount.dir.path().join(&name), copy.path().join(&name)).unwrap();
        }
    }
    copy
}

/// Everything that a directory of an account still has of a text: in the journal that is opened,
/// or in `rejected/`.
fn is_kept(dir: &Path, text: &str) -> bool {
    let journal = rusqlite::Connection::open(dir.join("journal")).unwrap();
    let has = |table: &str| -> bool {
        let sql = format!("SELECT count(*) FROM {table} WHERE text = CAST(?1 AS BLOB)");
        journal.query_row(&sql, [text], |row| row.get::<_, i64>(0)).unwrap() > 0
    };
    let rejected = fs::read_dir(dir.join("control/rejected")).into_iter().flatten();
    let salvaged =
        rejected.flatten().any(|entry| fs::read(entry.path()).unwrap() == text.as_bytes());
    has("saves") || has("refused") || salvaged
}

fn set_aside(dir: &Path) -> bool {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_string_lossy().contains(".damaged-"))
}

const SAVED: &str = "- [ ] a\n- [ ] B\n";

/// Opens a spoilt journal, and checks that what is gone was told.
fn check(dir: &Path, what: &str) {
    let journal = Journal::open(&dir.join("journal")).unwrap_or_else(|error| {
        panic!("{what}: {error}");
    });
    let told = !journal.findings().is_empty();
    drop(journal);
    let kept = is_kept(dir, SAVED) && is_kept(dir, BAD);
    assert!(kept || (told && set_aside(dir)), "{what}: something is gone and nobody is told");
    // Once mended it is sound.
    let again = Journal::open(&dir.join("journal")).unwrap();
    assert!(again.findings().is_empty(), "{what}: {:?}", again.findings());
}

#[tokio::test(start_paused = true)]
async fn whatever_is_torn_or_flipped_is_noticed_and_the_rest_goes_on() {
    let mount = waiting().await;
    for file in ["journal", "journal-wal"] {
        let length = fs::metadata(mount.dir.path().join(file)).map_or(0, |meta| meta.len());
        let mut dice = Dice(7);
        for round in 0..60 {
            let at = dice.next() % length.max(1);
            let copy = copy_journal(&mount);
            let path = copy.path().join(file);
            let Ok(mut spoilt) = OpenOptions::new().read(true).write(true).open(&path) else {
                continue;
            };
            if round % 3 == 0 && file == "journal" {
                spoilt.set_len(at).unwrap();
            } else if round % 3 != 0 {
                let mut byte = [0];
                spoilt.seek(SeekFrom::Start(at)).unwrap();
                spoilt.read_exact(&mut byte).unwrap();
                spoilt.seek(SeekFrom::Start(at)).unwrap();
                spoilt.write_all(&[byte[0] ^ (1 << dice.below(8))]).unwrap();
            } else {
                continue;
            }
            drop(spoilt);
            if file == "journal" || is_main_sound(copy.path()) {
                check_or_older(copy.path(), &format!("{file} at {at}, round {round}"), file);
            }
        }
    }
}

fn is_main_sound(dir: &Path) -> bool {
    fs::metadata(dir.join("journal")).is_ok_and(|meta| meta.len() > 0)
}

/// A flipped bit in the log of SQLite ends it there: what came after is as if it had not been
/// written, which the checksums of the log cannot tell from a crash.
fn check_or_older(dir: &Path, what: &str, file: &str) {
    if file == "journal-wal" {
        let journal = Journal::open(&dir.join("journal"));
        assert!(journal.is_ok(), "{what}: {:?}", journal.err());
        return;
    }
    check(dir, what);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_journal_at_all_is_set_aside() {
    let mount = waiting().await;
    type Spoiler = fn(&Path);
    let spoilers: [(&str, Spoiler); 3] = [
        ("garbage", |path| fs::write(path, "no database, no database").unwrap()),
        ("a directory", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("zeros", |path| fs::write(path, vec![0; 20_000]).unwrap()),
    ];
    for (what, spoil) in spoilers {
        let copy = copy_journal(&mount);
        let _ = fs::remove_file(copy.path().join("journal-wal"));
        spoil(&copy.path().join("journal"));
        let journal = Journal::open(&copy.path().join("journal")).unwrap();
        assert!(!journal.findings().is_empty() && set_aside(copy.path()), "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_save_that_makes_no_sense_costs_only_itself_and_its_text_is_kept() {
    let mut mount = waiting().await;
    {
        let raw = rusqlite::Connection::open(mount.dir.path().join("journal")).unwrap();
        raw.execute("UPDATE saves SET intent = '{\"base\":'", []).unwrap();
    }
    mount.remount_offline().await;
    mount.memory.heal();
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "a\nb\n", "it was not guessed at");
    let rejected = mount.dir.path().join("control/rejected");
    let text = fs::read_to_string(rejected.join("Plan (salvaged).md")).unwrap();
    assert_eq!(text, SAVED);
    let reason = fs::read_to_string(rejected.join("Plan (salvaged).md.reason")).unwrap();
    assert!(reason.contains("damaged") && reason.contains("Project: plan"), "{reason}");
    assert_eq!(mount.read("Second.md").await, BAD, "the other one goes on");
    assert!(!mount.vfs.status().journal.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_journal_of_an_older_format_gives_its_texts() {
    let mount = waiting().await;
    let copy = copy_journal(&mount);
    {
        let raw = rusqlite::Connection::open(copy.path().join("journal")).unwrap();
        raw.execute_batch("ALTER TABLE saves DROP COLUMN since; PRAGMA user_version=1").unwrap();
    }
    check(copy.path(), "an older format");
    assert!(is_kept(copy.path(), SAVED));
}

/// A file system in memory of one mebibyte.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(dir.path())
            .status()
            .unwrap();
        assert!(mounted.success(), "a full disk is tested on a tmpfs, which takes root");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Leaves no room for anything.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut filler = fs::File::create(&path).unwrap();
        for size in [4096, 1] {
            while filler.write_all(&vec![0; size]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What a big save looks like: it does not fit in what SQLite has room for already.
fn big(change: &str) -> String {
    let line = "x".repeat(500);
    (0..400).map(|n| format!("- [ ] {n} {change} {line}\n")).collect()
}

#[tokio::test(start_paused = true)]
async fn with_a_full_disk_a_save_fails_and_nothing_is_lost_and_with_room_it_succeeds() {
    let disk = SmallDisk::new();
    let mount = Mount::on(disk.path(), "a\nb", Settings::default()).await;
    mount.read("Plan.md").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    let filler = disk.fill();
    let error = mount.overwrite("Plan.md", big("first").as_bytes()).await.unwrap_err();
    assert_eq!(error.errno(), libc::ENOSPC, "{error}");
    pass(100).await;
    assert_eq!(mount.memory.tree("plan"), "A\nb\n", "what was not promised was not sent");
    assert_eq!(mount.read("Plan.md").await, big("first"), "what was typed is there");
    fs::remove_file(filler).unwrap();
    mount.overwrite("Plan.md", b"- [ ] A\n- [ ] B\n").await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "A\nB\n");
}

#[tokio::test(start_paused = true)]
async fn a_disk_that_fills_while_a_save_is_on_its_way_delays_it_only() {
    let disk = SmallDisk::new();
    let mount = Mount::on(disk.path(), "a\nb", Settings::default()).await;
    mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount.edit("Plan.md", |text| text.replace("] a", "] A") + "- [ ] new\n").await.unwrap();
    let filler = disk.fill();
    mount.memory.heal();
    pass(Duration::from_secs(3600).as_secs()).await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let state = mount.attribute(ino, "user.taskade.state").await.unwrap();
    assert_ne!(state, "rejected", "Taskade did not refuse it");
    fs::remove_file(filler).unwrap();
    pass(600).await;
    assert_eq!(mount.memory.tree("plan"), "A\nb\nnew\n");
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
}

#[test]
fn a_program_is_told_that_the_disk_is_full() {
    let disk = SmallDisk::new();
    let mounted = Mounted::of("one\ntwo");
    mounted.end();
    let state = disk.path().join("state");
    mounted.begin_with_state(&state);
    mounted.text();
    let filler = disk.fill();
    let text = big("first");
    let mut file = fs::File::create(mounted.file()).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let error = file.sync_all().unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::ENOSPC), "{error}");
    drop(file);
    assert_eq!(mounted.tree(), "one\ntwo\n");
    assert_eq!(mounted.text(), text);
    fs::remove_file(filler).unwrap();
    fs::write(mounted.file(), "- [ ] one\n- [ ] 2\n").unwrap();
    assert_eq!(mounted.tree(), "one\n2\n");
    mounted.end();
}
