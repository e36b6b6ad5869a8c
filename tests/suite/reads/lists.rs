//! Lists of tasks: none is older than `--max-age`, unless Taskade is gone.

use std::{path::Path, time::Duration};

use taskadefs::{sync::Settings, task_list::TaskFilter, vfs::ListedTasks};

use crate::support::harness::Mount;

async fn listed(mount: &Mount) -> ListedTasks {
    mount.vfs.tasks_below(Path::new(""), &TaskFilter::default(), &|_| {}).await.unwrap()
}

fn texts(listed: &ListedTasks) -> Vec<&str> {
    listed.tasks.iter().map(|task| task.text.as_str()).collect()
}

#[tokio::test]
async fn what_others_changed_is_in_the_next_list_and_what_is_not_to_be_had_is_told() {
    let settings = Settings { max_age: Duration::ZERO, ..Settings::default() };
    let mount = Mount::with("one\ntwo", settings).await;
    assert_eq!(texts(&listed(&mount).await), ["one", "two"]);
    let ids = mount.memory.ids("plan");
    mount.memory.edit_elsewhere("plan", &ids[0], "changed");
    let now = listed(&mount).await;
    assert_eq!((texts(&now), now.stale), (vec!["changed", "two"], 0));
    mount.memory.edit_elsewhere("plan", &ids[0], "changed again");
    mount.memory.set_offline(true);
    let then = listed(&mount).await;
    assert_eq!((texts(&then), then.stale), (vec!["changed", "two"], 1));
    assert!(then.trouble.is_some());
}
