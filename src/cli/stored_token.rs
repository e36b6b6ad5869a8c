//! The token of a login, for as long as a process runs: renewed before it ends, or when Taskade does not
//! know it any more, by one process at a time. Whoever waited for another to do so takes what that one got.
//!
//! A login that is made anew meanwhile is found as soon as the old token is refused.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{
    login_secret::{self, LoginSecret, Renewal},
    logins::{Login, LoginFile, Stamp},
};

use crate::{
    api::{
        TokenSource,
        oauth::{self, Granted},
        origin::Origin,
    },
    clock::Clock,
    error::{Error, Kind, Result},
    secret::Token,
};

/// How long another process may take to renew the token.
const TURN: Duration = Duration::from_secs(20);

/// How long before its end a token is renewed, unless that is a tenth of its life.
const EARLY: Duration = Duration::from_secs(60);

/// How long nothing is tried again after a renewal that did not come through.
const PAUSE: Duration = Duration::from_secs(5);

/// The token of a login.
pub(crate) struct StoredToken {
    file: LoginFile,
    /// As it was when this process began.
    login: Login,
    held: Mutex<Held>,
    /// One at a time in this process.
    turn: tokio::sync::Mutex<()>,
    clock: Arc<dyn Clock>,
}

struct Held {
    secret: LoginSecret,
    /// The state of the login's file in which the token counts no more, and what is to be told.
    ended: Option<(Option<Stamp>, Error)>,
    /// Until when nothing is tried again, and what came of it.
    pause: Option<(Instant, Error)>,
}

impl StoredToken {
    /// The token of a login.
    ///
    /// # Errors
    /// If it cannot be read, or is not there.
    pub(crate) async fn open(file: LoginFile, login: Login, clock: Arc<dyn Clock>) -> Result<Self> {
        let secret = login_secret::read(&file, &login).await?.ok_or_else(|| gone(&login))?;
        let held = Mutex::new(Held { secret, ended: None, pause: None });
        Ok(Self { file, login, held, turn: tokio::sync::Mutex::new(()), clock })
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a token is to be renewed, and whether it still counts.
    fn standing(&self, secret: &LoginSecret) -> (bool, bool) {
        let ends = secret.renewal.as_ref().and_then(|renewal| renewal.ends);
        let Some((end, lifetime)) = ends else { return (false, true) };
        let left = end.duration_since(self.clock.wall()).unwrap_or_default();
        (left <= EARLY.min(lifetime / 10), !left.is_zero())
    }

    /// Another token than `old`; `None` if there is none.
    async fn renew(&self, old: &Token) -> Result<Option<Token>> {
        let _turn = self.turn.lock().await;
        let now = self.clock.now();
        {
            let held = self.held();
            if held.secret.access != *old {
                return Ok(Some(held.secret.access.clone()));
            }
            if let Some((stamp, error)) = &held.ended
                && *stamp == self.file.stamp()
            {
                return Err(error.clone());
            }
            if let Some((until, error)) = &held.pause
                && now < *until
            {
                return Err(error.clone());
            }
        }
        let stamp = self.file.stamp();
        let renewed = self.renewed(old).await;
        let mut held = self.held();
        (held.ended, held.pause) = (None, None);
        match renewed {
            Ok(Some(secret)) => {
                tracing::info!("the token was renewed");
                held.secret = secret;
                Ok(Some(held.secret.access.clone()))
            }
            Ok(None) => Ok(None),
            Err(error) => {
                match error.kind() {
                    Kind::Unauthorized => held.ended = Some((stamp, error.clone())),
                    _ => held.pause = Some((self.clock.now() + PAUSE, error.clone())),
                }
                Err(error)
            }
        }
    }

    /// What another process has renewed, or else what the service gives now.
    async fn renewed(&self, old: &Token) -> Result<Option<LoginSecret>> {
        let file = self.file.clone();
        let lock = tokio::task::spawn_blocking(move || file.lock(TURN)).await;
        let _lock = lock
            .map_err(|error| Error::new(Kind::Storage, "cannot lock the login").because(error))??;
        let login = self.file.read()?.filter(|login| login.place.is_some());
        let mut login = login.ok_or_else(|| gone(&self.login))?;
        if login.directory != self.login.directory {
            return Err(Error::new(
                Kind::Unauthorized,
                format!("{} has logged in meanwhile", login.who()),
            )
            .hint("unmount, and mount again for them"));
        }
        let stored = login_secret::read(&self.file, &login).await?;
        let stored = stored.ok_or_else(|| gone(&self.login))?;
        if stored.access != *old && !self.standing(&stored).0 {
            return Ok(Some(stored));
        }
        let Some(renewal) = &stored.renewal else { return Ok(None) };
        let secret = self.ask(&login, renewal).await?;
        // What was given counts, whether or not it can be kept.
        if let Err(error) = login_secret::keep(&self.file, &mut login, &secret).await {
            tracing::warn!(%error, "the renewed token is not kept: log in again before you mount again");
        }
        Ok(Some(secret))
    }

    /// Has the service renew a token.
    async fn ask(&self, login: &Login, renewal: &Renewal) -> Result<LoginSecret> {
        let origin = Origin::of(&login.api)?;
        let endpoint = origin.own(&renewal.endpoint)?;
        let asked = oauth::refresh(&origin, &endpoint, &renewal.client, &renewal.refresh).await;
        let granted: Granted = asked.map_err(|error| match error.kind() {
            Kind::Unauthorized => Error::new(
                Kind::Unauthorized,
                format!("Taskade does not renew the login of {}", login.who()),
            )
            .hint(format!("run {}; what is saved meanwhile waits", login.command())),
            // The service is not there, or has its own troubles: no verdict on anything.
            _ => Error::new(Kind::Unreachable, "the token cannot be renewed now").because(error),
        })?;
        let (client, endpoint) = (&renewal.client, &renewal.endpoint);
        Ok(LoginSecret::granted(granted, Some(&renewal.refresh), client, endpoint))
    }
}

#[async_trait]
impl TokenSource for StoredToken {
    async fn token(&self) -> Result<Token> {
        let secret = self.held().secret.clone();
        let (is_due, counts) = self.standing(&secret);
        if !is_due {
            return Ok(secret.access);
        }
        match self.renew(&secret.access).await {
            Ok(renewed) => Ok(renewed.unwrap_or(secret.access)),
            Err(error) if counts => {
                tracing::debug!(%error, "going on with the token as long as it counts");
                Ok(secret.access)
            }
            Err(error) => Err(error),
        }
    }

    async fn after_refusal(&self, refused: &Token) -> Result<Option<Token>> {
        self.renew(refused).await
    }
}

/// Nothing is kept of a login.
fn gone(login: &Login) -> Error {
    Error::new(Kind::Unauthorized, format!("{} is not logged in any more", login.who()))
        .hint(format!("run {}", login.command()))
}
