//! A new project is made of what was typed, each line as what it is, and in one request.

use crate::support::harness::Mount;

const TYPED: &str = "\
Everybody may deploy.

# Before
- [ ] The pipeline is green
  - [x] on both machines
- Support knows
# The deploy itself
1. Announce it
2. [x] Press the button
## When it goes wrong
- Roll back
### Later
- [ ] Ask questions
";

/// `format text` of each node.
fn formats(mount: &Mount, name: &str) -> Vec<String> {
    let id = mount.memory.find(name).unwrap();
    let exported = mount.memory.exported("f");
    let mut waiting = vec![exported["items"][&id]["root"]["children"][0].clone()];
    let mut told = Vec::new();
    while let Some(node) = waiting.pop() {
        waiting.extend(node["children"].as_array().unwrap().iter().rev().cloned());
        let text = &node["text"]["ops"][0]["insert"];
        told.push(format!("{} {}", node["format"]["node"], text).replace('"', ""));
    }
    told.split_off(1)
}

#[tokio::test(start_paused = true)]
async fn what_was_typed_as_a_task_is_one_and_as_a_heading_is_one() {
    let mount = Mount::of("a").await;
    mount.create("New.md", TYPED.as_bytes()).await.unwrap();
    let writes = mount.writes();
    // What has no box in Taskade's Markdown is ticked afterwards.
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(writes[1].ends_with("/complete"), "{writes:?}");
    assert_eq!(
        formats(&mount, "New"),
        [
            "text Everybody may deploy.",
            "h1 Before",
            "checkbox The pipeline is green",
            "checkbox on both machines",
            "bullet Support knows",
            "h1 The deploy itself",
            "number Announce it",
            "number Press the button",
            "h2 When it goes wrong",
            "bullet Roll back",
            "bullet Later",
            "checkbox Ask questions",
        ]
    );
    assert_eq!(mount.read("New.md").await, TYPED);
}

#[tokio::test(start_paused = true)]
async fn of_a_service_that_takes_boxes_for_text_this_is_learnt_once() {
    let mut mount = Mount::of("a").await;
    mount.memory.lock().reads_bullets_alone = true;
    mount.create("New.md", b"- [ ] one\n  - [x] two\n- three\n").await.unwrap();
    let text = "- [ ] one\n  - [x] two\n- three\n";
    assert_eq!(mount.read("New.md").await, text);
    let id = mount.memory.find("New").unwrap();
    assert_eq!(mount.memory.tree(&id), "one\n  x two\nthree\n");
    let writes = mount.writes();
    assert_eq!(writes.len(), 4, "a project, two texts and a box: {writes:?}");
    for name in ["Next", "Last"] {
        mount.create(&format!("{name}.md"), b"- [ ] one\n  - [ ] two\n").await.unwrap();
        assert_eq!(mount.writes(), [format!("POST project \"# {name}\\n\\n- one\\n  - two\\n\"")]);
        mount.remount().await;
        assert_eq!(mount.read(&format!("{name}.md")).await, "- [ ] one\n  - [ ] two\n");
    }
}
