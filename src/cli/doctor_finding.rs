//! What `doctor` finds: how it stands with one thing, and what to do about it.

use serde::Serialize;

use crate::{error::Error, printable::printable};

const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

/// How it stands with one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warn,
    Fail,
}

/// What was found of one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub(super) check: &'static str,
    pub(super) verdict: Verdict,
    pub(super) found: String,
    /// What to do.
    pub(super) fix: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, found: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, found: found.into(), fix: None }
    }

    pub(super) fn warn(check: &'static str, found: impl Into<String>, fix: &str) -> Self {
        Self { verdict: Verdict::Warn, fix: Some(fix.to_owned()), ..Self::ok(check, found) }
    }

    pub(super) fn fail(check: &'static str, found: impl Into<String>, fix: &str) -> Self {
        Self { verdict: Verdict::Fail, ..Self::warn(check, found, fix) }
    }

    /// A failure, whose words say what to do.
    pub(super) fn failed(check: &'static str, error: &Error) -> Self {
        Self { verdict: Verdict::Fail, ..Self::ok(check, error.to_string()) }
    }

    /// As a line.
    pub(super) fn line(&self, is_coloured: bool) -> String {
        let (word, colour) = match self.verdict {
            Verdict::Ok => ("ok", GREEN),
            Verdict::Warn => ("warn", YELLOW),
            Verdict::Fail => ("fail", RED),
        };
        let word = match is_coloured {
            true => format!("{colour}{word:<5}{PLAIN}"),
            false => format!("{word:<5}"),
        };
        let found = printable(&self.found);
        let fix = self.fix.as_ref().map(|fix| format!("; {}", printable(fix)));
        format!("{word} {:<15} {found}{}\n", self.check, fix.unwrap_or_default())
    }
}
