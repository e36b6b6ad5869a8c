//! How fast a project becomes a text, a text is read, and a save is planned: of real exports, as
//! they are, and repeated in one large project.

use std::{
    collections::HashSet,
    fs,
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use taskadefs::{
    api::read_export,
    document::{Line, ParseOptions, RenderOptions, parse, render},
    ids::TaskId,
    plan::{Key, OnlyRoot, Outline, Wanted, align, merge, script},
};

const PROJECTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data/projects");

/// How many tasks the large project has at least.
const LARGE: usize = 10_000;

/// How often each measurement is made, after a warm-up; the median counts.
const SAMPLES: usize = 31;
const WARM_UP: Duration = Duration::from_millis(300);

/// A sample takes at least this long: what is fast is done over and over.
const SAMPLE: Duration = Duration::from_millis(5);

/// A project as Taskade has it and as its file has it, and what saves may bring.
struct Project {
    outline: Outline,
    lines: Vec<Line>,
    text: String,
    /// What the texts of saves are read as: nothing changed, one line, and a tenth.
    saves: [Vec<Wanted>; 3],
}

impl Project {
    fn new(outline: Outline) -> Self {
        let lines = lines(&outline);
        let text = render(&lines, &RenderOptions::default());
        let mut one = lines.clone();
        let middle = one.len() / 2;
        one[middle].text.push_str(", changed");
        let saves = [lines.clone(), one, edited(&lines)]
            .map(|lines| wanted(&outline, &render(&lines, &RenderOptions::default())));
        Self { outline, lines, text, saves }
    }

    /// What a save comes to, as the mount plans it. How many requests.
    fn plan(&self, save: usize) -> usize {
        let base = &self.outline;
        let ours = align(base, black_box(&self.saves[save]), base.next_new());
        let merged = merge(base, &ours, base, ours.next_new());
        script(base, &merged.outline).len()
    }
}

fn wanted(outline: &Outline, text: &str) -> Vec<Wanted> {
    let wanted = |line: Line| {
        let Line { depth, text, done, .. } = line;
        Wanted { depth, text, done, anchor: None }
    };
    parsed(outline, text).into_iter().map(wanted).collect()
}

fn parsed(outline: &Outline, text: &str) -> Vec<Line> {
    let known: HashSet<&str> = outline.items.iter().map(|item| item.text.as_str()).collect();
    let is_known = |text: &str| known.contains(text);
    let options = ParseOptions { known_text: Some(&is_known), ..ParseOptions::default() };
    parse(text.as_bytes(), &options).unwrap()
}

/// The projects of the data, by the reader of exports.
fn exported() -> Vec<Outline> {
    let mut items = serde_json::Map::new();
    for entry in fs::read_dir(PROJECTS).unwrap() {
        let path = entry.unwrap().path();
        let id = path.file_stem().unwrap().to_str().unwrap().to_owned();
        items.insert(id, item(&path));
    }
    let count = items.len();
    let mut read: Vec<_> =
        read_export(&json!({ "items": items }).to_string()).unwrap().into_iter().collect();
    assert_eq!(read.len(), count);
    read.sort_by(|(one, _), (other, _)| one.as_str().cmp(other.as_str()));
    let outline = |tasks: &[_]| Outline::from_listing(tasks, "", OnlyRoot::IsTitle).outline;
    read.into_iter().map(|(_, exported)| outline(&exported.tasks)).collect()
}

fn item(path: &Path) -> Value {
    let mut item: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    item["type"] = "space-bundle-project-item".into();
    item
}

/// All of them one below the other, over and over, as one project.
fn repeated(outlines: &[Outline]) -> Outline {
    let mut items = Vec::new();
    for round in 0.. {
        for item in outlines.iter().flat_map(|outline| &outline.items) {
            let Key::Known(id) = &item.key else { unreachable!() };
            let mut item = item.clone();
            item.key = Key::Known(TaskId::new(format!("{}-{round}", id.as_str())));
            // Of two copies no two lines are the same.
            item.text.push_str(&format!(" {round}"));
            items.push(item);
        }
        if items.len() >= LARGE {
            break;
        }
    }
    Outline { items }
}

fn lines(outline: &Outline) -> Vec<Line> {
    let items = outline.items.iter();
    items
        .map(|item| Line {
            depth: item.depth,
            marker: item.spelled.marker(),
            done: item.done,
            text: item.text.clone(),
            ..Line::default()
        })
        .collect()
}

/// Every tenth line is edited, deleted or moved on by seven lines.
fn edited(lines: &[Line]) -> Vec<Line> {
    let mut edited: Vec<Line> = Vec::with_capacity(lines.len());
    let mut moved: Vec<(usize, Line)> = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        match index % 30 {
            5 => edited.push(Line { text: format!("{}, changed", line.text), ..line.clone() }),
            15 => {}
            25 => moved.push((index + 7, line.clone())),
            _ => edited.push(line.clone()),
        }
        let arrived = moved.extract_if(.., |(to, _)| *to == index).map(|(_, line)| line);
        edited.extend(arrived);
    }
    edited.extend(moved.into_iter().map(|(_, line)| line));
    let mut deepest = 0;
    for line in &mut edited {
        line.depth = line.depth.min(deepest);
        deepest = line.depth + 1;
    }
    edited
}

