//! Bundles: whole spaces as files, given out and taken in.

use std::time::Duration;

use serde_json::{Value, json};

use super::super::{
    backend::AuditEntry,
    call::Method,
    endpoint::Endpoint,
    envelope::Envelope,
    file::{FileBody, Receiving},
    path::Path,
};
use crate::{
    error::{Error, Kind, Result},
    ids::SpaceId,
    model::{BundleFormat, Installed},
};

/// How long the service may take to put a space together, or to take one apart.
const LONG: Duration = Duration::from_secs(180);

/// What the log of writes calls an import.
pub(crate) const IMPORT_BUNDLE: &str = "import bundle";

/// A space as a file, which a receiver takes: as JSON in the envelope of the answer, else as it is.
#[derive(Debug, Clone)]
pub struct ExportBundle<'a> {
    /// The space.
    pub space: &'a SpaceId,
    /// As what.
    pub format: BundleFormat,
    /// Who takes it.
    pub receiver: Receiving,
}

impl Endpoint for ExportBundle<'_> {
    type Answer = ();
    const METHOD: Method = Method::Get;
    const IS_TELLING: bool = false;
    const SILENCE: Option<Duration> = Some(LONG);

    fn path(&self) -> Result<Path> {
        match self.format {
            BundleFormat::Json => Path::new("bundles/{space}/export", [self.space.as_str()]),
            BundleFormat::Zip | BundleFormat::Tsk => {
                Path::new("bundles/{space}/export/zip", [self.space.as_str()])
            }
        }
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        match self.format {
            BundleFormat::Json => Vec::new(),
            BundleFormat::Zip | BundleFormat::Tsk => {
                vec![("format", self.format.ending().to_owned())]
            }
        }
    }

    fn receiver(&self) -> Option<Receiving> {
        Some(self.receiver.clone())
    }

    fn read(&self, _: Envelope) -> Result<()> {
        Ok(())
    }
}

/// Makes all that is in a bundle anew, in a workspace. Nothing of it is ever made twice by one request,
/// and everything is by two.
#[derive(Debug, Clone)]
pub struct ImportBundle<'a> {
    /// The workspace.
    pub workspace: &'a SpaceId,
    /// What the bundle is.
    pub format: BundleFormat,
    /// What is sent of it: JSON with its envelope, else as it is.
    pub file: FileBody,
}

impl Endpoint for ImportBundle<'_> {
    type Answer = Installed;
    const METHOD: Method = Method::Post;
    const IS_TELLING: bool = false;
    const SILENCE: Option<Duration> = Some(LONG);

    fn path(&self) -> Result<Path> {
        match self.format {
            BundleFormat::Json => {
                Path::new("bundles/{workspace}/import", [self.workspace.as_str()])
            }
            BundleFormat::Zip | BundleFormat::Tsk => {
                Path::new("bundles/{workspace}/import/zip", [self.workspace.as_str()])
            }
        }
    }

    fn file(&self) -> Option<FileBody> {
        Some(self.file.clone())
    }

    fn read(&self, answer: Envelope) -> Result<Installed> {
        let item = answer.item().filter(Value::is_object).ok_or_else(|| {
            Error::new(Kind::Ambiguous, "Taskade does not say what it made of the bundle")
        })?;
        let count = |name: &str| item[name].as_u64().unwrap_or_default();
        Ok(Installed {
            projects: count("projectCount"),
            agents: count("agentCount"),
            templates: count("templateCount"),
            flows: count("flowCount"),
            apps: count("appCount"),
            media: count("mediaCount"),
        })
    }

    fn entry(&self, installed: Option<&Installed>) -> Option<AuditEntry> {
        let fields = json!({
            "call": IMPORT_BUNDLE, "space": self.workspace, "format": self.format.ending(),
            "bytes": self.file.length(), "installed": installed,
        });
        Some(AuditEntry { project: None, fields })
    }
}
