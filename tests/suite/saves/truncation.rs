//! Files that a program has emptied and not written to since, on real mounts: whose the emptiness
//! is, and what becomes of it when something else happens to the file.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    process::{Child, Command},
};

use crate::support::{
    harness::{APPEND, Mount, TRUNCATE, me, pass},
    mount::{Mounted, attribute, said, until},
};

const TASKS: &str = "one\n  one.a\ntwo\nthree";
const TREE: &str = "one\n  one.a\ntwo\nthree\n";
const TEXT: &str = "- [ ] one\n  - [ ] one.a\n- [ ] two\n- [ ] three\n";

/// A mount whose `Plan.md` was read.
fn of(tasks: &str) -> Mounted {
    let mounted = Mounted::of(tasks);
    mounted.text();
    mounted
}

/// That many tasks, and the text of them.
fn many(count: usize) -> (String, String) {
    let tasks: String = (0..count).map(|number| format!("task {number}\n")).collect();
    let text = tasks.lines().map(|line| format!("- [ ] {line}\n")).collect();
    (tasks, text)
}

fn has(mounted: &Mounted, tree: &str) {
    until("the tree", || mounted.tree() == tree);
    mounted.end();
    assert_eq!(mounted.tree(), tree, "nothing was left to be done");
}

#[test]
fn an_append_between_the_emptying_and_the_first_write_adds_to_what_stands() {
    for count in [5, 18, 50] {
        let (tasks, text) = many(count);
        let mounted = of(&tasks);
        let seen = mounted.ok("exec 3> Plan.md; bash -c \"echo '- [ ] theirs' >> Plan.md\"; \
                               cat Plan.md; bash -c 'wc -c < Plan.md'; exit");
        let wanted = format!("{text}- [ ] theirs\n");
        assert_eq!(seen, format!("{wanted}{}\n", wanted.len()));
        assert_eq!(mounted.tree(), format!("{tasks}theirs\n"));
        // The first one never wrote: it empties what it had, in the end, if that is not too much.
        let rest = if count > 20 { format!("{tasks}theirs\n") } else { "theirs\n".to_owned() };
        has(&mounted, &rest);
    }
}

#[test]
fn what_others_add_before_the_first_write_is_no_part_of_what_is_written_over() {
    let mounted = of(TASKS);
    mounted.ok("exec 3> Plan.md; bash -c \"echo '- [ ] theirs' >> Plan.md\"; \
                printf -- '- [ ] one\\n- [ ] mine\\n' >&3; exec 3>&-");
    has(&mounted, "one\nmine\ntheirs\n");
}

#[test]
fn an_append_within_the_grace_stays_when_the_rest_is_deleted() {
    let mounted = of(TASKS);
    mounted.ok("bash -c ': > Plan.md'; bash -c \"echo '- [ ] new' >> Plan.md\"");
    has(&mounted, "new\n");
}

#[test]
fn an_edit_by_another_program_within_the_grace_is_of_what_stands() {
    let mounted = of(TASKS);
    // In place, as `rsync --inplace` does: nothing is emptied.
    mounted.ok("bash -c ': > Plan.md'; cp Plan.md .seen; \
                printf -- '- [x] one' | dd of=Plan.md conv=notrunc status=none");
    let seen = fs::read_to_string(mounted.acme().join(".seen")).unwrap();
    assert_eq!(seen, TEXT, "another program reads what stands");
    // Edited by others meanwhile, it is kept.
    until("the rest", || !mounted.tree().contains("three"));
    has(&mounted, "x one\n");
}

#[test]
fn one_process_goes_on_with_the_file_that_it_has_emptied() {
    let mounted = of(TASKS);
    mounted.ok(": > Plan.md; [ ! -s Plan.md ] || exit 1; echo '- [ ] a' >> Plan.md; \
                echo '- [ ] b' >> Plan.md");
    has(&mounted, "a\nb\n");
}

#[test]
fn a_text_that_is_renamed_over_what_was_emptied_takes_its_place() {
    for empty in [": > Plan.md", "truncate -s 0 Plan.md", "cp /dev/null Plan.md"] {
        let mounted = of(TASKS);
        let ids = mounted.ids();
        let script =
            format!("cp Plan.md .tmp && sed -i s/two/2/ .tmp && {empty} && mv .tmp Plan.md");
        mounted.ok(&script);
        mounted.end();
        assert_eq!(mounted.tree(), TREE.replace("two", "2"), "{empty}");
        assert!(mounted.writes(&ids).iter().all(|write| !write.contains("DELETE")), "{empty}");
    }
}

