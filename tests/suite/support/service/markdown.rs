//! What a Taskade in memory reads of the Markdown of a new project.

use taskadefs::model::Marker;

/// What items begin with, and what they are; the first that fits counts.
const ITEMS: [(&str, Marker, bool); 4] = [
    ("- [ ] ", Marker::Checkbox, false),
    ("- [x] ", Marker::Checkbox, true),
    ("1. ", Marker::Number, false),
    BULLET,
];

const BULLET: (&str, Marker, bool) = ("- ", Marker::Bullet, false);

/// A line below the title.
pub(crate) struct Block<'a> {
    pub(crate) depth: usize,
    pub(crate) format: Marker,
    pub(crate) done: bool,
    pub(crate) text: &'a str,
}

/// What is below the title. Headings hold what follows. A service of `bullets_alone` takes every other
/// marker for text.
pub(crate) fn blocks(markdown: &str, bullets_alone: bool) -> Vec<Block<'_>> {
    let mut sections: Vec<u8> = Vec::new();
    let lines = markdown.lines().skip(1).filter(|line| !line.is_empty());
    let block = |line| {
        if let Some((level, text)) = heading(line).filter(|_| !bullets_alone) {
            sections.retain(|above| *above < level);
            sections.push(level);
            let depth = sections.len() - 1;
            return Block { depth, format: Marker::Heading(level), done: false, text };
        }
        let content = line.trim_start_matches("  ");
        let depth = sections.len() + (line.len() - content.len()) / 2;
        let items = if bullets_alone { &[BULLET][..] } else { &ITEMS };
        let item = items.iter().find_map(|(marker, format, done)| {
            content.strip_prefix(marker).map(|text| (*format, *done, text))
        });
        let (format, done, text) = item.unwrap_or((Marker::Paragraph, false, content));
        Block { depth, format, done, text }
    };
    lines.map(block).collect()
}

fn heading(line: &str) -> Option<(u8, &str)> {
    let of = |level, marker| line.strip_prefix(marker).map(|text| (level, text));
    of(1, "# ").or_else(|| of(2, "## "))
}
