//! Queries and forms: names and values, as URLs and forms write them.

use std::collections::HashMap;

/// What a query or a form holds; of equal names the last.
pub(super) fn pairs(query: &str) -> HashMap<String, String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

/// A plus is a space there, as forms write it.
fn decode(part: &str) -> String {
    let spaced = part.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}
