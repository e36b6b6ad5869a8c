//! Whether the service is there, as those see it who would wait for it. While it is known to be gone
//! nobody does: a save is done once it is journaled, and a read once what is known is served.

use super::engine::Engine;
use crate::{
    api::Gone,
    clock::rfc3339,
    error::{Error, Kind},
};

impl Engine {
    /// Since when the service is gone, if it is.
    pub fn gone(&self) -> Option<Gone> {
        self.backend.outage().and_then(|outage| outage.borrow().clone())
    }

    /// Why nothing can be read, if the service is gone.
    pub(crate) fn unreachable(&self) -> Option<Error> {
        let gone = self.gone()?;
        let since = rfc3339(gone.since);
        Some(Error::new(Kind::Unreachable, format!("offline since {since}: {}", gone.reason)))
    }

    /// Returns once the service is gone.
    pub(crate) async fn departure(&self) {
        self.turn(|gone| gone.is_some()).await;
    }

    /// Returns once the service is not gone.
    pub(crate) async fn presence(&self) {
        self.turn(|gone| gone.is_none()).await;
    }

    async fn turn(&self, is_it: impl Fn(&Option<Gone>) -> bool) {
        let turned = match self.backend.outage() {
            Some(mut outage) => outage.wait_for(is_it).await.is_ok(),
            None => false,
        };
        if !turned {
            // Nobody tells.
            std::future::pending::<()>().await;
        }
    }
}
