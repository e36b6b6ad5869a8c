//! How an outline is put into words for the service: content types, and projects as Markdown.

use std::collections::HashSet;

use crate::{
    api::{ContentType, TypedText},
    document::{Line, shown_markers},
    model::Marker,
    plan::{Item, Outline},
};

/// Which content type texts are sent as (`--content-type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ContentTypeChoice {
    /// Plain where the text has no character that Markdown gives a meaning, else Markdown.
    #[default]
    Auto,
    /// Always `text/plain`.
    Plain,
    /// Always `text/markdown`.
    Markdown,
}

impl ContentTypeChoice {
    /// The content to send for a text.
    pub(crate) fn content(self, text: &str) -> TypedText {
        let markdown = match self {
            ContentTypeChoice::Auto => is_markup(text),
            ContentTypeChoice::Plain => false,
            ContentTypeChoice::Markdown => true,
        };
        let content_type = if markdown { ContentType::Markdown } else { ContentType::Plain };
        TypedText { content_type, text: text.to_owned() }
    }
}

/// Whether Markdown gives some character of the text a meaning.
pub(crate) fn is_markup(text: &str) -> bool {
    let structural = |c: char| matches!(c, '#' | '-' | '+' | '>' | '=' | '|' | '~' | ' ' | '\t');
    let numbered = || {
        let rest = text.trim_start_matches(|c: char| c.is_ascii_digit());
        rest.len() < text.len() && rest.starts_with(['.', ')'])
    };
    text.contains(['*', '_', '`', '[', ']', '<', '>', '&', '\\', '~', '!'])
        || text.starts_with(structural)
        || text.ends_with([' ', '\t'])
        || text.contains("://")
        || numbered()
}

/// How the tasks of a new project are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocks {
    /// Each as what it is.
    Each,
    /// As bullets: the service was seen to take the other markers for text.
    Bullets,
}

/// A new project as Markdown: the title, then its tasks.
///
/// The service takes the first line as the title and reads two spaces as a level, `- ` as a bullet,
/// `- [ ] ` and `- [x] ` as a box, `1. ` as a number, and `# ` and `## ` as headings that hold what
/// follows. Deeper ones hold nothing.
///
/// Tasks are left out if any of them would be read as markup or could not be an item: they are then
/// created one by one, with their content types.
pub(crate) fn project_markdown(title: &str, outline: &Outline, blocks: Blocks) -> String {
    let mut markdown = format!("# {title}");
    let simple = |text: &str| {
        !text.is_empty() && !text.contains('\n') && !text.ends_with('#') && !is_markup(text)
    };
    if outline.items.is_empty() || !outline.items.iter().all(|item| simple(&item.text)) {
        return markdown;
    }
    markdown.push_str("\n\n");
    let markers = markers(outline, blocks);
    // Whether each of those around is a heading, outermost first.
    let mut around: Vec<bool> = Vec::new();
    let mut above = None;
    for (item, &marker) in outline.items.iter().zip(&markers) {
        around.truncate(item.depth);
        let is_apart = |marker| matches!(marker, Marker::Paragraph | Marker::Heading(_));
        if above.is_some_and(|above| is_apart(above) || is_apart(marker)) {
            markdown.push('\n');
        }
        let levels = around.iter().filter(|is_heading| !**is_heading).count();
        markdown.push_str(&"  ".repeat(levels));
        markdown.push_str(match marker {
            Marker::Checkbox if item.done => "- [x] ",
            Marker::Checkbox => "- [ ] ",
            Marker::Bullet => "- ",
            Marker::Number => "1. ",
            Marker::Paragraph => "",
            Marker::Heading(0 | 1) => "# ",
            Marker::Heading(_) => "## ",
        });
        markdown.push_str(&item.text);
        markdown.push('\n');
        around.push(matches!(marker, Marker::Heading(_)));
        above = Some(marker);
    }
    markdown
}

