//! Days, zones and orders, by example.

use serde_json::json;

use super::{
    super::{
        entry::{Filter, select},
        gather::{Gathered, KnownProject, Task},
        words,
    },
    all, due, now, on, range, task,
};

use crate::{
    ids::TaskId,
    model::{End, Schedule},
    plan::{Details, Item, Key, Known, Outline, TaskDetails},
    text::codec::FileFormat,
};

fn state(date: Schedule, moment: &str, local: &str) -> &'static str {
    all(vec![task("a", Some(date))], &now(moment, local))[0].state.word()
}

#[test]
fn a_whole_day_is_compared_with_the_local_day_whatever_its_zone() {
    for local in ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/New_York"] {
        for zone in ["", " ", "Asia/Tokyo", "No/Such_Zone"] {
            let mut date = due("2026-12-01");
            date.start.timezone = (!zone.is_empty()).then(|| zone.to_owned());
            assert_eq!(state(date.clone(), "2026-11-30 23:59", local), "upcoming");
            assert_eq!(state(date.clone(), "2026-12-01 00:00", local), "today");
            assert_eq!(state(date.clone(), "2026-12-01 23:59", local), "today");
            assert_eq!(state(date, "2026-12-02 00:00", local), "overdue");
        }
    }
}

#[test]
fn a_time_is_compared_in_its_zone_and_else_in_the_local_one() {
    let here = || due("2026-12-01 15:30");
    assert_eq!(state(here(), "2026-12-01 15:30", "America/New_York"), "today");
    assert_eq!(state(here(), "2026-12-01 15:31", "America/New_York"), "overdue");
    // 15:30 in Tokyo is 06:30 in London.
    let there = || due("2026-12-01 15:30 Asia/Tokyo");
    assert_eq!(state(there(), "2026-12-01 06:30", "Europe/London"), "today");
    assert_eq!(state(there(), "2026-12-01 06:31", "Europe/London"), "overdue");
    // Early on a day in Tokyo is the day before in London.
    let early = || due("2026-12-02 01:00 Asia/Tokyo");
    assert_eq!(state(early(), "2026-12-01 12:00", "Europe/London"), "today");
    assert_eq!(state(early(), "2026-12-01 12:00", "Asia/Tokyo"), "upcoming");
    // A zone that nobody knows is local.
    let nowhere = || due("2026-12-01 15:30 No/Such_Zone");
    assert_eq!(state(nowhere(), "2026-12-01 15:30", "Asia/Tokyo"), "today");
    assert_eq!(state(nowhere(), "2026-12-01 15:31", "Asia/Tokyo"), "overdue");
}

#[test]
fn a_time_that_a_clock_skips_or_shows_twice_is_some_moment() {
    for moment in ["2026-03-29 01:30", "2026-10-25 01:30"] {
        let day = moment.split_once(' ').unwrap().0;
        assert_eq!(state(due(moment), &format!("{day} 00:30"), "Europe/London"), "today");
        assert_eq!(state(due(moment), &format!("{day} 23:30"), "Europe/London"), "overdue");
    }
}

#[test]
fn a_range_is_overdue_when_its_end_is_past() {
    let days = || range("2026-11-28", "2026-12-01");
    assert_eq!(state(days(), "2026-11-27 12:00", "UTC"), "upcoming");
    assert_eq!(state(days(), "2026-11-30 12:00", "UTC"), "upcoming");
    assert_eq!(state(days(), "2026-12-01 12:00", "UTC"), "today");
    assert_eq!(state(days(), "2026-12-02 12:00", "UTC"), "overdue");
    // The end is in the zone of the start unless it names its own.
    let times = || range("2026-12-01 09:00 Asia/Tokyo", "2026-12-01 17:00");
    assert_eq!(state(times(), "2026-12-01 08:00", "UTC"), "today");
    assert_eq!(state(times(), "2026-12-01 08:01", "UTC"), "overdue");
    let mut period = due("2026-12-01");
    period.end = Some(End::Period { period: "P1D".to_owned() });
    assert_eq!(state(period, "2026-12-02 00:00", "UTC"), "overdue");
}

fn texts(tasks: Vec<Task>, filter: &Filter) -> Vec<String> {
    let entries = select(tasks, &on("2026-12-01"), filter);
    entries.into_iter().map(|entry| entry.task.text).collect()
}

fn some() -> Vec<Task> {
    let alice = |task: Task| Task { assignees: vec!["alice".to_owned()], ..task };
    vec![
        alice(task("undated", None)),
        task("later", Some(due("2026-12-09"))),
        alice(task("week", Some(due("2026-12-08")))),
        task("tomorrow", Some(due("2026-12-02"))),
        alice(task("evening", Some(due("2026-12-01 18:00")))),
        task("today", Some(due("2026-12-01"))),
        Task { done: true, ..task("done", Some(due("2026-11-29"))) },
        task("past", Some(due("2026-11-30"))),
        task("nonsense", Some(due("2026-02-30"))),
    ]
}

