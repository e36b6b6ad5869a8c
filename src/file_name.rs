//! Titles as file names: made safe, and cut so that they fit. Pure.

/// Longest file name in bytes (`NAME_MAX`).
pub(crate) const NAME_MAX: usize = 255;

/// Longest ending of a file's name, with its dot: what is longer is none.
const LONGEST_ENDING: usize = 17;

/// The ending of a project's file.
pub(crate) const PROJECT_SUFFIX: &str = ".md";

/// A title as a file name can hold it.
pub(crate) fn safe(title: &str) -> String {
    if title.is_empty() {
        return "Untitled".to_owned();
    }
    let mut name: String = title.chars().map(look_alike).collect();
    if name.starts_with('.') {
        name.replace_range(..1, "．");
    }
    name
}

fn look_alike(c: char) -> char {
    match c {
        '/' => '／',
        '\u{0}'..='\u{1f}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or('␀'),
        '\u{7f}' => '␡',
        _ => c,
    }
}

/// `stem + mark + suffix`, the stem cut at a character so that it fits.
pub(crate) fn fitted(stem: &str, mark: &str, suffix: &str) -> String {
    let room = NAME_MAX.saturating_sub(mark.len() + suffix.len());
    let end = stem.floor_char_boundary(room.min(stem.len()));
    let stem = stem.get(..end).unwrap_or_default();
    format!("{stem}{mark}{suffix}")
}

/// A file's name before its ending, and that.
pub(crate) fn stem_and_ending(name: &str) -> (&str, &str) {
    let is_word = |ending: &str| ending.chars().skip(1).all(char::is_alphanumeric);
    let at = name.rfind('.').filter(|at| *at > 0 && name.len() - at <= LONGEST_ENDING);
    match at.map(|at| name.split_at(at)) {
        Some((stem, ending)) if is_word(ending) => (stem, ending),
        _ => (name, ""),
    }
}

#[cfg(test)]
mod tests {
    use super::{safe, stem_and_ending};

    #[test]
    fn an_ending_is_short_and_not_all_there_is() {
        for (name, wanted) in [
            ("logo.png", ("logo", ".png")),
            ("a.tar.gz", ("a.tar", ".gz")),
            ("README", ("README", "")),
            (".png", (".png", "")),
            ("Meeting of 1. December 2026", ("Meeting of 1. December 2026", "")),
            ("dot.", ("dot", ".")),
        ] {
            assert_eq!(stem_and_ending(name), wanted);
        }
    }

    #[test]
    fn hostile_titles_become_safe_names() {
        let cases = [
            ("a/b", "a／b"),
            ("tab\there", "tab␉here"),
            (".hidden", "．hidden"),
            ("..", "．."),
            (".", "．"),
            ("", "Untitled"),
            ("nul\0", "nul␀"),
            ("Plain", "Plain"),
        ];
        for (title, name) in cases {
            assert_eq!(safe(title), name);
        }
    }
}
