//! The block id that ends a line where ids are shown: ` ^taskId`.
//!
//! A line that ends with something like it, after `k >= 0` backslashes, but has no block id
//! is written with `k + 1` backslashes, and read by taking one away.

use std::borrow::Cow;

use super::{BLANKS, characters::backslashes_before};

/// Ends the line with its block id, or makes sure that it ends with none. `line` has no white
/// space at its end. An id that is no single word is left out.
pub(super) fn append(line: &mut String, anchor: Option<&str>) {
    match anchor.filter(|id| is_spellable(id)) {
        Some(id) => {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push('^');
            line.push_str(id);
        }
        None => {
            if let Some(at) = last_caret(line) {
                line.insert(at, '\\');
            }
        }
    }
}

/// Parts a line from its block id, if `known` knows it; an unknown one is text.
pub(super) fn split<'a>(
    line: &'a str,
    known: &dyn Fn(&str) -> bool,
) -> (Cow<'a, str>, Option<&'a str>) {
    let Some(at) = last_caret(line) else { return (Cow::Borrowed(line), None) };
    if backslashes_before(line, at) > 0 {
        let text = format!("{}{}", &line[..at - 1], &line[at..]);
        return (Cow::Owned(text), None);
    }
    let id = &line[at + 1..];
    if known(id) {
        (Cow::Borrowed(line[..at].trim_end_matches(BLANKS)), Some(id))
    } else {
        (Cow::Borrowed(line), None)
    }
}

/// Where the caret of the last word is, if that word is backslashes, a caret and an id.
fn last_caret(line: &str) -> Option<usize> {
    let word = line.rsplit(BLANKS).next()?;
    let id = word.trim_start_matches('\\').strip_prefix('^')?;
    is_spellable(id).then(|| line.len() - id.len() - 1)
}

fn is_spellable(id: &str) -> bool {
    !id.is_empty() && !id.contains(|c: char| c.is_whitespace() || c.is_control())
}
