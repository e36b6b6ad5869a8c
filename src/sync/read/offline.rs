//! What is known of directories and tasks, with no request: of this mount, and of an account that
//! no process has.

use std::{collections::HashMap, path::Path, sync::Arc};

use crate::{
    ids::{ProjectId, SpaceId},
    plan::Outline,
    store::{
        cache::{CACHE, Cache},
        journal::{JOURNAL, Journal},
    },
    sync::{
        engine::Engine,
        leaf::{known_listings::Listed, listings::Listings},
        project::Project,
        settings::Settings,
    },
    text::codec::FileFormat,
};

/// The tasks of a project as they are known.
#[derive(Debug, Clone)]
pub(crate) struct OfflineTasks {
    pub(crate) outline: Arc<Outline>,
    /// What the file shows, if that is in memory.
    pub(crate) text: Option<Arc<[u8]>>,
    /// How the file is written.
    pub(crate) format: Arc<FileFormat>,
}

/// A directory as it was last listed; `None` is the root. Empty if it never was.
pub(crate) fn listed(
    engine: &Engine,
    directory: Option<&SpaceId>,
    is_workspace: bool,
) -> Arc<Listed> {
    engine.listings.assemble(directory, is_workspace)
}

/// Whether a project is in a folder, as that was last listed; `None` if it never was.
pub(crate) fn is_listed(engine: &Engine, id: &ProjectId, folder: &SpaceId) -> Option<bool> {
    engine.listings.project_ids(folder).map(|listed| listed.contains(id))
}

/// The tasks of a project that Taskade has; `None` if it was never read. What is not in memory
/// is read from the cache, and not kept: see [`write_out_cache`].
pub(crate) fn offline_tasks(engine: &Engine, id: &ProjectId) -> Option<OfflineTasks> {
    let in_memory = engine.known(id).and_then(|project| project.offline_tasks());
    in_memory.or_else(|| cached(&engine.cache, id, &engine.settings))
}

/// Returns once the cache has all that is not in memory. Blocks.
pub(crate) fn write_out_cache(engine: &Engine) {
    engine.cache.write_out();
}

impl Project {
    /// Its tasks, if they are in memory.
    pub(crate) fn offline_tasks(&self) -> Option<OfflineTasks> {
        let state = self.lock();
        let content = state.content()?;
        drop(state);
        let (outline, text) = (content.outline, Some(content.text));
        Some(OfflineTasks { outline, text, format: self.format() })
    }
}

fn cached(cache: &Cache, id: &ProjectId, settings: &Settings) -> Option<OfflineTasks> {
    let reading = settings.known_of(cache.project(id)?.reading);
    let format = Arc::new(settings.format_with(reading.fields.unwrap_or_default()));
    Some(OfflineTasks { outline: reading.outline, text: None, format })
}

/// What the last mount of an account knew, to be looked at only. Whoever mounts it meanwhile is
/// not disturbed.
#[derive(Debug)]
pub(crate) struct OfflineAccount {
    pub(crate) cache: Arc<Cache>,
    pub(crate) listings: Listings,
    /// The projects with saves that wait or were refused; `None` of those that are to be archived.
    pub(crate) saves: HashMap<ProjectId, Option<OfflineTasks>>,
    /// Gone if it cannot be read: then names are as they would be given now.
    pub(crate) journal: Option<Journal>,
}

impl OfflineAccount {
    /// Looks at the directory of an account. `None` if nothing is known of it.
    pub(crate) fn open(account: &Path) -> Option<Self> {
        let cache = Arc::new(Cache::peek(&account.join(CACHE))?);
        let journal = Journal::open_to_look(&account.join(JOURNAL)).ok();
        let archived = journal.as_ref().and_then(|journal| journal.archived().ok());
        let listings = Listings::from_cache(cache.clone(), archived.unwrap_or_default());
        let entries = journal.as_ref().and_then(|journal| journal.entries().ok());
        let saves = entries.unwrap_or_default().into_iter().filter_map(|entry| {
            let id = entry.project?;
            let fields = cache.project(&id).and_then(|known| known.reading.fields);
            let fields = fields.unwrap_or_default();
            let (outline, text) = (Arc::new(entry.outline), Some(Arc::from(entry.text)));
            let format = Arc::new(Settings::default().format_with(fields));
            let tasks = OfflineTasks { outline, text, format };
            Some((id, (!entry.archive).then_some(tasks)))
        });
        let saves = saves.collect();
        Some(Self { cache, listings, saves, journal })
    }

    /// As [`listed`].
    pub(crate) fn listed(&self, directory: Option<&SpaceId>, is_workspace: bool) -> Arc<Listed> {
        self.listings.assemble(directory, is_workspace)
    }

    /// The names given in a directory, as id → (title that it was given for, name).
    pub(crate) fn names(&self, directory: &str) -> HashMap<String, (String, String)> {
        self.journal.as_ref().map(|journal| journal.names(directory)).unwrap_or_default()
    }

    /// As [`offline_tasks`].
    pub(crate) fn offline_tasks(&self, id: &ProjectId) -> Option<OfflineTasks> {
        let save = self.saves.get(id).cloned();
        // Whichever way the next mount will write it.
        save.unwrap_or_else(|| cached(&self.cache, id, &Settings::default()))
    }
}
