//! What ends a line: details of ours among what Obsidian's plugins and people put there.

use super::{Line, LineDetails, parsed, rendered, unnumbered};

/// What is typed, the text that it has, who does it, when it is due, and how it is written.
type Case<'a> = (&'a str, &'a str, &'a [&'a str], Option<&'a str>, &'a str);

const DUE: Option<&str> = Some("2026-12-01");

#[track_caller]
fn reads(cases: &[Case<'_>]) {
    for (typed, text, people, due, written) in cases {
        let line = parsed(&format!("- [ ] {typed}\n")).remove(0);
        assert_eq!(line.text, *text, "{typed:?}");
        assert_eq!(line.details.assignees, *people, "{typed:?}");
        assert_eq!(line.details.due.as_deref(), *due, "{typed:?}");
        let canonical = rendered(std::slice::from_ref(&line));
        assert_eq!(canonical, format!("- [ ] {written}\n"), "{typed:?}");
        let again = parsed(&canonical);
        assert_eq!(rendered(&again), canonical, "{typed:?}");
        assert_eq!(unnumbered(again), unnumbered(vec![line]), "{typed:?}");
    }
}

#[test]
fn what_obsidian_knows_stays_text_and_hides_no_detail() {
    reads(&[
        (
            "Draft 📅 2026-12-01 ✅ 2026-11-25",
            "Draft ✅ 2026-11-25",
            &[],
            DUE,
            "Draft ✅ 2026-11-25 📅 2026-12-01",
        ),
        (
            "Draft @alice 📅 2026-12-01 ✅ 2026-11-25",
            "Draft ✅ 2026-11-25",
            &["alice"],
            DUE,
            "Draft @alice ✅ 2026-11-25 📅 2026-12-01",
        ),
        (
            "a @bob ⏫ 🔁 every week on Monday ➕ 2026-11-01 ⏳ 2026-11-30 📅 2026-12-01 ❌ 2026-11-25 ^37066d",
            "a ⏫ 🔁 every week on Monday ➕ 2026-11-01 ⏳ 2026-11-30 ❌ 2026-11-25 ^37066d",
            &["bob"],
            DUE,
            "a @bob ⏫ 🔁 every week on Monday ➕ 2026-11-01 ⏳ 2026-11-30 ❌ 2026-11-25 📅 2026-12-01 ^37066d",
        ),
        (
            "a 🆔 x1 ⛔ y2, z3 🏁 delete 📅 2026-12-01 🔺",
            "a 🆔 x1 ⛔ y2, z3 🏁 delete 🔺",
            &[],
            DUE,
            "a 🆔 x1 ⛔ y2, z3 🏁 delete 🔺 📅 2026-12-01",
        ),
        ("a @bob 📅 2026-12-01 #work", "a #work", &["bob"], DUE, "a #work @bob 📅 2026-12-01"),
        ("a #x @bob ^id-1", "a #x ^id-1", &["bob"], None, "a #x @bob ^id-1"),
        (
            "a @bob 📅 2026-12-01 [completion:: 2026-11-25] (k:: v)",
            "a [completion:: 2026-11-25] (k:: v)",
            &["bob"],
            DUE,
            "a [completion:: 2026-11-25] (k:: v) @bob 📅 2026-12-01",
        ),
        ("a 📅 2026-12-01 %%later%%", "a %%later%%", &[], DUE, "a %%later%% 📅 2026-12-01"),
        ("📅 2026-12-01 ✅ 2026-11-25", "✅ 2026-11-25", &[], DUE, "✅ 2026-11-25 📅 2026-12-01"),
        ("a ⏫\u{fe0f} @bob", "a ⏫\u{fe0f}", &["bob"], None, "a @bob ⏫\u{fe0f}"),
    ]);
}

#[test]
fn words_behind_a_detail_are_more_of_the_text() {
    reads(&[
        ("a 📅 2026-12-01 call him", "a call him", &[], DUE, "a call him 📅 2026-12-01"),
        ("a @bob 📅 2026-12-01 call", "a call", &["bob"], DUE, "a call @bob 📅 2026-12-01"),
        ("a 📅 2026-12-01 b @bob", "a b", &["bob"], DUE, "a b @bob 📅 2026-12-01"),
        ("a 📅 2026-12-01 \\", "a \\", &[], DUE, "a \\ 📅 2026-12-01"),
        ("a 📅 2026-12-01\\", "a \\", &[], DUE, "a \\ 📅 2026-12-01"),
        ("a (📅 2026-12-01) b", "a () b", &[], DUE, "a () b 📅 2026-12-01"),
        ("the \\@media rule", "the @media rule", &[], None, "the @media rule"),
        ("see \\@bob 📅 2026-12-01", "see @bob", &[], DUE, "see \\@bob 📅 2026-12-01"),
    ]);
}

#[test]
fn near_misses_are_what_they_were_meant_to_be() {
    reads(&[
        ("a 📅 2026-12-01.", "a.", &[], DUE, "a. 📅 2026-12-01"),
        ("a 📅2026-12-01", "a", &[], DUE, "a 📅 2026-12-01"),
        ("a 📅\u{fe0f}\u{a0}2026-12-01", "a", &[], DUE, "a 📅 2026-12-01"),
        ("a\u{a0}@bob\u{a0}📅\u{a0}2026-12-01", "a", &["bob"], DUE, "a @bob 📅 2026-12-01"),
        ("a @bob.", "a.", &["bob"], None, "a. @bob"),
        (
            "a @bob, @alice, 📅 2026-12-01",
            "a",
            &["bob", "alice"],
            DUE,
            "a @bob @alice 📅 2026-12-01",
        ),
        ("a @zoë-ß", "a", &["zoë-ß"], None, "a @zoë-ß"),
        ("a @Alice", "a", &["Alice"], None, "a @Alice"),
        ("a @bob📅 2026-12-01", "a", &["bob"], DUE, "a @bob 📅 2026-12-01"),
        ("a (due:: 2026-12-01)", "a", &[], DUE, "a 📅 2026-12-01"),
        ("a [Due :: 2026-12-01]", "a", &[], DUE, "a 📅 2026-12-01"),
        ("a 📅 2026-12-01 09:30", "a", &[], DUE, "a [due-time:: 09:30] 📅 2026-12-01"),
        ("a 📅 2026-12-01T09:30.", "a.", &[], DUE, "a. [due-time:: 09:30] 📅 2026-12-01"),
    ]);
    let line = parsed("- a 🛫 2026-11-28 08:00 ⏳ 2026-11-29 📅 2026-12-01 09:30\n").remove(0);
    let days = LineDetails {
        start: Some("2026-11-28".to_owned()),
        start_time: Some("08:00".to_owned()),
        due: Some("2026-12-01".to_owned()),
        due_time: Some("09:30".to_owned()),
        ..LineDetails::default()
    };
    assert_eq!((line.text.as_str(), &line.details), ("a ⏳ 2026-11-29", &days));
}

#[test]
fn prose_stays_prose_and_is_told_of() {
    let strays = |text: &str| -> Vec<String> {
        let Line { text: read, details, strays, .. } = parsed(&format!("- {text}\n")).remove(0);
        assert_eq!((read.as_str(), details), (text, LineDetails::default()));
        strays
    };
    for text in ["mail a@b.c", "costs 3 @ 5", "2 for @5.", "a [k:: v]", "cat, dog; 📆 of events"]
    {
        assert_eq!(strays(text), [""; 0], "{text}");
    }
    assert_eq!(strays("the @media rule, see 📅 there"), ["@media", "📅"]);
    assert_eq!(strays("(@bob) says, @bob's"), ["@bob", "@bob"]);
}
