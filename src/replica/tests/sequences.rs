//! Laws of what holds after any sequence of transitions.

use std::{sync::Arc, time::SystemTime};

use proptest::prelude::*;

use super::{
    render,
    steps::{Step, steps},
    world::{Done, World, reloaded},
};
use crate::{
    plan::{
        Outline,
        tests::strategies::{Edit, outlines},
    },
    replica::{
        current::Current, identity::RejectedOf, pending::PendingSave, rejection::RejectedText,
    },
    store::{
        changes::{Changes, Row},
        journal::{Journal, JournalEntry, entry},
    },
};

/// What readers get, whether it is in memory or not.
fn shown(current: &Current) -> Option<(Arc<[u8]>, Arc<Outline>)> {
    current.content().map(|content| (content.text, content.outline))
}

/// What readers got last, and which version of what time that was.
struct Base {
    text: Option<Arc<[u8]>>,
    version: u64,
    modified: SystemTime,
    /// Whether nobody knows any more what they got: it may be another text that they get next.
    is_lost: bool,
}

impl Base {
    fn of(current: &Current) -> Self {
        let (version, modified) = (current.version(), current.modified());
        let text = shown(current).map(|(text, _)| text);
        Self { text, version, modified, is_lost: false }
    }

    /// Version and time move with the bytes, and with nothing else that a transition does.
    fn check(&mut self, current: &Current, done: Done) {
        let now = Self::of(current);
        self.is_lost |= done.loses;
        if now.text.is_some() && !done.remounts {
            let has_moved = self.version != now.version;
            assert!(self.version <= now.version);
            assert!(has_moved || self.text == now.text, "other bytes of one version");
            assert!(
                !has_moved || self.text != now.text || self.is_lost,
                "one text of two versions"
            );
            let is_change = self.text.is_some() && self.text != now.text;
            let has_time = self.modified != now.modified;
            assert!(done.sets_time || has_time || !is_change, "another text of the same time");
            assert!(done.sets_time || !has_time || has_moved, "another time of the same version");
        }
        let text = now.text.or_else(|| self.text.take().filter(|_| !done.remounts));
        // What was let go of is what readers have before their eyes, until they get something else.
        let is_lost = self.is_lost && shown(current).is_none();
        *self = Self { text, is_lost, ..now };
    }
}

/// What the journal is told of a replica is all that the next mount needs to know. `journal` is empty
/// before and after.
fn check_reload(journal: &Journal, was: &Current) {
    let save = entry(was).map(|entry| Row::Put(JournalEntry { row: None, ..entry }));
    let of = |rejected: &RejectedText| (RejectedOf::of(was), rejected.clone());
    let rejected = was.rejected.as_ref().map(|it| Row::Put(of(it)));
    let rows = journal.apply(&Changes { save, rejected, ..Changes::default() }).unwrap();
    let is = reloaded(journal, was);
    let (save, rejected) = (rows.save.map(Row::Remove), rows.rejected.map(Row::Remove));
    journal.apply(&Changes { save, rejected, ..Changes::default() }).unwrap();
    let rejected = |current: &Current| {
        current.rejected.clone().map(|rejected| RejectedText { row: rows.rejected, ..*rejected })
    };
    assert_eq!(rejected(was), rejected(&is));
    assert_eq!(was.is_journaled(), is.is_journaled());
    let Some(entry_again) = entry(&is) else { return };
    let of_other_row = entry(was).map(|entry| JournalEntry { row: rows.save, ..entry });
    assert_eq!(of_other_row, Some(entry_again), "what was reloaded is journaled as it was");
    // A row does not tell what is empty from what was never read: that is read.
    let content = |current: &Current| {
        let content = current.accepted().filter(|content| !content.text.is_empty());
        content.map(|content| (content.text, current.resolved(&content.outline)))
    };
    assert_eq!(content(was), content(&is));
    assert!(was.accepted().is_some() || is.accepted().is_none(), "nobody has read it");
    let script = |current: &Current| current.pending().map(PendingSave::script).unwrap_or_default();
    assert_eq!(script(was), script(&is));
    assert_eq!((was.rejection(), &was.creating), (is.rejection(), &is.creating));
    assert_eq!(was.is_to_be_archived(), is.is_to_be_archived());
}

/// The journal has a row just where there is something to be remembered, as it was last told.
fn check_journal(world: &World) {
    let (rows, current) = (world.journal.entries().unwrap(), &world.current);
    assert_eq!(rows.iter().any(|_| true), current.is_journaled());
    assert_eq!(rows.first().and_then(|entry| entry.row), current.row);
    assert_eq!(
        rows.first().map(|row| &row.rejected),
        entry(current).map(|row| row.rejected).as_ref()
    );
    // What a reading has brought meanwhile the next one tells again.
    if current.saved().is_some() {
        let text = |entry: &JournalEntry| (entry.text.clone(), entry.since);
        assert_eq!(rows.first().map(text), entry(current).as_ref().map(text));
    }
}

fn run(service: &Outline, steps: &[Step]) {
    let mut world = World::new(service);
    let mut seen = Base::of(&world.current);
    let journal = Journal::in_memory().unwrap();
    for step in steps {
        let done = world.step(step);
        let current = &world.current;
        seen.check(current, done);
        if done.is_journaled {
            check_reload(&journal, current);
            check_journal(&world);
        }
        let is_shown = current.shown_rejected().is_none() && !current.is_rejected();
        if let Some((text, outline)) = shown(current).filter(|_| is_shown) {
            assert_eq!(text, render(&outline), "the text is that of the outline");
        }
        let pending = current.pending().into_iter();
        let outlines = pending.flat_map(|save| [&save.base, &save.target, &save.before]);
        assert!(outlines.into_iter().all(Outline::is_well_formed));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn versions_follow_bytes_and_a_crash_is_a_reload(
        service in outlines(5),
        steps in steps(14),
    ) {
        run(&service, &steps);
    }
}

fn insert(text: &str) -> Edit {
    Edit::Insert(1, 0, text.to_owned())
}

/// A reading changes what the row of an archived project says, and no transition tells the journal.
#[test]
fn what_is_read_of_a_project_that_is_archived_is_read_again() {
    run(
        &Outline::default(),
        &[Step::Archive, Step::Elsewhere(vec![insert("")]), Step::Read, Step::RefuseHere],
    );
}

/// The time stayed, although another text was read than the one that was lost.
#[test]
fn what_is_read_after_a_loss_has_a_later_time() {
    let changed = Step::Elsewhere(vec![insert("a")]);
    run(&Outline::default(), &[Step::Evict, Step::LoseCache, Step::Read]);
    let lost = [Step::Open(1), Step::Evict, Step::LoseCache];
    run(&Outline::default(), &[&lost[..], &[changed, Step::Read]].concat());
}

/// The next mount showed an empty file until it had read the project.
#[test]
fn a_project_that_was_renamed_unread_is_not_empty_after_a_crash() {
    run(&Outline::default(), &[Step::Evict, Step::LoseCache, Step::Rename(1), Step::Archive]);
}
