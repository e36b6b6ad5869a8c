//! Edits of details and moves between two projects, drawn from a seed, with lost answers, failures
//! and crashes in between; what the tasks are to have is compared with what they have in the end.

use std::collections::BTreeMap;

use proptest::{
    prelude::*,
    test_runner::{RngSeed, TestRunner},
};
use taskadefs::error::Kind;

use crate::support::{
    harness::{Mount, pass},
    service::{
        Fault,
        details::{Details, day},
    },
};

/// What one test runs. `TASKADEFS_DETAILS=FIRST,SEEDS,STEPS` asks for others, of at most so many steps.
const FIRST: u64 = 1;
const SEEDS: u64 = 48;
const STEPS: usize = 13;

const TASKS: [&str; 5] = ["anchor", "bridge", "candle", "dolphin", "elephant"];
const FILES: [(&str, &str); 2] = [("plan", "Plan.md"), ("home", "Home.md")];

/// Something that a person does, or that goes wrong. Places are read modulo what there is.
#[derive(Debug, Clone)]
enum Step {
    Date(usize, Option<u8>),
    Note(usize, Option<u8>),
    Person(usize, usize),
    Field(usize, Option<u8>),
    /// To the other project: whether the cut is saved before the paste.
    Move(usize, bool),
    Lost,
    Failing(u8),
    Crash,
    Wait(u8),
}

/// Up to `most` of them.
fn steps(most: usize) -> impl Strategy<Value = Vec<Step>> {
    let task = || 0..TASKS.len();
    let value = || prop::option::of(1..9_u8);
    let step = prop_oneof![
        3 => (task(), value()).prop_map(|(task, value)| Step::Date(task, value)),
        2 => (task(), value()).prop_map(|(task, value)| Step::Note(task, value)),
        3 => (task(), 0..2_usize).prop_map(|(task, person)| Step::Person(task, person)),
        2 => (task(), value()).prop_map(|(task, value)| Step::Field(task, value)),
        3 => (task(), any::<bool>()).prop_map(|(task, cut_first)| Step::Move(task, cut_first)),
        2 => Just(Step::Lost),
        1 => (1..4_u8).prop_map(Step::Failing),
        1 => Just(Step::Crash),
        2 => (0..90_u8).prop_map(Step::Wait),
    ];
    prop::collection::vec(step, 1..=most)
}

/// What a person has typed on the line of a task.
#[derive(Debug, Clone, Default)]
struct Typed {
    date: Option<u8>,
    note: Option<u8>,
    people: Vec<&'static str>,
    field: Option<u8>,
}

