//! Taking the item out of the envelope of an answer as it comes, byte for byte. Pure.

/// How much of what is beside the item is kept, to say why there is none.
const MOST_BESIDE: usize = 64 << 10;

/// Longest field of the envelope that means something here.
const LONGEST_FIELD: usize = 8;

/// What comes next in the envelope itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Field,
    Value,
}

/// An envelope as far as it has come.
#[derive(Debug)]
pub(super) struct EnvelopeScanner {
    /// How many objects and lists are open.
    depth: usize,
    /// Within a string, and whether a backslash came before.
    is_string: bool,
    is_escaped: bool,
    next: Next,
    /// The field whose value comes next, as it is written.
    field: Vec<u8>,
    is_item: bool,
    had_item: bool,
    is_closed: bool,
    beside: Vec<u8>,
}

impl Default for EnvelopeScanner {
    fn default() -> Self {
        Self {
            depth: 0,
            is_string: false,
            is_escaped: false,
            next: Next::Field,
            field: Vec::new(),
            is_item: false,
            had_item: false,
            is_closed: false,
            beside: Vec::new(),
        }
    }
}

impl EnvelopeScanner {
    /// Takes what comes next, and gives the pieces of it that are of the item.
    pub(super) fn feed<E>(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut from = 0;
        for (at, byte) in bytes.iter().enumerate() {
            let was_item = self.is_item;
            let ends_before = self.step(*byte);
            if was_item == self.is_item {
                continue;
            }
            let end = if ends_before { at } else { at + 1 };
            let piece = bytes.get(from..end).unwrap_or_default();
            from = end;
            if was_item { give(piece)? } else { self.keep(piece) }
        }
        let rest = bytes.get(from..).unwrap_or_default();
        if self.is_item {
            return give(rest);
        }
        self.keep(rest);
        Ok(())
    }

    /// Takes one byte. Whether it is of what comes next, if it ends the item.
    fn step(&mut self, byte: u8) -> bool {
        let is_own = self.depth == 1;
        if self.is_string {
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' => self.is_escaped = true,
                b'"' => self.is_string = false,
                _ if is_own && self.next == Next::Field && self.field.len() < LONGEST_FIELD => {
                    self.field.push(byte);
                }
                _ => {}
            }
            return false;
        }
        match byte {
            b'"' => {
                self.is_string = true;
                if is_own && self.next == Next::Field {
                    self.field.clear();
                }
            }
            b'{' | b'[' => {
                self.depth += 1;
            }
            b'}' | b']' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.is_closed = true;
                    self.is_item = false;
                    return true;
                }
            }
            b':' if is_own && self.next == Next::Field => {
                self.next = Next::Value;
                self.is_item = self.field == b"item";
                self.had_item |= self.is_item;
            }
            b',' if is_own => {
                self.next = Next::Field;
                self.is_item = false;
                return true;
            }
            _ => {}
        }
        false
    }

    fn keep(&mut self, bytes: &[u8]) {
        let left = MOST_BESIDE.saturating_sub(self.beside.len()).min(bytes.len());
        self.beside.extend_from_slice(bytes.get(..left).unwrap_or_default());
    }

    /// Whether all of an envelope with an item has come.
    pub(super) fn is_whole(&self) -> bool {
        self.is_closed && self.had_item
    }

    /// What came beside the item, as far as it is kept.
    pub(super) fn beside(&self) -> &[u8] {
        &self.beside
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::EnvelopeScanner;

    /// The item of an envelope that comes in pieces of this length, and whether it is whole.
    fn scan(text: &[u8], length: usize) -> (Vec<u8>, bool) {
        let (mut scanner, mut item) = (EnvelopeScanner::default(), Vec::new());
        for piece in text.chunks(length) {
            let given = scanner.feed(piece, |bytes| {
                item.extend_from_slice(bytes);
                Ok::<(), Infallible>(())
            });
            given.unwrap();
        }
        (item, scanner.is_whole())
    }

    #[test]
    fn the_item_is_taken_as_it_is_written_wherever_it_stands() {
        for (text, item) in [
            (r#"{"ok":true,"item":{"a":"}\",\"item\":"}}"#, r#"{"a":"}\",\"item\":"}"#),
            (r#"{"item" : {"item":[1,{"x":2}]} , "ok":true}"#, r#" {"item":[1,{"x":2}]} "#),
            (r#"{"o\"item":1,"x":"item","y":{"item":0},"item":null}"#, "null"),
            (r#"{"items":{},"itemized":1,"item":[]}"#, "[]"),
        ] {
            for length in 1..text.len() {
                let scanned = scan(text.as_bytes(), length);
                assert_eq!(scanned, (item.as_bytes().to_vec(), true), "{text} by {length}");
            }
        }
    }

    #[test]
    fn what_is_broken_off_or_has_no_item_is_not_whole() {
        let text = br#"{"ok":true,"item":{"a":[1,2]}}"#;
        for end in 0..text.len() {
            assert!(!scan(&text[..end], 7).1, "{end}");
        }
        for none in [r#"{"ok":false,"message":"item"}"#, "<html>{}</html>", "[]", "", "\0{"] {
            assert!(!scan(none.as_bytes(), 3).1, "{none}");
        }
    }

    proptest! {
        #[test]
        fn any_text_in_the_item_comes_through(key in ".*", text in ".*", length in 1..40_usize) {
            let item = json!({ "version": "1", "items": { key: { "text": [text] } } });
            let envelope = json!({ "a": [{ "item": 1 }], "item": item, "ok": true }).to_string();
            let (taken, is_whole) = scan(envelope.as_bytes(), length);
            prop_assert!(is_whole);
            prop_assert_eq!(serde_json::from_slice::<Value>(&taken).unwrap(), item);
        }
    }
}
