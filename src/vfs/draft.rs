//! The draft of a project that one open file holds. Pure.

use std::sync::Arc;

use crate::{
    error::{Error, Kind, Result},
    plan::Outline,
    sync::{Base, Content, DraftBase},
    vfs::commit_policy::Stage,
};

/// Largest draft in bytes: no project is near it, and a stray write at a huge offset must not
/// take the memory.
pub(crate) const MAX_DRAFT: usize = 64 << 20;

/// What is being written through one open file.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    /// The outline whose text the draft began as; `None` once it was written anew.
    base: Option<Arc<Outline>>,
    /// What the program had before its eyes when it emptied the draft, until that is committed.
    before: Option<Base>,
    dirty: bool,
    emptied: Option<TruncatedBy>,
}

/// How a draft was emptied that was not written to since.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TruncatedBy {
    /// On opening.
    Opening,
    /// By `ftruncate`, or synced since.
    OnPurpose,
}

/// What is to be committed of a draft.
#[derive(Debug)]
pub(crate) struct Taken {
    /// What it was made from.
    pub(crate) base: DraftBase,
    pub(crate) text: Vec<u8>,
    /// Whether it is a text of its own, and no change of one that stood there.
    pub(crate) is_whole: bool,
}

impl Draft {
    /// A draft that begins as the present content.
    pub(crate) fn on(content: &Content) -> Self {
        let (bytes, base) = (content.text.to_vec(), Some(content.outline.clone()));
        Self { bytes, base, ..Self::default() }
    }

