//! Following what programs have open: what others change there is asked for with nobody looking, so
//! that editors and watchers hear of it. What is asked for when is told by
//! [`follow_order`](crate::sync::read::follow_order).
//!
//! A program has open what it opened and did not die since; one that opens project after project
//! reads them. With nothing open nothing is asked for.

use std::{sync::Arc, time::Instant};

use crate::{
    api::Priority,
    ids::ProjectId,
    replica::served::Process,
    sync::{
        bases::is_alive,
        engine::Engine,
        leaf::followed::FollowLease,
        presence,
        project::Project,
        read::{
            follow_order::{AGE, FollowOrder, OpenSubject, Subject, Turn},
            look, refresh,
        },
    },
};

/// A program opens a project.
pub(crate) fn open(engine: &Arc<Engine>, project: &Arc<Project>, process: Option<Process>) {
    let Some(process) = process.filter(|_| engine.settings.follow) else { return };
    if let Some(lease) = engine.followed.open(project, process, engine.clock.now()) {
        let shared = engine.clone();
        engine.tasks.spawn("following", async move { follow(&shared, lease).await });
    }
}

async fn follow(engine: &Arc<Engine>, mut lease: FollowLease) {
    let mut order = FollowOrder::default();
    loop {
        if presence::gone(engine).is_some() {
            presence::presence(engine).await;
        }
        let now = engine.clock.now();
        let open = lease.open(now, is_alive);
        if open.is_empty() {
            return;
        }
        let subjects = subjects(engine, &open);
        let open: Vec<OpenSubject> = subjects.iter().map(|(open, _)| open.clone()).collect();
        match order.next(&open, now) {
            Turn::Wait(until) => {
                // Whatever is opened meanwhile is read then, and has no turn before that.
                engine.clock.sleep(until.saturating_duration_since(now).min(AGE)).await;
            }
            Turn::Viewed => ask_what_was_viewed(engine, &mut order, now).await,
            Turn::Read(number) => {
                let Some((subject, project)) = subjects.get(number) else { continue };
                order.note_read(subject, now);
                let read = look::read(engine, project, Priority::Background).await;
                refresh::note_refreshed(engine, project, read);
            }
        }
    }
}

/// What is read by one request each of what is open, with the project of it that was read longest ago.
/// What is on its way to Taskade is read by whoever sends it.
fn subjects(engine: &Engine, open: &[(Arc<Project>, Instant)]) -> Vec<(OpenSubject, Arc<Project>)> {
    let mut subjects: Vec<(OpenSubject, Arc<Project>)> = Vec::new();
    for (project, opened) in open {
        let (id, read) = {
            let current = project.lock();
            let shown = current.id().cloned().filter(|_| current.shows_remote());
            let Some((id, read)) = shown.zip(current.read()) else { continue };
            (id, read)
        };
        let max_age = engine.max_age_of(project);
        let subject = match look::is_read_by_export(engine, project) {
            true => Subject::Space(project.folder()),
            false => Subject::Project(id.clone()),
        };
        match subjects.iter_mut().find(|(known, _)| known.subject == subject) {
            Some((known, oldest)) => {
                known.projects.push(id);
                known.opened = known.opened.max(*opened);
                known.max_age = known.max_age.min(max_age);
                if read < known.read {
                    (known.read, *oldest) = (read, project.clone());
                }
            }
            None => {
                let (projects, opened) = (vec![id], *opened);
                let open = OpenSubject { subject, projects, read, opened, max_age };
                subjects.push((open, project.clone()));
            }
        }
    }
    subjects
}

async fn ask_what_was_viewed(engine: &Engine, order: &mut FollowOrder, now: Instant) {
    order.note_asked(now);
    match engine.backend.viewed_projects(Priority::Background).await {
        Ok(projects) => {
            let projects: Vec<ProjectId> = projects.into_iter().map(|it| it.id).collect();
            order.note_viewed(&projects);
        }
        Err(error) => {
            tracing::debug!(%error, "not told what was viewed");
            if !error.kind().is_transient() {
                order.note_refused(now);
            }
        }
    }
}
