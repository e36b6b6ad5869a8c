//! Whether the service is there, as those see it who would wait for it. While it is known to be gone
//! nobody does: a save is done once it is journaled, and a read once what is known is served.

use crate::{
    api::Gone,
    clock::rfc3339,
    error::{Error, Kind},
    sync::engine::Engine,
};

/// What was wrong with the service when it was last asked, if anything was.
pub(crate) fn trouble(engine: &Engine) -> Option<String> {
    gone(engine).map(|gone| gone.reason).or_else(|| engine.backend.trouble())
}

/// Since when the service is gone, if it is.
pub(crate) fn gone(engine: &Engine) -> Option<Gone> {
    engine.backend.outage().and_then(|outage| outage.borrow().clone())
}

/// Why nothing can be read, if the service is gone.
pub(crate) fn unreachable(engine: &Engine) -> Option<Error> {
    let gone = gone(engine)?;
    let since = rfc3339(gone.since);
    Some(Error::new(Kind::Unreachable, format!("offline since {since}: {}", gone.reason)))
}

/// Returns once the service is gone.
pub(crate) async fn departure(engine: &Engine) {
    turn(engine, |gone| gone.is_some()).await;
}

/// Returns once the service is not gone.
pub(crate) async fn presence(engine: &Engine) {
    turn(engine, |gone| gone.is_none()).await;
}

pub(crate) async fn turn(engine: &Engine, is_it: impl Fn(&Option<Gone>) -> bool) {
    let turned = match engine.backend.outage() {
        Some(mut outage) => outage.wait_for(is_it).await.is_ok(),
        None => false,
    };
    if !turned {
        // Nobody tells.
        std::future::pending::<()>().await;
    }
}
