//! Which reading a project gets, where anything shows that only exports tell: a listing of its tasks,
//! an export of its space, or both at the same time.
//!
//! The first look into a space of an account takes both, and compares them: from then on exports are
//! trusted in every space of the account, for as long as all that were compared say what listings
//! say, and tell more for one request. A listing alone is for what exports leave out, for spaces
//! whose exports are refused, slow or large, and for whoever an export does not tell in time. What
//! comes too late for its reader is taken over as a change by others is.

use std::{
    future::poll_fn,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::{Duration, Instant},
};

use crate::{
    api::Priority,
    error::Result,
    sync::{
        engine::Engine,
        leaf::exports::{Claim, EXPORT_TIMEOUT, FlightLease, Space},
        presence,
        project::Project,
        read::{export, exported, fetch},
    },
};

/// How long a reader waits for more than it can be served at once.
pub(crate) const REVALIDATION_WAIT: Duration = Duration::from_millis(500);

/// How long the kernel may believe names and attributes that do not age: every change that does not
/// come through it is told to it.
pub const TTL: Duration = Duration::from_secs(1);

/// A reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Listing,
    Export,
    Both,
}

/// Reads a project anew, unless that was done less than `--max-age` ago.
///
/// # Errors
/// As [`fetch::refresh`].
pub(crate) async fn read(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    priority: Priority,
) -> Result<()> {
    let (begun, max_age) = (engine.clock.now(), engine.max_age_of(project));
    if is_fresh(engine, project) {
        return Ok(());
    }
    let mut reading = choose(engine, project);
    // Of several spaces that are looked into at once, one is compared.
    let _first = match reading {
        Reading::Both => tokio::select! {
            first = engine.exports.first_comparison.lock() => Some(first),
            () = presence::departure(engine) => None,
            () = engine.clock.sleep(EXPORT_TIMEOUT) => None,
        },
        Reading::Listing | Reading::Export => None,
    };
    if reading == Reading::Both {
        if is_fresh(engine, project) {
            return Ok(());
        }
        reading = choose(engine, project);
    }
    if reading == Reading::Listing {
        return list(engine, project, priority).await;
    }
    let space = engine.exports.space(&project.folder());
    match space.claim(begun, max_age) {
        Claim::Mine(lease) if reading == Reading::Both => {
            read_both(engine, project, &space, (lease, begun), priority).await
        }
        Claim::Mine(lease) => {
            if priority == Priority::Background {
                lease.note_ahead();
            }
            ask_for_export(engine, project, (lease, begun), false, priority);
            wait(engine, &space, EXPORT_TIMEOUT).await;
            list_unless_fresh(engine, project, priority).await
        }
        Claim::Awaited => join(engine, project, &space, priority).await,
        Claim::Lately => list(engine, project, priority).await,
    }
}

/// Whether a project is read again by an export of its space, and by nothing beside.
pub(crate) fn is_read_by_export(engine: &Engine, project: &Project) -> bool {
    choose(engine, project) == Reading::Export
}

fn choose(engine: &Engine, project: &Project) -> Reading {
    let (folder, Some(id)) = (project.folder(), project.id()) else { return Reading::Listing };
    let is_unknown = !project.is_known();
    // What everybody looks at is to be now, and no more than it. The last requests are not for what
    // there is another way to.
    let is_for_one = !is_unknown && engine.max_age_of(project).is_zero();
    let is_kept = || engine.budget().is_some_and(|budget| budget.is_kept);
    if !engine.settings.shows_exported()
        || is_for_one
        || export::is_refused(engine, &folder)
        || is_kept()
        || presence::gone(engine).is_some()
    {
        return Reading::Listing;
    }
    match exported::agreement(engine, &folder) {
        None => Reading::Both,
        Some(agreement) if agreement.left_out.contains(&id) => Reading::Listing,
        Some(agreement) if !agreement.is_heavy => Reading::Export,
        Some(_) if is_unknown => Reading::Both,
        Some(_) => Reading::Listing,
    }
}

/// Lists the project, and has the space exported meanwhile. Once the tasks are there they wait a
/// moment for the rest.
async fn read_both(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    space: &Arc<Space>,
    (lease, begun): (FlightLease, Instant),
    priority: Priority,
) -> Result<()> {
    let mut listing = pin!(fetch::refresh(engine, project, priority));
    // The tasks come first where requests come to an end.
    let first = poll_fn(|context| Poll::Ready(listing.as_mut().poll(context))).await;
    if let Poll::Ready(Err(error)) = first {
        return Err(error);
    }
    ask_for_export(engine, project, (lease, begun), true, priority);
    if first.is_pending() {
        listing.await?;
    }
    if priority == Priority::Foreground {
        wait(engine, space, REVALIDATION_WAIT).await;
    }
    exported::compare_with_listing(engine, project).await;
    Ok(())
}

/// Somebody has the space exported: what that tells is waited for, unless the project itself is
/// being listed.
async fn join(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    space: &Arc<Space>,
    priority: Priority,
) -> Result<()> {
    let _wanted = (priority != Priority::Background).then(|| {
        space.join(engine.clock.now());
        engine.backend.want(project.folder().as_str())
    });
    if project.remote.try_lock().is_ok() {
        wait(engine, space, space.time_left(engine.clock.now())).await;
        return list_unless_fresh(engine, project, priority).await;
    }
    fetch::refresh(engine, project, priority).await?;
    if priority == Priority::Foreground {
        wait(engine, space, REVALIDATION_WAIT).await;
    }
    exported::compare_with_listing(engine, project).await;
    Ok(())
}

async fn list_unless_fresh(
    engine: &Engine,
    project: &Arc<Project>,
    priority: Priority,
) -> Result<()> {
    if is_fresh(engine, project) { Ok(()) } else { list(engine, project, priority).await }
}

fn is_fresh(engine: &Engine, project: &Project) -> bool {
    let max_age = engine.max_age_of(project);
    project.lock().is_fresh(engine.clock.now(), max_age)
}

/// Lists the project, which may tell that what the newest export says of others can be trusted.
async fn list(engine: &Engine, project: &Arc<Project>, priority: Priority) -> Result<()> {
    fetch::refresh(engine, project, priority).await?;
    if engine.settings.shows_exported() {
        exported::compare_with_listing(engine, project).await;
    }
    Ok(())
}

/// Has the space of a project exported, which may be listed meanwhile, whoever waits for that.
fn ask_for_export(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    (lease, begun): (FlightLease, Instant),
    is_listed: bool,
    priority: Priority,
) {
    let (shared, project, folder) = (engine.clone(), project.clone(), project.folder());
    engine.tasks.spawn("exporting a space", async move {
        let listed = Some(&*project).filter(|_| is_listed);
        exported::export(&shared, &folder, (&lease, listed), begun, priority).await;
    });
}

/// Waits until no export of the space is awaited, but not longer than this.
async fn wait(engine: &Engine, space: &Space, longest: Duration) {
    tokio::select! {
        () = space.landing() => {}
        () = presence::departure(engine) => {}
        () = engine.clock.sleep(longest) => {}
    }
}
