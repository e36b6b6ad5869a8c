//! An account, opened: its server if it is local, its directory, and who may use it.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rustix::process::{getgid, getuid};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    account::{self, AccountDir},
    account_arguments::AccountArgs,
    control::About,
    token_rotation::take_over,
};

use crate::{
    api::{HttpBackend, check_url},
    clock::{Clock, SystemClock},
    error::Result,
    secret::Token,
    server::{Running, Server, ServerConfig},
    sync::{Engine, Event, JOURNAL, Journal, Settings},
    vfs::{Invalidation, Vfs},
};

/// What all local stores have in place of an API's address.
const STORES: &str = "local";

/// What an account is used with.
pub(crate) enum Access {
    /// A local store, which makes its own token.
    Store(PathBuf),
    /// A token.
    Token(Token),
}

/// An account whose directory is this process's until it is dropped.
pub(crate) struct AccountSession {
    /// What a person knows it by: the API's address, or the path of a local store.
    name: String,
    url: String,
    token: Token,
    /// The embedded server of a local store.
    pub(crate) server: Option<Running>,
    /// Its directory.
    pub(crate) dir: AccountDir,
}

/// A file system over an account, and what it has to tell.
pub(crate) type FileSystem = (Arc<Vfs>, UnboundedReceiver<Event>, UnboundedReceiver<Invalidation>);

impl AccountSession {
    /// Opens the account that was asked for.
    ///
    /// # Errors
    /// If its directory cannot be used, or another process has it.
    pub(crate) async fn open(args: &AccountArgs, access: Access) -> Result<Self> {
        let state_dir = account::state_dir(args.state_dir.as_deref())?;
        match access {
            Access::Store(store) => {
                // Makes the store, whose path tells it from others once it is there.
                let server = start_server(&store, args.log_requests.clone()).await?;
                let (url, token) = (server.url(), server.token());
                let name = name(&store);
                let dir = AccountDir::open(&state_dir, STORES, &name)?;
                dir.note_name(&name)?;
                Ok(Self { name, url, token, server: Some(server), dir })
            }
            Access::Token(token) => {
                let url = args.api_url().to_owned();
                let dir = AccountDir::open(&state_dir, &url, token.expose())?;
                let dir = take_over(dir, &url, &token).await?;
                dir.note_name(&url)?;
                Ok(Self { name: url.clone(), url, token, server: None, dir })
            }
        }
    }

    /// What is mounted where, for `status`.
    pub(crate) fn about(&self, mountpoint: &Path) -> About {
        About { mountpoint: mountpoint.display().to_string(), account: self.name.clone() }
    }

    /// The file system of the account.
    ///
    /// # Errors
    /// If its journal cannot be used.
    pub(crate) fn file_system(&self, settings: Settings) -> Result<FileSystem> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let backend = HttpBackend::new(&self.url, Some(&self.token), clock.clone())?;
        let backend = Arc::new(backend.for_programs(settings.read_timeout));
        let dir = &self.dir.path;
        let journal = Arc::new(Journal::open(&dir.join(JOURNAL))?);
        let (engine, events) = Engine::new(backend, clock, journal, settings)?;
        let (uid, gid) = (getuid().as_raw(), getgid().as_raw());
        let (vfs, invalidations) = Vfs::new(engine, dir.join("scratch"), uid, gid)?;
        if let Some(server) = &self.server {
            vfs.make_spaces_with(server.store().clone());
        }
        Ok((vfs, events, invalidations))
    }
}

impl Access {
    /// What the account that was asked for is used with. To be called once, as a token may come
    /// through a pipe, and while this process has one thread, as it is taken out of the environment.
    ///
    /// # Errors
    /// If there is no token, or the API is one to which none may be sent.
    pub(crate) fn of(args: &AccountArgs) -> Result<Self> {
        if let Some(store) = &args.local {
            return Ok(Access::Store(store.clone()));
        }
        check_url(args.api_url())?;
        account::token(args.token_file.as_deref()).map(Access::Token)
    }

    /// Where the account's directory is, whether or not it is there.
    ///
    /// # Errors
    /// If there is no place for state.
    pub(crate) fn directory(&self, args: &AccountArgs) -> Result<PathBuf> {
        let state_dir = account::state_dir(args.state_dir.as_deref())?;
        Ok(match self {
            Access::Store(store) => account::directory(&state_dir, STORES, &name(store)),
            Access::Token(token) => account::directory(&state_dir, args.api_url(), token.expose()),
        })
    }
}

/// What tells a local store from others: its path.
fn name(store: &Path) -> String {
    let path = store.canonicalize().or_else(|_| std::path::absolute(store));
    path.unwrap_or_else(|_| store.to_owned()).to_string_lossy().into_owned()
}

async fn start_server(dir: &Path, log_requests: Option<PathBuf>) -> Result<Running> {
    let mut config = ServerConfig::new(dir);
    config.log_requests = log_requests;
    config.sample = true;
    Server::start(config).await
}
