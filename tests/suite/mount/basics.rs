//! A mount as a whole: what files are like, and what is refused and why.

use std::{
    collections::HashSet,
    fs::{self, File, OpenOptions},
    io::{Read, Seek, SeekFrom, Write},
    os::{
        fd::AsRawFd,
        unix::fs::{MetadataExt, PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
};

use taskadefs::server::Fault;

use crate::support::mount::{Mounted, attribute, said, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";

/// Writes a file and closes it, telling what `close(2)` says, which `File` does not.
fn write_and_close(path: &Path, bytes: &[u8]) -> Result<(), i32> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(path).unwrap();
    file.write_all(bytes).unwrap();
    let fd = std::os::fd::IntoRawFd::into_raw_fd(file);
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(fd) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error().raw_os_error().unwrap()),
    }
}

#[test]
fn sizes_are_true_and_inodes_and_times_stay() {
    let mounted = Mounted::of(TASKS);
    let before = fs::metadata(mounted.file()).unwrap();
    let text = mounted.text();
    assert_eq!(before.len(), text.len() as u64);
    assert_eq!(mounted.ok("wc -c < Plan.md").trim(), text.len().to_string());
    assert_eq!(mounted.ok("tail -c 12 Plan.md"), text[text.len() - 12..]);
    assert_eq!(mounted.ok("tar -cf - Plan.md | tar -xOf -"), text);
    mounted.ok("cp Plan.md $HOME/p; cp $HOME/p Plan.md");
    let after = fs::metadata(mounted.file()).unwrap();
    assert_eq!((before.ino(), before.len()), (after.ino(), after.len()));
    assert_eq!(before.mtime_nsec(), after.mtime_nsec(), "an unchanged save moves no time");
    write_and_close(&mounted.file(), b"* one\n").unwrap();
    let canonical = fs::metadata(mounted.file()).unwrap();
    assert_eq!(mounted.text(), "- one\n");
    assert_eq!(canonical.len(), 6, "the size right after close is that of what is read");
    assert!(canonical.modified().unwrap() > before.modified().unwrap());
    mounted.end();
    mounted.begin();
    assert_eq!(fs::metadata(mounted.file()).unwrap().ino(), before.ino());
}

#[test]
fn reads_go_through_every_way_that_programs_have() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    let mut file = File::open(mounted.file()).unwrap();
    file.seek(SeekFrom::End(-6)).unwrap();
    let mut end = String::new();
    file.read_to_string(&mut end).unwrap();
    assert_eq!(end, "three\n");
    // SAFETY: a private, read-only mapping of an open file.
    let map = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            text.len(),
            libc::PROT_READ,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    assert_ne!(map, libc::MAP_FAILED);
    // SAFETY: the mapping has this length and is not changed meanwhile.
    let mapped = unsafe { std::slice::from_raw_parts(map.cast::<u8>(), text.len()) };
    assert_eq!(mapped, text.as_bytes());
    // SAFETY: the mapping is given up once.
    unsafe { libc::munmap(map, text.len()) };
    // SAFETY: the descriptor is open.
    assert_eq!(unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) }, 0);
    assert_eq!(mounted.ok("stat -f -c %l Plan.md").trim(), "255");
    assert_eq!(mounted.ok("grep -rn two .").trim(), "./Plan.md:3:- [ ] two");
}

