//! Random lines and documents, biased to what could be mistaken for structure.

use proptest::{collection::vec, option, prelude::*, sample::select};

use super::super::{FieldKeys, Line, LineDetails};
use crate::model::{FieldDefinition, FieldKind, FieldSchema, Marker};

/// Pieces that mean something to some reader of a line.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\t",
    "\\",
    "\\\\",
    "#",
    "##",
    "# ",
    "-",
    "- ",
    "--",
    "---",
    "*",
    "* ",
    "***",
    "+",
    "+ ",
    "_",
    "__",
    "___",
    "=",
    "===",
    ">",
    "> ",
    "[ ]",
    "[x]",
    "[X] ",
    "[",
    "]",
    "]:",
    "[a]: b",
    "[^1]: n",
    "(",
    ")",
    "1.",
    "1)",
    "12. ",
    "1234567890. ",
    "`",
    "```",
    "~~~",
    "|",
    "|-|",
    "a | b",
    "<",
    "<div>",
    "<b>",
    "</b>",
    "<!-- ",
    "-->",
    "<?",
    "<![CDATA[",
    "<pre",
    "<https://a.b>",
    ":",
    "::",
    "&",
    "&#",
    "&#32;",
    "&#9;",
    "&#13;",
    "&#0;",
    "&#91;",
    "&#032;",
    "&amp;",
    "⏎",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\u{b}",
    "\u{c}",
    "\u{1b}",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{2029}",
    "\u{feff}",
    "\u{a0}",
    "\u{3000}",
    "\u{fe0f}",
    "@",
    "@alice",
    " @a.b-c_d",
    "a@b.c",
    "📅",
    "🛫",
    "📆",
    "🗓",
    " 📅 2026-12-01",
    "2026-12-01",
    "2026-2-30",
    "📅2026-02-30",
    "[due:: 2026-12-01]",
    "[due:: soon]",
    "[start::",
    "[due-time:: 15:30]",
    "[zone:: Europe/London]",
    "[@inc01:: 250]",
    "[@",
    "[key:: value]",
    " [key:: value]",
    " (key:: value)",
    "(due:: 2026-12-01)",
    "[Due :: 2026-12-01]",
    "[due: 2026-12-01]",
    " ✅ 2026-11-25",
    "✅",
    " ➕2026-11-25",
    " ❌ 2026-11-25",
    " ⏳\u{fe0f} 2026-11-25",
    " 🔁 every week",
    " 🔁",
    " ⏫",
    "🔽\u{fe0f}",
    " 🏁 delete",
    " 🆔 a-1",
    " ⛔ a,b",
    " #work",
    " #a/b",
    " %%later%%",
    "%%",
    " \\",
    " 09:00",
    "T09:00",
    " 9:5",
    ".",
    ", ",
    ";",
    " @alice.",
    " @alice, @bob",
    " @Zoë",
    "@2.50",
    " @media now",
    "\u{a0}@bob",
    "\u{a0}📅\u{a0}2026-12-01",
    " 🛫 2026-11-28",
    "2026/12/01",
    "20261201",
    " [-] ",
    "[-]",
    "[/] ",
    "[]",
    "[] ",
    "[\u{a0}]",
    "[ ]a",
    "-[ ]",
    "1.[x] ",
    "^",
    "^id0",
    " ^id1",
    "^^",
    "é",
    "e\u{301}",
    "שלום",
    "👩‍👩‍👧",
    "$",
    "!",
    "**",
    "a",
    "b",
    "word",
    "",
];

pub(crate) fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        12 => select(PIECES).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..7).prop_map(|pieces| pieces.concat())
}

