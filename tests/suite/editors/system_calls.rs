//! System calls as programs make them, one pattern a test: what of it is a save, when, and what
//! it comes to.

use std::{
    ffi::CString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::{
        fd::{AsRawFd, IntoRawFd},
        unix::{
            ffi::OsStrExt,
            fs::{FileExt, OpenOptionsExt},
        },
    },
    time::Duration,
};

use crate::support::mount::{Mounted, until};

const TASKS: &str = "one\n  one.a\ntwo\nthree";
const CHANGED: &str = "- [ ] one\n  - [ ] one.a\n- [ ] 2\n- [ ] three\n";

/// The request that changes the text of a task.
fn put(task: &str, text: &str) -> String {
    format!(r#"PUT /tasks/{task} {{"content":"{text}","contentType":"text/plain"}}"#)
}

/// Closes a file and tells what `close(2)` says, which dropping it does not.
fn close(file: File) -> Result<(), i32> {
    let fd = file.into_raw_fd();
    // SAFETY: the descriptor was just taken out of its owner, and is closed once.
    match unsafe { libc::close(fd) } {
        0 => Ok(()),
        _ => Err(errno()),
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap()
}

fn to_write() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

/// What one pattern of calls comes to by the time it has returned, and that nothing follows.
fn comes_to(calls: impl FnOnce(&Mounted), writes: &[String], tree: &str) {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    calls(&mounted);
    assert_eq!(mounted.writes(&ids), writes);
    assert_eq!(mounted.tree(), tree);
    mounted.end();
    assert_eq!(mounted.writes(&ids), [""; 0], "what waited for a grace");
    assert_eq!(mounted.tree(), tree);
}

/// Waits until the service has got this many writes.
fn sent(mounted: &Mounted, count: usize) {
    until("the sending", || mounted.server().log().writes().len() >= count);
}

const TREE: &str = "one\n  one.a\n2\nthree\n";
const UNCHANGED: &str = "one\n  one.a\ntwo\nthree\n";

#[test]
fn opening_for_writing_without_a_write_is_no_save() {
    comes_to(
        |mounted| {
            for options in [to_write(), OpenOptions::new().read(true).write(true).clone()] {
                close(options.open(mounted.file()).unwrap()).unwrap();
            }
            close(OpenOptions::new().append(true).open(mounted.file()).unwrap()).unwrap();
        },
        &[],
        UNCHANGED,
    );
}

#[test]
fn writing_in_small_pieces_is_one_save_at_the_end() {
    comes_to(
        |mounted| {
            let mut file = to_write().truncate(true).open(mounted.file()).unwrap();
            for byte in CHANGED.as_bytes() {
                file.write_all(&[*byte]).unwrap();
            }
            assert_eq!(mounted.server().log().writes().len(), 0, "nothing before the end");
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn writing_in_place_and_cutting_the_rest_is_one_save() {
    comes_to(
        |mounted| {
            let file = to_write().open(mounted.file()).unwrap();
            file.write_all_at(CHANGED.as_bytes(), 0).unwrap();
            file.set_len(CHANGED.len() as u64).unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn truncating_the_open_file_and_writing_is_one_save() {
    comes_to(
        |mounted| {
            let mut file = to_write().open(mounted.file()).unwrap();
            file.set_len(0).unwrap();
            file.write_all(CHANGED.as_bytes()).unwrap();
            file.sync_all().unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn truncating_by_name_cuts_off_tasks() {
    comes_to(
        |mounted| {
            let path = CString::new(mounted.file().as_os_str().as_bytes()).unwrap();
            let kept = "- [ ] one\n  - [ ] one.a\n- [ ] two\n".len();
            // SAFETY: the path is a valid C string.
            let result = unsafe { libc::truncate(path.as_ptr(), kept as libc::off_t) };
            assert_eq!(result, 0, "{}", io::Error::last_os_error());
            assert_eq!(fs::metadata(mounted.file()).unwrap().len(), kept as u64);
        },
        &["DELETE /tasks/t4".to_owned()],
        "one\n  one.a\ntwo\n",
    );
}

#[test]
fn opening_to_truncate_then_opening_again_to_write_is_one_save() {
    comes_to(
        |mounted| {
            close(to_write().truncate(true).open(mounted.file()).unwrap()).unwrap();
            let mut file = to_write().open(mounted.file()).unwrap();
            file.write_all(CHANGED.as_bytes()).unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn emptying_a_file_for_good_is_saved_after_the_grace() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    mounted.ok(": > Plan.md");
    assert_eq!(mounted.writes(&[]), [""; 0], "within the grace it may be a redirect on its way");
    let ids = mounted.ids();
    sent(&mounted, 3);
    let mut writes = mounted.writes(&ids);
    writes.sort();
    // A task takes what is below it along.
    assert_eq!(writes, ["DELETE /tasks/t1", "DELETE /tasks/t3", "DELETE /tasks/t4"]);
    assert_eq!(mounted.tree(), "");
    assert_eq!(mounted.text(), "");
    assert_eq!(fs::metadata(mounted.file()).unwrap().len(), 0);
}

#[test]
fn emptying_with_fsync_and_then_writing_is_one_save() {
    // vim's writefile() syncs what it has emptied before it writes.
    comes_to(
        |mounted| {
            let mut file = to_write().truncate(true).open(mounted.file()).unwrap();
            file.sync_all().unwrap();
            file.write_all(CHANGED.as_bytes()).unwrap();
            file.sync_all().unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn a_redirect_that_takes_its_time_is_still_one_save() {
    comes_to(
        |mounted| {
            // The file is open and empty while the first command runs; every end of a command
            // closes a copy of the descriptor.
            mounted
                .ok("{ true; printf -- '- [ ] one\\n'; /bin/true; printf -- '  - [ ] one.a\\n'; \
                 /bin/echo '- [ ] 2'; (printf -- '- [ ] three\\n'); /bin/true; } > Plan.md");
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn a_descriptor_that_is_duplicated_is_saved_by_every_close_that_has_something_new() {
    comes_to(
        |mounted| {
            let mut file = to_write().truncate(true).open(mounted.file()).unwrap();
            let twin = file.try_clone().unwrap();
            file.write_all(CHANGED.as_bytes()).unwrap();
            close(twin).unwrap();
            assert_eq!(mounted.server().log().writes().len(), 1);
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn every_fsync_of_a_growing_file_is_a_save_of_what_is_new() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let mut file = OpenOptions::new().append(true).open(mounted.file()).unwrap();
    for name in ["four", "five"] {
        writeln!(file, "- [ ] {name}").unwrap();
        file.sync_data().unwrap();
    }
    file.sync_all().unwrap();
    close(file).unwrap();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 2, "{writes:?}");
    assert!(writes.iter().all(|write| write.starts_with("POST /tasks/ ")), "{writes:?}");
    assert_eq!(mounted.tree(), format!("{UNCHANGED}four\nfive\n"));
}

#[test]
fn two_appenders_both_get_their_lines_in() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("for n in 1 2 3 4; do (printf -- '- [ ] left %s\\n' $n >> Plan.md) & \
         (printf -- '- [ ] right %s\\n' $n >> Plan.md) & wait; done");
    let tree = mounted.tree();
    for side in ["left", "right"] {
        for number in 1..=4 {
            let line = format!("{side} {number}");
            assert_eq!(tree.lines().filter(|task| **task == line).count(), 1, "{tree}");
        }
    }
    assert_eq!(tree.lines().count(), 12);
    let adds = mounted.writes(&[]);
    assert!(adds.iter().all(|write| write.starts_with("POST /tasks/ ")), "{adds:?}");
}

#[test]
fn a_reader_keeps_what_it_opened_while_somebody_writes() {
    let mounted = Mounted::of(TASKS);
    let before = mounted.text();
    let mut reader = File::open(mounted.file()).unwrap();
    let mut writer = to_write().truncate(true).open(mounted.file()).unwrap();
    writer.write_all(b"- [ ] half").unwrap();
    assert_eq!(mounted.ok("cat Plan.md"), before, "nobody sees a draft");
    close(writer).unwrap();
    assert_eq!(mounted.ok("cat Plan.md"), "- [ ] half\n");
    let mut seen = String::new();
    reader.seek(SeekFrom::Start(0)).unwrap();
    reader.read_to_string(&mut seen).unwrap();
    assert!(["- [ ] half\n", &before].contains(&seen.as_str()), "no mixture: {seen:?}");
}

#[test]
fn the_writer_reads_its_own_draft() {
    let mounted = Mounted::of(TASKS);
    let mut file = OpenOptions::new().read(true).write(true).open(mounted.file()).unwrap();
    file.set_len(0).unwrap();
    file.write_all(b"- [ ] draft\n").unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "- [ ] draft\n");
    assert_eq!(file.metadata().unwrap().len(), 12, "fstat is true to the draft");
}

#[test]
fn exclusive_creation_of_what_exists_fails_and_of_what_was_removed_is_a_save() {
    comes_to(
        |mounted| {
            let exists = OpenOptions::new().write(true).create_new(true).open(mounted.file());
            assert_eq!(exists.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
            fs::remove_file(mounted.file()).unwrap();
            assert!(!mounted.file().exists(), "removed is gone at once");
            let mut file =
                OpenOptions::new().write(true).create_new(true).open(mounted.file()).unwrap();
            file.write_all(CHANGED.as_bytes()).unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

#[test]
fn a_backup_that_is_put_back_is_as_if_nothing_was() {
    comes_to(
        |mounted| {
            mounted.ok("mv Plan.md Plan.md.orig && mv Plan.md.orig Plan.md");
            mounted.ok("cp -p Plan.md Plan.bak && mv Plan.bak Plan.md");
        },
        &[],
        UNCHANGED,
    );
}

#[test]
fn renaming_away_for_longer_than_the_grace_archives_once() {
    let mounted = Mounted::of(TASKS);
    let text = mounted.text();
    mounted.ok("mv Plan.md Plan.md.away");
    assert!(!mounted.file().exists());
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    assert_eq!(mounted.ok("cat Plan.md.away"), text, "the copy is scratch");
    assert_eq!(mounted.ok("ls"), "Plan.md.away\n");
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn removing_for_longer_than_the_grace_archives_once() {
    let mounted = Mounted::of(TASKS);
    mounted.ok("rm Plan.md");
    assert_eq!(mounted.writes(&[]), [""; 0]);
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&[]), ["POST /complete"]);
    assert!(mounted.server().store().find_projects("Plan").unwrap()[0].1);
    assert!(!mounted.file().exists());
    assert_eq!(mounted.ok("ls"), "");
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn flags_that_mean_nothing_here_do_no_harm() {
    comes_to(
        |mounted| {
            let mut file = to_write()
                .truncate(true)
                .custom_flags(libc::O_SYNC | libc::O_NOFOLLOW | libc::O_NOATIME | libc::O_CLOEXEC)
                .open(mounted.file())
                .unwrap();
            // SAFETY: the descriptor is open; preallocation may be refused, as vim's and rsync's.
            let preallocated = unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, 4096) };
            assert!(preallocated == -1 && errno() == libc::EOPNOTSUPP);
            file.write_all(CHANGED.as_bytes()).unwrap();
            close(file).unwrap();
        },
        &[put("t3", "2")],
        TREE,
    );
}

/// The kernel closes what a program inherited while it begins, and keeps everybody from looking
/// at that process until the file system has answered.
#[test]
fn a_program_that_begins_while_the_file_is_written_is_not_held_up() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    let mut file = to_write().truncate(true).open(mounted.file()).unwrap();
    file.write_all(&CHANGED.as_bytes()[..20]).unwrap();
    let (begun, ended) = std::sync::mpsc::channel();
    // On a thread, since what hangs here would hang without end.
    std::thread::spawn(move || {
        let status = std::process::Command::new("true").status();
        // The test may have given up.
        let _ = begun.send(status.unwrap().success());
    });
    let ended = ended.recv_timeout(Duration::from_secs(20));
    assert_eq!(ended, Ok(true), "a program that was begun meanwhile hangs");
    assert_eq!(mounted.writes(&ids), [""; 0], "its copy of the descriptor saves nothing");
    file.write_all(&CHANGED.as_bytes()[20..]).unwrap();
    close(file).unwrap();
    assert_eq!(mounted.writes(&ids), [put("t3", "2")]);
}

#[test]
fn a_program_that_is_killed_in_the_middle_of_its_save_has_not_cut_the_project() {
    let mounted = Mounted::of(TASKS);
    let ids = mounted.ids();
    mounted.text();
    let script = "exec > Plan.md; printf -- '- [ ] one\\n  - [ ] one.a\\n- [ ] 2\\n- [ ] three\\n'; \
        kill -9 $$";
    assert!(!mounted.sh(script).status.success());
    // What it had written is what is saved, as in any file system.
    sent(&mounted, 1);
    assert_eq!(mounted.writes(&ids), [put("t3", "2")]);
    assert_eq!(mounted.tree(), TREE);
}