/// The median seconds of one run.
fn median(mut run: impl FnMut()) -> f64 {
    let begun = Instant::now();
    let mut runs = 0;
    while begun.elapsed() < WARM_UP {
        run();
        runs += 1;
    }
    let once = begun.elapsed() / runs;
    let times = (SAMPLE.as_nanos() / once.as_nanos().max(1) + 1) as u32;
    let mut sample = || {
        let begun = Instant::now();
        (0..times).for_each(|_| run());
        begun.elapsed().as_secs_f64() / f64::from(times)
    };
    let mut samples: Vec<f64> = (0..SAMPLES).map(|_| sample()).collect();
    samples.sort_by(f64::total_cmp);
    samples[SAMPLES / 2]
}

/// What is measured of a set of projects: seconds, and the requests of a save.
fn measure(projects: &[Project]) -> Vec<(f64, Option<usize>)> {
    let render = || {
        for project in projects {
            black_box(render(black_box(&project.lines), &RenderOptions::default()));
        }
    };
    let parse = || {
        for project in projects {
            black_box(parsed(&project.outline, black_box(&project.text)));
        }
    };
    let mut measured = vec![(median(render), None), (median(parse), None)];
    for save in 0..3 {
        let plan = || projects.iter().map(|project| project.plan(save)).sum();
        let requests: usize = plan();
        let seconds = median(|| {
            black_box(plan());
        });
        measured.push((seconds, Some(requests)));
    }
    measured
}

const ROWS: [&str; 5] = [
    "render",
    "parse",
    "plan, nothing changed",
    "plan, one line of each edited",
    "plan, a tenth edited, deleted or moved",
];

/// Prints the table.
pub(crate) fn print() {
    let outlines = exported();
    let large = vec![Project::new(repeated(&outlines))];
    let all: Vec<Project> = outlines.into_iter().map(Project::new).collect();
    let sets = [&all, &large].map(|projects| {
        let tasks: usize = projects.iter().map(|project| project.lines.len()).sum();
        let bytes: usize = projects.iter().map(|project| project.text.len()).sum();
        (tasks, bytes, measure(projects))
    });
    println!(
        "| real exports | {} projects, {} tasks | one project of {} tasks |",
        all.len(),
        sets[0].0,
        sets[1].0
    );
    println!("|---|---|---|");
    for (row, name) in ROWS.iter().enumerate() {
        let cells = sets.each_ref().map(|(tasks, bytes, measured)| {
            let (seconds, requests) = measured[row];
            let megabytes = *bytes as f64 / seconds / 1e6;
            let per_second = *tasks as f64 / seconds / 1e6;
            let requests = match requests {
                None => String::new(),
                Some(1) => ", 1 request".to_owned(),
                Some(count) => format!(", {count} requests"),
            };
            format!("{megabytes:.1} MB/s, {per_second:.2} M tasks/s{requests}")
        });
        println!("| {name} | {} | {} |", cells[0], cells[1]);
    }
}
