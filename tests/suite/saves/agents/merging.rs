//! Saves of agents that others changed meanwhile.

use serde_json::{Value, json};
use taskadefs::error::Kind;

use super::{AGENTS, patch, prompt, read, rename, scout, write, write_at};
use crate::support::{
    harness::{TRUNCATE, pass},
    service::Fault,
};

#[tokio::test(start_paused = true)]
async fn what_others_changed_beside_the_prompt_stands() {
    let mount = scout().await;
    prompt(&mount).await;
    pass(60).await;
    mount.memory.set_agent_elsewhere("s", "/data/commands", json!([{ "id": "c" }]));
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    let now = mount.memory.agent_now("s").unwrap();
    assert_eq!(now["data"], json!({ "commands": [{ "id": "c" }], "description": "Nod." }));
    assert!(mount.vfs.status().conflicts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_others_changed_within_max_age_stands_for_one_request_more() {
    let mount = scout().await;
    let first = prompt(&mount).await;
    mount.memory.take_reads();
    write(&mount, "prompt.md", &first.replace("Look", "Peek")).await.unwrap();
    assert_eq!(mount.memory.take_reads(), 0, "it was read just now");
    pass(3).await;
    mount.memory.set_agent_key_elsewhere("s", "tone", "warm".into());
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    assert_eq!(mount.memory.take_reads(), 1);
    let data = mount.memory.agent_now("s").unwrap()["data"].clone();
    assert_eq!(data, json!({ "commands": [], "description": "Nod.", "tone": "warm" }));
    // A name is sent alone, and sets nothing back.
    pass(3).await;
    mount.memory.set_agent_key_elsewhere("s", "tone", "cold".into());
    rename(&mount, (AGENTS, "Scout"), (AGENTS, "Guide")).await.unwrap();
    assert_eq!(mount.memory.take_reads(), 0);
    assert_eq!(mount.memory.agent_now("s").unwrap()["data"]["tone"], "cold");
}

#[tokio::test(start_paused = true)]
async fn what_another_program_here_overrides_before_it_was_sent_is_kept() {
    let mount = scout().await;
    prompt(&mount).await;
    pass(60).await;
    // One program knows what others made of it, and what waits is of that.
    mount.memory.set_agent_elsewhere("s", "/data/description", "Theirs.".into());
    mount.names_of(mount.place(AGENTS).await).await;
    mount.memory.set_offline(true);
    rename(&mount, (AGENTS, "Scout"), (AGENTS, "Guide")).await.unwrap();
    // The other one has an older text before its eyes.
    write_at(&mount, &format!("{AGENTS}/Guide/prompt.md"), TRUNCATE, "Ours.\n").await.unwrap();
    mount.memory.heal();
    pass(90).await;
    let now = mount.memory.agent_now("s").unwrap();
    assert_eq!((&now["name"], &now["data"]["description"]), (&json!("Guide"), &json!("Ours.")));
    let kept = mount.vfs.status().conflicts[0].file.clone();
    let file = walk(mount.dir.path(), kept.rsplit('/').next().unwrap()).unwrap();
    assert!(std::fs::read_to_string(file).unwrap().contains("Theirs."));
}

#[tokio::test(start_paused = true)]
async fn of_a_prompt_that_both_changed_the_save_wins_and_the_other_is_kept() {
    let mount = scout().await;
    prompt(&mount).await;
    pass(60).await;
    mount.memory.set_agent_elsewhere("s", "/data/description", "Theirs.".into());
    write(&mount, "prompt.md", "Ours.\n").await.unwrap();
    assert_eq!(mount.writes(), [patch("Ours.")]);
    let conflicts = mount.vfs.status().conflicts;
    assert_eq!(conflicts.len(), 1);
    let kept = mount.vfs.status().conflicts[0].file.clone();
    let file = kept.rsplit('/').next().unwrap();
    let dir = walk(mount.dir.path(), file).expect("the version from elsewhere");
    assert!(std::fs::read_to_string(dir).unwrap().contains("Theirs."));
}

#[tokio::test(start_paused = true)]
async fn whoever_writes_json_from_what_it_read_overrides_nothing_that_it_did_not_change() {
    let mount = scout().await;
    let mut read: Value = serde_json::from_str(&read(&mount, "agent.json").await.unwrap()).unwrap();
    pass(60).await;
    mount.memory.set_agent_elsewhere("s", "/data/description", "Theirs.".into());
    read["data"]["tone"] = "warm".into();
    write(&mount, "agent.json", &read.to_string()).await.unwrap();
    let data = mount.memory.agent_now("s").unwrap()["data"].clone();
    assert_eq!(data, json!({ "commands": [], "description": "Theirs.", "tone": "warm" }));
}

#[tokio::test(start_paused = true)]
async fn what_others_made_of_it_while_an_answer_was_lost_is_kept_once() {
    for lost in [Fault::After, Fault::Before(Kind::Ambiguous)] {
        let mount = scout().await;
        prompt(&mount).await;
        // The request is the last that gets through, and what was told of it does not come.
        mount.memory.fail_next([lost]);
        mount.memory.cut_after(Some(1));
        write(&mount, "prompt.md", "Ours.\n").await.unwrap();
        mount.memory.set_agent_elsewhere("s", "/data/description", "Theirs.".into());
        // Nor does that of the next.
        mount.memory.cut_after(None);
        mount.memory.fail_next([Fault::Before(Kind::Ambiguous)]);
        pass(90).await;
        assert_eq!(mount.memory.agent_now("s").unwrap()["data"]["description"], "Ours.");
        assert_eq!((mount.vfs.status().conflicts.len(), mount.waiting()), (1, vec![]));
    }
}

/// Where a file is.
fn walk(dir: &std::path::Path, name: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(dir).unwrap().flatten().find_map(|entry| match entry.path() {
        path if path.is_dir() => walk(&path, name),
        path => (path.file_name()? == name).then_some(path),
    })
}
