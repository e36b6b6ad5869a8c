//! Removing agents: as a whole, held for the grace, and finished whatever comes in between.

use std::{ffi::OsStr, time::Duration};

use taskadefs::error::{Kind, Result};

use super::{AGENTS, NONE, SCOUT, prompt, scout, write};
use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const DELETED: [&str; 1] = ["DELETE agents/s"];

/// Removes the directory of the agent with all that is in it, as `rm -r` does.
pub(super) async fn remove(mount: &Mount) -> Result<()> {
    for directory in ["knowledge", "conversations"] {
        let inside = mount.place(&format!("{SCOUT}/{directory}")).await;
        for name in mount.names_of(inside).await {
            mount.vfs.unlink(inside, OsStr::new(&name)).await?;
        }
    }
    let scout = mount.place(SCOUT).await;
    for name in mount.names_of(scout).await {
        let name = OsStr::new(&name);
        match mount.vfs.unlink(scout, name).await {
            Err(error) if error.kind() == Kind::IsDirectory => mount.vfs.rmdir(scout, name).await?,
            removed => removed?,
        }
    }
    mount.vfs.rmdir(mount.place(AGENTS).await, OsStr::new("Scout")).await
}

async fn names(mount: &Mount) -> Vec<String> {
    mount.names_of(mount.place(AGENTS).await).await
}

#[tokio::test(start_paused = true)]
async fn an_agent_is_hidden_at_once_and_deleted_after_the_grace_with_one_request() {
    let mount = scout().await;
    remove(&mount).await.unwrap();
    assert_eq!(names(&mount).await, NONE);
    let path = "Acme/Marketing/.taskade/agents/Scout".to_owned();
    assert_eq!(mount.waiting(), [(path, "pending", "deletion")]);
    pass(1).await;
    assert_eq!(mount.writes(), NONE, "within the grace");
    pass(2).await;
    assert_eq!(mount.writes(), DELETED);
    assert_eq!((names(&mount).await.len(), mount.waiting()), (0, vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_directory_that_is_not_empty_is_not_removed_and_what_was_taken_from_it_comes_back() {
    let mount = scout().await;
    let agents = mount.place(AGENTS).await;
    let refused = mount.vfs.rmdir(agents, OsStr::new("Scout")).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::NotEmpty);
    let scout = mount.place(SCOUT).await;
    mount.vfs.unlink(scout, OsStr::new("prompt.md")).await.unwrap();
    let refused = mount.vfs.rmdir(agents, OsStr::new("Scout")).await;
    assert_eq!(refused.unwrap_err().kind(), Kind::NotEmpty);
    pass(3).await;
    assert_eq!((prompt(&mount).await.as_str(), mount.writes()), ("Look.\n", vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_directory_of_that_name_within_the_grace_is_that_agent() {
    let mount = scout().await;
    remove(&mount).await.unwrap();
    let agents = mount.place(AGENTS).await;
    mount.vfs.mkdir(agents, OsStr::new("Scout"), 0o755_u32).await.unwrap();
    pass(5).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
    assert_eq!(prompt(&mount).await, "Look.\n");
}

#[tokio::test(start_paused = true)]
async fn a_removal_survives_a_crash_a_lost_answer_and_an_agent_that_is_gone_already() {
    let mut mount = scout().await;
    remove(&mount).await.unwrap();
    mount.crash().await;
    pass(90).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![DELETED[0].to_owned()], vec![]));
    for fault in [Fault::After, Fault::Before(Kind::Ambiguous), Fault::Before(Kind::Unreachable)] {
        let mount = scout().await;
        mount.memory.fail_next([fault]);
        remove(&mount).await.unwrap();
        pass(60).await;
        assert!(mount.memory.agent_now("s").is_none() && mount.waiting().is_empty());
    }
    let mount = scout().await;
    mount.names_of(mount.place(&format!("{SCOUT}/conversations")).await).await;
    mount.memory.delete_agent_elsewhere("s");
    remove(&mount).await.unwrap();
    mount.vfs.rest(Duration::from_secs(1)).await;
    assert_eq!(mount.waiting(), []);
}

#[tokio::test(start_paused = true)]
async fn a_save_that_waits_goes_with_its_agent_and_a_refusal_brings_it_back() {
    let mount = scout().await;
    prompt(&mount).await;
    mount.names_of(mount.place(&format!("{SCOUT}/conversations")).await).await;
    mount.memory.set_offline(true);
    write(&mount, "prompt.md", "Nod.\n").await.unwrap();
    remove(&mount).await.unwrap();
    mount.memory.set_offline(false);
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    pass(90).await;
    assert_eq!(names(&mount).await, ["Scout"]);
    assert_eq!(mount.waiting().len(), 1);
    let ino = mount.place(SCOUT).await;
    mount.vfs.retry(ino, false).await.unwrap();
    pass(1).await;
    assert_eq!(mount.writes(), DELETED);
}
