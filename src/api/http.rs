//! The HTTP client: one request at a time, from the gate to the reading of its answer.
//!
//! What may be repeated is repeated here: reads after any failure that may pass, writes only
//! after a 429 or a failure to connect, when it is certain that nothing was done.
//!
//! The gate is passed by each attempt and not by each request, as the service counts attempts.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use reqwest::{Response, StatusCode};
use tokio::sync::watch;

use super::{
    answer::read_answer,
    backend::{Backend, Request},
    call::Call,
    download::{follow, receive},
    envelope::Envelope,
    file::Receiver,
    gate::Gate,
    headers::limit_headers,
    ledger::BudgetStatus,
    outage::{Failure, Gone},
    permit::Permit,
    priority::Priority,
    sender::{Credentials, Outgoing, Sender, Unanswered, verb},
    token_source::{FixedToken, TokenSource},
    token_verdicts::TokenVerdicts,
    url::check_url,
};
use crate::{
    clock::Clock,
    error::{Error, Kind, Result},
    secret::Token,
};

/// How many requests this process has logged.
static REQUESTS: AtomicU64 = AtomicU64::new(1);

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
    sender: Sender,
    tokens: Option<Arc<dyn TokenSource>>,
    verdicts: TokenVerdicts,
    gate: Gate,
    clock: Arc<dyn Clock>,
    /// How long a program waits for not a byte.
    silence: Duration,
}

/// A request that was sent once.
struct Sent<'a> {
    outgoing: &'a Outgoing<'a>,
    started: Instant,
    /// How long is waited for not a byte.
    silence: Duration,
    /// Whether it was to find out if the service is back.
    was_probe: bool,
}

/// What one attempt came to.
struct Attempt {
    result: Result<Envelope>,
    /// Whether the request may be sent again without asking what it did.
    repeatable: bool,
    /// How long nothing was heard of the service, from sending the request to its failure.
    silent: Duration,
    /// The token that it was sent with.
    token: Option<Token>,
}

impl Attempt {
    /// It failed before anything was sent.
    fn unsent(error: Error) -> Self {
        Self { result: Err(error), repeatable: false, silent: Duration::ZERO, token: None }
    }
}

impl HttpBackend {
    /// A client of the API at `url`. Without a token every call fails, saying so.
    ///
    /// # Errors
    /// [`Kind::Invalid`] if the URL is none, or is plain `http://` to another machine.
    pub fn new(url: &str, token: Option<&Token>, clock: Arc<dyn Clock>) -> Result<Self> {
        let tokens = token.cloned().map(|token| Arc::new(FixedToken(token)) as Arc<_>);
        Self::of(url, tokens, clock)
    }

