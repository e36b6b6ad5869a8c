//! The address of this machine that the browser is sent back to, and what it brings.

use std::{
    collections::HashMap,
    convert::Infallible,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    header::{CONNECTION, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use subtle::ConstantTimeEq;
use tokio::{net::TcpListener, sync::mpsc};

use crate::{
    api::oauth::word,
    error::{Error, Kind, Result},
};

/// Where on it.
const PATH: &str = "/callback";

/// How long a browser may take to read what it is told.
const ANSWERED: Duration = Duration::from_secs(5);

/// What a person sees then.
const DONE: &str = "Back to the terminal: taskadefs goes on there. This page can be closed.";
const NOT_THIS: &str = "This is not what taskadefs waits for.";

/// What the browser brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Brought {
    Code(String),
    /// Why there is none, in one word.
    Denied(String),
}

/// The address.
pub(crate) struct Loopback {
    listener: TcpListener,
    port: u16,
}

impl Loopback {
    /// Any that is free.
    ///
    /// # Errors
    /// If none can be had.
    pub(crate) async fn open() -> Result<Self> {
        let failed = |error| Error::io("cannot listen for the browser", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        Ok(Self { listener, port })
    }

    /// As the service is told it.
    pub(crate) fn address(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// Waits until the browser comes back from the page that was opened, which it shows by `state`.
    /// Whatever else comes is sent away. `issuer` is who sends it, where that is known (RFC 9207).
    ///
    /// # Errors
    /// If nobody can come any more.
    pub(crate) async fn brought(&self, state: &str, issuer: Option<&str>) -> Result<Brought> {
        let (sender, mut brought) = mpsc::channel(1);
        let wanted = Arc::new((state.to_owned(), issuer.map(str::to_owned)));
        loop {
            let stream = tokio::select! {
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => return Err(Error::io("cannot listen for the browser", error)),
                },
                brought = brought.recv() => {
                    let nobody = || Error::new(Kind::Storage, "cannot listen for the browser");
                    return brought.ok_or_else(nobody);
                }
            };
            let (wanted, sender) = (wanted.clone(), sender.clone());
            tokio::spawn(async move {
                let kept = Arc::new(Mutex::new(None));
                let slot = kept.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let found = read(request.uri(), &wanted.0, wanted.1.as_deref());
                    let (status, words) = match found {
                        Some(_) => (200, DONE),
                        None => (400, NOT_THIS),
                    };
                    if found.is_some() {
                        *slot.lock().unwrap_or_else(PoisonError::into_inner) = found;
                    }
                    async move { Ok::<_, Infallible>(page(status, words)) }
                });
                let connection = http1::Builder::new()
                    .timer(TokioTimer::new())
                    .serve_connection(TokioIo::new(stream), service);
                // A browser that goes away is not to be told. One that is there has its answer before
                // this process goes on, which may be to its end.
                let _ = tokio::time::timeout(ANSWERED, connection).await;
                let found = kept.lock().unwrap_or_else(PoisonError::into_inner).take();
                // The first is the one.
                found.into_iter().for_each(|found| drop(sender.try_send(found)));
            });
        }
    }
}

/// What a request brings; `None` if it is not from the page that was opened.
fn read(uri: &hyper::Uri, state: &str, issuer: Option<&str>) -> Option<Brought> {
    let url = reqwest::Url::parse(&format!("http://x{}", uri.path_and_query()?)).ok()?;
    let given: HashMap<String, String> = url.query_pairs().into_owned().collect();
    let text = |name: &str| given.get(name).map(String::as_str).filter(|text| !text.is_empty());
    let is_it = bool::from(text("state")?.as_bytes().ct_eq(state.as_bytes()));
    let is_theirs = match (text("iss"), issuer) {
        (Some(theirs), Some(issuer)) => theirs == issuer,
        _ => true,
    };
    if url.path() != PATH || !is_it || !is_theirs {
        return None;
    }
    let denied = || text("error").map(|error| Brought::Denied(word(error)));
    text("code").map(|code| Brought::Code(code.to_owned())).or_else(denied)
}

fn page(status: u16, words: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from_static(words.as_bytes())));
    *response.status_mut() = status.try_into().unwrap_or_default();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

#[cfg(test)]
mod tests {
    use super::{Brought, read};

    #[test]
    fn only_what_comes_from_the_page_that_was_opened_is_taken() {
        let of = |uri: &str| read(&uri.parse().unwrap(), "s", Some("https://x"));
        let code = || Some(Brought::Code("c d".to_owned()));
        assert_eq!(of("/callback?code=c+d&state=s"), code());
        assert_eq!(of("/callback?code=c%20d&state=s&iss=https%3A%2F%2Fx"), code());
        let denied = Some(Brought::Denied("access_denied".to_owned()));
        assert_eq!(of("/callback?error=access_denied%1b&state=s"), denied);
        for other in [
            "/callback?code=c",
            "/callback?code=c&state=t",
            "/callback?code=c&state=",
            "/other?code=c&state=s",
            "/callback?code=&state=s",
            "/callback?code=c&state=s&iss=https%3A%2F%2Fy",
            "/favicon.ico",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
