//! What a server has given out by OAuth: clients, codes and tokens. They end with the server.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::{clock::Clock, error::Result};

use super::token::random_name;

/// How long a code counts (RFC 6749, 4.1.2 has ten minutes at most).
const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// Which way OAuth is where it is not documented.
#[derive(Debug, Clone)]
pub struct OAuthQuirks {
    /// Whether there is metadata that says where all else is.
    pub has_metadata: bool,
    /// Where the metadata says that tokens are given, in place of where they are.
    pub token_endpoint: Option<String>,
    /// Whether clients can register.
    pub registers: bool,
    /// What has to be asked for, in words; nothing is where what is given goes without asking.
    pub scopes: Vec<String>,
    /// What asking for the right is answered with in place of a code.
    pub denied: Option<String>,
    /// How long an access token counts.
    pub lifetime: Duration,
    /// Whether that is told.
    pub tells_lifetime: bool,
    /// Whether each refresh gives another refresh token, and the one before counts no more.
    pub rotates: bool,
    /// Whether an access token opens the API.
    pub opens_api: bool,
    /// Whether it is told whose a token is.
    pub has_ping: bool,
}

impl Default for OAuthQuirks {
    fn default() -> Self {
        Self {
            has_metadata: true,
            token_endpoint: None,
            registers: true,
            scopes: Vec::new(),
            denied: None,
            lifetime: Duration::from_secs(3600),
            tells_lifetime: true,
            rotates: true,
            opens_api: true,
            has_ping: true,
        }
    }
}

/// What a code was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Grant {
    pub(crate) client: String,
    pub(crate) redirect: String,
    pub(crate) challenge: String,
}

/// A pair of tokens.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TokenPair {
    pub(crate) access: String,
    /// None where the one before goes on to count.
    pub(crate) refresh: Option<String>,
}

#[derive(Debug, Default)]
struct Given {
    /// Where each client may be redirected to.
    clients: HashMap<String, Vec<String>>,
    codes: HashMap<String, (Grant, Instant)>,
    /// Until when each counts.
    access: HashMap<String, Instant>,
    /// The client of each.
    refresh: HashMap<String, String>,
}

/// What was given out.
#[derive(Debug)]
pub(crate) struct OAuthState {
    given: Mutex<Given>,
    clock: Arc<dyn Clock>,
    lifetime: Duration,
    rotates: bool,
}

impl OAuthState {
    pub(crate) fn new(quirks: &OAuthQuirks, clock: Arc<dyn Clock>) -> Self {
        let given = Mutex::default();
        Self { given, clock, lifetime: quirks.lifetime, rotates: quirks.rotates }
    }

    /// Registers a client that may be redirected to these addresses. Its id.
    pub(crate) fn register(&self, redirects: Vec<String>) -> Result<String> {
        let id = format!("client_{}", random_name(12)?);
        self.lock().clients.insert(id.clone(), redirects);
        Ok(id)
    }

    /// Whether a client may be redirected there. The port of an address of this machine may be any
    /// (RFC 8252, 7.3).
    pub(crate) fn may_redirect(&self, client: &str, to: &str) -> bool {
        let is_it = |known: &String| without_port(known) == without_port(to);
        self.lock().clients.get(client).is_some_and(|known| known.iter().any(is_it))
    }

    /// A code for what is granted.
    pub(crate) fn grant(&self, grant: Grant) -> Result<String> {
        let code = random_name(24)?;
        let until = self.clock.now() + CODE_LIFETIME;
        self.lock().codes.insert(code.clone(), (grant, until));
        Ok(code)
    }

    /// What a code was given for. It counts once.
    pub(crate) fn redeem(&self, code: &str) -> Option<Grant> {
        let (grant, until) = self.lock().codes.remove(code)?;
        (self.clock.now() < until).then_some(grant)
    }

    /// Tokens for a client.
    pub(crate) fn tokens(&self, client: &str) -> Result<TokenPair> {
        let (access, refresh) = (self.access()?, format!("tskrt_{}", random_name(24)?));
        self.lock().refresh.insert(refresh.clone(), client.to_owned());
        Ok(TokenPair { access, refresh: Some(refresh) })
    }

    /// Tokens in place of those that came with a refresh token; `None` if that does not count.
    pub(crate) fn refresh(&self, client: &str, refresh: &str) -> Result<Option<TokenPair>> {
        if self.lock().refresh.get(refresh).is_none_or(|known| known != client) {
            return Ok(None);
        }
        if !self.rotates {
            return Ok(Some(TokenPair { access: self.access()?, refresh: None }));
        }
        self.lock().refresh.remove(refresh);
        self.tokens(client).map(Some)
    }

    /// Whether an access token counts.
    pub(crate) fn counts(&self, access: &str) -> bool {
        self.lock().access.get(access).is_some_and(|until| self.clock.now() < *until)
    }

    /// No access token counts any more, and no refresh token if `refresh`.
    pub(crate) fn revoke(&self, refresh: bool) {
        let mut given = self.lock();
        given.access.clear();
        if refresh {
            given.refresh.clear();
        }
    }

    fn access(&self) -> Result<String> {
        let access = format!("tskat_{}", random_name(24)?);
        self.lock().access.insert(access.clone(), self.clock.now() + self.lifetime);
        Ok(access)
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An address of this machine without its port; any other as it is.
fn without_port(address: &str) -> String {
    let Some(rest) = address.strip_prefix("http://127.0.0.1:") else { return address.to_owned() };
    let path = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    format!("http://127.0.0.1{path}")
}
