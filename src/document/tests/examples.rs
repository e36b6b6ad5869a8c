//! What people and editors write, and how it is read.

use super::{
    super::{Line, ParseOptions, RenderOptions, parse, render},
    parsed, rendered, shapes, unnumbered,
};

#[track_caller]
fn reads(text: &str, expected: &[(usize, bool, &str)]) {
    assert_eq!(shapes(&parsed(text)), expected, "{text:?}");
}

#[track_caller]
fn notes(text: &str, expected: &[(&str, Option<&str>)]) {
    let lines = parsed(text);
    let found: Vec<_> =
        lines.iter().map(|line| (line.text.as_str(), line.details.note.as_deref())).collect();
    assert_eq!(found, expected, "{text:?}");
}

#[test]
fn markers() {
    for marker in ["-", "*", "+", "1.", "7.", "1)"] {
        reads(&format!("{marker} a\n"), &[(0, false, "a")]);
        reads(&format!("{marker} [x] a\n"), &[(0, true, "a")]);
        reads(&format!("{marker} [X] a"), &[(0, true, "a")]);
        reads(&format!("{marker}\t[ ]\ta\r\n"), &[(0, false, "a")]);
        reads(&format!("{marker}   [ ]   a  \n"), &[(0, false, "a")]);
        reads(&format!("{marker}\n"), &[(0, false, "")]);
    }
    reads(
        "- a\n* b\n1. c\n2) d\n",
        &[(0, false, "a"), (0, false, "b"), (0, false, "c"), (0, false, "d")],
    );
}

#[test]
fn boxes() {
    reads("- [ ]", &[(0, false, "")]);
    reads("- [ ] \n- [x]\n", &[(0, false, ""), (0, true, "")]);
    reads("- [ ]a\n- [y] a\n- [] a\n", &[(0, false, "a"), (0, false, "[y] a"), (0, false, "a")]);
    reads("- [ ] [ ] a\n", &[(0, false, "[ ] a")]);
    reads("[x] a\n\n# [x] b\n", &[(0, true, "a"), (0, true, "b")]);
}

#[test]
fn indentation() {
    let nested = [(0, false, "a"), (1, false, "b"), (2, false, "c"), (0, false, "d")];
    reads("- a\n  - b\n    - c\n- d\n", &nested);
    reads("- a\n    - b\n        - c\n- d\n", &nested);
    reads("- a\n\t- b\n\t\t- c\n- d\n", &nested);
    reads("1. a\n   1. b\n      1. c\n2. d\n", &nested);
    reads("- a\r\n  - b\r\n    - c\r\n- d", &nested);
    reads("\u{feff}- a\n\n  - b\n\n    - c\n\n\n- d\n", &nested);
    reads("- a\r  - b\r    - c\r- d\r", &nested);
    reads("-\ta\n\t-\tb\n\t\t-\tc\n-\td\n", &nested);
}

#[test]
fn levels_are_what_people_see() {
    for marker in ["-", "- [ ]", "*", "1.", "10.", "1)"] {
        for indent in ["  ", "   ", "    ", "\t", "     "] {
            let text = format!("{marker} a\n{indent}- b\n{indent}{indent}1. c\n{indent}- d\n* e\n");
            reads(
                &text,
                &[
                    (0, false, "a"),
                    (1, false, "b"),
                    (2, false, "c"),
                    (1, false, "d"),
                    (0, false, "e"),
                ],
            );
        }
    }
    // Levels of two and of four in one file.
    reads(
        "- a\n    - b\n        - c\n  - d\n    - e\n- f\n",
        &[
            (0, false, "a"),
            (1, false, "b"),
            (2, false, "c"),
            (1, false, "d"),
            (2, false, "e"),
            (0, false, "f"),
        ],
    );
    reads("- a\n - b\n- c\n", &[(0, false, "a"), (0, false, "b"), (0, false, "c")]);
    reads("- [ ] a\n      - b\n", &[(0, false, "a"), (1, false, "b")]);
    reads("- a\n  2. b\n  3. c\n", &[(0, false, "a"), (1, false, "b"), (1, false, "c")]);
    reads("1. a\n\n  - b\n", &[(0, false, "a"), (1, false, "b")]);
    reads("  - a\n    - b\n  - c\n", &[(0, false, "a"), (1, false, "b"), (0, false, "c")]);
    reads("a\n  - b\n", &[(0, false, "a"), (1, false, "b")]);
    reads("# a\n    - b\n", &[(0, false, "a"), (1, false, "b")]);
    reads("- a\n  -\n    - c\n", &[(0, false, "a"), (1, false, ""), (2, false, "c")]);
}

