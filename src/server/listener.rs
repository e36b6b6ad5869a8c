//! Connections: from bytes to requests and back, and the ways in which that can go wrong.

use std::{collections::HashMap, convert::Infallible, fmt, sync::Arc, time::Duration};

use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::{BodyExt, Limited, StreamBody, combinators::BoxBody};
use hyper::{
    HeaderMap, Request, Response,
    body::{Bytes, Frame, Incoming},
    header::{
        AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderName, HeaderValue, LOCATION,
        RANGE, RETRY_AFTER,
    },
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, sync::watch, task::JoinSet};

use super::{
    answer::Answer,
    faults::Fault,
    log::{DIED, LoggedRequest},
    media, query,
    quirks::WindowState,
    routes::{self, Arrived, Part, Routes},
    shared::Shared,
};

/// Where the API is, what there is of the next, and what is beside both.
const BASE: &str = "/api/v1";
const BASE_V2: &str = "/api/v2";
const BASE_OAUTH: &str = "/oauth2";
const BASE_WELL_KNOWN: &str = "/.well-known";

/// How long to wait before the next connection is tried after one could not be had.
const PAUSE: Duration = Duration::from_millis(10);

/// How much of a long body is sent at once, in bytes.
const PIECE: usize = 1 << 20;

type Body = BoxBody<Bytes, Broken>;

/// A connection that is to be closed as it is.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for Broken {}

/// Accepts connections until told to stop.
pub(crate) async fn serve(
    listener: TcpListener,
    shared: Arc<Shared>,
    routes: Routes,
    mut stopped: watch::Receiver<()>,
) {
    let routes = Arc::new(routes);
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stopped.changed() => break,
        };
        // Out of descriptors, or gone before it was accepted: the next may do better.
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        // Answers are small, and somebody waits for each.
        let _ = stream.set_nodelay(true);
        let (shared, routes, stopped) = (shared.clone(), routes.clone(), stopped.clone());
        connections.spawn(async move {
            let service = service_fn(move |request| {
                handle_to_the_end(shared.clone(), routes.clone(), stopped.clone(), request)
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .serve_connection(TokioIo::new(stream), service);
            // A client that goes away, or a connection closed on purpose: nobody is left to tell.
            let _ = connection.await;
        });
        while connections.try_join_next().is_some() {}
    }
    connections.shutdown().await;
}

/// Handles a request to its end though the client goes away meanwhile, as services do, but not
/// beyond the end of the server.
async fn handle_to_the_end(
    shared: Arc<Shared>,
    routes: Arc<Routes>,
    mut stopped: watch::Receiver<()>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let handled = tokio::spawn(async move {
        tokio::select! {
            response = handle(shared, routes, request) => response,
            _ = stopped.changed() => Err(Broken),
        }
    });
    handled.await.unwrap_or(Err(Broken))
}

/// A request, its body aside.
struct Asked {
    method: String,
    target: Target,
    query: HashMap<String, String>,
    headers: HeaderMap,
}

/// What is asked for.
enum Target {
    /// An endpoint: its path below the base; empty, which none is, for what is elsewhere.
    Api(Part, String),
    /// A file by its public address, which stands for another host.
    Public(String),
}

impl Asked {
    fn of(request: &Request<Incoming>) -> Self {
        let path = request.uri().path();
        let below = |base| path.strip_prefix(base).filter(|below: &&str| below.starts_with('/'));
        let target = if let Some(file) = path.strip_prefix(media::PUBLIC) {
            Target::Public(file.to_owned())
        } else if let Some(path) = below(BASE_V2) {
            Target::Api(Part::V2, path.to_owned())
        } else if let Some(path) = below(BASE_OAUTH) {
            Target::Api(Part::OAuth, path.to_owned())
        } else if let Some(path) = below(BASE_WELL_KNOWN) {
            Target::Api(Part::WellKnown, path.to_owned())
        } else {
            Target::Api(Part::V1, below(BASE).unwrap_or_default().to_owned())
        };
        Self {
            method: request.method().as_str().to_owned(),
            target,
            query: query::pairs(request.uri().query().unwrap_or_default()),
            headers: request.headers().clone(),
        }
    }

