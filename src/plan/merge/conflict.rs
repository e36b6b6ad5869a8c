//! Where the two sides of a merge disagree.

use crate::plan::Key;

/// A disagreement, and how it was settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conflict {
    /// Both sides changed the text, differently: ours stands.
    Text {
        /// Whose.
        key: Key,
        /// What it was.
        base: String,
        /// What stands.
        ours: String,
        /// What is overridden.
        theirs: String,
    },
    /// Both sides changed one of its details, differently: ours stands.
    Details {
        /// Whose.
        key: Key,
    },
    /// We deleted it, they changed its text, ticked or moved it: it stays as they have it.
    KeptEdited {
        /// Which.
        key: Key,
    },
    /// We deleted it, and something that has to stay is inside: it stays.
    KeptParent {
        /// Which.
        key: Key,
    },
    /// They deleted it; we changed it, or need it as the parent of something that we changed,
    /// moved or created: it is created again.
    Recreated {
        /// The key that it had.
        key: Key,
        /// The number of the [`Key::New`] that it has now.
        new: u32,
    },
    /// Our move and theirs would put tasks inside each other: it stays where they have it.
    MoveDropped {
        /// Which.
        key: Key,
    },
}
