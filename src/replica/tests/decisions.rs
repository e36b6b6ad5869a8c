//! Transitions that no request and no save makes.

use std::time::SystemTime;

use crate::{
    error::Kind,
    ids::ProjectId,
    replica::{
        creation::Creating,
        pending::PendingSave,
        rejection::Rejection,
        relocation::{Location, Relocation},
        state::{Archival, Replica},
    },
};

pub(super) fn rejection(since: SystemTime) -> Rejection {
    let (kind, reason, file) = (Kind::Forbidden, "no".to_owned(), "T.md".to_owned());
    Rejection { kind, reason, since, file, set_aside: false }
}

pub(super) fn retry(next: &mut Replica) {
    next.local.retry();
    next.generation += 1;
}

pub(super) fn set_aside(next: &mut Replica) {
    next.rejected.iter_mut().for_each(|rejected| rejected.rejection.set_aside = true);
}

pub(super) fn note_archival(next: &mut Replica, archival: Archival) {
    if next.is_to_be_archived() {
        next.archival = archival;
    }
}

pub(super) fn archived(next: &mut Replica) {
    if next.is_to_be_archived() && next.pending().is_none() {
        next.archival = Archival::No;
        next.local.settle();
    }
}

pub(super) fn rename(next: &mut Replica, title: &str, since: SystemTime) {
    let from = Location::shown(next);
    let to = Location { title: title.to_owned(), ..from.clone() };
    if from == to {
        return;
    }
    title.clone_into(&mut next.title);
    let at_rest = || PendingSave::new(next.remote_outline(), next.remote_outline());
    let mut save = next.pending().cloned().unwrap_or_else(at_rest);
    match &mut save.relocation {
        Some(relocation) => relocation.to = to,
        None => save.relocation = Some(Relocation::new(from, to, since)),
    }
    next.local.set_save(save);
    next.generation += 1;
}

pub(super) fn arrive(next: &mut Replica) {
    next.pending_mut().into_iter().for_each(|save| save.relocation = None);
}

pub(super) fn note_creating(next: &mut Replica) {
    if let Some(sent) = next.pending().map(|save| save.target.clone()) {
        next.creating = Some(Creating { before: [ProjectId::new("q")].into(), sent });
    }
}
