//! Lines that draw something: the underline that makes a heading of the text above, and the thematic
//! break.

use super::{
    BLANKS, blocks,
    escape::{is_rule_or_underline, list_marker, split_box},
};

/// For each line, whether the paragraph that it is part of ends with an underline.
pub(super) fn underlined(lines: &[&str]) -> Vec<bool> {
    let mut underlined = vec![false; lines.len()];
    for number in (0..lines.len().saturating_sub(1)).rev() {
        let next = lines[number + 1];
        underlined[number] = is_plain(lines[number])
            && (is_underline(next) || (is_plain(next) && underlined[number + 1]));
    }
    underlined
}

/// Whether a line is nothing but text.
pub(super) fn is_plain(line: &str) -> bool {
    let rest = line.trim_start_matches(' ');
    !rest.trim_matches(BLANKS).is_empty()
        && !rest.starts_with('>')
        && !blocks::is_heading(rest)
        && list_marker(rest).is_none()
        && split_box(rest).is_none()
        && !is_rule_or_underline(rest)
}

/// Whether a line makes a heading of the text above. A lone bullet is an item.
pub(super) fn is_underline(line: &str) -> bool {
    let rest = line.trim_matches(BLANKS);
    rest.starts_with(['=', '-']) && rest != "-" && is_rule_or_underline(rest) && !rest.contains(' ')
}

/// Whether a line is a thematic break.
pub(super) fn is_rule(rest: &str) -> bool {
    let marks = rest.chars().filter(|c| !BLANKS.contains(c)).count();
    !rest.starts_with('=') && marks >= 3 && is_rule_or_underline(rest)
}
