//! One request on the wire: from what is put to the head of the answer, over connections that may
//! have died unnoticed.

use std::{
    sync::atomic::Ordering,
    time::{Duration, SystemTime},
};

use reqwest::{
    Body, Client, RequestBuilder, Response, Url,
    header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, RANGE},
};

use super::{
    answer::{no_answer, silent},
    call::{Call, Method},
    connections::{Connections, DOUBT},
    download::{self, DOWNLOAD_TIMEOUT},
    file::FileBody,
    gate::Gate,
    outage::Failure,
    permit::Permit,
    priority::Priority,
    upload_body::Pieces,
};
use crate::{
    error::{Error, Kind, Result},
    secret::Token,
};

/// How long one whole request may take, and a read, which goes on as long as something comes.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// Bytes a second.
const SLOWEST_UPLOAD: u64 = 8 << 10;

/// Sends requests to one API.
pub(super) struct Sender {
    connections: Connections,
    base: Url,
    /// How long one whole request may take, if that is not left to what it is.
    timeout: Option<Duration>,
}

/// The token, and how it is sent.
pub(super) struct Credentials {
    token: Token,
    header: HeaderValue,
}

/// A request as it is sent, as often as it is.
pub(super) struct Outgoing<'a> {
    pub(super) call: &'a Call,
    pub(super) url: Url,
}

/// Why there is no answer.
pub(super) struct Unanswered {
    pub(super) failure: Failure,
    /// Whether it is certain that nothing was sent.
    pub(super) is_unsent: bool,
    pub(super) error: Error,
}

impl Credentials {
    pub(super) fn new(token: &Token) -> Result<Self> {
        let header = HeaderValue::from_str(&format!("Bearer {}", token.expose()));
        let mut header = header.map_err(|_| {
            Error::new(Kind::Invalid, "the token holds characters that no header can")
        })?;
        header.set_sensitive(true);
        Ok(Self { token: token.clone(), header })
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }
}

impl Sender {
    /// For the API at `base`.
    ///
    /// # Errors
    /// [`Kind::Storage`] if the system's certificates cannot be read.
    pub(super) fn new(base: Url) -> Result<Self> {
        Ok(Self { connections: Connections::new(&base)?, base, timeout: None })
    }

    /// Gives one whole request this long.
    pub(super) fn set_timeout(&mut self, timeout: Duration) {
        self.timeout = Some(timeout);
    }

    /// How a call is sent.
    pub(super) fn outgoing<'a>(&self, call: &'a Call) -> Outgoing<'a> {
        let mut url = call.path.below(&self.base);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Outgoing { call, url }
    }

    /// What asks for files that are elsewhere, without the token.
    pub(super) fn client(&self) -> Client {
        self.connections.client()
    }

    /// An answer came, which took so long.
    pub(super) fn answered(&self, now: SystemTime, took: Duration) {
        self.connections.answered(now, took);
    }

    /// Sends a request and waits for the head of its answer, but no longer than `silence` for not a
    /// byte. `permit` is then that of the one that was answered.
    pub(super) async fn send<'a>(
        &self,
        outgoing: &Outgoing<'_>,
        credentials: &Credentials,
        silence: Duration,
        now: SystemTime,
        (gate, permit): (&'a Gate, &mut Permit<'a>),
    ) -> Result<Response, Unanswered> {
        let is_read = outgoing.call.is_read();
        let waits = silence_after(silence, outgoing.call.file.as_ref());
        tokio::pin!(waits);
        tokio::select! {
            answer = self.first_answer(outgoing, credentials, now, gate) => match answer {
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
                    Err(Unanswered { failure, is_unsent, error: no_answer(is_read, error) })
                }
            },
            () = &mut waits => {
                // Whatever comes next must not go into the same silence.
                self.connections.renew();
                let error = silent(is_read);
                Err(Unanswered { failure: Failure::Silent, is_unsent: false, error })
            }
        }
    }

    /// The head of an answer. A read that may have gone into a connection that died unnoticed, in a
    /// suspend for one, is sent on a fresh one as well if nothing comes soon, with a permit of its
    /// own.
    async fn first_answer<'a>(
        &self,
        outgoing: &Outgoing<'_>,
        credentials: &Credentials,
        now: SystemTime,
        gate: &'a Gate,
    ) -> reqwest::Result<(Response, Option<Permit<'a>>)> {
        let call = outgoing.call;
        let sent = self.built(&self.connections.client(), outgoing, credentials).send();
        tokio::pin!(sent);
        let is_doubtful = call.is_read()
            && call.priority == Priority::Foreground
            && self.connections.may_be_dead(now);
        if !is_doubtful {
            return sent.await.map(|response| (response, None));
        }
        tokio::select! {
            answer = &mut sent => return answer.map(|response| (response, None)),
            () = tokio::time::sleep(DOUBT) => {}
        }
        let passed = gate.pass(call.priority, call.path.subject(), Duration::ZERO).await;
        let Ok(second) = passed else {
            return sent.await.map(|response| (response, None));
        };
        tracing::debug!("no answer on a connection that was idle; trying a fresh one");
        let again = self.built(&self.connections.renew(), outgoing, credentials).send();
        tokio::pin!(again);
        tokio::select! {
            answer = &mut sent => match answer {
                Ok(response) => Ok((response, None)),
                Err(_) => again.await.map(|response| (response, Some(second))),
            },
            answer = &mut again => match answer {
                Ok(response) => Ok((response, Some(second))),
                Err(_) => sent.await.map(|response| (response, None)),
            },
        }
    }

    fn built(
        &self,
        client: &Client,
        outgoing: &Outgoing<'_>,
        credentials: &Credentials,
    ) -> RequestBuilder {
        let Outgoing { call, url } = outgoing;
        let usual = match (&call.file, &call.receiver) {
            (Some(file), _) => call.silence.unwrap_or(REQUEST_TIMEOUT) + upload_time(file),
            (_, Some(_)) => DOWNLOAD_TIMEOUT,
            _ if call.is_read() => READ_TIMEOUT,
            _ => REQUEST_TIMEOUT,
        };
        let mut builder = client
            .request(verb(call.method), url.clone())
            .timeout(self.timeout.unwrap_or(usual))
            .header(AUTHORIZATION, credentials.header.clone());
        if let Some(range) = call.receiver.as_ref().and_then(|it| download::range(&*it.0)) {
            builder = builder.header(RANGE, range);
        }
        match (&call.body, &call.file) {
            (_, Some(file)) => builder
                .header(CONTENT_TYPE, file.media_type())
                .header(CONTENT_LENGTH, file.length())
                .body(Body::wrap(Pieces::of(file))),
            (Some(body), None) => builder.json(body),
            (None, None) => builder,
        }
    }
}

/// How long a file may take on its way, over the slowest line that is waited for.
fn upload_time(file: &FileBody) -> Duration {
    Duration::from_secs(file.length() / SLOWEST_UPLOAD)
}

/// Returns once not a byte has come for so long, nor gone if a file is sent. As the client's own
/// timeouts, by the machine's clock.
async fn silence_after(silence: Duration, file: Option<&FileBody>) {
    let sent = || file.map_or(0, |file| file.sent().load(Ordering::Relaxed));
    loop {
        let before = sent();
        tokio::time::sleep(silence).await;
        if sent() == before {
            return;
        }
    }
}

/// The method as HTTP has it.
pub(super) fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Query | Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
