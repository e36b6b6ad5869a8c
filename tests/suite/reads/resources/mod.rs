//! `.taskade/` of folders, for scripts: what each look and each reading costs, and what is refused.
//! The file system driven directly, over a service in memory, in virtual time.

mod sharing;

use std::ffi::OsStr;

use serde_json::{Value, json};
use taskadefs::{
    error::{Kind, Result},
    vfs::{Attr, Caching, DirectoryEntry, FileKind, Ino, OpenMode, ROOT},
};

use crate::support::{
    harness::{Mount, READ, me, pass},
    service::{
        Fault,
        details::{FIELDS, day},
    },
};

const PLAN: &str = ".taskade/projects/Plan";

/// Looks a path up, a name at a time, as the kernel does.
async fn find(mount: &Mount, path: &str) -> Result<Attr> {
    let mut attr = mount.vfs.getattr(mount.folder, me()).await?;
    for name in path.split('/') {
        attr = mount.vfs.lookup(attr.ino, OsStr::new(name), me()).await?;
    }
    Ok(attr)
}

async fn names(mount: &Mount, ino: Ino) -> Vec<String> {
    let opened = mount.vfs.opendir(ino, me()).await.unwrap();
    let mut names = Vec::new();
    let take = |_, entry: &DirectoryEntry| {
        names.push(entry.name.to_str().unwrap().to_owned());
        false
    };
    mount.vfs.readdir(opened.fh, 0, take).unwrap();
    mount.vfs.releasedir(opened.fh);
    names
}

async fn list(mount: &Mount, path: &str) -> Vec<String> {
    let ino = find(mount, path).await.unwrap().ino;
    names(mount, ino).await.into_iter().filter(|name| !name.starts_with('.')).collect()
}

async fn read(mount: &Mount, path: &str) -> Result<String> {
    let ino = find(mount, path).await?.ino;
    let opened = mount.vfs.open(ino, READ, me()).await?;
    assert_eq!(opened.caching, Caching::Bypass);
    let text = mount.vfs.read(opened.fh, 0, 1 << 20).await?;
    let size = mount.vfs.getattr(ino, me()).await?.size;
    assert_eq!(size, text.len() as u64, "an open file has its true size");
    mount.vfs.release(opened.fh).await?;
    Ok(String::from_utf8(text).unwrap())
}

async fn write(mount: &Mount, path: &str, mode: OpenMode, text: &str) -> Result<()> {
    let ino = find(mount, path).await?.ino;
    let opened = mount.vfs.open(ino, mode, me()).await?;
    mount.vfs.write(opened.fh, 0, text.as_bytes()).await?;
    let result = mount.vfs.flush(opened.fh, me()).await;
    mount.vfs.release(opened.fh).await?;
    result
}

fn kind<T>(result: Result<T>) -> Kind {
    result.map(drop).unwrap_err().kind()
}

#[tokio::test(start_paused = true)]
async fn a_folder_does_not_list_it_and_it_is_there() {
    let mount = Mount::of("a\nb").await;
    assert_eq!(names(&mount, mount.folder).await, [".", "..", "Plan.md"]);
    assert!(list(&mount, ".taskade").await.contains(&"projects".to_owned()));
    assert_eq!(list(&mount, ".taskade/projects").await, ["Plan"]);
    let files = ["members.json", "fields.json", "blocks.json", "share.json", "table.csv", "tasks"];
    assert_eq!(list(&mount, PLAN).await, files);
    assert_eq!(list(&mount, &format!("{PLAN}/tasks")).await, ["t1", "t2"]);
    let files = ["task.json", "date.json", "note.json", "assignees.json", "fields.json"];
    assert_eq!(list(&mount, &format!("{PLAN}/tasks/t1")).await, files);
    let modes = [
        (".taskade", FileKind::Directory, 0o555),
        (PLAN, FileKind::Directory, 0o555),
        (".taskade/projects/Plan/share.json", FileKind::File, 0o644),
        (".taskade/projects/Plan/members.json", FileKind::File, 0o444),
        (".taskade/projects/Plan/tasks/t2/note.json", FileKind::File, 0o444),
    ];
    for (path, kind, mode) in modes {
        let attr = find(&mount, path).await.unwrap();
        assert_eq!((attr.kind, attr.mode), (kind, mode), "{path}");
    }
    let workspace = mount.vfs.lookup(ROOT, OsStr::new("Acme"), me()).await.unwrap().ino;
    let top = mount.vfs.lookup(workspace, OsStr::new(".taskade"), me()).await.unwrap();
    assert_ne!(top.ino, find(&mount, ".taskade").await.unwrap().ino);
}

