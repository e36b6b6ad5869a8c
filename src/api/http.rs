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
    Client, Method, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderMap, HeaderValue},
    redirect,
};
use serde_json::Value;

use super::{
    budget::Told,
    gate::{BudgetStatus, Gate},
    paging::Paging,
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

/// Longest body that is read.
const MAX_BODY: usize = 64 << 20;

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
    authorization: Option<HeaderValue>,
    gate: Gate,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    pub(crate) paging: Paging,
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
        let authorization = token.map(authorization).transpose()?;
        let gate = Gate::new(clock.clone());
        let (timeout, paging) = (REQUEST_TIMEOUT, Paging::default());
        Ok(Self { client, base, authorization, gate, clock, timeout, paging })
    }

    /// Gives one whole request, the reading of its answer included, this long instead of 30 s.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// What is known of the request budget.
    pub fn budget(&self) -> BudgetStatus {
        self.gate.status()
    }

    /// Reads.
    pub(crate) async fn get(
        &self,
        priority: Priority,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Envelope> {
        let mut url = self.url(path)?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.call(priority, Method::GET, url, None).await
    }

    /// Writes.
    pub(crate) async fn write(
        &self,
        method: Method,
        path: &[&str],
        body: Option<Value>,
    ) -> Result<Envelope> {
        let url = self.url(path)?;
        self.call(Priority::Save, method, url, body).await
    }

    async fn call(
        &self,
        priority: Priority,
        method: Method,
        url: Url,
        body: Option<Value>,
    ) -> Result<Envelope> {
        let deadline = self.clock.now() + patience(priority);
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(self.clock.now());
            let tried = self.attempt(priority, &method, &url, body.as_ref(), left).await;
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

    async fn attempt(
        &self,
        priority: Priority,
        method: &Method,
        url: &Url,
        body: Option<&Value>,
        patience: Duration,
    ) -> Attempt {
        let is_read = *method == Method::GET;
        let Some(authorization) = &self.authorization else {
            let error = Error::new(Kind::Unauthorized, "no token is set")
                .hint("set TASKADE_TOKEN or give --token-file");
            return Attempt { result: Err(error), repeatable: false };
        };
        let permit = match self.gate.pass(priority, patience).await {
            Ok(permit) => permit,
            Err(error) => return Attempt { result: Err(error), repeatable: false },
        };
        let started = self.clock.now();
        let mut request = self
            .client
            .request(method.clone(), url.clone())
            .timeout(self.timeout)
            .header(AUTHORIZATION, authorization.clone());
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) => {
                let repeatable = is_read || error.is_connect();
                return Attempt { result: Err(no_answer(is_read, error)), repeatable };
            }
        };
        let status = response.status();
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        permit.answered(told(response.headers()), refused);
        let result = read_answer(response, is_read).await;
        self.trace(method, url, status, started);
        let repeatable = match &result {
            Ok(_) => false,
            Err(error) if error.kind() == Kind::RateLimited => true,
            Err(error) => is_read && (error.kind().is_transient() || status.is_server_error()),
        };
        Attempt { result, repeatable }
    }

    fn trace(&self, method: &Method, url: &Url, status: StatusCode, started: Instant) {
        let ms = self.clock.now().saturating_duration_since(started).as_millis();
        tracing::debug!(%method, path = url.path(), status = status.as_u16(), ms, "request");
    }

    /// The URL of a path below the base; each part is one segment, whatever it holds.
    fn url(&self, path: &[&str]) -> Result<Url> {
        let bad = |part: &&&str| matches!(**part, "." | "..");
        if path.iter().any(|part| bad(&part)) {
            return Err(Error::new(Kind::Protocol, "Taskade gave an id that cannot be one"));
        }
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::new(Kind::Invalid, "the API URL cannot have a path"))?
            .pop_if_empty()
            .extend(path);
        Ok(url)
    }
}

/// How long a call may take altogether, waiting for the budget included. Nothing that a program
/// waits for is without an end.
fn patience(priority: Priority) -> Duration {
    Duration::from_secs(match priority {
        Priority::Save => 180,
        Priority::Foreground => 90,
        Priority::Background => 5,
    })
}

