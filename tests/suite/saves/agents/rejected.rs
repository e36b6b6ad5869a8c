//! What was written to the files of agents and refused: kept in `rejected/`, told, and read until it is
//! settled.

use std::{ffi::OsStr, fs};

use taskadefs::error::Kind;

use super::{AGENTS, NONE, PROMPT, SCOUT, patch, prompt, read, scout, state, write, write_at};
use crate::support::{
    harness::{Mount, TRUNCATE, me, pass},
    service::Fault,
};

const COPY: &str = "Acme／Marketing／agents／Scout／prompt.md";

/// What is in `rejected/`, without the reasons.
fn kept(mount: &Mount) -> Vec<String> {
    let entries = fs::read_dir(mount.dir.path().join("control/rejected")).into_iter().flatten();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| !name.ends_with(".reason")).collect();
    names.sort();
    names
}

fn copy(mount: &Mount, name: &str) -> String {
    let path = mount.dir.path().join("control/rejected").join(name);
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{error}: {:?}", kept(mount)))
}

#[tokio::test(start_paused = true)]
async fn a_text_that_no_file_can_have_is_kept_over_a_crash_until_another_one_is_saved() {
    for (file, bad, good) in [
        ("prompt.md", "a\0b", "Nod.\n"),
        ("agent.json", "{\"data\": [", r#"{"data":{"commands":[],"description":"Nod."}}"#),
        ("public.json", "{ my notes", r#"{"enabled":true}"#),
    ] {
        let mut mount = scout().await;
        let before = read(&mount, file).await.unwrap();
        let error = write(&mount, file, bad).await.unwrap_err();
        assert_eq!((error.kind(), error.errno()), (Kind::Invalid, libc::EINVAL), "{file}");
        let path = format!("Acme/Marketing/{SCOUT}/{file}");
        assert!(error.to_string().starts_with(&path), "{error}");
        let name = format!("Acme／Marketing／agents／Scout／{file}");
        let name = if file == "prompt.md" { name } else { format!("{name}.md") };
        for _ in 0..2 {
            assert_eq!(read(&mount, file).await.unwrap(), bad);
            assert_eq!(mount.waiting(), [(path.clone(), "rejected", "save")]);
            assert_eq!(state(&mount, file).await.unwrap(), "rejected");
            assert_eq!((kept(&mount), copy(&mount, &name)), (vec![name.clone()], bad.to_owned()));
            assert!(copy(&mount, &format!("{name}.reason")).starts_with(&path));
            mount.crash().await;
        }
        let ino = mount.place(&format!("{SCOUT}/{file}")).await;
        assert_eq!(mount.vfs.retry(ino, false).await.unwrap_err().kind(), Kind::Invalid);
        write(&mount, file, good).await.unwrap();
        assert_eq!((kept(&mount).len(), mount.waiting(), mount.writes().len()), (0, vec![], 1));
        write(&mount, file, bad).await.unwrap_err();
        mount.vfs.discard(mount.place(&format!("{SCOUT}/{file}")).await).await.unwrap();
        assert_eq!((kept(&mount).len(), mount.waiting()), (0, vec![]));
        assert_ne!(before, bad);
    }
}

#[tokio::test(start_paused = true)]
async fn an_editor_that_puts_its_backup_back_settles_nothing() {
    let mount = scout().await;
    let before = prompt(&mount).await;
    write(&mount, "prompt.md", "a\0b").await.unwrap_err();
    write(&mount, "prompt.md", &before).await.unwrap();
    assert_eq!((prompt(&mount).await, copy(&mount, COPY)), (before, "a\0b".to_owned()));
    assert_eq!(mount.waiting(), [(PROMPT.to_owned(), "rejected", "save")]);
    assert_eq!(mount.writes(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_taskade_refuses_is_kept_until_it_is_settled() {
    let mut mount = scout().await;
    prompt(&mount).await;
    mount.memory.fail_next([Fault::Before(Kind::Refused)]);
    write(&mount, "prompt.md", "Nod.\n").await.unwrap_err();
    mount.crash().await;
    assert_eq!((kept(&mount), copy(&mount, COPY)), (vec![COPY.to_owned()], "Nod.\n".to_owned()));
    mount.vfs.retry(mount.place(&format!("{SCOUT}/prompt.md")).await, false).await.unwrap();
    pass(1).await;
    assert_eq!((mount.writes(), kept(&mount).len()), (vec![patch("Nod.")], 0));
}

#[tokio::test(start_paused = true)]
async fn what_was_typed_outlives_its_agent_and_is_of_one_that_is_made_by_then() {
    let mut mount = scout().await;
    prompt(&mount).await;
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.memory.delete_agent_elsewhere("s");
    pass(60).await;
    mount.names_of(mount.place(AGENTS).await).await;
    pass(1).await;
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, NONE);
    mount.vfs.write(opened.fh, 0, b"Nod.\n").await.unwrap();
    let error = mount.vfs.flush(opened.fh, me()).await.unwrap_err();
    assert_eq!(error.errno(), libc::ENOENT);
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!((kept(&mount), copy(&mount, COPY)), (vec![COPY.to_owned()], "Nod.\n".to_owned()));
    mount.vfs.discard(mount.place(&format!("{SCOUT}/prompt.md")).await).await.unwrap();
    mount.vfs.mkdir(mount.place(AGENTS).await, OsStr::new("Guide"), 0o755_u32).await.unwrap();
    let file = format!("{AGENTS}/Guide/prompt.md");
    write_at(&mount, &file, TRUNCATE, "a\0b").await.unwrap_err();
    mount.crash().await;
    let path = format!("Acme/Marketing/{file}");
    assert_eq!(mount.waiting(), [(path, "rejected", "save")]);
    write_at(&mount, &file, TRUNCATE, "Lead.\n").await.unwrap();
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Guide"]);
    assert_eq!((mount.waiting(), mount.writes().len(), kept(&mount).len()), (vec![], 1, 0));
}
