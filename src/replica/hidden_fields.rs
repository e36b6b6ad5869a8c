//! What an earlier mount knew of a project, as one knows it that shows no fields: without the values
//! that an export told it. Pure.
//!
//! Whoever shows no fields never asks for them, so what is left out here is as unknown as it would be
//! had no mount ever shown any. What a save that waits is to change stays in it.

use std::{collections::HashMap, sync::Arc};

use crate::{
    plan::{Details, Key, Outline, PartialMap, TaskDetails},
    replica::{current::Current, pending::PendingSave},
};

/// An outline without the values of fields; the same one where it knows none.
pub(crate) fn without_fields(outline: &Arc<Outline>) -> Arc<Outline> {
    let knows = |details: &Details| !details.parts().fields.is_unknown();
    if !outline.items.iter().any(|item| !item.details.is_unknown() && knows(&item.details)) {
        return outline.clone();
    }
    let mut outline = Outline::clone(outline);
    for item in outline.items.iter_mut().filter(|item| !item.details.is_unknown()) {
        let fields = PartialMap::default();
        item.details = TaskDetails { fields, ..item.details.parts() }.into();
    }
    Arc::new(outline)
}

/// Leaves those values out of an outline that it has as `base` has them.
fn leave_out(outline: &mut Outline, base: &HashMap<Key, Details>) {
    for item in outline.items.iter_mut().filter(|item| !item.details.is_unknown()) {
        let Some(known) = base.get(&item.key).map(Details::parts) else { continue };
        let mut parts = item.details.parts();
        parts.fields.known.retain(|(id, value)| known.fields.get(id) != Some(value));
        parts.fields.complete = false;
        item.details = parts.into();
    }
}

impl PendingSave {
    /// Without the values that it leaves as they are; so is what readers get of it.
    pub(crate) fn hide_fields(&mut self, shown: &mut Outline) {
        // What a request that was not answered did is told by what is known here.
        if self.in_flight.is_some() || !self.unconfirmed.is_empty() {
            return;
        }
        let details = |outline: &Outline| -> HashMap<Key, Details> {
            let known = outline.items.iter().filter(|item| !item.details.is_unknown());
            known.map(|item| (item.key.clone(), item.details.clone())).collect()
        };
        let (base, target) = (details(&self.base), details(&self.target));
        for outline in [&mut self.target, &mut self.before, shown] {
            leave_out(outline, &base);
        }
        leave_out(&mut self.base, &target);
    }
}

impl Current {
    /// What programs had before their eyes before this mount, without the values of fields.
    pub(crate) fn hide_fields(&mut self) {
        let mut known: Vec<(Arc<Outline>, Arc<Outline>)> = Vec::new();
        // What is one outline stays one.
        let mut hidden = |outline: &Arc<Outline>| {
            if let Some((_, hidden)) = known.iter().find(|(it, _)| Arc::ptr_eq(it, outline)) {
                return hidden.clone();
            }
            let hidden = without_fields(outline);
            known.push((outline.clone(), hidden.clone()));
            hidden
        };
        self.bases.map(&mut hidden);
        for (written, edited) in &mut self.edited_before {
            *written = hidden(written);
            edited.outline = hidden(&edited.outline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::without_fields;
    use crate::{
        ids::TaskId,
        plan::{Details, Item, Key, Known, Outline, PartialMap, TaskDetails},
        replica::pending::PendingSave,
    };

    fn task(id: &str, fields: &[(&str, &str)], complete: bool) -> Item {
        let known = fields.iter().map(|(id, value)| ((*id).to_owned(), json!(value))).collect();
        let fields = PartialMap { known, complete };
        let note = Known::Present("n".to_owned());
        Item {
            key: Key::Known(TaskId::new(id)),
            depth: 0,
            text: id.to_owned(),
            done: false,
            details: Details::from(TaskDetails { fields, note, ..TaskDetails::default() }),
            spelled: Default::default(),
        }
    }

    #[test]
    fn fields_alone_are_left_out() {
        let outline = Arc::new(Outline { items: vec![task("a", &[("@f", "1")], true)] });
        assert_eq!(*without_fields(&outline), Outline { items: vec![task("a", &[], false)] });
        let none = Arc::new(Outline { items: vec![task("a", &[], false)] });
        assert!(Arc::ptr_eq(&without_fields(&none), &none));
    }

    #[test]
    fn a_save_that_waits_sends_what_it_would_have_sent() {
        let base = Outline {
            items: vec![
                task("a", &[("@set", "1"), ("@same", "2"), ("@gone", "3")], true),
                task("b", &[("@same", "4")], true),
            ],
        };
        let target = Outline {
            items: vec![
                task("a", &[("@set", "9"), ("@same", "2"), ("@new", "5")], true),
                task("b", &[("@same", "4")], true),
            ],
        };
        let mut shown = target.clone();
        let mut save = PendingSave::new(base, target);
        let script = save.script();
        assert_eq!(script.len(), 3);
        save.hide_fields(&mut shown);
        assert_eq!(save.script(), script);
        let left = task("a", &[("@set", "9"), ("@new", "5")], false);
        let left = Outline { items: vec![left, task("b", &[], false)] };
        assert!(save.target == left && shown == left, "{save:?}");
    }
}
