//! A file to a workspace: checked, sent once, and never repeated by itself.

use std::{
    fs::File,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    api::{
        FileBody, FilePart,
        endpoints::{IMPORT_BUNDLE, ImportBundle},
    },
    error::{Error, Kind, Result},
    model::{BundleFormat, Installed, ids::SpaceId},
    sync::{
        bundle::{
            TransferWatch, Transferred,
            contents::{self, Contents},
            export::{BAD_TOKEN, format_of},
        },
        engine::Engine,
        leaf::imports::WINDOW,
    },
};

/// Longest archive that Taskade takes, in bytes. It tells of no limit for JSON.
const MAX_ARCHIVE: u64 = 50 << 20;

/// How often it is told how far it is.
const LOOK: Duration = Duration::from_millis(200);

/// A file that is a whole bundle, as far as can be seen from here.
#[derive(Debug)]
pub(crate) struct Checked {
    file: Arc<File>,
    length: u64,
    format: BundleFormat,
    pub(crate) contents: Contents,
}

/// Opens a file and looks at all of it. Blocks.
///
/// # Errors
/// If it cannot be read, or Taskade would not take it.
pub(crate) fn check(path: &Path) -> Result<Checked> {
    let format = format_of(path)?;
    open(path, format).map_err(|error| error.at(path.display().to_string()))
}

fn open(path: &Path, format: BundleFormat) -> Result<Checked> {
    let failed = |error| Error::io("cannot read the bundle", error);
    // A pipe that nobody writes to is not waited for.
    let mut options = File::options();
    let file = options.read(true).custom_flags(libc::O_NONBLOCK).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.is_dir() {
        return Err(
            Error::new(Kind::IsDirectory, "it is a directory").hint("name the file of a bundle")
        );
    }
    if !metadata.is_file() {
        return Err(Error::new(Kind::Invalid, "it is no regular file"));
    }
    let length = metadata.len();
    if format != BundleFormat::Json && length > MAX_ARCHIVE {
        let what = format!("it has {} MB, and Taskade takes 50", length.div_ceil(1 << 20));
        return Err(Error::new(Kind::FileTooLarge, what)
            .hint("leave its media out, and upload them to .taskade/media/"));
    }
    let contents = contents::look(&file, format)?;
    Ok(Checked { file: Arc::new(file), length, format, contents })
}

impl Checked {
    /// What is sent of it.
    fn body(&self) -> FileBody {
        let whole = FilePart::OnDisk(self.file.clone(), self.length);
        let literal = |text: &'static str| FilePart::Bytes(text.as_bytes().into());
        match self.format {
            BundleFormat::Json => FileBody::of_parts(
                "application/json",
                [literal(r#"{"bundleData":"#), whole, literal("}")],
            ),
            BundleFormat::Zip => FileBody::of_parts("application/zip", [whole]),
            BundleFormat::Tsk => FileBody::of_parts("application/x-tsk", [whole]),
        }
    }
}

/// Returns once the service takes one more import: it is counted then.
pub(crate) async fn wait_for_turn(engine: &Engine) {
    let log = engine.audit.clone();
    let since = engine.started.checked_sub(WINDOW).unwrap_or(engine.started);
    let logged = tokio::task::spawn_blocking(move || log.times_of(IMPORT_BUNDLE, since)).await;
    // What this mount has sent it knows better.
    let earlier: Vec<_> =
        logged.unwrap_or_default().into_iter().filter(|time| *time < engine.started).collect();
    while let Err(left) = engine.imports.begin(engine.clock.wall(), &earlier) {
        engine.clock.sleep(left).await;
    }
}

/// Sends it, once.
///
/// # Errors
/// What Taskade refuses it with; of a kind that is not [certain](Kind::is_certain) if it may have been
/// taken.
pub(crate) async fn send(
    engine: &Engine,
    workspace: &SpaceId,
    checked: &Checked,
    progress: &TransferWatch,
) -> Result<Installed> {
    let file = checked.body();
    let (sent, length) = (file.sent().clone(), file.length());
    let total = Some(length);
    let asked = ImportBundle { workspace, format: checked.format, file };
    let answer = engine.backend.write(asked);
    tokio::pin!(answer);
    loop {
        let done = sent.load(Ordering::Relaxed);
        progress.send_replace(Transferred { done, total, waits: false });
        // What is not all there cannot be taken.
        if progress.is_closed() && done < length {
            return Err(Error::new(Kind::Os(libc::ECANCELED), "it was broken off"));
        }
        tokio::select! {
            answer = &mut answer => return answer.map_err(with_remedy),
            () = engine.clock.sleep(LOOK) => {}
        }
    }
}

/// What a person can do about it.
fn with_remedy(error: Error) -> Error {
    match error.kind() {
        Kind::Unauthorized => error.better_hint(BAD_TOKEN),
        Kind::Forbidden => {
            error.better_hint("nothing was made: import into a workspace that you may edit")
        }
        Kind::PaymentRequired => {
            error.better_hint("nothing was made: see what Taskade's plans allow")
        }
        Kind::NotFound => error.hint("nothing was made: look whether the workspace is still there"),
        Kind::FileTooLarge => {
            error.hint("nothing was made: leave its media out, and upload them to .taskade/media/")
        }
        Kind::RateLimited => error.hint("nothing was made: run it again in a minute"),
        Kind::Unreachable => error.hint("nothing was sent: run it again once Taskade answers"),
        Kind::Refused => error.hint("nothing was made: see what Taskade says of the file"),
        _ => error,
    }
}
