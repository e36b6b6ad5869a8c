//! How hostile texts are written: one line each, and back.

use super::{LineDetails, parsed, rendered, task, unnumbered};

/// A text, and the line that it becomes, behind its box.
const TEXTS: &[(&str, &str)] = &[
    ("", ""),
    (
        "Plain **bold** [l](u) `code` <b>x</b> &amp; a\\*b",
        "Plain **bold** [l](u) `code` <b>x</b> &amp; a\\*b",
    ),
    // White space.
    (" ", "&#32;"),
    ("  ", "&#32;&#32;"),
    ("\t", "&#9;"),
    ("  a  b  ", "&#32; a  b &#32;"),
    ("&#32;", "\\&#32;"),
    ("\\&#32;", "\\\\\\&#32;"),
    ("a\\ ", "a\\\\&#32;"),
    // Backslashes.
    ("\\", "\\"),
    ("\\\\", "\\\\"),
    ("a\\", "a\\"),
    // Boxes and list markers.
    ("[ ]", "\\[ ]"),
    ("[x] y", "\\[x] y"),
    ("[ ]y", "\\[ ]y"),
    ("[] y", "\\[] y"),
    ("[]y", "[]y"),
    ("[ ](u) y", "[ ](u) y"),
    ("[x](u) y", "[x](u) y"),
    ("[x]y", "\\[x]y"),
    ("[\u{a0}] y", "\\[\u{a0}] y"),
    ("[ ]\u{3000}y", "\\[ ]\u{3000}y"),
    ("-[ ] x", "\\-[ ] x"),
    ("*[x] x", "\\*[x] x"),
    ("1.[ ] x", "1\\.[ ] x"),
    ("-\u{a0}x", "\\-\u{a0}x"),
    ("\u{a0}x\u{a0}", "\u{a0}x\u{a0}"),
    ("\\[x] y", "\\\\[x] y"),
    ("-", "\\-"),
    ("- x", "\\- x"),
    ("-x", "-x"),
    ("* x", "\\* x"),
    ("+ x", "\\+ x"),
    ("1.", "1\\."),
    ("1)", "1\\)"),
    ("1. x", "1\\. x"),
    ("1\\. x", "1\\\\. x"),
    ("1.5 x", "1.5 x"),
    ("1234567890. x", "1234567890. x"),
    // Headings, quotes, rules, underlines.
    ("#", "\\#"),
    ("# x", "\\# x"),
    ("\\# x", "\\\\# x"),
    ("####### x", "####### x"),
    ("#tag", "#tag"),
    ("> x", "\\> x"),
    (">x", "\\>x"),
    ("---", "\\---"),
    ("***", "\\***"),
    ("* * *", "\\* * *"),
    ("_ _ _", "\\_ _ _"),
    ("__init__", "__init__"),
    ("--", "\\--"),
    ("===", "\\==="),
    ("=> x", "=> x"),
    // Code, tables, HTML.
    ("```", "\\```"),
    ("~~~ sh", "\\~~~ sh"),
    ("| a |", "\\| a |"),
    ("|-|", "\\|-|"),
    ("<div>", "\\<div>"),
    ("<!-- x", "\\<!-- x"),
    ("<?", "\\<?"),
    ("<3 you", "<3 you"),
    ("<https://a.b>", "<https://a.b>"),
    // Definitions are text to us, so they need nothing.
    ("[foo]: /url", "[foo]: /url"),
    ("[^1]: note", "[^1]: note"),
    // Characters that no line can hold.
    ("a\nb", "a⏎b"),
    ("a⏎b", "a\\⏎b"),
    ("a\\\nb", "a\\\\⏎b"),
    ("a\\⏎b", "a\\\\\\⏎b"),
    ("a\r\nb", "a&#13;⏎b"),
    ("a\0b", "a&#0;b"),
    ("a&#0;b", "a\\&#0;b"),
    ("a\u{2028}b\u{85}", "a&#8232;b&#133;"),
    ("\u{feff}a", "\u{feff}a"),
    // What looks like a detail.
    ("@alice", "\\@alice"),
    ("ask @alice", "ask \\@alice"),
    ("ask \\@alice", "ask \\\\@alice"),
    ("ask @alice now", "ask @alice now"),
    ("mail a@b.c", "mail a@b.c"),
    ("by 📅 2026-12-01", "by \\📅 2026-12-01"),
    ("by 📅 2026-02-30", "by \\📅 2026-02-30"),
    ("by 📆\u{fe0f}2026-12-01", "by \\📆\u{fe0f}2026-12-01"),
    ("at [due-time:: 15:30]", "at \\[due-time:: 15:30]"),
    ("a [@f:: 1] [due:: never]", "a \\[@f:: 1] \\[due:: never]"),
    ("by 📅 2026-12-01, I hope", "by \\📅 2026-12-01, I hope"),
    ("by 📅 2026-12-01 09:00", "by \\📅 2026-12-01 09:00"),
    ("by 📅 2026-12-01T09:00", "by \\📅 2026-12-01T09:00"),
    ("(due:: 2026-12-01) a", "\\(due:: 2026-12-01) a"),
    ("a [due: 2026-12-01] b", "a \\[due: 2026-12-01] b"),
    ("a [due: friday] b", "a [due: friday] b"),
    ("see 📅 and 🛫", "see 📅 and 🛫"),
    ("📅 5 pm, 📅 3/4", "📅 5 pm, 📅 3/4"),
    ("ask @alice.", "ask \\@alice."),
    ("ask\u{a0}@zoë", "ask\u{a0}\\@zoë"),
    ("ask @alice @bob", "ask \\@alice \\@bob"),
    ("ask @alice #now", "ask \\@alice #now"),
    ("ask @alice ✅ 2026-11-25 ^abc", "ask \\@alice ✅ 2026-11-25 ^abc"),
    ("ask @alice 📅 2026-12-01 now", "ask \\@alice \\📅 2026-12-01 now"),
    ("the @media rule", "the @media rule"),
    ("the \\@media rule", "the \\\\@media rule"),
    ("apples @2.50", "apples @2.50"),
    ("mail a@b.c @ home", "mail a@b.c @ home"),
    ("a [k:: v] (k:: v) %%c%%", "a [k:: v] (k:: v) %%c%%"),
    ("a ✅ 2026-11-25 🔁 every week ⏫ #b ^c", "a ✅ 2026-11-25 🔁 every week ⏫ #b ^c"),
    ("Draft \\", "Draft \\"),
    ("a [key:: value]", "a [key:: value]"),
    ("a ^block", "a ^block"),
    // Letters of all sorts.
    ("👩‍👩‍👧 שלום e\u{301} ⭐", "👩‍👩‍👧 שלום e\u{301} ⭐"),
    // From real projects.
    (
        "### 2. Investigation Sequence — T+15 to T+60",
        "\\### 2. Investigation Sequence — T+15 to T+60",
    ),
    ("|---|---|---|---|", "\\|---|---|---|---|"),
    (
        "**Risk B — Adyen fallback has not run since 2025-12-08.**",
        "**Risk B — Adyen fallback has not run since 2025-12-08.**",
    ),
    (
        "2. Website photography reshoot — push two weeks.",
        "2\\. Website photography reshoot — push two weeks.",
    ),
    ("Template [Date] — [Decision Title]", "Template [Date] — [Decision Title]"),
    (
        "- Verify `./scripts/rollback.sh brew-pay 2026-04-12-1830`.",
        "\\- Verify `./scripts/rollback.sh brew-pay 2026-04-12-1830`.",
    ),
];

