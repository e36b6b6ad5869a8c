//! What the Markdown of a new project says: a title, and lines with their levels and formats.
//!
//! Documented are `- `, `1. `, `[] `, `#` and `##`; met in clients are a first line that becomes the
//! title and two spaces a level. That a heading holds what follows it is what most exports have.

/// A line below the title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MarkdownLine {
    /// Levels below the title, from 0.
    pub(crate) depth: usize,
    pub(crate) text: String,
    pub(crate) done: bool,
    /// As exports call it.
    pub(crate) format: &'static str,
}

/// The title, and what is below it.
pub(crate) fn read(markdown: &str) -> (String, Vec<MarkdownLine>) {
    let mut lines = markdown.lines();
    let title = lines.next().unwrap_or_default().trim_start_matches('#').trim().to_owned();
    // The levels of the headings that hold what comes next.
    let mut sections: Vec<usize> = Vec::new();
    let lines = lines.filter(|line| !line.trim().is_empty()).map(|line| {
        let content = line.trim_start();
        if let Some((level, text)) = heading(content) {
            sections.retain(|above| *above < level);
            let depth = sections.len();
            sections.push(level);
            let format = if level == 1 { "h1" } else { "h2" };
            return MarkdownLine { depth, text: text.to_owned(), done: false, format };
        }
        let depth = sections.len() + (line.len() - content.len()) / 2;
        let (text, done, format) = item(content);
        MarkdownLine { depth, text: text.to_owned(), done, format }
    });
    let lines = lines.collect();
    (title, lines)
}

/// The level and the text of a heading.
fn heading(content: &str) -> Option<(usize, &str)> {
    let text = content.trim_start_matches('#');
    let level = content.len() - text.len();
    ((1..=6).contains(&level) && text.starts_with(' ')).then(|| (level, text.trim()))
}

/// Text, state and format of what is no heading.
fn item(content: &str) -> (&str, bool, &'static str) {
    let bullet = ["- ", "* "].iter().find_map(|marker| content.strip_prefix(marker));
    if let Some((text, done)) = checkbox(bullet.unwrap_or(content)) {
        return (text, done, "checkbox");
    }
    let numbered = || {
        let rest = content.trim_start_matches(|digit: char| digit.is_ascii_digit());
        rest.strip_prefix(". ").filter(|_| rest.len() < content.len())
    };
    match bullet {
        Some(text) => (text, false, "bullet"),
        None => numbered().map_or((content, false, "text"), |text| (text, false, "number")),
    }
}

fn checkbox(content: &str) -> Option<(&str, bool)> {
    let open = || ["[] ", "[ ] "].iter().find_map(|marker| content.strip_prefix(marker));
    let done = || ["[x] ", "[X] "].iter().find_map(|marker| content.strip_prefix(marker));
    open().map(|text| (text, false)).or_else(|| Some((done()?, true)))
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn every_block_has_its_format_and_headings_hold_what_follows() {
        let markdown =
            "# Plan\n\nintro\n# One\n- a\n  - b\n1. c\n## Two\n[] d\n- [x] e\n# Three\n#f";
        let (title, lines) = read(markdown);
        assert_eq!(title, "Plan");
        let texts: Vec<String> = lines
            .iter()
            .map(|line| format!("{} {} {} {}", line.depth, line.format, line.text, line.done))
            .collect();
        assert_eq!(
            texts,
            [
                "0 text intro false",
                "0 h1 One false",
                "1 bullet a false",
                "2 bullet b false",
                "1 number c false",
                "1 h2 Two false",
                "2 checkbox d false",
                "2 checkbox e true",
                "0 h1 Three false",
                "1 text #f false",
            ]
        );
    }

    #[test]
    fn nothing_but_a_title_is_a_title() {
        assert_eq!(read("").0, "");
        assert_eq!(read("T"), ("T".to_owned(), Vec::new()));
    }
}
