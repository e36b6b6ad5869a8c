//! What was viewed last in the app, and where that is.
//!
//! It is asked for as a listing is: once in `--max-age`, by one request whoever looks, and an earlier
//! mount's answer is good enough to begin with. The service tells an order and no times, and not in
//! which folders the projects are: those are found in listings.

use std::sync::Arc;

use crate::{
    api::Priority,
    error::Result,
    ids::ProjectId,
    sync::{
        engine::Engine,
        leaf::{
            known_listings::{ListingItems, Which},
            listings::ListingStanding,
        },
        read::directories::{self, ListIntent},
    },
};

/// Most listings that are asked for to find where the projects of one answer are.
const MOST_LISTINGS: usize = 6;

/// The projects that were viewed last, that one first, as far as is told. Who only passes gets what is
/// known. A service that refuses it was asked in vain.
pub(crate) async fn viewed(engine: &Arc<Engine>, list_intent: ListIntent) -> Vec<ProjectId> {
    let (which, max_age) = (Which::Viewed, engine.settings.max_age);
    let flight = engine.listings.flight(&which);
    let _flight = flight.lock().await;
    let now = engine.clock.now();
    let is_fresh = match engine.listings.standing(&which, now, max_age) {
        ListingStanding::Fresh | ListingStanding::FreshFromCache => true,
        ListingStanding::Unknown | ListingStanding::FromCache | ListingStanding::Old => {
            !engine.listings.may_be_asked(&which, now, max_age)
        }
    };
    let passes = matches!(list_intent, ListIntent::Scan | ListIntent::Traverse);
    if !is_fresh && !passes {
        match ask(engine).await {
            Ok(()) => find(engine).await,
            Err(error) => {
                tracing::info!(%error, "not told what was viewed");
                engine.listings.note_failure(&which, now);
            }
        }
    }
    engine.listings.viewed()
}

async fn ask(engine: &Engine) -> Result<()> {
    let asked = engine.clock.now();
    let viewed = engine.backend.viewed_projects(Priority::Foreground).await?;
    let viewed = viewed.into_iter().map(|project| project.id).collect();
    engine.listings.install(&Which::Viewed, ListingItems::Viewed(viewed), asked);
    Ok(())
}

/// Lists what was never listed until it is known where all of them are, up to a bound.
async fn find(engine: &Arc<Engine>) {
    let max_age = engine.settings.max_age;
    for _ in 0..MOST_LISTINGS {
        let is_found = |id: &ProjectId| engine.listings.place_of(id).is_some();
        if engine.listings.viewed().iter().all(is_found) {
            return;
        }
        let now = engine.clock.now();
        let Some(which) = engine.listings.next_unlisted(now, max_age) else { return };
        if let Err(error) = directories::relist(engine, &which, Priority::Foreground).await {
            tracing::info!(%error, "it is not known where all is that was viewed");
            engine.listings.note_failure(&which, now);
            if error.kind().is_transient() {
                return;
            }
        }
    }
}
