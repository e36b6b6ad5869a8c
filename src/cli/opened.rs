//! An account, opened: its server if it is local, its directory, and who may use it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    AccountArgs,
    account::{self, AccountDir},
};
use crate::{
    api::{HttpBackend, check_url},
    clock::{Clock, SystemClock},
    error::Result,
    secret::Token,
    server::{Running, Server, ServerConfig},
    sync::{Engine, Event, Journal, Settings},
    vfs::{Notice, Vfs},
};

/// An account whose directory is this process's until it is dropped.
pub(crate) struct Opened {
    url: String,
    token: Token,
    /// The embedded server of a local store.
    pub(crate) server: Option<Running>,
    /// Its directory.
    pub(crate) dir: AccountDir,
}

/// A file system over an account, and what it has to tell.
pub(crate) type FileSystem = (Arc<Vfs>, UnboundedReceiver<Event>, UnboundedReceiver<Notice>);

impl Opened {
    /// Opens the account that was asked for; `token` is what [`token`] gave.
    ///
    /// # Errors
    /// If its directory cannot be used, or another process has it.
    pub(crate) async fn open(args: &AccountArgs, token: Option<Token>) -> Result<Self> {
        let state_dir = account::state_dir(args.state_dir.as_deref())?;
        let (Some(token), None) = (token, &args.local) else {
            let dir = args.local.as_deref().unwrap_or(Path::new(""));
            // Makes the store, whose path tells it from others once it is there.
            let server = start_server(dir, args.log_requests.clone()).await?;
            let (api, name) = store(dir);
            let (url, token) = (server.url(), server.token());
            let dir = AccountDir::open(&state_dir, &api, &name)?;
            return Ok(Self { url, token, server: Some(server), dir });
        };
        let url = args.api_url().to_owned();
        let dir = AccountDir::open(&state_dir, &url, token.expose())?;
        Ok(Self { url, token, server: None, dir })
    }

    /// The file system of the account.
    ///
    /// # Errors
    /// If its journal cannot be used.
    pub(crate) fn file_system(&self, settings: Settings) -> Result<FileSystem> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let backend = Arc::new(HttpBackend::new(&self.url, Some(&self.token), clock.clone())?);
        let dir = &self.dir.path;
        let journal = Arc::new(Journal::open(&dir.join("journal.sqlite3"))?);
        let (engine, events) = Engine::new(backend, clock, journal, settings)?;
        // SAFETY: these calls have no preconditions and cannot fail.
        let (uid, gid) = unsafe { (libc::getuid(), libc::getgid()) };
        let (vfs, notices) = Vfs::new(engine, dir.join("scratch"), uid, gid)?;
        Ok((vfs, events, notices))
    }
}

/// The token of the account that was asked for; `None` for a local store, which makes its own. To
/// be called once: it may come through a pipe.
///
/// # Errors
/// If there is none, or the API is one to which none may be sent.
pub(crate) fn token(args: &AccountArgs) -> Result<Option<Token>> {
    if args.local.is_some() {
        return Ok(None);
    }
    check_url(args.api_url())?;
    account::token(args.token_file.as_deref()).map(Some)
}

/// Where the directory of the account that was asked for is, whether or not it is there.
///
/// # Errors
/// If there is no place for state.
pub(crate) fn directory(args: &AccountArgs, token: Option<&Token>) -> Result<PathBuf> {
    let state_dir = account::state_dir(args.state_dir.as_deref())?;
    let (api, name) = match (token, &args.local) {
        (Some(token), None) => (args.api_url().to_owned(), token.expose().to_owned()),
        (_, dir) => store(dir.as_deref().unwrap_or(Path::new(""))),
    };
    Ok(account::directory(&state_dir, &api, &name))
}

/// What tells a local store from other accounts: that it is one, and its path.
fn store(dir: &Path) -> (String, String) {
    let path = dir.canonicalize().or_else(|_| std::path::absolute(dir));
    let path = path.unwrap_or_else(|_| dir.to_owned());
    ("local".to_owned(), path.to_string_lossy().into_owned())
}

async fn start_server(dir: &Path, log_requests: Option<PathBuf>) -> Result<Running> {
    let mut config = ServerConfig::new(dir);
    config.log_requests = log_requests;
    config.sample = true;
    Server::start(config).await
}