#[tokio::test(start_paused = true)]
async fn looking_around_costs_no_request_for_what_a_file_holds() {
    let mount = Mount::of("a\n  b").await;
    list(&mount, ".taskade/projects").await;
    mount.memory.take_reads();
    for path in [".taskade", ".taskade/projects", PLAN] {
        list(&mount, path).await;
    }
    find(&mount, &format!("{PLAN}/share.json")).await.unwrap();
    assert_eq!(mount.memory.take_reads(), 0);
    list(&mount, &format!("{PLAN}/tasks")).await;
    assert_eq!(mount.memory.take_reads(), 1, "the tasks, once");
    for id in ["t1", "t2"] {
        for file in list(&mount, &format!("{PLAN}/tasks/{id}")).await {
            let attr = find(&mount, &format!("{PLAN}/tasks/{id}/{file}")).await.unwrap();
            mount.vfs.getattr(attr.ino, me()).await.unwrap();
        }
    }
    assert_eq!(mount.memory.take_reads(), 0);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n  - [ ] b\n");
    assert_eq!(mount.memory.take_reads(), 0, "the project is known by now");
}

#[tokio::test(start_paused = true)]
async fn every_opening_asks_once_and_reads_as_one_answer() {
    let mount = Mount::of("a").await;
    let path = format!("{PLAN}/tasks/t1/assignees.json");
    let ino = find(&mount, &path).await.unwrap().ino;
    mount.memory.take_reads();
    let opened = mount.vfs.open(ino, READ, me()).await.unwrap();
    mount.memory.detail_elsewhere("plan", "t1", |task| task.assignees.push("bob".to_owned()));
    let whole = mount.vfs.read(opened.fh, 0, 4096).await.unwrap();
    assert_eq!((whole.as_slice(), mount.memory.take_reads()), (&b"[]\n"[..], 1));
    let newer = read(&mount, &path).await.unwrap();
    assert_eq!(newer, "[\n  {\n    \"handle\": \"bob\"\n  }\n]\n");
    assert_eq!(mount.memory.take_reads(), 1);
    assert_eq!(mount.vfs.read(opened.fh, 1, 4096).await.unwrap(), b"]\n", "the same bytes");
    assert_eq!(mount.vfs.read(opened.fh, 9, 4096).await.unwrap(), b"");
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.memory.take_reads(), 0);
    assert_eq!(mount.read("Plan.md").await, "- [ ] a\n", "a script's reading changes no file");
}

#[tokio::test(start_paused = true)]
async fn each_file_is_what_the_service_says() {
    let mount = Mount::of("a").await;
    mount.memory.detail_elsewhere("plan", "t1", |task| {
        task.date = Some(day("2026-12-01"));
        task.fields.insert("@inc01".to_owned(), json!(250));
    });
    for (file, wanted) in [
        (
            "members.json",
            json!([{ "handle": "alice" }, { "handle": "bob" }, { "handle": "carol" }]),
        ),
        (
            "fields.json",
            FIELDS
                .map(|id| json!({ "id": id, "data": { "type": "number" }, "type": "number" }))
                .into(),
        ),
        ("blocks.json", json!([{ "id": "t1", "text": "a" }])),
        ("share.json", Value::Null),
        ("tasks/t1/task.json", json!({ "id": "t1" })),
        ("tasks/t1/date.json", json!({ "start": { "date": "2026-12-01" } })),
        ("tasks/t1/note.json", Value::Null),
        ("tasks/t1/assignees.json", json!([])),
        ("tasks/t1/fields.json", json!([{ "fieldId": "@inc01", "value": 250 }])),
    ] {
        let text = read(&mount, &format!("{PLAN}/{file}")).await.unwrap();
        assert!(text.ends_with('\n'), "{file}");
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), wanted, "{file}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_is_not_found() {
    let mount = Mount::of("a\nb").await;
    list(&mount, &format!("{PLAN}/tasks")).await;
    mount.memory.take_reads();
    for path in [
        ".taskade/flows",
        ".taskade/projects/Plan.md",
        ".taskade/projects/Nothing",
        ".taskade/projects/.taskade",
        ".taskade/projects/Plan/members",
        ".taskade/projects/Plan/tasks/t9",
        ".taskade/projects/Plan/tasks/title",
        ".taskade/projects/Plan/tasks/t1/members.json",
    ] {
        assert_eq!(kind(find(&mount, path).await), Kind::NotFound, "{path}");
    }
    assert_eq!(mount.memory.take_reads(), 0, "what was read just now tells");
    mount.memory.add_elsewhere("plan", "t9", "new");
    pass(60).await;
    find(&mount, &format!("{PLAN}/tasks/t9")).await.unwrap();
    // A project that was made here is there once Taskade has it.
    mount.create("New.md", b"").await.unwrap();
    assert_eq!(kind(find(&mount, ".taskade/projects/New").await), Kind::NotFound);
    assert_eq!(list(&mount, ".taskade/projects").await, ["Plan"]);
    mount.overwrite("New.md", b"- [ ] n\n").await.unwrap();
    assert_eq!(list(&mount, ".taskade/projects").await, ["Plan", "New"]);
    assert_eq!(list(&mount, ".taskade/projects/New/tasks").await.len(), 1);
    mount.unlink("New.md").await.unwrap();
    assert_eq!(kind(find(&mount, ".taskade/projects/New").await), Kind::NotFound);
}

