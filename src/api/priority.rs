//! Who is waiting for a request.

use std::time::Duration;

/// Who is waiting for a request. Declared most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// A save, and every read that a save needs.
    Save,
    /// A read that a program waits for.
    Foreground,
    /// A refresh that nobody waits for.
    Background,
}

impl Priority {
    /// How long a call may take altogether, waiting for the budget included. Nothing that a program
    /// waits for is without an end.
    pub(super) fn timeout(self) -> Duration {
        Duration::from_secs(match self {
            Priority::Save => 180,
            Priority::Foreground => 90,
            // There is budget to spare or there is none: whoever comes next about the project, with a
            // save perhaps, waits until this is over.
            Priority::Background => 1,
        })
    }
}
