//! Lines with values of fields that are cut or copied and pasted into another project, whose fields have
//! other ids: what is shown of them, and what is known and not shown, comes along to the fields of the
//! same names.

use serde_json::{Value, json};
use taskadefs::{
    api::{End, Moment, Schedule, TaskResource},
    sync::DetailQuery,
};

use crate::support::harness::{Mount, pass};

const LINE: &str = "- [ ] move [Due at:: 2026-03-10] [State:: Done] [Level:: 5]\n";

/// A program that has two projects with fields of the same names before it.
async fn open() -> Mount {
    let mount = Mount::of("stay\nmove").await;
    let memory = &mount.memory;
    memory.seed("f", "home", "Home", "home");
    memory.set_exports(true);
    let state =
        |options: Value| json!({ "type": "Select", "displayName": "State", "options": options });
    let at = json!({ "type": "DateTime", "displayName": "Due at" });
    let level = json!({ "type": "number", "displayName": "Level" });
    let option = |name: &str| json!({ "name": name });
    memory.set_fields(
        "plan",
        &[
            ("@a1", at.clone()),
            ("@a2", state(json!({ "o": option("Open"), "d": option("Done") }))),
            ("@a3", level.clone()),
            ("@a4", json!({ "type": "string", "displayName": "Only here" })),
        ],
    );
    memory.set_fields(
        "home",
        &[
            ("@a1", state(json!({ "d": option("Open"), "x": option("Done") }))),
            ("@b2", at),
            ("@a3", level),
        ],
    );
    memory.detail_elsewhere("plan", "t2", |task| {
        let moment = json!({ "date": "2026-03-10", "time": "09:00" });
        let at = json!({ "type": "DateTime", "dateTime": moment });
        task.fields.insert("@a1".into(), at);
        task.fields.insert("@a2".into(), json!({ "type": "Select", "optionId": "d" }));
        task.fields.insert("@a3".into(), json!(5));
    });
    mount.names().await;
    for _ in 0..2 {
        mount.read("Plan.md").await;
        mount.read("Home.md").await;
        pass(1).await;
    }
    assert!(mount.read("Plan.md").await.contains("[State:: Done]"));
    mount.writes();
    mount
}

async fn cut(mount: &Mount) {
    let text = mount.text("Plan.md").await;
    let line = text.lines().find(|line| line.contains("move")).unwrap();
    mount.overwrite("Plan.md", text.replace(&format!("{line}\n"), "").as_bytes()).await.unwrap();
}

async fn paste(mount: &Mount, line: &str) {
    mount.edit("Home.md", |text| text + line).await.unwrap();
}

/// The pasted task has all that the other one had.
async fn assert_pasted(mount: &Mount) {
    let task = mount.memory.ids("home").pop().unwrap();
    let fields = mount.memory.details("home", &task).fields;
    let moment = json!({ "date": "2026-03-10", "time": "09:00" });
    assert_eq!(fields.len(), 3);
    assert_eq!(fields["@b2"], json!({ "type": "DateTime", "dateTime": moment }));
    assert_eq!(fields["@a1"], json!({ "type": "Select", "optionId": "x" }));
    assert_eq!(fields["@a3"], json!(5));
    let text = mount.read("Home.md").await;
    assert!(text.contains("move [State:: Done] [Level:: 5] [Due at:: 2026-03-10]\n"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_cut_and_pasted_takes_the_time_along() {
    let mount = open().await;
    cut(&mount).await;
    assert_eq!(mount.writes(), [""; 0], "the deletion waits");
    paste(&mount, LINE).await;
    pass(5).await;
    assert_pasted(&mount).await;
    assert_eq!(mount.writes().last().unwrap(), "DELETE t2");
}

#[tokio::test(start_paused = true)]
async fn a_line_that_is_pasted_and_then_cut_takes_the_time_along() {
    let mount = open().await;
    paste(&mount, LINE).await;
    pass(20).await;
    cut(&mount).await;
    pass(5).await;
    assert_pasted(&mount).await;
    let writes = mount.writes();
    assert_eq!(writes.last().unwrap(), "DELETE t2");
    assert_eq!(
        writes.iter().filter(|write| write.contains("/fields/@b2")).count(),
        1,
        "{writes:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_line_that_comes_back_elsewhere_after_its_deletion_takes_the_time_along() {
    let mount = open().await;
    cut(&mount).await;
    pass(60).await;
    assert_eq!(mount.writes(), ["DELETE t2"]);
    paste(&mount, LINE).await;
    pass(5).await;
    assert_pasted(&mount).await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_comes_back_elsewhere_has_what_it_does_not_say_unless_it_was_taken_off() {
    let mount = open().await;
    cut(&mount).await;
    pass(60).await;
    paste(&mount, "- [ ] move [State:: Open]\n").await;
    pass(5).await;
    let task = mount.memory.ids("home").pop().unwrap();
    let fields = mount.memory.details("home", &task).fields;
    assert_eq!(fields.len(), 1, "{fields:?}");
    assert_eq!(fields["@a1"], json!({ "type": "Select", "optionId": "d" }));
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_a_line_has_the_time_too() {
    let mount = open().await;
    paste(&mount, LINE).await;
    pass(5).await;
    assert_pasted(&mount).await;
    mount.edit("Plan.md", |text| text + LINE).await.unwrap();
    pass(5).await;
    let copy = mount.memory.ids("plan").pop().unwrap();
    assert_eq!(mount.memory.details("plan", &copy), mount.memory.details("plan", "t2"));
    // Another day is another point in time.
    let line = LINE.replace("03-10", "03-11");
    mount.edit("Plan.md", |text| text + &line).await.unwrap();
    pass(5).await;
    let other = mount.memory.ids("plan").pop().unwrap();
    let fields = mount.memory.details("plan", &other).fields;
    assert_eq!(fields["@a1"]["dateTime"], json!({ "date": "2026-03-11" }));
}

#[tokio::test(start_paused = true)]
async fn a_range_takes_its_seconds_and_both_time_zones_along() {
    let mount = open().await;
    let moment = |time: &str, zone: &str| Moment {
        date: "2026-12-01".into(),
        time: Some(time.into()),
        timezone: Some(zone.into()),
    };
    let end = Some(End::Moment(moment("10:30:15", "Europe/Paris")));
    let range = Schedule { start: moment("09:00", "Europe/London"), end };
    mount.memory.detail_elsewhere("plan", "t2", |task| task.date = Some(range.clone()));
    let ino = mount.ino("Plan.md").await.unwrap();
    let query = DetailQuery { resources: vec![TaskResource::Date], refetch: false };
    mount.vfs.ask_details(ino, &query, &|_| {}).await.unwrap();
    let text = mount.read("Plan.md").await;
    let line = text.lines().find(|line| line.contains("📅")).unwrap();
    let line = format!("{line}\n");
    cut(&mount).await;
    paste(&mount, &line).await;
    pass(5).await;
    let task = mount.memory.ids("home").pop().unwrap();
    assert_eq!(mount.memory.details("home", &task).date, Some(range));
}

#[tokio::test(start_paused = true)]
async fn a_field_that_the_other_project_does_not_have_is_refused_with_its_line() {
    let mount = open().await;
    let error =
        mount.edit("Home.md", |text| text + "- [ ] move [Only here:: x]\n").await.unwrap_err();
    let error = error.to_string();
    let reason =
        "line 2: `Only here` is no field of this project, which has `State`, `Level`, `Due at`";
    assert!(error.contains(reason), "{error}");
    assert_eq!(mount.writes(), [""; 0]);
}