    /// The path that the log and faults know it by.
    fn path(&self) -> String {
        match &self.target {
            Target::Api(Part::V1, path) => path.clone(),
            Target::Api(Part::V2, path) => format!("{BASE_V2}{path}"),
            Target::Api(Part::OAuth, path) => format!("{BASE_OAUTH}{path}"),
            Target::Api(Part::WellKnown, path) => format!("{BASE_WELL_KNOWN}{path}"),
            Target::Public(file) => format!("{}{file}", media::PUBLIC),
        }
    }

    /// Whether it is for anybody: a public file, or what there is to ask before one has a token.
    fn is_public(&self) -> bool {
        match &self.target {
            Target::Public(_) | Target::Api(Part::WellKnown, _) => true,
            Target::Api(Part::OAuth, path) => path != routes::PING,
            Target::Api(Part::V1 | Part::V2, _) => false,
        }
    }

    /// Whether it comes with a token that counts for it.
    fn is_known(&self, shared: &Shared) -> bool {
        let Some(given) = self.headers.get(AUTHORIZATION) else { return false };
        let wanted = format!("Bearer {}", shared.token.expose());
        // In a time that does not tell how much of it is right.
        if bool::from(given.as_bytes().ct_eq(wanted.as_bytes())) {
            return true;
        }
        let is_beside = matches!(self.target, Target::Api(Part::OAuth, _));
        let access = given.to_str().ok().and_then(|given| given.strip_prefix("Bearer "));
        let counts = access.is_some_and(|access| shared.oauth.counts(access));
        counts && (is_beside || shared.quirks.oauth.opens_api)
    }

    fn header(&self, name: HeaderName) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Carries it out.
    fn execute(&self, shared: &Shared, routes: &Routes, body: &[u8]) -> Answer {
        let answer = match &self.target {
            Target::Public(_) if self.headers.contains_key(AUTHORIZATION) => {
                Answer::bad_request("a token does not belong here: this stands for another host")
            }
            Target::Public(file) => media::public(shared, file).unwrap_or_else(|refusal| refusal),
            Target::Api(part, path) => {
                let (method, query) = (self.method.as_str(), &self.query);
                let (media_type, host) = (self.header(CONTENT_TYPE), self.header(HOST));
                let arrived = Arrived { method, path, query, media_type, body, host };
                routes.execute(shared, *part, &arrived)
            }
        };
        match self.header(RANGE) {
            "" => answer,
            range if shared.quirks.serves_ranges => answer.part(range),
            _ => answer,
        }
    }
}