async fn read_answer(mut response: Response, is_read: bool) -> Result<Envelope> {
    let status = response.status();
    if status.is_redirection() {
        return Err(Error::new(
            Kind::Refused,
            format!("the API answered with a redirect ({status})"),
        )
        .hint("check --api-url; a token is never sent on to another address"));
    }
    let mut body = Vec::new();
    let too_long = || Error::new(Kind::Protocol, "Taskade's answer is over 64 MiB");
    if response.content_length().is_some_and(|length| length > MAX_BODY as u64) {
        return Err(too_long());
    }
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_BODY => {
                body.extend_from_slice(&chunk)
            }
            Ok(Some(_)) => return Err(too_long()),
            Ok(None) => break,
            // The status alone decides about a failure.
            Err(_) if !status.is_success() => break,
            Err(error) => return Err(no_answer(is_read, error)),
        }
    }
    let result = if status.is_success() {
        Envelope::read(&body)
    } else {
        Err(Envelope::read_failure(status.as_u16(), &body))
    };
    // A write that ends in a 5xx or in an answer that cannot be read may have been executed.
    result.map_err(|error| match error.kind() {
        Kind::Protocol if !is_read => Error::new(Kind::Ambiguous, error.to_string()),
        _ => error,
    })
}

/// No usable answer came: certain to have done nothing only if there was no connection.
fn no_answer(is_read: bool, error: reqwest::Error) -> Error {
    let unsent = is_read || error.is_connect();
    let (kind, what) = match (unsent, error.is_timeout()) {
        (true, _) => (Kind::Unreachable, "Taskade cannot be reached"),
        (false, true) => (Kind::Ambiguous, "Taskade took too long to answer"),
        (false, false) => (Kind::Ambiguous, "the connection broke before Taskade answered"),
    };
    Error::new(kind, what).because(error.without_url())
}

fn told(headers: &HeaderMap) -> Told {
    let value = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let number = |name: &str| value(name).and_then(|text| text.trim().parse::<f64>().ok());
    let count = |name: &str| {
        number(name)
            .filter(|n| n.is_finite() && *n >= 0.0)
            .map(|n| n.min(f64::from(u32::MAX)) as u32)
    };
    let seconds = number("retry-after").or_else(|| number("x-rate-limit-reset"));
    Told {
        limit: count("x-rate-limit-limit"),
        remaining: count("x-rate-limit-remaining"),
        reset: seconds
            .filter(|seconds| seconds.is_finite() && (0.0..=86_400.0).contains(seconds))
            .map(Duration::from_secs_f64),
    }
}

fn authorization(token: &Token) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose()))
        .map_err(|_| Error::new(Kind::Invalid, "the token holds characters that no header can"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// Reads an API URL and refuses one over which a token must not go.
///
/// # Errors
/// [`Kind::Invalid`] if it is no URL, or plain `http://` to another machine.
pub fn check_url(url: &str) -> Result<Url> {
    let base = Url::parse(url)
        .map_err(|error| Error::new(Kind::Invalid, "the API URL is none").at(url).because(error))?;
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
    use std::{sync::Arc, time::Duration};

    use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

    use super::{HttpBackend, check_url, told};
    use crate::{clock::SystemClock, error::Kind};

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
    fn an_id_is_one_segment_whatever_it_holds() {
        for base in ["https://x.example/api/v1", "https://x.example/api/v1/"] {
            let backend = HttpBackend::new(base, None, Arc::new(SystemClock)).unwrap();
            let url = backend.url(&["projects", "a/b?c#d", "tasks", ""]).unwrap();
            assert_eq!(url.as_str(), "https://x.example/api/v1/projects/a%2Fb%3Fc%23d/tasks/");
            assert!(backend.url(&["projects", ".."]).is_err());
        }
    }

    #[test]
    fn headers_tell_decimal_seconds_and_nonsense_tells_nothing() {
        let read = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            });
            told(&pairs.collect::<HeaderMap>())
        };
        let good = read(&[("x-rate-limit-remaining", "7"), ("x-rate-limit-reset", "23.727")]);
        assert_eq!(good.remaining, Some(7));
        assert_eq!(good.reset, Some(Duration::from_secs_f64(23.727)));
        let bad = read(&[("x-rate-limit-remaining", "-1"), ("x-rate-limit-reset", "NaN")]);
        assert_eq!((bad.remaining, bad.reset), (None, None));
    }
}
