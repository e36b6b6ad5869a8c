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
    logins::{self, Login, LoginFile},
    stored_token::StoredToken,
    token_rotation::take_over,
    whose::Whose,
};

use crate::{
    api::{FixedToken, HttpBackend, TokenSource, check_url},
    clock::{Clock, SystemClock},
    error::{Error, Kind, Result},
    secret::Token,
    server::{Running, Server, ServerConfig},
    sync::{Engine, Event, JOURNAL, Journal, Settings},
    vfs::{Invalidation, Vfs},
};

/// What all local stores have in place of an API's address.
const STORES: &str = "local";

/// What an account is used with.
#[derive(Clone)]
pub(crate) enum Access {
    /// A local store, which makes its own token.
    Store(PathBuf),
    /// A token.
    Token(Token),
    /// What somebody has logged in with.
    Login(Box<(LoginFile, Login)>),
}

/// An account whose directory is this process's until it is dropped.
pub(crate) struct AccountSession {
    /// What a person knows it by: the API's address, or the path of a local store.
    name: String,
    url: String,
    tokens: Arc<dyn TokenSource>,
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
                let (url, tokens) = (server.url(), fixed(server.token()));
                let name = name(&store);
                let dir = AccountDir::open(&state_dir, STORES, &name)?;
                dir.note_name(&name)?;
                Ok(Self { name, url, tokens, server: Some(server), dir })
            }
            Access::Token(token) => {
                let url = args.api_url().to_owned();
                let dir = AccountDir::open(&state_dir, &url, token.expose())?;
                let dir = take_over(dir, &url, &token).await?;
                dir.note_name(&url)?;
                Ok(Self { name: url.clone(), url, tokens: fixed(token), server: None, dir })
            }
            Access::Login(login) => {
                let tokens = access_of_login(*login.clone()).await?;
                let (_, login) = *login;
                let url = login.api.clone();
                let dir = AccountDir::open_named(&state_dir, &url, &login.directory)?;
                // Without the service nobody can say whose saves those of another token are.
                let dir = match tokens.token().await {
                    Ok(token) => take_over(dir, &url, &token).await?,
                    Err(_) => dir,
                };
                let name = format!("{} at {url}", login.who());
                dir.note_name(&name)?;
                if let Some(handle) = &login.handle {
                    account::note_owner(&dir.path, handle)?;
                }
                Ok(Self { name, url, tokens, server: None, dir })
            }
        }
    }

    /// What is mounted where, for `status`.
    pub(crate) fn about(&self, mountpoint: &Path) -> About {
        let whose = Whose::new(&self.dir.path, &self.url, self.tokens.clone());
        About {
            mountpoint: mountpoint.display().to_string(),
            account: self.name.clone(),
            whose: Arc::new(whose),
        }
    }

    /// The file system of the account.
    ///
    /// # Errors
    /// If its journal cannot be used.
    pub(crate) fn file_system(&self, settings: Settings) -> Result<FileSystem> {
        self.file_system_of(settings, (None, None))
    }

    /// As [`file_system`](Self::file_system), whose files are this user's and this group's.
    ///
    /// # Errors
    /// If its journal cannot be used.
    pub(crate) fn file_system_of(
        &self,
        settings: Settings,
        (uid, gid): (Option<u32>, Option<u32>),
    ) -> Result<FileSystem> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let backend = HttpBackend::with_tokens(&self.url, self.tokens.clone(), clock.clone())?;
        let backend = Arc::new(backend.for_programs(settings.read_timeout));
        let dir = &self.dir.path;
        let journal = Arc::new(Journal::open(&dir.join(JOURNAL))?);
        let (engine, events) = Engine::new(backend, clock, journal, settings)?;
        let uid = uid.unwrap_or_else(|| getuid().as_raw());
        let gid = gid.unwrap_or_else(|| getgid().as_raw());
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
        if let Some(file) = &args.token_file {
            return account::token_from_file(file).map(Access::Token);
        }
        // Also what is not used is taken out.
        let token = account::token_from_environment();
        match (&args.account, token) {
            (None, Ok(Some(token))) => Ok(Access::Token(token)),
            (None, Err(error)) => Err(error),
            (account, _) => logged_in(args, account.as_deref()),
        }
    }

    /// What has the token, for what needs no directory.
    ///
    /// # Errors
    /// If it cannot be read, or this is a local store.
    pub(crate) async fn tokens(self) -> Result<Arc<dyn TokenSource>> {
        match self {
            Access::Store(_) => Err(Error::new(Kind::Invalid, "a local store has no account")),
            Access::Token(token) => Ok(fixed(token)),
            Access::Login(login) => access_of_login(*login).await,
        }
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
            Access::Login(login) => account::directory_named(&state_dir, &login.1.directory),
        })
    }
}

fn fixed(token: Token) -> Arc<dyn TokenSource> {
    Arc::new(FixedToken(token))
}

async fn access_of_login((file, login): (LoginFile, Login)) -> Result<Arc<dyn TokenSource>> {
    Ok(StoredToken::open(file, login, Arc::new(SystemClock)).await?)
}

/// What somebody has logged in with: in the state directory that was asked for, or else in the usual one.
fn logged_in(args: &AccountArgs, account: Option<&str>) -> Result<Access> {
    let name = account.unwrap_or(logins::DEFAULT);
    let asked = account::state_dir(args.state_dir.as_deref())?;
    let usual = account::state_dir(None).ok().filter(|usual| *usual != asked);
    for state_dir in std::iter::once(&asked).chain(&usual) {
        let file = LoginFile::of(state_dir, args.api_url(), name);
        if let Some(login) = file.read()?.filter(|login| login.place.is_some()) {
            return Ok(Access::Login(Box::new((file, login))));
        }
    }
    let command = logins::command(name);
    Err(match account {
        None => Error::new(Kind::Unauthorized, "no token is set, and nobody is logged in").hint(
            "run `taskadefs login`, set TASKADE_TOKEN or give --token-file, or try it without an \
             account: --local DIR",
        ),
        Some(name) => Error::new(Kind::Unauthorized, format!("nobody is logged in as {name}"))
            .hint(format!("run {command}")),
    })
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