#[test]
fn hostile_texts() {
    for (text, line) in TEXTS {
        let expected =
            if line.is_empty() { "- [ ]\n".to_owned() } else { format!("- [ ] {line}\n") };
        assert_eq!(rendered(&[task(text)]), expected, "{text:?}");
        let lines = parsed(&expected);
        assert_eq!(unnumbered(lines), [task(text)], "{expected:?}");
    }
}

#[test]
fn a_project() {
    let mut brief = task("Draft the brief");
    brief.details = LineDetails {
        assignees: vec!["alice".to_owned()],
        due_time: Some("15:30".to_owned()),
        start: Some("2026-11-28".to_owned()),
        due: Some("2026-12-01".to_owned()),
        ..LineDetails::default()
    };
    let mut quotes = task("Collect quotes");
    quotes.depth = 1;
    quotes.done = true;
    quotes.details.note = Some("From three vendors, by Friday\n\n  or Monday ".to_owned());
    let mut ship = task("Ship it");
    ship.details = LineDetails {
        fields: vec![("@inc01".to_owned(), "250 [net]".to_owned())],
        start_time: Some("09:00".to_owned()),
        zone: Some("Europe/London".to_owned()),
        ..LineDetails::default()
    };
    let lines = [brief, quotes, ship];
    let text = "\
- [ ] Draft the brief @alice [due-time:: 15:30] 🛫 2026-11-28 📅 2026-12-01
  - [x] Collect quotes
    > From three vendors, by Friday
    >
    >   or Monday&#32;
- [ ] Ship it [@inc01:: 250 &#91;net&#93;] [start-time:: 09:00] [zone:: Europe/London]
";
    assert_eq!(rendered(&lines), text);
    assert_eq!(unnumbered(parsed(text)), lines);
}

#[test]
fn what_the_grammar_cannot_spell_is_left_out() {
    let mut line = task("a");
    line.details = LineDetails {
        assignees: vec!["not a handle".to_owned(), "bob".to_owned()],
        fields: vec![("inc01".to_owned(), "1".to_owned())],
        due_time: Some("9:00".to_owned()),
        due: Some("2026-02-29".to_owned()),
        ..LineDetails::default()
    };
    assert_eq!(rendered(&[line]), "- [ ] a @bob\n");
}

#[test]
fn an_empty_project_is_an_empty_file() {
    assert_eq!(rendered(&[]), "");
    assert_eq!(parsed(""), []);
    assert_eq!(parsed("\n  \n\t\n"), []);
}
