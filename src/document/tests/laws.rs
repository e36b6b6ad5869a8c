//! The laws that hold for every text, and the failures that shrinking found.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    super::{Line, MAX_DEPTH, ParseOptions, RenderOptions, parse, render},
    parsed, rendered,
    strategies::{document, lines, tame_document, text},
    task, unnumbered,
};

/// Parses with every id of the lines known.
fn parsed_with_ids(text: &str, ids: &HashSet<String>) -> Result<Vec<Line>, TestCaseError> {
    let known = |id: &str| ids.contains(id);
    let options = ParseOptions { known_anchor: Some(&known), ..ParseOptions::default() };
    parse(text.as_bytes(), &options).map_err(|error| TestCaseError::fail(error.to_string()))
}

/// That what was read has a normal form, which reads the same.
fn check_normal_form(lines: Vec<Line>) -> Result<(), TestCaseError> {
    let normal = rendered(&lines);
    let again = parse(normal.as_bytes(), &ParseOptions::default())
        .map_err(|error| TestCaseError::fail(format!("{normal:?}: {error}")))?;
    prop_assert_eq!(&rendered(&again), &normal);
    prop_assert_eq!(unnumbered(again), unnumbered(lines));
    Ok(())
}

fn check_depths(lines: &[Line]) -> Result<(), TestCaseError> {
    let mut deepest = 0;
    for line in lines {
        prop_assert!(line.depth <= deepest);
        deepest = line.depth + 1;
    }
    Ok(())
}

proptest! {
    #[test]
    fn parsing_undoes_rendering(mut lines in lines()) {
        lines.iter_mut().for_each(|line| line.anchor = None);
        let text = rendered(&lines);
        let read = parse(text.as_bytes(), &ParseOptions::default());
        prop_assert_eq!(read.map(unnumbered), Ok(lines), "{:?}", text);
    }

    #[test]
    fn parsing_undoes_rendering_with_ids(lines in lines()) {
        let ids = lines.iter().filter_map(|line| line.anchor.clone()).collect();
        let text = render(&lines, &RenderOptions { ids: true, ..RenderOptions::default() });
        prop_assert_eq!(unnumbered(parsed_with_ids(&text, &ids)?), lines, "{:?}", text);
    }

    #[test]
    fn a_rendered_line_is_one_line_that_no_editor_trims(text in text()) {
        let line = rendered(&[task(&text)]);
        prop_assert_eq!(line.lines().count(), 1);
        prop_assert_eq!(line.trim_end_matches('\n').trim_end_matches([' ', '\t']).len() + 1, line.len());
        prop_assert!(!line.trim_end_matches('\n').contains(|c: char| c.is_control() && c != '\t'));
    }

    #[test]
    fn whatever_is_accepted_has_a_normal_form(text in document()) {
        if let Ok(lines) = parse(text.as_bytes(), &ParseOptions::default()) {
            check_depths(&lines)?;
            check_normal_form(lines)?;
        }
    }

    #[test]
    fn a_refusal_names_a_line_of_the_text(text in document()) {
        if let Err(error) = parse(text.as_bytes(), &ParseOptions::default()) {
            let count = 1 + text.replace("\r\n", "\n").matches(['\n', '\r']).count();
            prop_assert!((1..=count).contains(&error.line));
        }
    }

    #[test]
    fn a_changed_document_is_read_or_refused(
        lines in lines(),
        cut in any::<prop::sample::Index>(),
        length in 0usize..12,
        put in text(),
    ) {
        let mut bytes = render(&lines, &RenderOptions { ids: true, ..RenderOptions::default() }).into_bytes();
        let start = cut.index(bytes.len() + 1);
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, put.into_bytes());
        if let Ok(lines) = parse(&bytes, &ParseOptions::default()) {
            check_depths(&lines)?;
            check_normal_form(lines)?;
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        if let Ok(lines) = parse(&bytes, &ParseOptions::default()) {
            check_normal_form(lines)?;
        }
    }

    #[test]
    fn nothing_typed_vanishes(text in tame_document()) {
        if let Ok(lines) = parse(text.as_bytes(), &ParseOptions::default()) {
            let letters = |text: &str| {
                let mut letters: Vec<_> =
                    text.chars().filter(|c| c.is_alphabetic() && *c != 'x').collect();
                letters.sort_unstable();
                letters
            };
            let mut kept = String::new();
            for line in &lines {
                kept.push_str(&line.text);
                kept.extend(line.details.note.as_deref());
                kept.extend(line.details.assignees.iter().map(String::as_str));
            }
            prop_assert_eq!(letters(&kept), letters(&text), "{:?}", lines);
        }
    }

    #[test]
    fn numbers_rise_and_point_at_the_words(text in tame_document()) {
        if let Ok(lines) = parse(text.as_bytes(), &ParseOptions::default()) {
            prop_assert!(lines.is_sorted_by_key(|line| line.number));
            prop_assert!(lines.iter().all(|line| line.number >= 1));
        }
    }
}

#[test]
fn the_deepest_outline_that_is_accepted_survives() {
    let outline = |depth| {
        (0..depth).map(|depth| Line { depth, ..task(if depth % 2 == 0 { "" } else { "- a" }) })
    };
    let lines: Vec<Line> = outline(MAX_DEPTH).collect();
    assert_eq!(unnumbered(parsed(&rendered(&lines))), lines);
    let deeper: Vec<Line> = outline(MAX_DEPTH + 1).collect();
    let error = parse(rendered(&deeper).as_bytes(), &ParseOptions::default()).unwrap_err();
    assert_eq!(error.line, MAX_DEPTH + 1);
}

#[test]
fn a_note_of_nothing_but_markers_survives() {
    let mut line = task("a");
    line.details.note = Some(["> ".repeat(3000), "-".repeat(3000), "- ".repeat(3000)].join("\n"));
    assert_eq!(unnumbered(parsed(&rendered(std::slice::from_ref(&line)))), [line]);
}

/// Where a step is quadratic, this takes far longer than all other tests together.
#[test]
fn hostile_texts_are_read_in_time() {
    const COUNT: usize = 10_000;
    let piles =
        ["[", "[a](", "![", "*a_ ", "<a ", "a | ", "&#32;", "\\", "\\⏎", "@a ", "]", " ^a", "> "];
    let lines = ["- `\n", "- <\n", "a|\n", "[a]: b\n", "a\n-\n", "# a\n", "- a\n  > b\n\n"];
    let texts = piles.into_iter().chain(lines).map(|piece| format!("a {}", piece.repeat(COUNT)));
    let any_text = |_: &str| true;
    let options = ParseOptions { known_text: Some(&any_text), ..ParseOptions::default() };
    for text in texts {
        let lines = parse(text.as_bytes(), &options).unwrap();
        let normal = rendered(&lines);
        let again = parse(normal.as_bytes(), &options).unwrap();
        assert!(unnumbered(again) == unnumbered(lines), "{}", &text[..20]);
    }
    for nest in ["- ", "> ", "1. "] {
        let text = format!("{}a\n{}", nest.repeat(COUNT), "b\n".repeat(COUNT));
        assert_eq!(parse(text.as_bytes(), &options).unwrap_err().line, 1, "{nest:?}");
    }
}

#[test]
fn a_list_in_a_note_changes_nothing_after_it() {
    let mut noted = task("a");
    noted.details.note = Some("12.  \n\n1.\n".to_owned());
    let lines = [noted, Line { depth: 1, ..task("below") }];
    assert_eq!(unnumbered(parsed(&rendered(&lines))), lines);
}
