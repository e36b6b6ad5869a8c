//! Removals and renamings in the history, and undoing them. Driven, in virtual time.

use taskadefs::{error::Kind, sync::Settings};

use super::{NONE, many, sorted, two};
use crate::support::harness::{Mount, pass};

async fn lines(mount: &Mount, path: Option<&str>) -> Vec<String> {
    let past = mount.vfs.history_at(path.map(std::path::Path::new), 100).await.unwrap();
    let line = |entry: &taskadefs::sync::HistoryEntry| {
        let mark = match (entry.waits, entry.undone, entry.is_undo) {
            (true, ..) => " (waits)",
            (_, true, _) => " (undone)",
            (.., true) => " (undo)",
            _ => "",
        };
        format!("{}: {}{mark}", entry.path, entry.summary)
    };
    past.iter().map(line).collect()
}

#[tokio::test(start_paused = true)]
async fn everything_that_was_done_is_in_the_history_with_its_path() {
    let mount = two("a\nb", "x\ny").await;
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    mount.rename("Plan.md", "Better.md").await.unwrap();
    mount.unlink("New.md").await.unwrap();
    let wanted = [
        "Acme/Marketing/New.md: archived (waits)",
        "Acme/Marketing/Better.md: renamed from Acme/Marketing/Plan.md",
        "Acme/Marketing/Plan.md: 1 edited",
        "Acme/Marketing/New.md: created",
    ];
    assert_eq!(lines(&mount, None).await, wanted);
    assert_eq!(lines(&mount, Some("Acme/Marketing")).await, wanted);
    assert_eq!(lines(&mount, Some("Acme/Sales")).await, NONE);
    assert_eq!(lines(&mount, Some("Acme/Marketing/Better.md")).await, wanted[1..3]);
    pass(10).await;
    mount.create("New.md", b"- [ ] n\n").await.unwrap();
    pass(10).await;
    assert_eq!(
        lines(&mount, Some("Acme/Marketing/New.md")).await,
        ["restored", "archived", "created"].map(|what| format!("Acme/Marketing/New.md: {what}"))
    );
    mount.unlink("New.md").await.unwrap();
    pass(10).await;
    assert_eq!(lines(&mount, Some("Acme/Marketing/New.md")).await.len(), 4, "a path that is gone");
}

#[tokio::test(start_paused = true)]
async fn a_removal_within_its_grace_is_undone_for_nothing() {
    let mount = Mount::of("a").await;
    mount.names().await;
    mount.unlink("Plan.md").await.unwrap();
    let undone = mount.vfs.undo_at(None, None).await.unwrap();
    assert_eq!(undone[0].path, "Acme/Marketing/Plan.md");
    assert_eq!(mount.names().await, ["Plan.md"]);
    pass(10).await;
    assert_eq!(mount.writes(), NONE);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n");
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_together_is_undone_together_and_a_file_of_it_alone_by_its_path() {
    let mount = many(4, Settings::default()).await;
    for number in 1..=4 {
        mount.unlink(&format!("P{number:02}.md")).await.unwrap();
    }
    pass(10).await;
    assert_eq!(mount.writes().len(), 4);
    let one = std::path::Path::new("Acme/Marketing/P03.md");
    assert_eq!(mount.vfs.undoable_at(Some(one)).await.unwrap().len(), 1);
    mount.vfs.undo_at(Some(one), None).await.unwrap();
    pass(10).await;
    assert_eq!(sorted(&mount).await, ["P03.md", "Plan.md"]);
    let last = mount.vfs.undoable_at(None).await.unwrap();
    assert_eq!(last.len(), 3);
    let other = mount.vfs.undo_at(None, Some(last[0].row + 1)).await.unwrap_err();
    assert_eq!(other.errno(), libc::EBUSY, "not what was shown");
    mount.vfs.undo_at(None, Some(last[0].row)).await.unwrap();
    pass(10).await;
    assert_eq!(sorted(&mount).await.len(), 5);
    let mut writes = mount.writes();
    writes.sort();
    assert_eq!(writes, [1, 2, 3, 4].map(|number| format!("POST p{number:02}/restore")));
}

#[tokio::test(start_paused = true)]
async fn a_renaming_is_undone_by_the_opposite() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.rename("Plan.md", "Better.md").await.unwrap();
    mount.vfs.undo_at(None, None).await.unwrap();
    pass(10).await;
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n- [ ] b\n");
    let past = lines(&mount, None).await;
    assert_eq!(
        past,
        [
            "Acme/Marketing/Plan.md: renamed from Acme/Marketing/Better.md (undo)",
            "Acme/Marketing/Better.md: renamed from Acme/Marketing/Plan.md (undone)",
        ]
    );
    let nothing = mount.vfs.undo_at(None, None).await.unwrap_err();
    assert_eq!(nothing.kind(), Kind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_is_undone_in_place_of_what_cannot_be() {
    let mount = two("a\nb", "x\ny").await;
    mount.edit("Other.md", |text| text.replace("] x", "] X")).await.unwrap();
    pass(10).await;
    mount.memory.set_offline(true);
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    let error = mount.vfs.undo_at(None, None).await.unwrap_err();
    assert_eq!(error.errno(), libc::EBUSY);
    assert!(error.to_string().contains("Acme/Marketing/Plan.md"), "{error}");
    mount.memory.heal();
    pass(120).await;
    assert_eq!(mount.memory.tree("other"), "X\ny\n");
    assert_eq!(mount.vfs.undo_at(None, None).await.unwrap()[0].title, "Plan");
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_was_not_sent_is_pending_and_undone_for_nothing() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.memory.set_offline(true);
    mount.unlink("Plan.md").await.unwrap();
    let kinds = |mount: &Mount| {
        mount.vfs.status().saves.iter().map(|save| (save.kind, save.state)).collect::<Vec<_>>()
    };
    assert_eq!(kinds(&mount), [("removal", "pending")], "within the grace");
    pass(10).await;
    assert_eq!(kinds(&mount), [("removal", "pending")], "after it");
    assert_eq!(lines(&mount, None).await, ["Acme/Marketing/Plan.md: archived (waits)"]);
    mount.vfs.undo_at(None, None).await.unwrap();
    assert_eq!(kinds(&mount), []);
    mount.memory.heal();
    pass(300).await;
    assert_eq!(mount.writes(), NONE);
    assert_eq!(mount.names().await, ["Plan.md"]);
}

#[tokio::test(start_paused = true)]
async fn a_history_of_an_earlier_release_goes_on() {
    let mut mount = Mount::of("a\nb").await;
    mount.edit("Plan.md", |text| text.replace("] a", "] A")).await.unwrap();
    mount.remount_cleanly().await;
    let journal = rusqlite::Connection::open(mount.dir.path().join("journal")).unwrap();
    for column in
        ["path", "former_project", "former_folder", "former_title", "former_path", "burst"]
    {
        journal.execute_batch(&format!("ALTER TABLE past DROP COLUMN {column}")).unwrap();
    }
    journal
        .execute_batch(
            "DROP TABLE removals; DROP TABLE operations; DROP TABLE medias; PRAGMA user_version=2",
        )
        .unwrap();
    drop(journal);
    mount.crash().await;
    assert_eq!(lines(&mount, None).await, ["Acme/Marketing/Plan.md: 1 edited"]);
    mount.vfs.undo_at(None, None).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nb\n");
}
