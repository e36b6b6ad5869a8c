//! Working saves off: one worker a project, from a reading to the last request of the script.
//!
//! The order of every step is chosen so that a crash between any two leaves the journal able to
//! finish: the save is durable before anything is sent, creates are noted before they are
//! sent, and an entry is removed only when nothing is left to be sent.

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt as _;

use crate::{
    api::Priority,
    error::{Kind, Result},
    ids::TaskId,
    plan::{Key, Op},
    replica::{pending::PendingSave, remote::Snapshot, sending::SendOutcome},
    sync::{
        bases,
        engine::Engine,
        presence,
        project::{Progress, Project, Relocated},
        read::{cache_write, detail, exported, fetch, open},
        residency,
        transition::Transition,
        upload::{
            actions, archive,
            copy_details::{self, Copied},
            create, denied, held,
            lease::{WorkerLease, is_done},
            names, rebase, reject,
            relocate::{self, may_relocate},
            restoration, send, unsettable,
        },
    },
};

/// The first pause after a failure that may pass; it doubles up to [`LONGEST_PAUSE`].
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(1);

pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How far the saves of a project are worked off.
pub(crate) enum Worked {
    Off,
    /// All but deletions, of the saves up to this one.
    ButHeld(u64),
}

/// How a run of the script ended without a refusal.
pub(crate) enum Run {
    /// Everything that was planned is sent.
    Traverse,
    /// What is known is out of date, or a newer save came: plan again.
    PlanAgain,
    /// All is sent but deletions, which wait for what was cut to be pasted elsewhere.
    Held,
}

/// Has a worker see to a project; whoever asks has seen that there is none, and noted that there is one
/// now. Should it die, another one is started after a while if nobody has started one.
pub(crate) fn start(engine: &Arc<Engine>, project: &Arc<Project>) {
    let (busy, shared, project) = (engine.tasks.busy(), engine.clone(), project.clone());
    engine.tasks.spawn("the worker of a project", async move {
        let lease = WorkerLease::of(&shared, &project);
        let worked = AssertUnwindSafe(work(&shared, &project, lease)).catch_unwind().await;
        drop(busy);
        exported::take_over_left(&shared, &project).await;
        if worked.is_err() {
            let title = project.title();
            tracing::error!(project = title, "its worker died; it is tried again");
            shared.clock.sleep(LONGEST_PAUSE).await;
            if !is_done(&project.lock()) {
                shared.wake(&project);
            }
        }
    });
}