    /// A client whose token may change.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_tokens(
        url: &str,
        tokens: Arc<dyn TokenSource>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        Self::of(url, Some(tokens), clock)
    }

    fn of(url: &str, tokens: Option<Arc<dyn TokenSource>>, clock: Arc<dyn Clock>) -> Result<Self> {
        // Fails only where a provider is installed already: then that one serves.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let sender = Sender::new(check_url(url)?)?;
        let gate = Gate::new(clock.clone());
        let verdicts = TokenVerdicts::default();
        Ok(Self { sender, tokens, verdicts, gate, clock, silence: FOREGROUND_SILENCE })
    }

    /// Gives one whole request, the reading of its answer included, this long.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.sender.set_timeout(timeout);
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

    /// Sends a request until it has an answer or may not be sent again.
    async fn call(&self, call: &Call) -> Result<Envelope> {
        let outgoing = self.sender.outgoing(call);
        let deadline = self.clock.now() + call.priority.timeout();
        let usual = match call.priority {
            Priority::Foreground | Priority::Background => self.silence,
            Priority::Save => SILENCE,
        };
        let silence = call.silence.unwrap_or(usual);
        // Waiting for the budget is no silence of the service.
        let mut silent = Duration::ZERO;
        let mut pause = FIRST_PAUSE;
        let mut may_renew = true;
        for attempt in 1.. {
            let left = deadline.saturating_duration_since(self.clock.now());
            let tried = self.attempt(&outgoing, left, silence.saturating_sub(silent)).await;
            let error = match tried.result {
                Ok(envelope) => return Ok(envelope),
                Err(error) => error,
            };
            if error.kind() == Kind::Unauthorized && std::mem::take(&mut may_renew) {
                match self.renewed(tried.token).await? {
                    // What was refused has changed nothing.
                    true => continue,
                    false => return Err(error),
                }
            }
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

    /// Whether there is another token than the one that was refused.
    async fn renewed(&self, refused: Option<Token>) -> Result<bool> {
        let (Some(tokens), Some(refused)) = (&self.tokens, refused) else { return Ok(false) };
        Ok(tokens.after_refusal(&refused).await?.is_some())
    }

    /// Sends a request once, and waits no longer than `silence` for not a byte.
    async fn attempt(
        &self,
        outgoing: &Outgoing<'_>,
        timeout: Duration,
        silence: Duration,
    ) -> Attempt {
        let call = outgoing.call;
        let Some(tokens) = &self.tokens else {
            return Attempt::unsent(
                Error::new(Kind::Unauthorized, "no token is set")
                    .hint("run `taskadefs login`, set TASKADE_TOKEN or give --token-file"),
            );
        };
        let mut permit = match self.gate.pass(call.priority, call.path.subject(), timeout).await {
            Ok(permit) => permit,
            Err(error) => return Attempt::unsent(error),
        };
        // Not before: to wait for the budget may take longer than a token counts.
        let credentials = tokens.token().await.and_then(|token| Credentials::new(&token));
        let credentials = match credentials {
            Ok(credentials) => credentials,
            Err(error) => {
                permit.unsent();
                if error.kind() == Kind::Unauthorized {
                    self.verdicts.refused(None);
                }
                if error.kind() == Kind::Unreachable {
                    permit.unheard(Failure::Unconnected, || error.to_string());
                }
                return Attempt::unsent(error);
            }
        };
        let was_probe = permit.is_probe();
        let silence = match call.priority {
            _ if !was_probe => silence,
            Priority::Save => silence.min(SAVE_PROBE_SILENCE),
            Priority::Foreground | Priority::Background => silence.min(PROBE_SILENCE),
        };
        let sent = Sent { outgoing, started: self.clock.now(), silence, was_probe };
        let (now, passed) = (self.clock.wall(), (&self.gate, &mut permit));
        match self.sender.send(outgoing, &credentials, silence, now, passed).await {
            Ok(response) => {
                let token = credentials.token();
                let heard = self.heard(&sent, permit, response, token).await;
                match &heard.result {
                    Ok(_) => self.verdicts.accepted(token),
                    Err(error) if error.kind() == Kind::Unauthorized => {
                        self.verdicts.refused(Some(token));
                    }
                    Err(_) => {}
                }
                Attempt { token: Some(token.clone()), ..heard }
            }
            Err(Unanswered { failure, is_unsent, error }) => {
                if is_unsent {
                    permit.unsent();
                }
                // What there is another way to may take longer than anybody waits.
                if !(call.is_optional && failure == Failure::Silent) {
                    permit.unheard(failure, || error.to_string());
                }
                self.trace(&sent, None);
                let silent = self.clock.now().saturating_duration_since(sent.started);
                let repeatable = (call.is_read() || is_unsent) && !was_probe;
                Attempt { result: Err(error), repeatable, silent, token: None }
            }
        }
    }

    /// Reads an answer, and tells the gate what it says of the budget and of the service.
    async fn heard(
        &self,
        sent: &Sent<'_>,
        mut permit: Permit<'_>,
        response: Response,
        hidden: &Token,
    ) -> Attempt {
        let Call { is_optional, .. } = *sent.outgoing.call;
        let is_read = sent.outgoing.call.is_read();
        let status = response.status();
        let limits = limit_headers(response.headers(), self.clock.wall());
        let refused = status == StatusCode::TOO_MANY_REQUESTS;
        permit.answered(limits, refused);
        if let Some(receiving) = &sent.outgoing.call.receiver
            && (status.is_success() || status.is_redirection())
        {
            permit.heard();
            // Its place under way is for others: a file may be long.
            drop(permit);
            self.trace(sent, Some(status));
            return self.receive(sent, response, &*receiving.0).await;
        }
        let result = read_answer(response, (is_read, is_optional), hidden, sent.silence).await;
        let result = result.map_err(|error| told_by_status(sent.outgoing.call, status, error));
        self.trace(sent, Some(status));
        let is_heard = match &result {
            Ok(_) => true,
            Err(error) => {
                status.is_server_error()
                    || refused
                    || !error.kind().is_transient()
                    || error.kind() == Kind::RateLimited
            }
        };
        let took = self.clock.now().saturating_duration_since(sent.started);
        let result = result.map(|envelope| envelope.that_took(took));
        if is_heard {
            self.sender.answered(self.clock.wall(), took);
            permit.heard();
        } else if let Err(error) = &result {
            permit.unheard(Failure::Broken, || error.to_string());
        }
        let repeatable = match &result {
            Ok(_) => false,
            Err(error) if error.kind() == Kind::RateLimited => {
                // Where the code says it and the status does not.
                if !refused {
                    self.gate.refused(limits);
                }
                true
            }
            // What is in the way of the service is not gone in a second.
            Err(error) => {
                let may_pass = status.is_success()
                    || status.is_server_error()
                    || error.kind() == Kind::Unreachable;
                let is_wanted = is_read && !is_optional;
                is_wanted
                    && may_pass
                    && error.kind().is_transient()
                    && (is_heard || !sent.was_probe)
            }
        };
        Attempt { result, repeatable, silent: Duration::ZERO, token: None }
    }

    /// Takes the file that is answered, here or elsewhere. An attempt after one that broke off asks for
    /// the rest.
    async fn receive(&self, sent: &Sent<'_>, head: Response, receiver: &dyn Receiver) -> Attempt {
        let is_own = !head.status().is_redirection();
        let followed = follow(&self.sender.client(), head, receiver, sent.silence).await;
        let result = match followed {
            Ok(response) => receive(response, receiver, is_own, sent.silence).await,
            Err(error) => Err(error),
        };
        let repeatable = matches!(&result, Err(error) if error.kind() == Kind::Unreachable);
        Attempt { result, repeatable, silent: Duration::ZERO, token: None }
    }

    /// Logs a request by a number of its own; never what it or its answer holds, nor about what it is.
    fn trace(&self, sent: &Sent<'_>, status: Option<StatusCode>) {
        let ms = self.clock.now().saturating_duration_since(sent.started).as_millis();
        let (method, path) = (verb(sent.outgoing.call.method), sent.outgoing.call.path.template());
        let id = REQUESTS.fetch_add(1, Ordering::Relaxed);
        // No status is no answer.
        let status = status.map(|status| status.as_u16());
        tracing::debug!(id, %method, path, status, ms, "request");
    }
}

#[async_trait]
impl Backend for HttpBackend {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        let call = request.call()?;
        let answer = self.call(&call).await;
        request.take(answer)
    }

    fn budget(&self) -> Option<BudgetStatus> {
        Some(self.gate.status())
    }

    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        Some(self.gate.outage())
    }

    fn token_changes(&self) -> Option<watch::Receiver<u64>> {
        Some(self.verdicts.changes())
    }

    fn hurry(&self) {
        self.gate.hurry();
    }

    fn want(&self, subject: &str, is_wanted: bool) {
        self.gate.want(subject, is_wanted);
    }
}

/// What a failure is where its status alone tells, of requests about files.
fn told_by_status(call: &Call, status: StatusCode, error: Error) -> Error {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE if call.file.is_some() => error.of_kind(Kind::FileTooLarge),
        StatusCode::RANGE_NOT_SATISFIABLE if call.receiver.is_some() => error.of_kind(Kind::Range),
        _ => error,
    }
}

/// Between a half and one, so that clients do not come back in step.
fn jitter() -> f64 {
    let random = getrandom::u32().unwrap_or_default();
    0.5 + f64::from(random) / f64::from(u32::MAX) / 2.0
}
