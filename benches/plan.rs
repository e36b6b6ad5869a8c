//! What it takes to plan a save of a project of 10,000 tasks.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use taskadefs::{
    ids::TaskId,
    plan::{Item, Key, Outline, Wanted, align, merge, script},
};

const TASKS: usize = 10_000;

fn project(text: impl Fn(usize) -> String) -> Outline {
    let item = |index: usize| Item {
        key: Key::Known(TaskId::new(format!("{index:08x}-0000-4000-8000-{index:012x}"))),
        depth: [0, 1, 2, 2, 1][index % 5],
        text: text(index),
        done: index.is_multiple_of(7),
        details: Default::default(),
        spelled: Default::default(),
    };
    Outline { items: (0..TASKS).map(item).collect() }
}

fn lines(outline: &Outline) -> Vec<Wanted> {
    let line = |item: &Item| Wanted {
        depth: item.depth,
        text: item.text.clone(),
        done: item.done,
        anchor: None,
    };
    outline.items.iter().map(line).collect()
}

fn save(base: &Outline, wanted: &[Wanted]) -> usize {
    let ours = align(base, wanted, base.next_new());
    let merged = merge(base, &ours, base, ours.next_new());
    script(base, &merged.outline).len()
}

fn saves(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("save");
    let base = project(|index| format!("Task {index} about topic {}", index * 7919 % 1000));
    let mut bench = |name: &str, base: &Outline, wanted: &[Wanted]| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| save(black_box(base), black_box(wanted)));
        });
    };

    bench("nothing changed", &base, &lines(&base));
    let mut one = lines(&base);
    one[TASKS / 2].text.push_str(", changed");
    bench("one line", &base, &one);
    let mut moved = lines(&base);
    moved.rotate_left(TASKS / 4);
    bench("a quarter moved", &base, &moved);
    let mut replaced = lines(&base);
    replaced.iter_mut().for_each(|line| line.text = line.text.replace("topic", "the topic"));
    bench("every line edited", &base, &replaced);
    let rewritten = lines(&project(|index| format!("{:x} {:x}", index * 31_337, index * 7_919)));
    bench("rewritten", &base, &rewritten);
    let equal = project(|_| "same".into());
    let mut ticked = lines(&equal);
    ticked.iter_mut().step_by(3).for_each(|line| line.done ^= true);
    ticked.remove(0);
    bench("equal lines", &equal, &ticked);
    group.finish();
}

criterion_group!(benches, saves);
criterion_main!(benches);
