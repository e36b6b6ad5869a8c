//! What `--version` says. It is told by `main.rs`, which alone is compiled again with each commit.

use std::sync::OnceLock;

static WORDS: OnceLock<&'static str> = OnceLock::new();

/// Notes what the program is. To be called once, before anybody asks.
pub(super) fn note(words: &'static str) {
    // A second call says the same.
    let _ = WORDS.set(words);
}

/// The version, its commit and the day of that, such as `0.1.0 (82e31c3b19 2026-11-27)`.
pub(super) fn words() -> &'static str {
    WORDS.get().copied().unwrap_or(env!("CARGO_PKG_VERSION"))
}