    /// A draft that begins as these bytes, which stand for no tasks.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, ..Self::default() }
    }

    /// A draft that begins empty in place of what was there, opened by a program that had this
    /// before its eyes.
    pub(crate) fn emptied(before: Option<Base>) -> Self {
        Self { before, dirty: true, emptied: Some(TruncatedBy::Opening), ..Self::default() }
    }

    /// Whether there is something to commit.
    pub(crate) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// Whether it was truncated to nothing and not written to since: a shell's redirect on its
    /// way, or an editor between its two opens.
    pub(crate) fn is_emptied(&self) -> bool {
        self.emptied.is_some()
    }

    /// How it stands with it. Whether its grace runs is known elsewhere.
    pub(crate) fn stage(&self, waits: bool) -> Stage {
        match (self.dirty, self.emptied) {
            (false, _) => Stage::Clean,
            (true, None) => Stage::Written,
            (true, Some(emptied)) => {
                Stage::Emptied { on_purpose: emptied == TruncatedBy::OnPurpose, waits }
            }
        }
    }

    /// What the program had before its eyes that emptied it and has not written since.
    pub(crate) fn before(&self) -> Option<&Base> {
        self.before.as_ref().filter(|_| self.is_emptied())
    }

    /// Notes that the program wants it as it is, if it is empty.
    pub(crate) fn confirm_emptied(&mut self) {
        if self.is_emptied() {
            self.emptied = Some(TruncatedBy::OnPurpose);
        }
    }

    /// Something else has taken the place of its having been emptied: what is written from now on
    /// is still a text of its own.
    pub(crate) fn drop_emptied(&mut self) {
        if self.emptied.take().is_some() {
            self.dirty = false;
        }
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
        self.emptied = None;
        Ok(())
    }

    /// Sets the length, cutting or filling with NUL. The program has `seen` before its eyes.
    pub(crate) fn truncate(&mut self, size: u64, seen: Option<Base>) -> Result<()> {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        check_size(size)?;
        if size == self.bytes.len() && size > 0 {
            return Ok(());
        }
        if size == 0 {
            let base = self.base.take().map(Base::Exact);
            self.before = self.before.take().or(seen).or(base);
        }
        self.emptied = (size == 0).then_some(TruncatedBy::OnPurpose);
        self.bytes.resize(size, 0);
        self.dirty = true;
        Ok(())
    }

    /// Takes what is to be committed. The draft goes on as it is, with nothing left to commit.
    pub(crate) fn take(&mut self) -> Taken {
        self.dirty = false;
        let (is_emptied, before) = (self.emptied.take().is_some(), self.before.take());
        let (base, is_whole) = match (self.base.clone(), before) {
            (Some(base), _) => (DraftBase::Exact(base), false),
            (None, Some(before)) if is_emptied => (DraftBase::Emptied(before), false),
            (None, Some(before)) => (DraftBase::Anew(before), true),
            (None, None) => (DraftBase::LastRead, !is_emptied),
        };
        Taken { base, text: self.bytes.clone(), is_whole }
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

pub(crate) fn check_size(size: usize) -> Result<()> {
    if size > MAX_DRAFT {
        return Err(Error::new(Kind::Os(libc::EFBIG), "a project of over 64 MiB"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Draft;
    use crate::plan::Details;
    use crate::plan::Item;
    use crate::plan::Key;
    use crate::plan::Outline;
    use crate::sync::Base;
    use crate::sync::DraftBase;
    use crate::vfs::commit_policy::Stage;

    fn on(text: &str) -> Draft {
        let mut draft = Draft::default();
        draft.write(None, text.as_bytes()).unwrap();
        draft.take();
        draft
    }

    fn seen(text: &str) -> Option<Base> {
        let item = Item {
            key: Key::New(0),
            depth: 0,
            text: text.to_owned(),
            done: false,
            details: Details::default(),
            spelled: Default::default(),
        };
        Some(Base::Exact(Arc::new(Outline { items: vec![item] })))
    }

    #[test]
    fn a_truncation_alone_is_not_yet_something_written() {
        let mut draft = on("- [ ] a\n");
        assert_eq!(draft.stage(false), Stage::Clean);
        draft.truncate(0, seen("a")).unwrap();
        assert_eq!(draft.stage(true), Stage::Emptied { on_purpose: true, waits: true });
        draft.write(Some(0), b"x").unwrap();
        assert_eq!(draft.stage(false), Stage::Written);
        assert_eq!(draft.take().text, b"x");
        assert_eq!(draft.stage(false), Stage::Clean);
    }

    #[test]
    fn what_was_emptied_is_committed_on_what_was_seen_then_and_what_is_written_is_whole() {
        let mut draft = Draft::emptied(seen("a"));
        assert_eq!(draft.stage(false), Stage::Emptied { on_purpose: false, waits: false });
        draft.confirm_emptied();
        assert_eq!(draft.stage(false), Stage::Emptied { on_purpose: true, waits: false });
        let taken = draft.take();
        assert!(
            matches!(taken.base, DraftBase::Emptied(base) if Some(&base) == seen("a").as_ref())
        );
        assert!(!taken.is_whole && taken.text.is_empty());
        let mut draft = Draft::emptied(seen("a"));
        // Emptied again, it has been seen once.
        draft.truncate(0, seen("b")).unwrap();
        draft.write(None, b"x").unwrap();
        let taken = draft.take();
        assert!(matches!(taken.base, DraftBase::Anew(base) if Some(&base) == seen("a").as_ref()));
        assert!(taken.is_whole);
        draft.write(None, b"y").unwrap();
        assert!(matches!(draft.take().base, DraftBase::LastRead), "it has been told since");
    }

    #[test]
    fn what_is_cut_elsewhere_than_at_the_beginning_is_a_change() {
        let mut draft = Draft { base: Some(Arc::default()), ..on("- [ ] a\n- [ ] b\n") };
        draft.truncate(8, seen("a")).unwrap();
        assert_eq!(draft.stage(false), Stage::Written);
        assert!(!draft.take().is_whole);
        draft.truncate(0, seen("a")).unwrap();
        draft.truncate(4, seen("a")).unwrap();
        assert_eq!(draft.stage(false), Stage::Written, "NULs are no way to something else");
    }

    #[test]
    fn an_emptying_that_something_else_settled_is_forgotten_and_what_follows_is_whole() {
        let mut draft = Draft::emptied(seen("a"));
        draft.drop_emptied();
        assert_eq!(draft.stage(false), Stage::Clean);
        draft.write(None, b"x").unwrap();
        assert!(draft.take().is_whole);
        draft.write(None, b"y").unwrap();
        draft.drop_emptied();
        assert_eq!(draft.stage(false), Stage::Written, "what is written stands");
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
