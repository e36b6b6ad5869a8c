//! Asking for details: what it costs, when it shows, and that it can be broken off. The file
//! system driven directly, over a service in memory, in virtual time.

use std::{
    ffi::OsStr,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use serde_json::json;
use taskadefs::{
    api::{End, TaskResource},
    error::Kind,
    sync::{DetailQuery, Settings},
    vfs::{AskedDetails, Ino, ROOT},
};

use crate::support::{
    harness::{Mount, me, pass},
    service::{Fault, details::day},
};

fn everything() -> DetailQuery {
    DetailQuery { resources: TaskResource::DETAILS.to_vec(), refetch: false }
}

async fn asked(mount: &Mount, ino: Ino) -> AskedDetails {
    mount.vfs.ask_details(ino, &everything(), &|_| {}).await.unwrap()
}

/// Two tasks with a date each, set in the app.
async fn dated() -> Mount {
    let mount = Mount::of("a\nb").await;
    for task in ["t1", "t2"] {
        mount.memory.detail_elsewhere("plan", task, |details| {
            details.date = Some(day("2026-12-01"));
        });
    }
    mount.read("Plan.md").await;
    mount.memory.take_reads();
    mount
}

const PLAIN: &str = "- [ ] a\n- [ ] b\n";
const DATED: &str = "- [ ] a 📅 2026-12-01\n- [ ] b 📅 2026-12-01\n";

#[tokio::test(start_paused = true)]
async fn asking_takes_four_requests_a_task_and_none_again() {
    let mount = dated().await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let modified = mount.vfs.getattr(ino, 0).await.unwrap().modified;
    assert_eq!(asked(&mount, ino).await, AskedDetails { done: 8, total: 8 });
    assert_eq!(mount.memory.take_reads(), 8);
    assert_eq!(mount.read("Plan.md").await, DATED);
    assert!(mount.vfs.getattr(ino, 0).await.unwrap().modified > modified);
    assert_eq!(asked(&mount, ino).await, AskedDetails { done: 0, total: 0 });
    assert_eq!(mount.memory.take_reads(), 0);
    // That there is none is remembered as well, and so it is after a remount.
    let mut mount = mount;
    mount.remount_cleanly().await;
    assert_eq!(mount.read("Plan.md").await, DATED);
    pass(1).await;
    mount.memory.take_reads();
    let ino = mount.ino("Plan.md").await.unwrap();
    assert_eq!(asked(&mount, ino).await, AskedDetails { done: 0, total: 0 });
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_directory_is_all_projects_below_it_and_only_what_was_asked_for() {
    let mount = dated().await;
    mount.memory.seed("w", "inbox", "Inbox", "x\ny\nz");
    // The listing of the workspace is read again once it is old and somebody looks.
    for _ in 0..2 {
        pass(60).await;
        mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap();
        mount.names().await;
    }
    let query = DetailQuery { resources: vec![TaskResource::Date], refetch: false };
    let asked = mount.vfs.ask_details(ROOT, &query, &|_| {}).await.unwrap();
    assert_eq!(asked, AskedDetails { done: 5, total: 5 });
    assert_eq!(mount.read("Plan.md").await, DATED);
    // What was told already is asked again only where that is wanted.
    mount.memory.detail_elsewhere("plan", "t1", |details| details.date = None);
    let again = DetailQuery { refetch: true, ..query };
    let asked = mount.vfs.ask_details(mount.folder, &again, &|_| {}).await.unwrap();
    assert_eq!(asked, AskedDetails { done: 2, total: 2 });
    assert_eq!(mount.read("Plan.md").await, DATED.replacen(" 📅 2026-12-01", "", 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_broken_off_shows_nothing_and_goes_on_where_it_stopped() {
    for crash in [false, true] {
        let mut mount = dated().await;
        let ino = mount.ino("Plan.md").await.unwrap();
        // Five answers come, then the network goes.
        let faults = vec![Fault::None; 5].into_iter().chain([Fault::Before(Kind::Unreachable)]);
        mount.memory.fail_next_reads(faults);
        let answers = AtomicUsize::new(0);
        let told = |_: AskedDetails| {
            answers.fetch_add(1, Ordering::SeqCst);
        };
        mount.vfs.ask_details(ino, &everything(), &told).await.unwrap_err();
        let came = answers.load(Ordering::SeqCst) - 1;
        assert!((2..=5).contains(&came), "{came}");
        mount.memory.heal();
        assert_eq!(mount.read("Plan.md").await, PLAIN);
        if crash {
            mount.vfs.rest(Duration::from_secs(1)).await;
            mount.remount().await;
            mount.read("Plan.md").await;
            pass(1).await;
        }
        let ino = mount.ino("Plan.md").await.unwrap();
        let total = asked(&mount, ino).await.total;
        assert!(total <= 8 - came, "{total} of which {came} had come");
        assert_eq!(mount.read("Plan.md").await, DATED);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_saved_while_it_is_asked_for_is_newer_than_the_answer() {
    let mount = dated().await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let changed = "- [ ] a 📅 2026-12-24\n- [ ] b\n";
    // The save is through before the first answer counts.
    let vfs = mount.vfs.clone();
    let query = everything();
    let (asked, saved) = tokio::join!(
        vfs.ask_details(ino, &query, &|_| {}),
        mount.overwrite("Plan.md", changed.as_bytes()),
    );
    asked.unwrap();
    saved.unwrap();
    pass(10).await;
    assert_eq!(mount.memory.details("plan", "t1").date, Some(day("2026-12-24")));
    let shown = mount.read("Plan.md").await;
    assert!(shown.starts_with("- [ ] a 📅 2026-12-24\n"), "{shown}");
    assert_eq!(mount.memory.details("plan", "t2").date, Some(day("2026-12-01")), "not shown");
}

#[tokio::test(start_paused = true)]
async fn opened_projects_are_asked_for_ahead_where_that_is_wanted() {
    let settings = Settings { details: vec![TaskResource::Date], ..Settings::default() };
    let mount = Mount::with("a\nb", settings).await;
    mount.memory.detail_elsewhere("plan", "t1", |task| task.date = Some(day("2026-12-01")));
    mount.memory.seed("f", "other", "Other", "x");
    assert_eq!(mount.read("Plan.md").await, PLAIN);
    mount.memory.take_reads();
    pass(5).await;
    assert_eq!(mount.memory.take_reads(), 2, "one project was opened");
    assert_eq!(mount.read("Plan.md").await, "- [ ] a 📅 2026-12-01\n- [ ] b\n");
    pass(5).await;
    assert_eq!(mount.memory.take_reads(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_a_line_cannot_show_is_not_taken_for_removed() {
    let mount = Mount::of("a").await;
    mount.memory.detail_elsewhere("plan", "t1", |task| {
        task.assignees = vec!["jörg müller".to_owned(), "alice".to_owned()];
        let mut date = day("2026-12-01");
        date.start.time = Some("09:30:15".to_owned());
        date.end = Some(End::Period { period: "P2D".to_owned() });
        task.date = Some(date);
        task.note = Some("two\nlines".to_owned());
        task.fields.insert("@inc03".to_owned(), json!(["a", "b"]));
    });
    let before = mount.memory.details("plan", "t1");
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    asked(&mount, ino).await;
    let text = mount.read("Plan.md").await;
    assert_eq!(
        text,
        "- [ ] a @alice [@inc03:: &#91;\"a\",\"b\"&#93;] [due-time:: 09:30] 📅 2026-12-01\n  > two\n  > lines\n"
    );
    mount.writes();
    mount.overwrite("Plan.md", text.as_bytes()).await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
    mount.overwrite("Plan.md", text.replace("] a", "] A").as_bytes()).await.unwrap();
    assert_eq!(mount.writes(), ["PUT t1 \"A\""]);
    assert_eq!(mount.memory.details("plan", "t1"), before);
}
