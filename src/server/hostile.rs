//! Titles that no file system would choose: for seeing that names are made safe.

use super::store::Store;
use crate::{error::Result, ids::SpaceId};

/// Titles that are hostile as file names, some of them equal.
const TITLES: [&str; 40] = [
    "a/b",
    "/",
    "/etc/passwd",
    "../../escape",
    ".",
    "..",
    ".hidden",
    ".taskade",
    "",
    "",
    " ",
    " leading and trailing ",
    "tab\tand\nline\r",
    "nul\0byte",
    "bell\u{7}\u{1b}[31m",
    "delete\u{7f}",
    "Equal",
    "Equal",
    "Equal",
    "Equal ~aaaa",
    "Equal ~",
    "~",
    "~root",
    "CON",
    "nul.txt",
    "trailing spaces  ",
    "trailing dot.",
    "two\nlines",
    "\u{feff}marked\u{200b}",
    "\u{fffd}",
    "Untitled",
    "X.md",
    "P.md~",
    "#x#",
    "4913",
    "right\u{202e}to left",
    "🚀 launch",
    "e\u{301} and é",
    "／ and ␀",
    "-rf *; $(true) `id` \"'\\",
];

/// Fills a new workspace with them, each project with one task. The workspace's id.
pub(crate) fn fill(store: &Store) -> Result<SpaceId> {
    let workspace = store.add_workspace("Hostile/Names")?;
    store.add_folder(&workspace, "../up")?;
    store.add_folder(&workspace, "X.md")?;
    let long =
        ["é".repeat(300), "é".repeat(300), "🚀".repeat(75), "x".repeat(255), "y".repeat(252)];
    for title in TITLES.iter().map(|title| (*title).to_owned()).chain(long) {
        store.add_project(&workspace, &title, "a task")?;
    }
    Ok(workspace)
}