#[test]
fn a_whole_text_by_anyone_takes_the_place_of_what_was_emptied() {
    for save in [
        "cat .tmp > Plan.md",
        "cp .tmp Plan.md",
        "tee Plan.md < .tmp",
        "rm Plan.md && cp .tmp Plan.md",
        "python3 -c 'open(\"Plan.md\", \"w\").write(open(\".tmp\").read())'",
    ] {
        let mounted = of(TASKS);
        mounted.ok("cp Plan.md .tmp && sed -i s/two/2/ .tmp");
        fs::write(mounted.acme().join(".save"), save).unwrap();
        // Closed, and still open without ever being written to.
        mounted.ok("bash -c ': > Plan.md'; exec 3> Plan.md; bash .save; exec 3>&-");
        has(&mounted, &TREE.replace("two", "2"));
    }
}

#[test]
fn what_was_emptied_and_then_renamed_is_empty_under_its_new_name() {
    let mounted = of(TASKS);
    mounted.ok(": > Plan.md; mv Plan.md Next.md");
    until("the emptiness", || mounted.tree().is_empty());
    until("the name", || fs::metadata(mounted.acme().join("Next.md")).is_ok());
    assert_eq!(fs::read_to_string(mounted.acme().join("Next.md")).unwrap(), "");
    assert!(fs::metadata(mounted.file()).is_err());
    mounted.end();
    assert_eq!(mounted.tree(), "");
}

#[test]
fn what_was_emptied_and_then_removed_is_removed_as_it_was() {
    let mounted = of(TASKS);
    let ids = mounted.ids();
    mounted.ok(": > Plan.md; rm Plan.md");
    mounted.end();
    assert_eq!(mounted.tree(), TREE);
    assert_eq!(mounted.writes(&ids).len(), 1, "archived, and nothing deleted");
}

#[test]
fn what_was_emptied_is_saved_when_the_mount_ends() {
    let mounted = of(TASKS);
    mounted.ok(": > Plan.md");
    mounted.end();
    assert_eq!(mounted.tree(), "");
}

#[test]
fn everybody_else_sees_the_text_that_stands() {
    let mounted = of(TASKS);
    // The shell would become its last command.
    let script = ": > Plan.md; stat -c %s Plan.md; wc -c < Plan.md; cat Plan.md; exit";
    let shown = mounted.ok(script);
    let size = TEXT.len();
    let wanted = format!("{size}\n{size}\n{TEXT}");
    assert_eq!(shown, wanted);
    let file = fs::File::options().write(true).truncate(true).open(mounted.file()).unwrap();
    assert_eq!(file.metadata().unwrap().size(), 0, "its own");
    drop(file);
    mounted.end();
}

#[test]
fn a_refusal_that_is_certain_is_told_to_who_empties_on_purpose_and_breaks_no_redirect() {
    let (tasks, text) = many(50);
    for empty in ["truncate -s 0 Plan.md", "dd if=/dev/null of=Plan.md conv=fsync status=none"] {
        let mounted = of(&tasks);
        let output = mounted.sh(empty);
        assert!(!output.status.success(), "{empty}: {}", said(&output));
        assert!(said(&output).contains("Operation not permitted"), "{empty}: {}", said(&output));
        assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("rejected"));
        mounted.end();
        assert_eq!(mounted.tree(), tasks, "{empty}");
    }
    for redirect in [
        "{ /bin/true; sleep 0.1; cat .tmp; /bin/true; } > Plan.md",
        "bash -c 'exec cat .tmp' > Plan.md",
        "python3 -c 'import subprocess as s\nf = open(\"Plan.md\", \"w\")\n\
         p = s.Popen([\"sh\", \"-c\", \"sleep 0.1; cat .tmp\"], stdout=f)\nf.close()\np.wait()'",
        "emacs -Q --batch --eval '(progn (find-file \"Plan.md\") (while (re-search-forward \
         \"task 7$\" nil t) (replace-match \"task seven\")) (save-buffer))'",
        "cp .tmp Plan.md",
    ] {
        let mounted = of(&tasks);
        fs::write(mounted.acme().join(".tmp"), text.replace("task 7\n", "task seven\n")).unwrap();
        mounted.ok(redirect);
        let wanted = tasks.replace("task 7\n", "task seven\n");
        until(redirect, || mounted.tree() == wanted);
        mounted.end();
        assert_eq!(mounted.tree(), wanted, "{redirect}");
    }
}

