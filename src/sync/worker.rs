//! Working saves off: one worker a project, from a reading to the last request of the script.
//!
//! The order of every step is chosen so that a crash between any two leaves the journal able to
//! finish: the intent is durable before anything is sent, creates are noted before they are
//! sent, and an entry is removed only when nothing is left to be sent.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    carry::Carried,
    engine::Engine,
    project::{Progress, Project, Relocated, Snapshot},
    relocate::may_relocate,
    save::entry,
    sending::Outcome,
};
use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    ids::TaskId,
    plan::{Key, Op, Outline},
};

/// The first pause after a failure that may pass; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How far the saves of a project are worked off.
enum Worked {
    Off,
    /// All but deletions, of the saves up to this one.
    ButHeld(u64),
}

/// How a run of the script ended without a refusal.
enum Run {
    /// Everything that was planned is sent.
    Through,
    /// What is known is out of date, or a newer save came: plan again.
    PlanAgain,
    /// All is sent but deletions, which wait for what was cut to be pasted elsewhere.
    Held,
}

impl Engine {
    /// Has somebody work on the project's intent, unless somebody does.
    pub(crate) fn start_worker(self: &Arc<Self>, project: &Arc<Project>) {
        if std::mem::replace(&mut project.lock().working, true) {
            return;
        }
        self.busy.send_modify(|busy| *busy += 1);
        let (engine, project) = (self.clone(), project.clone());
        tokio::spawn(async move {
            engine.work(&project).await;
            engine.busy.send_modify(|busy| *busy -= 1);
        });
    }

