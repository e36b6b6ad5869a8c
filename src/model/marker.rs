//! What a node of a document is, and so how its line begins: Taskade's formats (seen in exports).

use serde::{Deserialize, Serialize};

/// How a line begins. It says nothing that can be sent: the API sets no format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Marker {
    /// `- [ ] `: a checkbox, and whatever is not known.
    #[default]
    Checkbox,
    /// `- `.
    Bullet,
    /// `1. `, counted among its neighbours.
    Number,
    /// A bare line between empty lines.
    Paragraph,
    /// `# ` to `###### `: a heading of level 1 to 6. Taskade has two; people type others.
    Heading(u8),
}

impl Marker {
    /// The marker of a format by Taskade's word for it; `None` where the word is unknown.
    pub fn of_format(format: &str) -> Option<Self> {
        Some(match format {
            "checkbox" => Self::Checkbox,
            "bullet" => Self::Bullet,
            "number" => Self::Number,
            "text" => Self::Paragraph,
            _ => match format.as_bytes() {
                [b'h', level @ b'1'..=b'6'] => Self::Heading(level - b'0'),
                _ => return None,
            },
        })
    }

    /// Taskade's word for it; of a heading deeper than Taskade's two, of the same pattern.
    pub fn format(self) -> &'static str {
        match self {
            Self::Checkbox => "checkbox",
            Self::Bullet => "bullet",
            Self::Number => "number",
            Self::Paragraph => "text",
            Self::Heading(0 | 1) => "h1",
            Self::Heading(2) => "h2",
            Self::Heading(3) => "h3",
            Self::Heading(4) => "h4",
            Self::Heading(5) => "h5",
            Self::Heading(_) => "h6",
        }
    }
}

impl TryFrom<String> for Marker {
    type Error = String;

    fn try_from(format: String) -> Result<Self, String> {
        Self::of_format(&format).ok_or_else(|| format!("`{format}` is no format of a task"))
    }
}

impl From<Marker> for String {
    fn from(marker: Marker) -> Self {
        marker.format().to_owned()
    }
}

/// The marker of a task, as far as one was told or typed. It is spelling and never a wish: any two
/// are equal, so that no comparison of tasks, no merge and no script depends on it. What holds it
/// carries it along.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Spelled(pub Option<Marker>);

impl Spelled {
    /// Whether nothing was told or typed.
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// The marker to write.
    pub fn marker(self) -> Marker {
        self.0.unwrap_or_default()
    }

    /// This, or the other where nothing is known here.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }
}

impl From<Marker> for Spelled {
    fn from(marker: Marker) -> Self {
        Self(Some(marker))
    }
}

impl PartialEq for Spelled {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Spelled {}

#[cfg(test)]
mod tests {
    use super::{Marker, Spelled};

    #[test]
    fn a_marker_is_kept_by_the_word_for_its_format() {
        for word in ["checkbox", "bullet", "number", "text", "h1", "h2", "h6"] {
            let marker = Marker::of_format(word).unwrap();
            assert_eq!(marker.format(), word);
            let kept = serde_json::to_string(&Spelled::from(marker)).unwrap();
            assert_eq!(kept, format!("\"{word}\""));
            assert_eq!(serde_json::from_str::<Spelled>(&kept).unwrap().0, Some(marker));
        }
        for word in ["", "h", "h0", "h7", "h+1", "toggle", "H1"] {
            assert_eq!(Marker::of_format(word), None, "{word}");
        }
    }

    #[test]
    fn no_marker_differs_from_another() {
        assert_eq!(Spelled::from(Marker::Bullet), Spelled::default());
        assert_eq!(Spelled::default().or(Marker::Number.into()).marker(), Marker::Number);
        assert_eq!(Spelled::default().marker(), Marker::Checkbox);
    }
}
