//! `.taskade/` of folders as programs see it: the real program on a real mount. Nobody knows the
//! size of a file there before it is read, and every program must read all of it all the same.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::{
        fd::IntoRawFd,
        unix::fs::{MetadataExt, PermissionsExt},
    },
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use taskadefs::server::{Fault, Quirks};

use crate::support::mount::{Mounted, said};

const TASKS: &str = "one\n  one.a\ntwo";

fn plan(mounted: &Mounted) -> PathBuf {
    mounted.acme().join(".taskade/projects/Plan")
}

fn parsed(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn errno<T>(result: std::io::Result<T>) -> i32 {
    result.map(drop).unwrap_err().raw_os_error().unwrap()
}

/// Writes a file and closes it, telling what `close(2)` says, which `File` does not.
fn write(path: &Path, text: &str) -> Result<(), i32> {
    let mut file = OpenOptions::new().write(true).truncate(true).open(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let fd = file.into_raw_fd();
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(fd) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().raw_os_error().unwrap()),
    }
}

/// The requests that a shell command comes to, relative to the project.
fn costs(mounted: &Mounted, script: &str) -> Vec<String> {
    mounted.reads();
    mounted.ok(script);
    let project = format!("/projects/{}", mounted.project);
    let reads = mounted.reads().into_iter();
    reads.map(|path| path.split('?').next().unwrap().replace(&project, "")).collect()
}

#[test]
fn programs_read_all_of_a_file_whose_size_nobody_knows() {
    // Short, and longer than the size that is shown before the file is read.
    for count in [1, 40, 300] {
        let tasks: String = (0..count).map(|n| format!("task {n}\n")).collect();
        let mounted = Mounted::of(&tasks);
        mounted.ok("cat .taskade/projects/Plan/blocks.json > $HOME/b");
        let text = fs::read_to_string(mounted.dir.path().join("b")).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap().as_array().unwrap().len(), count);
        assert_eq!(fs::read_to_string(plan(&mounted).join("blocks.json")).unwrap(), text);
        for script in [
            "cp blocks.json $HOME/c",
            "cp -a blocks.json $HOME/c",
            "install blocks.json $HOME/c",
            "rsync blocks.json $HOME/c",
            "tar -cf - blocks.json | tar -xOf - > $HOME/c",
            "head -c 1000000 blocks.json > $HOME/c",
            "tail -n +1 blocks.json > $HOME/c",
            "dd if=blocks.json of=$HOME/c bs=7 status=none",
            "cat < blocks.json > $HOME/c",
            "perl -pe 1 blocks.json > $HOME/c",
            "rg '' blocks.json > $HOME/c",
            "vim -es -u NONE -N -c 'w! '$HOME/c -c q blocks.json",
        ] {
            let rest = "cmp $HOME/b $HOME/c && rm -f $HOME/c";
            mounted.ok(&format!("cd .taskade/projects/Plan && {script} && {rest}"));
        }
        mounted
            .ok("cd .taskade/projects/Plan && cmp blocks.json $HOME/b && diff blocks.json $HOME/b");
        let prints = |script: &str| mounted.ok(&format!("cd .taskade/projects/Plan && {script}"));
        assert_eq!(prints("wc -c < blocks.json").trim(), text.len().to_string());
        assert!(prints("wc -c blocks.json").starts_with(&text.len().to_string()));
        assert_eq!(prints("tail -c 9 blocks.json"), text[text.len() - 9..]);
        let end = text.lines().count() - 3;
        let end: String = text.lines().skip(end).map(|line| format!("{line}\n")).collect();
        assert_eq!(prints("tail -n 3 blocks.json"), end);
        assert_eq!(prints("jq length blocks.json").trim(), count.to_string());
        assert_eq!(prints("jq length < blocks.json").trim(), count.to_string());
        mounted.end();
    }
}

#[test]
fn looking_and_listing_cost_no_request_for_what_a_file_holds() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("ls");
    assert_eq!(costs(&mounted, "find .taskade/projects/Plan -maxdepth 1 -ls"), [""; 0]);
    let mut listed = costs(&mounted, "ls -lR .taskade/projects");
    listed.retain(|path| !path.ends_with("/export"));
    assert_eq!(listed, ["/tasks"], "once, as its text was never read");
    assert_eq!(
        costs(&mounted, "find .taskade/projects -size +1; ls -lR .taskade/projects; cat Plan.md"),
        [""; 0]
    );
    let ids = mounted.ids();
    let file = format!(".taskade/projects/Plan/tasks/{}/date.json", ids[1]);
    let asked = costs(&mounted, &format!("cat {file}"));
    assert_eq!(asked, [format!("/tasks/{}/date", ids[1])]);
    let each = costs(&mounted, "jq -c . .taskade/projects/Plan/tasks/*/task.json");
    assert_eq!(each.len(), ids.len());
    mounted.end();
}

