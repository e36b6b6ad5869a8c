//! What is refused, on which line, and in which words.

use super::super::{MAX_DEPTH, ParseOptions, parse};
use crate::error::{Error, Kind};

fn refused(bytes: &[u8]) -> (usize, String) {
    match parse(bytes, &ParseOptions::default()) {
        Ok(lines) => panic!("{:?} was read as {lines:?}", String::from_utf8_lossy(bytes)),
        Err(error) => (error.line, error.reason),
    }
}

#[test]
fn what_cannot_be_a_task() {
    let cases: &[(&str, usize, &str)] = &[
        ("- a\n\n```sh\nrm\n```\n", 3, "code block"),
        ("- a\n  ~~~\n", 2, "code block"),
        ("- [ ] a\n  ---\n", 2, "a line of `-` or `=`"),
        ("- a\n  b\n  ===\n- c\n", 3, "a line of `-` or `=`"),
        ("- a\n  - b\n\n    c\n    ---\n", 5, "a line of `-` or `=`"),
        ("a\n\n    code\n", 3, "reads as code"),
        ("- a\n\n      - b\n", 3, "reads as code"),
        ("a | b\n--|--\nc | d\n", 1, "table"),
        ("- a\n- b\n  | c |\n  |---|\n", 3, "table"),
        ("- a\n| x | y |\n|---|---|\n| 1 | 2 |\n", 2, "table"),
        ("- [ ] a\nx | y\n:-- | --:\n", 2, "table"),
        ("- a\n  - b\n| x |\n|:-:|\n", 3, "table"),
        ("a\n| x | y |\n|---|---|\n", 2, "table"),
        ("- a\n```\nrm\n```\n", 2, "code block"),
        ("- a\n<div>\n", 2, "HTML"),
        ("- a\n\n<div>\n", 3, "HTML"),
        ("<!-- a\nb -->\n", 1, "HTML"),
        ("- a\n\n---\n\n- b\n", 3, "thematic break"),
        ("* * *\n", 1, "thematic break"),
        ("---\n- a\n", 1, "thematic break"),
        ("---\ntitle: a\n---\n- b\n", 1, "front matter"),
        ("> a\n", 1, "below a task"),
        ("> a\n\n- b\n", 1, "none before"),
        ("- a\n      - b\n", 2, "indented"),
        ("- a\n       1. b\n", 2, "indented"),
        ("- [ ] a\n          [ ] b\n", 2, "indented"),
        ("- a\r\n- b\0\r\n", 2, "NUL"),
    ];
    for (text, line, words) in cases {
        let (at, reason) = refused(text.as_bytes());
        assert_eq!(at, *line, "{text:?}: {reason}");
        assert!(reason.contains(*words), "{text:?}: {reason}");
    }
}

#[test]
fn what_only_looks_like_a_table_is_more_of_the_text() {
    for text in ["- a\n  | b |\n", "- a\n  | b\n  | c\n", "- a\n  b\n  --|--c\n", "| a\n| b |\n"] {
        let lines = parse(text.as_bytes(), &ParseOptions::default()).unwrap();
        assert_eq!(lines.len(), 1, "{text:?}: {lines:?}");
    }
}

#[test]
fn impossible_details() {
    let cases: &[(&str, &str)] = &[
        ("- [ ] a 📅 2026-2-3", "`📅 2026-2-3` is no due date; write `📅 2026-02-03`"),
        ("- [ ] a 📅 2026-02-30", "`📅 2026-02-30` is no due date"),
        ("- [ ] a 📅 1900-02-29", "no due date"),
        ("- [ ] a 🛫 2026-13-01 📅 2026-12-01", "`🛫 2026-13-01` is no start date"),
        ("- [ ] a [due:: tomorrow]", "`tomorrow` is no due date"),
        ("- [ ] a [due-time:: 24:00]", "`24:00` is no due time"),
        ("- [ ] a [start-time:: 9:00]", "`9:00` is no start time"),
        ("- [ ] a [zone:: the moon]", "`the moon` is no time zone"),
        ("- [ ] a 📅 2026-12-01 [due:: 2026-12-02]", "gives two"),
        ("- [ ] a 📅 2026-12-01T9 b", "write `📅 2026-12-01` and then a space"),
        ("- [ ] a 📅 2026-12-01 9:00", "write the time as `[due-time:: 09:30]`"),
        ("- [ ] a 🛫 2026-12-01 09:00-10:00", "write the time as `[start-time:: 09:30]`"),
        ("- [ ] a 📅 2026-12-01 25:00", "write the time as"),
        ("- [ ] a 📅 2026/12/1 b", "write `📅 2026-12-01`"),
        ("- [ ] a 📅 20261201", "write `📅 2026-12-01`"),
        ("- [ ] a 📅 01.12.2026", "YYYY-MM-DD"),
        ("- [ ] a 🗓 2026-12", "YYYY-MM-DD"),
        ("- [ ] a [due: 2026-12-01]", "write `[due:: 2026-12-01]`"),
        ("- [ ] a [@inc01: 250]", "write `[@inc01:: 250]`"),
        ("- [ ] a 📅 2026-02-30 ✅ 2026-11-25", "`📅 2026-02-30` is no due date"),
    ];
    for (text, words) in cases {
        let (line, reason) = refused(format!("- [ ] before\n{text}\n").as_bytes());
        assert_eq!(line, 2, "{text:?}");
        assert!(reason.contains(*words), "{text:?}: {reason}");
    }
}

#[test]
fn invalid_utf8_names_its_line() {
    let (line, reason) = refused(b"- a\n- b\r\n- \xff\n");
    assert_eq!(line, 3);
    assert!(reason.contains("UTF-8"));
}

#[test]
fn a_text_of_more_than_two_thousand_characters() {
    let long = "é".repeat(2000);
    assert_eq!(parse(format!("- {long}\n").as_bytes(), &ParseOptions::default()).unwrap().len(), 1);
    let text = format!("- a\n- {long}é\n");
    let (line, reason) = refused(text.as_bytes());
    assert_eq!(line, 2);
    assert!(reason.contains("2001"), "{reason}");

    let known = |text: &str| text.starts_with('é');
    let options = ParseOptions { known_text: Some(&known), ..ParseOptions::default() };
    assert_eq!(parse(text.as_bytes(), &options).unwrap().len(), 2);
}

#[test]
fn a_list_that_is_too_deep() {
    let (line, reason) = refused(format!("- a\n{}b\n", "- ".repeat(MAX_DEPTH + 1)).as_bytes());
    assert_eq!(line, 2);
    assert!(reason.contains("levels"), "{reason}");
    let (line, _) = refused(format!("{}b\n", "- ".repeat(100_000)).as_bytes());
    assert_eq!(line, 1);
}

#[test]
fn a_refusal_is_an_error_that_reads_as_a_sentence() {
    let error = parse(b"- a\n\n---\n", &ParseOptions::default()).unwrap_err();
    let error = Error::from(error);
    assert_eq!(error.kind(), Kind::Invalid);
    assert_eq!(
        error.at("Acme/Inbox.md").to_string(),
        "Acme/Inbox.md: line 3: a thematic break cannot be a task; delete it, or write `# ` and a \
         heading"
    );
}
