//! The smallest worlds: three lines, two programs with buffers, somebody in the app, the worker that
//! sends what waits, one lost answer and one crash.

use std::sync::Arc;

use super::deeds::{Deed, Done, Who, change, is_line, item};
use crate::{
    ids::TaskId,
    plan::{self, Key, Op, Outline, Wanted},
    replica::{
        current::Current, local::Saved, pending::PendingSave, saving::Intended,
        sending::SendOutcome, served::Base, state::Replica,
    },
    store::{
        journal::{JournalEntry, entry},
        reinstated::Reinstated,
    },
};

/// No law is about the text here.
fn render(_: &Outline) -> Arc<[u8]> {
    Arc::default()
}

/// One event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// A program loads the file again.
    Load(usize),
    /// Somebody does the next thing that it is to do, and a program saves it.
    Do(Who),
    /// The worker sends the next request, after a reading or on what was read before.
    Send { reads: bool, answer: Sent },
    /// The mount is killed, and there is another one.
    Crash,
}

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Answered,
    Lost,
    Dropped,
}

#[derive(Debug, Clone)]
struct Program {
    /// What it has before its eyes, as it is known here.
    base: Arc<Outline>,
    /// What it has.
    lines: Vec<Wanted>,
}

#[derive(Debug, Clone)]
pub(super) struct SmallWorld {
    replica: Replica,
    journal: Option<JournalEntry>,
    pub(super) service: Outline,
    made: u32,
    programs: Vec<Program>,
    /// What is still to be done, by whom.
    plans: Vec<(Who, Vec<Deed>)>,
    pub(super) done: Vec<Done>,
    pub(super) may_lose: bool,
    pub(super) may_crash: bool,
    /// Whether what was read last is to be trusted.
    is_read: bool,
}

impl SmallWorld {
    /// With programs that have read the file.
    pub(super) fn new(lines: &[&str], plans: &[(Who, Vec<Deed>)]) -> Self {
        let items = (0..).zip(lines).map(|(number, text)| item(super::world::id(number), text));
        let service = Outline { items: items.collect() };
        let (replica, made) = (super::world::unread(), u32::try_from(lines.len()).unwrap());
        let mut world = Self {
            replica,
            journal: None,
            service,
            made,
            programs: Vec::new(),
            plans: plans.to_vec(),
            done: Vec::new(),
            may_lose: true,
            may_crash: true,
            is_read: false,
        };
        world.read();
        let base = world.replica.content().unwrap().outline;
        let lines = plan::tests::lines(&base);
        world.programs = vec![Program { base, lines }; 2];
        world
    }

