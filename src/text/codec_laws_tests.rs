//! What is read of a file that nobody edited is what it was made of, whatever its tasks say.

use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    document::{Markers, tests::strategies::text},
    plan::{self, Key, Outline, tests::strategies::outlines},
    text::codec::{FileFormat, wanted},
};

fn formats() -> impl Strategy<Value = FileFormat> {
    let markers = select(vec![Markers::Tasks, Markers::Auto]);
    (any::<bool>(), markers).prop_map(|(ids, markers)| FileFormat {
        ids,
        markers,
        ..FileFormat::default()
    })
}

/// Tasks that may say anything, some of which are not created yet.
fn bases() -> impl Strategy<Value = Outline> {
    let parts = (outlines(6), vec(prop::option::of(text()), 6), vec(any::<bool>(), 6));
    parts.prop_map(|(mut outline, texts, new)| {
        let numbers = 0_u32..;
        for (((item, text), is_new), number) in
            outline.items.iter_mut().zip(texts).zip(new).zip(numbers)
        {
            // The service has no text of several lines, and none with spaces at its ends.
            let text = text.map(|text| text.trim().replace(['\n', '\r'], " "));
            item.text = text.unwrap_or_else(|| item.text.clone());
            if is_new {
                item.key = Key::New(number);
                item.details = item.details.settled();
            }
        }
        outline
    })
}

fn read_back(base: &Outline, format: &FileFormat) -> Result<Outline, String> {
    let text = format.render(base);
    let in_words = |error: crate::error::Error| format!("{error} in {text:?}");
    let lines = format.parse(text.as_bytes(), "Title", base).map_err(in_words)?;
    let wanted: Vec<_> = lines.iter().map(wanted).collect();
    let mut ours = plan::align(base, &wanted, base.next_new());
    format.say(base, &mut ours, &lines).map_err(in_words)?;
    Ok(ours)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn what_is_read_of_an_unedited_file_is_what_it_was_made_of(
        base in bases(),
        format in formats(),
    ) {
        let ours = read_back(&base, &format);
        prop_assert_eq!(ours.as_ref(), Ok(&base), "{:?}", format.render(&base));
        let ours = ours.unwrap_or_default();
        prop_assert!(ours.is_spelled_like(&base));
        prop_assert_eq!(plan::script(&base, &ours), []);
        prop_assert_eq!(format.render(&ours), format.render(&base));
    }
}
