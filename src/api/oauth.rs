//! OAuth 2.0 as a public client on this machine: what is asked of the service, and what it answers. The
//! browser and the address that it is sent back to are somebody else's.

use std::time::Duration;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Method, StatusCode, Url};
use serde_json::{Value, json};

use super::{
    origin::{self, METADATA, Origin},
    url::is_loopback,
};
use crate::{
    error::{Error, Kind, Result},
    secret::Token,
};

/// Where the rest is where the metadata does not say.
const AUTHORIZE: &str = "/oauth2/authorize";
const TOKEN: &str = "/oauth2/token";
const REGISTER: &str = "/oauth2/register";

/// As whom this program registers.
const CLIENT_NAME: &str = "taskadefs";

/// Most characters of the service's own word for an error.
const WORD: usize = 40;

/// Where things are.
#[derive(Debug, Clone)]
pub(crate) struct Endpoints {
    pub(crate) issuer: Option<String>,
    authorize: Url,
    pub(crate) token: Url,
    register: Url,
    /// What may be asked for, as far as it is told.
    pub(crate) scopes: Vec<String>,
}

/// One asking for the right: what only this program knows of it.
pub(crate) struct Asking {
    pub(crate) client: String,
    pub(crate) redirect: String,
    verifier: String,
    pub(crate) state: String,
}

/// What the service gave.
#[derive(Debug)]
pub(crate) struct Granted {
    pub(crate) access: Token,
    pub(crate) refresh: Option<Token>,
    pub(crate) expires_in: Option<Duration>,
}

/// Asks where things are. A service that does not tell has them where they are documented to be.
///
/// # Errors
/// If it cannot be asked, or names addresses of others.
pub(crate) async fn endpoints(origin: &Origin) -> Result<Endpoints> {
    let (status, body) = origin::ask(origin.request(Method::GET, origin.at(METADATA))).await?;
    let told: Value = match status {
        StatusCode::OK => serde_json::from_slice(&body).unwrap_or_default(),
        status if status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS => {
            Value::Null
        }
        status => return Err(origin::no_verdict(status)),
    };
    let own = |name: &str, documented: &str| match told[name].as_str() {
        Some(address) => origin.own(address),
        None => Ok(origin.at(documented)),
    };
    let authorize = match told["authorization_endpoint"].as_str() {
        Some(address) => page(address)?,
        None => origin.at(AUTHORIZE),
    };
    let scopes = told["scopes_supported"].as_array().into_iter().flatten();
    Ok(Endpoints {
        issuer: told["issuer"].as_str().map(str::to_owned),
        authorize,
        token: own("token_endpoint", TOKEN)?,
        register: own("registration_endpoint", REGISTER)?,
        scopes: scopes.filter_map(Value::as_str).map(str::to_owned).collect(),
    })
}

/// A page for the browser, which takes no token there.
fn page(address: &str) -> Result<Url> {
    let is_safe =
        |url: &Url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
    Url::parse(address).ok().filter(is_safe).ok_or_else(|| {
        Error::new(Kind::Protocol, "the service has its login where there is no TLS").at(address)
    })
}

impl Asking {
    /// Registers this program, to be sent back to at `redirect`.
    ///
    /// # Errors
    /// If the service does not take it.
    pub(crate) async fn begin(
        origin: &Origin,
        endpoints: &Endpoints,
        redirect: &str,
    ) -> Result<Self> {
        let registration = json!({
            "client_name": CLIENT_NAME,
            "redirect_uris": [redirect],
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            "token_endpoint_auth_method": "none",
        });
        let request = origin.request(Method::POST, endpoints.register.clone()).json(&registration);
        let (status, body) = origin::ask(request).await?;
        if !status.is_success() {
            return Err(refused("Taskade registers no programs", status, &body));
        }
        let told: Value = serde_json::from_slice(&body).unwrap_or_default();
        let client = told["client_id"].as_str().filter(|id| !id.is_empty());
        let client = client.ok_or_else(|| origin::no_verdict(status))?.to_owned();
        let redirect = redirect.to_owned();
        Ok(Self { client, redirect, verifier: random()?, state: random()? })
    }

    /// The page on which a person says yes.
    pub(crate) fn page(&self, endpoints: &Endpoints, scope: Option<&str>) -> Url {
        let hash = ring::digest::digest(&ring::digest::SHA256, self.verifier.as_bytes());
        let challenge = URL_SAFE_NO_PAD.encode(hash);
        let mut url = endpoints.authorize.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client)
            .append_pair("redirect_uri", &self.redirect)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256")
            .extend_pairs(scope.map(|scope| ("scope", scope)));
        url
    }

    /// The tokens for the code that the browser came back with.
    ///
    /// # Errors
    /// If the service gives none.
    pub(crate) async fn redeem(
        &self,
        origin: &Origin,
        endpoints: &Endpoints,
        code: &str,
    ) -> Result<Granted> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("client_id", &self.client),
            ("code_verifier", &self.verifier),
        ];
        granted(origin, &endpoints.token, &form).await
    }
}

