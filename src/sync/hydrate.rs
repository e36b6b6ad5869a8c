//! Many projects at once: a space whose unknown projects are read one after the other is exported
//! in one request, where the service allows it.
//!
//! What an export says counts only where it was seen to say the same as a listing: every project
//! of the space that is read by itself is compared with it, and whatever kinds of nodes the
//! equal ones have are trusted in the others. A project with any other kind is read by itself.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Mutex as AsyncMutex;

use super::{engine::Engine, project::Project};
use crate::{
    api::{Exported, Priority, RemoteProject},
    error::Kind,
    ids::{ProjectId, SpaceId},
    memory,
    plan::{Listing, OnlyRoot, Outline},
};

/// Within how long a second project of a space must be asked for, to make it a walk through it.
const WALK: Duration = Duration::from_secs(10);

/// With fewer unknown projects than this, an export saves no request.
const WORTH: usize = 2;

/// How long a reader waits for an export since it was asked for. It goes on without one, and what
/// comes later is still of use.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long a refusal to export counts; a difference, which may be somebody's edit between the
/// two readings; and a failure.
const REFUSED: Duration = Duration::from_secs(24 * 3600);
const DIFFERS: Duration = Duration::from_secs(3600);
const FAILED: Duration = Duration::from_secs(60);

/// What is known of the exports of every space.
#[derive(Debug, Default)]
pub(crate) struct Exports {
    spaces: Mutex<HashMap<SpaceId, Arc<Space>>>,
}

#[derive(Debug, Default)]
struct Space {
    /// The last unknown project that was asked for, and when.
    asked: Mutex<Option<(u64, Instant)>>,
    /// Since when an export is awaited, if one is.
    awaited: Mutex<Option<Instant>>,
    /// Locked by whoever exports; others wait for the answer.
    export: AsyncMutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The newest export, while it is young.
    newest: Option<Export>,
}

/// An export of a space.
#[derive(Debug)]
struct Export {
    /// When it was asked for.
    taken: Instant,
    projects: HashMap<ProjectId, Exported>,
    /// The traits of the projects that were listed just as they were exported.
    verified: BTreeSet<String>,
    /// Whether a project was listed otherwise.
    differs: bool,
}

impl Exports {
    fn space(&self, id: &SpaceId) -> Arc<Space> {
        let mut spaces = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        spaces.entry(id.clone()).or_default().clone()
    }
}

impl Space {
    /// Whether another unknown project of the space was asked for just now.
    fn is_walked(&self, serial: u64, now: Instant) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let before = asked.replace((serial, now));
        before.is_some_and(|(other, when)| {
            other != serial && now.saturating_duration_since(when) <= WALK
        })
    }

    /// How much longer a reader waits for an export.
    fn patience(&self, now: Instant) -> Duration {
        let awaited = *self.awaited.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = awaited.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        PATIENCE.saturating_sub(waited)
    }

    fn set_awaited(&self, since: Option<Instant>) {
        *self.awaited.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }
}

impl Export {
    /// Compares a project that was read by itself after the export was begun.
    fn compare(&mut self, engine: &Engine, id: &ProjectId, project: &Project) {
        let Some(exported) = self.projects.get(id) else { return };
        let known = {
            let state = engine.recalled(project);
            let known = state.snapshot.as_ref().filter(|known| known.read.is_some());
            known.map(|known| (known.outline.clone(), known.title.clone()))
        };
        let Some((outline, title)) = known else { return };
        let listing = listing(exported, &project.title());
        let titles = (title, listing.title.map(|node| node.id));
        let same_title = !matches!(&titles, (Some(one), Some(other)) if one != other);
        if *outline == listing.outline && same_title {
            self.verified.extend(exported.traits.iter().cloned());
        } else {
            self.differs = true;
        }
    }

    /// What it says of a project, if that can be trusted.
    fn trusted(&self, id: &ProjectId) -> Option<&Exported> {
        let exported = self.projects.get(id).filter(|_| !self.differs)?;
        exported.traits.is_subset(&self.verified).then_some(exported)
    }
}

fn listing(exported: &Exported, title: &str) -> Listing {
    Outline::from_listing(&exported.tasks, title, OnlyRoot::IsTitle)
}

impl Engine {
    /// Reads a project that was never read, with its whole space if that is being walked through.
    /// Whether it is known now; else it is to be read by itself.
    pub(crate) async fn hydrate(self: &Arc<Self>, project: &Arc<Project>) -> bool {
        if self.settings.max_age.is_zero() {
            // What another project's reader asked for is too old for this one.
            return false;
        }
        let (space, now) = (self.exports.space(&project.folder()), self.clock.now());
        let patience = space.patience(now);
        if !space.is_walked(project.serial, now) || patience.is_zero() {
            return false;
        }
        let (engine, asked) = (self.clone(), project.clone());
        let hydrated = tokio::spawn(async move { engine.hydrate_from(&space, &asked).await });
        tokio::select! {
            hydrated = hydrated => hydrated.unwrap_or(false),
            () = self.clock.sleep(patience) => false,
        }
    }

