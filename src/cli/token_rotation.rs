//! A new token for an account whose saves were refused with the old one: they go on.
//!
//! The directory of an account is named after its token. Nothing in the API names the account
//! that a token belongs to; what it may see does: the directory is taken over by a token that
//! lists exactly the workspaces that were known there.

use std::{collections::BTreeSet, fs, path::PathBuf, sync::Arc, time::Duration};

use super::account::AccountDir;

use crate::{
    api::{Client, HttpBackend, Priority},
    clock::SystemClock,
    error::{Error, Kind, Result},
    ids::SpaceId,
    secret::Token,
    sync::{JOURNAL, OrphanedSaves, orphaned_saves},
};

/// How long the service may take to list the workspaces of the new token.
const LISTING_TIMEOUT: Duration = Duration::from_secs(10);

/// The directory to use for `own`, that of a token: if it is new and the saves of another
/// directory wait for a token of the same account, that one, under the name of `own`.
///
/// # Errors
/// If `own` cannot be used.
pub(crate) async fn take_over(own: AccountDir, url: &str, token: &Token) -> Result<AccountDir> {
    if own.path.join(JOURNAL).exists() {
        return Ok(own);
    }
    let waiting = waiting(&own, url);
    if waiting.is_empty() {
        return Ok(own);
    }
    let workspaces = match workspaces(url, token).await {
        Ok(workspaces) => workspaces,
        Err(error) => {
            tracing::warn!(%error, "cannot tell whether saves of an older token are this account's");
            BTreeSet::new()
        }
    };
    let mut chosen = None;
    for (dir, orphaned_saves) in waiting {
        let (path, saves) = (dir.path.display().to_string(), orphaned_saves.saves);
        if chosen.is_none() && !workspaces.is_empty() && orphaned_saves.workspaces == workspaces {
            tracing::info!(%path, saves, "going on with the saves of an older token");
            chosen = Some(dir);
        } else {
            tracing::warn!(%path, saves, "saves of another token wait there for one that counts");
        }
    }
    match chosen {
        Some(dir) => dir.take_the_place_of(own),
        None => Ok(own),
    }
}

/// The directories of other tokens at the same API that no process has, and whose saves wait for
/// a token.
fn waiting(own: &AccountDir, url: &str) -> Vec<(AccountDir, OrphanedSaves)> {
    let accounts = own.path.parent().and_then(|accounts| fs::read_dir(accounts).ok());
    let paths = accounts.into_iter().flatten().filter_map(|entry| entry.ok().map(|e| e.path()));
    let other = |path: PathBuf| {
        let dir = if path == own.path { None } else { AccountDir::existing(&path, url) }?;
        let orphaned_saves = orphaned_saves(&path.join(JOURNAL)).unwrap_or_else(|error| {
            tracing::warn!(%error, path = %path.display(), "cannot tell what waits there");
            None
        });
        Some((dir, orphaned_saves?))
    };
    paths.filter_map(other).collect()
}

async fn workspaces(url: &str, token: &Token) -> Result<BTreeSet<SpaceId>> {
    let backend = HttpBackend::new(url, Some(token), Arc::new(SystemClock))?;
    let client = Client::new(Arc::new(backend));
    let listing = client.workspaces(Priority::Foreground);
    let listed = tokio::time::timeout(LISTING_TIMEOUT, listing)
        .await
        .map_err(|_| Error::new(Kind::Unreachable, "the service did not answer"))?;
    Ok(listed?.into_iter().map(|space| space.id).collect())
}
