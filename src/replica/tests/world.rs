//! A project, the programs that have it before their eyes, the journal, and the service.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    decisions::{archived, note_creating, put_back, rejection, rename},
    listed, render,
    steps::{Answer, Step},
};
use crate::{
    ids::{ProjectId, SpaceId, TaskId},
    plan::{self, Key, Listing, Op, Outline, tests::strategies::edited},
    replica::{
        current::Current,
        given_up::{Extent, GivenUp},
        local::Saved,
        pending::PendingSave,
        relocation::Location,
        remote::{Remote, Snapshot},
        saving::Intended,
        sending::SendOutcome,
        served::{Base, OwnText, Process},
        state::Replica,
    },
    store::{changes::Changes, journal::Journal, reinstated::Reinstated},
};

pub(super) const START: SystemTime = SystemTime::UNIX_EPOCH;

pub(super) struct World {
    pub(super) current: Current,
    /// What the service has.
    pub(super) service: Outline,
    pub(super) journal: Journal,
    cache: Option<Snapshot>,
    made: u32,
    pub(super) now: Instant,
    pub(super) wall: SystemTime,
}

/// What a step has done, as far as laws differ.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    /// Whether the journal was to be told.
    pub(super) is_journaled: bool,
    /// Whether a time was set.
    pub(super) sets_time: bool,
    /// Whether it was another mount.
    pub(super) remounts: bool,
    /// Whether what readers had is not known any more.
    pub(super) loses: bool,
}

impl World {
    pub(super) fn new(service: &Outline) -> Self {
        let (now, wall) = (Instant::now(), START + Duration::from_secs(1));
        let mut world = Self {
            current: Current::new(unread()),
            service: listed(service),
            journal: Journal::in_memory().unwrap(),
            cache: None,
            made: 0,
            now,
            wall,
        };
        world.step(&Step::Read);
        world
    }

    /// What a transition makes of the replica: version and time are not moved by that, but once the
    /// copy takes the place of what there was.
    fn changed<T>(&self, change: impl FnOnce(&mut Replica) -> T) -> (Replica, T) {
        let mut next = self.current.successor();
        let value = change(&mut next);
        let moving = |replica: &Replica| (replica.version(), replica.modified());
        assert_eq!(moving(&next), moving(&self.current));
        assert!(
            next.generation() >= self.current.generation(),
            "a verdict would be of another save"
        );
        assert!(next.renamings() >= self.current.renamings());
        (next, value)
    }

    /// Changes the replica by a transition; what of it the journal is to know is there then.
    fn commit<T>(&mut self, change: impl FnOnce(&mut Replica) -> T) -> (Done, T) {
        let began = Location::shown(&self.current);
        let (mut next, value) = self.changed(change);
        let changes = Changes::between(&self.current, &next);
        if !changes.is_empty() {
            let rows = self.journal.apply(&changes).unwrap();
            rows.note(changes.puts(), &mut next);
        }
        self.current.advance(next, &began, self.wall);
        (Done { is_journaled: true, ..Done::default() }, value)
    }

    /// Changes the replica by a transition that the journal is not told of.
    fn in_memory<T>(&mut self, change: impl FnOnce(&mut Replica) -> T) -> (Done, T) {
        let began = Location::shown(&self.current);
        let (next, value) = self.changed(change);
        self.current.advance(next, &began, self.wall);
        (Done::default(), value)
    }

    pub(super) fn step(&mut self, step: &Step) -> Done {
        self.now += Duration::from_secs(3);
        self.wall += Duration::from_secs(3);
        let is_evicted = matches!(self.current.remote, Remote::Evicted(_));
        if is_evicted && !matches!(step, Step::Evict | Step::LoseCache | Step::Crash) {
            self.take_back(self.cache.clone());
        }
        match step {
            Step::Elsewhere(edits) => {
                let first = self.reserve_ids(edits.len());
                let edited = edited(&self.service, edits, |number| id(first + number));
                self.service = listed(&edited);
                Done::default()
            }
            Step::Read => self.read(),
            Step::Expire => self.in_memory(Replica::expire).0,
            Step::Open(program) => {
                let now = self.now;
                if let Some(content) = self.current.lend_content() {
                    self.current.bases.read(process(*program), &content.outline, now);
                }
                Done::default()
            }
            Step::Save(program, edits) => {
                let seen = self.current.bases.base(process(*program), None);
                let content = self.current.content();
                match seen.or(content.map(|content| Base::Exact(content.outline))) {
                    Some(seen) => self.save(*program, &seen, edits),
                    None => Done::default(),
                }
            }
            Step::Rebase => self.rebase(),
            Step::Send(answer) => self.send(*answer),
            Step::Complete => self.complete(),
            _ => self.decide(step),
        }
    }

