//! Laws of what is let go of and taken back, and of what stays beside a transition.

use std::{sync::Arc, time::Duration};

use proptest::prelude::*;

use super::{
    render,
    steps::{Step, steps},
    world::{START, World, id, process},
};
use crate::{
    ids::SpaceId,
    plan::{
        Key, Outline,
        tests::strategies::{Edit, outlines},
    },
    replica::{
        current::Current,
        relocation::Location,
        remote::{Remote, Snapshot},
        served::{Base, OwnText, Process},
        state::{Content, Replica},
    },
};

/// All that readers, and programs that save, are told of a project.
#[derive(Debug, PartialEq)]
struct Visible {
    content: Option<(Arc<[u8]>, Arc<Outline>, u64)>,
    size: u64,
    read: Option<std::time::Instant>,
    /// In the order in which they are forgotten.
    bases: Vec<(Process, Outline)>,
    seen: Vec<Option<Base>>,
}

fn visible(current: &Current) -> Visible {
    let content = |Content { text, outline, version }| (text, outline, version);
    // The ones of before the mount get what was served last then.
    let mount = Some(Process { group: 9, inode: 70 });
    let asked = [process(1), process(2), Some(Process { group: 8, inode: 60 }), None];
    Visible {
        content: current.content().map(content),
        size: current.size(),
        read: current.read(),
        bases: current.bases.all().map(|(of, base)| (of, Outline::clone(base))).collect(),
        seen: asked.iter().map(|of| current.bases.base(*of, mount)).collect(),
    }
}

/// One that nothing is done to, with programs that have it before their eyes.
fn at_rest(service: &Outline, steps: &[Step], recalled: Option<&Outline>) -> Current {
    let mut world = World::new(service);
    if let Some(before) = recalled {
        world.current.bases.note_cached(Arc::new(before.clone()));
    }
    for step in steps {
        world.step(step);
    }
    for step in [Step::Discard, Step::Recall, Step::Read] {
        world.step(&step);
    }
    let mut current = world.current;
    current.bases.end_graces(world.now + Duration::from_secs(3600));
    current
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..Default::default() })]

    #[test]
    fn to_let_go_and_to_take_back_is_the_identity(
        service in outlines(4),
        before in prop::option::of(outlines(2)),
        steps in steps(10),
    ) {
        let mut current = at_rest(&service, &steps, before.as_ref());
        let (was, known) = (visible(&current), current.snapshot().cloned());
        current.evict();
        let Remote::Evicted(digest) = current.remote else { return Ok(()) };
        prop_assert_eq!((was.size, was.read), (current.size(), current.read()));
        // The cache knows no time, and makes another outline that is the same.
        let found = known.map(|known| Snapshot {
            outline: Arc::new(Outline::clone(&known.outline)),
            read: None,
            ..known
        });
        prop_assert!(current.restore(digest, found));
        prop_assert_eq!(visible(&current), was);
    }

    #[test]
    fn what_was_lost_takes_nobodys_other_base_along(
        service in outlines(4),
        steps in steps(10),
    ) {
        let mut current = at_rest(&service, &steps, None);
        let lost = current.snapshot().map(|known| known.outline.clone());
        let others = |current: &Current| -> Vec<(Process, Outline)> {
            let bases = current.bases.all();
            let others = bases.filter(|(_, base)| Some(*base) != lost.as_ref());
            others.map(|(of, base)| (of, Outline::clone(base))).collect()
        };
        let was = others(&current);
        current.evict();
        let Remote::Evicted(digest) = current.remote else { return Ok(()) };
        prop_assert!(!current.restore(digest, None));
        prop_assert_eq!(others(&current), was);
    }

    #[test]
    fn a_transition_leaves_alone_what_readers_leave_meanwhile(
        service in outlines(4),
        steps in steps(8),
        is_dropped in any::<bool>(),
    ) {
        let mut current = at_rest(&service, &steps, None);
        let began = Location::shown(&current);
        let before = current.new_aliases.clone();
        let mut next = current.successor();
        next.note_alias(id(7), Key::New(3));
        let (outline, text) = (Outline::default(), render(&Outline::default()));
        next.install(outline, text, None);

        let seen = Arc::new(service.clone());
        let (now, wall) = (std::time::Instant::now(), START + Duration::from_secs(99));
        current.bases.read(process(5), &seen, now);
        let own = OwnText { text: render(&seen), modified: wall, until: now };
        current.bases.wrote(process(6), &seen, own);
        let lent = current.lend_content();
        current.listed_at(&SpaceId::new("listed"), "listed");
        current.set_modified(wall, wall, None);
        current.forget_told();
        let (was, listed) = (visible(&current), (current.folder.clone(), current.title.clone()));
        let replica = format!("{:?}", Replica::clone(&current));
        if is_dropped {
            drop(next);
            prop_assert_eq!(visible(&current), was);
            prop_assert_eq!(format!("{:?}", Replica::clone(&current)), replica);
            return Ok(());
        }
        let was_text = was.content.map(|(text, ..)| text);
        let changed = current.advance(next, &began, wall + Duration::from_secs(1));
        let is = visible(&current);
        prop_assert_eq!((is.bases, is.seen), (was.bases, was.seen));
        prop_assert_eq!((current.folder.clone(), current.title.clone()), listed);
        let is_same = was_text == is.content.map(|(text, ..)| text);
        prop_assert_eq!(changed, !is_same && was_text.is_some());
        prop_assert_eq!(current.modified() == wall, is_same, "a change is later than what was set");
        let mut aliases = before;
        aliases.push((id(7), Key::New(3)));
        prop_assert_eq!(current.take_new_aliases(), aliases, "each once, however often it was copied");
        if let Some(content) = lent {
            let known = current.lent.now(content.outline.clone());
            prop_assert!(Arc::ptr_eq(&known, &content.outline));
        }
    }
}

/// A program's buffer of before was forgotten along with what was lost: its next save would have
/// deleted all that it had not seen.
#[test]
fn a_buffer_outlives_the_loss_of_a_newer_text() {
    let mut world = World::new(&Outline::default());
    let changed = Step::Elsewhere(vec![Edit::Insert(0, 0, "a".to_owned())]);
    for step in [Step::Open(1), changed, Step::Read, Step::Open(2), Step::Evict, Step::LoseCache] {
        world.step(&step);
    }
    let base = |program| world.current.bases.base(process(program), None);
    assert_eq!(base(1), Some(Base::Exact(Arc::default())));
    assert_eq!(base(2), None);
}