#[test]
fn what_looks_through_a_folder_does_not_see_it() {
    let mounted = Mounted::of(TASKS);
    for script in [
        "ls -a",
        "find .",
        "rg --files --hidden --no-ignore",
        "rg -uuu -l .",
        "grep -rl . .",
        "tar -cf - . | tar -t",
        "git init -q $HOME/g; git --git-dir=$HOME/g/.git --work-tree=. status --short",
    ] {
        let output = mounted.ok(script);
        assert!(output.contains("Plan.md") && !output.contains(".taskade"), "{script}: {output}");
    }
    let inside = mounted.ok("cd .taskade && ls -a && cd projects && pwd -P && ls");
    for shown in [".", "..", "projects", "Plan"] {
        assert!(inside.lines().any(|line| line == shown), "{inside}");
    }
    assert!(mounted.ok("ls -a ..").contains(".taskade"), "the root has that of the mount");
    mounted.end();
}

#[test]
fn every_resource_of_a_project_and_its_tasks_is_there() {
    let mounted = Mounted::on(Quirks::default(), TASKS, &[], |store, workspace| {
        store.add_member(workspace, "alice", "Alice").unwrap();
        let (project, _) = store.find_projects("Plan").unwrap().remove(0);
        store.add_field(&project, "@inc01", &json!({ "type": "number" })).unwrap();
        let task = &store.task_ids(&project).unwrap()[0];
        store.assign_elsewhere(&project, task, &["alice"]).unwrap();
        store.field_elsewhere(&project, task, "@inc01", Some(&json!(250))).unwrap();
    });
    let (plan, ids) = (plan(&mounted), mounted.ids());
    assert_eq!(parsed(&plan.join("members.json"))[0]["handle"], "alice");
    assert_eq!(parsed(&plan.join("fields.json"))[0]["id"], "@inc01");
    assert_eq!(parsed(&plan.join("blocks.json")).as_array().unwrap().len(), 2);
    assert_eq!(parsed(&plan.join("share.json")), Value::Null);
    assert_eq!(mounted.ok("ls .taskade/projects/Plan/tasks").lines().count(), 3);
    let task = plan.join("tasks").join(&ids[0]);
    assert_eq!(parsed(&task.join("task.json"))["text"], "one");
    assert_eq!(parsed(&task.join("assignees.json"))[0]["handle"], "alice");
    assert_eq!(parsed(&task.join("fields.json"))[0]["value"], 250);
    for unset in ["date.json", "note.json"] {
        assert_eq!(fs::read_to_string(task.join(unset)).unwrap(), "null\n");
    }
    let date = "- [ ] one 📅 2026-12-01\n  > a note\n  - [ ] one.a\n- [ ] two\n";
    fs::write(mounted.file(), date).unwrap();
    assert_eq!(parsed(&task.join("date.json"))["start"]["date"], "2026-12-01");
    assert_eq!(parsed(&task.join("note.json"))["value"], "a note");
    for gone in ["tasks/none", "tasks/none/date.json", "tasks/../../Other", "agents.json"] {
        assert_eq!(errno(fs::read(plan.join(gone))), libc::ENOENT, "{gone}");
    }
    let modes = [("", 0o555), ("members.json", 0o444), ("share.json", 0o644), ("tasks", 0o555)];
    for (name, mode) in modes {
        assert_eq!(fs::metadata(plan.join(name)).unwrap().mode() & 0o777, mode, "{name}");
    }
    let before = fs::metadata(&task).unwrap().ino();
    mounted.end();
    mounted.begin();
    assert_eq!(fs::metadata(&task).unwrap().ino(), before);
    mounted.end();
}