#[test]
fn a_near_miss_of_a_marker_is_the_item_that_was_meant() {
    for marker in ["-", "*", "+", "1.", "2)"] {
        for (near, done) in [("[ ] ", false), ("[x] ", true), ("[X]", true), ("[ ]", false)] {
            reads(&format!("- a\n{marker}{near}b\n"), &[(0, false, "a"), (0, done, "b")]);
            reads(&format!("- a\n  {marker}{near}b\n"), &[(0, false, "a"), (1, done, "b")]);
        }
        for space in ["\u{a0}", "\u{3000}", "\u{202f}", "\u{2003}"] {
            reads(&format!("- a\n{marker}{space}b\n"), &[(0, false, "a"), (0, false, "b")]);
            reads(&format!("{marker}{space}[x]{space}b\n"), &[(0, true, "b")]);
        }
    }
    reads(
        "- a\n[ ] b\n[x] c\n  [ ] d\n",
        &[(0, false, "a"), (0, false, "b"), (0, true, "c"), (1, false, "d")],
    );
    reads("[] a\n- [] b\n- [\u{a0}] c\n", &[(0, false, "a"), (0, false, "b"), (0, false, "c")]);
    reads(
        "- -x\n- [a](b)\n- []string\n- [x](y)\n",
        &[(0, false, "-x"), (0, false, "[a](b)"), (0, false, "[]string"), (0, false, "[x](y)")],
    );
}

#[test]
fn a_box_that_only_obsidian_has_is_text_and_the_only_box() {
    for mark in ["-", "/", ">", "?", "!", "<", "*", "i"] {
        let text = format!("- [{mark}] a @bob\n  - [x] b\n");
        let lines = parsed(&text);
        assert_eq!(lines[0].text, format!("[{mark}] a"));
        assert_eq!(rendered(&lines), text);
        assert_eq!(
            unnumbered(parsed(&format!("- [ ] [{mark}] a @bob\n  - [x] b\n"))),
            unnumbered(lines)
        );
        let ticked = format!("- [x] [{mark}] a\n");
        assert_eq!(rendered(&parsed(&ticked)), ticked);
    }
}

#[test]
fn a_line_without_a_marker_at_the_left_margin_is_a_task() {
    reads("- [ ] a\nb\n", &[(0, false, "a"), (0, false, "b")]);
    reads("- a\n b\n", &[(0, false, "a"), (0, false, "b")]);
    reads("- a\n  - b\nc\n", &[(0, false, "a"), (1, false, "b"), (0, false, "c")]);
    reads("- a\n  - b\n  c\n", &[(0, false, "a"), (1, false, "b"), (1, false, "c")]);
    reads("- a\n  - b\n    c\n", &[(0, false, "a"), (1, false, "b c")]);
    reads("- [ ] a\n      b\n  c\n", &[(0, false, "a b c")]);
    reads(
        "# a\n- b\nc\n## d\n",
        &[(0, false, "a"), (1, false, "b"), (1, false, "c"), (1, false, "d")],
    );
    reads("- a\nb\nc\n- d\n", &[(0, false, "a"), (0, false, "b c"), (0, false, "d")]);
    reads("- a\nb\n\nc\n", &[(0, false, "a"), (0, false, "b"), (0, false, "c")]);
    reads("- a\nb\n  - c\n", &[(0, false, "a"), (0, false, "b"), (1, false, "c")]);
    reads("- a\n===\n", &[(0, false, "a"), (0, false, "===")]);
    notes("- a\n  > n\nb\n", &[("a", Some("n")), ("b", None)]);
    notes("- a\nb\n> n\n", &[("a", None), ("b", Some("n"))]);
    notes("- a\n> n\n  - b\n", &[("a", Some("n")), ("b", None)]);
    notes("- [ ] a\n      > n\n", &[("a", Some("n"))]);
}

