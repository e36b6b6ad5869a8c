//! What agents know: links that are made and removed.

use std::{ffi::OsStr, path::Path};

use taskadefs::error::{Kind, Result};

use super::{NONE, SCOUT, scout};
use crate::support::{
    harness::{Mount, pass},
    service::Fault,
};

const KNOWLEDGE: &str = ".taskade/agents/Scout/knowledge";
const ADDED: [&str; 1] = [r#"POST s/project {"projectId":"plan"}"#];
const REMOVED: [&str; 1] = ["DELETE agents/s/knowledge/project/plan"];

async fn link(mount: &Mount, target: &str) -> Result<()> {
    let parent = mount.place(KNOWLEDGE).await;
    let made = mount.vfs.symlink(parent, OsStr::new("link"), Path::new(target), 0o777_u32).await;
    made.map(drop)
}

async fn remove(mount: &Mount, name: &str) -> Result<()> {
    mount.vfs.unlink(mount.place(KNOWLEDGE).await, OsStr::new(name)).await
}

async fn names(mount: &Mount) -> Vec<String> {
    mount.names_of(mount.place(KNOWLEDGE).await).await
}

#[tokio::test(start_paused = true)]
async fn a_link_to_a_project_has_the_agent_know_it_and_its_removal_takes_that_away() {
    for target in
        ["../../../../Plan.md", "/home/me/Taskade/Acme/Marketing/Plan.md", "Plan.md", "./Plan.md"]
    {
        let mount = scout().await;
        mount.memory.take_asked();
        link(&mount, target).await.unwrap();
        assert_eq!(mount.writes(), ADDED, "{target}");
        assert!(!mount.memory.take_asked().contains(&"projects/{project}/tasks"));
        assert_eq!(names(&mount).await, ["README.md", "Plan.md"]);
        let ino = mount.place(&format!("{KNOWLEDGE}/Plan.md")).await;
        let way = Path::new("../../../../../../Acme/Marketing/Plan.md");
        assert_eq!(mount.vfs.readlink(ino).await.unwrap(), way);
        assert_eq!(link(&mount, target).await.unwrap_err().kind(), Kind::Exists);
        remove(&mount, "Plan.md").await.unwrap();
        assert_eq!((names(&mount).await.len(), mount.writes()), (1, vec![]));
        pass(3).await;
        assert_eq!((mount.writes(), mount.waiting()), (vec![REMOVED[0].to_owned()], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn a_medium_can_be_known_as_well_and_nothing_else() {
    let mount = scout().await;
    mount.memory.upload_elsewhere("f", "m1", "logo.png", b"png");
    link(&mount, "../../../media/m1").await.unwrap();
    assert_eq!(mount.writes(), [r#"POST s/media {"mediaId":"m1"}"#]);
    for nothing in ["../../../../None.md", "/etc/passwd", "..", "../../../projects/Plan"] {
        assert_eq!(link(&mount, nothing).await.unwrap_err().kind(), Kind::NotFound, "{nothing}");
    }
    assert_eq!(mount.writes(), NONE);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_made_again_within_the_grace_takes_its_removal_back() {
    let mount = scout().await;
    link(&mount, "Plan.md").await.unwrap();
    mount.writes();
    remove(&mount, "Plan.md").await.unwrap();
    link(&mount, "Plan.md").await.unwrap();
    pass(5).await;
    assert_eq!((mount.writes(), mount.waiting()), (vec![], vec![]));
    assert_eq!(names(&mount).await, ["README.md", "Plan.md"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_known_outlives_a_crash_and_an_outage_and_a_refusal_is_told() {
    let mut mount = scout().await;
    mount.names_of(mount.folder).await;
    mount.memory.set_offline(true);
    link(&mount, "Plan.md").await.unwrap();
    assert_eq!(names(&mount).await, ["README.md", "Plan.md"]);
    mount.memory.set_offline(false);
    mount.crash().await;
    pass(90).await;
    assert_eq!(mount.writes(), ADDED);
    assert_eq!(names(&mount).await, ["README.md", "Plan.md"]);
    let mount = scout().await;
    mount.memory.fail_next([Fault::Before(Kind::Forbidden)]);
    assert_eq!(link(&mount, "Plan.md").await.unwrap_err().errno(), libc::EACCES);
    assert_eq!(mount.waiting().len(), 1);
    let ino = mount.place(SCOUT).await;
    mount.vfs.discard(ino).await.unwrap();
    assert_eq!((names(&mount).await.len(), mount.waiting()), (1, vec![]));
}
