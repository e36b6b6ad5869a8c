//! The token of a login, and keeping it: in the keyring where there is one, else in a private file, and
//! never in both.

use std::{
    fs, io,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Serialize};

use super::{
    keyring::Keyring,
    logins::{Login, LoginFile, Place},
};

use crate::{
    api::oauth::Granted,
    error::{Error, Kind, Result},
    secret::Token,
};

/// A token, and how it is renewed.
#[derive(Debug, Clone)]
pub(crate) struct LoginSecret {
    pub(crate) access: Token,
    pub(crate) renewal: Option<Renewal>,
}

/// How a token is renewed that counts for a while only.
#[derive(Debug, Clone)]
pub(crate) struct Renewal {
    pub(crate) refresh: Token,
    pub(crate) client: String,
    pub(crate) endpoint: String,
    /// When it ends and how long it counted from the beginning, if that is known.
    pub(crate) ends: Option<(SystemTime, Duration)>,
}

/// The same as it is kept.
#[derive(Serialize, Deserialize)]
struct Written {
    access: String,
    refresh: Option<String>,
    client: Option<String>,
    endpoint: Option<String>,
    /// In seconds since 1970.
    ends: Option<f64>,
    /// In seconds.
    lifetime: Option<f64>,
}

impl LoginSecret {
    /// What the service gave just now. `before` is the refresh token so far.
    pub(crate) fn granted(
        granted: Granted,
        before: Option<&Token>,
        client: &str,
        endpoint: &str,
    ) -> Self {
        let lasts = granted.expires_in;
        let ends = lasts.map(|lifetime| (SystemTime::now() + lifetime, lifetime));
        let refresh = granted.refresh.or_else(|| before.cloned());
        let renewal = refresh.map(|refresh| Renewal {
            refresh,
            client: client.to_owned(),
            endpoint: endpoint.to_owned(),
            ends,
        });
        Self { access: granted.access, renewal }
    }

    fn written(&self) -> Result<String> {
        let renewal = self.renewal.as_ref();
        let ends = renewal.and_then(|it| it.ends);
        let since = |at: SystemTime| at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let written = Written {
            access: self.access.expose().to_owned(),
            refresh: renewal.map(|it| it.refresh.expose().to_owned()),
            client: renewal.map(|it| it.client.clone()),
            endpoint: renewal.map(|it| it.endpoint.clone()),
            ends: ends.map(|(at, _)| since(at).as_secs_f64()),
            lifetime: ends.map(|(_, lifetime)| lifetime.as_secs_f64()),
        };
        serde_json::to_string(&written)
            .map_err(|error| Error::new(Kind::Storage, "cannot keep the token").because(error))
    }

    /// What was kept as `text`.
    fn read(text: &str) -> Option<Self> {
        let written: Written = serde_json::from_str(text).ok()?;
        let duration = |seconds: f64| Duration::try_from_secs_f64(seconds).ok();
        let at = written.ends.and_then(duration).and_then(|since| UNIX_EPOCH.checked_add(since));
        let ends = at.zip(written.lifetime.and_then(duration));
        let renewal = || {
            let refresh = Token::new(written.refresh.as_deref()?)?;
            let (client, endpoint) = (written.client?, written.endpoint?);
            Some(Renewal { refresh, client, endpoint, ends })
        };
        Some(Self { access: Token::new(&written.access)?, renewal: renewal() })
    }
}

