//! What a project's tasks have of tasks that they were made of, in other projects or in this one:
//! what is to be copied, what was, and what is left out. Pure.
//!
//! What was copied is noted beside the save: no program has seen it before it reads the project again.

use std::{collections::HashSet, sync::Arc, time::SystemTime};

use crate::{
    error::{Error, Kind, Result},
    plan::{Details, Key, Outline},
    replica::{
        local::{Local, Saved},
        pending::{PendingSave, TransferredTask},
        remote::Snapshot,
        state::Replica,
    },
    text::carried::as_it_was,
};

impl Replica {
    /// Has the details of tasks be copied that were cut elsewhere. Where nothing else waits this is a
    /// save of its own, made at `since`, and readers get with it what they got.
    ///
    /// # Errors
    /// [`Kind::Protocol`] if nothing was read.
    pub(crate) fn transfer(
        &mut self,
        moved: Vec<TransferredTask>,
        since: SystemTime,
    ) -> Result<()> {
        let known = self.snapshot().cloned();
        let Snapshot { text, outline, .. } =
            known.ok_or_else(|| Error::new(Kind::Protocol, "it was not read"))?;
        let moved: Vec<TransferredTask> = moved
            .into_iter()
            .map(|it| TransferredTask { key: self.current(&it.key), ..it })
            .collect();
        if self.pending().is_none() {
            // Its save is through: there is nothing to do but this.
            self.local.set_save(self.pending_or_at_rest());
            self.count_save();
        }
        if let Some(save) = self.pending_mut() {
            save.transferred.extend(moved);
        }
        if let Local::Pending(_, saved) = &mut self.local {
            saved.get_or_insert_with(|| Box::new(Saved::new(text, outline, since)));
        }
        Ok(())
    }

    /// Wants for a task what the one that it was made of was found to have, and what its line says of
    /// what that was `cut` with, as that was. `false` if nothing waits.
    pub(crate) fn want_copied(
        &mut self,
        key: &Key,
        fetched: &Details,
        cut: Option<&Details>,
    ) -> bool {
        let Some(save) = self.pending_mut() else { return false };
        let copied = save.target.find(key).map(|item| fetched.beyond(&item.details));
        if let Some(cut) = cut
            && let Some(item) = save.target.items.iter_mut().find(|item| item.key == *key)
        {
            item.details = as_it_was(&item.details, cut);
        }
        save.take_along(key, fetched);
        self.note_copied(copied.map(|copied| (key.clone(), copied)));
        true
    }

    /// Nothing is to be copied any more from this task of another project.
    pub(crate) fn note_transferred(&mut self, moved: &TransferredTask) {
        if let Some(save) = self.pending_mut() {
            save.transferred.retain(|it| (&it.from, &it.task) != (&moved.from, &moved.task));
        }
    }

    /// Its deletions wait no longer for what they delete to be pasted elsewhere.
    pub(crate) fn release_deletes(&mut self) {
        self.pending_mut().into_iter().for_each(|save| save.hold_deletes_until = None);
    }

    /// Tasks have, or are to have, this of those that they were made of.
    pub(crate) fn note_copied(&mut self, copied: impl IntoIterator<Item = (Key, Details)>) {
        self.copied.extend(copied);
    }

    /// Whether anything was copied to a task.
    pub(crate) fn is_copied(&self, key: &Key) -> bool {
        self.copied.contains_key(key)
    }

    /// Does not want of these fields what no request can set: the task is to have of each what it
    /// has. `render` gives the text that readers get with that.
    pub(crate) fn leave_out_fields<'a>(
        &mut self,
        fields: impl Iterator<Item = (&'a Key, &'a str)>,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) {
        for (key, field) in fields {
            self.pending_mut().into_iter().for_each(|save| save.leave_out(key, field));
            self.copied.get_mut(key).into_iter().for_each(|details| drop_field(details, field));
        }
        self.show_target(render);
    }

    /// Does not want for any task what it would have of one of another project, as far as these people
    /// and fields are concerned, which are not there. `render` gives the text that readers get with
    /// that. `false` if nothing waits.
    pub(crate) fn leave_out_brought(
        &mut self,
        people: &[String],
        fields: &[String],
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) -> bool {
        let without = |details: &mut Details| {
            let mut parts = details.parts();
            parts.assignees.known.retain(|(handle, ())| !people.contains(handle));
            parts.fields.known.retain(|(field, _)| !fields.contains(field));
            *details = parts.into();
        };
        let Some(save) = self.pending_mut() else { return false };
        save.brought.iter_mut().for_each(|(_, details)| without(details));
        let keys: HashSet<Key> = save.brought.iter().map(|(key, _)| key.clone()).collect();
        let items = save.target.items.iter_mut();
        items.filter(|item| keys.contains(&item.key)).for_each(|item| without(&mut item.details));
        let copied = self.copied.iter_mut().filter(|(key, _)| keys.contains(*key));
        copied.for_each(|(_, details)| without(details));
        self.show_target(render);
        true
    }
}

impl PendingSave {
    /// A task is to have of a field what it has.
    fn leave_out(&mut self, key: &Key, field: &str) {
        let has =
            self.base.find(key).and_then(|item| item.details.parts().fields.get(field).cloned());
        for item in self.target.items.iter_mut().filter(|item| item.key == *key) {
            match &has {
                Some(value) => {
                    let mut parts = item.details.parts();
                    parts.fields.put(field, value.clone());
                    item.details = parts.into();
                }
                None => drop_field(&mut item.details, field),
            }
        }
        for (_, details) in self.brought.iter_mut().filter(|(of, _)| of == key) {
            drop_field(details, field);
        }
    }
}

fn drop_field(details: &mut Details, field: &str) {
    let mut parts = details.parts();
    parts.fields.known.retain(|(known, _)| known != field);
    *details = parts.into();
}
