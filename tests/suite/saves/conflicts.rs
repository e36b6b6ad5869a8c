//! Versions from elsewhere that a save overrode: told until somebody has looked at them.

use std::{fs, path::PathBuf, process::Command, sync::Arc};

use serde_json::Value;
use taskadefs::{
    api::{Client, ContentType, HttpBackend, TypedText},
    clock::SystemClock,
};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// A mount on which a save of `Acme/Marketing/Launch.md` has just overridden what others wrote.
fn overridden() -> Mounted {
    let mounted =
        Mounted::on(Default::default(), "one", &["--max-age", "0"], |store, workspace| {
            let folder = store.add_folder(workspace, "Marketing").unwrap();
            store.add_project(&folder, "Launch", "one\ntwo").unwrap();
        });
    let file = mounted.acme().join("Marketing/Launch.md");
    let text = fs::read_to_string(&file).unwrap();
    let (project, _) = mounted.server().store().find_projects("Launch").unwrap().remove(0);
    let tasks = mounted.server().store().task_ids(&project).unwrap();
    let (url, token) = (mounted.server().url(), mounted.server().token());
    let others = HttpBackend::new(&url, Some(&token), Arc::new(SystemClock)).unwrap();
    let others = Client::new(Arc::new(others));
    let theirs = TypedText { content_type: ContentType::Plain, text: "theirs".to_owned() };
    let edit = others.update_task(&project, &tasks[1], &theirs);
    tokio::runtime::Runtime::new().unwrap().block_on(edit).unwrap();
    fs::write(&file, text.replace("two", "ours")).unwrap();
    until("the conflict", || !names(&mounted).is_empty());
    mounted
}

fn dir(mounted: &Mounted) -> PathBuf {
    mounted.root.join(".taskade/conflicts")
}

fn names(mounted: &Mounted) -> Vec<String> {
    let entries = fs::read_dir(dir(mounted)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".md")).collect()
}

fn told(mounted: &Mounted, arguments: &[&str]) -> String {
    let state = mounted.dir.path().join("state");
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("TASKADEFS_STATE_DIR", state).current_dir(&mounted.root);
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

fn conflicts(mounted: &Mounted) -> Value {
    let status = fs::read_to_string(mounted.root.join(".taskade/status.json")).unwrap();
    serde_json::from_str::<Value>(&status).unwrap()["conflicts"].clone()
}

#[test]
fn a_conflict_is_told_everywhere_until_it_is_looked_at() {
    let mounted = overridden();
    let file = mounted.acme().join("Marketing/Launch.md");
    let names = names(&mounted);
    assert_eq!(names.len(), 1);
    assert!(names[0].starts_with("Acme／Marketing／Launch 20"), "{names:?}");
    let place = format!(".taskade/conflicts/{}", names[0]);
    until("the telling", || attribute(&file, "user.taskade.conflict").is_some());
    for _ in 0..2 {
        assert_eq!(attribute(&file, "user.taskade.conflict"), Some(place.clone()));
        assert_eq!(attribute(&mounted.file(), "user.taskade.conflict"), None);
        assert_eq!(conflicts(&mounted)[0]["path"], "Acme/Marketing/Launch.md");
        assert_eq!(conflicts(&mounted)[0]["file"], *place);
        let status = told(&mounted, &["status"]);
        assert!(status.contains("conflict\tAcme/Marketing/Launch.md\t"), "{status}");
        assert!(status.contains(&place), "{status}");
        let json: Value = serde_json::from_str(&told(&mounted, &["status", "--json"])).unwrap();
        assert_eq!(json[0]["conflicts"], conflicts(&mounted));
        assert!(told(&mounted, &["history"]).contains(&place));
        mounted.end();
        let asleep = told_asleep(&mounted);
        assert!(asleep.contains(&place), "{asleep}");
        mounted.begin();
        fs::read_to_string(&file).unwrap();
    }
    let theirs = fs::read_to_string(mounted.root.join(&place)).unwrap();
    assert_eq!(theirs, "- [ ] one\n- [ ] theirs\n");
    assert_eq!(attribute(&file, "user.taskade.conflict"), None);
    assert_eq!(conflicts(&mounted), Value::Array(vec![]));
    assert!(!told(&mounted, &["status"]).contains("conflict"));
    mounted.end();
    mounted.begin();
    assert_eq!(conflicts(&mounted), Value::Array(vec![]));
    assert!(told(&mounted, &["history"]).contains(&place), "what happened is not forgotten");
}

fn told_asleep(mounted: &Mounted) -> String {
    let state = mounted.dir.path().join("state");
    let mut command = Command::new(PROGRAM);
    command.arg("status").env("TASKADEFS_STATE_DIR", state).current_dir("/");
    said(&run(&mut command))
}

#[test]
fn a_conflict_that_is_removed_is_told_no_longer() {
    let mounted = overridden();
    until("the telling", || conflicts(&mounted) != Value::Array(vec![]));
    mounted.ok("rm -f ../.taskade/conflicts/*.md ../.taskade/conflicts/*.reason");
    assert_eq!(names(&mounted), [""; 0]);
    assert_eq!(conflicts(&mounted), Value::Array(vec![]));
    assert_eq!(mounted.ok("ls ../.taskade/conflicts"), "");
}
