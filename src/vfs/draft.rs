//! The draft of a project that one open file holds. Pure.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    plan::Outline,
    sync::Content,
};

/// Largest draft in bytes: no project is near it, and a stray write at a huge offset must not
/// take the memory.
const MAX_DRAFT: usize = 64 << 20;

/// What is being written through one open file.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    /// The outline whose text the draft began as; `None` once it was written anew.
    base: Option<Arc<Outline>>,
    dirty: bool,
    emptied: bool,
}

impl Draft {
    /// A draft that begins as the present content.
    pub(crate) fn on(content: &Content) -> Self {
        Self {
            bytes: content.text.to_vec(),
            base: Some(content.outline.clone()),
            dirty: false,
            emptied: false,
        }
    }

    /// A draft that begins as these bytes, which stand for no tasks.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// A draft that begins empty in place of what was there.
    pub(crate) fn emptied() -> Self {
        Self { bytes: Vec::new(), base: None, dirty: true, emptied: true }
    }

    /// Whether there is something to commit.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether it was truncated to nothing and not written to since: a shell's redirect on its
    /// way, or an editor between its two opens.
    pub(crate) fn is_emptied(&self) -> bool {
        self.emptied
    }

    pub(crate) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// The bytes at `offset`, at most `size`, fewer at the end.
    pub(crate) fn read(&self, offset: u64, size: usize) -> &[u8] {
        slice(&self.bytes, offset, size)
    }

    /// Writes at `offset`, or at the end. A gap is filled with NUL, as in any file.
    pub(crate) fn write(&mut self, offset: Option<u64>, data: &[u8]) -> Result<()> {
        let start = match offset {
            Some(offset) => usize::try_from(offset).unwrap_or(usize::MAX),
            None => self.bytes.len(),
        };
        let end = start.saturating_add(data.len());
        check_size(end)?;
        if self.bytes.len() < end {
            self.bytes.resize(end, 0);
        }
        if let Some(place) = self.bytes.get_mut(start..end) {
            place.copy_from_slice(data);
        }
        self.dirty = true;
        self.emptied = false;
        Ok(())
    }

    /// Sets the length, cutting or filling with NUL.
    pub(crate) fn truncate(&mut self, size: u64) -> Result<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        check_size(size)?;
        if size == self.bytes.len() && size > 0 {
            return Ok(());
        }
        if size == 0 {
            self.base = None;
            self.emptied = true;
        }
        self.bytes.resize(size, 0);
        self.dirty = true;
        Ok(())
    }

    /// Takes what is to be committed: the outline that it was edited from, if it was not written
    /// anew, and the text. The draft goes on as it is, with nothing left to commit.
    pub(crate) fn take(&mut self) -> (Option<Arc<Outline>>, Vec<u8>) {
        self.dirty = false;
        self.emptied = false;
        (self.base.clone(), self.bytes.clone())
    }

    /// Gives its base other ids.
    pub(crate) fn rebase_with(&mut self, base: impl Fn(&Outline) -> Arc<Outline>) {
        self.base = self.base.as_deref().map(base);
    }

    /// Notes which outline its bytes stand for since they were committed.
    pub(crate) fn rebase(&mut self, outline: Arc<Outline>) {
        if self.base.is_some() {
            self.base = Some(outline);
        }
    }
}

/// The bytes at `offset`, at most `size`, fewer at the end.
pub(crate) fn slice(bytes: &[u8], offset: u64, size: usize) -> &[u8] {
    let start = usize::try_from(offset).unwrap_or(usize::MAX).min(bytes.len());
    let end = start.saturating_add(size).min(bytes.len());
    bytes.get(start..end).unwrap_or_default()
}

fn check_size(size: usize) -> Result<()> {
    if size > MAX_DRAFT {
        return Err(Error::new(Kind::Os(libc::EFBIG), "a project of over 64 MiB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::Draft;

    fn on(text: &str) -> Draft {
        let mut draft = Draft::default();
        draft.write(None, text.as_bytes()).unwrap();
        draft.take();
        draft
    }

    #[test]
    fn a_truncation_alone_is_not_yet_something_written() {
        let mut draft = on("- [ ] a\n");
        assert!(!draft.is_dirty());
        draft.truncate(0).unwrap();
        assert!(draft.is_dirty() && draft.is_emptied());
        draft.write(Some(0), b"x").unwrap();
        assert!(draft.is_dirty() && !draft.is_emptied());
        assert_eq!(draft.take().1, b"x");
        assert!(!draft.is_dirty());
    }

    #[test]
    fn appends_go_to_the_end_and_gaps_are_filled() {
        let mut draft = on("ab");
        draft.write(None, b"c").unwrap();
        draft.write(Some(5), b"d").unwrap();
        assert_eq!(draft.read(0, 99), b"abc\0\0d");
        assert_eq!(draft.read(99, 1), b"");
    }

    #[test]
    fn a_write_at_a_huge_offset_is_refused() {
        assert_eq!(on("").write(Some(u64::MAX), b"x").unwrap_err().errno(), libc::EFBIG);
    }
}
