//! Whose a token is, and whether it opens the API: asked before it is kept.

use std::{sync::Arc, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::{
    client::Client,
    http::HttpBackend,
    origin::{self, Origin},
    priority::Priority,
};
use crate::{
    clock::SystemClock,
    error::{Error, Kind, Result},
    model::RemoteSpace,
    secret::Token,
};

/// How long the workspaces may take, waiting for the budget included.
const LISTING_TIMEOUT: Duration = Duration::from_secs(20);

/// Where it is told whose a token is.
const PING: &str = "/oauth2/ping";

/// Who has a token, as far as the service tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) handle: String,
    pub(crate) name: Option<String>,
}

/// What is known of a token.
pub(crate) struct TokenCheck {
    /// `None` where the service does not tell.
    pub(crate) owner: Option<Owner>,
    /// What the API lists with it.
    pub(crate) workspaces: Result<Vec<RemoteSpace>>,
}

/// Asks what there is to know of a token: two requests.
///
/// # Errors
/// If the API is one to which none may be sent.
pub(crate) async fn check(api_url: &str, token: &Token) -> Result<TokenCheck> {
    let owner = owner(api_url, token).await?;
    let backend = HttpBackend::new(api_url, Some(token), Arc::new(SystemClock))?;
    let client = Client::new(Arc::new(backend));
    let listing = client.workspaces(Priority::Foreground);
    let workspaces = tokio::time::timeout(LISTING_TIMEOUT, listing)
        .await
        .unwrap_or_else(|_| Err(Error::new(Kind::Unreachable, "the service did not answer")));
    Ok(TokenCheck { owner, workspaces })
}

/// Whose a token is; `None` where that is not told, for which there may be any reason.
///
/// # Errors
/// If the API is one to which no token may be sent.
pub(crate) async fn owner(api_url: &str, token: &Token) -> Result<Option<Owner>> {
    let origin = Origin::of(api_url)?;
    let request = origin.request(Method::GET, origin.at(PING)).bearer_auth(token.expose());
    let body = match origin::ask(request).await {
        Ok((StatusCode::OK, body)) => body,
        Ok((status, _)) => {
            tracing::debug!(%status, "it is not told whose the token is");
            return Ok(None);
        }
        Err(error) => {
            tracing::debug!(%error, "it cannot be asked whose the token is");
            return Ok(None);
        }
    };
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |name: &str| {
        let text = told[name].as_str().map(str::trim).filter(|text| !text.is_empty());
        text.map(|text| text.chars().take(200).collect::<String>())
    };
    let handle = text("handle").map(|handle| handle.trim_start_matches('@').to_owned());
    let handle =
        handle.filter(|handle| !handle.is_empty() && !handle.contains(char::is_whitespace));
    Ok(handle.map(|handle| Owner { handle, name: text("displayName") }))
}
