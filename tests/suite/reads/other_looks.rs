//! A mount that shows less than the one before it: what waits, what was set and what programs have
//! before their eyes are as they are, and only shown otherwise.

use std::time::Duration;

use serde_json::json;
use taskadefs::{
    document::Markers,
    model::Marker,
    sync::{FieldPlacement, Settings},
};

use crate::support::harness::{Mount, pass};

const TEXT: &str = "# a\n- [ ] b [Level:: 5]\n- [ ] c [Level:: 6] [Owner:: Ann]\n";

/// A mount that has read a project with formats and fields, and the next one shows neither.
async fn mounted() -> Mount {
    let mut mount = Mount::of("a\n  b\n  c").await;
    mount.memory.set_exports(true);
    let level = json!({ "type": "number", "displayName": "Level" });
    let owner = json!({ "type": "string", "displayName": "Owner" });
    mount.memory.set_fields("plan", &[("@l", level), ("@o", owner)]);
    mount.memory.format_elsewhere("plan", "t1", Marker::Heading(1));
    for (task, level) in [("t2", 5), ("t3", 6)] {
        mount.memory.detail_elsewhere("plan", task, |details| {
            details.fields.insert("@l".into(), json!(level));
        });
    }
    mount.memory.detail_elsewhere("plan", "t3", |details| {
        details.fields.insert("@o".into(), json!("Ann"));
    });
    mount.read("Plan.md").await;
    pass(1).await;
    assert_eq!(mount.read("Plan.md").await, TEXT);
    let (markers, fields) = (Markers::Tasks, FieldPlacement::None);
    mount.settings = Settings { markers, fields, ..Settings::default() };
    mount
}

#[tokio::test(start_paused = true)]
async fn what_waits_is_shown_without_formats_and_fields_and_sent_as_it_was_saved() {
    let mut mount = mounted().await;
    mount.memory.set_offline(true);
    let edit = |text: String| text.replace("[ ] b", "[ ] d").replace("[Level:: 6]", "[Level:: 7]");
    mount.edit("Plan.md", edit).await.unwrap();
    mount.vfs.rest(Duration::from_secs(1)).await;
    mount.remount_offline().await;
    let text = "- [ ] a\n  - [ ] d\n  - [ ] c [@l:: 7]\n";
    assert_eq!(mount.read("Plan.md").await, text);
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.writes(), ["PUT t2 \"d\"", "PUT t3/fields/@l 7"]);
    assert_eq!(mount.read("Plan.md").await, text);
}

#[tokio::test(start_paused = true)]
async fn a_program_that_saves_what_it_reads_takes_no_hidden_field_away() {
    let mut mount = mounted().await;
    mount.remount_cleanly().await;
    // It has the fields before its eyes since the mount before.
    mount.overwrite("Plan.md", b"- [ ] a\n  - [ ] b\n  - [ ] d\n").await.unwrap();
    assert_eq!(mount.writes(), ["PUT t3 \"d\""]);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n  - [ ] b\n  - [ ] d\n");
}
