//! What is wanted of agents while nobody knows what became of an earlier wish, or it was refused.

use std::{ffi::OsStr, path::Path};

use serde_json::{Value, json};
use taskadefs::{error::Kind, vfs::Ino};

use super::{AGENTS, SCOUT, prompt, read, scout, write};
use crate::support::{
    harness::{Mount, TRUNCATE, me, pass},
    service::Fault,
};

/// The next write comes to this, and nothing can be read until the service is healed.
fn blind(mount: &Mount, fault: Fault) {
    mount.memory.fail_next([fault]);
    mount.memory.fail_next_reads(vec![Fault::Before(Kind::Unreachable); 50]);
}

fn data(mount: &Mount) -> Value {
    mount.memory.agent_now("s").unwrap()["data"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_later_save_settles_an_earlier_one_that_is_refused_in_the_end() {
    let mount = scout().await;
    prompt(&mount).await;
    blind(&mount, Fault::Before(Kind::Ambiguous));
    write(&mount, "prompt.md", "One.\n").await.unwrap();
    write(&mount, "prompt.md", "Two.\n").await.unwrap();
    mount.memory.heal();
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    pass(120).await;
    assert_eq!((data(&mount)["description"].as_str(), mount.waiting()), (Some("Two."), vec![]));
    assert_eq!(prompt(&mount).await, "Two.\n");
}

#[tokio::test(start_paused = true)]
async fn what_a_save_overrides_is_kept_once_though_it_was_sent_before() {
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous)] {
        let mount = scout().await;
        prompt(&mount).await;
        blind(&mount, fault);
        write(&mount, "prompt.md", "Ours.\n").await.unwrap();
        mount.memory.set_agent_elsewhere("s", "/data/description", "Theirs.".into());
        mount.memory.heal();
        mount.memory.fail_next(vec![Fault::Before(Kind::Ambiguous); 3]);
        pass(300).await;
        assert_eq!(data(&mount)["description"], "Ours.");
        assert_eq!((mount.vfs.status().conflicts.len(), mount.waiting()), (1, vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_program_has_before_its_eyes_is_what_that_file_showed() {
    let mount = scout().await;
    let mut whole: Value =
        serde_json::from_str(&read(&mount, "agent.json").await.unwrap()).unwrap();
    mount.memory.set_agent_key_elsewhere("s", "tone", "warm".into());
    pass(60).await;
    prompt(&mount).await;
    pass(60).await;
    assert_eq!(prompt(&mount).await, "Look.\n");
    whole["data"]["greeting"] = "Hello.".into();
    write(&mount, "agent.json", &whole.to_string()).await.unwrap();
    let wanted =
        json!({ "commands": [], "description": "Look.", "tone": "warm", "greeting": "Hello." });
    assert_eq!(data(&mount), wanted);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_is_met_again_is_told_again() {
    let mount = scout().await;
    mount.names_of(mount.folder).await;
    let knowledge = mount.place(&format!("{SCOUT}/knowledge")).await;
    mount.memory.fail_next(vec![Fault::Before(Kind::Refused); 2]);
    let (name, target) = (OsStr::new("link"), Path::new("Plan.md"));
    assert!(mount.vfs.symlink(knowledge, name, target, 0o777_u32).await.is_err());
    let scout: Ino = mount.place(SCOUT).await;
    for known in [false, true] {
        assert_eq!(mount.waiting()[0].1, "rejected");
        mount.vfs.retry(scout, false).await.unwrap();
        pass(10).await;
        assert_eq!(mount.memory.agent_knows("s", "plan"), known);
    }
    assert_eq!(mount.waiting(), []);
}

#[tokio::test(start_paused = true)]
async fn an_agent_that_is_made_here_is_not_what_was_to_be_generated() {
    let mount = scout().await;
    let generate = mount.place(&format!("{AGENTS}/.generate")).await;
    blind(&mount, Fault::Before(Kind::Ambiguous));
    let opened = mount.vfs.open(generate, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"Answers.").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    let agents = mount.place(AGENTS).await;
    mount.vfs.mkdir(agents, OsStr::new("Guide"), 0o755_u32).await.unwrap();
    let guide = mount.place(&format!("{AGENTS}/Guide/prompt.md")).await;
    let opened = mount.vfs.open(guide, TRUNCATE, me()).await.unwrap();
    mount.vfs.write(opened.fh, 0, b"Guides.\n").await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    mount.memory.heal();
    pass(200).await;
    assert_eq!(mount.memory.agent_names(), ["Scout", "Guide"]);
    let waiting = mount.waiting();
    assert_eq!((waiting.len(), waiting[0].1, waiting[0].2), (1, "rejected", "generation"));
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_is_refused_once_the_agent_is_gone_is_settled() {
    let mount = scout().await;
    mount.memory.fail_next([Fault::After, Fault::Before(Kind::Forbidden)]);
    super::removal::remove(&mount).await.unwrap();
    pass(120).await;
    mount.names_of(mount.place(AGENTS).await).await;
    pass(1).await;
    mount.names_of(mount.place(AGENTS).await).await;
    assert_eq!((mount.memory.agent_names().len(), mount.waiting()), (0, vec![]));
}