/// Other tokens for a refresh token. The old one goes on to count where none comes.
///
/// # Errors
/// [`Kind::Unauthorized`] if it does not count any more; else as with any request.
pub(crate) async fn refresh(
    origin: &Origin,
    token_endpoint: &Url,
    client: &str,
    refresh: &Token,
) -> Result<Granted> {
    let form = [
        ("grant_type", "refresh_token"),
        ("refresh_token", refresh.expose()),
        ("client_id", client),
    ];
    granted(origin, token_endpoint, &form).await
}

async fn granted(origin: &Origin, endpoint: &Url, form: &[(&str, &str)]) -> Result<Granted> {
    let request = origin.request(Method::POST, endpoint.clone()).form(form);
    let (status, body) = origin::ask(request).await?;
    if !status.is_success() {
        return Err(refused("Taskade gives no token", status, &body));
    }
    let told: Value = serde_json::from_slice(&body).unwrap_or_default();
    let token = |name: &str| told[name].as_str().and_then(Token::new);
    let seconds = &told["expires_in"];
    let seconds = seconds.as_f64().or_else(|| seconds.as_str()?.trim().parse().ok());
    Ok(Granted {
        access: token("access_token").ok_or_else(|| origin::no_verdict(status))?,
        refresh: token("refresh_token"),
        expires_in: seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
    })
}

/// A refusal as RFC 6749, 5.2 has it: its word, and nothing else of what the service wrote.
fn refused(what: &str, status: StatusCode, body: &[u8]) -> Error {
    let told: Value = serde_json::from_slice(body).unwrap_or_default();
    let word = told["error"].as_str().map(word).unwrap_or_default();
    match &*word {
        "invalid_grant" | "invalid_client" | "unauthorized_client" => {
            Error::new(Kind::Unauthorized, format!("{what} ({word})"))
        }
        _ if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            origin::no_verdict(status)
        }
        "" => Error::new(Kind::Protocol, format!("{what} ({})", status.as_u16())),
        _ => Error::new(Kind::Refused, format!("{what} ({word})")),
    }
}

/// A word for an error, without what no such word has.
pub(crate) fn word(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    text.chars().filter(plain).take(WORD).collect()
}

/// 32 random bytes as 43 characters (RFC 7636, 4.1).
fn random() -> Result<String> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Storage, format!("no randomness: {error}")))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::{Asking, Endpoints, Origin, page, refused};
    use crate::error::Kind;

    #[test]
    fn a_page_has_the_hash_of_what_is_kept_secret_and_no_scope_unless_it_is_wanted() {
        let origin = Origin::of("https://x.example/api/v1").unwrap();
        let endpoints = Endpoints {
            issuer: None,
            authorize: origin.at("/oauth2/authorize"),
            token: origin.at("/oauth2/token"),
            register: origin.at("/oauth2/register"),
            scopes: Vec::new(),
        };
        // The example of RFC 7636, appendix B.
        let asking = Asking {
            client: "c".to_owned(),
            redirect: "http://127.0.0.1:1/callback".to_owned(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
            state: "s".to_owned(),
        };
        let url = asking.page(&endpoints, None);
        let shown = url.as_str();
        assert!(shown.contains("code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"));
        assert!(!shown.contains("dBjftJeZ4CVP") && !shown.contains("scope"), "{shown}");
        assert!(asking.page(&endpoints, Some("a b")).as_str().ends_with("&scope=a+b"));
        assert!(origin.own("https://x.example/other").is_ok());
        for elsewhere in ["https://y.example/t", "http://x.example/t", "https://x.example:1/t", ""]
        {
            assert!(origin.own(elsewhere).is_err(), "{elsewhere}");
        }
        assert!(page("http://y.example/").is_err() && page("https://y.example/").is_ok());
    }

    #[test]
    fn only_a_word_that_says_so_means_that_a_token_counts_no_more() {
        let of = |status: u16, body: &str| {
            refused("no", status.try_into().unwrap(), body.as_bytes()).kind()
        };
        assert_eq!(of(400, r#"{"error":"invalid_grant"}"#), Kind::Unauthorized);
        assert_eq!(of(401, r#"{"error":"invalid_client"}"#), Kind::Unauthorized);
        assert_eq!(of(400, r#"{"error":"invalid_request"}"#), Kind::Refused);
        for (status, body) in [(401, "<html>"), (302, ""), (503, ""), (500, "{}"), (400, "{}")] {
            assert!(of(status, body).is_transient(), "{status} {body}");
        }
    }
}
