//! A project, the programs that have it before their eyes, the journal, and the service.

use std::{
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use super::{
    decisions::{
        archived, arrive, note_archival, note_creating, rejection, rename, retry, set_aside,
    },
    listed, render,
    steps::{Answer, Step},
};
use crate::{
    ids::{ProjectId, SpaceId, TaskId},
    plan::{self, Key, Op, Outline, tests::strategies::edited},
    replica::{
        current::Current,
        given_up::{Extent, GivenUp},
        local::Saved,
        pending::PendingSave,
        rejection::RejectedText,
        remote::{Remote, Snapshot},
        saving::Intended,
        sending::SendOutcome,
        served::{Base, OwnText, Process},
        state::{Archival, Replica},
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

    /// Changes the replica by a transition; what of it the journal is to know is there then.
    fn commit<T>(&mut self, change: impl FnOnce(&mut Replica) -> T) -> (Done, T) {
        let place = (self.current.folder.clone(), self.current.title.clone());
        let mut next = self.current.successor();
        let value = change(&mut next);
        let changes = Changes::between(&self.current, &next);
        if !changes.is_empty() {
            let rows = self.journal.apply(&changes).unwrap();
            rows.note(changes.puts(), &mut next);
        }
        self.current.advance(next, (&place.0, &place.1), self.wall);
        (Done { is_journaled: true, ..Done::default() }, value)
    }

    /// Changes the replica by a transition that the journal is not told of.
    fn in_memory<T>(&mut self, change: impl FnOnce(&mut Replica) -> T) -> (Done, T) {
        let place = (self.current.folder.clone(), self.current.title.clone());
        let mut next = self.current.successor();
        let value = change(&mut next);
        self.current.advance(next, (&place.0, &place.1), self.wall);
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
            Step::Expire => self.in_memory(|next| next.remote.expire()).0,
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
                self.commit(|next| next.local.reject(rejection)).0
            }
            Step::Retry => self.commit(retry).0,
            Step::Discard => self.discard(),
            Step::RefuseHere => self.refuse_here(),
            Step::SetAside => self.commit(set_aside).0,
            Step::DiscardHere => self.commit(|next| next.rejected = None).0,
            Step::Archive => self.commit(|next| next.archival = Archival::Wanted).0,
            Step::SendArchival => self.in_memory(|next| note_archival(next, Archival::Sent)).0,
            Step::Archived => self.commit(archived).0,
            Step::Restore => self.commit(|next| next.archival = Archival::No).0,
            Step::Rename(title) => {
                let since = self.wall;
                self.commit(|next| rename(next, &format!("title {title}"), since)).0
            }
            Step::Arrive => self.commit(arrive).0,
            Step::NoteCreating => self.commit(note_creating).0,
            Step::Evict => self.evict(),
            Step::Recall => self.take_back(self.cache.clone()),
            Step::LoseCache => self.take_back(None),
            Step::SetTime => {
                self.current.set_modified(START, self.wall);
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
        let (mut outline, now) = (self.service.clone(), self.now);
        let (done, ()) = self.in_memory(|next| {
            next.snapshot().map(|known| known.outline.clone()).iter().for_each(|known| {
                outline.inherit(known);
            });
            next.from_cache = false;
            next.normalised.read(&outline);
            let text = render(&outline);
            next.install_with_title(outline, text, None, Some(now));
        });
        done
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
        let sending = |next: &mut Replica| {
            next.pending_mut().into_iter().for_each(|save| save.sending(&op));
        };
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
            (Answer::Unreachable, _) => {
                self.in_memory(|next| {
                    next.pending_mut().into_iter().for_each(|save| save.in_flight = None);
                });
            }
            _ => drop(self.in_memory(|next| next.remote.expire())),
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
        if !self.current.is_rejected() {
            return Done::default();
        }
        let given_up = GivenUp::of(&self.current, Extent::Rest);
        let (done, ()) = self.commit(|next| {
            next.rejected = None;
            next.forget_save(render);
        });
        given_up.iter().for_each(|given_up| given_up.unsee(&mut self.current));
        self.current.bases.end_all_graces();
        done
    }

    fn refuse_here(&mut self) -> Done {
        let rejection = rejection(self.wall);
        let base = self.current.accepted().map(|content| content.outline).unwrap_or_default();
        let text: Arc<[u8]> = Arc::from(format!("refused {:?}", self.wall).into_bytes());
        let row = self.current.rejected.as_ref().and_then(|rejected| rejected.row);
        self.commit(|next| next.rejected = Some(RejectedText { row, text, base, rejection })).0
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
