//! The HTTP client: one request at a time, from the gate to the reading of its answer.
//!
//! What may be repeated is repeated here: reads after any failure that may pass, writes only
//! after a 429 or a failure to connect, when it is certain that nothing was done.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use reqwest::{
    Client, Method, RequestBuilder, StatusCode, Url,
    header::{AUTHORIZATION, HeaderValue},
    redirect,
};
use serde_json::Value;

use super::{
    answer::{no_answer, read_answer},
    gate::{BudgetStatus, Gate},
    headers::told,
    paging::Paging,
    path::Path,
    types::Priority,
    wire::Envelope,
};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    secret::Token,
};

/// Taskade's own API.
pub const DEFAULT_API_URL: &str = "https://www.taskade.com/api/v1";

/// How long connecting and one whole request may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// The first pause before a repetition; it doubles, and its length is drawn at random.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MOST_ATTEMPTS: u32 = 4;

/// The Taskade API over HTTP.
pub struct HttpBackend {
    client: Client,
    base: Url,
    credentials: Option<Credentials>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    pub(crate) paging: Paging,
}

/// The token, and how it is sent.
struct Credentials {
    token: Token,
    header: HeaderValue,
}

/// One request, as often as it is sent.
struct Request {
    priority: Priority,
    /// Which project or space takes its turn with it.
    subject: String,
    method: Method,
    url: Url,
    body: Option<Value>,
}

/// What one attempt came to.
struct Attempt {
    result: Result<Envelope>,
    /// Whether the request may be sent again without asking what it did.
    repeatable: bool,
}

impl HttpBackend {
    /// A client of the API at `url`. Without a token every call fails, saying so.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the URL is none, or is plain `http://` to another machine.
    pub fn new(url: &str, token: Option<&Token>, clock: Arc<dyn Clock>) -> Result<Self> {
        // Fails only where a provider is installed already: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let base = check_url(url)?;
        let mut builder = Client::builder()
            .user_agent(concat!("taskadefs/", env!("CARGO_PKG_VERSION")))
            // A redirect would carry the token to wherever it points.
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT_TIMEOUT)
            .https_only(base.scheme() == "https");
        if is_loopback(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            Error::new(Kind::Storage, "cannot set up the HTTP client").because(error)
        })?;
        let credentials = token.map(Credentials::new).transpose()?;
        let gate = Gate::new(clock.clone());
        let (timeout, paging) = (REQUEST_TIMEOUT, Paging::default());
        Ok(Self { client, base, credentials, gate, clock, timeout, paging })
    }

    /// Gives one whole request, the reading of its answer included, this long instead of 30 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is known of the request budget.
    pub fn budget_status(&self) -> BudgetStatus {
        self.gate.status()
    }

    /// Reads.
    pub(crate) async fn get(
        &self,
        priority: Priority,
        path: &Path,
        query: &[(&str, &str)],
    ) -> Result<Envelope> {
        let mut url = path.below(&self.base);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let subject = path.subject().to_owned();
        self.call(Request { priority, subject, method: Method::GET, url, body: None }).await
    }

    /// Writes.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: &Path,
        body: Option<Value>,
    ) -> Result<Envelope> {
        let (subject, url) = (path.subject().to_owned(), path.below(&self.base));
        self.call(Request { priority: Priority::Save, subject, method, url, body }).await
    }

    async fn call(&self, request: Request) -> Result<Envelope> {
        let deadline = self.clock.now() + patience(request.priority);
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(self.clock.now());
            let tried = self.attempt(&request, left).await;
            let error = match tried.result {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            let rate_limited = error.kind() == Kind::RateLimited;
            let late = self.clock.now() + pause >= deadline;
            if !tried.repeatable || late || (!rate_limited && attempt >= MOST_ATTEMPTS) {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "trying again");
            // The gate waits for the end of a 429. Where that has come and the next is refused as
            // well, the service does not mean what it says.
            if !rate_limited || attempt > 1 {
                self.clock.sleep(pause.mul_f64(jitter())).await;
                pause *= 2;
            }
        }
        Err(Error::new(Kind::Unreachable, "out of attempts"))
    }

    async fn attempt(&self, request: &Request, patience: Duration) -> Attempt {
        let is_read = request.is_read();
        let Some(credentials) = &self.credentials else {
            let error = Error::new(Kind::Unauthorized, "no token is set")
                .hint("set TASKADE_TOKEN or give --token-file");
            return Attempt { result: Err(error), repeatable: false };
        };
        let passed = self.gate.pass(request.priority, &request.subject, patience).await;
        let mut permit = match passed {
            Ok(permit) => permit,
            Err(error) => return Attempt { result: Err(error), repeatable: false },
        };
        let started = self.clock.now();
        let response = match self.built(request, credentials).send().await {
            Ok(response) => response,
            Err(error) => {
                let unsent = error.is_connect();
                if unsent {
                    permit.unsent();
                }
                self.trace(request, None, started);
                let repeatable = is_read || unsent;
                return Attempt { result: Err(no_answer(is_read, error)), repeatable };
            }
        };
        let status = response.status();
        let told = told(response.headers(), self.clock.wall());
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        permit.answered(told, refused);
        let result = read_answer(response, is_read, &credentials.token).await;
        self.trace(request, Some(status), started);
        let repeatable = match &result {
            Ok(_) => false,
            Err(error) if error.kind() == Kind::RateLimited => {
                // Where the code says it and the status does not.
                if !refused {
                    self.gate.refused(told);
                }
                true
            }
            // What is in the way of the service is not gone in a second.
            Err(error) => {
                let may_pass = status.is_success()
                    || status.is_server_error()
                    || error.kind() == Kind::Unreachable;
                is_read && may_pass && error.kind().is_transient()
            }
        };
        Attempt { result, repeatable }
    }

    fn built(&self, request: &Request, credentials: &Credentials) -> RequestBuilder {
        let builder = self
            .client
            .request(request.method.clone(), request.url.clone())
            .timeout(self.timeout)
            .header(AUTHORIZATION, credentials.header.clone());
        match &request.body {
            Some(body) => builder.json(body),
            None => builder,
        }
    }

    /// Logs a request; never what it or its answer holds.
    fn trace(&self, request: &Request, status: Option<StatusCode>, started: Instant) {
        let ms = self.clock.now().saturating_duration_since(started).as_millis();
        let (method, path) = (&request.method, request.url.path());
        // No status is no answer.
        let status = status.map(|status| status.as_u16());
        tracing::debug!(%method, path, status, ms, "request");
    }
}

