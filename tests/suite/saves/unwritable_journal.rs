//! A journal that cannot be written, at every change that it is to know: nothing is half done, in
//! memory or in `rejected/`, and what comes after does only what it says.

use std::{collections::BTreeMap, fs, pin::Pin};

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

/// What the journal keeps of projects and of what was done.
const TABLES: [&str; 5] = ["saves", "refused", "past", "archived", "removals"];

/// From now on these tables of the journal can be written, or cannot.
fn set_writable(mount: &Mount, tables: &[&str], writable: bool) {
    let journal = rusqlite::Connection::open(mount.dir.path().join("journal")).unwrap();
    for table in tables {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            let name = format!("unwritable_{table}_{change}");
            let sql = match writable {
                true => format!("DROP TRIGGER {name}"),
                false => format!(
                    "CREATE TRIGGER {name} BEFORE {change} ON {table}
                     BEGIN SELECT RAISE(ABORT, 'unwritable'); END"
                ),
            };
            journal.execute_batch(&sql).unwrap();
        }
    }
}

/// What can be seen of the project and of what is to become of it.
#[derive(Debug, PartialEq)]
struct Seen {
    names: Vec<String>,
    text: String,
    state: Option<String>,
    error: Option<String>,
    saves: Vec<(String, &'static str)>,
    rejected: BTreeMap<String, String>,
    removals: usize,
}

async fn seen(mount: &Mount) -> Seen {
    let ino = mount.ino("Plan.md").await.unwrap();
    let rejected = fs::read_dir(mount.dir.path().join("control/rejected"));
    let rejected = rejected.into_iter().flatten().map(|entry| {
        let entry = entry.unwrap();
        let text = fs::read_to_string(entry.path()).unwrap();
        (entry.file_name().into_string().unwrap(), text)
    });
    let status = mount.vfs.status();
    Seen {
        names: mount.names().await,
        text: mount.read("Plan.md").await,
        state: mount.attribute(ino, "user.taskade.state").await,
        error: mount.attribute(ino, "user.taskade.error").await,
        saves: status.saves.iter().map(|save| (save.path.clone(), save.state)).collect(),
        rejected: rejected.collect(),
        removals: mount.vfs.history(None, 100).await.unwrap().len(),
    }
}

/// A mount of `a`, `b`, of which Taskade has refused the ticking of `a`.
async fn refused_there() -> Mount {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.edit("Plan.md", |text| text.replace("[ ] a", "[x] a")).await.unwrap_err();
    mount.writes();
    mount
}

/// A mount of `a`, `b`, of which a text was refused here.
async fn refused_here() -> Mount {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", b"- [ ] a\n```\n").await.unwrap_err();
    mount
}

/// That a change fails and changes nothing, also not what the next save and the next mount do.
async fn changes_nothing(
    mut mount: Mount,
    change: impl AsyncFn(&Mount) -> taskadefs::error::Result<()>,
) -> Mount {
    let before = seen(&mount).await;
    set_writable(&mount, &TABLES, false);
    let error = change(&mount).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Storage, "{error}");
    pass(100).await;
    assert_eq!(seen(&mount).await, before);
    assert_eq!(mount.writes(), [""; 0]);
    set_writable(&mount, &TABLES, true);
    pass(100).await;
    assert_eq!(seen(&mount).await, before);
    mount.remount().await;
    assert_eq!(seen(&mount).await, before);
    assert_eq!(mount.writes(), [""; 0]);
    mount
}

async fn retry(mount: &Mount) -> taskadefs::error::Result<()> {
    mount.vfs.retry(mount.ino("Plan.md").await?, false).await
}

async fn discard(mount: &Mount) -> taskadefs::error::Result<()> {
    mount.vfs.discard(mount.ino("Plan.md").await?).await
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_cannot_be_journaled_keeps_the_refusal_and_its_copy() {
    let mount = changes_nothing(refused_there().await, retry).await;
    retry(&mount).await.unwrap();
    assert_eq!(mount.writes(), ["POST t1/complete"]);
    assert_eq!(seen(&mount).await.rejected, BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn giving_up_that_cannot_be_journaled_gives_nothing_up() {
    for mount in [refused_there().await, refused_here().await] {
        let mount = changes_nothing(mount, discard).await;
        discard(&mount).await.unwrap();
        let seen = seen(&mount).await;
        assert_eq!(
            (seen.text.as_str(), seen.state.as_deref()),
            ("- [ ] a\n- [ ] b\n", Some("clean"))
        );
        assert_eq!((seen.rejected.len(), mount.writes().len()), (0, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_cannot_be_journaled_archives_nothing_later() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let mount = changes_nothing(mount, async |mount| mount.unlink("Plan.md").await).await;
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    pass(100).await;
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    assert_eq!(mount.names().await, ["Plan.md"]);
}

/// The removal is promised, and the journal cannot take that its grace is over: the file is back, and
/// its next save is a save.
#[tokio::test(start_paused = true)]
async fn an_archival_that_cannot_be_journaled_is_none() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    set_writable(&mount, &["saves", "archived"], false);
    mount.unlink("Plan.md").await.unwrap();
    pass(10).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    set_writable(&mount, &["saves", "archived"], true);
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    pass(100).await;
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
}

#[tokio::test(start_paused = true)]
async fn a_move_that_cannot_be_journaled_moves_nothing() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let mount =
        changes_nothing(mount, async |mount| mount.rename("Plan.md", "Other.md").await).await;
    mount.edit("Plan.md", |text| text.replace("] b", "] B")).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t2 \"B\""]);
}

#[tokio::test(start_paused = true)]
async fn an_undo_that_cannot_be_journaled_undoes_nothing() {
    let mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("[ ] a", "[x] a")).await.unwrap();
    mount.writes();
    let undo =
        async |mount: &Mount| mount.vfs.undo(Some(mount.ino("Plan.md").await?)).await.map(drop);
    let mount = changes_nothing(mount, undo).await;
    undo(&mount).await.unwrap();
    assert_eq!(mount.writes(), ["POST t1/uncomplete"]);
}

/// What was typed is there to be read, as after every refusal; what is refused before it stays so.
#[tokio::test(start_paused = true)]
async fn a_save_that_cannot_be_journaled_settles_nothing_and_sends_nothing() {
    for (mount, sends) in [
        (Mount::of("a\nb").await, vec!["PUT t2 \"B\""]),
        (refused_here().await, vec!["PUT t2 \"B\""]),
        (refused_there().await, vec!["PUT t2 \"B\""]),
    ] {
        mount.read("Plan.md").await;
        let rejected = seen(&mount).await.rejected;
        set_writable(&mount, &TABLES, false);
        let error = mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap_err();
        assert_eq!(error.kind(), Kind::Storage, "{error}");
        pass(100).await;
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] B\n", "what was typed is there");
        assert_eq!(mount.writes(), [""; 0]);
        for (name, text) in rejected.iter().filter(|(name, _)| !name.ends_with(".reason")) {
            let kept = seen(&mount).await.rejected;
            let is_kept =
                kept.get(name) == Some(text) || kept.values().any(|it| it.contains("] B"));
            assert!(is_kept, "{kept:?}");
        }
        set_writable(&mount, &TABLES, true);
        mount.overwrite("Plan.md", b"- [ ] a\n- [ ] B\n").await.unwrap();
        assert_eq!(mount.writes(), sends);
        assert_eq!(mount.memory.tree("plan"), "a\nB\n");
        pass(100).await;
        assert_eq!(mount.writes(), [""; 0]);
    }
}

/// A backup that is put back sets what was refused aside: not if that cannot be journaled.
#[tokio::test(start_paused = true)]
async fn a_backup_that_cannot_be_journaled_sets_nothing_aside() {
    for mount in [refused_there().await, refused_here().await] {
        set_writable(&mount, &TABLES, false);
        mount.overwrite("Plan.md", b"- [ ] a\n- [ ] b\n").await.unwrap_err();
        set_writable(&mount, &TABLES, true);
        mount.overwrite("Plan.md", b"- [ ] a\n- [ ] b\n").await.unwrap();
        assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n");
        pass(100).await;
        assert_eq!((mount.writes().len(), mount.memory.tree("plan")), (0, "a\nb\n".to_owned()));
    }
}

type Change = fn(&Mount) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;

/// What the worker does while the journal cannot be written for a while comes to what it would have
/// come to, and nothing is asked for twice.
#[tokio::test(start_paused = true)]
async fn a_worker_goes_on_where_it_stopped_once_the_journal_can_be_written() {
    let changes: [(&str, Change); 6] = [
        ("a new task", |mount| {
            Box::pin(async { mount.edit("Plan.md", |text| text + "- [ ] c\n").await.unwrap() })
        }),
        ("a detail", |mount| {
            Box::pin(async {
                let dated = |text: String| text.replace("] a", "] a 📅 2026-12-01");
                mount.edit("Plan.md", dated).await.unwrap();
            })
        }),
        ("a deletion", |mount| {
            Box::pin(async { mount.overwrite("Plan.md", b"- [ ] a\n").await.unwrap() })
        }),
        ("a new project", |mount| {
            Box::pin(async { mount.create("New.md", b"- [ ] n\n").await.unwrap() })
        }),
        ("a removal", |mount| {
            Box::pin(async {
                mount.unlink("Plan.md").await.unwrap();
                pass(5).await;
            })
        }),
        ("a move", |mount| Box::pin(async { mount.rename("Plan.md", "Other.md").await.unwrap() })),
    ];
    for (what, change) in changes {
        let mut after = 0;
        loop {
            let wanted = cut_short(change, after, true).await;
            assert!(!wanted.writes.is_empty(), "{what}");
            assert_eq!(cut_short(change, after, false).await, wanted, "{what}, {after}");
            if !wanted.is_cut {
                break;
            }
            after += 1;
        }
    }
}

/// What a change comes to at the service.
#[derive(Debug, PartialEq)]
struct Outcome {
    writes: Vec<String>,
    projects: Vec<(String, String)>,
    /// Whether it took more requests than were let through at first.
    is_cut: bool,
}

/// Makes a change while the service is away. So many requests go through once it is back, then none
/// for a while; the journal can be written all the time, or cannot for a while after that.
async fn cut_short(change: Change, after: usize, writable: bool) -> Outcome {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    change(&mount).await;
    mount.memory.cut_after(Some(after));
    mount.memory.set_offline(false);
    pass(300).await;
    let is_cut = !mount.vfs.status().saves.is_empty();
    if !writable {
        set_writable(&mount, &TABLES, false);
    }
    mount.memory.heal();
    pass(1000).await;
    if !writable {
        set_writable(&mount, &TABLES, true);
    }
    pass(1000).await;
    assert_eq!(mount.vfs.status().saves.len(), 0, "{after}");
    Outcome { writes: mount.writes(), projects: all(&mount), is_cut }
}

/// What is at the service.
fn all(mount: &Mount) -> Vec<(String, String)> {
    let open = mount.memory.open_projects().into_iter();
    open.map(|path| {
        let (_, name) = path.split_once('/').unwrap();
        let tree = mount.memory.tree(&mount.memory.find(name).unwrap());
        (path, tree)
    })
    .collect()
}
