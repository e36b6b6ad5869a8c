//! The embedded server: a Taskade for one machine, on a store of its own.
//!
//! It speaks all of v1 of the API over HTTP, with the rules of the official document and those that
//! public clients have met, and refuses what the document does not allow. What is generated is canned
//! and says so. Beside the API it answers whose token it is, and gives tokens by OAuth. What is asked with `HEAD` is answered as
//! what is read, without its body. Other paths answer 404 in the error envelope. It listens on loopback
//! only. The client talks to it as to the real service: there is no second path.

mod account;
mod agent_requests;
mod agent_shapes;
mod agent_templates;
mod agents;
mod answer;
mod archive;
mod bundle;
mod bundles;
mod call;
mod details;
mod faults;
mod hostile;
mod import;
mod imported;
mod incoming;
mod install;
mod knowledge;
mod listener;
mod log;
mod markdown;
mod media;
mod node;
mod oauth;
mod oauth_state;
mod outline;
mod projects;
mod public_agents;
mod query;
mod quirks;
mod range;
mod requests;
mod routes;
mod sample;
mod sample_pages;
mod schema;
mod seed;
mod seed_agents;
mod shared;
mod store;
mod store_agents;
mod store_details;
mod store_fields;
mod store_media;
mod store_tasks;
mod store_templates;
mod tasks;
mod templates;
mod token;
mod values;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

pub use self::{
    faults::{Fault, Faults},
    import::ImportReport,
    log::{LoggedRequest, RequestLog},
    oauth_state::OAuthQuirks,
    quirks::{Assigning, Exports, GoneCursor, Quirks, Renaming},
    store::Store,
};
use self::{oauth_state::OAuthState, quirks::Window, routes::Routes, shared::Shared};
use crate::{
    clock::{Clock, SystemClock},
    error::{Error, Kind, Result},
    secret::Token,
};

/// In what time there may be so many imports (Taskade's own limit).
const IMPORT_WINDOW: Duration = Duration::from_secs(60);

/// How a server is to run.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// Where its store and its token are, or are made.
    pub dir: PathBuf,
    /// Where it listens; port 0 takes any that is free.
    pub listen: SocketAddr,
    /// The token that it asks for; without one it makes its own and keeps it in `dir`.
    pub token: Option<Token>,
    /// Where the service is unknown or odd, which way it is.
    pub quirks: Quirks,
    /// Appends every request to this file, one JSON object a line.
    pub log_requests: Option<PathBuf>,
    /// What the windows of the limits are measured by.
    pub clock: Arc<dyn Clock>,
    /// Whether an empty store gets a sample workspace.
    pub sample: bool,
}

impl ServerConfig {
    /// A server on the store in `dir`, on any free port.
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Self {
            dir: dir.as_ref().to_owned(),
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            token: None,
            quirks: Quirks::default(),
            log_requests: None,
            clock: Arc::new(SystemClock),
            sample: false,
        }
    }
}

/// Starts servers.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Starts a server.
    ///
    /// # Errors
    /// If the store cannot be opened, or the address cannot be had or is not of this machine.
    pub async fn start(config: ServerConfig) -> Result<Running> {
        if !config.listen.ip().is_loopback() {
            return Err(Error::new(Kind::Invalid, "the embedded server is for this machine only")
                .at(config.listen.to_string())
                .hint("listen on 127.0.0.1"));
        }
        let routes = Routes::new()
            .map_err(|error| Error::new(Kind::Invalid, "two endpoints are one").because(error))?;
        let store = Arc::new(Store::open(&config.dir)?);
        if config.sample {
            sample::fill(&store)?;
        }
        let token_path = config.dir.join("token");
        let token = match config.token {
            Some(token) => token,
            None => token::of_store(&token_path)?,
        };
        let listener = TcpListener::bind(config.listen)
            .await
            .map_err(|error| Error::io("cannot listen", error).at(config.listen.to_string()))?;
        let address = listener.local_addr().map_err(|error| Error::io("cannot listen", error))?;
        let shared = Arc::new(Shared {
            store,
            token,
            window: Window::new(
                config.quirks.rate_limit,
                config.quirks.rate_window,
                config.clock.clone(),
            ),
            imports: Window::new(config.quirks.import_limit, IMPORT_WINDOW, config.clock.clone()),
            oauth: OAuthState::new(&config.quirks.oauth, config.clock),
            quirks: config.quirks,
            log: Arc::new(RequestLog::new(config.log_requests.as_deref())?),
            faults: Arc::default(),
        });
        let (stop, stopped) = watch::channel(());
        let accepting = tokio::spawn(listener::serve(listener, shared.clone(), routes, stopped));
        Ok(Running { address, shared, token_path, stop, accepting })
    }
}

/// A server that runs.
pub struct Running {
    address: SocketAddr,
    shared: Arc<Shared>,
    token_path: PathBuf,
    stop: watch::Sender<()>,
    accepting: JoinHandle<()>,
}

impl Running {
    /// The URL of its API.
    pub fn url(&self) -> String {
        format!("http://{}/api/v1", self.address)
    }

    /// The token that it asks for.
    pub fn token(&self) -> Token {
        self.shared.token.clone()
    }

    /// The file that has the token, if the server made it.
    pub fn token_path(&self) -> &Path {
        &self.token_path
    }

    /// Its store, for seeding and for edits that come from elsewhere.
    pub fn store(&self) -> &Arc<Store> {
        &self.shared.store
    }

    /// The requests that it got.
    pub fn log(&self) -> &Arc<RequestLog> {
        &self.shared.log
    }

    /// What goes wrong next.
    pub fn faults(&self) -> &Arc<Faults> {
        &self.shared.faults
    }

    /// No access token that it gave counts any more, nor any refresh token if `refresh`.
    pub fn revoke(&self, refresh: bool) {
        self.shared.oauth.revoke(refresh);
    }

    /// Stops: no connection is accepted any more, and those that are open are closed.
    pub async fn shutdown(self) {
        let _ = self.stop.send(());
        // A panic in the accepting task has nobody else to reach.
        let _ = self.accepting.await;
    }
}

/// Fills a folder with projects whose titles are hostile as file names. The folder's id.
///
/// # Errors
/// If the store cannot be written.
pub fn fill_with_hostile_names(store: &Store) -> Result<crate::ids::SpaceId> {
    hostile::fill(store)
}
