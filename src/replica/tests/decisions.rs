//! Transitions that no request and no save makes.

use std::time::SystemTime;

use super::render;
use crate::{
    error::Kind,
    ids::ProjectId,
    replica::{rejection::Rejection, relocation::Location, state::Replica},
};

pub(super) fn rejection(since: SystemTime) -> Rejection {
    let (kind, reason, file) = (Kind::Forbidden, "no".to_owned(), "T.md".to_owned());
    Rejection { kind, reason, since, file, set_aside: false }
}

pub(super) fn archived(next: &mut Replica) {
    if next.is_to_be_archived() && next.pending().is_none() {
        next.conclude_archival();
    }
}

pub(super) fn rename(next: &mut Replica, title: &str, since: SystemTime) {
    let to = Location { title: title.to_owned(), ..Location::shown(next) };
    if Location::shown(next) != to {
        next.relocate(&to, since);
    }
}

pub(super) fn note_creating(next: &mut Replica) {
    if next.pending().is_some() {
        next.begin_creation([ProjectId::new("q")].into());
    }
}

pub(super) fn put_back(next: &mut Replica) {
    if let Some(aside) = next.rejected_as_aside() {
        next.forget_save(render);
        next.keep_aside(aside);
    }
}