#[test]
fn scratch_is_kept_and_never_sent() {
    let mounted = Mounted::of(TASKS);
    let acme = mounted.acme();
    symlink("user@host.1", acme.join(".#Plan.md")).unwrap();
    assert_eq!(fs::read_link(acme.join(".#Plan.md")).unwrap(), Path::new("user@host.1"));
    for name in [".Plan.md.swp", "4913", "Plan.md~", "#Plan.md#", "sedAbC", ".hidden.md"] {
        fs::write(acme.join(name), "scratch\0 may hold anything").unwrap();
    }
    fs::set_permissions(acme.join("4913"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(fs::metadata(acme.join("4913")).unwrap().mode() & 0o777, 0o600);
    fs::hard_link(acme.join("4913"), acme.join("4914")).unwrap();
    fs::create_dir(acme.join(".git")).unwrap();
    fs::write(acme.join(".git/inside.md"), "no project").unwrap();
    fs::rename(acme.join(".git"), acme.join(".git2")).unwrap();
    assert_eq!(fs::read_to_string(acme.join(".git2/inside.md")).unwrap(), "no project");
    // Removed but open files live on.
    let mut open = OpenOptions::new().read(true).write(true).open(acme.join("sedAbC")).unwrap();
    fs::remove_file(acme.join("sedAbC")).unwrap();
    open.write_all(b"still").unwrap();
    assert_eq!(open.metadata().unwrap().len(), 26);
    drop(open);
    mounted.end();
    mounted.begin();
    let names = mounted.ok("ls -A");
    assert_eq!(
        names,
        "#Plan.md#\n.#Plan.md\n.Plan.md.swp\n.git2\n.hidden.md\n4913\n4914\nPlan.md\nPlan.md~\n"
    );
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert!(mounted.sh("mkdir Folder").status.code() == Some(1));
    assert!(said(&mounted.sh("mkdir Folder")).contains("not permitted"));
}

#[test]
fn a_new_file_is_a_project_and_removing_it_archives() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("touch New.md");
    assert_eq!(mounted.writes(&[]), [""; 0]);
    mounted.ok("printf -- '- [ ] a\\n  - [x] b\\n' > New.md");
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(writes[0].starts_with("POST /projects {\"content\":\"# New\\n\\n- a\\n  - b\\n\""));
    assert!(writes[1].starts_with("POST ") && writes[1].ends_with("/complete"));
    let (id, _) = mounted.server().store().find_projects("New").unwrap().remove(0);
    assert_eq!(mounted.server().store().tree(&id).unwrap(), "a\n  x b\n");
    mounted.ok("rm New.md");
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
    mounted.end();
    assert_eq!(mounted.writes(&[]), [format!("POST /projects/{id}/complete")]);
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "Plan.md\n");
}

#[test]
fn removing_and_writing_again_is_one_save() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.ok("cp Plan.md $HOME/p && rm Plan.md && sed 's/two/2/' $HOME/p > Plan.md");
    let put = r#"PUT /tasks/t3 {"content":"2","contentType":"text/plain"}"#;
    mounted.end();
    assert_eq!(mounted.writes(&ids), [put]);
}

#[test]
fn what_cannot_be_a_project_is_refused_on_close_and_kept() {
    let mounted = Mounted::of(TASKS);
    for (bytes, line) in [
        (&b"- a\n```\ncode\n```\n"[..], "line 2"),
        (b"- a\0\n", "line 1"),
        (b"- a\n- \xff\n", "line 2"),
        (b"| a |\n|---|\n| b |\n", "line 1"),
    ] {
        assert_eq!(write_and_close(&mounted.file(), bytes), Err(libc::EINVAL));
        assert_eq!(fs::read(mounted.file()).unwrap(), bytes);
        assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("rejected"));
        let reason = attribute(&mounted.file(), "user.taskade.error").unwrap();
        assert!(reason.contains(line), "{reason}");
    }
    let mut file = OpenOptions::new().write(true).truncate(true).open(mounted.file()).unwrap();
    file.write_all(b"<div>\n</div>\n").unwrap();
    assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(libc::EIO));
    drop(file);
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
    // What was there before it settles nothing: an editor puts its backup back like this.
    let before = b"- [ ] one\n  - [ ] one.a\n- [ ] two\n- [ ] three\n";
    write_and_close(&mounted.file(), before).unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("rejected"));
    assert_eq!(mounted.writes(&[]), [""; 0], "it is what it was before");
    let mended = b"- [ ] one\n  - [ ] one.a\n- [ ] two\n- [ ] 3\n";
    write_and_close(&mounted.file(), mended).unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("clean"));
    assert_eq!(mounted.writes(&[]).len(), 1);
}

#[test]
fn a_refusal_has_the_errno_that_says_why() {
    for (status, errno) in [
        (401, libc::EACCES),
        (403, libc::EACCES),
        (402, libc::EDQUOT),
        (404, libc::ENOENT),
        (400, libc::EIO),
        (413, libc::EIO),
    ] {
        let mounted = Mounted::of(TASKS);
        let text = mounted.text().replace("two", "2");
        mounted.server().faults().plan(Some("PUT"), "", 0, 9, Fault::Status(status, None));
        assert_eq!(write_and_close(&mounted.file(), text.as_bytes()), Err(errno), "{status}");
        assert_eq!(mounted.text(), text, "the text is kept");
        assert_eq!(mounted.tree(), "one\n  one.a\ntwo\nthree\n");
        let reason = attribute(&mounted.file(), "user.taskade.error").unwrap();
        assert!(reason.contains(&status.to_string()), "{reason}");
        mounted.server().faults().clear();
        write_and_close(&mounted.file(), text.as_bytes()).unwrap();
        assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
    }
}

