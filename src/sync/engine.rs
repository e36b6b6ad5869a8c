//! What all readings and saves of an account share. What is done with it are functions of the rooms
//! above.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, AtomicU64},
    },
    time::SystemTime,
};

use tokio::sync::mpsc;

use crate::{
    api::{Audited, BudgetStatus, Client, RemoteSpace},
    clock::Clock,
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
    lock_order::{Ordered, OrderedGuard},
    replica::served::Process,
    store::{
        agent_bases::AgentBases, artifacts::Artifacts, base_log::BaseLog, cache::Cache,
        journal::Journal, media_files::MediaFiles, removals::Removals, upload_files::UploadFiles,
    },
    sync::{
        event::Event,
        leaf::{
            agents::Agents, conflicts::Unseen, denied::Denied, exports::SpaceExports,
            followed::Followed, imports::Imports, listings::Listings, local_media::LocalMedias,
            media::Medias, operations::Operations, refresher::Refresher, residents::Residents,
            scans::Scans, transfers::Transfers, unmoved::Unsettled, walks::Walks,
        },
        project::Project,
        settings::Settings,
        tasks::BackgroundTasks,
    },
};

/// Readings, saves and listings of one account.
pub struct Engine {
    /// The service, with the audit log in front.
    pub(crate) backend: Client,
    pub(crate) audit: Arc<Audited>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) artifacts: Artifacts,
    pub(crate) unseen: Unseen,
    pub(crate) unmoved: Unsettled,
    pub(crate) cache: Arc<Cache>,
    /// What living programs have before their eyes.
    pub(crate) base_log: Arc<BaseLog>,
    pub(crate) settings: Settings,
    pub(crate) listings: Listings,
    pub(crate) agents: Agents,
    pub(crate) exports: SpaceExports,
    /// When bundles were imported.
    pub(crate) imports: Imports,
    /// What programs have before their eyes of agents.
    pub(crate) agent_bases: Arc<AgentBases>,
    pub(crate) residents: Residents,
    pub(crate) refresher: Arc<Refresher>,
    /// The projects whose details are asked for ahead.
    pub(crate) asks: Arc<Refresher>,
    /// What programs have open.
    pub(crate) followed: Arc<Followed>,
    pub(crate) scans: Scans,
    pub(crate) dir_scans: Scans,
    pub(crate) walks: Arc<Walks>,
    /// Who walks through spaces of which nothing is known.
    pub(crate) space_walks: Arc<Walks>,
    pub(crate) transfers: Transfers,
    /// The files that were removed, and are to be the same projects again if they come back.
    pub(crate) removals: Removals,
    /// What is to be done that is no save of a project.
    pub(crate) operations: Operations,
    pub(crate) medias: Medias,
    /// The media that programs have made here.
    pub(crate) local_medias: LocalMedias,
    /// The bytes of media that are to be uploaded.
    pub(crate) upload_files: Arc<UploadFiles>,
    /// The bytes of media that were read.
    pub(crate) media_files: Arc<MediaFiles>,
    pub(crate) tasks: BackgroundTasks,
    /// What the account was seen not to be allowed.
    pub(crate) denied: Denied,
    /// Whether the service was seen to keep titles whatever their node is told.
    pub(crate) titles_are_fixed: AtomicBool,
    /// Whether the service was seen to list titles as the root of all tasks.
    pub(crate) titles_are_listed: AtomicBool,
    /// Whether somebody reads the cache ahead of a walk.
    pub(crate) reads_cache_ahead: AtomicBool,
    pub(crate) this: Weak<Self>,
    /// Starts a worker at a project: what is above this knows how.
    pub(crate) work: fn(&Arc<Self>, &Arc<Project>),
    pub(crate) events: mpsc::UnboundedSender<Event>,
    pub(crate) projects: Ordered<HashMap<ProjectId, Arc<Project>>>,
    /// Projects that have no id yet, and some that have one by now.
    pub(crate) unborn: Ordered<Vec<Weak<Project>>>,
    pub(crate) serial: AtomicU64,
    pub(crate) started: SystemTime,
    /// The process that serves the mount.
    pub(crate) own: OnceLock<Process>,
}

impl Engine {
    /// Has a worker see to a project, if none does.
    pub(crate) fn wake(self: &Arc<Self>, project: &Arc<Project>) {
        if project.lock().begin_work() {
            (self.work)(self, project);
        }
    }

    /// What the user chose.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The journal, which also keeps the names.
    pub fn journal(&self) -> &Arc<Journal> {
        &self.journal
    }

    /// When the mount began: the time of whatever has not changed since.
    pub fn started(&self) -> SystemTime {
        self.started
    }

    /// Where what there is to know of the account is written for people.
    pub fn control_dir(&self) -> &Path {
        self.artifacts.dir()
    }

    /// What is known of the request budget.
    pub fn budget(&self) -> Option<BudgetStatus> {
        self.backend.budget()
    }

    /// A workspace, or a folder of one, was made: it is listed from now on.
    pub(crate) fn add_space(&self, workspace: Option<&SpaceId>, space: RemoteSpace) {
        self.listings.add_space(workspace, space);
    }

    /// Notes which process serves the mount: what programs did before it was here is told by that.
    pub fn served_by(&self, process: Process) {
        // A second mount of one engine would be the same process.
        let _ = self.own.set(process);
    }

    pub(crate) fn own_process(&self) -> Option<Process> {
        self.own.get().copied()
    }

    /// The project with this id, if it is known here.
    pub fn known(&self, id: &ProjectId) -> Option<Arc<Project>> {
        self.projects().get(id).cloned()
    }

    /// The project with this serial number, if Taskade has it.
    pub(crate) fn known_by_serial(&self, serial: u64) -> Option<Arc<Project>> {
        self.projects().values().find(|project| project.serial == serial).cloned()
    }

    pub(crate) fn emit(&self, event: Event) {
        // The receiver is gone only while the mount is going: nobody is left to be told.
        let _ = self.events.send(event);
    }

    pub(crate) fn changed(&self, project: &Project, changed: bool) {
        if changed {
            self.emit(Event::Content(project.serial));
        }
    }

    /// As [`changed`](Self::changed), by what a program wrote to the file.
    pub(crate) fn saved(&self, project: &Project, changed: bool) {
        if changed {
            self.emit(Event::Saved(project.serial));
        }
    }

    /// Runs a journal call where it may block.
    pub(crate) async fn journaled<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Journal) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let journal = self.journal.clone();
        tokio::task::spawn_blocking(move || call(&journal))
            .await
            .map_err(|error| Error::new(Kind::Storage, "the journal writer died").because(error))?
    }

    pub(crate) fn projects(&self) -> OrderedGuard<'_, HashMap<ProjectId, Arc<Project>>> {
        self.projects.lock()
    }
}
