//! The templates of folders: listed once in `--max-age`, as what else is in a folder.

use std::sync::Arc;

use crate::{
    api::RemoteTemplate,
    error::Result,
    ids::SpaceId,
    sync::{
        engine::Engine,
        leaf::known_listings::Which,
        read::directories::{self, ListIntent},
    },
};

/// The templates of a folder.
///
/// # Errors
/// As [`Client::templates`](crate::api::Client::templates), and only if they were never listed.
pub(crate) async fn templates(
    engine: &Arc<Engine>,
    folder: &SpaceId,
) -> Result<Vec<RemoteTemplate>> {
    directories::ensure(engine, &Which::Templates(folder.clone()), ListIntent::List).await?;
    Ok(engine.listings.templates_in(folder))
}
