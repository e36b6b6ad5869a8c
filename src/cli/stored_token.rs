//! The token of a login, for as long as a process runs: renewed before it ends, or when Taskade does not
//! know it any more, by one process at a time. Whoever waited for another to do so takes what that one got.
//!
//! A login that is made anew meanwhile is found as soon as the old token is refused.
//!
//! What was renewed and could not be kept, by a keyring that is locked, say, counts for as long as the
//! process lives; it is tried again to keep it, and told until it is.

use std::{
    fs::File,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};

use async_trait::async_trait;

use super::{
    keyring::{self, Keyring},
    login_secret::{self, LoginSecret, Renewal},
    logins::{Login, LoginFile, Place, Stamp},
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

/// After what time it is tried again to keep a token.
const KEEPING_PAUSE: Duration = Duration::from_secs(5);

/// The token of a login.
pub(crate) struct StoredToken {
    file: LoginFile,
    /// As it was when this process began.
    login: Login,
    held: Mutex<Held>,
    /// One at a time in this process.
    turn: tokio::sync::Mutex<()>,
    clock: Arc<dyn Clock>,
    this: Weak<Self>,
}

struct Held {
    secret: LoginSecret,
    /// The state of the login's file of which that is the token, or the one that is to be kept.
    stamp: Option<Stamp>,
    /// The state of the login's file in which the token counts no more, and what is to be told.
    ended: Option<(Option<Stamp>, Error)>,
    /// Until when nothing is tried again, and what came of it.
    pause: Option<(Instant, Error)>,
    /// That the token is kept nowhere.
    unkept: Option<Unkept>,
}

/// A token that could not be kept.
#[derive(Clone)]
struct Unkept {
    error: Error,
    /// When it is to be tried again.
    due: Instant,
}

/// What there is in place of a token that counts no more.
struct Renewed {
    secret: LoginSecret,
    stamp: Option<Stamp>,
    /// Why it is not kept, if it is not.
    unkept: Option<Error>,
}

impl StoredToken {
    /// The token of a login.
    ///
    /// # Errors
    /// If it cannot be read, or is not there.
    pub(crate) async fn open(
        file: LoginFile,
        login: Login,
        clock: Arc<dyn Clock>,
    ) -> Result<Arc<Self>> {
        // Before what it is of: one that is another by then is read again.
        let stamp = file.stamp();
        let secret = login_secret::read(&file, &login).await?.ok_or_else(|| gone(&login))?;
        let held = Mutex::new(Held { secret, stamp, ended: None, pause: None, unkept: None });
        let turn = tokio::sync::Mutex::new(());
        Ok(Arc::new_cyclic(|this| Self { file, login, held, turn, clock, this: this.clone() }))
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
            Ok(Some(Renewed { secret, stamp, unkept })) => {
                tracing::info!("the token was renewed");
                (held.secret, held.stamp) = (secret, stamp);
                held.unkept = unkept.map(|error| {
                    tracing::warn!(%error, "the renewed token is not kept");
                    Unkept { error, due: self.clock.now() + KEEPING_PAUSE }
                });
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
    async fn renewed(&self, old: &Token) -> Result<Option<Renewed>> {
        let _lock = self.lock().await?;
        let mut login = self.own_login()?;
        let stamp = self.file.stamp();
        let own = {
            let held = self.held();
            (held.stamp == stamp).then(|| held.secret.clone())
        };
        // Nobody has another: a keyring that is locked keeps nobody from renewing it.
        let stored = match own {
            Some(own) => own,
            None => {
                let stored = login_secret::read(&self.file, &login).await?;
                stored.ok_or_else(|| gone(&self.login))?
            }
        };
        if stored.access != *old && !self.standing(&stored).0 {
            return Ok(Some(Renewed { secret: stored, stamp, unkept: None }));
        }
        let Some(renewal) = &stored.renewal else { return Ok(None) };
        let secret = self.ask(&login, renewal).await?;
        // What was given counts, whether or not it can be kept.
        let unkept = login_secret::keep(&self.file, &mut login, &secret).await.err();
        Ok(Some(Renewed { secret, stamp: self.file.stamp(), unkept }))
    }

    /// Keeps all other processes from changing the login.
    async fn lock(&self) -> Result<File> {
        let file = self.file.clone();
        let lock = tokio::task::spawn_blocking(move || file.lock(TURN)).await;
        lock.map_err(|error| Error::new(Kind::Storage, "cannot lock the login").because(error))?
    }

    /// The login, if it is still that of who began.
    fn own_login(&self) -> Result<Login> {
        let login = self.file.read()?.filter(|login| login.place.is_some());
        let login = login.ok_or_else(|| gone(&self.login))?;
        if login.directory != self.login.directory {
            return Err(Error::new(
                Kind::Unauthorized,
                format!("{} has logged in meanwhile", login.who()),
            )
            .hint("unmount, and mount again for them"));
        }
        Ok(login)
    }

    /// Tries to keep a token that could not be kept, if that is due; nobody waits for it.
    fn keep_if_due(&self) {
        let now = self.clock.now();
        let Some(this) = self.this.upgrade() else { return };
        match &mut self.held().unkept {
            Some(unkept) if unkept.due <= now => unkept.due = now + KEEPING_PAUSE,
            _ => return,
        }
        tokio::spawn(async move {
            let _turn = this.turn.lock().await;
            let kept = this.keep().await;
            let mut held = this.held();
            match (kept, &mut held.unkept) {
                (Ok(()), unkept) => *unkept = None,
                (Err(error), Some(unkept)) => {
                    tracing::debug!(%error, "the renewed token is still not kept");
                    (unkept.error, unkept.due) = (error, this.clock.now() + KEEPING_PAUSE);
                }
                (Err(_), None) => {}
            }
        });
    }

    /// Keeps the token where that before it is; one that is there by now stays.
    async fn keep(&self) -> Result<()> {
        let _lock = self.lock().await?;
        let mut login = self.own_login()?;
        let (secret, stamp) = {
            let held = self.held();
            (held.secret.clone(), held.stamp)
        };
        if self.file.stamp() != stamp {
            return Ok(());
        }
        // Nobody is asked again and again to unlock it.
        if login.place == Some(Place::Keyring) && Keyring::open().await?.is_locked().await? {
            return Err(keyring::locked());
        }
        login_secret::keep(&self.file, &mut login, &secret).await?;
        self.held().stamp = self.file.stamp();
        Ok(())
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
        self.keep_if_due();
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

    fn trouble(&self) -> Option<String> {
        let unkept = self.held().unkept.clone()?;
        let error = Error::new(Kind::Storage, "the renewed token is kept by this mount alone");
        let error = error.because(unkept.error).hint(format!(
            "unlock the keyring before you unmount, or {} again after it",
            self.login.command()
        ));
        Some(error.to_string())
    }
}

/// Nothing is kept of a login.
fn gone(login: &Login) -> Error {
    Error::new(Kind::Unauthorized, format!("{} is not logged in any more", login.who()))
        .hint(format!("run {}", login.command()))
}
