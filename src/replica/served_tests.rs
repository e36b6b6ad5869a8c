//! Sessions: what programs have before their eyes, step by step.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{Base, GRACE, OwnText, Process, ServedBases};

use crate::{
    ids::TaskId,
    plan::{Item, Key, Outline},
};

/// The words of programs here.
const MINE: [&str; 3] = ["mine", "more", "last"];

const MOMENT: Duration = Duration::from_millis(1);

/// An outline of tasks that are known by their texts; what is `mine` is still to be created.
fn outline(lines: &str) -> Arc<Outline> {
    let item = |text: &str| Item {
        key: match MINE.iter().zip(0..).find(|(mine, _)| **mine == text) {
            Some((_, number)) => Key::New(number),
            None => Key::Known(TaskId::new(text)),
        },
        depth: 0,
        text: text.to_owned(),
        done: false,
        details: Default::default(),
        spelled: Default::default(),
    };
    Arc::new(Outline { items: lines.split_whitespace().map(item).collect() })
}

fn text(outline: &Outline) -> Arc<[u8]> {
    let lines: Vec<&str> = outline.items.iter().map(|item| item.text.as_str()).collect();
    Arc::from(lines.join(" ").into_bytes())
}

fn process(group: u32) -> Option<Process> {
    Some(Process { group, inode: 70 })
}

/// Programs at one project, by number, in a time of their own.
struct Session {
    bases: ServedBases,
    now: Instant,
}

