//! Accepting a save: parse it, tell who is who, journal it, and wait for Taskade's verdict.

use std::sync::Arc;

use crate::{
    error::{Kind, Result},
    plan::{self, Outline, Wanted},
    replica::{
        creation::MadeFrom,
        saving::Intended,
        served::{Base, Process},
        state::Replica,
    },
    sync::{
        engine::Engine,
        presence,
        project::Project,
        read::{
            cache_write, open,
            serve::{self, Written},
        },
        residency,
        transition::Transition,
        upload::reject,
        write::{
            set_aside::{self, PutBack},
            stage::{self, StagedChange},
            transfer,
        },
    },
    text::{
        checks::{check_changes, check_conflict_markers, check_deletions},
        codec::wanted,
    },
};

/// What a saved text was edited from.
#[derive(Debug, Clone)]
pub(crate) enum DraftBase {
    /// This very outline: the draft began as its text, which the program can read.
    Exact(Arc<Outline>),
    /// This outline: the draft began as its text, and the program does not read it.
    Unread(Arc<Outline>),
    /// What the process read last, or what was served last: the text was written anew.
    LastRead,
    /// What the process had before its eyes when it emptied the file, and wrote nothing.
    Emptied(Base),
    /// The text was written anew by a process that had this before its eyes when it emptied the
    /// file, and may have read since.
    Anew(Base),
}

/// How a text comes to be saved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Given {
    /// A program wrote it to the file.
    Written,
    /// A program wrote it to a new file, of which there is more to be made than it says. These are the
    /// tasks that it says, if it is the text of another project.
    Copied(MadeFrom, Option<Arc<Outline>>),
    /// It was refused, and a command has it sent again; with `allow_delete` the deletion guard does
    /// not look.
    Again { allow_delete: bool },
}

/// What became of a save.
#[derive(Debug)]
pub(crate) struct SaveOutcome {
    /// What the text stands for from now on, if it was taken.
    pub(crate) outline: Option<Arc<Outline>>,
    /// What became of it.
    pub(crate) result: Result<()>,
}

impl SaveOutcome {
    /// What the program is told that wrote the text. A conflict that git left is kept and not sent
    /// until it is settled, which `status` says: a failure would end git's own work half way, and
    /// refuse every step of who settles one conflict after the other.
    pub(crate) fn told(self) -> Result<()> {
        match self.result {
            Err(error) if error.kind() == Kind::Unsettled => Ok(()),
            result => result,
        }
    }
}

/// Saves a text as a project. When the result is `Ok` the save is in the journal, and
/// accepted by Taskade or still on its way. It is [`Kind::Invalid`] if the text cannot be a
/// project and [`Kind::DeletionGuard`] if it deletes too much: then nothing is sent and the
/// text is kept for reading. Otherwise it is what Taskade refused the save with.
pub(crate) async fn save(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
    base: DraftBase,
    text: Vec<u8>,
) -> SaveOutcome {
    save_given(engine, project, process, base, text, Given::Written).await
}

/// As [`save`], however the text comes to be saved.
pub(crate) async fn save_given(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
    base: DraftBase,
    text: Vec<u8>,
    given: Given,
) -> SaveOutcome {
    residency::ensure(engine, project).await;
    let base = match resolve_base(engine, project, process, base).await {
        Ok(base) => base,
        Err(error) => return SaveOutcome { outline: None, result: Err(error) },
    };
    let text: Arc<[u8]> = text.into();
    match accept(engine, project, process, &base, &text, given).await {
        Ok((outline, None)) => {
            note_result(engine, project, process, &base, &outline, true);
            SaveOutcome { outline: Some(outline), result: Ok(()) }
        }
        Ok((outline, Some(generation))) => {
            if let Err(error) = transfer::transfer(engine, project, base.outline(), &outline).await
            {
                tracing::warn!(%error, "details of what was cut and pasted are not copied");
            }
            engine.wake(project);
            let result = verdict(engine, project, generation).await;
            note_result(engine, project, process, &base, &outline, result.is_ok());
            SaveOutcome { outline: Some(outline), result }
        }
        Err(error) => {
            let error = reject::rejected_at(engine, project, error);
            serve::note_not_saved(engine, project, process);
            reject::keep_rejected(engine, project, text, base.outline().clone(), &error).await;
            SaveOutcome { outline: None, result: Err(error) }
        }
    }
}

pub(crate) fn note_result(
    engine: &Engine,
    project: &Arc<Project>,
    process: Option<Process>,
    base: &Base,
    ours: &Arc<Outline>,
    is_saved: bool,
) {
    match base {
        Base::Unread(_) => serve::note_saved_unread(engine, project, process, is_saved),
        // Refused, its lines are in the program's buffer all the same, and in what is shown: the
        // next save of that buffer would add them once more to what it had before.
        Base::Exact(_) | Base::MaybeStale(_) => serve::note_saved(engine, project, process, ours),
    }
}

pub(crate) async fn resolve_base(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
    base: DraftBase,
) -> Result<Base> {
    // An open file knows nothing of what was given up since.
    let now = |seen: Base| seen.map(|outline| project.lock().lent.now(outline));
    match base {
        DraftBase::Exact(outline) => return Ok(now(Base::Exact(outline))),
        DraftBase::Unread(outline) => return Ok(now(Base::Unread(outline))),
        DraftBase::Emptied(seen) => return Ok(now(seen)),
        // Whatever others were served since is nothing that it has before its eyes.
        DraftBase::Anew(seen) if !residency::resident(engine, project).bases.knows(process) => {
            return Ok(now(seen));
        }
        DraftBase::Anew(_) | DraftBase::LastRead => {}
    }
    let seen = residency::resident(engine, project).bases.base(process, engine.own_process());
    match seen {
        Some(seen) => Ok(seen),
        None => Ok(Base::Exact(open::read(engine, project).await?.outline)),
    }
}

