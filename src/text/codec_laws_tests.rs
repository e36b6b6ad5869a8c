//! What is read of a file is what it was made of, and what was edited in it, however it is written and
//! whatever its tasks say.

use std::sync::Arc;

use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    document::{Markers, tests::strategies::text},
    model::Spelled,
    plan::{
        self, Details, Item, Key, Op, Outline,
        tests::strategies::{markers, outlines},
    },
    text::{
        codec::{FileFormat, wanted},
        field_tests::{details, schemas},
        fields::{FieldPlacement, FieldView},
    },
};

/// Every way to write a file.
fn formats() -> impl Strategy<Value = FileFormat> {
    let markers = select(vec![Markers::Auto, Markers::Tasks]);
    let placements =
        select(vec![FieldPlacement::Auto, FieldPlacement::Line, FieldPlacement::Below]);
    let fields = option::weighted(0.75, (schemas(), placements));
    (any::<bool>(), markers, fields).prop_map(|(ids, markers, fields)| {
        let view = fields.and_then(|(schema, placement)| FieldView::new(schema, placement));
        FileFormat { ids, markers, fields: view.map(Arc::new) }
    })
}

/// Tasks that may say anything, some of which are not created yet.
fn bases() -> impl Strategy<Value = Outline> {
    let texts = vec(option::of(text()), 6);
    let parts = (outlines(6), texts, vec(any::<bool>(), 6), vec(option::of(details()), 6));
    parts.prop_map(|(mut outline, texts, new, fields)| {
        let numbers = 0_u32..;
        let items = outline.items.iter_mut().zip(texts).zip(new).zip(fields).zip(numbers);
        for ((((item, text), is_new), fields), number) in items {
            // The service has no text of several lines, and none with spaces at its ends.
            let text = text.map(|text| text.trim().replace(['\n', '\r'], " "));
            item.text = text.unwrap_or_else(|| item.text.clone());
            if let Some(fields) = fields {
                let mut parts = item.details.parts();
                parts.fields = fields.parts().fields;
                item.details = Details::from(parts);
            }
            if is_new {
                item.key = Key::New(number);
                item.details = item.details.settled();
            }
        }
        outline
    })
}

/// What a save of this text comes to that was edited from the file of `base`.
fn saved(base: &Outline, format: &FileFormat, text: &str) -> Result<Outline, String> {
    let in_words = |error: crate::error::Error| format!("{error} in {text:?}");
    let lines = format.parse(text.as_bytes(), "Title", base).map_err(in_words)?;
    let wanted: Vec<_> = lines.iter().map(wanted).collect();
    let mut ours = plan::align(base, &wanted, base.next_new());
    format.say(base, &mut ours, &lines).map_err(in_words)?;
    Ok(ours)
}

/// Tasks that each have a text of their own, and begin somehow.
fn distinct(mut base: Outline, markers: &[Spelled]) -> Outline {
    let items = base.items.iter_mut().zip(markers.iter().cycle());
    for (number, (item, spelled)) in items.enumerate() {
        item.text = format!("task {number} of its own {}", "xyzzy".repeat(number + 1));
        item.spelled = *spelled;
    }
    base
}

/// Where the tasks at the top begin, and the end.
fn tops_of(outline: &Outline) -> Vec<usize> {
    let items = outline.items.iter().enumerate();
    let tops = items.filter(|(_, item)| item.depth == 0).map(|(at, _)| at);
    tops.chain([outline.items.len()]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_read_of_an_unedited_file_is_what_it_was_made_of(
        base in bases(),
        format in formats(),
    ) {
        let text = format.render(&base);
        let ours = saved(&base, &format, &text);
        prop_assert_eq!(ours.as_ref(), Ok(&base), "{:?}", text);
        let ours = ours.unwrap_or_default();
        prop_assert!(ours.is_spelled_like(&base));
        prop_assert_eq!(plan::script(&base, &ours), []);
        prop_assert_eq!(format.render(&ours), text);
    }

    #[test]
    fn how_lines_begin_costs_nothing_and_a_tick_one_request(
        base in bases(),
        format in formats(),
        begins in vec(markers(), 6),
        at in 0..6_usize,
    ) {
        let mut typed = base.clone();
        for (item, marker) in typed.items.iter_mut().zip(begins) {
            item.spelled = marker.into();
        }
        let text = format.render(&typed);
        let ours = saved(&base, &format, &text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(plan::script(&base, &ours), [], "{}", text);
        prop_assert_eq!(format.render(&ours), text);
        let Some(item) = typed.items.get_mut(at) else { return Ok(()) };
        item.done = !item.done;
        let tick = Op::SetDone { key: item.key.clone(), done: item.done };
        let text = format.render(&typed);
        let ours = saved(&base, &format, &text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(plan::script(&base, &ours), [tick], "{}", text);
        prop_assert_eq!(format.render(&ours), text);
    }

    #[test]
    fn a_section_moves_in_one_request_with_all_that_it_holds(
        base in bases(),
        format in formats(),
        begins in vec(option::of(markers()).prop_map(Spelled), 6),
        from in 0..6_usize,
        to in 0..6_usize,
    ) {
        let base = distinct(base, &begins);
        let tops = tops_of(&base);
        if tops.len() < 3 {
            return Ok(());
        }
        let (from, to) = (from % (tops.len() - 1), to % (tops.len() - 1));
        let mut moved = base.clone();
        let section: Vec<Item> = moved.items.drain(tops[from]..tops[from + 1]).collect();
        let rest = tops_of(&moved);
        moved.items.splice(rest[to]..rest[to], section);
        let text = format.render(&moved);
        let ours = saved(&base, &format, &text).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&ours, &moved, "{}", text);
        let ops = plan::script(&base, &ours);
        let is_move = |op: &Op| matches!(op, Op::Move { .. });
        prop_assert!(ops.len() == usize::from(from != to) && ops.iter().all(is_move), "{:?}", ops);
    }
}
