//! How an outline is put into words for the service: content types, and projects as Markdown.

use crate::{
    api::{ContentType, TypedText},
    plan::Outline,
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

/// A new project as Markdown: the title, then the tasks as a list. The service takes the first
/// line as the title and reads two spaces as a level.
///
/// Tasks are left out if any of them would be read as markup or could not be a list item: they
/// are then created one by one, with their content types.
pub(crate) fn project_markdown(title: &str, outline: &Outline) -> String {
    let mut markdown = format!("# {title}");
    let simple = |text: &str| !text.is_empty() && !text.contains('\n') && !is_markup(text);
    if !outline.items.is_empty() && outline.items.iter().all(|item| simple(&item.text)) {
        markdown.push_str("\n\n");
        for item in &outline.items {
            markdown.push_str(&"  ".repeat(item.depth));
            markdown.push_str("- ");
            markdown.push_str(&item.text);
            markdown.push('\n');
        }
    }
    markdown
}

#[cfg(test)]
mod tests {
    use super::{is_markup, project_markdown};
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;

    #[test]
    fn prose_is_plain_and_markup_is_not() {
        for plain in ["Draft the brief", "Call Bob (again), 5 p.m.", "25 % off", "a - b", ""] {
            assert!(!is_markup(plain), "{plain:?}");
        }
        for markup in ["**bold**", "# x", "- x", "1. x", "2) y", "a\\b", " x", "see https://a.b"] {
            assert!(is_markup(markup), "{markup:?}");
        }
    }

    #[test]
    fn a_new_project_is_a_title_and_a_list() {
        let item = |n, depth, text: &str| Item {
            key: Key::New(n),
            depth,
            text: text.to_owned(),
            done: false,
            details: Default::default(),
            spelled: Default::default(),
        };
        let mut outline = Outline { items: vec![item(0, 0, "a"), item(1, 1, "b")] };
        assert_eq!(project_markdown("T", &outline), "# T\n\n- a\n  - b\n");
        outline.items.push(item(2, 0, "*c*"));
        assert_eq!(project_markdown("T", &outline), "# T");
    }
}
