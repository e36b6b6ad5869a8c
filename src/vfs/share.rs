//! `share.json`: a project is shared by writing to the file, one request when it is closed.
//!
//! v1 can make a share link and cannot take one back, so whatever says no is refused. What was
//! written is sent once, by the first of `fsync`, `flush` from the process that opened the file, and
//! `release`; an error of the first two reaches the program.

use serde_json::Value;

use crate::{
    error::{Error, Kind, Result},
    sync::read::resources,
    vfs::{
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
    resources::share(&vfs.engine, &sharing.project).await
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