#[test]
fn a_line_below_a_paragraph_that_is_a_task_already_is_another() {
    let texts = |text: &str, known: &'static str| -> Vec<String> {
        let is_known = |text: &str| text == known;
        let options = ParseOptions { known_text: Some(&is_known), ..ParseOptions::default() };
        let lines = parse(text.as_bytes(), &options).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    };
    assert_eq!(texts("a\nb\nc\n", "other"), ["a b c"]);
    assert_eq!(texts("a\nb\nc\n", "a b"), ["a b", "c"]);
    assert_eq!(texts("- a\n\\# b @bob\nc\nd\n", "# b"), ["a", "# b", "c d"]);
}

#[test]
fn empty_items_hold_what_is_below_them() {
    reads("- [ ]\n  - [ ] b\n", &[(0, false, ""), (1, false, "b")]);
    reads("-\n  - b\n", &[(0, false, ""), (1, false, "b")]);
    reads("- - b\n", &[(0, false, ""), (1, false, "b")]);
    reads("- a\n-\n- b\n", &[(0, false, "a"), (0, false, ""), (0, false, "b")]);
    reads("-\n  b\n", &[(0, false, "b")]);
    notes("- > n\n", &[("", Some("n"))]);
}

#[test]
fn a_bullet_that_is_still_to_be_filled_is_a_task() {
    reads("- a\n  -\n", &[(0, false, "a"), (1, false, "")]);
    reads("- a\n  *\n", &[(0, false, "a"), (1, false, "")]);
    reads(
        "- a\n  + \n  +\n- b\n",
        &[(0, false, "a"), (1, false, ""), (1, false, ""), (0, false, "b")],
    );
    reads("- a\n-\n", &[(0, false, "a"), (0, false, "")]);
    reads("a\n-\n", &[(0, false, "a"), (0, false, "")]);
}

#[test]
fn paragraphs() {
    reads("a\n\nb\n", &[(0, false, "a"), (0, false, "b")]);
    reads("- a\n\n  b\n\n  - c\n", &[(0, false, "a"), (1, false, "b"), (1, false, "c")]);
    reads("- a\n  - b\n\n  c\n", &[(0, false, "a"), (1, false, "b"), (1, false, "c")]);
    reads("a\n- b\n", &[(0, false, "a"), (0, false, "b")]);
}

#[test]
fn wrapped_lines() {
    reads("- a\n  b\n", &[(0, false, "a b")]);
    reads("- a\nb\n", &[(0, false, "a"), (0, false, "b")]);
    reads("- a  \n  b\n", &[(0, false, "a b")]);
    reads("- a\\\n  b\\\n", &[(0, false, "a b\\")]);
    reads("- a\\\\\n  b\n", &[(0, false, "a\\\\ b")]);
    reads("- `a\\\n  b`\n", &[(0, false, "`a\\ b`")]);
    reads("a\n1986. b\n", &[(0, false, "a 1986. b")]);
    reads("- [a](\n  /b)\n", &[(0, false, "[a]( /b)")]);
}

