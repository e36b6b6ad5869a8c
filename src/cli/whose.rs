//! Who it is whose mount this is: noted in the account's directory once it is known, by whoever logged in
//! or by a mount that was asked, which asks the service once.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::account;

use crate::{
    api::{TokenSource, owner},
    error::Result,
};

/// What says whose an account's directory is.
pub(crate) struct Whose {
    directory: PathBuf,
    url: String,
    tokens: Arc<dyn TokenSource>,
}

impl fmt::Debug for Whose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Whose").field("directory", &self.directory).finish_non_exhaustive()
    }
}

impl Whose {
    /// That of the account in this directory, at this API.
    pub(crate) fn new(directory: &Path, url: &str, tokens: Arc<dyn TokenSource>) -> Self {
        Self { directory: directory.to_owned(), url: url.to_owned(), tokens }
    }

    /// Their handle, if it was told once.
    pub(crate) fn known(&self) -> Option<String> {
        account::owner_of(&self.directory)
    }

    /// What is wrong with their login though it counts.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.tokens.trouble()
    }

    /// Their handle, if the service tells: one request, unless it is known.
    ///
    /// # Errors
    /// If there is no token to ask with, or it cannot be noted.
    pub(crate) async fn handle(&self) -> Result<Option<String>> {
        if let Some(known) = self.known() {
            return Ok(Some(known));
        }
        let owner = owner::owner(&self.url, &self.tokens.token().await?).await?;
        let handle = owner.map(|owner| owner.handle);
        if let Some(handle) = &handle {
            account::note_owner(&self.directory, handle)?;
        }
        Ok(handle)
    }
}