/// Keeps the token of a login where it was kept, and the login with it, in place of what was kept.
/// A login that is kept nowhere yet goes to the keyring if there is one. Whoever calls has its lock.
/// Why it is not in the keyring, if it is not.
///
/// # Errors
/// If it cannot be kept.
pub(crate) async fn keep(
    file: &LoginFile,
    login: &mut Login,
    secret: &LoginSecret,
) -> Result<Option<Error>> {
    let text = secret.written()?;
    let label = format!("Taskade: {}", login.who());
    let opened = Keyring::open().await;
    let kept = match (&opened, login.place) {
        (_, Some(Place::File)) => Ok(Place::File),
        (Ok(keyring), _) => keyring.keep(&login.id, &label, &text).await.map(|()| Place::Keyring),
        (Err(error), _) => Err(error.clone()),
    };
    let (place, why) = match kept {
        Ok(place) => (place, None),
        // A login that others find in the keyring stays there.
        Err(error) if login.place == Some(Place::Keyring) => return Err(error),
        Err(error) => (Place::File, Some(error)),
    };
    match place {
        Place::File => file.replace(&file.secret(), text.as_bytes())?,
        Place::Keyring => remove_file(file)?,
    }
    let before = login.place.replace(place);
    file.write(login)?;
    if let (Place::File, None, Ok(keyring)) = (place, before, &opened) {
        keyring.forget(&login.id).await?;
    }
    Ok(why)
}

/// The token of a login; `None` if it is kept nowhere.
///
/// # Errors
/// If it cannot be read.
pub(crate) async fn read(file: &LoginFile, login: &Login) -> Result<Option<LoginSecret>> {
    let text = match login.place {
        None => None,
        Some(Place::Keyring) => {
            let asked = async { Keyring::open().await?.read(&login.id).await };
            asked.await.map_err(|error| {
                error.better_hint(format!(
                    "the token of {} is in the keyring: unlock it, or {} again where there is one",
                    login.who(),
                    login.command()
                ))
            })?
        }
        Some(Place::File) => match fs::read_to_string(file.secret()) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Error::io("cannot read the token", error)
                    .at(file.secret().display().to_string()));
            }
        },
    };
    Ok(text.as_deref().and_then(LoginSecret::read))
}

/// Forgets the token of a login, wherever it is, and keeps who it was.
///
/// # Errors
/// If it is in a keyring that cannot be reached, or cannot be removed.
pub(crate) async fn forget(file: &LoginFile, login: &mut Login) -> Result<()> {
    match Keyring::open().await {
        Ok(keyring) => keyring.forget(&login.id).await?,
        Err(error) if login.place == Some(Place::Keyring) => {
            return Err(error.better_hint("it is in a keyring: log out where that is open"));
        }
        Err(_) => {}
    }
    remove_file(file)?;
    login.place = None;
    file.write(login)
}

fn remove_file(file: &LoginFile) -> Result<()> {
    match fs::remove_file(file.secret()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("cannot remove the token", error).at(file.secret().display().to_string()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{LoginSecret, Renewal};
    use crate::secret::Token;

    #[test]
    fn a_token_comes_back_as_it_was_kept_and_is_never_printed() {
        let token = |text: &str| Token::new(text).unwrap();
        let ends = SystemTime::UNIX_EPOCH + Duration::from_millis(1_700_000_000_500);
        let secret = LoginSecret {
            access: token("tskat_one"),
            renewal: Some(Renewal {
                refresh: token("tskrt_two"),
                client: "c".to_owned(),
                endpoint: "https://x/t".to_owned(),
                ends: Some((ends, Duration::from_secs(3600))),
            }),
        };
        assert!(!format!("{secret:?}").contains("tsk"), "{secret:?}");
        let back = LoginSecret::read(&secret.written().unwrap()).unwrap();
        assert_eq!(back.access, secret.access);
        let renewal = back.renewal.unwrap();
        assert_eq!(renewal.refresh, token("tskrt_two"));
        let (at, lifetime) = renewal.ends.unwrap();
        assert_eq!(lifetime, Duration::from_secs(3600));
        assert!(at.duration_since(ends).unwrap_or_default() < Duration::from_millis(1));
        let personal = LoginSecret { access: token("tskdp_x"), renewal: None };
        assert!(LoginSecret::read(&personal.written().unwrap()).unwrap().renewal.is_none());
        assert!(LoginSecret::read("{}").is_none() && LoginSecret::read("no").is_none());
    }
}