pub(crate) async fn work(engine: &Arc<Engine>, project: &Arc<Project>, mut lease: WorkerLease) {
    let mut pause = FIRST_PAUSE;
    loop {
        let mut changes = engine.transfers.subscribe();
        match work_off(engine, project).await {
            Ok(Worked::Off) if lease.end_if_done() => return,
            Ok(Worked::Off) => pause = FIRST_PAUSE,
            Ok(Worked::ButHeld(generation)) => {
                pause = FIRST_PAUSE;
                // In the journal, and nothing stands in its way but time.
                project.progress.send_replace(Progress { generation, rejected: None });
                let ticket = project.lock().renamings();
                project.relocated.send_replace(Relocated { ticket, rejected: None });
                let wait = held::held_for(engine, project);
                tokio::select! {
                    _ = changes.changed() => {}
                    () = engine.clock.sleep(wait) => {}
                }
            }
            Err(error) if error.kind().is_transient() || error.kind().is_local() => {
                tracing::warn!(%error, project = project.title(), "a save waits");
                pause = wait_to_try_again(engine, pause).await;
            }
            Err(error) => {
                denied::note(engine, project, &error);
                reject::refuse(engine, project, error).await;
                drop(lease);
                if project.lock().is_relocated() {
                    engine.wake(project);
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
pub(crate) async fn wait_to_try_again(engine: &Engine, pause: Duration) -> Duration {
    let is_gone = presence::gone(engine).is_some();
    let wait = if is_gone { FIRST_PAUSE } else { pause };
    tokio::select! {
        () = presence::presence(engine), if is_gone => {}
        () = engine.clock.sleep(wait) => {}
    }
    if is_gone { FIRST_PAUSE } else { (pause * 2).min(LONGEST_PAUSE) }
}

pub(crate) async fn work_off(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Worked> {
    let _conversation = fetch::converse(engine, project).await;
    let began = engine.clock.now();
    let mut asked_again = false;
    while project.lock().pending().is_some() {
        if restoration::restore_if_wanted(engine, project).await?
            && has_nothing_to_send(engine, project)
        {
            let generation = project.lock().generation();
            finish(engine, project, generation).await?;
            continue;
        }
        if may_relocate(&project.lock()) {
            relocate_between(engine, project).await?;
            continue;
        }
        if project.lock().is_rejected() {
            break;
        }
        if let Some(error) = denied::denied(engine, project)
            && !has_nothing_to_send(engine, project)
        {
            return Err(error);
        }
        if project.is_unborn() {
            create::create(engine, project).await?;
        }
        let max_age = engine.max_age_of(project);
        if is_doubtful(project) || !project.lock().is_fresh(engine.clock.now(), max_age) {
            fetch::fetch(engine, project, Priority::Save).await?;
        }
        look_at_detail(engine, project).await?;
        let mut generation = rebase::rebase(engine, project).await?;
        // An earlier attempt may have failed for long.
        if project.lock().deletes_unread(began) && held::held(engine, project).is_none() {
            fetch::fetch(engine, project, Priority::Save).await?;
            generation = rebase::rebase(engine, project).await?;
        }
        match run_script(engine, project, generation).await {
            Ok(run @ (Run::Traverse | Run::Held)) => {
                match (copy_details::copy_details(engine, project).await?, run) {
                    (Copied::Something, _) => {}
                    (Copied::Nothing, Run::Traverse) => finish(engine, project, generation).await?,
                    (Copied::Nothing | Copied::Waits, _) => {
                        return Ok(Worked::ButHeld(generation));
                    }
                }
            }
            Ok(Run::PlanAgain) => {}
            // Somebody may have changed what the request was about: look again, once.
            Err(error)
                if matches!(error.kind(), Kind::NotFound | Kind::Refused) && !asked_again =>
            {
                tracing::info!(%error, project = project.title(), "reading before a retry");
                asked_again = true;
                expire(engine, project).await;
            }
            Err(error) => return Err(error),
        }
    }
    archive::archive_if_wanted(engine, project).await?;
    Ok(Worked::Off)
}

/// Gets the project to its place; whatever was saved before has its verdict by then.
pub(crate) async fn relocate_between(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<()> {
    let (generation, is_sent) = {
        let state = project.lock();
        let is_sent = state.pending().is_none_or(PendingSave::is_sent);
        (state.generation(), is_sent && !state.is_rejected())
    };
    if is_sent {
        project.progress.send_replace(Progress { generation, rejected: None });
    }
    relocate::relocate(engine, project).await?;
    if !project.lock().is_rejected() {
        finish(engine, project, generation).await?;
    }
    Ok(())
}

pub(crate) fn has_nothing_to_send(engine: &Engine, project: &Project) -> bool {
    let state = residency::resident(engine, project);
    state.pending().is_some_and(|save| save.is_settled() && !save.is_base_uncertain())
}

/// Asks for the detail that the request in flight was to change, if it is not simply to be sent
/// again: no listing shows it, and a newer save may have taken the change back.
pub(crate) async fn look_at_detail(engine: &Engine, project: &Project) -> Result<()> {
    let asked = {
        let state = project.lock();
        let doubt = state.pending().and_then(PendingSave::detail_in_doubt);
        state.id().cloned().zip(doubt)
    };
    let Some((id, (task, resource))) = asked else { return Ok(()) };
    let fetched = detail::ask_detail(engine, Priority::Save, &id, &task, resource).await?;
    let mut next = Transition::begin(engine, project).await;
    next.clear_up(&task, resource, &fetched);
    detail::merge_details_in(project, &mut next, &[(task, fetched)]);
    next.keep_in_memory();
    detail::write_details(engine, project);
    Ok(())
}

pub(crate) async fn run_script(engine: &Engine, project: &Project, generation: u64) -> Result<Run> {
    let (id, ops) = {
        let state = project.lock();
        let ops = state.pending().map(PendingSave::script);
        (state.id().cloned(), ops.unwrap_or_default())
    };
    let Some(id) = id else { return Ok(Run::PlanAgain) };
    if unsettable::leave_out(engine, project, &ops).await?
        || names::check_names(engine, project, &id, &ops).await?
    {
        return Ok(Run::PlanAgain);
    }
    let mut created: HashMap<Key, TaskId> = HashMap::new();
    for op in ops {
        let op = send::with_ids(op, &created);
        if matches!(op, Op::Delete { .. }) && held::held(engine, project).is_some() {
            return Ok(Run::Held);
        }
        if !note_sending(engine, project, &op, generation).await? {
            return Ok(Run::PlanAgain);
        }
        match send::send(engine, project, &id, &op).await {
            Ok(outcome) => {
                if let Op::Create(items) = &op {
                    let keys = items.iter().map(|item| item.key.clone());
                    created.extend(keys.zip(outcome.ids.iter().cloned()));
                }
                note_done(engine, project, &op, outcome).await;
            }
            Err(error) => {
                // A batch that was refused may have been executed up to what it was refused
                // for: whether batches are all or nothing is not documented.
                let untouched = matches!(error.kind(), Kind::RateLimited | Kind::Unreachable);
                if untouched {
                    forget_sending(engine, project).await;
                } else if matches!(op, Op::Create(_)) || !error.kind().is_certain() {
                    expire(engine, project).await;
                }
                return Err(error);
            }
        }
    }
    Ok(Run::Traverse)
}

/// Notes that a request is about to be sent, unless a newer save came: if its answer never
/// comes, a reading must be matched against it. Creates are journaled, since it takes their
/// numbers to know them again, and details, since no listing shows them. Anything else is
/// journaled by the next save, if one comes: until then whatever a reading shows of it is what
/// the target has.
pub(crate) async fn note_sending(
    engine: &Engine,
    project: &Project,
    op: &Op,
    generation: u64,
) -> Result<bool> {
    let mut next = Transition::begin(engine, project).await;
    if next.generation() != generation {
        return Ok(false);
    }
    next.note_sending(op);
    if send::is_unseen(op) {
        next.commit_with(|current| current.touch(op, engine.clock.now())).await?;
    } else {
        next.keep_in_memory_with(|current| current.touch(op, engine.clock.now()));
    }
    Ok(true)
}

/// Notes that a request was not executed.
async fn forget_sending(engine: &Engine, project: &Project) {
    let mut next = Transition::begin(engine, project).await;
    next.note_unsent();
    next.keep_in_memory();
}

/// Notes that a request was executed. Not journaled: after a crash a reading shows it.
pub(crate) async fn note_done(engine: &Engine, project: &Project, op: &Op, outcome: SendOutcome) {
    let mut next = Transition::begin(engine, project).await;
    next.note_executed(op, &outcome);
    next.keep_in_memory_with(|current| {
        current.touch(op, engine.clock.now());
        bases::log_names(engine, current);
    });
}

/// Everything is sent: the save leaves the journal and the file shows what Taskade has.
pub(crate) async fn finish(engine: &Engine, project: &Project, generation: u64) -> Result<()> {
    let mut next = Transition::begin(engine, project).await;
    let settled = next.pending().is_none_or(PendingSave::is_settled);
    if next.generation() != generation || !settled {
        return Ok(());
    }
    // A project that is to be archived stays in the journal until that is done, and tells then what
    // its saves have done.
    let leaves = next.row().is_some() && !next.is_to_be_archived();
    if leaves {
        engine.denied.forget(next.folder());
        next.action = actions::of_save(engine, &next);
        keep_details(engine, project).await;
    }
    next.complete(|result| project.render(result));
    next.commit_with(|current| current.interest.note_save()).await?;
    project.progress.send_replace(Progress { generation, rejected: None });
    cache_write::write(engine, project);
    if let Some(content) = residency::content(engine, project) {
        open::note_served(engine, project, &content);
    }
    Ok(())
}

/// Keeps what is known of details before the journal forgets it: unlike texts, they cannot be
/// told from a reading after a crash.
pub(crate) async fn keep_details(engine: &Engine, project: &Project) {
    let has_details =
        |known: &Snapshot| known.outline.items.iter().any(|item| !item.details.is_unknown());
    if project.lock().snapshot().is_some_and(has_details) {
        cache_write::write(engine, project);
        let cache = engine.cache.clone();
        // Fails only while the runtime goes.
        let _ = tokio::task::spawn_blocking(move || cache.write_out()).await;
    }
}

/// Whether the program may have seen more than is known: what is there must be looked at.
pub(crate) fn is_doubtful(project: &Project) -> bool {
    project.lock().pending().is_some_and(PendingSave::is_base_uncertain)
}

/// What is known of the project is no longer to be trusted.
pub(crate) async fn expire(engine: &Engine, project: &Project) {
    let mut next = Transition::begin(engine, project).await;
    next.expire();
    next.keep_in_memory();
}
