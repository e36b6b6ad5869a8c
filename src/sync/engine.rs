//! The engine: the registry of projects, and what they share.

use std::{
    collections::HashMap,
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::sync::{mpsc, watch};

use super::{
    ahead::Walks,
    base_log::BaseLog,
    cache::Cache,
    evict::Residents,
    hydrate::Exports,
    journal::Journal,
    listing::Listings,
    overridden::Unseen,
    project::{Project, Standing},
    records::Records,
    refresher::Refresher,
    removals::Removals,
    scan::Scans,
    served::Process,
    transfer::Transfers,
    unmoved::Unsettled,
    wording::Wording,
};
use crate::{
    api::{Audited, Backend, BudgetStatus, Client, FOREGROUND_SILENCE, RemoteSpace, TaskResource},
    clock::Clock,
    error::{Error, Kind, Result},
    ids::{ProjectId, SpaceId},
};

/// What the user chose.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How old a reading may be to be served or saved upon without asking (`--max-age`).
    pub max_age: Duration,
    /// How long a save waits for Taskade's verdict (`--commit-wait`).
    pub commit_wait: Duration,
    /// How long a program waits for a service that says nothing at all (`--read-timeout`).
    pub read_timeout: Duration,
    /// How many deleted tasks need a second thought (`--max-delete`).
    pub max_delete: usize,
    /// How many projects may be removed at once (`--max-archive`).
    pub max_archive: usize,
    /// Which content type texts are sent as (`--content-type`).
    pub wording: Wording,
    /// Whether lines end with block ids (`--ids`).
    pub ids: bool,
    /// How many bytes the tasks of all projects may take in memory.
    pub memory: usize,
    /// Whether nothing may be written (`--read-only`).
    pub read_only: bool,
    /// Which details of the tasks of opened projects are asked for ahead (`--details`).
    pub details: Vec<TaskResource>,
    /// How long it is remembered what was done (`--keep-history`).
    pub keep_history: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_age: Duration::from_secs(30),
            commit_wait: Duration::from_secs(5),
            read_timeout: FOREGROUND_SILENCE,
            max_delete: 20,
            max_archive: 10,
            wording: Wording::Auto,
            ids: false,
            memory: 64 << 20,
            read_only: false,
            details: Vec::new(),
            keep_history: Duration::from_secs(30 * 86_400),
        }
    }
}

/// What the file system must tell the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The content of the project with this serial number changed.
    Content(u64),
    /// The entries of a directory changed; `None` is the root.
    Directory(Option<SpaceId>),
}

/// The cache's file in the directory of an account.
pub(super) const CACHE: &str = "cache.sqlite3";

/// Readings, saves and listings of one account.
pub struct Engine {
    /// The service, with the audit log in front.
    pub(crate) backend: Client,
    audit: Arc<Audited>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) journal: Arc<Journal>,
    pub(crate) records: Records,
    pub(crate) unseen: Unseen,
    pub(crate) unmoved: Unsettled,
    pub(crate) cache: Arc<Cache>,
    /// What living programs have before their eyes.
    pub(crate) base_log: Arc<BaseLog>,
    pub(crate) settings: Settings,
    pub(crate) listings: Listings,
    pub(crate) exports: Exports,
    pub(crate) residents: Residents,
    pub(crate) refresher: Refresher,
    /// The projects whose details are asked for ahead.
    pub(crate) asks: Refresher,
    pub(crate) scans: Scans,
    pub(crate) dir_scans: Scans,
    pub(crate) walks: Walks,
    pub(crate) transfers: Transfers,
    /// The files that were removed, and are to be the same projects again if they come back.
    pub(crate) removals: Removals,
    /// How many workers are busy, at saves or at making room; shutdown waits for zero.
    pub(crate) busy: watch::Sender<usize>,
    /// Whether the service was seen to keep titles whatever their node is told.
    pub(crate) titles_are_fixed: AtomicBool,
    /// Whether the service was seen to list titles as the root of all tasks.
    pub(crate) titles_are_listed: AtomicBool,
    pub(crate) this: Weak<Self>,
    events: mpsc::UnboundedSender<Event>,
    projects: Mutex<HashMap<ProjectId, Arc<Project>>>,
    /// Projects that have no id yet, and some that have one by now.
    unborn: Mutex<Vec<Weak<Project>>>,
    serial: AtomicU64,
    started: SystemTime,
    /// The process that serves the mount.
    own: OnceLock<Process>,
}