impl Session {
    fn new() -> Self {
        Self { bases: ServedBases::default(), now: Instant::now() }
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    fn reads(&mut self, group: u32, lines: &str) {
        self.bases.read(process(group), &outline(lines), self.now);
    }

    fn writes(&mut self, group: u32, lines: &str) {
        let outline = outline(lines);
        let (text, modified) = (text(&outline), SystemTime::UNIX_EPOCH);
        let own = OwnText { text, modified, until: self.now + GRACE };
        self.bases.wrote(process(group), &outline, own);
    }

    fn appends(&mut self, group: u32, stood: &str, line: &str) {
        let (from, to) = (outline(stood), outline(&format!("{stood} {line}")));
        if let Some(outline) = self.bases.added(process(group), (&from, &to), Outline::clone) {
            self.bases.set_appended_text(process(group), &outline, text(&outline));
        }
        self.bases.appended(process(group), true);
    }

    /// What it has before its eyes.
    fn base(&self, group: u32) -> String {
        let seen = self.bases.base(process(group), None).unwrap();
        String::from_utf8(text(seen.outline()).to_vec()).unwrap()
    }

    /// What it wrote a moment ago and is served.
    fn own(&self, group: u32) -> Option<String> {
        let (_, own) = self.bases.own(process(group), self.now)?;
        Some(String::from_utf8(own.text.to_vec()).unwrap())
    }
}

#[test]
fn a_process_saves_on_what_it_read_and_a_stranger_on_the_newest() {
    let mut session = Session::new();
    assert_eq!(session.bases.base(process(1), None), None);
    session.reads(1, "old");
    session.reads(2, "new");
    assert_eq!(session.base(1), "old");
    assert_eq!(session.base(3), "new");
    assert_eq!(session.bases.base(None, None), Some(Base::Exact(outline("new"))));
    let reused = Some(Process { group: 1, inode: 80 });
    assert_eq!(session.bases.base(reused, None), Some(Base::Exact(outline("new"))));
}

#[test]
fn a_read_within_the_grace_is_a_check_and_a_later_one_a_reload() {
    let mut session = Session::new();
    session.reads(1, "a");
    session.writes(1, "a mine");
    for pause in [MOMENT, GRACE - 2 * MOMENT] {
        session.pass(pause);
        assert_eq!(session.own(1).as_deref(), Some("a mine"));
        session.reads(1, "a mine theirs");
        assert_eq!(session.base(1), "a mine");
    }
    assert_eq!(session.own(2), None, "it is nobody else's");
    session.pass(MOMENT);
    assert_eq!(session.own(1), None);
    assert_eq!(session.base(1), "a mine", "until it reads");
    session.reads(1, "a mine theirs");
    assert_eq!(session.base(1), "a mine theirs");
}

#[test]
fn the_grace_begins_when_the_program_is_told() {
    let mut session = Session::new();
    session.writes(1, "a");
    session.pass(GRACE - MOMENT);
    let seen = session.bases.base(process(1), None).unwrap();
    session.bases.saved(process(1), seen.outline(), session.now);
    session.pass(GRACE - MOMENT);
    assert!(session.own(1).is_some());
    session.pass(MOMENT);
    assert!(session.own(1).is_none());
}

#[test]
fn somebody_is_apart_as_long_as_its_own_text_is_another() {
    let mut session = Session::new();
    session.writes(1, "a");
    assert!(!session.bases.is_apart(b"a", session.now));
    assert!(session.bases.is_apart(b"a b", session.now));
    session.pass(GRACE);
    assert!(!session.bases.is_apart(b"a b", session.now));
    assert_eq!(session.bases.end_graces(session.now).len(), 1);
    assert_eq!(session.bases.next_end(), None);
}

#[test]
fn a_time_that_is_set_is_that_of_who_sets_it() {
    let mut session = Session::new();
    for (group, lines) in [(1, "a"), (2, "b"), (3, "b")] {
        session.writes(group, lines);
    }
    let (before, time) = (SystemTime::UNIX_EPOCH, SystemTime::UNIX_EPOCH + GRACE);
    session.bases.set_modified(time, process(2));
    session.bases.set_modified(time + GRACE, process(4));
    session.bases.set_modified(time + GRACE, None);
    let times =
        [1, 2, 3].map(|group| session.bases.own(process(group), session.now).unwrap().1.modified);
    assert_eq!(times, [before, time, before]);
}

#[test]
fn what_is_refused_is_not_served_as_saved() {
    let mut session = Session::new();
    session.writes(1, "a");
    session.bases.rejected(process(1));
    assert_eq!(session.own(1), None);
    assert_eq!(session.base(1), "a");
}

#[test]
fn who_appends_has_what_it_had_and_what_it_appended() {
    let mut session = Session::new();
    session.reads(1, "a");
    session.appends(1, "a theirs", "mine");
    assert_eq!(session.base(1), "a mine");
    assert_eq!(session.own(1), None, "no buffer of it is filed away");
    session.appends(1, "a theirs mine", "more");
    assert_eq!(session.base(1), "a mine more");
    // A stranger has what was served last, and what it appended itself.
    session.reads(2, "a theirs mine more");
    session.appends(3, "a theirs mine more others", "last");
    assert_eq!(session.base(3), "a theirs mine more last");
    assert_eq!(session.base(4), "a theirs mine more last");
}

#[test]
fn what_could_not_be_appended_is_not_before_its_eyes() {
    let mut session = Session::new();
    session.reads(1, "a");
    let (from, to) = (outline("a theirs"), outline("a theirs mine"));
    session.bases.added(process(1), (&from, &to), Outline::clone);
    assert_eq!(session.base(1), "a", "it was not told anything yet");
    session.bases.appended(process(1), false);
    assert_eq!(session.base(1), "a");
    // Another try that it reads before it is told how that went.
    session.bases.added(process(1), (&from, &to), Outline::clone);
    session.reads(1, "a theirs mine others");
    session.bases.appended(process(1), true);
    assert_eq!(session.base(1), "a theirs mine others");
}

#[test]
fn an_append_within_the_grace_is_part_of_what_was_written() {
    let mut session = Session::new();
    session.writes(1, "a");
    session.appends(1, "a theirs", "mine");
    assert_eq!(session.own(1).as_deref(), Some("a mine"));
    session.pass(GRACE);
    assert_eq!(session.own(1), None);
}

#[test]
fn what_was_edited_blindly_of_other_lines_is_not_before_its_eyes() {
    let mut session = Session::new();
    session.reads(1, "a");
    let mut to = Outline::clone(&outline("a theirs"));
    to.items[1].text = "theirs more".to_owned();
    session.bases.added(process(1), (&outline("a theirs"), &to), Outline::clone);
    session.bases.appended(process(1), true);
    assert!(session.base(1).starts_with('a'));
    let seen = session.bases.base(process(1), None).unwrap();
    assert!(seen.outline().items.iter().all(|item| matches!(item.key, Key::Known(_))));
}

#[test]
fn an_editor_is_not_forgotten_over_programs_that_only_looked() {
    let mut session = Session::new();
    session.reads(1, "old");
    for group in 2..2000 {
        session.reads(group, "new");
        let mut gone = session.bases.many();
        gone.retain(|process| process.group != 1);
        session.bases.forget(&gone);
        assert!(session.bases.all().count() <= 33);
    }
    assert_eq!(session.base(1), "old");
}

#[test]
fn a_process_from_before_the_mount_saves_on_what_was_served_before_it() {
    let of = |inode| Some(Process { group: 1, inode });
    let mut bases = ServedBases::default();
    bases.note_cached(outline("before"));
    let perhaps = Some(Base::MaybeStale(outline("before")));
    assert_eq!(bases.base(of(80), of(70)), perhaps);
    bases.read(of(90), &outline("since"), Instant::now());
    assert_eq!(bases.base(of(60), of(70)), perhaps);
    for other in [of(80), of(0), None] {
        assert_eq!(bases.base(other, of(70)), Some(Base::Exact(outline("since"))));
    }
}