fn details() -> impl Strategy<Value = LineDetails> {
    let handle = "[a-z0-9ßé][A-Za-z._-]{0,3}[A-Za-zé]";
    let date = || {
        option::of((1u32..9999, 1u32..13, 1u32..29)).prop_map(|date| {
            date.map(|(year, month, day)| format!("{year:04}-{month:02}-{day:02}"))
        })
    };
    let time = || {
        option::of((0u32..24, 0u32..60))
            .prop_map(|time| time.map(|(hour, minute)| format!("{hour:02}:{minute:02}")))
    };
    (
        vec(handle, 0..3),
        vec(("@[A-Za-z0-9_-]{1,5}", text()), 0..3),
        (time(), time(), option::of("[A-Z][a-z]{1,5}(/[A-Z][a-z_+-]{1,4}){0,2}")),
        (date(), date(), option::of(text().prop_map(|note| note.replace('\r', "\n")))),
    )
        .prop_map(|(assignees, fields, (start_time, due_time, zone), (start, due, note))| {
            LineDetails { assignees, fields, start_time, due_time, zone, start, due, note }
        })
}

/// Lists of lines that the service can hold.
pub(super) fn lines() -> impl Strategy<Value = Vec<Line>> {
    let details = prop_oneof![2 => Just(LineDetails::default()), 1 => details()];
    let line = (0usize..6, any::<bool>(), text(), details, any::<bool>());
    vec(line, 0..8).prop_map(|drafts| {
        let mut deepest = 0;
        let mut number = 0;
        let line = |(depth, done, text, details, has_anchor): (usize, _, _, _, bool)| {
            let depth = depth.min(deepest);
            deepest = depth + 1;
            number += 1;
            let anchor = has_anchor.then(|| format!("id{number}"));
            Line { depth, done, text, details, anchor, ..Line::default() }
        };
        drafts.into_iter().map(line).collect()
    })
}

/// Pieces that mean something where fields have names.
const FIELD_PIECES: &[&str] = &[
    "State",
    "state",
    "Owner",
    "Due",
    "due",
    "a [b",
    "Notes [internal]",
    "internal]",
    "x:: y",
    "a:",
    "C:\\d",
    "1 \\@bob",
    "[",
    "]",
    "\\[",
    "\\]",
    "::",
    ":: ",
    "\\::",
    "[State:: ",
    "[state::x]",
    "[Notes \\[internal\\]:: ",
    "[a \\[b:: ",
    "[a &#91;b:: c]",
    "&#91;",
    "[nope:: x]",
    "[created:: x]",
    "(State:: x)",
    "[State: x]",
    "(Owner: x)",
    "[Due by:: 1]",
    "[@f1:: ",
    "[@f2:: 7]",
    "[f3:: ",
    " ",
    "\\",
    "@bob",
    "📅 2026-12-01",
    "[due:: 2026-12-01]",
    "[due: 2026-01-01]",
    "[x [State:: y]",
    "⏎",
    "\n",
    "a",
    "🟡 b",
    "[std::fs](u)",
    "[[a:: b]]",
    ")",
    "(",
    "#",
];

fn field_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![3 => select(FIELD_PIECES), 1 => select(PIECES)];
    vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// What fields a project may define, and lines that have values of them.
pub(super) fn lines_with_fields() -> impl Strategy<Value = (FieldSchema, Vec<Line>)> {
    let name = prop_oneof![
        1 => Just(None),
        4 => select(FIELD_PIECES).prop_map(|name| Some(name.to_owned())),
        2 => field_text().prop_map(Some),
    ];
    let values = vec((any::<prop::sample::Index>(), field_text()), 0..3);
    let line = (field_text(), values, option::of(field_text()), any::<bool>());
    (vec(name, 1..6), formatted_lines(), vec(line, 8)).prop_map(|(names, mut lines, drafts)| {
        let id = |at: usize| if at == 2 { "f3".to_owned() } else { format!("@f{}", at + 1) };
        let field = |(at, name): (usize, Option<String>)| FieldDefinition {
            id: id(at),
            name,
            kind: FieldKind::Text,
            options: Vec::new(),
        };
        let schema = FieldSchema { fields: names.into_iter().enumerate().map(field).collect() };
        let keys = FieldKeys::of(&schema);
        for (line, (text, values, note, is_dated)) in lines.iter_mut().zip(drafts) {
            line.text = text;
            let label = |at: prop::sample::Index| {
                keys.label(&at.get(&schema.fields).id).unwrap_or_default().to_owned()
            };
            let fields = values.into_iter().map(|(at, value)| (label(at), value)).collect();
            let due = is_dated.then(|| "2026-12-01".to_owned());
            let note = note.map(|note| note.replace('\r', "\n"));
            line.details = LineDetails { fields, due, note, ..LineDetails::default() };
        }
        (schema, lines)
    })
}

