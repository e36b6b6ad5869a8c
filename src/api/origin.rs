//! What there is beside the API at its origin: asked once and by nobody but the login. A token goes to
//! that origin and to no other, and no redirect is followed.

use std::time::{Duration, Instant, SystemTime};

use reqwest::{Client, Method, RequestBuilder, StatusCode, Url, header::DATE};

use super::{connections, headers::http_date, url::check_url};
use crate::error::{Error, Kind, Result};

/// Where it is told how one comes to a token (RFC 8414).
pub(super) const METADATA: &str = "/.well-known/oauth-authorization-server";

/// How long one request may take altogether.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Longest answer that is read, in bytes.
const MOST: usize = 1 << 20;

/// The origin of an API.
pub(crate) struct Origin {
    client: Client,
    api: Url,
}

impl Origin {
    /// That of the API at `api_url`.
    ///
    /// # Errors
    /// If a token may not go there.
    pub(crate) fn of(api_url: &str) -> Result<Self> {
        // Fails only where a provider is installed already: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let api = check_url(api_url)?;
        Ok(Self { client: connections::client(&api)?, api })
    }

    /// The address of what is at this path.
    pub(crate) fn at(&self, path: &str) -> Url {
        let mut url = self.api.clone();
        url.set_path(path);
        url.set_query(None);
        url.set_fragment(None);
        url
    }

    /// Reads an address that the service gave, which is to be of this origin.
    ///
    /// # Errors
    /// If it is none, or of another: what is secret does not go there.
    pub(crate) fn own(&self, address: &str) -> Result<Url> {
        let url = Url::parse(address).ok().filter(|url| url.origin() == self.api.origin());
        url.ok_or_else(|| {
            Error::new(Kind::Protocol, "the service names an address that is not its own")
                .at(address)
                .hint("make a personal access token in Taskade and run `taskadefs login` without --oauth")
        })
    }

    /// A request to an address of this origin.
    pub(crate) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client.request(method, url).timeout(TIMEOUT)
    }
}

/// What is there when nothing is wanted of it.
#[derive(Debug)]
pub(crate) struct Presence {
    pub(crate) status: StatusCode,
    /// What time it is there, if it says.
    pub(crate) date: Option<SystemTime>,
    pub(crate) took: Duration,
}

/// Asks whether anybody is at an API: without a token, and nothing of its budget.
///
/// # Errors
/// If nobody is.
pub(crate) async fn presence(api_url: &str) -> Result<Presence> {
    let origin = Origin::of(api_url)?;
    let begun = Instant::now();
    let asked = origin.request(Method::GET, origin.at(METADATA)).send().await;
    let answer = asked.map_err(|error| {
        Error::new(Kind::Unreachable, "Taskade cannot be reached").because(error.without_url())
    })?;
    let date = answer.headers().get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(http_date);
    Ok(Presence { status: answer.status(), date, took: begun.elapsed() })
}

/// Sends a request. Its status and its body.
///
/// # Errors
/// [`Kind::Unreachable`] if no whole answer comes.
pub(crate) async fn ask(request: RequestBuilder) -> Result<(StatusCode, Vec<u8>)> {
    let unreachable = |error: reqwest::Error| {
        Error::new(Kind::Unreachable, "Taskade cannot be reached").because(error.without_url())
    };
    let mut response = request.send().await.map_err(unreachable)?;
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        if body.len() + chunk.len() > MOST {
            return Err(Error::new(Kind::TooLarge, "the answer is too long"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok((response.status(), body))
}

/// What an answer without a verdict is: the service is busy or broken, or something else answered.
pub(crate) fn no_verdict(status: StatusCode) -> Error {
    let kind = match status {
        StatusCode::TOO_MANY_REQUESTS => Kind::RateLimited,
        _ => Kind::Protocol,
    };
    Error::new(kind, format!("Taskade answered {}", status.as_u16()))
        .hint("try again later, or check the network and --api-url")
}
