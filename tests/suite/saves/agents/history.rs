//! What was done to agents, told and taken back.

use std::{ffi::OsStr, path::Path};

use serde_json::json;
use taskadefs::error::{Kind, Result};

use super::{AGENTS, NONE, SCOUT, patch, prompt, removal::remove, rename, scout, write, write_at};
use crate::support::harness::{Mount, TRUNCATE, pass};

const PATH: &str = "Acme/Marketing/.taskade/agents";

async fn undo(mount: &Mount, path: &str) -> Result<()> {
    let path = format!("{PATH}/{path}");
    mount.vfs.undo_at(Some(Path::new(&path)), None).await.map(drop)
}

/// What was done, oldest first: path below `agents/`, and in words.
async fn history(mount: &Mount) -> Vec<(String, String)> {
    let all = mount.vfs.history_at(None, 99).await.unwrap().into_iter().rev();
    let below = |path: &str| path.strip_prefix(&format!("{PATH}/")).unwrap().to_owned();
    let words = |undo: bool, what: String| if undo { format!("undo: {what}") } else { what };
    all.map(|it| (below(&it.path), words(it.is_undo, it.summary))).collect()
}

fn entry(path: &str, words: &str) -> (String, String) {
    (path.to_owned(), words.to_owned())
}

#[tokio::test(start_paused = true)]
async fn an_edit_is_taken_back_and_what_others_did_since_stands() {
    let mut mount = scout().await;
    prompt(&mount).await;
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    mount.memory.set_agent_elsewhere("s", "/data/commands", json!([{ "id": "c" }]));
    mount.writes();
    mount.crash().await;
    undo(&mount, "Scout").await.unwrap();
    let sent = r#"PATCH s {"data":{"commands":[{"id":"c"}],"description":"Look."}}"#;
    assert_eq!((mount.writes(), prompt(&mount).await), (vec![sent.to_owned()], "Look.\n".into()));
    let edited = "agent edited: description";
    let undone = format!("undo: {edited}");
    assert_eq!(
        history(&mount).await,
        [entry("Scout/prompt.md", edited), entry("Scout/prompt.md", &undone)]
    );
    assert_eq!(undo(&mount, "Scout").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_renaming_is_taken_back() {
    let mount = scout().await;
    rename(&mount, (AGENTS, "Scout"), (AGENTS, "Guide")).await.unwrap();
    mount.writes();
    undo(&mount, "Scout").await.unwrap();
    assert_eq!(mount.writes(), [r#"PATCH s {"name":"Scout"}"#]);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
    assert_eq!(history(&mount).await[0].1, "agent renamed from Scout");
}

#[tokio::test(start_paused = true)]
async fn what_was_made_is_deleted_and_what_was_deleted_is_made_anew() {
    let mount = scout().await;
    prompt(&mount).await;
    let knowledge = mount.place(&format!("{SCOUT}/knowledge")).await;
    let target = Path::new("../../../../Plan.md");
    mount.vfs.symlink(knowledge, OsStr::new("x"), target, 0o777_u32).await.unwrap();
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    // What an agent is known to know goes with it.
    mount.vfs.unlink(knowledge, OsStr::new("Plan.md")).await.unwrap();
    pass(3).await;
    undo(&mount, "Scout/knowledge").await.unwrap();
    assert_eq!(mount.names_of(knowledge).await, ["README.md", "Plan.md"]);
    remove(&mount).await.unwrap();
    pass(3).await;
    mount.writes();
    undo(&mount, "Scout").await.unwrap();
    pass(1).await;
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
    assert_eq!(prompt(&mount).await, "Nod.\n");
    let knowledge = mount.place(&format!("{SCOUT}/knowledge")).await;
    assert_eq!(mount.names_of(knowledge).await, ["README.md", "Plan.md"]);
    assert_eq!(mount.writes().len(), 2, "it is made, and taught");
    // What was done to it before was done to this.
    undo(&mount, "Scout/prompt.md").await.unwrap();
    assert_eq!(prompt(&mount).await, "Look.\n");
    mount.vfs.mkdir(mount.place(AGENTS).await, OsStr::new("Guide"), 0o755_u32).await.unwrap();
    write_at(&mount, &format!("{AGENTS}/Guide/prompt.md"), TRUNCATE, "Lead.\n").await.unwrap();
    mount.writes();
    undo(&mount, "Guide").await.unwrap();
    assert_eq!(mount.writes().len(), 1);
    assert_eq!(mount.names_of(mount.place(AGENTS).await).await, ["Scout"]);
}

#[tokio::test(start_paused = true)]
async fn publishing_cannot_be_taken_back_and_says_so() {
    let mount = scout().await;
    write(&mount, "public.json", r#"{"enabled": true}"#).await.unwrap();
    mount.writes();
    let refused = undo(&mount, "Scout").await.unwrap_err();
    assert_eq!(refused.kind(), Kind::NotPermitted);
    assert!(refused.to_string().contains("publishing"), "{refused}");
    assert_eq!(mount.writes(), NONE);
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    assert_eq!(mount.writes(), [patch("Nod.")]);
}
