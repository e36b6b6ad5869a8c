//! How long a project of 10,000 tasks takes to render and to parse.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use taskadefs::{
    document::{Line, LineDetails, ParseOptions, RenderOptions, parse, render},
    model::Marker,
};

const DEPTHS: [usize; 10] = [0, 1, 2, 1, 0, 1, 2, 3, 4, 2];

fn project(text: impl Fn(usize) -> String) -> Vec<Line> {
    (0..10_000)
        .zip(DEPTHS.into_iter().cycle())
        .map(|(index, depth)| Line {
            depth,
            done: index % 3 == 0,
            text: text(index),
            ..Line::default()
        })
        .collect()
}

fn document(criterion: &mut Criterion) {
    let plain = project(|index| format!("Plain task number {index} of the list"));
    let rich = project(|index| {
        format!("Task {index} with `code`, **bold** and a [link](https://example.com/{index})")
    });
    let escaped = project(|index| format!("# {index}. <b> | @alice 📅 2026-12-01 "));
    let markers = [Marker::Heading(2), Marker::Paragraph, Marker::Bullet, Marker::Number];
    let mut formats = project(|index| format!("Line number {index} of the document"));
    for (line, marker) in formats.iter_mut().zip(markers.into_iter().cycle()) {
        line.marker = marker;
    }
    let mut table = project(|index| format!("Row number {index} of the table"));
    for (index, row) in table.iter_mut().enumerate() {
        let fields = (1..=4).map(|field| (format!("@f{field}"), format!("value {index}")));
        row.details = LineDetails { fields: fields.collect(), ..LineDetails::default() };
    }
    let all = [
        ("plain", plain),
        ("rich", rich),
        ("escaped", escaped),
        ("formats", formats),
        ("table", table),
    ];
    let mut group = criterion.benchmark_group("document");
    for (name, lines) in all {
        let text = render(&lines, &RenderOptions::default());
        group.throughput(Throughput::Elements(lines.len() as u64));
        group.bench_function(format!("render/{name}"), |bencher| {
            bencher.iter(|| render(black_box(&lines), &RenderOptions::default()));
        });
        group.bench_function(format!("parse/{name}"), |bencher| {
            bencher.iter(|| parse(black_box(text.as_bytes()), &ParseOptions::default()));
        });
    }
    group.finish();
}

criterion_group!(benches, document);
criterion_main!(benches);
