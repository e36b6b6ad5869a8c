//! What the kernel has in its pages of a directory: entries that it was given before and gives to
//! programs itself (`FOPEN_CACHE_DIR`). Pure.
//!
//! The kernel fills and reads the pages of a directory through any handle that was opened with
//! that flag, and drops them when one is opened without `FOPEN_KEEP_CACHE`. A program that has
//! read half of one listing would go on in the middle of another. So of the handles with the flag
//! that are open at once all have the very same listing, and whoever comes meanwhile with another
//! goes without. The pages are of that listing for sure once one of those handles was read: the
//! kernel had dropped what was there before that, and nobody was left to bring it back.

use std::{collections::HashMap, sync::Arc};

use crate::vfs::types::{Caching, DirectoryEntry, Ino};

/// The entries of a directory, as it was when it was opened.
pub(crate) type DirectoryListing = Arc<[DirectoryEntry]>;

/// The pages of one directory.
#[derive(Debug)]
pub(crate) struct DirectoryPages {
    /// What all handles have that share the pages.
    of: DirectoryListing,
    /// How many of them are open.
    open: usize,
    /// Whether one of them was read.
    read: bool,
}

/// The pages of all directories that the kernel knows.
#[derive(Debug, Default)]
pub(crate) struct DirPages(HashMap<Ino, DirectoryPages>);

impl DirPages {
    /// A directory is opened. What to give from this handle, and what is to become of the pages
    /// that the kernel has.
    pub(crate) fn open(
        &mut self,
        ino: Ino,
        listing: Vec<DirectoryEntry>,
    ) -> (DirectoryListing, Caching) {
        let nothing = || DirectoryPages { of: Arc::from([]), open: 0, read: false };
        let pages = self.0.entry(ino).or_insert_with(nothing);
        if *pages.of != *listing {
            if pages.open > 0 {
                return (listing.into(), Caching::Bypass);
            }
            *pages = DirectoryPages { of: listing.into(), ..nothing() };
        }
        pages.open += 1;
        (pages.of.clone(), if pages.read { Caching::Keep } else { Caching::Drop })
    }

    /// The kernel reads a directory from its beginning, from a handle that has this.
    pub(crate) fn read(&mut self, ino: Ino, listing: &DirectoryListing) {
        if let Some(pages) = self.sharing(ino, listing) {
            pages.read = true;
        }
    }

    /// A handle that has this is gone. The kernel waits for no answer to it any more.
    pub(crate) fn close(&mut self, ino: Ino, listing: &DirectoryListing) {
        if let Some(pages) = self.sharing(ino, listing) {
            pages.open = pages.open.saturating_sub(1);
        }
    }

    fn sharing(&mut self, ino: Ino, listing: &DirectoryListing) -> Option<&mut DirectoryPages> {
        self.0.get_mut(&ino).filter(|pages| Arc::ptr_eq(&pages.of, listing))
    }

    /// The kernel does not know the directory any more.
    pub(crate) fn forget(&mut self, ino: Ino) {
        self.0.remove(&ino);
    }
}

#[cfg(test)]
mod tests {
    use super::{Caching, DirPages, DirectoryEntry, Ino};
    use crate::vfs::types::FileKind;

    const DIR: Ino = Ino(7);

    fn listing(names: &[&str]) -> Vec<DirectoryEntry> {
        let entry = |name: &&str| DirectoryEntry {
            ino: Ino(9),
            kind: FileKind::File,
            name: (*name).into(),
        };
        names.iter().map(entry).collect()
    }

    #[test]
    fn pages_are_kept_once_the_very_listing_was_read_and_dropped_when_it_is_another() {
        let mut pages = DirPages::default();
        let (old, caching) = pages.open(DIR, listing(&["a"]));
        assert_eq!(caching, Caching::Drop);
        pages.close(DIR, &old);
        // Opened, but never read: the kernel may have something else.
        assert_eq!(pages.open(DIR, listing(&["a"])).1, Caching::Drop);
        pages.read(DIR, &old);
        assert_eq!(pages.open(DIR, listing(&["a"])).1, Caching::Keep);
        pages.close(DIR, &old);
        pages.close(DIR, &old);
        let (new, caching) = pages.open(DIR, listing(&["b"]));
        assert_eq!(caching, Caching::Drop);
        pages.read(DIR, &old);
        assert_eq!(pages.open(DIR, listing(&["b"])).1, Caching::Drop);
        pages.read(DIR, &new);
        assert_eq!(pages.open(DIR, listing(&["b"])).1, Caching::Keep);
    }

    #[test]
    fn who_has_another_listing_than_those_that_share_the_pages_goes_without() {
        let mut pages = DirPages::default();
        let (old, _) = pages.open(DIR, listing(&["a"]));
        pages.read(DIR, &old);
        let (new, caching) = pages.open(DIR, listing(&["b"]));
        assert_eq!(caching, Caching::Bypass);
        pages.read(DIR, &new);
        assert_eq!(pages.open(DIR, listing(&["b"])).1, Caching::Bypass);
        assert_eq!(pages.open(DIR, listing(&["a"])).1, Caching::Keep);
        pages.close(DIR, &new);
        pages.close(DIR, &old);
        assert_eq!(pages.open(DIR, listing(&["b"])).1, Caching::Bypass);
        pages.close(DIR, &old);
        let (new, caching) = pages.open(DIR, listing(&["b"]));
        assert_eq!(caching, Caching::Drop);
        pages.read(DIR, &new);
        assert_eq!(pages.open(DIR, listing(&["b"])).1, Caching::Keep);
    }

    #[test]
    fn a_directory_that_the_kernel_forgot_has_no_pages() {
        let mut pages = DirPages::default();
        let (known, _) = pages.open(DIR, listing(&["a"]));
        pages.read(DIR, &known);
        pages.close(DIR, &known);
        pages.forget(DIR);
        assert_eq!(pages.open(DIR, listing(&["a"])).1, Caching::Drop);
    }
}
