//! Any bytes are read or refused, and what is read has a normal form that reads the same, however lines
//! begin and wherever fields stand.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use taskadefs::{
    document::{FieldKeys, Line, Markers, ParseOptions, RenderOptions, parse, render, shown_markers},
    model::{FieldDefinition, FieldKind, FieldSchema},
};

/// Names as they are, and as they should not be.
static FIELDS: LazyLock<FieldKeys> = LazyLock::new(|| {
    let field = |(at, name): (usize, &str)| FieldDefinition {
        id: format!("@f{at}"),
        name: Some(name.to_owned()),
        kind: FieldKind::Text,
        options: Vec::new(),
    };
    let fields = ["a", "a", "State", "x [y]", "b::", ""].into_iter().enumerate().map(field);
    FieldKeys::of(&FieldSchema { fields: fields.collect() })
});

fuzz_target!(|bytes: &[u8]| {
    let known = |id: &str| id.len() < 4;
    for markers in [Markers::Auto, Markers::Tasks] {
        for ids in [false, true] {
            for (fields, below) in [(None, false), (Some(&*FIELDS), false), (Some(&*FIELDS), true)] {
                let known_anchor = ids.then_some(&known as &dyn Fn(&str) -> bool);
                let options = ParseOptions { known_anchor, fields, ..ParseOptions::default() };
                check(bytes, &options, RenderOptions { ids, markers, fields, below });
            }
        }
    }
});

fn check(bytes: &[u8], options: &ParseOptions<'_>, rendering: RenderOptions<'_>) {
    let Ok(lines) = parse(bytes, options) else { return };
    let normal = render(&lines, &rendering);
    let again = parse(normal.as_bytes(), options).expect("a normal form is accepted");
    assert_eq!(render(&again, &rendering), normal);
    if rendering.markers == Markers::Auto {
        assert_eq!(shown_markers(&again), shown_markers(&lines));
    }
    assert_eq!(meaning(again), meaning(lines));
}

/// What the lines say, however they are written.
fn meaning(lines: Vec<Line>) -> Vec<Line> {
    let said = |line: Line| Line {
        depth: line.depth,
        done: line.done,
        text: line.text,
        details: line.details,
        anchor: line.anchor,
        ..Line::default()
    };
    lines.into_iter().map(said).collect()
}