#[test]
fn headings_hold_what_follows() {
    reads(
        "a\n# b\nc\n## d\n- e\n  - f\n### g\n# h\ni\n",
        &[
            (0, false, "a"),
            (0, false, "b"),
            (1, false, "c"),
            (1, false, "d"),
            (2, false, "e"),
            (3, false, "f"),
            (2, false, "g"),
            (0, false, "h"),
            (1, false, "i"),
        ],
    );
    reads(
        "### a\n# b\n### c\n## d\n",
        &[(0, false, "a"), (0, false, "b"), (1, false, "c"), (1, false, "d")],
    );
    reads("a\n===\nb\n---\nc\n", &[(0, false, "a"), (1, false, "b"), (2, false, "c")]);
    reads("a\\\nb\n===\n", &[(0, false, "a b")]);
    reads(
        "# a ##\n#\n## b \\#\n### c#\n",
        &[(0, false, "a"), (0, false, ""), (1, false, "b \\#"), (2, false, "c#")],
    );
    reads(
        "- # a\n  b\n  ## c\n  d\n- e\n",
        &[(0, false, "a"), (1, false, "b"), (1, false, "c"), (2, false, "d"), (0, false, "e")],
    );
}

#[test]
fn the_title_is_dropped_where_it_leads() {
    let read = |text: &str| {
        let options = ParseOptions { title: Some("Launch # plan"), ..ParseOptions::default() };
        let lines = parse(text.as_bytes(), &options).unwrap();
        lines.iter().map(|line| (line.depth, line.text.clone())).collect::<Vec<_>>()
    };
    let task = |depth, text: &str| (depth, text.to_owned());
    assert_eq!(read("# Launch # plan\n\n- a\n"), [task(0, "a")]);
    assert_eq!(read("Launch # plan\n===\n- a\n"), [task(0, "a")]);
    assert_eq!(read("# Launch\n- a\n"), [task(0, "Launch"), task(1, "a")]);
    assert_eq!(read("## Launch # plan\n- a\n"), [task(0, "Launch # plan"), task(1, "a")]);
    assert_eq!(read("- a\n# Launch # plan\n"), [task(0, "a"), task(0, "Launch # plan")]);
    assert_eq!(read("- # Launch # plan\n"), [task(0, "Launch # plan")]);
}

#[test]
fn notes_belong_to_the_task_above() {
    notes("- a\n  > n\n  >\n  >  m\n- b\n", &[("a", Some("n\n\n m")), ("b", None)]);
    notes("- a\n> n\n", &[("a", Some("n"))]);
    notes("- a\n\n  > n\n\n  > m\n", &[("a", Some("n\nm"))]);
    notes("# a\n> n\n", &[("a", Some("n"))]);
    notes("- a\n  > n\n  lazy\n  > m\n", &[("a", Some("n\nlazy\nm"))]);
    notes("a\n> n\nb\n\n> m\n", &[("a", Some("n")), ("b", Some("m"))]);
    notes("- a\n  - b\n> n\n", &[("a", None), ("b", Some("n"))]);
    notes("- a\n  - b\n\n  > n\n", &[("a", Some("n")), ("b", None)]);
    notes("- a\n  >\n", &[("a", Some(""))]);
}

#[test]
fn notes_are_raw() {
    notes("- a\n  > - x\n  > # y\n  > > z\n  > ```\n", &[("a", Some("- x\n# y\n> z\n```"))]);
    notes(
        "- a\n  > ```\n  > @bob 📅 2026-13-13 \\\n- b\n",
        &[("a", Some("```\n@bob 📅 2026-13-13 \\")), ("b", None)],
    );
    notes("-\ta\n\t>\tn\n", &[("a", Some("n"))]);
    notes("- a\n  > <div>\n\n  b\n", &[("a", Some("<div>")), ("b", None)]);
}

#[test]
fn link_definitions_are_text() {
    reads("[a]: /b\n", &[(0, false, "[a]: /b")]);
    reads("- [a]: /b\n  \"c\"\n- [a]\n", &[(0, false, "[a]: /b \"c\""), (0, false, "[a]")]);
    reads("[^1]: a\n\n[b]:\n/c\n", &[(0, false, "[^1]: a"), (0, false, "[b]: /c")]);
}

