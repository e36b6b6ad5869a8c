//! What an export tells of tasks and no listing does: how their lines begin, and their fields. Pure.

use std::sync::Arc;

use crate::{
    plan::{self, Outline},
    replica::{pending::PendingSave, state::Replica},
};

impl Replica {
    /// Takes over what an export tells of the tasks that Taskade has, if those are the ones that are
    /// known. A save that waits knows it too, and readers get it with that; what its program has before
    /// its eyes stays as it is. Whether it was taken over. `render` gives texts.
    pub(crate) fn learn(
        &mut self,
        mut told: Outline,
        render: impl Fn(&Outline) -> Arc<[u8]>,
    ) -> bool {
        let Some(known) = self.snapshot().map(|known| known.outline.clone()) else { return false };
        // What a request that was not answered did may be told already, or not yet.
        let is_unclear = |save: &PendingSave| {
            save.in_flight.is_some() || save.base_uncertain || !save.unconfirmed.is_empty()
        };
        if !told.is_listed_like(&known) || self.pending().is_some_and(is_unclear) {
            return false;
        }
        told.inherit(&known);
        let wanted = self.pending().map_or(0, |save| save.target.items.len());
        let first_new = self.reserve(wanted);
        if let Some(save) = self.pending_mut() {
            save.learn(&told, first_new);
        }
        self.show_target_anew(&render);
        let (read, text) = (self.read(), render(&told));
        self.install(told, text, read);
        true
    }

    /// Has readers get what is to become of a save that was not rejected, however that was shown.
    fn show_target_anew(&mut self, render: impl Fn(&Outline) -> Arc<[u8]>) {
        self.show_target(&render);
        if self.is_rejected() {
            return;
        }
        if let Some(saved) = self.local.saved_mut() {
            saved.text = render(&saved.outline);
        }
    }
}

impl PendingSave {
    /// Takes over what is told of tasks where nothing is known of them. What it wants of a task stands.
    fn learn(&mut self, told: &Outline, first_new: u32) {
        let mut base = self.base.clone();
        base.inherit(told);
        base.respell(told);
        self.target = plan::merge(&self.base, &self.target, &base, first_new).outline;
        self.before.inherit(told);
        self.base = base;
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::Arc,
        time::{Instant, SystemTime},
    };

    use serde_json::json;

    use crate::{
        error::Kind,
        ids::{ProjectId, SpaceId, TaskId},
        model::Marker,
        plan::{Change, Details, Item, Key, Op, Outline, PartialMap, TaskDetails},
        replica::{local::Saved, pending::PendingSave, rejection::Rejection, state::Replica},
    };

    fn item(key: Key, text: &str) -> Item {
        Item {
            key,
            depth: 0,
            text: text.to_owned(),
            done: false,
            details: Details::default(),
            spelled: Default::default(),
        }
    }

    fn task(id: &str) -> Item {
        item(Key::Known(TaskId::new(id)), id)
    }

    fn with(item: Item, fields: &[(&str, &str)], complete: bool) -> Item {
        let known = fields.iter().map(|(id, value)| ((*id).to_owned(), json!(value))).collect();
        let fields = PartialMap { known, complete };
        Item { details: Details::from(TaskDetails { fields, ..TaskDetails::default() }), ..item }
    }

    fn render(outline: &Outline) -> Arc<[u8]> {
        let line = |item: &Item| format!("{:?} {} {:?}", item.spelled.0, item.text, item.details);
        let lines: Vec<String> = outline.items.iter().map(line).collect();
        Arc::from(lines.join("\n").into_bytes())
    }

    /// A project of the tasks `a` and `b`, and a save that ticks `a`, sets a field of it and adds `c`.
    fn waiting() -> Replica {
        let id = Some(ProjectId::new("p"));
        let mut replica = Replica::new(id, SpaceId::new("s"), "P".into(), SystemTime::UNIX_EPOCH);
        let base = Outline { items: vec![task("a"), task("b")] };
        replica.install(base.clone(), render(&base), Some(Instant::now()));
        let a = Item { done: true, ..with(task("a"), &[("@f", "ours")], false) };
        let target = Outline { items: vec![a, task("b"), item(Key::New(0), "c")] };
        let saved = Saved::new(render(&target), Arc::new(target.clone()), SystemTime::UNIX_EPOCH);
        replica.local.stage(PendingSave::new(base, target), saved);
        replica
    }

    fn told() -> Outline {
        let heading = |item| Item { spelled: Marker::Heading(1).into(), ..item };
        let a = with(task("a"), &[("@f", "theirs"), ("@g", "1")], true);
        Outline { items: vec![heading(a), with(task("b"), &[("@f", "2")], true)] }
    }

    #[test]
    fn what_waits_shows_what_an_export_tells_and_is_sent_as_before() {
        let mut replica = waiting();
        let before = replica.pending().unwrap().script();
        assert!(replica.learn(told(), render));
        let save = replica.pending().unwrap().clone();
        assert_eq!(save.script(), before);
        let field = Change::Field("@f".to_owned(), Some(json!("ours")));
        assert!(before.contains(&Op::Detail { key: told().items[0].key.clone(), change: field }));
        let fields = |at: usize| save.target.items[at].details.parts().fields;
        assert_eq!(fields(0).get("@f"), Some(&json!("ours")));
        assert_eq!(fields(0).get("@g"), Some(&json!("1")));
        assert_eq!(fields(1).get("@f"), Some(&json!("2")));
        assert_eq!(save.target.items[0].spelled.0, Some(Marker::Heading(1)));
        let saved = replica.saved().unwrap();
        assert!(saved.outline.is_just(&save.target));
        assert_eq!(saved.text, render(&save.target));
        assert!(replica.snapshot().unwrap().outline.is_just(&told()));
    }

    #[test]
    fn what_was_refused_is_shown_as_it_was_written() {
        let mut replica = waiting();
        let text = replica.saved().unwrap().text.clone();
        replica.local.reject(Rejection {
            kind: Kind::Forbidden,
            reason: "no".to_owned(),
            since: SystemTime::UNIX_EPOCH,
            file: "P.md".to_owned(),
            set_aside: false,
        });
        assert!(replica.learn(told(), render));
        assert_eq!(replica.saved().unwrap().text, text);
    }

    #[test]
    fn what_is_not_listed_so_or_in_doubt_is_not_taken_over() {
        let mut replica = waiting();
        let other = Outline { items: vec![task("b"), task("a")] };
        assert!(!replica.learn(other, render));
        let op = replica.pending().unwrap().script().remove(0);
        replica.pending_mut().unwrap().sending(&op);
        assert!(!replica.learn(told(), render));
    }
}
