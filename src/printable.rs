//! Text from outside (titles, texts, names, what the service says) made harmless for a terminal
//! and a log. Pure.
//!
//! What steers a terminal (controls, C1 included), what reorders or hides what is around it
//! (bidirectional and other invisible format characters, tags) and what ends a line elsewhere is
//! shown by its escape: `\x1b`, `\u202e`. The two joiners stay: scripts and emojis are written with
//! them. Escaping what was escaped changes nothing.

use std::{borrow::Cow, fmt::Write};

/// One piece of text, on one line.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, steers)
}

/// Lines whose ends and tabs are the program's own.
pub(crate) fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| steers(c) && !matches!(c, '\n' | '\t'))
}

/// Text in JSON that is serialised already: what JSON leaves as it is, and a terminal does not, is
/// escaped as JSON does. Only strings hold such characters.
pub(crate) fn printable_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if steers(c) && !matches!(c, '\n' | '\t' | '\r') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a terminal takes the character for anything but itself.
pub(crate) fn steers(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
                | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
                | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e007f}'
        )
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            _ if !is_escaped(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            '\0'..='\u{ff}' => drop(write!(out, "\\x{:02x}", u32::from(c))),
            _ => drop(write!(out, "\\u{:04x}", u32::from(c))),
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{printable, printable_json, printable_lines, steers};

    #[test]
    fn what_steers_is_shown_and_what_people_write_stays() {
        assert_eq!(printable("a\u{1b}[2J\u{7}\u{9b}m\u{7f}"), r"a\x1b[2J\x07\x9bm\x7f");
        assert_eq!(printable("a\u{202e}b\u{2066}\u{feff}\u{200b}"), r"a\u202eb\u2066\ufeff\u200b");
        assert_eq!(printable("one\ntwo\tthree\r"), r"one\ntwo\tthree\r");
        assert_eq!(printable_lines("one\ntwo\tthree\r"), "one\ntwo\tthree\\r");
        for kept in ["é e\u{301} 漢字 \\n", "👩\u{200d}🚀 🏳\u{fe0f}", "می\u{200c}خواهم", "שלום"]
        {
            assert_eq!(printable(kept), kept);
        }
    }

    proptest! {
        #[test]
        fn nothing_that_steers_is_left_and_twice_is_as_once(text in any::<String>()) {
            let once = printable(&text).into_owned();
            prop_assert!(!once.contains(steers));
            prop_assert_eq!(printable(&once), once.as_str());
            let lines = printable_lines(&text).into_owned();
            prop_assert!(!lines.contains(|c| steers(c) && c != '\n' && c != '\t'));
        }

        #[test]
        fn json_stays_what_it_was(text in any::<String>()) {
            let json = printable_json(&serde_json::to_string_pretty(&[&text]).unwrap());
            prop_assert!(!json.contains(|c| steers(c) && c != '\n'));
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), vec![text]);
        }
    }
}
