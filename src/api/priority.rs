//! Who is waiting for a request.

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
