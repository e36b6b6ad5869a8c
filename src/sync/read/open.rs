//! Opening projects: what is young enough is served as it is, what is older is asked for with a
//! bounded wait, what was never read is waited for.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::{
    api::Priority,
    error::{Error, Kind, Result},
    replica::{freshness::remaining, served::Process, state::Content},
    sync::{
        engine::Engine,
        presence,
        project::Project,
        read::{
            cache_readahead,
            cache_write::{self, WATCHED, is_lasting},
            export,
            look::{self, REVALIDATION_WAIT, TTL},
            readahead, refresh, space_readahead,
        },
        residency,
    },
};

/// What a program that opens the project gets, if it may be one that walks through many.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_for(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
) -> Result<Content> {
    cache_readahead::ensure(engine, project).await;
    let (now, max_age) = (engine.clock.now(), engine.max_age_of(project));
    if let Some(process) = process {
        engine.transfers.opens(process, project.serial, now);
    }
    let walks = process.is_some_and(|process| engine.scans.opens(process, project.serial, now));
    // Without any age to be served at, everybody looks.
    if walks
        && !max_age.is_zero()
        && let Some(content) = residency::content(engine, project)
    {
        if project.lock().is_due(now, max_age) {
            refresh::refresh_aside(engine, project);
        }
        return Ok(content);
    }
    serve(engine, project, process).await
}

/// What a program that opens the project gets.
///
/// # Errors
/// As [`Client::tasks`](crate::api::Client::tasks), and only if the project was never read.
pub(crate) async fn read(engine: &Arc<Engine>, project: &Arc<Project>) -> Result<Content> {
    serve(engine, project, None).await
}

/// As [`read`], for a program that may go on to others.
pub(crate) async fn serve(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
) -> Result<Content> {
    cache_readahead::ensure(engine, project).await;
    let (now, max_age) = (engine.clock.now(), engine.max_age_of(project));
    let (content, settled, from_cache) = {
        let mut state = residency::resident(engine, project);
        let settled = !state.shows_remote() || state.is_fresh(now, max_age);
        (state.lend_content(), settled, state.is_from_cache())
    };
    match content {
        Some(content) if settled => Ok(content),
        Some(content) if from_cache => {
            refresh::refresh_aside(engine, project);
            Ok(content)
        }
        Some(stale) => {
            revalidate(engine, project).await;
            Ok(residency::content(engine, project).unwrap_or(stale))
        }
        None => {
            // Who waits for the service does so on no thread of the kernel's: the cache is looked into
            // for what is to be read ahead.
            tokio::task::yield_now().await;
            space_readahead::lead(engine, project, process);
            if !export::read_by_export(engine, project).await {
                readahead::read_ahead(engine, project, process);
                look::read(engine, project, Priority::Foreground).await?;
            }
            residency::content(engine, project)
                .ok_or_else(|| Error::new(Kind::Protocol, "nothing was read"))
        }
    }
}

/// What a program that only looks at the project's size and time gets: the project is read
/// if it never was. If it is due and somebody opened it lately, it is asked
/// for again, and nobody waits for that.
///
/// # Errors
/// As [`read`].
pub(crate) async fn revalidate_attr(
    engine: &Arc<Engine>,
    project: &Arc<Project>,
    process: Option<Process>,
) -> Result<()> {
    if !project.is_known() {
        cache_readahead::ensure(engine, project).await;
    }
    let (now, max_age) = (engine.clock.now(), engine.max_age_of(project));
    let watched = {
        let state = project.lock();
        if !state.is_known() {
            None
        } else {
            let lately = |opened| now.saturating_duration_since(opened) <= WATCHED;
            Some(state.opened.is_some_and(lately) && state.is_due(now, max_age))
        }
    };
    match watched {
        None => serve(engine, project, process).await.map(drop),
        Some(false) => Ok(()),
        Some(true) => {
            refresh::refresh_aside(engine, project);
            Ok(())
        }
    }
}

/// How long what a reader gets is sure to stay as it is, unless the kernel is told: until
/// opening it asks again, however late a look would.
pub(crate) fn attr_ttl(engine: &Engine, project: &Project) -> Duration {
    let (now, max_age) = (engine.clock.now(), engine.max_age_of(project));
    let state = project.lock();
    if !state.shows_remote() {
        return TTL;
    }
    state.read().map_or(Duration::ZERO, |read| remaining(read, now, max_age))
}

/// Notes what a program was served, so that its save is compared with that, also if it comes
/// after a remount.
pub(crate) fn note_served(engine: &Engine, project: &Project, content: &Content) {
    // Tasks without an id are known by their numbers in this mount only. Until they have one
    // the journal has the save that made them.
    let is_noted = project.lock().is_served(content.version);
    if is_noted || !is_lasting(&content.outline) {
        return;
    }
    let id = {
        let mut state = project.lock();
        state.note_served(content.version);
        state.id().cloned()
    };
    if let Some(id) = id {
        engine.cache.keep_served(&id, &content.outline);
    }
}

/// Sets the time of last change of a project, as a program asks. It stays until the content
/// changes.
pub(crate) fn set_modified(
    engine: &Engine,
    project: &Project,
    time: SystemTime,
    process: Option<Process>,
) {
    residency::ensure_resident(engine, project);
    project.set_modified(time, engine.clock.wall(), process);
    cache_write::write(engine, project);
}

/// Asks for a newer state, and waits for it, but not for long. A failure leaves what is
/// known as it is.
pub(crate) async fn revalidate(engine: &Arc<Engine>, project: &Arc<Project>) {
    // A request that waits for the next window would keep a save from the project until then,
    // which may use what is left of this one.
    if engine.budget().is_some_and(|budget| budget.is_kept) {
        return;
    }
    if presence::gone(engine).is_some() {
        engine.backend.hurry();
        refresh::refresh_aside(engine, project);
        return;
    }
    let (shared, asked) = (engine.clone(), project.clone());
    let refresh = tokio::spawn(async move {
        if let Err(error) = look::read(&shared, &asked, Priority::Foreground).await {
            tracing::warn!(%error, project = asked.title(), "serving what was read before");
        }
    });
    tokio::select! {
        _ = refresh => {}
        () = presence::departure(engine) => {}
        () = engine.clock.sleep(REVALIDATION_WAIT) => {}
    }
}