#[tokio::test(start_paused = true)]
async fn a_task_or_a_project_that_is_gone_by_now_is_not_found_and_no_task_without_a_date() {
    let mount = Mount::of("a\nb").await;
    let file = |name: &str| format!("{PLAN}/tasks/t1/{name}");
    assert_eq!(read(&mount, &file("date.json")).await.unwrap(), "null\n");
    mount.memory.take_reads();
    assert_eq!(read(&mount, &file("note.json")).await.unwrap(), "null\n");
    assert_eq!(mount.memory.take_reads(), 1, "that there is such a task is known");
    mount.memory.delete_elsewhere("plan", "t1");
    assert_eq!(kind(read(&mount, &file("task.json")).await), Kind::NotFound);
    assert_eq!(kind(read(&mount, &file("fields.json")).await), Kind::NotFound);
    pass(60).await;
    let ino = find(&mount, &file("date.json")).await.unwrap().ino;
    mount.memory.take_reads();
    assert_eq!(kind(mount.vfs.open(ino, READ, me()).await), Kind::NotFound);
    assert_eq!(mount.memory.take_reads(), 2, "the date, and whether the task is there");
    mount.memory.remove_elsewhere("plan");
    for name in ["members.json", "share.json"] {
        let path = format!("{PLAN}/{name}");
        assert_eq!(kind(read(&mount, &path).await), Kind::NotFound, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn failures_are_told_as_everywhere() {
    let mount = Mount::of("a").await;
    let path = format!("{PLAN}/tasks/t1/fields.json");
    let ino = find(&mount, &path).await.unwrap().ino;
    for (kind, errno) in [
        (Kind::Unauthorized, libc::EACCES),
        (Kind::Forbidden, libc::EACCES),
        (Kind::PaymentRequired, libc::EDQUOT),
        (Kind::RateLimited, libc::EIO),
        (Kind::Protocol, libc::EIO),
    ] {
        mount.memory.fail_next_reads([Fault::Before(kind)]);
        let error = mount.vfs.open(ino, READ, me()).await.unwrap_err();
        assert_eq!(error.errno(), errno, "{kind:?}");
    }
    mount.memory.set_offline(true);
    assert_eq!(mount.vfs.open(ino, READ, me()).await.unwrap_err().errno(), libc::EIO);
    assert_eq!(list(&mount, &format!("{PLAN}/tasks")).await, ["t1"], "what is known is listed");
}

#[tokio::test(start_paused = true)]
async fn hostile_ids_are_names_that_lead_to_them() {
    let mount = Mount::of("a").await;
    let ids = ["../../t1", "..", "a/b", "nul\0", &"x".repeat(300)];
    for id in ids {
        mount.memory.add_elsewhere("plan", id, "hostile");
    }
    let names = list(&mount, &format!("{PLAN}/tasks")).await;
    assert_eq!(names[0], "t1");
    assert_eq!(names.len(), 1 + ids.len());
    for (name, id) in names[1..].iter().zip(ids) {
        let text = read(&mount, &format!("{PLAN}/tasks/{name}/task.json")).await;
        if id == ".." {
            // It would lead out of its path, so that it is never sent.
            assert_eq!(kind(text), Kind::Invalid);
            continue;
        }
        assert_eq!(serde_json::from_str::<Value>(&text.unwrap()).unwrap(), json!({ "id": id }));
    }
}

#[tokio::test(start_paused = true)]
async fn numbers_stay_while_the_kernel_knows_them_and_nothing_is_left_of_ten_thousand() {
    let tasks: String = (0..10_000).map(|n| format!("task {n}\n")).collect();
    let mount = Mount::of(&tasks).await;
    let tasks = find(&mount, &format!("{PLAN}/tasks")).await.unwrap().ino;
    let mut seen = std::collections::HashSet::new();
    for name in names(&mount, tasks).await.into_iter().skip(2) {
        let task = mount.vfs.lookup(tasks, OsStr::new(&name), me()).await.unwrap().ino;
        let again = mount.vfs.lookup(tasks, OsStr::new(&name), me()).await.unwrap().ino;
        let file = mount.vfs.lookup(task, OsStr::new("date.json"), me()).await.unwrap().ino;
        assert_eq!(task, again);
        assert!(seen.insert(task) && seen.insert(file));
        mount.vfs.forget(task, 1);
        mount.vfs.getattr(task, me()).await.unwrap();
        mount.vfs.forget(task, 1);
        mount.vfs.forget(file, 1);
    }
    assert_eq!(seen.len(), 20_000);
    for ino in seen {
        assert_eq!(kind(mount.vfs.getattr(ino, me()).await), Kind::NotFound);
    }
}
