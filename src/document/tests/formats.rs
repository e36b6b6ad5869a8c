//! The laws of markers, and what documents look like.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    super::{Line, Markers, ParseOptions, RenderOptions, parse, render, shown_markers},
    formatted, rendered,
    strategies::{document, formatted_lines, outlines, tame_document},
    task, unnumbered,
};
use crate::model::Marker;

/// Each line with the marker that it shows, and without the source line that it came from.
fn as_shown(mut lines: Vec<Line>) -> Vec<Line> {
    let shown = shown_markers(&lines);
    for (line, marker) in lines.iter_mut().zip(shown) {
        line.marker = marker;
        line.number = 0;
        line.strays.clear();
        line.field_lines.clear();
    }
    lines
}

fn read(text: &str) -> Result<Vec<Line>, TestCaseError> {
    parse(text.as_bytes(), &ParseOptions::default())
        .map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))
}

fn check_normal_form(lines: Vec<Line>) -> Result<(), TestCaseError> {
    let normal = formatted(&lines);
    let again = read(&normal)?;
    prop_assert_eq!(&formatted(&again), &normal);
    prop_assert_eq!(as_shown(again), as_shown(lines), "{}", normal);
    Ok(())
}

proptest! {
    #[test]
    fn parsing_undoes_rendering(mut lines in formatted_lines()) {
        lines.iter_mut().for_each(|line| line.anchor = None);
        let text = formatted(&lines);
        let parsed = read(&text)?;
        // Also the markers: what was read is what is shown.
        let bare = |line: Line| Line { number: 0, strays: Vec::new(), field_lines: Vec::new(), ..line };
        let parsed: Vec<Line> = parsed.into_iter().map(bare).collect();
        prop_assert_eq!(parsed, as_shown(lines), "{}", text);
    }

    #[test]
    fn parsing_undoes_rendering_with_ids(lines in formatted_lines()) {
        let ids: HashSet<String> = lines.iter().filter_map(|line| line.anchor.clone()).collect();
        let known = |id: &str| ids.contains(id);
        let options = ParseOptions { known_anchor: Some(&known), ..ParseOptions::default() };
        let rendering = RenderOptions { ids: true, markers: Markers::Auto, ..RenderOptions::default() };
        let text = render(&lines, &rendering);
        let parsed = parse(text.as_bytes(), &options)
            .map_err(|error| TestCaseError::fail(format!("{text:?}: {error}")))?;
        let bare = |line: Line| Line { number: 0, strays: Vec::new(), field_lines: Vec::new(), ..line };
        prop_assert_eq!(parsed.into_iter().map(bare).collect::<Vec<_>>(), as_shown(lines), "{}", text);
    }

    #[test]
    fn an_outline_is_one_whatever_its_formats(lines in outlines()) {
        let text = formatted(&lines);
        let tasks = rendered(&lines);
        prop_assert_eq!(unnumbered(read(&text)?), unnumbered(read(&tasks)?), "{}", text);
        let is_parted_once = !text.starts_with('\n') && !text.contains("\n\n\n");
        prop_assert!(is_parted_once && !text.ends_with("\n\n"), "{:?}", text);
    }

    #[test]
    fn whatever_is_accepted_has_a_normal_form(text in document()) {
        if let Ok(lines) = parse(text.as_bytes(), &ParseOptions::default()) {
            check_normal_form(lines)?;
        }
    }

    #[test]
    fn whatever_people_type_has_a_normal_form(text in tame_document()) {
        if let Ok(lines) = parse(text.as_bytes(), &ParseOptions::default()) {
            check_normal_form(lines)?;
        }
    }

    #[test]
    fn a_document_can_be_edited_anywhere(
        lines in formatted_lines(),
        cut in any::<prop::sample::Index>(),
        length in 0usize..12,
        put in "[-#*\n 1.>\\[\\]x|]{0,4}",
    ) {
        let mut bytes = formatted(&lines).into_bytes();
        let start = cut.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put.into_bytes());
        if let Ok(lines) = parse(&bytes, &ParseOptions::default()) {
            check_normal_form(lines)?;
        }
    }
}

/// Reads `MARKER DEPTH TEXT` a line and shows it.
fn shown(outline: &[(Marker, usize, &str)]) -> String {
    let lines = outline.iter().map(|(marker, depth, text)| {
        let (text, done) = match text.strip_prefix("[x] ") {
            Some(text) => (text, true),
            None => (*text, false),
        };
        Line { marker: *marker, depth: *depth, done, ..task(text) }
    });
    formatted(&lines.collect::<Vec<_>>())
}

const BOX: Marker = Marker::Checkbox;
const DOT: Marker = Marker::Bullet;
const NUM: Marker = Marker::Number;
const TEXT: Marker = Marker::Paragraph;
const H1: Marker = Marker::Heading(1);
const H2: Marker = Marker::Heading(2);

#[test]
fn a_document_reads_as_one() {
    let text = shown(&[
        (TEXT, 0, "Who is called, and when."),
        (TEXT, 0, "Twice a year."),
        (H1, 0, "Plan"),
        (H2, 1, "First hour"),
        (NUM, 2, "Call"),
        (DOT, 3, "twice"),
        (NUM, 2, "[x] Write"),
        (TEXT, 2, "Afterwards:"),
        (DOT, 2, "[x] rest"),
        (BOX, 2, "eat"),
        (H2, 1, "[x] Second hour"),
        (DOT, 2, "sleep"),
        (H1, 0, "Annex"),
    ]);
    let expected = "Who is called, and when.\n\nTwice a year.\n\n# Plan\n## First hour\n1. Call\n   \
                    - twice\n2. [x] Write\n\nAfterwards:\n\n- [x] rest\n- [ ] eat\n## [x] Second \
                    hour\n- sleep\n# Annex\n";
    assert_eq!(text, expected);
}