impl Request {
    fn is_read(&self) -> bool {
        self.method == Method::GET
    }
}

impl Credentials {
    fn new(token: &Token) -> Result<Self> {
        let header = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut header = header.map_err(|_| {
            Error::new(Kind::Invalid, "the token holds characters that no header can")
        })?;
        header.set_sensitive(true);
        Ok(Self { token: token.clone(), header })
    }
}

/// How long a call may take altogether, waiting for the budget included. Nothing that a program
/// waits for is without an end.
fn patience(priority: Priority) -> Duration {
    Duration::from_secs(match priority {
        Priority::Save => 180,
        Priority::Foreground => 90,
        // There is budget to spare or there is none: whoever comes next about the project, with a
        // save perhaps, waits until this is over.
        Priority::Background => 1,
    })
}

/// Reads an API URL and refuses one over which a token must not go.
///
/// # Errors
/// [`Kind::Invalid`] if it is no URL, has a password in it, or is plain `http://` to another
/// machine.
pub fn check_url(url: &str) -> Result<Url> {
    let base = Url::parse(url).map_err(|error| {
        let error = Error::new(Kind::Invalid, "the API URL is none").because(error);
        // What stands before an @ may be a password.
        if url.contains('@') { error } else { error.at(url) }
    })?;
    if !base.username().is_empty() || base.password().is_some() {
        return Err(Error::new(Kind::Invalid, "the API URL has a user or a password in it")
            .hint("leave all up to the @ away: the token is in TASKADE_TOKEN or --token-file"));
    }
    let safe = match base.scheme() {
        "https" => base.has_host(),
        "http" => is_loopback(&base),
        _ => false,
    };
    if !safe {
        return Err(Error::new(Kind::Invalid, "a token goes only over https, or to this machine")
            .at(url)
            .hint("use an https:// URL"));
    }
    Ok(base)
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Between a half and one, so that clients do not come back in step.
fn jitter() -> f64 {
    let random = getrandom::u32().unwrap_or_default();
    0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0
}

#[cfg(test)]
mod tests {
    use super::check_url;
    use crate::error::Kind;

    #[test]
    fn a_token_goes_over_https_or_to_this_machine_only() {
        for good in [
            "https://x.example/api",
            "http://127.0.0.1:1/api",
            "http://[::1]/",
            "http://localhost:8/",
        ] {
            assert!(check_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://x.example/",
            "http://127.0.0.1.example/",
            "ftp://x/",
            "nonsense",
            "http://10.0.0.1/",
        ] {
            assert_eq!(check_url(bad).unwrap_err().kind(), Kind::Invalid, "{bad}");
        }
    }

    #[test]
    fn a_password_in_the_url_is_refused_and_not_repeated() {
        for url in [
            "https://me:hunter2@x.example/api",
            "https://hunter2@x.example/api",
            "https://:hunter2@x.example/",
            "http://me:hunter2@127.0.0.1/",
            "https//me:hunter2@x.example",
        ] {
            let error = check_url(url).unwrap_err();
            assert_eq!(error.kind(), Kind::Invalid, "{url}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
        assert!(check_url("https://x.example/a@b").is_ok());
    }
}
