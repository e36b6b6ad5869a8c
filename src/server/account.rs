//! Whose token it is: what there is beside the API for whoever has one.

use serde_json::json;

use super::{
    answer::{Answer, Handled},
    call::ServedCall,
    projects::broken,
    shared::Shared,
};

/// Who has a store in which nobody is a member of anything.
const NOBODY_ELSE: &str = "me";

/// Who has the token: whoever is a member of something first. It is in no envelope.
pub(super) fn ping(shared: &Shared, _: &ServedCall<'_>) -> Handled {
    if !shared.quirks.oauth.has_ping {
        return Err(Answer::not_found("Not found"));
    }
    let owner = shared.store.first_member().map_err(broken)?;
    Ok(Answer::bare(match owner {
        Some(owner) => json!({ "handle": owner.handle, "displayName": owner.name }),
        None => json!({ "handle": NOBODY_ELSE }),
    }))
}