    /// The steps that no request and no save makes.
    fn decide(&mut self, step: &Step) -> Done {
        match step {
            Step::Reject => {
                let rejection = rejection(self.wall);
                self.commit(|next| next.reject(rejection)).0
            }
            Step::Retry => self.commit(Replica::retry).0,
            Step::Discard => self.discard(),
            Step::RefuseHere => self.refuse_here(),
            Step::SetAside => self.commit(Replica::set_aside).0,
            Step::PutBack => self.commit(put_back).0,
            Step::Archive => self.commit(Replica::want_archival).0,
            Step::SendArchival => self.in_memory(|next| drop(next.begin_archival())).0,
            Step::ArchivalUnsent => self.in_memory(Replica::note_archival_unsent).0,
            Step::Archived => self.commit(archived).0,
            Step::Restore => self.commit(Replica::take_back_archival).0,
            Step::Rename(title) => {
                let since = self.wall;
                self.commit(|next| rename(next, &format!("title {title}"), since)).0
            }
            Step::Arrive => self.commit(|next| drop(next.arrive())).0,
            Step::GiveUpRelocation => self.commit(|next| drop(next.give_up_relocation())).0,
            Step::NotCreated => self.commit(Replica::note_not_created).0,
            Step::NoteCreating => self.commit(note_creating).0,
            Step::Evict => self.evict(),
            Step::Recall => self.take_back(self.cache.clone()),
            Step::LoseCache => self.take_back(None),
            Step::SetTime => {
                self.current.set_modified(START, self.wall, None);
                Done { sets_time: true, ..Done::default() }
            }
            Step::Listed(title) => {
                self.current.listed_at(&SpaceId::new("elsewhere"), &format!("listed {title}"));
                Done::default()
            }
            _ => self.remount(),
        }
    }

    fn reserve_ids(&mut self, count: usize) -> u32 {
        let first = self.made;
        self.made += u32::try_from(count).unwrap();
        first
    }

    fn read(&mut self) -> Done {
        let listing = Listing { title: None, outline: self.service.clone() };
        let now = self.now;
        self.in_memory(|next| next.take_reading(listing, now, render)).0
    }

    fn save(&mut self, program: u32, seen: &Base, edits: &[plan::tests::strategies::Edit]) -> Done {
        let since = self.wall;
        let (done, ours) = self.commit(|next| {
            let base = next.resolved(seen.outline());
            let first = next.reserve(edits.len());
            let ours = Arc::new(edited(&base, edits, |number| Key::New(first + number)));
            let Some(Intended { save, .. }) = next.intend(seen, &ours) else { return ours };
            let (outline, edited) = (Arc::new(save.target.clone()), Some(seen.outline().clone()));
            let (text, is_added) = (render(&outline), next.pending().is_some());
            let written = Some(ours.clone());
            next.stage(save, Saved { text, outline, written, edited, is_added, since });
            ours
        });
        let own = OwnText { text: render(&ours), modified: self.wall, until: self.now };
        self.current.lent.lend(&ours);
        self.current.bases.wrote(process(program), &ours, own);
        done
    }

    fn rebase(&mut self) -> Done {
        let (done, ()) = self.commit(|next| {
            if matches!(next.rebase(), Ok(Some(_))) {
                next.show_target(render);
            }
        });
        done
    }

    fn send(&mut self, answer: Answer) -> Done {
        if self.current.is_rejected() || self.current.pending().is_none() {
            return Done::default();
        }
        // Whatever was sent is known to have happened, or not, before anything else is sent.
        if self.current.pending().is_some_and(|save| save.in_flight.is_some()) {
            self.read();
            self.rebase();
        }
        let script = self.current.pending().map(PendingSave::script).unwrap_or_default();
        let Some(op) = script.into_iter().next() else { return Done::default() };
        let sending = |next: &mut Replica| next.note_sending(&op);
        let is_unseen = matches!(op, Op::Create(_) | Op::Detail { .. });
        let (done, ()) = if is_unseen { self.commit(sending) } else { self.in_memory(sending) };
        let first = self.made;
        let executed = match answer {
            Answer::Executed | Answer::Lost => self.execute(&op),
            Answer::Dropped | Answer::Unreachable => None,
        };
        match (answer, executed) {
            (Answer::Executed, Some(ids)) => {
                let outcome = SendOutcome { ids, ..SendOutcome::default() };
                self.in_memory(|next| next.note_executed(&op, &outcome));
            }
            (Answer::Unreachable, _) => drop(self.in_memory(Replica::note_unsent)),
            _ => drop(self.in_memory(Replica::expire)),
        }
        assert!(first <= self.made);
        done
    }

