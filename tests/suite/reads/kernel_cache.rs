//! What the kernel keeps, on real mounts: nothing that it has is asked for again, and nothing that
//! it has outlives a change.

use std::{
    fs,
    io::Read,
    os::fd::AsRawFd,
    path::Path,
    process::{Command, Stdio},
    sync::atomic::{AtomicU8, Ordering},
    time::{Duration, Instant},
};

use taskadefs::{
    ids::{ProjectId, SpaceId},
    server::{Exports, Fault, Quirks},
};

use crate::support::mount::{Mounted, until};

/// How many reads the kernel could not answer itself.
fn reads(mounted: &Mounted) -> u64 {
    let status = fs::read(mounted.root.join(".taskade/status.json")).unwrap();
    let status: serde_json::Value = serde_json::from_slice(&status).unwrap();
    status["reads"].as_u64().unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A mount of a workspace with 50 projects beside `Plan`, and what seeding it gave.
fn of_fifty(flags: &[&str]) -> (Mounted, SpaceId, ProjectId) {
    of_fifty_on(Quirks::default(), flags)
}

fn of_fifty_on(quirks: Quirks, flags: &[&str]) -> (Mounted, SpaceId, ProjectId) {
    let mut seeded = None;
    let mounted = Mounted::on(quirks, "one\ntwo", flags, |store, workspace| {
        let projects: Vec<(String, String)> =
            (0..50).map(|number| (format!("P{number}"), "hay\nneedle".to_owned())).collect();
        store.add_projects(workspace, &projects).unwrap();
        let old = store.add_project(workspace, "Old", "needle").unwrap();
        seeded = Some((workspace.clone(), old));
    });
    let (workspace, old) = seeded.unwrap();
    (mounted, workspace, old)
}

#[test]
fn a_warm_search_asks_for_no_content() {
    let (mounted, ..) = of_fifty(&["--log", "taskadefs=debug"]);
    let search = "rg --no-ignore --count-matches needle . | wc -l";
    assert_eq!(mounted.ok(search).trim(), "51");
    assert!(reads(&mounted) >= 51);
    // A kernel that wants memory takes back pages whenever it likes, which nobody is told of; what
    // is locked in memory it leaves.
    let pages = pinned(&mounted.acme());
    assert_eq!(pages.len(), 52);
    let (read, dropped) = (reads(&mounted), drops(&mounted));
    assert_eq!(mounted.ok(search).trim(), "51");
    assert_eq!(mounted.ok("cat *.md | grep -c needle").trim(), "51");
    assert_eq!(reads(&mounted), read);
    // Locked or not, the kernel was left all that it had.
    assert_eq!(drops(&mounted), dropped);
    // One that has changed is asked for again, and no other.
    mounted.ok("sed -i s/needle/thread/ P7.md");
    let saved = reads(&mounted);
    assert!(saved <= read + 1, "{read} {saved}");
    assert_eq!(mounted.ok(search).trim(), "50");
    // The kernel hears of the save in its own time: what was read until then is read once more.
    until("a search that asks for nothing", || {
        let before = reads(&mounted);
        assert_eq!(mounted.ok(search).trim(), "50");
        reads(&mounted) == before
    });
    let searched = reads(&mounted);
    assert!((saved + 1..=saved + 2).contains(&searched), "{saved} {searched}");
    drop(pages);
    mounted.end();
}

/// All files of a directory, mapped and locked in memory.
fn pinned(dir: &Path) -> Vec<Mapped> {
    let files = names(dir).into_iter().map(|name| fs::File::open(dir.join(name)).unwrap());
    let pinned = |file: fs::File| {
        let length = usize::try_from(file.metadata().unwrap().len()).unwrap();
        let mapped = Mapped::of(&file, length);
        mapped.lock();
        mapped
    };
    files.map(pinned).collect()
}

/// How often the kernel was made to drop something.
fn drops(mounted: &Mounted) -> usize {
    let log = fs::read_to_string(mounted.dir.path().join("state/log")).unwrap();
    log.lines().filter(|line| line.contains("the kernel drops")).count()
}

#[test]
fn a_listing_that_the_kernel_has_is_right_after_every_change() {
    let (mounted, workspace, old) = of_fifty(&["--max-age", "0.2"]);
    let acme = mounted.acme();
    let before = names(&acme);
    assert_eq!(names(&acme), before);
    let with = |names: &[&str]| {
        let mut all = before.clone();
        all.extend(names.iter().map(|name| (*name).to_owned()));
        all.sort();
        all
    };
    // Through the kernel,
    fs::write(acme.join("note.txt"), "scratch").unwrap();
    assert_eq!(names(&acme), with(&["note.txt"]));
    fs::create_dir(acme.join(".git")).unwrap();
    fs::rename(acme.join("note.txt"), acme.join(".git/note")).unwrap();
    assert_eq!(names(&acme), with(&[".git"]));
    assert_eq!(names(&acme.join(".git")), ["note"]);
    fs::write(acme.join("New.md"), "- [ ] n\n").unwrap();
    assert_eq!(names(&acme), with(&[".git", "New.md"]));
    fs::remove_file(acme.join("New.md")).unwrap();
    assert_eq!(names(&acme), with(&[".git"]));
    // and behind it.
    let open = fs::read_dir(&acme).unwrap();
    mounted.server().store().add_project(&workspace, "Theirs", "x").unwrap();
    until("the new name", || names(&acme) == with(&[".git", "Theirs.md"]));
    assert_eq!(open.count(), before.len() + 1, "as it was when it was opened");
    assert!(fs::metadata(acme.join("Old.md")).is_ok());
    mounted.server().store().archive_elsewhere(&old).unwrap();
    until("the end of the old name", || !names(&acme).contains(&"Old.md".to_owned()));
    // The name is told to the kernel after the listing, by a task of its own.
    until("the end of the entry", || fs::metadata(acme.join("Old.md")).is_err());
    mounted.end();
}

#[test]
fn undoing_is_seen_at_once_though_what_it_undoes_is_believed_for_long() {
    let (mounted, ..) = of_fifty(&["--max-age", "3600"]);
    mounted.ok("sed -i s/one/1/ Plan.md && grep -q 1 Plan.md && ls -l > /dev/null");
    mounted.ok("echo '- [ ] n' > New.md && ls -l New.md && cat New.md && sync New.md");
    let undo = |path: &str| {
        let output = crate::support::mount::run(
            Command::new(crate::support::mount::PROGRAM).arg("undo").arg(mounted.acme().join(path)),
        );
        assert!(output.status.success(), "{}", crate::support::mount::said(&output));
    };
    undo("Plan.md");
    until("the old text", || mounted.text() == "- [ ] one\n- [ ] two\n");
    assert_eq!(fs::metadata(mounted.file()).unwrap().len(), 20);
    undo("New.md");
    until("the end of the name", || fs::metadata(mounted.acme().join("New.md")).is_err());
    assert!(!names(&mounted.acme()).contains(&"New.md".to_owned()));
    mounted.end();
}

#[test]
fn a_name_that_goes_holds_nobody_up_while_another_is_looked_up() {
    let quirks = Quirks { exports: Exports::Refused, ..Quirks::default() };
    let (mounted, _, old) = of_fifty_on(quirks, &["--max-age", "0.2"]);
    let acme = mounted.acme();
    mounted.ok("ls > /dev/null && cat Old.md P1.md > /dev/null");
    let hangs = format!("/projects/{}/tasks", mounted.project);
    mounted.server().faults().plan(None, &hangs, 0, 100, Fault::Hang);
    let mut waits = Command::new("timeout");
    let mut waits =
        waits.args(["60", "cat"]).arg(mounted.file()).stdout(Stdio::null()).spawn().unwrap();
    mounted.server().store().archive_elsewhere(&old).unwrap();
    until("the end of the old name", || !names(&acme).contains(&"Old.md".to_owned()));
    let begun = Instant::now();
    for _ in 0..20 {
        assert!(mounted.ok("cat P1.md && ls -l P2.md").contains("needle"));
    }
    // Told of only later, the name is believed no longer than any is.
    until("the end of what was believed", || fs::metadata(acme.join("Old.md")).is_err());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert!(waits.try_wait().unwrap().is_none(), "the other still waits");
    mounted.server().faults().clear();
    assert!(waits.wait().unwrap().success());
    mounted.end();
}

/// A file as the memory of this process.
struct Mapped {
    start: *mut libc::c_void,
    length: usize,
}

impl Mapped {
    fn of(file: &fs::File, length: usize) -> Self {
        Self::with(file, length, libc::PROT_READ)
    }

    fn with(file: &fs::File, length: usize, protection: libc::c_int) -> Self {
        // SAFETY: a new mapping of a file that is open; failure is checked.
        let start = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                length,
                protection,
                libc::MAP_SHARED,
                file.as_raw_fd(),
                0,
            )
        };
        assert_ne!(start, libc::MAP_FAILED, "{}", std::io::Error::last_os_error());
        Self { start, length }
    }

    /// Keeps its pages in memory, reading those that are not there.
    fn lock(&self) {
        // SAFETY: the mapping is that long.
        let locked = unsafe { libc::mlock(self.start, self.length) };
        assert_eq!(locked, 0, "{}", std::io::Error::last_os_error());
    }

    /// The bytes now: the kernel changes them.
    fn bytes(&self) -> Vec<u8> {
        self.memory().iter().map(|byte| byte.load(Ordering::Relaxed)).collect()
    }

    fn memory(&self) -> &[AtomicU8] {
        // SAFETY: the mapping is that long and lives as long as this, and a byte is an atomic.
        unsafe { std::slice::from_raw_parts(self.start.cast::<AtomicU8>(), self.length) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping is this one's, and nobody has it any more.
        unsafe { libc::munmap(self.start, self.length) };
    }
}

