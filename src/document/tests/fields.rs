//! Fields by their names: the laws, and what is read and written.

use std::collections::HashSet;

use proptest::prelude::*;

use super::{
    super::{
        FieldKeys, Line, Markers, ParseError, ParseOptions, RenderOptions, details, parse, render,
        shown_markers,
    },
    strategies::{document, lines_with_fields},
    task,
};
use crate::model::{FieldDefinition, FieldKind, FieldSchema};

fn schema(names: &[&str]) -> FieldSchema {
    let field = |(at, name): (usize, &&str)| FieldDefinition {
        id: format!("@f{}", at + 1),
        name: Some((*name).to_owned()),
        kind: FieldKind::Text,
        options: Vec::new(),
    };
    FieldSchema { fields: names.iter().enumerate().map(field).collect() }
}

fn read(text: &str, keys: &FieldKeys) -> Result<Vec<Line>, ParseError> {
    parse(text.as_bytes(), &ParseOptions { fields: Some(keys), ..ParseOptions::default() })
}

fn bare(lines: Vec<Line>) -> Vec<Line> {
    let bare = |line: Line| Line { number: 0, strays: Vec::new(), field_lines: Vec::new(), ..line };
    lines.into_iter().map(bare).collect()
}

proptest! {
    #[test]
    fn parsing_undoes_rendering(
        (schema, lines) in lines_with_fields(),
        below in any::<bool>(),
        auto in any::<bool>(),
        ids in any::<bool>(),
    ) {
        let keys = FieldKeys::of(&schema);
        let anchors: HashSet<String> = lines.iter().filter_map(|line| line.anchor.clone()).collect();
        let known = |id: &str| anchors.contains(id);
        let markers = if auto { Markers::Auto } else { Markers::Tasks };
        let text = render(&lines, &RenderOptions { ids, markers, fields: Some(&keys), below });
        let options = ParseOptions {
            fields: Some(&keys),
            known_anchor: ids.then_some(&known),
            ..ParseOptions::default()
        };
        let read = parse(text.as_bytes(), &options)
            .map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))?;
        let mut expected = lines;
        let shown = shown_markers(&expected);
        for (line, marker) in expected.iter_mut().zip(shown) {
            line.marker = if auto { marker } else { Default::default() };
            line.anchor.take_if(|_| !ids);
        }
        prop_assert_eq!(bare(read), expected, "{}", text);
    }

    #[test]
    fn whatever_is_accepted_has_a_normal_form(
        text in document(),
        (schema, lines) in lines_with_fields(),
        below in any::<bool>(),
    ) {
        let keys = FieldKeys::of(&schema);
        let options = RenderOptions {
            markers: Markers::Auto, fields: Some(&keys), below, ..RenderOptions::default()
        };
        // What was typed into what was written.
        let both = format!("{}{text}{}", render(&lines, &options), render(&lines, &options));
        for text in [&text, &both] {
            if let Ok(lines) = read(text, &keys) {
                let normal = render(&lines, &options);
                let again = read(&normal, &keys)
                    .map_err(|error| TestCaseError::fail(format!("{normal}\n{error}")))?;
                prop_assert_eq!(render(&again, &options), normal);
            }
        }
    }

    #[test]
    fn a_text_beside_fields_is_a_text((schema, lines) in lines_with_fields()) {
        let keys = FieldKeys::of(&schema);
        for line in lines {
            let text = line.text.trim_end_matches([' ', '\t']);
            let escaped = details::escape(text, Some(&keys));
            let parts = details::split(&escaped, Some(&keys)).map_err(TestCaseError::fail)?;
            prop_assert_eq!(parts.text, text);
            prop_assert_eq!(parts.details, Default::default());
        }
    }
}

#[test]
fn a_field_is_called_by_a_name_of_its_own() {
    let names = ["Owner", "Owner", " State ", "", "due", "Due", "@f1", "Owner ~@f2", "@f9"];
    let keys = FieldKeys::of(&schema(&names));
    let labels: Vec<_> =
        (1..=names.len()).map(|at| keys.label(&format!("@f{at}")).unwrap()).collect();
    let expected = [
        "Owner",
        "Owner ~@f2",
        "State",
        "@f4",
        "due ~@f5",
        "Due",
        "@f1 ~@f7",
        "Owner ~@f2 ~@f8",
        "@f9",
    ];
    assert_eq!(labels, expected);
}

