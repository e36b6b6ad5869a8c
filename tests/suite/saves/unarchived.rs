//! Projects that are moved out of `archive/` while answers are lost, nothing gets through, or the
//! process is killed: restored once it can be, with their tasks, and never twice. The file system
//! driven directly, in virtual time.

use std::ffi::OsStr;

use taskadefs::{
    error::{Kind, Result},
    vfs::{Ino, RenameMode},
};

use crate::support::{
    harness::{Mount, READ, WRITE, me, pass},
    service::Fault,
};

const NONE: [&str; 0] = [];
const TEXT: &str = "- [ ] a\n  - [ ] b\n";

/// A mount of a folder whose only project is archived, and was read there.
async fn archived() -> Mount {
    let mount = Mount::of("a\n  b").await;
    mount.read("Plan.md").await;
    mount.unlink("Plan.md").await.unwrap();
    pass(60).await;
    assert_eq!(mount.writes(), ["POST plan/complete"]);
    assert_eq!(listed(&mount).await, ["Plan.md"]);
    mount
}

async fn archive(mount: &Mount) -> Ino {
    let top = mount.vfs.lookup(mount.folder, OsStr::new(".taskade"), me()).await.unwrap().ino;
    mount.vfs.lookup(top, OsStr::new("archive"), me()).await.unwrap().ino
}

async fn listed(mount: &Mount) -> Vec<String> {
    mount.names_of(archive(mount).await).await
}

async fn move_out(mount: &Mount) -> Result<()> {
    let name = OsStr::new("Plan.md");
    let archive = archive(mount).await;
    mount.vfs.lookup(archive, name, me()).await?;
    let mode = RenameMode::default();
    mount.vfs.rename((archive, name), (mount.folder, name), mode, me()).await
}

/// The project is back, as it was, and nothing waits.
async fn assert_back(mount: &Mount) {
    assert_eq!(mount.memory.open_projects(), ["f/Plan"]);
    assert_eq!(mount.memory.find("Plan").as_deref(), Some("plan"));
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(listed(mount).await, NONE);
    assert_eq!(mount.read("Plan.md").await, TEXT);
    assert_eq!(mount.vfs.status().saves.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn moving_out_costs_a_restoration() {
    let mount = archived().await;
    mount.memory.take_reads();
    move_out(&mount).await.unwrap();
    assert_eq!(mount.writes(), ["POST plan/restore"]);
    assert_eq!(mount.memory.take_reads(), 0);
    assert_back(&mount).await;
    let undone = mount.vfs.undo(None).await.unwrap();
    assert_eq!(undone.summary, "restored");
    assert_eq!(mount.names().await, NONE);
    assert_eq!(listed(&mount).await, ["Plan.md"]);
}

/// Another project has its name, and keeps it: the kernel has the file of the archive under that until it
/// hears otherwise.
#[tokio::test(start_paused = true)]
async fn what_the_kernel_has_under_a_name_that_was_taken_is_looked_up_again() {
    for mode in [READ, WRITE] {
        let mount = archived().await;
        mount.create("Plan.md", b"- [ ] new\n").await.unwrap();
        pass(60).await;
        let archive = archive(&mount).await;
        let name = listed(&mount).await.remove(0);
        let old = mount.vfs.lookup(archive, OsStr::new(&name), me()).await.unwrap().ino;
        let to = (mount.folder, OsStr::new("Plan.md"));
        mount.vfs.lookup(to.0, to.1, me()).await.unwrap();
        let from = (archive, OsStr::new(&*name));
        mount.vfs.rename(from, to, RenameMode::default(), me()).await.unwrap();
        let stale = mount.vfs.open(old, mode, me()).await.unwrap_err();
        assert_eq!(stale.errno(), libc::ESTALE, "{stale}");
        let now = mount.vfs.lookup(to.0, to.1, me()).await.unwrap().ino;
        assert!(now != old && mount.vfs.open(now, mode, me()).await.is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_moved_out_offline_is_restored_later_also_after_a_crash() {
    for is_killed in [false, true] {
        let mut mount = archived().await;
        mount.memory.set_offline(true);
        move_out(&mount).await.unwrap();
        assert_eq!(mount.names().await, ["Plan.md"]);
        assert_eq!(listed(&mount).await, NONE);
        assert_eq!(mount.vfs.status().saves[0].kind, "restoration");
        if is_killed {
            mount.memory.heal();
            mount.crash().await;
        }
        mount.memory.heal();
        pass(120).await;
        assert_back(&mount).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_looked_after() {
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous)] {
        for is_killed in [false, true] {
            let mut mount = archived().await;
            mount.memory.fail_next([fault.clone()]);
            move_out(&mount).await.unwrap();
            if is_killed {
                mount.crash().await;
            }
            pass(120).await;
            assert_back(&mount).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_it_where_it_was() {
    for kind in [Kind::Unauthorized, Kind::PaymentRequired, Kind::Forbidden, Kind::NotFound] {
        let mut mount = archived().await;
        mount.memory.fail_next([Fault::Before(kind)]);
        let error = move_out(&mount).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert!(error.to_string().contains("restore: fault"), "{error}");
        for _ in 0..2 {
            assert_eq!(mount.names().await, NONE);
            assert_eq!(listed(&mount).await, ["Plan.md"]);
            assert_eq!(mount.vfs.status().saves.len(), 0);
            mount.crash().await;
        }
        move_out(&mount).await.unwrap();
        assert_back(&mount).await;
    }
}
