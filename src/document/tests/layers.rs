//! Each layer of a line is undone exactly, whatever string it is given.

use proptest::prelude::*;

use super::{
    super::{
        anchor,
        characters::{SpellingContext, decode, encode},
        details,
        escape::{self, Where},
    },
    strategies::text,
};

proptest! {
    #[test]
    fn characters(text in text()) {
        for place in [SpellingContext::Text, SpellingContext::Note, SpellingContext::Value] {
            let encoded = encode(&text, place);
            prop_assert_eq!(decode(&encoded, place), text.as_str(), "{:?}", encoded);
        }
    }

    #[test]
    fn structure(text in text()) {
        for place in [Where::Boxed, Where::Heading, Where::Bare] {
            let escaped = escape::escape(&text, place);
            prop_assert_eq!(escape::unescape(&escaped, place), text.as_str());
            prop_assert!(escaped.len() <= text.len() + 1);
        }
    }

    #[test]
    fn details_at_the_end(text in text()) {
        let trimmed = text.trim_end_matches([' ', '\t']);
        let escaped = details::escape(trimmed, None);
        let read = details::split(&escaped, None).map_err(TestCaseError::fail)?;
        prop_assert_eq!(read.text, trimmed);
        prop_assert_eq!(read.details, super::LineDetails::default());
    }

    #[test]
    fn block_ids(text in text(), id in proptest::option::of("[^\\s\\pC]{1,4}")) {
        let trimmed = text.trim_end_matches([' ', '\t']);
        let mut line = trimmed.to_owned();
        anchor::append(&mut line, id.as_deref());
        prop_assert_eq!(anchor::split(&line, &|_| true), (trimmed.into(), id.as_deref()));
    }
}
