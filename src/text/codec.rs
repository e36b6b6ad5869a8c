//! From the bytes of a file to the tasks that it stands for. Pure.

use std::collections::HashMap;

use crate::{
    document::{self, Line, ParseOptions},
    error::{Error, Kind, Result},
    ids::TaskId,
    plan::{Key, Outline, Wanted},
    text::{details as shown, meaning as meant},
};

pub(crate) fn parse(text: &[u8], title: &str, base: &Outline, ids: bool) -> Result<Vec<Line>> {
    let known: HashMap<&str, ()> = base
        .items
        .iter()
        .filter_map(|item| match &item.key {
            Key::Known(id) => Some((id.as_str(), ())),
            Key::New(_) => None,
        })
        .collect();
    let texts: HashMap<&str, ()> = base.items.iter().map(|item| (item.text.as_str(), ())).collect();
    let is_anchor = |id: &str| known.contains_key(id);
    let is_text = |text: &str| texts.contains_key(text);
    let options = ParseOptions {
        title: Some(title),
        known_anchor: ids.then_some(&is_anchor as &dyn Fn(&str) -> bool),
        known_text: Some(&is_text),
        ..ParseOptions::default()
    };
    Ok(document::parse(text, &options)?)
}

pub(crate) fn wanted(line: &Line) -> Wanted {
    Wanted {
        depth: line.depth,
        text: line.text.clone(),
        done: line.done,
        anchor: line.anchor.as_ref().map(TaskId::new),
    }
}

/// Takes over what the lines say of their tasks. `lines` are those of `ours`, in order; `ours`
/// knows what was known before.
pub(crate) fn tell(base: &Outline, ours: &mut Outline, lines: &[Line]) -> Result<()> {
    let texts: HashMap<&Key, &str> =
        base.items.iter().map(|item| (&item.key, item.text.as_str())).collect();
    let people = meant::people(base);
    for (item, line) in ours.items.iter_mut().zip(lines) {
        let refuse =
            |reason: String| Error::new(Kind::Invalid, format!("line {}: {reason}", line.number));
        let before = texts.get(&item.key).copied();
        let (text, says) = meant::meant(before, &item.details, line, &people).map_err(refuse)?;
        item.details = shown::told(&item.details, &says).map_err(refuse)?;
        item.text = text;
    }
    Ok(())
}
