//! Open descriptors go on with the text that they began with, on real mounts: whatever else
//! becomes of the file, they see no mixture, no end that comes too early, and the right size.

use std::{
    fs::{self, File},
    io::Read,
    os::{
        fd::AsRawFd,
        unix::fs::{FileExt, MetadataExt},
    },
};

use crate::support::mount::{Mounted, until};

/// A text of tasks, longer than what the kernel asks for at once.
fn large() -> String {
    (0..6000).map(|number| format!("task number {number} of many with some words\n")).collect()
}

fn text_of(tasks: &str) -> String {
    tasks.lines().map(|line| format!("- [ ] {line}\n")).collect()
}

/// Whether an open file still is this text, however it is read.
fn is_still(file: &mut File, text: &str, read: usize) {
    let size = file.metadata().unwrap().len();
    assert_eq!(size, text.len() as u64, "the size of what is open");
    // Anywhere, in any order,
    let mut offset = 7919 % text.len();
    for length in [1, 10, 4096, 131_072] {
        let mut piece = vec![0; length];
        let count = file.read_at(&mut piece, offset as u64).unwrap();
        let end = (offset + length).min(text.len());
        assert!(count > 0 && text.as_bytes()[offset..end].starts_with(&piece[..count]));
        offset = (offset * 31 + 17) % text.len();
    }
    // and to the end.
    let mut rest = String::new();
    file.read_to_string(&mut rest).unwrap();
    assert!(rest == text[read..], "{} of {} bytes", rest.len(), text.len() - read);
}

fn begin(mounted: &Mounted, bytes: usize) -> File {
    let mut file = File::open(mounted.file()).unwrap();
    let mut first = vec![0; bytes];
    file.read_exact(&mut first).unwrap();
    file
}

/// What each way of changing a project comes to for those who have it open, twice over.
fn holds(tasks: &str, change: impl Fn(&Mounted, usize)) {
    let mounted = Mounted::with(tasks, &["--max-age", "0.2", "--max-delete", "10000"]);
    let first = mounted.text();
    assert_eq!(first, text_of(tasks));
    let (mut one, mut untouched) = (begin(&mounted, 1), File::open(mounted.file()).unwrap());
    change(&mounted, 1);
    until("the first change", || mounted.text() != first);
    let second = mounted.text();
    let (mut two, mut again) = (begin(&mounted, 3), begin(&mounted, 5));
    change(&mounted, 2);
    until("the second change", || mounted.text() != second);
    let third = mounted.text();
    for (file, text, read) in [
        (&mut one, &first, 1),
        (&mut untouched, &first, 0),
        (&mut two, &second, 3),
        (&mut again, &second, 5),
    ] {
        is_still(file, text, read);
    }
    let mut new = begin(&mounted, 2);
    until("the size", || fs::metadata(mounted.file()).unwrap().size() == third.len() as u64);
    is_still(&mut new, &third, 2);
    assert_eq!(new.metadata().unwrap().ino(), fs::metadata(mounted.file()).unwrap().ino());
    drop((one, untouched, two, again, new));
    assert_eq!(mounted.text(), third);
    mounted.end();
}

#[test]
fn while_another_text_is_renamed_over_the_file() {
    for tasks in ["one\ntwo\nthree\n", &large()] {
        holds(tasks, |mounted, turn| {
            mounted.ok(&format!("sed -i -e '1s/$/ {turn}{turn}/' -e '2d' Plan.md"));
        });
    }
}

#[test]
fn while_another_program_writes_it_in_place() {
    for tasks in ["one\ntwo\nthree\n", &large()] {
        holds(tasks, |mounted, turn| {
            mounted.ok(&format!(
                "sed -e '1s/$/ {turn}{turn}/' -e '2d' Plan.md > .new; \
                                 cat .new > Plan.md"
            ));
        });
    }
    holds("one\ntwo\n", |mounted, turn| {
        mounted.ok(&format!("echo '- [ ] added {turn}' >> Plan.md"));
    });
    holds("one\ntwo\nthree\nfour\n", |mounted, turn| {
        mounted.ok(&format!("truncate -s {} Plan.md", if turn == 1 { 22 } else { 10 }));
    });
}