#[test]
fn a_mapping_goes_on_with_the_text_that_it_began_with() {
    let mounted = Mounted::with("one\ntwo", &["--max-age", "0.2"]);
    let mut file = fs::File::open(mounted.file()).unwrap();
    let mapped = Mapped::of(&file, 20);
    assert_eq!(mapped.bytes(), b"- [ ] one\n- [ ] two\n");
    let tasks = mounted.server().store().task_ids(&mounted.project).unwrap();
    mounted.server().store().edit_elsewhere(&mounted.project, &tasks[0], "ONE").unwrap();
    // Somebody must look for it to be asked for again.
    until("the change", || mounted.text() == "- [ ] ONE\n- [ ] two\n");
    let later = Mapped::of(&fs::File::open(mounted.file()).unwrap(), 20);
    mounted.server().store().add_elsewhere(&mounted.project, "three").unwrap();
    until("the growth", || fs::metadata(mounted.file()).unwrap().len() == 32);
    let text = "- [ ] ONE\n- [ ] two\n- [ ] three\n";
    assert_eq!(mounted.text(), text);
    assert_eq!(Mapped::of(&fs::File::open(mounted.file()).unwrap(), 32).bytes(), text.as_bytes());
    // Cut off by another program, which would be the end of who reads a mapping.
    mounted.ok("printf -- '- [ ] 1\\n' > Plan.md");
    until("the save", || mounted.text() == "- [ ] 1\n");
    assert_eq!(later.bytes(), b"- [ ] ONE\n- [ ] two\n");
    assert_eq!(mapped.bytes(), b"- [ ] one\n- [ ] two\n");
    let mut read = String::new();
    file.read_to_string(&mut read).unwrap();
    assert_eq!(read, "- [ ] one\n- [ ] two\n");
    drop((later, mapped, file));
    mounted.end();
    assert_eq!(mounted.tree(), "1\n");
}

#[test]
fn what_is_written_to_a_mapping_is_saved_when_the_file_is_closed() {
    let mounted = Mounted::of("one\ntwo");
    let ids = mounted.ids();
    let file = fs::File::options().read(true).write(true).open(mounted.file()).unwrap();
    let mapped = Mapped::with(&file, 20, libc::PROT_READ | libc::PROT_WRITE);
    for (byte, new) in mapped.memory()[6..9].iter().zip(b"ONE") {
        byte.store(*new, Ordering::Relaxed);
    }
    // SAFETY: the mapping is that long.
    assert_eq!(unsafe { libc::msync(mapped.start, mapped.length, libc::MS_SYNC) }, 0);
    drop(mapped);
    drop(file);
    until("the save", || mounted.tree() == "ONE\ntwo\n");
    assert_eq!(mounted.writes(&ids).len(), 1);
    assert_eq!(mounted.text(), "- [ ] ONE\n- [ ] two\n");
    mounted.end();
}
