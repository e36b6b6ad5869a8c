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
    Client, Method, RequestBuilder, Response, StatusCode, Url,
    header::{AUTHORIZATION, HeaderValue},
};
use serde_json::Value;

use super::{
    answer::{no_answer, read_answer, silent},
    connections::{Connections, DOUBT},
    gate::{BudgetStatus, Gate, Permit},
    headers::told,
    outage::Failure,
    paging::Paging,
    path::Path,
    priority::Priority,
    wire::Envelope,
};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    secret::Token,
};

/// Taskade's own API.
pub const DEFAULT_API_URL: &str = "https://www.taskade.com/api/v1";

/// How long connecting may take.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long one whole request may take, and a read, which goes on as long as something comes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// How long a service may be silent about a save, which nobody waits for longer than they choose.
const SILENCE: Duration = Duration::from_secs(30);

/// How long a program waits for not a byte, unless it is told otherwise (`--read-timeout`).
pub const FOREGROUND_SILENCE: Duration = Duration::from_secs(10);

/// How long a read that is to find out whether the service is back waits for its answer, and how
/// long what belongs to a save does, for whose answer it may have to be looked if none comes.
const PROBE_SILENCE: Duration = Duration::from_secs(2);
const SAVE_PROBE_SILENCE: Duration = Duration::from_secs(10);

/// The first pause before a repetition; it doubles, and its length is drawn at random.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const MOST_ATTEMPTS: u32 = 4;

