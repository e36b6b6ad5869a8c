//! Any bytes are read or refused, and what is read has a normal form that reads the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use taskadefs::document::{Line, ParseOptions, RenderOptions, parse, render};

fuzz_target!(|bytes: &[u8]| {
    check(bytes, &ParseOptions::default(), RenderOptions { ids: false, ..RenderOptions::default() });
    let known = |id: &str| id.len() < 4;
    let options = ParseOptions { known_anchor: Some(&known), ..ParseOptions::default() };
    check(bytes, &options, RenderOptions { ids: true, ..RenderOptions::default() });
});

fn check(bytes: &[u8], options: &ParseOptions<'_>, rendering: RenderOptions) {
    let Ok(lines) = parse(bytes, options) else { return };
    let normal = render(&lines, &rendering);
    let again = parse(normal.as_bytes(), options).expect("a normal form is accepted");
    assert_eq!(render(&again, &rendering), normal);
    assert_eq!(unnumbered(again), unnumbered(lines));
}

fn unnumbered(mut lines: Vec<Line>) -> Vec<Line> {
    lines.iter_mut().for_each(|line| line.number = 0);
    lines
}
