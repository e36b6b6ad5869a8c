//! What in an answer is no text is made text before it is read: half of a surrogate pair
//! (`"\ud83d"`), as services leave where they cut a text in UTF-16, and bytes that are no UTF-8.
//! One text that holds such would make everything that is in the same answer unreadable. Pure.

use std::borrow::Cow;

/// The body with U+FFFD in place of what is no text. Whoever changes a text that holds it does not
/// send it back: see `check_changes` in `sync::save`.
pub(super) fn readable(body: &[u8]) -> Cow<'_, [u8]> {
    let body = match String::from_utf8_lossy(body) {
        Cow::Borrowed(_) => Cow::Borrowed(body),
        Cow::Owned(mended) => Cow::Owned(mended.into_bytes()),
    };
    let halves = halves(&body);
    if halves.is_empty() {
        return body;
    }
    let mut mended = body.into_owned();
    for at in halves {
        if let Some(escape) = mended.get_mut(at..at + ESCAPE) {
            escape.copy_from_slice(b"\\ufffd");
        }
    }
    Cow::Owned(mended)
}

/// The length of an escape such as `\ud83d`.
const ESCAPE: usize = 6;

/// Where halves of surrogate pairs are. Valid JSON has backslashes only in strings.
fn halves(body: &[u8]) -> Vec<usize> {
    let (mut halves, mut at) = (Vec::new(), 0);
    while let Some(next) = body.get(at..).and_then(|rest| rest.iter().position(|b| *b == b'\\')) {
        let escape = at + next;
        at = match unit(body, escape) {
            Some(0xd800..=0xdbff) => match unit(body, escape + ESCAPE) {
                Some(0xdc00..=0xdfff) => escape + 2 * ESCAPE,
                _ => {
                    halves.push(escape);
                    escape + ESCAPE
                }
            },
            Some(0xdc00..=0xdfff) => {
                halves.push(escape);
                escape + ESCAPE
            }
            Some(_) => escape + ESCAPE,
            None => escape + 2,
        };
    }
    halves
}

/// The UTF-16 unit that is escaped here.
fn unit(body: &[u8], at: usize) -> Option<u16> {
    let digits = body.get(at..at + ESCAPE)?.strip_prefix(b"\\u")?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use proptest::prelude::*;

    use super::readable;

    fn read(json: &str) -> Option<String> {
        serde_json::from_slice(&readable(json.as_bytes())).ok()
    }

    #[test]
    fn half_a_pair_is_replaced_and_a_whole_one_is_not() {
        for (json, text) in [
            (r#""a\ud83d b""#, "a\u{fffd} b"),
            (r#""\uDE00\uD83D""#, "\u{fffd}\u{fffd}"),
            (r#""\ud83d\ud83d\ude00""#, "\u{fffd}😀"),
            (r#""\ud83d\n\ude00""#, "\u{fffd}\n\u{fffd}"),
            (r#""\ud83d\\ude00""#, "\u{fffd}\\ude00"),
            (r#""\\ud83d""#, "\\ud83d"),
            (r#""\ud83d\ude00 \u00e9""#, "😀 é"),
        ] {
            assert_eq!(read(json).as_deref(), Some(text), "{json}");
        }
        assert_eq!(
            &*readable(b"\"\xed\xa0\xbd\xff\"").into_owned(),
            "\"\u{fffd}\u{fffd}\u{fffd}\u{fffd}\"".as_bytes()
        );
        assert!(matches!(readable(br#"{"a":"\ud83d\ude00"}"#), Cow::Borrowed(_)));
    }

    proptest! {
        /// As JavaScript writes any sequence of UTF-16 units.
        #[test]
        fn any_units_are_read_as_rust_reads_them(units in prop::collection::vec(
            prop_oneof![any::<u16>(), 0xd800_u16..0xe000, Just(0x5c), Just(0x75)], 0..12,
        )) {
            let escaped: String = units.iter().map(|unit| format!("\\u{unit:04x}")).collect();
            let expected = String::from_utf16_lossy(&units);
            prop_assert_eq!(read(&format!("\"{escaped}\"")), Some(expected));
        }

        #[test]
        fn what_is_text_stays(text in any::<String>(), bytes in any::<Vec<u8>>()) {
            let json = serde_json::to_vec(&text).unwrap();
            prop_assert!(matches!(readable(&json), Cow::Borrowed(_)));
            prop_assert!(std::str::from_utf8(&readable(&bytes)).is_ok());
        }
    }
}
