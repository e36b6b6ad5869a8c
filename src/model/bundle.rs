//! Bundles: whole spaces as files.

use std::{fmt, path::Path};

use serde::{Deserialize, Serialize};

/// What a bundle is, by the ending of its file's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BundleFormat {
    /// JSON, without media.
    Json,
    /// A ZIP archive.
    Zip,
    /// What Taskade calls an app kit: a ZIP archive by another name, or JSON.
    Tsk,
}

impl BundleFormat {
    const ALL: [Self; 3] = [Self::Json, Self::Zip, Self::Tsk];

    /// What a file of this name is to be; `None` if its ending says nothing of the kind.
    pub fn of(file: &Path) -> Option<Self> {
        let ending = file.extension()?.to_str()?;
        Self::ALL.into_iter().find(|format| ending.eq_ignore_ascii_case(format.ending()))
    }

    /// The ending.
    pub fn ending(self) -> &'static str {
        match self {
            BundleFormat::Json => "json",
            BundleFormat::Zip => "zip",
            BundleFormat::Tsk => "tsk",
        }
    }
}

/// In words: what its files are.
impl fmt::Display for BundleFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BundleFormat::Json => "JSON bundle",
            BundleFormat::Zip => "ZIP archive",
            BundleFormat::Tsk => "Taskade app kit",
        })
    }
}

/// What the service says that it made of a bundle: how many of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Installed {
    /// Projects.
    pub projects: u64,
    /// Agents.
    pub agents: u64,
    /// Templates of projects.
    pub templates: u64,
    /// Automations.
    pub flows: u64,
    /// Apps.
    pub apps: u64,
    /// Files.
    pub media: u64,
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::BundleFormat;

    #[test]
    fn a_file_is_what_its_ending_says() {
        let of = |name: &str| BundleFormat::of(Path::new(name));
        assert_eq!(of("/a/b.json"), Some(BundleFormat::Json));
        assert_eq!(of("b.v2.ZIP"), Some(BundleFormat::Zip));
        assert_eq!(of("b.tsk"), Some(BundleFormat::Tsk));
        for none in ["b", "b.tar", ".zip", "zip", "b.json.gz", "/"] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
