//! Where in the arguments the words of a command are.

use std::{ffi::OsString, os::unix::ffi::OsStrExt};

/// Where the arguments of a command begin that has this many words, such as two of `bundle export`: before
/// them, and between them, are switches only, none of which takes a value. The end, if there are fewer.
pub(super) fn behind(arguments: &[OsString], words: usize) -> usize {
    let is_word = |argument: &OsString| !argument.as_bytes().starts_with(b"-");
    let mut places = (1..).zip(arguments).skip(1).filter(|(_, argument)| is_word(argument));
    places.nth(words.saturating_sub(1)).map_or(arguments.len(), |(behind, _)| behind)
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::behind;

    #[test]
    fn switches_stand_before_and_between_the_words_of_a_command() {
        for (line, words, place) in [
            ("taskadefs mount x", 1, 2),
            ("taskadefs -q mount x", 1, 3),
            ("taskadefs bundle export x", 2, 3),
            ("taskadefs -q bundle --quiet export -q x", 2, 5),
            ("taskadefs -q", 1, 2),
            ("taskadefs", 1, 1),
            ("", 1, 0),
        ] {
            let arguments: Vec<OsString> = line.split_whitespace().map(Into::into).collect();
            assert_eq!(behind(&arguments, words), place, "{line}");
        }
    }
}
