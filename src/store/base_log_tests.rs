//! What a log says after it was left at any moment.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, mpsc},
    time::{Duration, Instant, SystemTime},
};

use super::{BaseLog, Circumstances};

use crate::{
    ids::{ProjectId, TaskId},
    kernel_thread::serve,
    pidfs,
    plan::{Item, Key, Outline},
    replica::{
        grace::{Edited, FilePath, Grace},
        served::Process,
    },
    store::base_file::{KEPT, LARGE, LOG, LogDirs, ROTATED},
};

fn outline(text: &str) -> Arc<Outline> {
    let (key, text) = (Key::Known(TaskId::new("t")), text.to_owned());
    let item = Item {
        key,
        depth: 0,
        text,
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    Arc::new(Outline { items: vec![item] })
}

fn path(name: &str) -> Option<FilePath> {
    Some((Arc::from("f"), Arc::from(name)))
}

struct Program(Child);

impl Program {
    fn new() -> Self {
        let mut command = Command::new("cat");
        Self(command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap())
    }

    fn process(&self) -> Process {
        let group = self.0.id();
        Process { group, inode: pidfs::inode(group).unwrap() }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[test]
fn what_living_programs_had_is_there_after_the_log_was_left_at_any_moment() {
    let dir = tempfile::tempdir().unwrap();
    let (editor, gone) = (Program::new(), Program::new());
    let id = ProjectId::new("p");
    let log = BaseLog::open(dir.path(), None);
    let old = outline("old");
    log.note(editor.process(), &id, &old, path("Plan.md"));
    log.note(gone.process(), &id, &old, path("Plan.md"));
    log.note(editor.process(), &id, &outline("new"), path("Plan.md"));
    log.note_aliases(&id, vec![(Key::New(3), Key::Known(TaskId::new("u")))]);
    log.note_made(&id, vec![(Key::New(3), "**a**".to_owned(), "a".to_owned())]);
    let size = fs::metadata(dir.path().join(LOG)).unwrap().len();
    let process = editor.process();
    let same = outline("same");
    log.note(process, &ProjectId::new("q"), &same, None);
    let more = fs::metadata(dir.path().join(LOG)).unwrap().len();
    log.note(process, &ProjectId::new("q"), &same, None);
    assert_eq!(fs::metadata(dir.path().join(LOG)).unwrap().len(), more, "it is noted");
    assert!(more > size);
    // Killed in the middle of a record.
    let mut torn = OpenOptions::new().append(true).open(dir.path().join(LOG)).unwrap();
    torn.write_all(b"{\"Base\":{\"gro").unwrap();
    drop(gone);
    // Twice: what was put together counts like what was written.
    for turn in 0..2 {
        let log = BaseLog::open(dir.path(), None);
        let under = log.read_under(process, "f", "Plan.md");
        assert_eq!(under, (turn == 0).then(|| id.clone()), "what was forgotten stays forgotten");
        let kept = log.take_kept(&id);
        assert_eq!(kept.bases, [(process, outline("new"))]);
        assert_eq!(kept.aliases, [(Key::New(3), Key::Known(TaskId::new("u")))]);
        assert_eq!(kept.made.len(), 1);
        assert_eq!(log.take_kept(&ProjectId::new("q")).bases.len(), 1);
        log.forget_name("f", "Plan.md");
        assert_eq!(log.read_under(process, "f", "Plan.md"), None);
    }
    let mode = fs::metadata(dir.path().join(KEPT)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_grace_outlives_the_log_that_it_is_in_and_a_record_of_before_has_none() {
    let dir = tempfile::tempdir().unwrap();
    let editor = Program::new();
    let id = ProjectId::new("p");
    let log = BaseLog::open(dir.path(), None);
    let (modified, until) = (SystemTime::UNIX_EPOCH, SystemTime::now());
    let (text, grace) = (outline("a"), Grace { until, modified });
    let note = |grace| {
        let circumstances = Circumstances { grace: Some(grace), ..Circumstances::default() };
        log.note_with(editor.process(), &id, &text, circumstances);
        log.flush();
    };
    note(grace);
    let size = || fs::metadata(dir.path().join(LOG)).unwrap().len();
    let noted = size();
    note(grace);
    assert_eq!(size(), noted, "it is noted");
    let until = until + Duration::from_secs(1);
    let later = Grace { until, ..grace };
    note(later);
    for _ in 0..2 {
        let kept = BaseLog::open(dir.path(), None).take_kept(&id);
        assert_eq!(kept.graces, [(editor.process(), later)]);
    }
    let log = BaseLog::open(dir.path(), None);
    log.note(editor.process(), &id, &text, None);
    assert!(!fs::read_to_string(dir.path().join(LOG)).unwrap().contains("grace"));
    assert_eq!(BaseLog::open(dir.path(), None).take_kept(&id).graces, []);
}

#[test]
fn what_a_text_was_edited_from_outlives_the_log_that_it_is_in() {
    let dir = tempfile::tempdir().unwrap();
    let editor = Program::new();
    let id = ProjectId::new("p");
    let log = BaseLog::open(dir.path(), None);
    let (from, to, since) = (outline("from"), outline("to"), SystemTime::UNIX_EPOCH);
    log.note(editor.process(), &id, &from, None);
    let edited = Edited { outline: from, is_added: true, since };
    let circumstances = Circumstances { edited: Some(edited.clone()), ..Circumstances::default() };
    log.note_with(editor.process(), &id, &to, circumstances);
    log.flush();
    assert_eq!(
        fs::read_to_string(dir.path().join(LOG)).unwrap().matches("\"text\":\"from\"").count(),
        1
    );
    for _ in 0..2 {
        let kept = BaseLog::open(dir.path(), None).take_kept(&id);
        assert_eq!(kept.bases, [(editor.process(), to.clone())]);
        assert_eq!(kept.edited, [(editor.process(), edited.clone())]);
    }
    let log = BaseLog::open(dir.path(), None);
    log.note(editor.process(), &id, &to, None);
    assert_eq!(BaseLog::open(dir.path(), None).take_kept(&id).edited, []);
}

#[test]
fn what_is_of_another_boot_or_of_dead_programs_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let id = ProjectId::new("p");
    let editor = Program::new();
    let log = BaseLog::open(dir.path(), None);
    log.note(editor.process(), &id, &outline("a"), None);
    let text = fs::read_to_string(dir.path().join(LOG)).unwrap();
    let other = text.replacen(&pidfs::boot(), "another", 1);
    fs::write(dir.path().join(LOG), other).unwrap();
    assert!(BaseLog::open(dir.path(), None).take_kept(&id).bases.is_empty());
    fs::write(dir.path().join(LOG), &text).unwrap();
    assert_eq!(BaseLog::open(dir.path(), None).take_kept(&id).bases.len(), 1);
    drop(editor);
    assert!(BaseLog::open(dir.path(), None).take_kept(&id).bases.is_empty());
    assert!(fs::metadata(dir.path().join(KEPT)).unwrap().len() < 100);
}

#[test]
fn a_large_log_is_put_together_and_says_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let editor = Program::new();
    let process = editor.process();
    let id = ProjectId::new("p");
    let log = BaseLog::open_with(LogDirs::on_disk(dir.path()), 1);
    log.note(process, &id, &outline("first"), None);
    // It is put together by a thread of its own, and more than once.
    log.note(process, &ProjectId::new("q"), &outline("since"), None);
    log.note(process, &ProjectId::new("r"), &outline("later"), None);
    let end = Instant::now() + Duration::from_secs(60);
    let kept = || fs::read_to_string(dir.path().join(KEPT)).unwrap_or_default();
    while !kept().contains("first") || dir.path().join(ROTATED).exists() {
        assert!(Instant::now() < end, "it is never put together");
        std::thread::yield_now();
    }
    drop(log);
    let log = BaseLog::open(dir.path(), None);
    for (project, text) in [("p", "first"), ("q", "since"), ("r", "later")] {
        let kept = log.take_kept(&ProjectId::new(project));
        assert_eq!(kept.bases, [(process, outline(text))]);
    }
}

#[test]
fn a_thread_of_the_kernels_waits_for_nothing_and_the_answer_for_the_record() {
    let dir = tempfile::tempdir().unwrap();
    let editor = Program::new();
    let id = ProjectId::new("p");
    let log = BaseLog::open_with(LogDirs::on_disk(dir.path()), LARGE);
    let (path, (sender, answers)) = (dir.path().join(LOG), mpsc::channel());
    for text in ["first", "second"] {
        let served = serve(|| {
            let text = outline(text);
            log.note_with(editor.process(), &id, &text, Circumstances::default());
            log.flush();
        });
        let (path, sender) = (path.clone(), sender.clone());
        let answer = move || sender.send(fs::read_to_string(path).unwrap()).unwrap();
        log.answer(served.owes.unwrap(), answer);
        let written = answers.recv_timeout(Duration::from_secs(60)).unwrap();
        assert!(written.contains(text), "{written}");
    }
    assert_eq!(serve(|| log.flush()).owes, None, "all is written");
    drop(log);
    assert_eq!(BaseLog::open(dir.path(), None).take_kept(&id).bases.len(), 1);
}

/// The files below a directory, and how long they are.
fn files(dir: &Path) -> Vec<(String, u64)> {
    let entries = fs::read_dir(dir).unwrap().map(Result::unwrap);
    let found = entries.flat_map(|entry| match entry.file_type().unwrap().is_dir() {
        true => files(&entry.path()),
        false => {
            let name = entry.file_name().into_string().unwrap();
            vec![(name, entry.metadata().unwrap().len())]
        }
    });
    let mut found: Vec<_> = found.collect();
    found.sort();
    found
}

#[test]
fn what_is_noted_in_memory_is_written_at_once_and_is_on_disk_after_a_clean_end() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
    let editor = Program::new();
    let open = || BaseLog::open(dir.path(), Some(shared.path()));
    for (turn, is_killed) in [true, false, true, false].into_iter().enumerate() {
        let log = open();
        let id = ProjectId::new(turn.to_string());
        let before = files(shared.path());
        let served = serve(|| {
            let text = outline("a");
            log.note_with(editor.process(), &id, &text, Circumstances::default());
            log.flush();
        });
        assert_eq!(served.owes, None, "nobody waits for anything");
        assert!(files(shared.path()) > before, "it is written");
        assert!(!dir.path().join(LOG).exists());
        for earlier in 0..turn {
            assert_eq!(log.take_kept(&ProjectId::new(earlier.to_string())).bases.len(), 1);
        }
        match is_killed {
            true => std::mem::forget(log),
            false => {
                drop(log);
                assert_eq!(files(shared.path()), [], "nothing is left in memory");
            }
        }
    }
}

#[test]
fn a_log_in_memory_is_put_together_on_disk_and_says_the_same_wherever_it_is_opened() {
    let (dir, shared) = (tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap());
    let editor = Program::new();
    let process = editor.process();
    let in_memory = || LogDirs::new(dir.path(), Some(shared.path()));
    let log = BaseLog::open_with(in_memory(), 1);
    for number in 0..3 {
        log.note(process, &ProjectId::new(number.to_string()), &outline("a"), None);
    }
    let end = Instant::now() + Duration::from_secs(60);
    let is_rotated = || files(shared.path()).iter().any(|(name, _)| name == ROTATED);
    while is_rotated() || !fs::read_to_string(dir.path().join(KEPT)).unwrap().contains("\"a\"") {
        assert!(Instant::now() < end, "it is never put together");
        std::thread::yield_now();
    }
    std::mem::forget(log);
    let all = |log: &BaseLog| {
        (0..3).all(|n| !log.take_kept(&ProjectId::new(n.to_string())).bases.is_empty())
    };
    assert!(all(&BaseLog::open_with(in_memory(), LARGE)));
    // A mount that finds no memory says what is later, until the next one that does.
    let log = BaseLog::open_with(LogDirs::on_disk(dir.path()), LARGE);
    log.note(process, &ProjectId::new("0"), &outline("later"), None);
    std::mem::forget(log);
    let log = BaseLog::open_with(in_memory(), LARGE);
    assert_eq!(log.take_kept(&ProjectId::new("0")).bases, [(process, outline("later"))]);
    assert!(!dir.path().join(LOG).exists());
}

#[test]
fn where_nothing_can_be_written_nothing_is_kept_and_nothing_fails() {
    let log = BaseLog::open(std::path::Path::new("/proc/no/such/place"), None);
    let process = Process { group: 1, inode: 1 };
    log.note(process, &ProjectId::new("p"), &outline("a"), path("Plan.md"));
    assert!(log.take_kept(&ProjectId::new("p")).bases.is_empty());
    assert!(log.read_under(process, "f", "Plan.md").is_some(), "in memory it is");
}
