//! The connections to the service, and whether those that are kept may have died unnoticed.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use reqwest::{Client, Url, redirect};

use super::url::is_loopback;
use crate::error::{Error, Kind, Result};

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection is kept that nothing goes through.
const KEPT: Duration = Duration::from_secs(20);

/// How long what was sent may stay without a receipt of the other machine, and how long a
/// connection may not answer when it is asked whether it is there. No silence of the service itself:
/// its machine gives both by itself.
const UNRECEIVED: Duration = Duration::from_secs(10);

/// A connection that was idle for longer may have died unnoticed. By the wall clock, which goes on
/// while the machine is suspended.
const IDLE: Duration = Duration::from_secs(3);

/// How long a read waits for its answer on such a connection before it tries a fresh one.
pub(super) const DOUBT: Duration = Duration::from_millis(1500);

/// A service that takes longer than this to answer is not doubted for it.
const QUICK: Duration = Duration::from_millis(700);

/// The connections of one backend.
pub(super) struct Connections {
    base: Url,
    state: Mutex<ConnectionState>,
}

struct ConnectionState {
    client: Client,
    /// When the last answer came, and how long it took.
    answered: Option<(SystemTime, Duration)>,
}

impl Connections {
    /// None yet.
    ///
    /// # Errors
    /// [`Kind::Storage`] if the system's certificates cannot be read.
    pub(super) fn new(base: &Url) -> Result<Self> {
        let state = Mutex::new(ConnectionState { client: client(base)?, answered: None });
        Ok(Self { base: base.clone(), state })
    }

    /// Sends over what is kept, and else over a new one.
    pub(super) fn client(&self) -> Client {
        self.lock().client.clone()
    }

    /// Sends over none of those that there were.
    pub(super) fn renew(&self) -> Client {
        let fresh = client(&self.base);
        let mut state = self.lock();
        match fresh {
            Ok(fresh) => {
                state.client = fresh;
                state.answered = None;
            }
            Err(error) => tracing::warn!(%error, "going on with the connections that there are"),
        }
        state.client.clone()
    }

    /// An answer came, which took so long.
    pub(super) fn answered(&self, now: SystemTime, took: Duration) {
        self.lock().answered = Some((now, took));
    }

    /// Whether a connection that is kept may have died since the last answer.
    pub(super) fn may_be_dead(&self, now: SystemTime) -> bool {
        self.lock().answered.is_some_and(|(answered, took)| {
            // A clock that was set back tells nothing.
            took <= QUICK && now.duration_since(answered).map_or(true, |idle| idle >= IDLE)
        })
    }

    fn lock(&self) -> MutexGuard<'_, ConnectionState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What sends requests to a service, and to no other by way of it.
pub(super) fn client(base: &Url) -> Result<Client> {
    let mut builder = Client::builder()
        .user_agent(concat!("taskadefs/", env!("CARGO_PKG_VERSION")))
        // A redirect would carry the token to wherever it points.
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(KEPT)
        .tcp_user_timeout(UNRECEIVED)
        .tcp_keepalive(UNRECEIVED)
        .http2_keep_alive_interval(UNRECEIVED)
        .http2_keep_alive_timeout(UNRECEIVED)
        .https_only(base.scheme() == "https");
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder
        .build()
        .map_err(|error| Error::new(Kind::Storage, "cannot set up the HTTP client").because(error))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::Connections;
    use crate::api::check_url;

    #[test]
    fn a_connection_is_doubted_after_an_idle_time_unless_the_service_is_slow() {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let connections = Connections::new(&check_url("http://127.0.0.1:1/").unwrap()).unwrap();
        let (now, second) = (SystemTime::now(), Duration::from_secs(1));
        assert!(!connections.may_be_dead(now), "there is none");
        connections.answered(now, second / 10);
        assert!(!connections.may_be_dead(now + second));
        assert!(connections.may_be_dead(now + 4 * second));
        assert!(connections.may_be_dead(now - second), "the clock was set back");
        connections.answered(now, second);
        assert!(!connections.may_be_dead(now + 4 * second));
        connections.answered(now, second / 10);
        connections.renew();
        assert!(!connections.may_be_dead(now + 4 * second));
    }
}