#[test]
fn a_save_that_taskade_does_not_answer_is_kept_and_goes_on() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0.2"]);
    let text = mounted.text().replace("two", "2");
    mounted.server().faults().plan(Some("PUT"), "", 0, 1, Fault::Hang);
    write_and_close(&mounted.file(), text.as_bytes()).unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("pending"));
    assert_eq!(mounted.text(), text);
    // Nothing else is held up meanwhile.
    mounted.ok("ls; echo x > .scratch; printf -- '- [ ] n\\n' > New.md");
    mounted.server().faults().release();
    until("the save", || {
        attribute(&mounted.file(), "user.taskade.state").as_deref() == Some("clean")
    });
    assert_eq!(mounted.tree(), "one\n  one.a\n2\nthree\n");
}

#[test]
fn an_accident_with_a_redirect_is_refused() {
    let tasks: String = (0..50).map(|n| format!("task {n}\n")).collect();
    let mounted = Mounted::of(&tasks);
    assert_eq!(write_and_close(&mounted.file(), b"oops\n"), Err(libc::EPERM));
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), tasks);
}

#[test]
fn a_read_only_mount_refuses_every_change() {
    let mounted = Mounted::with(TASKS, &["--read-only"]);
    assert_eq!(mounted.text().lines().count(), 4);
    for script in ["echo x >> Plan.md", "touch New.md", "rm Plan.md", "mv Plan.md P", "touch .x"] {
        assert!(said(&mounted.sh(script)).contains("Read-only file system"), "{script}");
    }
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn listing_survives_entries_that_come_and_go() {
    let mounted = Mounted::of(TASKS);
    for n in 0..300 {
        fs::write(mounted.acme().join(format!(".scratch{n}")), "").unwrap();
    }
    let mut seen = HashSet::new();
    for (n, entry) in fs::read_dir(mounted.acme()).unwrap().enumerate() {
        assert!(seen.insert(entry.unwrap().file_name()), "an entry was listed twice");
        let _ = fs::remove_file(mounted.acme().join(format!(".scratch{n}")));
        fs::write(mounted.acme().join(format!(".new{n}")), "").unwrap();
    }
    assert_eq!(seen.len(), 301);
}

#[test]
fn hostile_names_list_read_and_survive_an_edit() {
    let mounted = Mounted::of(TASKS);
    taskadefs::server::fill_with_hostile_names(mounted.server().store()).unwrap();
    mounted.end();
    mounted.begin();
    let dir = mounted.root.join("Hostile／Names");
    // The mount before had looked at the workspaces: what it knew is served first.
    until("the new workspace is listed", || dir.is_dir());
    let list = |dir: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
        entries.filter(|path| path.is_file()).collect()
    };
    let files = list(&dir);
    assert_eq!(files.len(), 45);
    assert_eq!(files.iter().collect::<HashSet<_>>().len(), 45);
    for file in &files {
        assert_eq!(file.parent().unwrap(), dir);
        assert_eq!(fs::read_to_string(file).unwrap(), "- [ ] a task\n", "{file:?}");
        write_and_close(file, b"- [ ] a better task\n").unwrap();
        assert_eq!(fs::read_to_string(file).unwrap(), "- [ ] a better task\n", "{file:?}");
    }
    assert_eq!(mounted.server().log().writes().len(), 45);
    mounted.end();
    mounted.begin();
    assert_eq!(list(&dir).len(), 45);
    assert_eq!(list(&dir).into_iter().collect::<HashSet<_>>(), files.into_iter().collect());
    let outside: Vec<_> =
        fs::read_dir(mounted.dir.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(outside.len(), 3, "store, state and mnt, and nothing else: {outside:?}");
}

#[test]
fn a_project_of_ten_thousand_tasks_is_edited_in_bounded_memory() {
    let tasks: String = (0..10_000).map(|n| format!("task number {n}\n")).collect();
    let mounted = Mounted::of(&tasks);
    let ids = mounted.ids();
    let text = mounted.text().replace("number 5000\n", "number five thousand\n");
    let reads = mounted.server().log().requests();
    let pages = reads.iter().filter(|read| read.path.ends_with("/tasks")).count();
    assert_eq!(pages, 11, "10,001 tasks with the title");
    write_and_close(&mounted.file(), text.as_bytes()).unwrap();
    let writes = mounted.writes(&ids[5000..5001]);
    assert_eq!(
        writes,
        [r#"PUT /tasks/t1 {"content":"task number five thousand","contentType":"text/plain"}"#]
    );
    let status = fs::read_to_string(format!("/proc/{}/status", mounted.pid().unwrap())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 150 * 1024, "{peak} kB");
}
