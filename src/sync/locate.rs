//! Where a project is below the root of the mount, as far as listings have told, also if it is not
//! listed any more.

use crate::{
    file_name::{PROJECT_SUFFIX, safe},
    ids::{ProjectId, SpaceId},
    store::{journal::Journal, operations::Operation},
    sync::{engine::Engine, leaf::listings::Listings},
};

/// The path of a project relative to the mount: `Acme/Marketing/Plan.md`. Of what was never
/// listed the directories are missing.
pub(crate) fn path_of(
    engine: &Engine,
    id: Option<&ProjectId>,
    folder: &SpaceId,
    title: &str,
) -> String {
    path_in(&engine.journal, &engine.listings, id, folder, title)
}

/// As [`path_of`], by the names that a journal has and what was listed.
pub(crate) fn path_in(
    journal: &Journal,
    listings: &Listings,
    id: Option<&ProjectId>,
    folder: &SpaceId,
    title: &str,
) -> String {
    let given = |directory: &str, id: &str, title: &str| journal.name_of(directory, id, title);
    let name = id.and_then(|id| given(folder.as_str(), id.as_str(), title));
    let name = name.unwrap_or_else(|| format!("{}{PROJECT_SUFFIX}", safe(title)));
    way_in(journal, listings, folder) + &name
}

/// The path of the file that an operation is about, relative to the mount.
pub(crate) fn path_of_operation(engine: &Engine, operation: &Operation) -> String {
    way_in(&engine.journal, &engine.listings, &operation.space) + &operation.path
}

/// The path of the directory of a space relative to the mount, with a slash behind it.
pub(crate) fn way_in(journal: &Journal, listings: &Listings, space: &SpaceId) -> String {
    let mut path = String::new();
    for (directory, space) in listings.way_to(space) {
        let directory = directory.as_ref().map_or("root", SpaceId::as_str);
        let named = journal.name_of(directory, space.id.as_str(), &space.name);
        path.push_str(&named.unwrap_or_else(|| safe(&space.name)));
        path.push('/');
    }
    path
}
