//! Saving agents: the requests of each save, and what becomes of it when they fail.

use std::{ffi::OsStr, time::Duration};

use serde_json::{Value, json};
use taskadefs::error::Kind;

use super::{
    AGENTS, NONE, PROMPT, SCOUT, patch, prompt, read, rename, scout, state, write, write_by,
};
use crate::support::{
    harness::{APPEND, READ, TRUNCATE, me, pass},
    service::Fault,
};

#[tokio::test(start_paused = true)]
async fn a_prompt_is_saved_with_one_request_that_has_all_the_data() {
    let mount = scout().await;
    assert_eq!(prompt(&mount).await, "Look.\n");
    mount.memory.take_reads();
    write(&mount, "prompt.md", "Look.\n").await.unwrap();
    assert_eq!((mount.writes(), mount.memory.take_reads()), (vec![], 0), "nothing has changed");
    write(&mount, "prompt.md", "Look twice.\n").await.unwrap();
    assert_eq!((mount.writes(), mount.memory.take_reads()), (vec![patch("Look twice.")], 0));
    assert_eq!((prompt(&mount).await.as_str(), mount.waiting()), ("Look twice.\n", vec![]));
    write_by(&mount, "prompt.md", APPEND, "Nod.\n").await.unwrap();
    assert_eq!(mount.writes(), [patch(r"Look twice.\nNod.")]);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_was_read_long_ago_is_looked_at_before_it_is_saved() {
    let mount = scout().await;
    prompt(&mount).await;
    pass(60).await;
    mount.memory.set_agent_elsewhere("s", "/data/commands", json!([{ "id": "c" }]));
    mount.memory.take_asked();
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    assert!(mount.memory.take_asked().ends_with(&["agents/{agent}"]) || !mount.writes().is_empty());
    let now = mount.memory.agent_now("s").unwrap();
    assert_eq!(now["data"], json!({ "commands": [{ "id": "c" }], "description": "Nod." }));
}

#[tokio::test(start_paused = true)]
async fn the_whole_agent_is_saved_by_what_changed_of_it_and_refused_where_it_is_none() {
    let mount = scout().await;
    let whole: Value = serde_json::from_str(&read(&mount, "agent.json").await.unwrap()).unwrap();
    let mut named = whole.clone();
    named["name"] = "Scout two".into();
    write(&mount, "agent.json", &named.to_string()).await.unwrap();
    assert_eq!(mount.writes(), [r#"PATCH s {"name":"Scout two"}"#]);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout two"]);
    rename(&mount, (AGENTS, "Scout two"), (AGENTS, "Scout")).await.unwrap();
    mount.writes();
    let mut both = whole.clone();
    both["name"] = "Scout".into();
    both["data"]["tone"] = "warm".into();
    write(&mount, "agent.json", &both.to_string()).await.unwrap();
    let sent = r#"PATCH s {"data":{"commands":[],"description":"Look.","tone":"warm"}}"#;
    assert_eq!(mount.writes(), [sent]);
    for refused in ["{}", "[", r#"{"id":"x","data":{}}"#] {
        let error = write(&mount, "agent.json", refused).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid, "{refused}");
    }
    assert_eq!(
        write_by(&mount, "prompt.md", TRUNCATE, "a\0").await.unwrap_err().kind(),
        Kind::Invalid
    );
    assert_eq!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_renamed_with_its_directory_by_its_name_alone() {
    let mount = scout().await;
    rename(&mount, (AGENTS, "Scout"), (AGENTS, "a／b")).await.unwrap();
    assert_eq!(mount.writes(), [r#"PATCH s {"name":"a/b"}"#]);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["a／b"]);
    mount.memory.make_agent_elsewhere("f", "t", "Taken", "");
    pass(60).await;
    mount.names_of(mount.place(AGENTS).await).await;
    pass(1).await;
    let taken = rename(&mount, (AGENTS, "a／b"), (AGENTS, "Taken")).await;
    assert_eq!(taken.unwrap_err().kind(), Kind::NotEmpty);
    assert_eq!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_save_offline_is_shown_at_once_and_sent_later_also_after_a_crash() {
    for is_killed in [false, true] {
        let mut mount = scout().await;
        prompt(&mount).await;
        mount.memory.set_offline(true);
        write(&mount, "prompt.md", "One.\n").await.unwrap();
        write(&mount, "prompt.md", "Two.\n").await.unwrap();
        assert_eq!(prompt(&mount).await, "Two.\n");
        assert_eq!(mount.waiting(), [(PROMPT.to_owned(), "pending", "save")], "two are one");
        assert_eq!(state(&mount, "prompt.md").await.unwrap(), "pending");
        if is_killed {
            mount.memory.set_offline(false);
            mount.crash().await;
        } else {
            mount.memory.set_offline(false);
        }
        pass(90).await;
        assert_eq!(mount.writes(), [patch("Two.")]);
        assert_eq!((prompt(&mount).await.as_str(), mount.waiting()), ("Two.\n", vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_save_is_told_and_read_until_it_is_retried_or_given_up() {
    for (kind, errno) in [
        (Kind::Unauthorized, libc::EACCES),
        (Kind::Forbidden, libc::EACCES),
        (Kind::PaymentRequired, libc::EDQUOT),
        (Kind::Refused, libc::EIO),
    ] {
        let mut mount = scout().await;
        prompt(&mount).await;
        mount.memory.fail_next([Fault::Before(kind)]);
        let error = write(&mount, "prompt.md", "Nod.\n").await.unwrap_err();
        assert_eq!(error.errno(), errno);
        assert_eq!(prompt(&mount).await, "Nod.\n");
        assert_eq!(mount.waiting(), [(PROMPT.to_owned(), "rejected", "save")]);
        assert_eq!(state(&mount, "prompt.md").await.unwrap(), "rejected");
        let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
        let reason = mount.attribute(ino, "user.taskade.error").await.unwrap();
        assert!(reason.starts_with(PROMPT), "{reason}");
        let again = write(&mount, "prompt.md", "Nod.\n").await.unwrap_err();
        assert_eq!(again.errno(), errno, "the same text has settled nothing");
        mount.vfs.discard(ino).await.unwrap();
        assert_eq!((prompt(&mount).await.as_str(), mount.waiting()), ("Look.\n", vec![]));
        mount.memory.fail_next([Fault::Before(kind)]);
        write(&mount, "prompt.md", "Nod.\n").await.unwrap_err();
        if kind != Kind::Unauthorized {
            mount.crash().await;
            assert_eq!(prompt(&mount).await, "Nod.\n");
        }
        mount.writes();
        let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
        mount.vfs.retry(ino, false).await.unwrap();
        pass(1).await;
        assert_eq!((mount.writes(), mount.waiting()), (vec![patch("Nod.")], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn another_text_settles_a_refused_one() {
    let mount = scout().await;
    prompt(&mount).await;
    mount.memory.fail_next([Fault::Before(Kind::Refused)]);
    write(&mount, "prompt.md", "Nod.\n").await.unwrap_err();
    write(&mount, "prompt.md", "Nod twice.\n").await.unwrap();
    assert_eq!((mount.writes(), mount.waiting()), (vec![patch("Nod twice.")], vec![]));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_lost_is_looked_for_and_sent_again_only_if_nothing_came_of_it() {
    for (fault, sent) in [
        (Fault::After, 1),
        (Fault::Before(Kind::Ambiguous), 1),
        (Fault::Before(Kind::Unreachable), 1),
    ] {
        let mount = scout().await;
        prompt(&mount).await;
        mount.memory.fail_next([fault.clone()]);
        write(&mount, "prompt.md", "Nod.\n").await.unwrap();
        pass(60).await;
        assert_eq!(mount.memory.agent_now("s").unwrap()["data"]["description"], "Nod.");
        assert_eq!((mount.writes().len(), mount.waiting()), (sent, vec![]), "{fault:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_kill_after_each_request_loses_nothing_and_repeats_nothing_that_was_done() {
    for requests in 0..4 {
        let mut mount = scout().await;
        prompt(&mount).await;
        pass(60).await;
        mount.memory.cut_after(Some(requests));
        write(&mount, "prompt.md", "Nod.\n").await.unwrap();
        mount.memory.heal();
        mount.crash().await;
        pass(90).await;
        assert_eq!(mount.memory.agent_now("s").unwrap()["data"]["description"], "Nod.");
        assert!(mount.writes().len() <= 1, "after {requests}");
        assert_eq!(mount.waiting(), []);
    }
}

#[tokio::test(start_paused = true)]
async fn an_emptied_prompt_is_saved_after_the_grace_unless_something_is_written() {
    let mount = scout().await;
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    let empty = async || {
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
    };
    empty().await;
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    pass(5).await;
    assert_eq!(mount.writes(), [patch("Nod.")]);
    empty().await;
    pass(1).await;
    assert_eq!(mount.writes(), NONE);
    pass(2).await;
    assert_eq!(mount.writes(), [patch("")]);
}

#[tokio::test(start_paused = true)]
async fn what_was_emptied_or_is_still_open_is_saved_when_the_mount_ends() {
    let mut mount = scout().await;
    prompt(&mount).await;
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    mount.remount_cleanly().await;
    assert_eq!((mount.writes(), prompt(&mount).await), (vec![patch("")], String::new()));
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"Nod.\n").await.unwrap();
    mount.remount_cleanly().await;
    assert_eq!((mount.writes(), prompt(&mount).await), (vec![patch("Nod.")], "Nod.\n".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn editors_save_by_renaming_and_keep_their_own_files_beside() {
    let mount = scout().await;
    prompt(&mount).await;
    let dir = mount.place(SCOUT).await;
    let make = async |name: &str, text: &str| {
        let made = mount.vfs.create(dir, OsStr::new(name), 0o644_u32, TRUNCATE, true, me()).await;
        let (_, opened) = made.unwrap();
        mount.vfs.write(opened.fh, 0, text.as_bytes()).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
    };
    // Written beside and renamed over.
    make("sedAbCdEf", "By sed.\n").await;
    rename(&mount, (SCOUT, "sedAbCdEf"), (SCOUT, "prompt.md")).await.unwrap();
    assert_eq!(
        (mount.writes(), prompt(&mount).await),
        (vec![patch("By sed.")], "By sed.\n".into())
    );
    // Renamed away as a backup, written anew, and the backup removed.
    rename(&mount, (SCOUT, "prompt.md"), (SCOUT, "prompt.md~")).await.unwrap();
    assert!(!mount.names_of(dir).await.contains(&"prompt.md".to_owned()));
    make("prompt.md", "By vim.\n").await;
    assert_eq!(mount.writes(), [patch("By vim.")]);
    assert_eq!(read(&mount, "prompt.md~").await.unwrap(), "By sed.\n");
    mount.vfs.unlink(dir, OsStr::new("prompt.md~")).await.unwrap();
    // Removed and made again; and removed, which alone means nothing.
    mount.vfs.unlink(dir, OsStr::new("prompt.md")).await.unwrap();
    make("prompt.md", "Again.\n").await;
    assert_eq!(mount.writes(), [patch("Again.")]);
    mount.vfs.unlink(dir, OsStr::new("prompt.md")).await.unwrap();
    pass(3).await;
    assert_eq!(prompt(&mount).await, "Again.\n");
    let names = mount.names_of(dir).await;
    assert_eq!(names, ["prompt.md", "agent.json", "public.json", "knowledge", "conversations"]);
    assert_eq!(mount.writes(), NONE);
    let ino = mount.place(&format!("{SCOUT}/prompt.md")).await;
    assert!(mount.vfs.open(ino, READ, me()).await.is_ok());
    mount.vfs.rest(Duration::from_secs(1)).await;
}