#[test]
fn a_refusal_that_nobody_could_be_told_of_is_kept_where_it_can_be_seen() {
    let (tasks, _) = many(50);
    let mounted = of(&tasks);
    mounted.ok(": > Plan.md");
    let state = || attribute(&mounted.file(), "user.taskade.state");
    until("the refusal", || state().as_deref() == Some("rejected"));
    let error = attribute(&mounted.file(), "user.taskade.error").unwrap();
    assert!(error.contains("would delete 50 of 50 tasks"), "{error}");
    assert!(mounted.ok("cat ../.taskade/status.json").contains("would delete 50 of 50"));
    assert_eq!(fs::read_dir(mounted.root.join(".taskade/rejected")).unwrap().count(), 2);
    mounted.end();
    assert_eq!(mounted.tree(), tasks);
}

/// Another process than this one, as long as this lives.
struct Other(Child);

impl Other {
    fn new() -> Self {
        Self(Command::new("sleep").arg("600").spawn().unwrap())
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn offline_too_what_is_added_after_an_emptying_stays_and_the_rest_goes() {
    let (mount, other) = (Mount::of("a\nb").await, Other::new());
    let text = mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    mount.memory.set_offline(true);
    // On a save that waits.
    mount.overwrite("Plan.md", text.replace("] b", "] B").as_bytes()).await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    let appends = mount.vfs.open(ino, APPEND, other.0.id()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    mount.vfs.write(appends.fh, 0, b"- [ ] c\n").await.unwrap();
    mount.vfs.flush(appends.fh, other.0.id()).await.unwrap();
    mount.vfs.release(appends.fh).await.unwrap();
    pass(10).await;
    mount.memory.set_offline(false);
    pass(120).await;
    assert_eq!(mount.memory.tree("plan"), "c\n");
}

#[tokio::test(start_paused = true)]
async fn two_open_files_of_one_process_come_to_what_they_do_on_any_file_system() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    let ino = mount.ino("Plan.md").await.unwrap();
    let first = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap().fh;
    let second = mount.vfs.open(ino, APPEND, me()).await.unwrap().fh;
    mount.vfs.write(second, 0, b"- [ ] a\n").await.unwrap();
    mount.vfs.flush(second, me()).await.unwrap();
    assert_eq!(mount.memory.tree("plan"), "a\n");
    mount.vfs.write(first, 0, b"- [ ] c\n").await.unwrap();
    mount.vfs.flush(first, me()).await.unwrap();
    for fh in [first, second] {
        mount.vfs.release(fh).await.unwrap();
    }
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "c\n");
}

#[tokio::test(start_paused = true)]
async fn what_is_emptied_after_a_refusal_is_emptied_and_the_refused_text_with_it() {
    let mount = Mount::of("a\nb").await;
    mount.read("Plan.md").await;
    mount.overwrite("Plan.md", b"- [ ] a\n```\ncode\n```\n").await.unwrap_err();
    let ino = mount.ino("Plan.md").await.unwrap();
    let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
    mount.vfs.flush(opened.fh, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("rejected"));
    pass(10).await;
    assert_eq!(mount.memory.tree("plan"), "");
    assert_eq!(mount.attribute(ino, "user.taskade.state").await.as_deref(), Some("clean"));
}

#[tokio::test(start_paused = true)]
async fn a_mount_that_is_killed_within_the_grace_has_the_text_from_before_and_after_it_none() {
    for (waits, wanted) in [(1, "a\nb\n"), (10, "")] {
        let mut mount = Mount::of("a\nb").await;
        mount.read("Plan.md").await;
        let ino = mount.ino("Plan.md").await.unwrap();
        let opened = mount.vfs.open(ino, TRUNCATE, me()).await.unwrap();
        mount.vfs.flush(opened.fh, me()).await.unwrap();
        mount.vfs.release(opened.fh).await.unwrap();
        pass(waits).await;
        mount.crash().await;
        pass(60).await;
        assert_eq!(mount.memory.tree("plan"), wanted, "after {waits} s");
        let shown = if wanted.is_empty() { "" } else { "- [ ] a\n- [ ] b\n" };
        assert_eq!(mount.read("Plan.md").await, shown, "after {waits} s");
    }
}