#[test]
fn what_markdown_cannot_say_is_a_bullet() {
    // A paragraph that holds something, is empty, is done, or stands in a list.
    assert_eq!(shown(&[(TEXT, 0, "a"), (BOX, 1, "b")]), "- a\n  - [ ] b\n");
    assert_eq!(shown(&[(TEXT, 0, ""), (TEXT, 0, "a")]), "-\n\na\n");
    assert_eq!(shown(&[(TEXT, 0, "[x] a")]), "- [x] a\n");
    assert_eq!(shown(&[(DOT, 0, "a"), (TEXT, 1, "b")]), "- a\n  - b\n");
    // A heading in a list, below its own level, or before anything else.
    assert_eq!(shown(&[(NUM, 0, "a"), (H1, 1, "b"), (DOT, 2, "c")]), "1. a\n   - b\n     - c\n");
    assert_eq!(shown(&[(H2, 0, "a"), (H1, 1, "b"), (H2, 1, "c")]), "## a\n- b\n- c\n");
    assert_eq!(shown(&[(H2, 0, "a"), (H1, 0, "b"), (H1, 0, "c")]), "## a\n# b\n# c\n");
    assert_eq!(shown(&[(H1, 0, "a"), (H2, 0, "b")]), "- a\n## b\n");
    assert_eq!(shown(&[(H1, 0, "a"), (H2, 0, "b"), (TEXT, 0, "c")]), "- a\n- b\n\nc\n");
    assert_eq!(shown(&[(H2, 0, "a"), (TEXT, 0, "b"), (H2, 0, "c")]), "- a\n\nb\n\n## c\n");
}

#[test]
fn numbers_count_their_neighbours() {
    let mut outline: Vec<(Marker, usize, &str)> = vec![(NUM, 0, "a"); 10];
    outline.insert(10, (DOT, 1, "b"));
    outline.extend([(DOT, 0, "c"), (NUM, 0, "d"), (NUM, 0, "")]);
    let text = shown(&outline);
    assert!(text.ends_with("\n9. a\n10. a\n    - b\n- c\n1. d\n2.\n"), "{text}");
}

#[test]
fn texts_that_look_like_markdown_stay_what_they_are() {
    assert_eq!(shown(&[(TEXT, 0, "# a"), (TEXT, 0, "[a]: b")]), "\\# a\n\n\\[a]: b\n");
    assert_eq!(shown(&[(DOT, 0, "[a]: b"), (BOX, 0, "[a]: b")]), "- \\[a]: b\n- [ ] [a]: b\n");
    assert_eq!(shown(&[(H2, 0, "a #"), (H2, 0, "#")]), "## a # #\n## \\#\n");
    assert_eq!(shown(&[(DOT, 0, "12\ta"), (TEXT, 0, "-\ta")]), "- 12\ta\n\n\\-\ta\n");
    assert_eq!(shown(&[(DOT, 0, "a"), (DOT, 1, ""), (DOT, 1, "")]), "- a\n\n  -\n  -\n");
    assert_eq!(shown(&[(DOT, 0, "[-] a"), (NUM, 0, "[-] a")]), "- [-] a\n1. [-] a\n");
}

#[test]
fn a_note_stands_where_what_is_below_would() {
    let noted = |marker| {
        let mut line = Line { marker, ..task("a") };
        line.details.note = Some("n".to_owned());
        formatted(&[line, Line { marker: DOT, ..task("b") }])
    };
    assert_eq!(noted(H1), "- a\n  > n\n- b\n");
    assert_eq!(noted(TEXT), "a\n> n\n\n- b\n");
    assert_eq!(noted(NUM), "1. a\n   > n\n- b\n");
}

#[test]
fn a_marker_that_was_typed_is_known() {
    let markers = |text: &str| -> Vec<Marker> {
        read(text).unwrap().into_iter().map(|line| line.marker).collect()
    };
    assert_eq!(
        markers("- a\n* b\n+ [ ] c\n- [x] d\n-[ ] e\n[ ] f\n"),
        [DOT, DOT, BOX, BOX, BOX, BOX]
    );
    assert_eq!(markers("1. a\n2) [x] b\n7. [ ] c\n"), [NUM, NUM, NUM]);
    assert_eq!(markers("- a\n\nb\n\nc\n- d\n"), [DOT, TEXT, TEXT, DOT]);
    // Right below the item of a list a bare line is one more of it, whatever the item holds.
    assert_eq!(markers("- a\nb\n"), [DOT, BOX]);
    assert_eq!(markers("1. a\n   > n\nb\n"), [NUM, BOX]);
    assert_eq!(markers("- a\n  [@f:: 1]\nb\n"), [DOT, BOX]);
    assert_eq!(markers("# a\nb\n"), [H1, TEXT]);
    assert_eq!(markers("a\n===\nb\n---\n### [x] c\n"), [H1, H2, Marker::Heading(3)]);
    assert_eq!(markers("- 1. a\n- [-] b\n"), [DOT, NUM, BOX]);
}