/// Any marker.
fn marker() -> impl Strategy<Value = Marker> {
    prop_oneof![
        1 => Just(Marker::Checkbox),
        2 => Just(Marker::Bullet),
        2 => Just(Marker::Number),
        2 => Just(Marker::Paragraph),
        3 => (1..=3_u8).prop_map(Marker::Heading),
        1 => (4..=6_u8).prop_map(Marker::Heading),
    ]
}

/// The same, of random formats.
pub(super) fn formatted_lines() -> impl Strategy<Value = Vec<Line>> {
    (lines(), vec(marker(), 8)).prop_map(|(mut lines, markers)| {
        for (line, marker) in lines.iter_mut().zip(markers) {
            line.marker = marker;
        }
        lines
    })
}

/// Documents of words and nothing else, most of them shallow.
pub(super) fn outlines() -> impl Strategy<Value = Vec<Line>> {
    let texts = vec!["a", "b c", "", "# x", "[a]: b", "a | b", "|-|-|", "===", "1. x", "<b>"];
    let line = (0usize..4, prop::bool::weighted(0.2), select(texts), marker());
    vec(line, 0..16).prop_map(|drafts| {
        let mut deepest = 0;
        let line = |(depth, done, text, marker): (usize, bool, &str, Marker)| {
            let depth = depth.min(deepest);
            deepest = depth + 1;
            Line { depth, done, text: text.to_owned(), marker, ..Line::default() }
        };
        drafts.into_iter().map(line).collect()
    })
}

/// Texts of files as people and editors write them, and worse.
pub(super) fn document() -> impl Strategy<Value = String> {
    let indent = select(vec!["", "", "  ", "    ", "      ", "\t", " ", "   ", "\t\t", "  \t"]);
    let marker = select(vec![
        "",
        "- ",
        "- [ ] ",
        "- [x] ",
        "* ",
        "+ ",
        "1. ",
        "2) ",
        "# ",
        "## ",
        "> ",
        ">",
        "-",
        "-\t",
        "- - ",
        "- > ",
        "- # ",
        "1.\t- ",
        "*\t\t",
        "-[ ] ",
        "*[x]",
        "[ ] ",
        "[x] ",
        "-\u{a0}",
        "- [ ]\u{3000}",
        "- [] ",
        "- [-] ",
        "10. ",
        "1986. ",
    ]);
    let end = select(vec!["\n", "\n", "\n", "\r\n", "\n\n", "\r", "\\\n", "  \n", " \n", ""]);
    let line = (indent, marker, text(), end)
        .prop_map(|(indent, marker, text, end)| format!("{indent}{marker}{text}{end}"));
    vec(line, 0..9).prop_map(|lines| lines.concat())
}

/// The same, of words only: every letter but `x` is typed text, and most are accepted.
pub(super) fn tame_document() -> impl Strategy<Value = String> {
    let indent = select(vec!["", "", "  ", "    ", "\t", " ", "   "]);
    let marker = select(vec![
        "", "- ", "- [ ] ", "- [x] ", "* ", "1. ", "# ", "## ", "> ", "  > ", "-\n  ", "- - ",
        "- # ",
    ]);
    let text = select(vec![
        "apple",
        "be\\",
        "[cat]: dog",
        "[cat]:",
        "eel `fun",
        "**god**",
        "\\# hut",
        "ink &amp; jam",
        "kit @leo",
        "mug 📅 2026-12-01",
        "<nut@oil.pet>",
        "[quo](run)",
        "sea\\\\",
        "`tea\\",
        "",
        "🛫 2026-01-01",
        "\\",
        "#ufo",
        "-vow",
        "===",
        "-",
        "<i>wow</i>",
        "![yak][zoo]",
        "é ß",
    ]);
    let end = select(vec!["\n", "\n", "\r\n", "\n\n", "  \n"]);
    let line = (indent, marker, text, end)
        .prop_map(|(indent, marker, text, end)| format!("{indent}{marker}{text}{end}"));
    vec(line, 0..7).prop_map(|lines| lines.concat())
}