#[test]
fn writing_to_the_share_link_makes_it() {
    let mounted = Mounted::of(TASKS);
    let (share, project) = (plan(&mounted).join("share.json"), mounted.project.clone());
    let puts = "PUT /shareLink";
    mounted.ok("echo '{\"enabled\":true}' > .taskade/projects/Plan/share.json");
    assert_eq!(mounted.writes(&[]), [puts]);
    let view = parsed(&share)["viewUrl"].as_str().unwrap().to_owned();
    assert!(view.contains(project.as_str()), "{view}");
    for script in [
        "echo true | tee share.json",
        "printf '{\"enabled\": true}' | dd of=share.json conv=fsync status=none",
        "{ echo '{'; date > /dev/null; /bin/echo '}'; } > share.json",
        "cp share.json $HOME/s && cp $HOME/s share.json",
        "vim -es -u NONE -N --cmd 'set backupskip=* noswapfile' -c '%d' -c 'normal itrue' -c wq share.json",
    ] {
        mounted.ok(&format!("cd .taskade/projects/Plan && {script}"));
        assert_eq!(mounted.writes(&[]), [puts], "{script}");
        assert_eq!(parsed(&share)["viewUrl"], view.as_str());
    }
    for (text, errno) in [
        ("{\"enabled\": false}\n", libc::EPERM),
        ("null\n", libc::EPERM),
        ("{\"enabled\": tru", libc::EINVAL),
    ] {
        assert_eq!(write(&share, text), Err(errno), "{text}");
    }
    write(&share, "").unwrap();
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.server().faults().plan(Some("PUT"), "/shareLink", 0, 1, Fault::Status(403, None));
    assert_eq!(write(&share, "{}"), Err(libc::EACCES));
    let refused = mounted.sh("echo no > $HOME/no; cp $HOME/no .taskade/projects/Plan/share.json");
    assert!(said(&refused).contains("Invalid argument"), "{}", said(&refused));
    mounted.end();
}

#[test]
fn nothing_else_can_be_changed_there() {
    let mounted = Mounted::of(TASKS);
    let plan = plan(&mounted);
    assert_eq!(errno(fs::write(plan.join("members.json"), "[]")), libc::EPERM);
    assert_eq!(errno(fs::write(plan.join("new.json"), "[]")), libc::EPERM);
    assert_eq!(errno(fs::create_dir(plan.join("new"))), libc::EPERM);
    assert_eq!(errno(fs::remove_file(plan.join("share.json"))), libc::EPERM);
    assert_eq!(errno(fs::remove_dir(plan.join("tasks"))), libc::EPERM);
    assert_eq!(errno(fs::rename(mounted.file(), plan.join("Plan.md"))), libc::EPERM);
    assert_eq!(errno(fs::rename(plan.join("share.json"), mounted.file())), libc::EPERM);
    assert_eq!(errno(fs::rename(plan, mounted.acme().join("moved"))), libc::EPERM);
    let top = mounted.acme().join(".taskade");
    assert_eq!(errno(fs::rename(&top, mounted.acme().join(".moved"))), libc::EPERM);
    assert_eq!(errno(fs::set_permissions(&top, fs::Permissions::from_mode(0o777))), libc::EPERM);
    assert!(!mounted.sh("rm -rf .taskade").status.success());
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.end();
    let mounted = Mounted::with(TASKS, &["--read-only"]);
    let share = self::plan(&mounted).join("share.json");
    assert_eq!(errno(OpenOptions::new().write(true).open(&share)), libc::EROFS);
    assert_eq!(parsed(&share), Value::Null);
    mounted.end();
}

#[test]
fn a_service_that_refuses_or_is_gone_is_an_error_and_no_wait_without_end() {
    let mut mounted = Mounted::of(TASKS);
    let plan = plan(&mounted);
    assert_eq!(parsed(&plan.join("members.json")), json!([]));
    for (status, wanted) in [(403, libc::EACCES), (404, libc::ENOENT), (402, libc::EDQUOT)] {
        mounted.server().faults().plan(
            Some("GET"),
            "/shareLink",
            0,
            1,
            Fault::Status(status, None),
        );
        assert_eq!(errno(fs::read(plan.join("share.json"))), wanted, "{status}");
    }
    mounted.ok("ls .taskade/projects/Plan/tasks");
    mounted.stop_server();
    assert_eq!(errno(fs::read(plan.join("members.json"))), libc::EIO);
    assert_eq!(mounted.ok("ls .taskade/projects/Plan/tasks").lines().count(), 3);
    mounted.ok("ls -lR .taskade/projects");
}