    async fn hydrate_from(&self, space: &Space, project: &Arc<Project>) -> bool {
        let (folder, Some(id)) = (project.folder(), project.id()) else { return false };
        let mut state = space.export.lock().await;
        if project.is_known() {
            return true;
        }
        let now = self.clock.now();
        if self.listings.export_refused(&folder).is_some_and(|until| self.clock.wall() < until) {
            return false;
        }
        let is_young =
            |export: &Export| now.saturating_duration_since(export.taken) <= self.settings.max_age;
        if !state.newest.as_ref().is_some_and(is_young) {
            if self.unknown_in(&folder) < WORTH {
                return false;
            }
            space.set_awaited(Some(now));
            self.export(&folder, &mut state).await;
            space.set_awaited(None);
            self.install_trusted(&folder, &mut state);
        }
        let Some(export) = state.newest.as_ref().filter(|export| !export.differs) else {
            return false;
        };
        if project.is_known() {
            return true;
        }
        if !export.projects.contains_key(&id) {
            return false;
        }
        // Nobody waits for its verdict: projects with the same traits are read side by side.
        drop(state);
        if self.refresh(project, Priority::Foreground).await.is_err() {
            return false;
        }
        let mut state = space.export.lock().await;
        if let Some(export) = &mut state.newest {
            let verified = export.verified.len();
            export.compare(self, &id, project);
            if export.verified.len() > verified {
                self.install_trusted(&folder, &mut state);
            }
        }
        true
    }

    /// How many listed projects of a folder were never read.
    fn unknown_in(&self, folder: &SpaceId) -> usize {
        let is_unknown = |listed: &&RemoteProject| {
            self.known(&listed.id).is_none_or(|project| !project.is_known())
        };
        self.listings.projects_in(folder).iter().filter(is_unknown).count()
    }

    /// Exports a space, and compares the export with what is known of it by listings.
    async fn export(&self, folder: &SpaceId, state: &mut State) {
        let taken = self.clock.now();
        state.newest = None;
        let projects = match self.backend.export(Priority::Foreground, folder).await {
            Ok(projects) => projects,
            Err(error) => {
                let lasts = matches!(
                    error.kind(),
                    Kind::Forbidden
                        | Kind::NotFound
                        | Kind::PaymentRequired
                        | Kind::Refused
                        | Kind::Unsupported
                );
                tracing::info!(%error, %folder, "not exported; its projects are read one by one");
                let pause = if lasts { REFUSED } else { FAILED };
                self.listings.refuse_export(folder, self.clock.wall() + pause);
                return;
            }
        };
        let verified = BTreeSet::new();
        let mut export = Export { taken, projects, verified, differs: false };
        let ids: Vec<ProjectId> = export.projects.keys().cloned().collect();
        for id in ids {
            let Some(known) = self.known(&id) else { continue };
            if !known.is_known() {
                // Whoever reads it first at the moment is to finish: that is compared with.
                drop(known.remote.lock().await);
            }
            if known.lock().is_fresh(self.clock.now(), self.settings.max_age) {
                export.compare(self, &id, &known);
            }
        }
        if export.differs {
            tracing::info!(%folder, "the export differs from listings; not used");
            self.listings.refuse_export(folder, self.clock.wall() + DIFFERS);
        }
        state.newest = Some(export);
    }

    /// Installs what the newest export says of the unknown projects of a folder, as far as it can
    /// be trusted, and keeps of it only what cannot be yet.
    fn install_trusted(&self, folder: &SpaceId, state: &mut State) {
        let Some(export) = &mut state.newest else { return };
        self.install(folder, export);
        let verified = &export.verified;
        export.projects.retain(|_, exported| !exported.traits.is_subset(verified));
        memory::give_back();
    }

    fn install(&self, folder: &SpaceId, export: &Export) {
        for RemoteProject { id, name, .. } in self.listings.projects_in(folder) {
            let Some(exported) = export.trusted(&id) else { continue };
            let project = self.known(&id).unwrap_or_else(|| self.project(&id, folder, &name));
            // Whoever converses with the service about it knows better.
            let Ok(_conversation) = project.remote.try_lock() else { continue };
            if project.is_known() {
                continue;
            }
            self.take_in(&project, listing(exported, &project.title()), export.taken);
        }
    }
}