#[test]
fn escapes_are_taken_away_wherever_a_text_may_be_typed() {
    reads(
        "\\# a\n\n- \\- b\n- 1\\. c\n- \\*d\n- \\[ ] e\n",
        &[
            (0, false, "# a"),
            (0, false, "- b"),
            (0, false, "1. c"),
            (0, false, "\\*d"),
            (0, false, "[ ] e"),
        ],
    );
    reads("- a⏎b\n", &[(0, false, "a\nb")]);
}

#[test]
fn details_in_any_order_and_spelling() {
    let read = |text: &str| parsed(text).remove(0);
    let line = read("- a 📆\u{fe0f}2026-12-01 @bob [@f:: 1] 🛫2026-11-28 [zone::UTC] @al.ice\n");
    assert_eq!(line.text, "a");
    assert_eq!(line.details.assignees, ["bob", "al.ice"]);
    assert_eq!(line.details.fields, [("@f".to_owned(), "1".to_owned())]);
    assert_eq!(line.details.due.as_deref(), Some("2026-12-01"));
    assert_eq!(line.details.start.as_deref(), Some("2026-11-28"));
    assert_eq!(line.details.zone.as_deref(), Some("UTC"));

    let line = read("- a [start:: 2026-11-28] [due:: 2026-12-01] [start-time:: 09:00]\n");
    assert_eq!((line.text.as_str(), line.details.due.as_deref()), ("a", Some("2026-12-01")));
    let line = read("- @bob\n");
    assert_eq!((line.text.as_str(), line.details.assignees.len()), ("", 1));
    let line = read("- a\n  b @bob\n");
    assert_eq!((line.text.as_str(), line.details.assignees.len()), ("a b", 1));
}

#[test]
fn an_escaped_detail_is_text() {
    let line = parsed("- see \\📅 2026-13-13 \\@bob @alice 📅 2026-12-01\n").remove(0);
    assert_eq!(line.text, "see 📅 2026-13-13 @bob");
    assert_eq!(line.details.assignees, ["alice"]);
    assert_eq!(line.details.due.as_deref(), Some("2026-12-01"));
}

#[test]
fn ids_count_once_and_unknown_ones_are_text() {
    let known = |id: &str| id == "id1" || id == "id2";
    let options = ParseOptions { known_anchor: Some(&known), ..ParseOptions::default() };
    let text = "- a @bob ^id1\n- b ^id1\n- c ^id9\n- d \\^id2\n- ^id2\n";
    let lines = parse(text.as_bytes(), &options).unwrap();
    let found: Vec<_> =
        lines.iter().map(|line| (line.text.as_str(), line.anchor.as_deref())).collect();
    assert_eq!(
        found,
        [("a", Some("id1")), ("b", None), ("c ^id9", None), ("d ^id2", None), ("", Some("id2"))]
    );
    assert_eq!(
        render(&lines, &RenderOptions { ids: true, ..RenderOptions::default() }),
        "- a @bob ^id1\n- b\n- c \\^id9\n- d \\^id2\n- ^id2\n"
    );
    assert_eq!(shapes(&parsed("- a ^id1\n")), [(0, false, "a ^id1")]);
}

#[test]
fn numbers_are_those_of_the_source() {
    let numbers =
        |text: &str| -> Vec<usize> { parsed(text).iter().map(|line: &Line| line.number).collect() };
    assert_eq!(numbers("- a\n  > n\n\n- b\n  c\n  - d\n"), [1, 4, 6]);
    assert_eq!(numbers("\n# a\r\n\r\nb\r\nc\r\n\r\n-\r\n  d\r\n"), [2, 4, 7]);
    assert_eq!(numbers("\n- - a\n\n\t- b\n"), [2, 2, 4]);
    assert_eq!(numbers("é\n\n- x\n\t- y\n\t\té\n\t- z\n"), [1, 3, 4, 6]);
    assert_eq!(numbers("- a\n  -\n-\n"), [1, 2, 3]);
}