    async fn work(self: &Arc<Self>, project: &Arc<Project>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let mut changes = self.transfers.subscribe();
            match self.work_off(project).await {
                Ok(Worked::Off) if self.is_done(project) => return,
                Ok(Worked::Off) => pause = FIRST_PAUSE,
                Ok(Worked::ButHeld(generation)) => {
                    pause = FIRST_PAUSE;
                    // In the journal, and nothing stands in its way but time.
                    project.progress.send_replace(Progress { generation, refused: None });
                    let ticket = project.lock().renamings;
                    project.relocated.send_replace(Relocated { ticket, refused: None });
                    let wait = self.held_for(project);
                    tokio::select! {
                        _ = changes.changed() => {}
                        () = self.clock.sleep(wait) => {}
                    }
                }
                Err(error) if error.kind().is_transient() || error.kind().is_local() => {
                    tracing::warn!(%error, project = project.title(), "a save waits");
                    pause = self.wait_to_try_again(pause).await;
                }
                Err(error) => {
                    self.refuse(project, error).await;
                    if project.lock().is_relocated() {
                        self.start_worker(project);
                    }
                    return;
                }
            }
        }
    }

    /// Waits after a failure that may pass. How long to wait after the next.
    ///
    /// While the service is gone the backend has one request at a time find out whether it is back;
    /// the others wait there, to go on at once. Who waits here goes there soon, and once it is back.
    async fn wait_to_try_again(&self, pause: Duration) -> Duration {
        let is_gone = self.gone().is_some();
        let wait = if is_gone { FIRST_PAUSE } else { pause };
        tokio::select! {
            () = self.presence(), if is_gone => {}
            () = self.clock.sleep(wait) => {}
        }
        if is_gone { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) }
    }

    /// Whether the worker may go: nothing is left, and nobody can add more without starting a
    /// new one.
    fn is_done(&self, project: &Project) -> bool {
        let mut state = project.lock();
        let is_off = state.intent.is_none() || (state.is_refused() && !state.is_relocated());
        let done = is_off && !state.archive;
        if done {
            state.working = false;
            drop(state);
            self.note_resident(project);
        }
        done
    }

    async fn work_off(self: &Arc<Self>, project: &Arc<Project>) -> Result<Worked> {
        let _conversation = project.remote.lock().await;
        let began = self.clock.now();
        let mut asked_again = false;
        while project.lock().intent.is_some() {
            if self.restore_if_wanted(project).await? && self.has_nothing_to_send(project) {
                let generation = project.lock().generation;
                self.finish(project, generation).await?;
                continue;
            }
            if may_relocate(&project.lock()) {
                self.relocate_between(project).await?;
                continue;
            }
            if project.lock().is_refused() {
                break;
            }
            if project.is_unborn() {
                self.create(project).await?;
            }
            if is_doubtful(project)
                || !project.lock().is_fresh(self.clock.now(), self.settings.max_age)
            {
                self.fetch(project, Priority::Save).await?;
            }
            self.look_at_detail(project).await?;
            let mut generation = self.rebase(project).await?;
            if deletes_unseen(project, began) && self.held(project).is_none() {
                self.fetch(project, Priority::Save).await?;
                generation = self.rebase(project).await?;
            }
            match self.run_script(project, generation).await {
                Ok(run @ (Run::Through | Run::Held)) => match (self.carry(project).await?, run) {
                    (Carried::Something, _) => {}
                    (Carried::Nothing, Run::Through) => self.finish(project, generation).await?,
                    (Carried::Nothing | Carried::Waits, _) => {
                        return Ok(Worked::ButHeld(generation));
                    }
                },
                Ok(Run::PlanAgain) => {}
                // Somebody may have changed what the request was about: look again, once.
                Err(error)
                    if matches!(error.kind(), Kind::NotFound | Kind::Refused) && !asked_again =>
                {
                    tracing::info!(%error, project = project.title(), "reading before a retry");
                    asked_again = true;
                    expire(project);
                }
                Err(error) => return Err(error),
            }
        }
        self.archive_if_wanted(project).await?;
        Ok(Worked::Off)
    }

    /// Gets the project to its place; whatever was saved before has its verdict by then.
    async fn relocate_between(self: &Arc<Self>, project: &Arc<Project>) -> Result<()> {
        let (generation, is_sent) = {
            let state = project.lock();
            let is_sent = state.intent.as_ref().is_none_or(super::intent::Intent::is_sent);
            (state.generation, is_sent && !state.is_refused())
        };
        if is_sent {
            project.progress.send_replace(Progress { generation, refused: None });
        }
        self.relocate(project).await?;
        if !project.lock().is_refused() {
            self.finish(project, generation).await?;
        }
        Ok(())
    }

    fn has_nothing_to_send(&self, project: &Project) -> bool {
        let state = self.recalled(project);
        state.intent.as_ref().is_some_and(|intent| {
            intent.is_settled() && !intent.doubtful && intent.relocation.is_none()
        })
    }

    /// Asks for the detail that the request in flight was to change, if it is not simply to be sent
    /// again: no listing shows it, and a newer save may have taken the change back.
    async fn look_at_detail(&self, project: &Project) -> Result<()> {
        let asked = {
            let state = project.lock();
            let doubt = state.intent.as_ref().and_then(super::intent::Intent::detail_in_doubt);
            state.id.clone().zip(doubt)
        };
        let Some((id, (task, resource))) = asked else { return Ok(()) };
        let told = self.ask_detail(Priority::Save, &id, &task, resource).await?;
        let _transition = project.commit.lock().await;
        if let Some(intent) = project.lock().intent.as_mut() {
            intent.clear_up(&task, resource, &told);
        }
        self.learn(project, &[(task, told)]);
        Ok(())
    }

    /// Takes the last reading into the intent, durably. The save that it is planned for.
    pub(crate) async fn rebase(&self, project: &Project) -> Result<u64> {
        let _transition = project.commit.lock().await;
        let (theirs, conflicts, generation) = {
            let mut state = self.recalled(project);
            let generation = state.generation;
            let Some(theirs) = state.snapshot.as_ref().map(|known| known.outline.clone()) else {
                return Err(Error::new(Kind::Protocol, "the project was not read"));
            };
            let known = state.intent.as_ref().map_or(0, |intent| intent.target.items.len());
            let first_new = state.reserve(known);
            let Some(intent) = state.intent.as_ref() else { return Ok(generation) };
            let is_known = intent.base == *theirs && !intent.has_still_there();
            if intent.in_flight.is_none() && !intent.doubtful && is_known {
                return Ok(generation);
            }
            let mut rebasing = intent.clone();
            for (key, sent, now) in state.normalised.all() {
                rebasing.believe(&key, sent, now);
            }
            let rebased = rebasing.rebase((*theirs).clone(), first_new);
            state.intent = Some(rebasing);
            for (from, to) in rebased.aliases {
                state.note_alias(from, to);
            }
            self.log_names(&mut state);
            (theirs, rebased.conflicts, generation)
        };
        self.show_target(project);
        // Before it is forgotten that there was a conflict.
        self.keep_overridden(project, &theirs, &conflicts).await;
        let entry = self.journal_entry(&project.lock());
        self.note(project, entry).await?;
        Ok(generation)
    }

    /// Shows readers what is to become of the save: with all that others have done.
    pub(super) fn show_target(&self, project: &Project) {
        let mut state = project.lock();
        let before = state.content().map(|content| content.text);
        let target = state.intent.as_ref().map(|intent| intent.target.clone());
        if let (Some(saved), Some(target)) = (state.saved.as_mut(), target)
            && saved.refused.is_none()
            && *saved.outline != target
        {
            saved.text = project.render(&target);
            saved.outline = Arc::new(target);
        }
        let changed = state.settle_version(before, self.clock.wall());
        drop(state);
        self.changed(project, changed);
    }

    async fn run_script(&self, project: &Project, generation: u64) -> Result<Run> {
        let (id, ops) = {
            let state = project.lock();
            let ops = state.intent.as_ref().map(super::intent::Intent::script);
            (state.id.clone(), ops.unwrap_or_default())
        };
        let Some(id) = id else { return Ok(Run::PlanAgain) };
        if self.check_names(project, &id, &ops).await? {
            return Ok(Run::PlanAgain);
        }
        let mut created: HashMap<Key, TaskId> = HashMap::new();
        for op in ops {
            let op = with_ids(op, &created);
            if matches!(op, Op::Delete { .. }) && self.held(project).is_some() {
                return Ok(Run::Held);
            }
            if !self.note_sending(project, &op, generation).await? {
                return Ok(Run::PlanAgain);
            }
            match self.send(project, &id, &op).await {
                Ok(outcome) => {
                    if let Op::Create(items) = &op {
                        let keys = items.iter().map(|item| item.key.clone());
                        created.extend(keys.zip(outcome.ids.iter().cloned()));
                    }
                    self.note_done(project, &op, outcome).await;
                }
                Err(error) => {
                    // A batch that was refused may have been executed up to what it was refused
                    // for: whether batches are all or nothing is not documented.
                    let untouched = matches!(error.kind(), Kind::RateLimited | Kind::Unreachable);
                    if untouched {
                        if let Some(intent) = project.lock().intent.as_mut() {
                            intent.in_flight = None;
                        }
                    } else if matches!(op, Op::Create(_)) || !error.kind().is_certain() {
                        expire(project);
                    }
                    return Err(error);
                }
            }
        }
        Ok(Run::Through)
    }

    /// Notes that a request is about to be sent, unless a newer save came: if its answer never
    /// comes, a reading must be matched against it. Creates are journaled, since it takes their
    /// numbers to know them again, and details, since no listing shows them. Anything else is
    /// journaled by the next save, if one comes: until then whatever a reading shows of it is what
    /// the target has.
    async fn note_sending(&self, project: &Project, op: &Op, generation: u64) -> Result<bool> {
        let _transition = project.commit.lock().await;
        let entry = {
            let mut state = project.lock();
            if state.generation != generation {
                return Ok(false);
            }
            state.touch(op);
            if let Some(intent) = state.intent.as_mut() {
                intent.sending(op);
            }
            if is_unseen(op) { self.journal_entry(&state) } else { None }
        };
        self.note(project, entry).await?;
        Ok(true)
    }

    /// Notes that a request was executed. Not journaled: after a crash a reading shows it.
    async fn note_done(&self, project: &Project, op: &Op, outcome: Outcome) {
        let _transition = project.commit.lock().await;
        let mut state = project.lock();
        state.touch(op);
        let Some(intent) = state.intent.as_mut() else { return };
        let fits = intent.done(op, &outcome.ids).is_ok();
        let unverified = outcome.unverified || may_cascade(op, &intent.base);
        if let (Op::SetText { key, text }, Some(now)) = (op, &outcome.believed) {
            intent.believe(key, text, now);
        }
        let base = Arc::new(intent.base.clone());
        if let Op::SetText { key: Key::Known(task), text } = op {
            state.normalised.sent(task, text, outcome.believed.as_deref());
        }
        if let Op::Create(items) = op {
            for (item, id) in items.iter().zip(&outcome.ids) {
                state.normalised.sent(id, &item.text, None);
                if let Key::New(number) = item.key {
                    state.note_created(number, id);
                }
            }
        }
        self.log_names(&mut state);
        if let Some(Snapshot { outline, read, .. }) = state.snapshot.as_mut() {
            *outline = base;
            if !fits || unverified {
                *read = None;
            }
        }
    }

    /// Everything is sent: the save leaves the journal and the file shows what Taskade has.
    async fn finish(&self, project: &Project, generation: u64) -> Result<()> {
        let _transition = project.commit.lock().await;
        let (row, past) = {
            let state = project.lock();
            let settled = state.intent.as_ref().is_none_or(super::intent::Intent::is_settled);
            if state.generation != generation || !settled {
                return Ok(());
            }
            // A project that is to be archived stays in the journal until that is done.
            let row = if state.archive { None } else { state.row };
            (row, self.deed(&state))
        };
        if row.is_some() {
            self.keep_details(project).await;
            self.journaled(move |journal| journal.conclude(row, past.as_ref())).await?;
        }
        let mut state = project.lock();
        let before = state.content().map(|content| content.text);
        if row.is_some() {
            state.row = None;
        }
        if let Some(intent) = state.intent.take() {
            let read = state.snapshot.as_ref().and_then(|snapshot| snapshot.read);
            let now = intent.result();
            let text = project.render(&now);
            state.install(Arc::new(now), text, read);
            state.interest.note_save();
        }
        if state.saved.as_ref().is_some_and(|saved| saved.refused.is_none()) {
            state.saved = None;
        }
        let changed = state.settle_version(before, self.clock.wall());
        drop(state);
        project.progress.send_replace(Progress { generation, refused: None });
        self.keep(project);
        if let Some(content) = self.content(project) {
            self.note_served(project, &content);
        }
        self.changed(project, changed);
        Ok(())
    }

    /// Keeps what is known of details before the journal forgets it: unlike texts, they cannot be
    /// told from a reading after a crash.
    async fn keep_details(&self, project: &Project) {
        let has_details =
            |known: &Snapshot| known.outline.items.iter().any(|item| !item.details.is_unknown());
        if project.lock().snapshot.as_ref().is_some_and(has_details) {
            self.keep(project);
            let cache = self.cache.clone();
            // Fails only while the runtime goes.
            let _ = tokio::task::spawn_blocking(move || cache.write_out()).await;
        }
    }

    pub(crate) fn journal_entry(
        &self,
        state: &super::project::State,
    ) -> Option<super::journal::Entry> {
        let intent = state.intent.as_ref()?;
        let content = state.accepted()?;
        Some(entry(state, &content.text, &state.resolved(&content.outline), intent))
    }

    pub(crate) async fn note(
        &self,
        project: &Project,
        entry: Option<super::journal::Entry>,
    ) -> Result<()> {
        if let Some(entry) = entry {
            let row = self.journaled(move |journal| journal.put(&entry)).await?;
            project.lock().row = Some(row);
        }
        Ok(())
    }
}