#[test]
fn what_is_wanted_comes_by_when_it_is_due() {
    let days = |days| Filter { days: Some(days), ..Filter::default() };
    assert_eq!(texts(some(), &days(7)), ["past", "today", "evening", "tomorrow", "week"]);
    assert_eq!(texts(some(), &days(0)), ["past", "today", "evening"]);
    assert_eq!(texts(some(), &days(u32::MAX)).len(), 6);
    assert_eq!(texts(some(), &Filter { overdue: true, ..days(7) }), ["past"]);
    let done = Filter { all: true, ..days(0) };
    assert_eq!(texts(some(), &done), ["done", "past", "today", "evening"]);
    let of = |handle: &str| Filter { assigned: Some(handle.to_owned()), ..days(7) };
    assert_eq!(texts(some(), &of("Alice")), ["evening", "week", "undated"]);
    assert_eq!(texts(some(), &Filter { overdue: true, ..of("alice") }), [""; 0]);
    assert_eq!(texts(some(), &of("bob")), [""; 0]);
}

#[test]
fn a_line_says_when_how_and_where_and_nothing_that_a_terminal_obeys() {
    let shown = |task: Task, is_coloured| {
        words::line(&all(vec![task], &on("2026-12-02"))[0], "Acme/a b.md", is_coloured)
    };
    let mut plain = task("Draft\nthe \u{1b}[31mbrief", Some(due("2026-12-01 15:30")));
    plain.line = Some(3);
    plain.assignees = vec!["alice".to_owned(), "bob".to_owned()];
    let expected =
        "2026-12-01 15:30  overdue   Acme/a b.md:3: Draft⏎the \\x1b[31mbrief @alice @bob";
    assert_eq!(shown(plain.clone(), false), expected);
    let red = expected.replace("overdue ", "\u{1b}[1;31moverdue \u{1b}[0m");
    assert_eq!(shown(plain, true), red);
    let zoned = shown(task("a", Some(due("2026-12-03 09:00:30 Asia/Tokyo"))), false);
    assert_eq!(zoned, "2026-12-03 09:00  upcoming  Acme/a b.md:1: a [zone:: Asia/Tokyo]");
    let day = shown(Task { line: None, ..task("a", Some(due("2026-12-02"))) }, false);
    assert_eq!(day, "2026-12-02        today     Acme/a b.md:1: a");
    let undated = Task { assignees: vec!["alice".to_owned()], ..task("a", None) };
    let filter = Filter { assigned: Some("alice".to_owned()), ..Filter::default() };
    let entry = &select(vec![undated], &on("2026-12-02"), &filter)[0];
    assert_eq!(words::line(entry, "a.md", false), "-                 undated   a.md:1: a @alice");
}

#[test]
fn json_has_all_that_is_known() {
    let date = range("2026-11-28 09:00 Asia/Tokyo", "2026-12-01 15:30");
    let mut sample = task("a", Some(date));
    sample.note = Some("one\ntwo".to_owned());
    let entry = &all(vec![sample], &on("2026-12-01"))[0];
    assert_eq!(
        words::json(entry),
        json!({
            "path": "a.md", "line": 1, "project": "p", "task": "a", "text": "a", "done": false,
            "state": "today", "start": "2026-11-28", "start_time": "09:00", "due": "2026-12-01",
            "time": "15:30", "zone": "Asia/Tokyo", "all_day": false, "assignees": [],
            "note": "one\ntwo",
        })
    );
}

fn dated(id: &str, text: &str, note: Option<&str>) -> Item {
    let details = Details::from(TaskDetails {
        date: Known::of(Some(due("2026-12-01"))),
        note: Known::of(note.map(str::to_owned)),
        ..TaskDetails::default()
    });
    let key = Key::Known(TaskId::new(id));
    Item { key, depth: 0, text: text.to_owned(), done: false, details, spelled: Default::default() }
}

fn lines(outline: &Outline, text: Option<&str>) -> Vec<Option<usize>> {
    let mut gathered = Gathered::default();
    let text = text.map(str::as_bytes);
    let format = &FileFormat::default();
    gathered.add(&KnownProject { path: "p.md", id: None, title: "p", outline, format, text });
    gathered.tasks.iter().map(|task| task.line).collect()
}

#[test]
fn lines_are_those_of_the_file_also_as_a_program_wrote_it() {
    let items = vec![dated("1", "a", Some("x\ny")), dated("2", "b", None), dated("3", "c", None)];
    let outline = Outline { items };
    assert_eq!(lines(&outline, None), [Some(1), Some(4), Some(5)]);
    let written = "# p\n\n* a 📅 2026-12-01\n  > x\n  > y\n\n* b 📅 2026-12-01\n\n1. c ^3\n";
    assert_eq!(lines(&outline, Some(written)), [Some(3), Some(7), Some(9)]);
    // A refused text is another one: then nobody knows.
    assert_eq!(lines(&outline, Some("* a\n")), [None, None, None]);
    assert_eq!(lines(&outline, Some("```\n")), [None, None, None]);
}

#[test]
fn it_is_counted_of_how_many_open_tasks_it_is_known_whether_they_are_due() {
    let with = |date| Details::from(TaskDetails { date, ..TaskDetails::default() });
    let item = |id: &str, done, details| Item { done, details, ..dated(id, "a", None) };
    let items = vec![
        item("1", false, with(Known::Unknown)),
        item("2", false, with(Known::Absent)),
        item("3", false, with(Known::Present(due("2026-12-01")))),
        item("4", true, with(Known::Present(due("2026-12-01")))),
    ];
    let outline = Outline { items };
    let mut gathered = Gathered::default();
    let (outline, format) = (&outline, &FileFormat::default());
    let project = KnownProject { path: "", id: None, title: "", outline, format, text: None };
    gathered.add(&project);
    assert_eq!((gathered.open, gathered.dated, gathered.tasks.len()), (3, 2, 2));
}