/// What a process has before its eyes that empties the file now, as far as anything was read.
pub(crate) fn seen_by(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
) -> Option<Base> {
    let mut state = residency::resident(engine, project);
    let seen = state.bases.base(process, engine.own_process());
    let seen = seen.or_else(|| state.content().map(|content| Base::Exact(content.outline)));
    seen.iter().for_each(|seen| state.lent.lend(seen.outline()));
    seen
}

/// Turns a text into a save that waits, and journals it. The outline that the text stands for, and
/// which save it is if there is something to do.
pub(crate) async fn accept(
    engine: &Engine,
    project: &Project,
    process: Option<Process>,
    base: &Base,
    text: &Arc<[u8]>,
    given: Given,
) -> Result<(Arc<Outline>, Option<u64>)> {
    let mut next = Transition::begin(engine, project).await;
    next.is_written = !matches!(given, Given::Again { .. });
    let aside = match set_aside::put_back(project, &next, base, text) {
        PutBack::Whole(aside, taken_back) => {
            return set_aside::go_back(engine, project, next, (process, base), aside, taken_back)
                .await;
        }
        PutBack::Waiting(aside) => Some(aside),
        PutBack::Nothing => None,
    };
    let allow_delete = matches!(given, Given::Again { allow_delete: true }) || aside.is_some();
    let (ours, from) = match &given {
        Given::Copied(_, Some(tasks)) => (Arc::new(next.as_new(tasks)), base.clone()),
        _ => understand(engine, project, &mut next, base, text, allow_delete)?,
    };
    let written = Written::new(project, process, base, &ours);
    if next.is_put_back(&from, &ours) {
        set_aside::set_aside(engine, project, next, &written).await?;
        return Ok((ours, None));
    }
    let Some(Intended { save, theirs, conflicts }) = next.intend(&from, &ours) else {
        // The program saved what it had read, and nothing is refused.
        let is_respelled = respell(project, &mut next, base.outline(), &ours);
        let to_render = next.keep_in_memory_with(|current| written.note(engine, current));
        written.render(project, to_render);
        if is_respelled {
            cache_write::write(engine, project);
        }
        return Ok((ours, None));
    };
    let save = match given {
        Given::Copied(made_from, _) => save.making_from(made_from),
        Given::Written | Given::Again { .. } => save,
    };
    let overridden = vec![(theirs, conflicts)];
    let edited = Some(base.outline().clone());
    let mut change = StagedChange { overridden, edited, ..StagedChange::of(save) };
    if transfer::holds(engine, project, process, base.outline(), &ours) {
        change.hold(engine);
        transfer::note_taken_off(engine, project, &change.save);
    }
    let staged = stage::stage(engine, project, &mut next, &written, change).await;
    aside.into_iter().for_each(|aside| next.keep_aside(aside));
    let generation = stage::commit(engine, project, next, &written, staged).await?;
    Ok((ours, Some(generation)))
}

/// What was typed of how lines begin, and nothing else, stays as it was typed, for no request.
/// Whether there is anything.
fn respell(project: &Project, next: &mut Replica, base: &Outline, ours: &Outline) -> bool {
    let typed = ours.respelled_since(&next.resolved(base));
    let Some(known) = next.snapshot().filter(|_| !typed.items.is_empty()) else { return false };
    let mut outline = Outline::clone(&known.outline);
    outline.respell(&typed);
    let (read, text) = (next.read(), project.render(&outline));
    next.install(outline, text, read);
    true
}

/// Reads a text as tasks, tells who is who, and refuses what cannot or must not be. What it was
/// edited from, with what the program has in its buffer that was given up and is there again.
pub(crate) fn understand(
    engine: &Engine,
    project: &Project,
    next: &mut Replica,
    seen: &Base,
    text: &[u8],
    allow_delete: bool,
) -> Result<(Arc<Outline>, Base)> {
    let base = next.resolved(seen.outline());
    let format = project.format();
    check_conflict_markers(&String::from_utf8_lossy(text), Some(&base), next.has_conflict())?;
    let lines = format.parse(text, next.title(), &base)?;
    let first = next.reserve(lines.len());
    let wanted: Vec<Wanted> = lines.iter().map(wanted).collect();
    let mut ours = plan::align(&base, &wanted, first);
    let base = next.recognise_given_up(seen.outline(), base, &wanted, &mut ours);
    format.say(&base, &mut ours, &lines)?;
    check_changes(&base, &ours, &lines)?;
    if !allow_delete {
        check_deletions(&base, &ours, engine.settings.max_delete)?;
    }
    Ok((Arc::new(ours), seen.clone().map(|_| Arc::new(base))))
}

/// Waits for Taskade's verdict on a save, but no longer than `--commit-wait`,
/// and not if the service is gone.
pub(crate) async fn verdict(engine: &Engine, project: &Project, generation: u64) -> Result<()> {
    let mut progress = project.progress.subscribe();
    let decided = progress.wait_for(|progress| progress.generation >= generation);
    tokio::select! {
        progress = decided => match progress {
            Ok(progress) => progress.rejected.clone().map_or(Ok(()), Err),
            Err(_) => Ok(()),
        },
        // In the journal and on its way: the promise holds without a verdict.
        () = presence::departure(engine) => Ok(()),
        () = engine.clock.sleep(engine.settings.commit_wait) => Ok(()),
    }
}
