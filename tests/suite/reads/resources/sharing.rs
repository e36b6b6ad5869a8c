//! Sharing a project by writing to `share.json`, and what else cannot be changed.

use std::ffi::OsStr;

use taskadefs::{
    error::{Kind, Result},
    sync::Settings,
    vfs::{OpenMode, RenameMode, SetAttr},
};

use super::{PLAN, find, kind, read, write};
use crate::support::{
    harness::{APPEND, Mount, TRUNCATE, WRITE, me},
    service::Fault,
};

#[tokio::test(start_paused = true)]
async fn writing_shares_once_and_the_link_is_read() {
    let mount = Mount::of("a").await;
    let path = format!("{PLAN}/share.json");
    assert_eq!(read(&mount, &path).await.unwrap(), "null\n");
    mount.memory.take_reads();
    for mode in [TRUNCATE, WRITE, APPEND] {
        write(&mount, &path, mode, "{\"enabled\": true}\n").await.unwrap();
        assert_eq!(mount.writes(), ["PUT plan/shareLink"], "{mode:?}");
    }
    assert_eq!(mount.memory.take_reads(), 0);
    let link = read(&mount, &path).await.unwrap();
    assert_eq!(link, "{\n  \"viewUrl\": \"https://taskade.invalid/plan\"\n}\n");
    // Several writes, and several descriptors that are closed.
    let ino = find(&mount, &path).await.unwrap().ino;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    for (offset, part) in [(0, "{\"enab"), (6, "led\":"), (11, "true}")] {
        mount.vfs.write(opened.fh, offset, part.as_bytes()).await.unwrap();
        assert_eq!(mount.writes(), [""; 0]);
    }
    mount.vfs.fsync(opened.fh).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT plan/shareLink"]);
}

#[tokio::test(start_paused = true)]
async fn a_child_that_drops_its_descriptor_sends_nothing_and_the_last_close_does() {
    let mount = Mount::of("a").await;
    let ino = find(&mount, &format!("{PLAN}/share.json")).await.unwrap().ino;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"{").await.unwrap();
    let mut child = std::process::Command::new("cat")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    mount.vfs.flush(opened.fh, child.id()).await.unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    mount.vfs.write(opened.fh, 1, b"}").await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT plan/shareLink"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_shared_is_told_to_whoever_closes() {
    let mount = Mount::of("a").await;
    let path = format!("{PLAN}/share.json");
    for (text, errno) in [
        ("{\"enabled\": false}\n", libc::EPERM),
        ("false\n", libc::EPERM),
        ("enabled\n", libc::EINVAL),
        ("{\"enabled\": true", libc::EINVAL),
        ("\n", libc::EINVAL),
    ] {
        let error = write(&mount, &path, TRUNCATE, text).await.unwrap_err();
        assert_eq!(error.errno(), errno, "{text}");
    }
    // Nothing was written: nothing is asked for.
    let ino = find(&mount, &path).await.unwrap().ino;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), [""; 0]);
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    let error = write(&mount, &path, TRUNCATE, "{}").await.unwrap_err();
    assert_eq!(error.errno(), libc::EACCES);
    mount.memory.set_offline(true);
    let error = write(&mount, &path, TRUNCATE, "{}").await.unwrap_err();
    assert_eq!(error.errno(), libc::EIO);
    mount.memory.set_offline(false);
    assert_eq!(read(&mount, &path).await.unwrap(), "null\n");
}

#[tokio::test(start_paused = true)]
async fn a_link_is_edited_in_place_as_any_file() {
    let mount = Mount::of("a").await;
    let ino = find(&mount, &format!("{PLAN}/share.json")).await.unwrap().ino;
    let mode = OpenMode { read: true, ..WRITE };
    let opened = mount.vfs.open(ino, mode, me()).await.unwrap();
    assert_eq!(mount.vfs.read(opened.fh, 0, 99).await.unwrap(), b"null\n");
    let set = SetAttr { size: Some(0), ..SetAttr::default() };
    assert_eq!(mount.vfs.setattr(ino, Some(opened.fh), &set, me()).await.unwrap().size, 0);
    mount.vfs.write(opened.fh, 0, b"true").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.writes(), ["PUT plan/shareLink"]);
}

#[tokio::test(start_paused = true)]
async fn nothing_else_can_be_changed() {
    let mount = Mount::of("a").await;
    mount.create(".scratch", b"x").await.unwrap();
    let (vfs, name) = (&mount.vfs, OsStr::new("x.md"));
    let here = (mount.folder, OsStr::new("Plan.md"));
    for path in [".taskade", ".taskade/projects", PLAN, ".taskade/projects/Plan/tasks/t1"] {
        let dir = find(&mount, path).await.unwrap().ino;
        let is = |result: Result<()>| assert_eq!(kind(result), Kind::NotPermitted, "{path}");
        is(vfs.create(dir, name, 0o644, TRUNCATE, true, me()).await.map(drop));
        is(vfs.mknod(dir, name, 0o644_u32, 0, me()).await.map(drop));
        is(vfs.mkdir(dir, name, 0o755).await.map(drop));
        is(vfs.symlink(dir, name, "x".as_ref(), 0o777).await.map(drop));
        is(vfs.unlink(dir, name).await);
        is(vfs.rmdir(dir, name).await);
        is(vfs.rename(here, (dir, name), RenameMode::default(), me()).await);
        let scratch = (mount.folder, OsStr::new(".scratch"));
        is(vfs.rename(scratch, (dir, name), RenameMode::default(), me()).await);
        is(vfs.rename((dir, name), here, RenameMode::default(), me()).await);
        is(vfs.setattr(dir, None, &SetAttr::default(), me()).await.map(drop));
    }
    let file = find(&mount, &format!("{PLAN}/members.json")).await.unwrap().ino;
    assert_eq!(kind(vfs.open(file, TRUNCATE, me()).await), Kind::NotPermitted);
    assert_eq!(kind(vfs.link(file, mount.folder, OsStr::new(".x")).await), Kind::NotPermitted);
    let (old, new) = (OsStr::new(".taskade"), OsStr::new(".moved"));
    let (old, new) = ((mount.folder, old), (mount.folder, new));
    let mode = RenameMode::default();
    assert_eq!(kind(vfs.rename(old, new, mode, me()).await), Kind::NotPermitted);
    assert_eq!(mount.names().await, ["Plan.md"]);
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn on_a_read_only_mount_nothing_is_shared() {
    let settings = Settings { read_only: true, ..Settings::default() };
    let mount = Mount::with("a", settings).await;
    let path = format!("{PLAN}/share.json");
    assert_eq!(read(&mount, &path).await.unwrap(), "null\n");
    assert_eq!(find(&mount, &path).await.unwrap().mode, 0o444);
    assert_eq!(kind(write(&mount, &path, TRUNCATE, "{}").await), Kind::ReadOnly);
}