struct Model {
    mount: Mount,
    /// What was typed, and which project each task is in.
    typed: BTreeMap<&'static str, Typed>,
    homes: BTreeMap<&'static str, usize>,
    /// What the lines said that were deleted before a crash. Nobody knows then what was seen of their
    /// tasks, so that all that they had is back with a line of that text in their project, whatever
    /// was made of it elsewhere meanwhile.
    deleted: Vec<(&'static str, Typed)>,
    before_crash: Vec<(&'static str, Typed)>,
}

impl Model {
    async fn new(replaces: bool) -> Self {
        let mount = Mount::of(&TASKS.join("\n")).await;
        mount.memory.set_assigning_replaces(replaces);
        mount.memory.seed("f", "home", "Home", "");
        for (number, _) in TASKS.iter().enumerate() {
            // No text shows this: nobody has asked.
            mount.memory.detail_elsewhere("plan", &format!("t{}", number + 1), |task| {
                task.assignees.push("carol".to_owned());
                task.fields.insert("@hidden".to_owned(), number.into());
            });
        }
        pass(60).await;
        mount.names().await;
        pass(1).await;
        let typed = TASKS.map(|task| (task, Typed::default())).into();
        let homes = TASKS.map(|task| (task, 0)).into();
        Self { mount, typed, homes, deleted: Vec::new(), before_crash: Vec::new() }
    }

    /// Changes the line of a task in the text that its file shows, as a person does.
    async fn edit(&mut self, task: &'static str, change: impl FnOnce(&mut Typed)) {
        let file = FILES[self.homes[task]].1;
        let shown = self.mount.text(file).await;
        let block = block(&shown, task);
        let typed = self.typed.get_mut(task).unwrap();
        let before = typed.clone();
        change(typed);
        // A crash may take the knowledge of what was typed, and what is not shown is not removed.
        let kept = |was: Option<u8>, is: &mut Option<u8>, mark: &str| {
            if !block.contains(mark) {
                *is = is.or(was);
            }
        };
        kept(before.date, &mut typed.date, "📅");
        kept(before.note, &mut typed.note, "> note");
        kept(before.field, &mut typed.field, "[@f::");
        for person in before.people {
            if !typed.people.contains(&person) && !block.contains(&format!("@{person}")) {
                typed.people.push(person);
            }
        }
        // Whatever else the line shows by now stays.
        let rest = |token: &&str| {
            let hidden = token.starts_with("@carol") || token.starts_with("[@hidden");
            hidden || token.ends_with(']') && !token.starts_with("[@f")
        };
        let first = block.lines().next().unwrap();
        let tail = first.split(task).nth(1).unwrap();
        let kept: Vec<&str> = tokens(tail).into_iter().filter(rest).collect();
        let (people, fields): (Vec<&str>, Vec<&str>) =
            kept.into_iter().partition(|token| token.starts_with('@'));
        let mut line = format!("- [ ] {task}");
        for person in typed
            .people
            .iter()
            .copied()
            .map(|name| format!("@{name}"))
            .chain(people.iter().map(|p| (*p).to_owned()))
        {
            line.push_str(&format!(" {person}"));
        }
        fields.iter().for_each(|field| line.push_str(&format!(" {field}")));
        typed.field.iter().for_each(|value| line.push_str(&format!(" [@f:: {value}]")));
        typed.date.iter().for_each(|value| line.push_str(&format!(" 📅 2026-12-0{value}")));
        line.push('\n');
        typed.note.iter().for_each(|value| line.push_str(&format!("  > note {value}\n")));
        self.save(file, &shown.replace(&block, &line)).await;
    }

    async fn save(&self, file: &str, text: &str) {
        self.mount.overwrite(file, text.as_bytes()).await.unwrap();
        if text.is_empty() {
            // Whether that was all is known after the grace.
            pass(3).await;
        }
    }

    async fn transfer(&mut self, task: &'static str, cut_first: bool) {
        let from = self.homes[task];
        let (source, target) = (FILES[from].1, FILES[1 - from].1);
        let (shown, other) = (self.mount.text(source).await, self.mount.text(target).await);
        let block = block(&shown, task);
        let (cut, pasted) = (shown.replace(&block, ""), format!("{other}{block}"));
        if cut_first {
            self.save(source, &cut).await;
            self.save(target, &pasted).await;
        } else {
            self.save(target, &pasted).await;
            self.save(source, &cut).await;
        }
        self.homes.insert(task, 1 - from);
        self.deleted.push((task, self.typed[task].clone()));
    }

    async fn take(&mut self, step: Step) {
        const PEOPLE: [&str; 2] = ["alice", "bob"];
        match step {
            Step::Date(task, value) => self.edit(TASKS[task], |typed| typed.date = value).await,
            Step::Note(task, value) => self.edit(TASKS[task], |typed| typed.note = value).await,
            Step::Field(task, value) => self.edit(TASKS[task], |typed| typed.field = value).await,
            Step::Person(task, person) => {
                let name = PEOPLE[person];
                self.edit(TASKS[task], |typed| {
                    match typed.people.iter().position(|p| *p == name) {
                        Some(at) => drop(typed.people.remove(at)),
                        None => typed.people.push(name),
                    }
                })
                .await;
            }
            Step::Move(task, cut_first) => self.transfer(TASKS[task], cut_first).await,
            Step::Lost => self.mount.memory.fail_next([Fault::After]),
            Step::Failing(count) => {
                let fault = Fault::Before(Kind::Unreachable);
                self.mount.memory.fail_next(vec![fault; count.into()]);
            }
            Step::Crash => {
                self.before_crash.append(&mut self.deleted);
                self.mount.crash().await;
            }
            Step::Wait(seconds) => pass(seconds.into()).await,
        }
    }

    /// Everything is saved: the service has just what is to be there.
    async fn check(&self) {
        pass(1200).await;
        for (number, task) in TASKS.into_iter().enumerate() {
            let (id, file) = FILES[self.homes[task]];
            let tree = self.mount.memory.tree(id);
            let at = tree.lines().position(|line| line == task);
            let at = at.unwrap_or_else(|| panic!("{task} is not in {file}: {tree:?}"));
            let other = self.mount.memory.tree(FILES[1 - self.homes[task]].0);
            assert!(
                !other.lines().any(|line| line == task),
                "{task} is there twice, {:?}, {:?}",
                self.mount.writes(),
                self.mount.vfs.status().saves
            );
            let mut found = self.mount.memory.details(id, &self.mount.memory.ids(id)[at]);
            found.assignees.sort();
            let typed = &self.typed[task];
            let mut wanted = Details {
                date: typed.date.map(|value| day(&format!("2026-12-0{value}"))),
                note: typed.note.map(|value| format!("note {value}")),
                assignees: typed.people.iter().map(|name| (*name).to_owned()).collect(),
                fields: typed
                    .field
                    .iter()
                    .map(|value| ("@f".to_owned(), (*value).into()))
                    .collect(),
            };
            wanted.assignees.push("carol".to_owned());
            wanted.assignees.sort();
            wanted.fields.insert("@hidden".to_owned(), number.into());
            for (_, had) in self.before_crash.iter().filter(|(of, _)| *of == task) {
                is_back(had, &found, &mut wanted);
            }
            assert_eq!(found, wanted, "{task}, {:?}", self.mount.writes());
        }
    }
}

/// What is there again of what a line said that was deleted before a crash.
fn is_back(had: &Typed, found: &Details, wanted: &mut Details) {
    let is_there = |name: &&&str| found.assignees.iter().any(|it| it == **name);
    for name in had.people.iter().filter(is_there) {
        if !wanted.assignees.iter().any(|it| it == name) {
            wanted.assignees.push((*name).to_owned());
        }
    }
    wanted.assignees.sort();
    let date = had.date.map(|value| day(&format!("2026-12-0{value}")));
    if wanted.date.is_none() && found.date == date {
        wanted.date = date;
    }
    let note = had.note.map(|value| format!("note {value}"));
    if wanted.note.is_none() && found.note == note {
        wanted.note = note;
    }
    if let Some(value) = had.field.filter(|_| !wanted.fields.contains_key("@f"))
        && found.fields.get("@f") == Some(&value.into())
    {
        wanted.fields.insert("@f".to_owned(), value.into());
    }
}

/// The line of a task and those of its note.
fn block(text: &str, task: &str) -> String {
    let mut lines =
        text.split_inclusive('\n').skip_while(|line| !line.contains(&format!("] {task}")));
    let first = lines.next().unwrap_or_else(|| panic!("no {task} in {text:?}"));
    let note = lines.take_while(|line| line.trim_start().starts_with('>'));
    std::iter::once(first).chain(note).collect()
}

/// What ends a line, a bracket whole.
fn tokens(tail: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = tail.trim();
    while !rest.is_empty() {
        let end =
            if rest.starts_with('[') { rest.find(']').map(|at| at + 1) } else { rest.find(' ') };
        let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

fn run(steps: Vec<Step>, replaces: bool) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut model = Model::new(replaces).await;
        model.check().await;
        for step in steps {
            model.take(step).await;
        }
        model.mount.memory.heal();
        model.check().await;
    });
}

/// What is drawn from one seed; what fails is made as short as it still fails.
fn drawn_from(seed: u64, most: usize) -> Result<(), String> {
    let config = ProptestConfig {
        cases: 1,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..Default::default()
    };
    let drawn = (steps(most), any::<bool>());
    let ran = TestRunner::new(config).run(&drawn, |(steps, replaces)| {
        run(steps, replaces);
        Ok(())
    });
    ran.map_err(|failure| format!("seed {seed}: {failure}"))
}

#[test]
fn nothing_that_a_task_has_is_lost_or_touched() {
    let asked = std::env::var("TASKADEFS_DETAILS").unwrap_or_default();
    let numbers: Vec<u64> = asked.split(',').filter_map(|n| n.parse().ok()).collect();
    let (seeds, most) = match numbers[..] {
        [first, seeds, steps] => (first..first + seeds, usize::try_from(steps).unwrap()),
        _ => (FIRST..FIRST + SEEDS, STEPS),
    };
    let failed: Vec<String> = seeds.filter_map(|seed| drawn_from(seed, most).err()).collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_line_that_goes_back_and_forth_at_once_takes_all_along() {
    run(vec![Step::Move(0, false), Step::Move(0, true), Step::Move(0, false)], false);
    let noted = Step::Note(1, None);
    run(vec![Step::Move(3, false), noted, Step::Move(3, true), Step::Move(3, true)], true);
}

#[test]
fn what_was_taken_off_a_line_and_is_not_off_yet_does_not_come_along() {
    let (set, off) = (Step::Field(1, Some(1)), Step::Field(1, None));
    run(vec![Step::Lost, Step::Failing(3), set, off, Step::Move(1, false)], false);
}

#[test]
fn a_line_that_comes_back_while_requests_fail_keeps_what_it_has() {
    let (back, failing) = (Step::Move(3, true), Step::Failing(3));
    run(vec![back.clone(), failing, back, Step::Move(3, false)], false);
}
