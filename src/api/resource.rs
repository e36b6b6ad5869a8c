//! Which resources a project has beside its tasks.

/// Which of a project's resources beside its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Resource {
    /// Who may see it: every page of them.
    Members,
    /// Its custom fields.
    Fields,
    /// Its top-level blocks.
    Blocks,
    /// Its share link.
    ShareLink,
}