#[test]
fn names_and_values_are_written_with_backslashes() {
    let keys = FieldKeys::of(&schema(&["Notes [internal]", "C:\\x", "a::b", "Note:", "Q"]));
    for (label, value, written) in [
        ("Notes [internal]", "two\nlines", "[Notes \\[internal\\]:: two⏎lines]"),
        ("C:\\x", "D:\\y", "[C:\\\\x:: D:\\\\y]"),
        ("a::b", "c::d :: e", "[a\\::b:: c\\::d \\:: e]"),
        ("Note:", "see [annex B].", "[Note\\::: see \\[annex B\\].]"),
        ("Q", "see [annex", "[Q:: see \\[annex]"),
        ("Q", "", "[Q:: ]"),
        ("Q", " a⏎&#32;", "[Q:: &#32;a\\⏎\\&#32;]"),
    ] {
        let mut line = task("a");
        line.details.fields.push((label.to_owned(), value.to_owned()));
        let options = RenderOptions { fields: Some(&keys), ..RenderOptions::default() };
        let text = render(std::slice::from_ref(&line), &options);
        assert_eq!(text, format!("- [ ] a {written}\n"));
        assert_eq!(bare(read(&text, &keys).unwrap()), [line]);
    }
}

#[test]
fn fields_are_read_by_name_and_id_on_the_line_and_below() {
    let keys = FieldKeys::of(&schema(&["State", "Level"]));
    let fields = |text: &str| -> Vec<(String, Vec<(String, String)>)> {
        let lines = read(text, &keys).unwrap();
        lines.into_iter().map(|line| (line.text, line.details.fields)).collect()
    };
    let owned = |fields: &[(&str, &str)]| -> Vec<(String, String)> {
        fields.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    };
    let both = vec![("a".to_owned(), owned(&[("State", "x"), ("Level", "2")]))];
    for text in [
        "- [ ] a [State:: x] [Level:: 2]\n",
        "- a [state::x] (Level:: 2)\n",
        "- a [@f1:: x]\n  [@f2:: 2]\n",
        "- a\n  [State:: x] [Level:: 2]\n",
        "- a\n  [State:: x]\n  [Level:: 2]\n",
        "- [ ] a\n\n      [State:: x]\n[Level:: 2]\n",
        "- a\n  > n\n  [State:: x]\n  > m\n  [Level:: 2]\n",
        "# a\n[State:: x]\n[Level:: 2]\n",
        "## a\n\n[State:: x]\n\n[Level:: 2]\n",
        "a\n===\n[State:: x]\n[Level:: 2]\n",
        "a\n[State:: x]\n[Level:: 2]\n",
        "1. a\n   [State:: x]\n   [Level:: 2]\n",
    ] {
        assert_eq!(fields(text), both, "{text:?}");
    }
    let below = fields("- a\n  [State:: x]\n  b\n  - c\n  [Level:: 2]\n- d\n");
    let expected = [
        ("a b".to_owned(), owned(&[("State", "x"), ("Level", "2")])),
        ("c".to_owned(), vec![]),
        ("d".to_owned(), vec![]),
    ];
    assert_eq!(below, expected);
    assert_eq!(fields("[State:: x]\n"), [(String::new(), owned(&[("State", "x")]))]);
}

#[test]
fn each_field_on_a_line_of_its_own() {
    let keys = FieldKeys::of(&schema(&["State", "Level"]));
    let options = RenderOptions {
        markers: Markers::Auto,
        fields: Some(&keys),
        below: true,
        ..RenderOptions::default()
    };
    let text = "# a\n[State:: x]\n> n\n- [ ] b 📅 2026-12-01\n  [Level:: 1]\n  > m\n  - c\n1. d\n   \
                [State:: y]\n\ne\n[Level:: 2]\n\nf\n";
    assert_eq!(render(&read(text, &keys).unwrap(), &options), text);
}

#[test]
fn what_is_no_field_is_refused_with_what_there_is() {
    let keys = FieldKeys::of(&schema(&["State", "Level"]));
    for text in ["- a\n- b [Stat:: x]\n", "- a\n- b\n  [Stat:: x]\n", "- a\n  b\n- c [State: x]"] {
        let error = read(text, &keys).unwrap_err();
        assert!(error.reason.contains("State"), "{error}");
        let line = 1 + text[..text.find("[Sta").unwrap()].matches('\n').count();
        assert_eq!(error.line, line, "{text}");
    }
    for text in ["[std::fs](u)", "[[a:: b]]", "[created:: x]", "(k:: v)", "[7:: x]", "[a::b]"] {
        assert_eq!(read(&format!("- {text}\n"), &keys).unwrap()[0].text, text);
    }
    assert_eq!(read("- \\[Stat:: x]\n", &keys).unwrap()[0].text, "[Stat:: x]");
    // One that lost its bracket is told of.
    assert_eq!(read("- a [State:: x\n", &keys).unwrap()[0].strays, ["[State"]);
}
