//! The laws of `document`, and examples that pin what it reads and writes.

mod commonmark;
mod examples;
mod fields;
mod formats;
mod golden;
mod laws;
mod layers;
mod pages;
mod parse_errors;
pub(crate) mod strategies;
mod tails;

use super::{Line, LineDetails, Markers, ParseOptions, RenderOptions, parse, render};
use crate::model::Marker;

/// `(depth, done, text)` of each task.
type Shape<'a> = (usize, bool, &'a str);

fn parsed(text: &str) -> Vec<Line> {
    match parse(text.as_bytes(), &ParseOptions::default()) {
        Ok(lines) => lines,
        Err(error) => panic!("{text:?} was refused: {error}"),
    }
}

fn rendered(lines: &[Line]) -> String {
    render(lines, &RenderOptions::default())
}

/// As a document with markers.
fn formatted(lines: &[Line]) -> String {
    render(lines, &RenderOptions { markers: Markers::Auto, ..RenderOptions::default() })
}

fn shapes(lines: &[Line]) -> Vec<Shape<'_>> {
    lines.iter().map(|line| (line.depth, line.done, line.text.as_str())).collect()
}

fn task(text: &str) -> Line {
    Line { text: text.to_owned(), ..Line::default() }
}

/// The lines as a render of tasks knows them: without the source line that they came from, and how
/// it began.
fn unnumbered(mut lines: Vec<Line>) -> Vec<Line> {
    for line in &mut lines {
        line.number = 0;
        line.marker = Marker::default();
        line.strays.clear();
        line.field_lines.clear();
    }
    lines
}