async fn handle(
    shared: Arc<Shared>,
    routes: Arc<Routes>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Broken> {
    let asked = Asked::of(&request);
    let query = request.uri().query().unwrap_or_default().to_owned();
    let (method, path) = (asked.method.clone(), asked.path());
    let mut entry = LoggedRequest { method, path, query, body: None, status: 0 };
    let most = routes.most_bytes(&entry.path);
    let body = Limited::new(request.into_body(), most).collect().await;
    let _under_way = shared.log.begin();
    tokio::time::sleep(shared.quirks.latency).await;
    let place = shared.window.count();
    let fault = shared.faults.next(&entry.method, &entry.path);
    match &fault {
        Some(Fault::DropBefore) => {
            shared.log.add(entry);
            return Err(Broken);
        }
        Some(Fault::Hang) => shared.faults.released().await,
        _ => {}
    }
    let accepted = match body {
        Err(_) => {
            let message = format!("the body is larger than {most} bytes");
            Err(Answer::too_large(&message, shared.quirks.large_has_code))
        }
        Ok(body) => {
            let body = body.to_bytes();
            entry.body = serde_json::from_slice(&body).ok();
            refused_by(&shared, place, &asked, fault.as_ref()).map_or(Ok(body), Err)
        }
    };
    let answer = match accepted {
        Err(refusal) => {
            entry.status = refusal.status;
            shared.log.add(entry);
            refusal
        }
        Ok(body) => {
            let shared = shared.clone();
            let run = move || {
                let mut execution = shared.log.execute(entry);
                let answer = asked.execute(&shared, &routes, &body);
                execution.answered(answer.status);
                answer
            };
            let done = tokio::task::spawn_blocking(run).await;
            done.unwrap_or_else(|_| Answer::refusal(DIED, "the handler died"))
        }
    };
    respond(&shared, answer, place, fault).await
}

fn refused_by(
    shared: &Shared,
    place: WindowState,
    asked: &Asked,
    fault: Option<&Fault>,
) -> Option<Answer> {
    let is_public = asked.is_public();
    if !is_public && !asked.is_known(shared) {
        return Some(Answer::refusal(401, "Unauthorized"));
    }
    if place.refused && !is_public {
        return Some(Answer::refusal(429, "Too many requests"));
    }
    match fault? {
        Fault::Status(status, _) => Some(Answer::refusal(*status, "injected")),
        Fault::Html(status) => Some(Answer::refusal(*status, "")),
        Fault::Redirect(_) => Some(Answer::refusal(302, "")),
        Fault::NotOk => {
            let mut answer = Answer::bad_request("injected");
            answer.status = 200;
            Some(answer)
        }
        _ => None,
    }
}

async fn respond(
    shared: &Shared,
    answer: Answer,
    place: WindowState,
    fault: Option<Fault>,
) -> Result<Response<Body>, Broken> {
    let mut bytes = answer.body;
    if shared.quirks.cuts_pairs && answer.media_type.starts_with("application/json") {
        let cut = String::from_utf8_lossy(&bytes).replace('\u{e000}', "\\ud83d");
        bytes = Bytes::from(cut);
    }
    let mut response = Response::new(());
    *response.status_mut() = answer.status.try_into().map_err(|_| Broken)?;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, answer.media_type.parse().map_err(|_| Broken)?);
    for (name, value) in answer.headers {
        headers.insert(name, value.parse().map_err(|_| Broken)?);
    }
    if shared.quirks.tells_limit {
        let reset = format!("{:.3}", place.reset.as_secs_f64());
        headers.insert("x-rate-limit-limit", place.limit.into());
        headers.insert("x-rate-limit-remaining", place.remaining.into());
        headers.insert("x-rate-limit-reset", reset.parse().map_err(|_| Broken)?);
    }
    let mut drip = None;
    match fault {
        Some(Fault::DropAfter) => return Err(Broken),
        Some(Fault::HangAfter) => shared.faults.released().await,
        Some(Fault::Status(_, Some(after))) => {
            headers.insert(RETRY_AFTER, after.to_string().parse().map_err(|_| Broken)?);
        }
        Some(Fault::Html(_)) => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
            bytes = Bytes::from_static(b"<html><body>Bad gateway</body></html>");
        }
        Some(Fault::Malformed) => bytes = Bytes::from_static(b"{\"ok\":tru"),
        Some(Fault::Redirect(to)) => {
            headers.insert(LOCATION, to.parse().map_err(|_| Broken)?);
        }
        Some(Fault::Truncated) => {
            headers.insert(CONTENT_LENGTH, bytes.len().into());
            let half = bytes.slice(..bytes.len() / 2);
            return Ok(response.map(|()| truncated(half)));
        }
        Some(Fault::Huge(more)) => return Ok(response.map(|()| padded(bytes, more))),
        Some(Fault::Drip(pause)) => drip = Some(pause),
        _ => {}
    }
    Ok(response.map(|()| match drip {
        Some(pause) => dripping(bytes, pause),
        None => {
            http_body_util::Full::new(bytes).map_err(|never: Infallible| match never {}).boxed()
        }
    }))
}

/// A body that breaks off after `half`.
fn truncated(half: Bytes) -> Body {
    let broken = async {
        // What was written is flushed only when the body has nothing ready.
        tokio::task::yield_now().await;
        Err(Broken)
    };
    let frames = stream::iter([Ok(Frame::data(half))]).chain(stream::once(broken));
    BodyExt::boxed(StreamBody::new(Box::pin(frames) as SyncStream))
}

/// A body with this much room before it, which means nothing in JSON.
fn padded(bytes: Bytes, more: usize) -> Body {
    let room = Bytes::from(vec![b' '; PIECE]);
    let pieces =
        (0..more.div_ceil(PIECE)).map(move |at| room.slice(..PIECE.min(more - at * PIECE)));
    let frames = pieces.chain([bytes]).map(|piece| Ok(Frame::data(piece)));
    BodyExt::boxed(StreamBody::new(Box::pin(stream::iter(frames)) as SyncStream))
}

/// A body that comes byte by byte.
fn dripping(bytes: Bytes, pause: Duration) -> Body {
    let drops = stream::unfold(bytes, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(1);
        Some((Ok(Frame::data(next)), rest))
    });
    BodyExt::boxed(StreamBody::new(Box::pin(drops) as SyncStream))
}

type SyncStream = std::pin::Pin<Box<dyn Stream<Item = Result<Frame<Bytes>, Broken>> + Send + Sync>>;
