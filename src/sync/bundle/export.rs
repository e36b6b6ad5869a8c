//! A space to a file.

use std::{path::Path, sync::Arc};

use serde::Serialize;

use crate::{
    api::{Priority, Receiving, endpoints::ExportBundle},
    error::{Error, Kind, Result},
    model::{BundleFormat, ids::SpaceId},
    sync::{
        bundle::{TransferWatch, received::Received, target::Target},
        engine::Engine,
    },
};

/// What was exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Bytes of the file.
    pub length: u64,
    /// How many projects are in it, where that can be counted.
    pub projects: Option<usize>,
}

/// Exports a space to a file at an absolute path, which takes the place of one that is there, or gets
/// this mode, once it is whole. Dropped half way, or failed, it has changed nothing.
///
/// # Errors
/// What Taskade refuses with, what came in the way, or what the disk does.
pub(crate) async fn export(
    engine: &Engine,
    space: &SpaceId,
    (path, mode): (&Path, u32),
    progress: &TransferWatch,
) -> Result<Exported> {
    let format = format_of(path)?;
    export_as(engine, space, format, (path, mode), progress)
        .await
        .map_err(|error| with_remedy(error).at(path.display().to_string()))
}

async fn export_as(
    engine: &Engine,
    space: &SpaceId,
    format: BundleFormat,
    (path, mode): (&Path, u32),
    progress: &TransferWatch,
) -> Result<Exported> {
    let received = Arc::new(Received::new(Target::at(path, mode)?, format, progress.clone()));
    let receiver = Receiving(received.clone());
    let asked = ExportBundle { space, format, receiver };
    engine.backend.read(Priority::Foreground, asked).await?;
    let lost = || Error::new(Kind::Storage, "the bundle is still being written");
    let received = Arc::into_inner(received).ok_or_else(lost)?;
    let done = tokio::task::spawn_blocking(move || received.complete());
    let (contents, length) = done
        .await
        .map_err(|error| Error::new(Kind::Storage, "the disk cannot be used").because(error))??;
    Ok(Exported { length, projects: contents.projects })
}

/// What a file is to be by its name.
///
/// # Errors
/// [`Kind::Invalid`] if its ending says nothing.
pub(super) fn format_of(path: &Path) -> Result<BundleFormat> {
    BundleFormat::of(path).ok_or_else(|| {
        Error::new(Kind::Invalid, "its ending does not say what it is")
            .at(path.display().to_string())
            .hint("name a file that ends in .json, .zip or .tsk")
    })
}

/// What to do about a token that does not count.
pub(super) const BAD_TOKEN: &str = "check the token, and mount again with one that counts";

/// What a person can do about it.
fn with_remedy(error: Error) -> Error {
    match error.kind() {
        Kind::Unauthorized => error.better_hint(BAD_TOKEN),
        Kind::Forbidden => error
            .better_hint("whoever owns the workspace can let you export, or export it in the app"),
        Kind::PaymentRequired => {
            error.better_hint("the plan has no exports: see what Taskade's plans allow")
        }
        Kind::NotFound => error.hint("look whether the folder is still there, with ls"),
        Kind::RateLimited | Kind::Unreachable => {
            error.hint("nothing was written: run it again once Taskade answers")
        }
        _ => error,
    }
}