    /// Every event that may come next.
    pub(super) fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        for (who, plan) in &self.plans {
            let Some(deed) = plan.first() else { continue };
            match who {
                Who::App if self.can(&self.app_lines(), deed) => events.push(Event::Do(*who)),
                Who::Program(program) => {
                    if self.can(&self.programs[*program].lines, deed) {
                        events.push(Event::Do(*who));
                    }
                    if self.would_load(*program) {
                        events.push(Event::Load(*program));
                    }
                }
                Who::App => {}
            }
        }
        if let Some(save) = self.replica.pending() {
            let is_sure = self.is_read && save.in_flight.is_none();
            let deletes = save.script().first().is_some_and(|op| matches!(op, Op::Delete { .. }));
            for reads in [true, false] {
                if reads || (is_sure && !deletes) {
                    events.push(Event::Send { reads, answer: Sent::Answered });
                }
            }
            if self.may_lose {
                events.push(Event::Send { reads: true, answer: Sent::Lost });
                events.push(Event::Send { reads: true, answer: Sent::Dropped });
            }
        }
        if self.may_crash && self.journal.is_some() {
            events.push(Event::Crash);
        }
        events
    }

    fn app_lines(&self) -> Vec<Wanted> {
        plan::tests::lines(&self.service)
    }

    fn can(&self, lines: &[Wanted], deed: &Deed) -> bool {
        match deed {
            Deed::Add(_) => true,
            Deed::Delete(line) | Deed::Change(line, _) => {
                lines.iter().any(|there| is_line(&there.text, line))
            }
        }
    }

    fn would_load(&self, program: usize) -> bool {
        let content = self.replica.content();
        content.is_none_or(|it| plan::tests::lines(&it.outline) != self.programs[program].lines)
    }

    pub(super) fn step(&mut self, event: Event) {
        match event {
            Event::Load(program) => self.load(program),
            Event::Do(who) => self.act(who),
            Event::Send { reads, answer } => {
                self.may_lose &= answer == Sent::Answered;
                self.send(reads, answer);
            }
            Event::Crash => self.crash(),
        }
    }

    /// Has the journal know what there is now, if that differs from what there was.
    fn commit(&mut self, was: &Replica) {
        if !self.replica.is_journaled() {
            self.journal = None;
        } else if !self.replica.is_journaled_as(was) {
            self.journal = entry(&self.replica);
        }
    }

    fn read(&mut self) {
        let mut outline = self.service.clone();
        if let Some(known) = self.replica.snapshot() {
            outline.inherit(&known.outline);
        }
        let text = render(&outline);
        self.replica.install(outline, text, None);
        self.is_read = true;
    }

    fn load(&mut self, program: usize) {
        if self.replica.content().is_none() {
            self.read();
        }
        let Some(content) = self.replica.content() else { return };
        let lines = plan::tests::lines(&content.outline);
        self.programs[program] = Program { base: content.outline, lines };
    }

    fn act(&mut self, who: Who) {
        let Some((_, plan)) = self.plans.iter_mut().find(|(of, _)| *of == who) else { return };
        let deed = plan.remove(0);
        let Who::Program(program) = who else { return self.act_in_app(deed) };
        let lines = &mut self.programs[program].lines;
        let seen = change(lines, deed, |text| Wanted {
            depth: 0,
            text: text.to_owned(),
            done: false,
            anchor: None,
        });
        self.done.push(Done { who, deed, seen });
        self.save(program);
    }

    fn act_in_app(&mut self, deed: Deed) {
        let key = super::world::id(self.made);
        let seen = change(&mut self.service.items, deed, |text| item(key.clone(), text));
        self.made += 1;
        self.done.push(Done { who: Who::App, deed, seen });
    }

    fn save(&mut self, program: usize) {
        if self.replica.content().is_none() {
            self.read();
        }
        let was = self.replica.clone();
        let next = &mut self.replica;
        let Program { base: seen, lines } = &self.programs[program];
        let base = next.resolved(seen);
        let first = next.reserve(lines.len());
        let mut ours = plan::align(&base, lines, first);
        ours.inherit(&base);
        let (ours, seen) = (Arc::new(ours), Base::Exact(seen.clone()));
        if let Some(Intended { save, .. }) = next.intend(&seen, &ours) {
            let outline = Arc::new(save.target.clone());
            let saved = Saved::new(render(&outline), outline, super::world::START);
            next.stage(save, saved);
        }
        self.programs[program].base = ours;
        self.commit(&was);
    }

    fn rebase(&mut self) {
        let was = self.replica.clone();
        if matches!(self.replica.rebase(), Ok(Some(_))) {
            self.replica.show_target(render);
            self.commit(&was);
        }
    }

    /// What the worker does until the answer to one request.
    fn send(&mut self, reads: bool, answer: Sent) {
        if reads {
            self.read();
        }
        self.rebase();
        let Some(op) = self.replica.pending().and_then(|save| save.script().into_iter().next())
        else {
            let was = self.replica.clone();
            self.replica.complete(render);
            return self.commit(&was);
        };
        let was = self.replica.clone();
        self.replica.pending_mut().into_iter().for_each(|save| save.sending(&op));
        if matches!(op, Op::Create(_)) {
            self.commit(&was);
        }
        let executed = if answer == Sent::Dropped { None } else { self.execute(&op) };
        match executed {
            Some(ids) if answer == Sent::Answered => {
                self.replica.note_executed(&op, &SendOutcome { ids, ..SendOutcome::default() });
            }
            _ => self.is_read = false,
        }
    }

    fn execute(&mut self, op: &Op) -> Option<Vec<TaskId>> {
        let mut service = self.service.clone();
        plan::apply(&mut service, op).ok()?;
        let mut ids = Vec::new();
        let Op::Create(items) = op else {
            self.service = service;
            return Some(ids);
        };
        for item in items {
            let key = super::world::id(self.made);
            self.made += 1;
            service.rekey(&item.key, &key);
            ids.extend(match key {
                Key::Known(id) => Some(id),
                Key::New(_) => None,
            });
        }
        self.service = super::listed(&service);
        Some(ids)
    }

    fn crash(&mut self) {
        self.may_crash = false;
        self.is_read = false;
        let mut next = Current::new(super::world::unread());
        let Some(entry) = self.journal.clone() else { return };
        let json = serde_json::to_string(&entry.save).unwrap();
        let save = serde_json::from_str(&json).unwrap();
        // What programs have before their eyes is in the log of served bases.
        let aliases = self.replica.aliases.iter();
        next.take_over_names(aliases.map(|(a, b)| (a.clone(), b.clone())).collect(), Vec::new());
        self.programs.iter().for_each(|program| next.reserve_outline(&program.base));
        Reinstated::new(JournalEntry { save, ..entry }, None).put_back(&mut next);
        self.replica = Replica::clone(&next);
    }

    /// Has the worker send all that waits, with nothing in its way.
    pub(super) fn settled(&self) -> Self {
        let mut world = self.clone();
        for _ in 0..16 {
            if world.replica.pending().is_none() {
                return world;
            }
            world.send(true, Sent::Answered);
        }
        panic!("it never comes to an end: {:#?}", world.replica.pending());
    }

    /// The same for two worlds that nobody can tell apart.
    pub(super) fn fingerprint(&self) -> String {
        let mut written = String::new();
        let outline = |written: &mut String, outline: &Outline| {
            for item in &outline.items {
                match &item.key {
                    Key::Known(id) => written.push_str(id.as_str()),
                    Key::New(number) => written.push_str(&format!("+{number}")),
                }
                written.push_str(&item.text);
                written.push(if item.details.is_unknown() { '|' } else { '/' });
            }
            written.push(';');
        };
        let save = |written: &mut String, save: &PendingSave| {
            for each in [&save.base, &save.target, &save.before] {
                outline(written, each);
            }
            let PendingSave {
                in_flight,
                base_uncertain: doubtful,
                recreated: again,
                origins,
                put_back,
                ..
            } = save;
            written.push_str(&format!("{in_flight:?}{doubtful}{again:?}{origins:?}{put_back:?}"));
        };
        outline(&mut written, &self.service);
        self.replica.snapshot().iter().for_each(|known| outline(&mut written, &known.outline));
        self.replica.pending().iter().for_each(|pending| save(&mut written, pending));
        self.journal.iter().for_each(|entry| save(&mut written, &entry.save));
        for program in &self.programs {
            outline(&mut written, &self.replica.resolved(&program.base));
            program.lines.iter().for_each(|line| written.push_str(&line.text));
        }
        let left: Vec<usize> = self.plans.iter().map(|(_, plan)| plan.len()).collect();
        let flags = (self.may_lose, self.may_crash, self.is_read, self.replica.next_new);
        let mut done: Vec<String> = self.done.iter().map(|done| format!("{done:?}")).collect();
        done.sort();
        written.push_str(&format!("{left:?}{flags:?}{done:?}"));
        written
    }
}
