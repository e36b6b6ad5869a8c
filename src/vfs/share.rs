//! Share links of projects: `share.json`, by which a project is shared that is written to, one request
//! when it is closed; and the command that shows the links, and makes them.
//!
//! v1 can make a share link and cannot take one back, so whatever says no is refused. What was
//! written is sent once, by the first of `fsync`, `flush` from the process that opened the file, and
//! `release`; an error of the first two reaches the program.

use std::path::Path;

use serde_json::Value;

use crate::{
    api::Resource,
    error::{Error, Kind, Result},
    sync::read::resources,
    vfs::{
        directory::Found,
        resolve,
        tree::{handles as handle, sharing::Sharing},
        volume::Vfs,
    },
};

/// A descriptor was closed: sent if its process is the one that opened the file.
pub(crate) async fn flush_share(vfs: &Vfs, sharing: &Sharing, caller: u32) -> Result<()> {
    if handle::is_opener(sharing.process, caller) { send_share(vfs, sharing).await } else { Ok(()) }
}

/// Sends what was written, unless it was.
pub(crate) async fn send_share(vfs: &Vfs, sharing: &Sharing) -> Result<()> {
    let Some(text) = sharing.take() else { return Ok(()) };
    check(&text).map_err(|error| error.at("share.json"))?;
    resources::share(&vfs.engine, &sharing.project).await.map(drop)
}

/// The share links of the project at a path relative to the mount, null if it has none; `create` makes
/// them.
///
/// # Errors
/// [`Kind::Invalid`] if no project is there, otherwise what the service refuses with.
pub(crate) async fn links(vfs: &Vfs, path: &Path, create: bool) -> Result<Value> {
    if create {
        vfs.check_writable()?;
    }
    let at = || path.display().to_string();
    let found = resolve::find(vfs, path).await?;
    let Found::Project(project) = found else {
        return Err(Error::new(Kind::Invalid, "it is no project")
            .at(at())
            .hint("name the file of one"));
    };
    if create {
        vfs.check_project_writable(&project).map_err(|error| error.at(at()))?;
    }
    let id = resources::created(&project).map_err(|error| {
        error.at(at()).hint("wait until it is: `taskadefs status` says what is in the way")
    })?;
    let links = match create {
        true => resources::share(&vfs.engine, &id).await,
        false => resources::resource(&vfs.engine, &id, Resource::ShareLink).await,
    };
    links.map_err(|error| with_remedy(error, create).at(at()))
}

/// What a person can do about it.
fn with_remedy(error: Error, create: bool) -> Error {
    match error.kind() {
        Kind::Forbidden => error.better_hint("whoever may edit the project can share it"),
        Kind::PaymentRequired => error.better_hint("see what Taskade's plans allow"),
        kind if create && !kind.is_certain() => {
            error.hint("it may be shared: `taskadefs share` shows whether it is")
        }
        _ => error,
    }
}

/// Refuses what does not ask for a share link.
pub(crate) fn check(text: &[u8]) -> Result<()> {
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