/// What each task is in the Markdown of a new project.
fn markers(outline: &Outline, blocks: Blocks) -> Vec<Marker> {
    if blocks == Blocks::Bullets {
        return vec![Marker::Bullet; outline.items.len()];
    }
    let line = |item: &Item| Line {
        depth: item.depth,
        text: item.text.clone(),
        done: item.done,
        marker: match item.spelled.marker() {
            Marker::Heading(3..) => Marker::Bullet,
            marker => marker,
        },
        ..Line::default()
    };
    let lines: Vec<Line> = outline.items.iter().map(line).collect();
    shown_markers(&lines)
}

/// What was made of a project whose tasks are `wanted`, without the markers that the service took for
/// text. Whether there were any.
pub(crate) fn without_literal_markers(wanted: &Outline, made: &Outline) -> (Outline, bool) {
    let wanted: HashSet<&str> = wanted.items.iter().map(|item| item.text.as_str()).collect();
    let mut made = made.clone();
    let mut found = false;
    for item in &mut made.items {
        let text = item.text.strip_prefix("- ").unwrap_or(&item.text);
        let markers = ["[ ] ", "[x] ", "1. ", "# ", "## "];
        let rest = markers.into_iter().find_map(|marker| text.strip_prefix(marker));
        if let Some(rest) = rest.filter(|rest| wanted.contains(rest)) {
            item.text = rest.to_owned();
            found = true;
        }
    }
    (made, found)
}

#[cfg(test)]
mod tests {
    use super::{Blocks, is_markup, project_markdown, without_literal_markers};
    use crate::{
        model::{Marker, Spelled},
        plan::{Item, Key, Outline},
    };

    #[test]
    fn prose_is_plain_and_markup_is_not() {
        for plain in ["Draft the brief", "Call Bob (again), 5 p.m.", "25 % off", "a - b", ""] {
            assert!(!is_markup(plain), "{plain:?}");
        }
        for markup in ["**bold**", "# x", "- x", "1. x", "2) y", "a\\b", " x", "see https://a.b"] {
            assert!(is_markup(markup), "{markup:?}");
        }
    }

    fn item(depth: usize, marker: Option<Marker>, text: &str) -> Item {
        Item {
            key: Key::New(0),
            depth,
            text: text.to_owned(),
            done: false,
            details: Default::default(),
            spelled: Spelled(marker),
        }
    }

    #[test]
    fn a_new_project_is_a_title_and_what_each_task_is() {
        let heading = |level| Some(Marker::Heading(level));
        let items = vec![
            item(0, Some(Marker::Paragraph), "intro"),
            Item { done: true, ..item(0, Some(Marker::Bullet), "a") },
            item(1, None, "b"),
            item(0, heading(2), "H"),
            item(1, Some(Marker::Number), "c"),
            item(2, Some(Marker::Bullet), "d"),
            item(0, heading(1), "I"),
            item(1, heading(2), "J"),
            item(2, heading(3), "K"),
            item(3, None, "e"),
        ];
        let mut outline = Outline { items };
        let each = "# T\n\nintro\n\n- [x] a\n  - [ ] b\n\n## H\n\n1. c\n  - d\n\n# I\n\n## J\n\n\
                    - K\n  - [ ] e\n";
        assert_eq!(project_markdown("T", &outline, Blocks::Each), each);
        let bullets =
            "# T\n\n- intro\n- a\n  - b\n- H\n  - c\n    - d\n- I\n  - J\n    - K\n      - e\n";
        assert_eq!(project_markdown("T", &outline, Blocks::Bullets), bullets);
        outline.items.push(item(0, None, "*c*"));
        assert_eq!(project_markdown("T", &outline, Blocks::Each), "# T");
    }

    #[test]
    fn a_marker_that_was_taken_for_text_is_found() {
        let outline = |texts: &[&str]| Outline {
            items: texts.iter().map(|text| item(0, None, text)).collect(),
        };
        let wanted = outline(&["a", "b", "c"]);
        let made = outline(&["[ ] a", "- [x] b", "c"]);
        assert_eq!(without_literal_markers(&wanted, &made), (wanted.clone(), true));
        assert_eq!(without_literal_markers(&wanted, &wanted), (wanted.clone(), false));
        let other = outline(&["[ ] d"]);
        assert_eq!(without_literal_markers(&wanted, &other), (other.clone(), false));
    }
}
