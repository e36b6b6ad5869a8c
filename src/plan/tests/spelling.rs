//! How lines begin: carried through everything, and never a reason for a request.

use proptest::{option, prelude::*, sample::select};

use super::{
    align_with, applied, lines, merge_with, outline, resolved,
    strategies::{markers, outlines},
};
use crate::{
    model::{Marker, Spelled},
    plan::{self, Key, Outline},
};

fn spelled(mut outline: Outline, markers: &[Option<Marker>]) -> Outline {
    for (item, marker) in outline.items.iter_mut().zip(markers.iter().cycle()) {
        item.spelled = Spelled(*marker);
    }
    outline
}

proptest! {
    #[test]
    fn a_marker_is_no_reason_for_a_request(
        base in outlines(8),
        markers in prop::collection::vec(option::of(markers()), 1..9),
    ) {
        let other = spelled(base.clone(), &markers);
        prop_assert_eq!(&other, &base);
        prop_assert_eq!(plan::script(&base, &other), vec![]);
        prop_assert!(align_with(&base, &lines(&other)).is_spelled_like(&base));
        let merged = merge_with(&base, &other, &base);
        prop_assert_eq!(merged.conflicts, vec![]);
        // What was typed stands, and where nothing was typed, what was told.
        let mut expected = base.clone();
        expected.respell(&other);
        prop_assert!(merged.outline.is_spelled_like(&expected));
        // What was told is taken up.
        prop_assert!(merge_with(&base, &base, &other).outline.is_spelled_like(&expected));
    }

    #[test]
    fn markers_go_where_their_tasks_go(
        base in outlines(8),
        wanted in outlines(8),
        marker in select(vec![Marker::Bullet, Marker::Heading(2)]),
    ) {
        let mut ours = align_with(&base, &lines(&wanted));
        for item in ours.items.iter_mut().filter(|item| matches!(item.key, Key::New(_))) {
            item.spelled = marker.into();
        }
        let after = applied(&base, &plan::script(&base, &ours));
        prop_assert!(after.is_spelled_like(&ours), "{:#?}\n{:#?}", after, ours);
        prop_assert!(resolved(&ours, "n").is_spelled_like(&ours));
    }
}

#[test]
fn what_a_listing_does_not_tell_is_known_from_before() {
    let before = spelled(outline("a\nb"), &[Some(Marker::Heading(1)), Some(Marker::Number)]);
    let mut now = spelled(outline("a\nb\nc"), &[None, Some(Marker::Bullet), None]);
    now.inherit(&before);
    let markers: Vec<_> = now.items.iter().map(|item| item.spelled.0).collect();
    assert_eq!(markers, [Some(Marker::Heading(1)), Some(Marker::Bullet), None]);
}

#[test]
fn markers_outlive_the_journal() {
    let kept = spelled(outline("a\nb"), &[Some(Marker::Heading(2)), None]);
    let read: Outline = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    assert!(read.is_spelled_like(&kept));
    assert_eq!(read, kept);
}
