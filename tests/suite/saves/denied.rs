//! What the account may not do: told with Taskade's reason, and asked for once. The file system driven
//! directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const NONE: [&str; 0] = [];

async fn mode(mount: &Mount, name: Option<&str>) -> u16 {
    let ino = match name {
        Some(name) => mount.ino(name).await.unwrap(),
        None => mount.folder,
    };
    let me = crate::support::harness::me();
    mount.vfs.getattr(ino, me).await.unwrap().mode
}

#[tokio::test(start_paused = true)]
async fn where_nothing_can_be_created_taskade_is_asked_once_until_it_is_listed_anew() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    let error = mount.create("One.md", b"- [ ] x\n").await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!((mode(&mount, None).await, mode(&mount, Some("Plan.md")).await), (0o555, 0o444));
    for name in ["One.md", "Two.md"] {
        let error = mount.create(name, b"- [ ] y\n").await.unwrap_err();
        assert_eq!(error.errno(), libc::EACCES, "{name}");
        assert!(error.to_string().contains("POST project"), "Taskade's own reason: {error}");
    }
    let error = mount.edit("Plan.md", |text| format!("{text}- [ ] b\n")).await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    assert_eq!(mount.writes(), NONE, "nothing was asked for again");
    assert_eq!(mount.vfs.status().saves.len(), 3, "what was saved is kept");
    // Somebody gives it the right, and somebody looks.
    pass(60).await;
    mount.names().await;
    assert_eq!((mode(&mount, None).await, mode(&mount, Some("Plan.md")).await), (0o755, 0o644));
    mount.edit("Plan.md", |text| text.replace("] b", "] c")).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\nc\n");
}

#[tokio::test(start_paused = true)]
async fn one_project_that_cannot_be_written_shows_it_and_two_show_that_none_can() {
    let mount = Mount::of("a").await;
    mount.memory.seed("f", "second", "Second", "a");
    mount.memory.seed("f", "third", "Third", "a");
    pass(60).await;
    for name in ["Plan.md", "Second.md", "Third.md"] {
        mount.names().await;
        mount.read(name).await;
    }
    let add = |text: String| format!("{text}- [ ] b\n");
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    assert_eq!(mount.edit("Plan.md", add).await.unwrap_err().errno(), libc::EACCES);
    assert_eq!((mode(&mount, None).await, mode(&mount, Some("Plan.md")).await), (0o755, 0o444));
    assert_eq!(mode(&mount, Some("Second.md")).await, 0o644);
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    assert_eq!(mount.edit("Second.md", add).await.unwrap_err().errno(), libc::EACCES);
    assert_eq!((mode(&mount, None).await, mode(&mount, Some("Third.md")).await), (0o555, 0o444));
    mount.writes();
    assert_eq!(mount.edit("Third.md", add).await.unwrap_err().errno(), libc::EACCES);
    assert_eq!(mount.writes(), NONE);
    // To try again asks.
    let ino = mount.ino("Third.md").await.unwrap();
    mount.vfs.retry(ino, false).await.unwrap();
    assert_eq!(mount.memory.tree("third"), "a\nb\n");
    assert_eq!(mode(&mount, Some("Second.md")).await, 0o644);
}

#[tokio::test(start_paused = true)]
async fn an_archival_that_is_refused_is_asked_for_once_until_it_may_be_otherwise() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    mount.vfs.unlink(mount.folder, OsStr::new("Plan.md")).await.unwrap();
    pass(3).await;
    assert_eq!(mount.names().await, ["Plan.md"], "it is back");
    mount.writes();
    let refused = mount.vfs.unlink(mount.folder, OsStr::new("Plan.md")).await.unwrap_err();
    assert_eq!(refused.errno(), libc::EACCES);
    pass(3).await;
    assert_eq!(mount.writes(), NONE);
    pass(60).await;
    mount.names().await;
    pass(1).await;
    mount.vfs.unlink(mount.folder, OsStr::new("Plan.md")).await.unwrap();
    pass(3).await;
    assert_eq!((mount.names().await.len(), mount.writes().len()), (0, 1));
}

#[tokio::test(start_paused = true)]
async fn a_save_asks_each_time_whether_it_may_be_by_now() {
    let mount = Mount::of("a").await;
    mount.read("Plan.md").await;
    mount.memory.fail_next(vec![Fault::Before(Kind::Forbidden); 2]);
    let edit =
        async |with: &str| mount.edit("Plan.md", |_| format!("- [ ] a\n- [ ] {with}\n")).await;
    for text in ["b", "c"] {
        assert_eq!(edit(text).await.unwrap_err().errno(), libc::EACCES);
        assert_eq!(mount.waiting().len(), 1);
    }
    // The same text is what the user tries again.
    edit("c").await.unwrap();
    assert_eq!((mount.memory.tree("plan"), mount.waiting()), ("a\nc\n".to_owned(), vec![]));
}