#[test]
fn while_others_change_it_in_the_app() {
    for tasks in ["one\ntwo\nthree\n", &large()] {
        holds(tasks, |mounted, turn| {
            let store = mounted.server().store();
            let ids = store.task_ids(&mounted.project).unwrap();
            // Longer, then shorter.
            let text = if turn == 1 { "a text that is longer than before" } else { "x" };
            store.edit_elsewhere(&mounted.project, &ids[0], text).unwrap();
        });
    }
}

#[test]
fn what_is_open_is_opened_again_by_its_descriptor() {
    let mounted = Mounted::of("one\ntwo");
    let before = mounted.text();
    let file = File::open(mounted.file()).unwrap();
    mounted.ok("sed -i s/one/1/ Plan.md");
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    for _ in 0..3 {
        assert_eq!(fs::read_to_string(&path).unwrap(), before);
        assert_eq!(mounted.text(), "- [ ] 1\n- [ ] two\n");
    }
    drop(file);
    mounted.end();
}

#[test]
fn a_loop_over_the_lines_of_a_file_that_it_adds_to_ends() {
    let mounted = Mounted::of("one\ntwo");
    let script = "while read -r line; do echo \"$line again\" >> Plan.md; done < Plan.md";
    mounted.ok(script);
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] two\n- [ ] one again\n- [ ] two again\n");
    mounted.end();
    assert_eq!(mounted.tree(), "one\ntwo\none again\ntwo again\n");
}

#[test]
fn a_lock_holds_while_what_it_is_on_is_written() {
    let mounted = Mounted::of("one\ntwo");
    mounted.text();
    // Who holds it lets others write, and nobody else gets it.
    mounted.ok("flock Plan.md bash -c \"echo '- [ ] three' >> Plan.md; cat Plan.md > .seen; \
                flock -n Plan.md true && exit 1; exit 0\"");
    let seen = fs::read_to_string(mounted.acme().join(".seen")).unwrap();
    assert_eq!(seen, "- [ ] one\n- [ ] two\n- [ ] three\n");
    mounted.ok("flock -n Plan.md true");
    mounted.end();
    assert_eq!(mounted.tree(), "one\ntwo\nthree\n");
}

#[test]
fn readers_and_writers_that_come_and_go_see_whole_texts_only() {
    let mounted = Mounted::of("0 0\n0 0\n0 0");
    mounted.text();
    // Every text has the same word in all lines, and another length than the one before.
    let write = "for n in $(seq 1 12); do w=$(printf \"%0${n}d\" $n); \
                 printf -- \"- [ ] $w $w\\n- [ ] $w $w\\n- [ ] $w $w\\n\" > .t$1; \
                 if [ $((n % 2)) = 0 ]; then mv .t$1 Plan.md; else cat .t$1 > Plan.md; fi; done";
    let read = "import os, random, sys\nfor turn in range(150):\n  f = open('Plan.md', 'rb', \
                buffering=0)\n  size = os.fstat(f.fileno()).st_size\n  got = b''\n  while True:\n    \
                piece = f.read(random.choice([1, 3, 50]))\n    if not piece: break\n    got += \
                piece\n  words = set(got.decode().replace('- [ ] ', '').split())\n  assert \
                len(words) == 1 and got.endswith(b'\\n') and len(got.splitlines()) == 3, got\n";
    fs::write(mounted.acme().join(".write"), write).unwrap();
    fs::write(mounted.acme().join(".read"), read).unwrap();
    mounted.ok("python3 .read & r=$!; python3 .read & s=$!; bash .write a && wait $r && wait $s");
    mounted.end();
}
