//! The system's keyring: the Secret Service on the session's bus. What is kept there goes over the bus
//! encrypted. Nothing here waits for ever, as an unlocking may ask a person who is not there.

use std::{collections::HashMap, env, time::Duration};

use secret_service::{Collection, EncryptionType, Item, SecretService};

use crate::error::{Error, Kind, Result};

/// How long the keyring may take to answer, and a person to unlock it.
const ANSWER: Duration = Duration::from_secs(5);
const UNLOCKING: Duration = Duration::from_secs(25);

/// By what what is kept is found.
const PROGRAM: (&str, &str) = ("application", "taskadefs");
const LOGIN: &str = "login";

/// The keyring of this session.
pub(crate) struct Keyring(SecretService<'static>);

impl Keyring {
    /// The keyring, if there is one.
    ///
    /// # Errors
    /// Why there is none.
    pub(crate) async fn open() -> Result<Self> {
        if env::var_os("DBUS_SESSION_BUS_ADDRESS").is_some_and(|address| address.is_empty()) {
            return Err(Error::new(Kind::NotFound, "there is no session bus"));
        }
        within(ANSWER, SecretService::connect(EncryptionType::Dh)).await.map(Self)
    }

    /// Keeps a secret in place of what was kept under this id.
    ///
    /// # Errors
    /// If it is locked and stays so, or does not take it.
    pub(crate) async fn keep(&self, id: &str, label: &str, secret: &str) -> Result<()> {
        let collection = self.collection().await?;
        let created =
            collection.create_item(label, attributes(id), secret.as_bytes(), true, "text/plain");
        within(ANSWER, created).await.map(drop)
    }

    /// Whether nothing can be kept or read before somebody unlocks it.
    ///
    /// # Errors
    /// If it does not answer.
    pub(crate) async fn is_locked(&self) -> Result<bool> {
        let collection = within(ANSWER, self.0.get_any_collection()).await?;
        within(ANSWER, collection.is_locked()).await
    }

    /// What is kept under this id, if anything is.
    ///
    /// # Errors
    /// If it is locked and stays so, or does not answer.
    pub(crate) async fn read(&self, id: &str) -> Result<Option<String>> {
        let Some(item) = self.items(id).await?.pop() else { return Ok(None) };
        unlock(&item).await?;
        let secret = within(ANSWER, item.get_secret()).await?;
        Ok(String::from_utf8(secret).ok())
    }

    /// Forgets what is kept under this id.
    ///
    /// # Errors
    /// If it is locked and stays so, or does not answer.
    pub(crate) async fn forget(&self, id: &str) -> Result<()> {
        for item in self.items(id).await? {
            unlock(&item).await?;
            within(ANSWER, item.delete()).await?;
        }
        Ok(())
    }

    /// The collection that new secrets go to, unlocked.
    async fn collection(&self) -> Result<Collection<'_>> {
        let collection = within(ANSWER, self.0.get_any_collection()).await?;
        if within(ANSWER, collection.is_locked()).await? {
            within(UNLOCKING, collection.unlock()).await?;
        }
        Ok(collection)
    }

    async fn items(&self, id: &str) -> Result<Vec<Item<'_>>> {
        let found = within(ANSWER, self.0.search_items(attributes(id))).await?;
        Ok(found.locked.into_iter().chain(found.unlocked).collect())
    }
}

fn attributes(id: &str) -> HashMap<&str, &str> {
    HashMap::from([PROGRAM, (LOGIN, id)])
}

async fn unlock(item: &Item<'_>) -> Result<()> {
    match within(ANSWER, item.is_locked()).await? {
        true => within(UNLOCKING, item.unlock()).await,
        false => Ok(()),
    }
}

/// What comes of asking the keyring, if that comes soon enough.
async fn within<T>(
    wait: Duration,
    asked: impl Future<Output = Result<T, secret_service::Error>>,
) -> Result<T> {
    let answered = tokio::time::timeout(wait, asked).await;
    let answered = answered.map_err(|_| {
        Error::new(Kind::Unreachable, "the keyring does not answer").hint("unlock it")
    })?;
    answered.map_err(|error| match error {
        secret_service::Error::Locked | secret_service::Error::Prompt => locked(),
        error => {
            // Why is of use to whoever has one, and to nobody else.
            tracing::debug!(%error, "no keyring");
            Error::new(Kind::NotFound, "there is no keyring to use")
        }
    })
}

/// Nobody has unlocked it.
pub(crate) fn locked() -> Error {
    Error::new(Kind::Unreachable, "the keyring is locked").hint("unlock it")
}