impl Engine {
    /// An engine over a service and a journal. Events must be received, or they pile up.
    ///
    /// # Errors
    /// [`Kind::Storage`] if the journal cannot be read.
    pub fn new(
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
        settings: Settings,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Event>)> {
        let (events, receiver) = mpsc::unbounded_channel();
        let cache = Arc::new(Cache::open(&journal.dir().join(CACHE)));
        let listings = Listings::recalled(cache.clone(), journal.archived()?);
        let base_log = BaseLog::open(journal.dir());
        let removals = Removals::of(journal.removals()?);
        let started = clock.wall();
        let keep = settings.keep_history;
        let records = Records::of(journal.dir());
        let audit = Arc::new(Audited::new(backend, clock.clone(), records.dir(), keep));
        let unseen = Unseen::of(&journal)?;
        let unmoved = Unsettled::of(&journal)?;
        let titles_are_listed = AtomicBool::new(journal.titles_are_listed()?);
        let engine = Arc::new_cyclic(|this| Self {
            this: this.clone(),
            backend: Client::new(audit.clone()),
            audit,
            clock,
            records,
            unseen,
            unmoved,
            cache,
            base_log,
            journal,
            settings,
            listings,
            exports: Exports::default(),
            residents: Residents::default(),
            refresher: Refresher::default(),
            asks: Refresher::default(),
            scans: Scans::of_projects(),
            dir_scans: Scans::of_directories(),
            walks: Walks::default(),
            transfers: Transfers::default(),
            removals,
            busy: watch::Sender::new(0),
            titles_are_fixed: AtomicBool::new(false),
            titles_are_listed,
            events,
            projects: Mutex::default(),
            unborn: Mutex::default(),
            serial: AtomicU64::new(1),
            started,
            own: OnceLock::new(),
        });
        Ok((engine, receiver))
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
        self.records.dir()
    }

    /// What is known of the request budget.
    pub fn budget(&self) -> Option<BudgetStatus> {
        self.backend.budget()
    }

    /// A workspace, or a folder of one, was made: it is listed from now on.
    pub(crate) fn add_space(&self, workspace: Option<&SpaceId>, space: RemoteSpace) {
        self.listings.add_space(workspace, space);
    }

    /// What was wrong with the service when it was last asked, if anything was.
    pub fn trouble(&self) -> Option<String> {
        self.gone().map(|gone| gone.reason).or_else(|| self.backend.trouble())
    }

    /// The projects with saves that are not, or not yet, with Taskade.
    pub fn unsettled(&self) -> Vec<Arc<Project>> {
        let known: Vec<Arc<Project>> = self.projects().values().cloned().collect();
        let mut unborn = self.unborn.lock().unwrap_or_else(PoisonError::into_inner);
        unborn.retain(|project| project.upgrade().is_some_and(|project| project.id().is_none()));
        let unborn = unborn.iter().filter_map(Weak::upgrade);
        let is_unsettled = |project: &Arc<Project>| {
            project.standing() != Standing::Clean || project.lock().archive
        };
        known.into_iter().chain(unborn).filter(is_unsettled).collect()
    }

    /// Notes which process serves the mount: what programs did before it was here is told by that.
    pub fn served_by(&self, process: Process) {
        // A second mount of one engine would be the same process.
        let _ = self.own.set(process);
    }

    pub(crate) fn own_process(&self) -> Option<Process> {
        self.own.get().copied()
    }

    /// The project with this id; made known if it was not.
    pub fn project(&self, id: &ProjectId, folder: &SpaceId, title: &str) -> Arc<Project> {
        self.audit.name(id, title);
        let mut projects = self.projects();
        if let Some(project) = projects.get(id) {
            let mut state = project.lock();
            // One that is on its way is known better here.
            if !state.is_relocated() {
                title.clone_into(&mut state.title);
                state.folder = folder.clone();
            }
            drop(state);
            return project.clone();
        }
        let project = Arc::new(self.make(Some(id.clone()), folder, title));
        self.take_over_bases(&project, self.base_log.take_kept(id));
        projects.insert(id.clone(), project.clone());
        project
    }

    /// A project that Taskade does not have yet. Nothing is sent before its first save.
    pub fn new_project(&self, folder: &SpaceId, title: &str) -> Arc<Project> {
        let project = Arc::new(self.make(None, folder, title));
        let mut unborn = self.unborn.lock().unwrap_or_else(PoisonError::into_inner);
        unborn.push(Arc::downgrade(&project));
        drop(unborn);
        project
    }

    /// The project with this id, if it is known here.
    pub fn known(&self, id: &ProjectId) -> Option<Arc<Project>> {
        self.projects().get(id).cloned()
    }

    /// Notes the id of a project that was just created.
    pub(crate) fn adopt(&self, project: &Arc<Project>, id: &ProjectId) {
        {
            let mut state = project.lock();
            state.id = Some(id.clone());
            self.log_bases(&mut state);
        }
        self.audit.name(id, &project.title());
        self.projects().insert(id.clone(), project.clone());
    }

    /// Notes that a project is another one from now on, a copy of what it was.
    pub(crate) fn identified_anew(
        &self,
        project: &Arc<Project>,
        former: &ProjectId,
        copy: &ProjectId,
    ) {
        self.audit.name(copy, &project.title());
        self.unmoved.identified_anew(former, copy);
        {
            let mut projects = self.projects();
            projects.remove(former);
            projects.insert(copy.clone(), project.clone());
        }
        self.keep(project);
        self.note_resident(project);
        // What was served last before this mount, by the ids that its tasks have now.
        if let Some(served) = self.cache.served(former) {
            let served = Arc::new(project.lock().resolved(&served));
            self.cache.keep_served(copy, &served);
        }
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

    fn make(&self, id: Option<ProjectId>, folder: &SpaceId, title: &str) -> Project {
        let serial = self.serial.fetch_add(1, Ordering::Relaxed);
        let ids = self.settings.ids;
        Project::new(serial, id, folder.clone(), title.to_owned(), self.started, ids)
    }

    pub(super) fn projects(&self) -> MutexGuard<'_, HashMap<ProjectId, Arc<Project>>> {
        self.projects.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
