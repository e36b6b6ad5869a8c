//! Where a project is below the root of the mount, as far as listings have told, also if it is not
//! listed any more.

use crate::{
    file_name::{PROJECT_SUFFIX, safe},
    ids::{ProjectId, SpaceId},
    store::journal::Journal,
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
    let mut path = String::new();
    for (directory, space) in listings.way_to(folder) {
        let directory = directory.as_ref().map_or("root", SpaceId::as_str);
        let named = given(directory, space.id.as_str(), &space.name);
        path.push_str(&named.unwrap_or_else(|| safe(&space.name)));
        path.push('/');
    }
    path + &name
}