    /// Has the service execute a request. The ids of what it creates; `None` if it is refused.
    fn execute(&mut self, op: &Op) -> Option<Vec<TaskId>> {
        let mut service = self.service.clone();
        plan::apply(&mut service, op).ok()?;
        let Op::Create(items) = op else {
            self.service = listed(&service);
            return Some(Vec::new());
        };
        let mut ids = Vec::new();
        for item in items {
            let Key::Known(id) = id(self.reserve_ids(1)) else { continue };
            service.rekey(&item.key, &Key::Known(id.clone()));
            ids.push(id);
        }
        self.service = listed(&service);
        Some(ids)
    }

    fn complete(&mut self) -> Done {
        let is_settled = self.current.pending().is_some_and(PendingSave::is_settled);
        if !is_settled || self.current.is_rejected() {
            return Done::default();
        }
        self.commit(|next| next.complete(render)).0
    }

    fn discard(&mut self) -> Done {
        if self.current.refusals().next().is_none() {
            return Done::default();
        }
        let is_rejected = self.current.is_rejected();
        let given_up = is_rejected.then(|| GivenUp::of(&self.current, Extent::Rest)).flatten();
        let (done, ()) = self.commit(|next| next.discard(render));
        given_up.iter().for_each(|given_up| given_up.unsee(&mut self.current));
        self.current.bases.end_all_graces();
        done
    }

    fn refuse_here(&mut self) -> Done {
        let rejection = rejection(self.wall);
        let base = self.current.accepted().map(|content| content.outline).unwrap_or_default();
        let text: Arc<[u8]> = Arc::from(format!("refused {:?}", self.wall).into_bytes());
        self.commit(|next| next.reject_text(text, base, rejection)).0
    }

    fn evict(&mut self) -> Done {
        if let Some(known) = self.current.snapshot().filter(|_| self.current.is_idle()) {
            self.cache = Some(known.clone());
            self.current.bases.end_graces(self.now + Duration::from_secs(3600));
            self.current.evict();
        }
        Done::default()
    }

    fn take_back(&mut self, found: Option<Snapshot>) -> Done {
        if let Remote::Evicted(digest) = self.current.remote {
            let loses = !self.current.restore(digest, found);
            return Done { loses, ..Done::default() };
        }
        Done::default()
    }

    /// The next mount takes over what the journal has, and reads.
    fn remount(&mut self) -> Done {
        self.current = reloaded(&self.journal, &self.current);
        self.cache = None;
        self.read();
        Done { remounts: true, ..Done::default() }
    }
}

/// What the next mount has of a project before it reads anything.
pub(super) fn reloaded(journal: &Journal, before: &Current) -> Current {
    let mut replica = unread();
    let mut entries = journal.entries().unwrap();
    if let Some(entry) = entries.first() {
        (replica.folder, replica.title) = (entry.folder.clone(), entry.title.clone());
    }
    let mut current = Current::new(replica);
    // They are in the log of served bases.
    let aliases = before.aliases.iter().map(|(from, to)| (from.clone(), to.clone())).collect();
    current.take_over_names(aliases, Vec::new());
    for entry in entries.drain(..) {
        Reinstated::new(entry, None).put_back(&mut current);
    }
    for (_, rejected) in journal.rejected().unwrap() {
        current.reinstate_rejected(rejected);
    }
    current
}

pub(super) fn unread() -> Replica {
    let id = Some(ProjectId::new("p"));
    Replica::new(id, SpaceId::new("f"), "title 0".to_owned(), START)
}

pub(super) fn id(number: u32) -> Key {
    Key::Known(TaskId::new(format!("s{number}")))
}

pub(super) fn process(program: u32) -> Option<Process> {
    Some(Process { group: program, inode: 0 })
}
