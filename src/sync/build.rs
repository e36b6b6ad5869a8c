//! Building the engine of an account.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64},
};

use tokio::sync::mpsc;

use crate::{
    api::{Audited, Backend, Client},
    clock::Clock,
    error::Result,
    lock_order::Ordered,
    store::{
        agent_bases::AgentBases,
        artifacts::Artifacts,
        base_log::BaseLog,
        cache::{CACHE, Cache},
        journal::Journal,
        media_files::MediaFiles,
        removals::Removals,
        upload_files::UploadFiles,
    },
    sync::{
        engine::Engine,
        event::Event,
        leaf::{
            agents::Agents, conflicts::Unseen, denied::Denied, exports::SpaceExports,
            imports::Imports, listings::Listings, local_media::LocalMedias, media::Medias,
            operations::Operations, residents::Residents, scans::Scans, transfers::Transfers,
            unmoved::Unsettled, walks::Walks,
        },
        settings::Settings,
        tasks::BackgroundTasks,
        upload::worker,
    },
};

impl Engine {
    /// An engine over a service and a journal. Events must be received, or they pile up.
    ///
    /// # Errors
    /// [`Kind::Storage`](crate::error::Kind::Storage) if the journal cannot be read.
    pub fn new(
        backend: Arc<dyn Backend>,
        clock: Arc<dyn Clock>,
        journal: Arc<Journal>,
        settings: Settings,
    ) -> Result<(Arc<Self>, mpsc::UnboundedReceiver<Event>)> {
        let (events, receiver) = mpsc::unbounded_channel();
        let cache = Arc::new(Cache::open(&journal.dir().join(CACHE), clock.now()));
        let listings = Listings::from_cache(cache.clone(), journal.archived()?);
        let base_log = BaseLog::open(journal.dir(), settings.shared_memory.as_deref());
        let removals = Removals::of(journal.removals()?);
        let operations = Operations::of(journal.operations()?);
        let medias = Medias::of(journal.media_facts()?);
        let upload_files = Arc::new(UploadFiles::of(journal.dir()));
        let agent_bases = Arc::new(AgentBases::of(journal.dir()));
        let media_files = Arc::new(MediaFiles::of(journal.dir()));
        let started = clock.wall();
        let keep = settings.keep_history;
        let artifacts = Artifacts::of(journal.dir());
        let audit = Arc::new(Audited::new(backend, clock.clone(), artifacts.dir(), keep));
        let unseen = Unseen::of(&journal)?;
        let unmoved = Unsettled::of(&journal)?;
        let titles_are_listed = AtomicBool::new(journal.titles_are_listed()?);
        let engine = Arc::new_cyclic(|this| Self {
            this: this.clone(),
            work: worker::start,
            backend: Client::new(audit.clone()),
            audit,
            clock,
            artifacts,
            unseen,
            unmoved,
            cache,
            base_log,
            journal,
            settings,
            listings,
            agents: Agents::of(agent_bases.read()),
            agent_bases,
            exports: SpaceExports::default(),
            imports: Imports::default(),
            residents: Residents::default(),
            refresher: Arc::default(),
            asks: Arc::default(),
            followed: Arc::default(),
            scans: Scans::of_projects(),
            dir_scans: Scans::of_directories(),
            walks: Walks::of_projects(),
            space_walks: Walks::of_spaces(),
            transfers: Transfers::default(),
            removals,
            operations,
            medias,
            media_files,
            local_medias: LocalMedias::default(),
            upload_files,
            tasks: BackgroundTasks::default(),
            denied: Denied::default(),
            titles_are_fixed: AtomicBool::new(false),
            titles_are_listed,
            reads_cache_ahead: AtomicBool::new(false),
            events,
            projects: Ordered::default(),
            unborn: Ordered::default(),
            serial: AtomicU64::new(1),
            started,
            own: OnceLock::new(),
        });
        Ok((engine, receiver))
    }
}
