//! `share.json`: a project is shared by writing to the file, one request when it is closed.
//!
//! v1 can make a share link and cannot take one back, so whatever says no is refused. What was
//! written is sent once, by the first of `fsync`, `flush` from the process that opened the file, and
//! `release`; an error of the first two reaches the program.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;

use super::{
    Vfs,
    draft::Draft,
    handle,
    types::{Ino, OpenMode},
};
use crate::{
    error::{Error, Kind, Result},
    ids::ProjectId,
    sync::Process,
};

/// A share link that is open for writing.
#[derive(Debug)]
pub(crate) struct Sharing {
    pub(crate) ino: Ino,
    project: ProjectId,
    process: Option<Process>,
    append: bool,
    draft: Mutex<Draft>,
}

impl Sharing {
    /// Open for writing, with this text to begin with.
    pub(crate) fn new(
        project: &ProjectId,
        ino: Ino,
        process: Option<Process>,
        mode: OpenMode,
        text: Vec<u8>,
    ) -> Self {
        let draft = Mutex::new(Draft::of(text));
        Self { ino, project: project.clone(), process, append: mode.append, draft }
    }

    pub(crate) fn draft(&self) -> MutexGuard<'_, Draft> {
        self.draft.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.draft().write((!self.append).then_some(offset), data)
    }

    /// What is to be sent, which nobody else sends then. An empty file asks for nothing.
    fn take(&self) -> Option<Vec<u8>> {
        let mut draft = self.draft();
        let is_due = draft.is_dirty() && draft.len() > 0;
        is_due.then(|| draft.take().text)
    }
}

impl Vfs {
    /// A descriptor was closed: sent if its process is the one that opened the file.
    pub(crate) async fn flush_share(&self, sharing: &Sharing, caller: u32) -> Result<()> {
        if handle::is_opener(sharing.process, caller) {
            self.send_share(sharing).await
        } else {
            Ok(())
        }
    }

    /// Sends what was written, unless it was.
    pub(crate) async fn send_share(&self, sharing: &Sharing) -> Result<()> {
        let Some(text) = sharing.take() else { return Ok(()) };
        check(&text).map_err(|error| error.at("share.json"))?;
        self.engine.share(&sharing.project).await
    }
}

/// Refuses what does not ask for a share link.
fn check(text: &[u8]) -> Result<()> {
    let wanted: Value = serde_json::from_slice(text).map_err(|error| {
        Error::new(Kind::Invalid, "this is no JSON")
            .because(error)
            .hint(r#"write {"enabled": true}"#)
    })?;
    let is_no = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    if is_no(&wanted) || wanted.get("enabled").is_some_and(is_no) {
        return Err(Error::new(Kind::NotPermitted, "Taskade's API cannot take a share link back")
            .hint("do it in the app"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::error::Kind;

    #[test]
    fn whatever_does_not_say_no_shares() {
        for yes in [r#"{"enabled":true}"#, "{}", "true", r#"{"viewUrl":"https://x"}"#, " 1\n"] {
            assert!(check(yes.as_bytes()).is_ok(), "{yes}");
        }
        for no in [r#"{"enabled":false}"#, r#"{"enabled":null}"#, "false", "null\n"] {
            assert_eq!(check(no.as_bytes()).unwrap_err().kind(), Kind::NotPermitted, "{no}");
        }
        for odd in ["\n", "enabled", r#"{"enabled":true"#, "{}{}", "\0", &"[".repeat(9999)] {
            assert_eq!(check(odd.as_bytes()).unwrap_err().kind(), Kind::Invalid, "{odd}");
        }
    }
}