/// The Taskade API over HTTP.
pub struct HttpBackend {
    connections: Connections,
    base: Url,
    credentials: Option<Credentials>,
    pub(super) gate: Gate,
    clock: Arc<dyn Clock>,
    /// How long one whole request may take, if that is not left to what it is.
    timeout: Option<Duration>,
    /// How long a program waits for not a byte.
    silence: Duration,
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
    /// How long nothing was heard of the service, from sending the request to its failure.
    silent: Duration,
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
        let connections = Connections::new(&base)?;
        let credentials = token.map(Credentials::new).transpose()?;
        let gate = Gate::new(clock.clone());
        let (silence, paging) = (FOREGROUND_SILENCE, Paging::default());
        Ok(Self { connections, base, credentials, gate, clock, timeout: None, silence, paging })
    }

    /// Gives one whole request, the reading of its answer included, this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// For programs, which wait for not a byte so long: what they wait for fails then. And for as
    /// long as the service is gone they wait for nothing: one request at a time finds out whether it
    /// is back, saves wait for that, and other reads fail at once.
    #[must_use]
    pub fn for_programs(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self.gate.note_outages();
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
        let silence = match request.priority {
            Priority::Foreground | Priority::Background => self.silence,
            Priority::Save => SILENCE,
        };
        // Waiting for the budget is no silence of the service.
        let mut silent = Duration::ZERO;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(self.clock.now());
            let tried = self.attempt(&request, left, silence.saturating_sub(silent)).await;
            let error = match tried.result {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            let rate_limited = error.kind() == Kind::RateLimited;
            silent += tried.silent;
            let late = self.clock.now() + pause >= deadline || silent + pause >= silence;
            if !tried.repeatable || late || (!rate_limited && attempt >= MOST_ATTEMPTS) {
                return Err(error);
            }
            tracing::debug!(%error, attempt, "trying again");
            // The gate waits for the end of a 429. Where that has come and the next is refused as
            // well, the service does not mean what it says.
            if !rate_limited || attempt > 1 {
                let pause = pause.mul_f64(jitter());
                self.clock.sleep(pause).await;
                silent += pause;
            }
            if attempt > 1 || !rate_limited {
                pause *= 2;
            }
        }
        Err(Error::new(Kind::Unreachable, "out of attempts"))
    }

    /// Sends a request once, and waits no longer than `silence` for not a byte.
    async fn attempt(&self, request: &Request, patience: Duration, silence: Duration) -> Attempt {
        let is_read = request.is_read();
        let failed =
            |error| Attempt { result: Err(error), repeatable: false, silent: Duration::ZERO };
        let Some(credentials) = &self.credentials else {
            return failed(
                Error::new(Kind::Unauthorized, "no token is set")
                    .hint("set TASKADE_TOKEN or give --token-file"),
            );
        };
        let passed = self.gate.pass(request.priority, &request.subject, patience).await;
        let mut permit = match passed {
            Ok(permit) => permit,
            Err(error) => return failed(error),
        };
        let was_probe = permit.is_probe();
        let silence = match request.priority {
            _ if !was_probe => silence,
            Priority::Save => silence.min(SAVE_PROBE_SILENCE),
            Priority::Foreground | Priority::Background => silence.min(PROBE_SILENCE),
        };
        let started = self.clock.now();
        let response = match self.send(request, credentials, silence, &mut permit).await {
            Ok(response) => response,
            Err((failure, is_unsent, error)) => {
                if is_unsent {
                    permit.unsent();
                }
                permit.unheard(failure, || error.to_string());
                self.trace(request, None, started);
                let silent = self.clock.now().saturating_duration_since(started);
                let repeatable = (is_read || is_unsent) && !was_probe;
                return Attempt { result: Err(error), repeatable, silent };
            }
        };
        let status = response.status();
        let told = told(response.headers(), self.clock.wall());
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        permit.answered(told, refused);
        let result = read_answer(response, is_read, &credentials.token, silence).await;
        self.trace(request, Some(status), started);
        let is_heard = match &result {
            Ok(_) => true,
            Err(error) => {
                status.is_server_error()
                    || refused
                    || !error.kind().is_transient()
                    || error.kind() == Kind::RateLimited
            }
        };
        if is_heard {
            let took = self.clock.now().saturating_duration_since(started);
            self.connections.answered(self.clock.wall(), took);
            permit.heard();
        } else if let Err(error) = &result {
            permit.unheard(Failure::Broken, || error.to_string());
        }
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
                is_read && may_pass && error.kind().is_transient() && (is_heard || !was_probe)
            }
        };
        Attempt { result, repeatable, silent: Duration::ZERO }
    }

    /// Sends a request and waits for the head of its answer. A read that may have gone into a
    /// connection that died unnoticed, in a suspend for one, is sent on a fresh one as well if
    /// nothing comes soon; `permit` is then that of the one that was answered. A failure comes with
    /// whether the request is certain not to have been sent.
    async fn send<'a>(
        &'a self,
        request: &Request,
        credentials: &Credentials,
        silence: Duration,
        permit: &mut Permit<'a>,
    ) -> Result<Response, (Failure, bool, Error)> {
        let is_read = request.is_read();
        let sent = self.built(&self.connections.client(), request, credentials).send();
        // As the client's own timeouts, by the machine's clock.
        let waits = tokio::time::sleep(silence);
        tokio::pin!(sent, waits);
        let is_doubtful = is_read
            && request.priority == Priority::Foreground
            && self.connections.may_be_dead(self.clock.wall());
        let first = async {
            if !is_doubtful {
                return (&mut sent).await.map(|response| (response, None));
            }
            tokio::select! {
                answer = &mut sent => return answer.map(|response| (response, None)),
                () = tokio::time::sleep(DOUBT) => {}
            }
            let passed = self.gate.pass(request.priority, &request.subject, Duration::ZERO).await;
            let Ok(second) = passed else {
                return (&mut sent).await.map(|response| (response, None));
            };
            tracing::debug!("no answer on a connection that was idle; trying a fresh one");
            let again = self.built(&self.connections.renew(), request, credentials).send();
            tokio::pin!(again);
            tokio::select! {
                answer = &mut sent => match answer {
                    Ok(response) => Ok((response, None)),
                    Err(_) => again.await.map(|response| (response, Some(second))),
                },
                answer = &mut again => match answer {
                    Ok(response) => Ok((response, Some(second))),
                    Err(_) => (&mut sent).await.map(|response| (response, None)),
                },
            }
        };
        tokio::select! {
            answer = first => match answer {
                Ok((response, None)) => Ok(response),
                Ok((response, Some(second))) => {
                    *permit = second;
                    Ok(response)
                }
                Err(error) => {
                    let is_unsent = error.is_connect();
                    let failure = match (is_unsent, error.is_timeout()) {
                        (true, true) => Failure::Silent,
                        (true, false) => Failure::Unconnected,
                        (false, _) => Failure::Broken,
                    };
                    Err((failure, is_unsent, no_answer(is_read, error)))
                }
            },
            () = &mut waits => {
                // Whatever comes next must not go into the same silence.
                self.connections.renew();
                Err((Failure::Silent, false, silent(is_read)))
            }
        }
    }

    fn built(
        &self,
        client: &Client,
        request: &Request,
        credentials: &Credentials,
    ) -> RequestBuilder {
        let usual = if request.is_read() { READ_TIMEOUT } else { REQUEST_TIMEOUT };
        let builder = client
            .request(request.method.clone(), request.url.clone())
            .timeout(self.timeout.unwrap_or(usual))
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

pub(super) fn is_loopback(url: &Url) -> bool {
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