/// Whether the program may have seen more than is known: what is there must be looked at.
fn is_doubtful(project: &Project) -> bool {
    project.lock().intent.as_ref().is_some_and(|intent| intent.doubtful)
}

/// Whether the script deletes on a reading from before `began`, the start of this attempt. A
/// deletion takes whatever is below the task with it, so nothing may be there that nobody here has
/// seen; and an earlier attempt may have failed for long.
fn deletes_unseen(project: &Project, began: Instant) -> bool {
    let state = project.lock();
    let read = state.snapshot.as_ref().and_then(|snapshot| snapshot.read);
    let deletes = |intent: &super::intent::Intent| {
        intent.script().iter().any(|op| matches!(op, Op::Delete { .. }))
    };
    read.is_none_or(|read| read < began) && state.intent.as_ref().is_some_and(deletes)
}

/// What is known of the project is no longer to be trusted.
fn expire(project: &Project) {
    if let Some(snapshot) = project.lock().snapshot.as_mut() {
        snapshot.read = None;
    }
}

/// Whether no listing shows that the request was executed.
fn is_unseen(op: &Op) -> bool {
    matches!(op, Op::Create(_) | Op::Detail { .. })
}

/// Whether the service may have done more than it was asked: what completing a task does to
/// those below it is not documented.
fn may_cascade(op: &Op, base: &Outline) -> bool {
    let Op::SetDone { key, done: true } = op else { return false };
    base.parents().contains(&Some(key))
}

/// Replaces the numbers of tasks created by earlier requests of the same script.
fn with_ids(mut op: Op, created: &HashMap<Key, TaskId>) -> Op {
    let rename = |key: &mut Key| {
        if let Some(id) = created.get(key) {
            *key = Key::Known(id.clone());
        }
    };
    match &mut op {
        Op::Create(items) => {
            items.iter_mut().filter_map(|item| item.to.anchor.as_mut()).for_each(rename)
        }
        Op::SetText { key, .. }
        | Op::SetDone { key, .. }
        | Op::Detail { key, .. }
        | Op::Delete { key } => rename(key),
        Op::Move { key, to } => {
            rename(key);
            to.anchor.iter_mut().for_each(rename);
        }
    }
    op
}
