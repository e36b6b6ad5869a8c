//! Titles as file names: made safe, and cut so that they fit. Pure.

/// Longest file name in bytes (`NAME_MAX`).
pub(crate) const NAME_MAX: usize = 255;

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

#[cfg(test)]
mod tests {
    use super::safe;

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
