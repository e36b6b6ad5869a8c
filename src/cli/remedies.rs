//! What to do about a failure that does not say so itself.

use crate::error::{Error, Kind};

/// The failure with what to do about it, if there is anything to be done.
pub(crate) fn complete(error: Error) -> Error {
    match of(error.kind()) {
        Some(remedy) => error.hint(remedy),
        None => error,
    }
}

fn of(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::NotFound | Kind::Os(libc::ENOENT | libc::ENOTDIR) => {
            "check the path: `ls` or `taskadefs list` shows what there is"
        }
        Kind::NotDirectory => "name a directory",
        Kind::IsDirectory => "name a file in it",
        Kind::Unauthorized => "run `taskadefs login`, or give a token that counts",
        Kind::Forbidden => "ask in Taskade for the right to change it",
        Kind::PaymentRequired => "see in Taskade what the plan of the workspace covers",
        Kind::RateLimited => "try again in a minute",
        Kind::Unreachable => "try again later, and see what `taskadefs doctor` says of the network",
        Kind::Ambiguous => "look what is there before you do it again",
        Kind::Protocol => "see what `taskadefs doctor` says of what answers in place of Taskade",
        Kind::Storage => "see what `taskadefs doctor` says of the state directory and its disk",
        Kind::Os(libc::EACCES | libc::EPERM) => "see with `ls -l` who may use it",
        Kind::Os(libc::ENOSPC | libc::EDQUOT) => "make room on the disk",
        Kind::Os(libc::EISDIR) => "name a file in it",
        Kind::Os(libc::EROFS) => "name a place that can be written to",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::complete;
    use crate::error::{Error, Kind};

    #[test]
    fn a_failure_that_knows_what_to_do_is_left_as_it_is() {
        let error = Error::new(Kind::NotFound, "no such project").at("a.md");
        assert!(complete(error.clone()).to_string().starts_with("a.md: no such project; check"));
        let knows = error.hint("look elsewhere");
        assert_eq!(complete(knows).to_string(), "a.md: no such project; look elsewhere");
        let clear = Error::new(Kind::Invalid, "line 2: a table");
        assert_eq!(complete(clear).to_string(), "line 2: a table");
    }
}
