//! From the bytes of an answer to a verdict: an envelope, the service's refusal, or neither.
//!
//! Only what is in the service's envelope is its verdict. A redirect, a page, an empty body come
//! from whatever is in its way, a captive portal, a proxy, a firewall, and mean nothing but that the
//! request is to be sent again, a write only after a look at what became of it.

use std::time::Duration;

use reqwest::{Response, StatusCode};

use super::envelope::Envelope;
use crate::{
    error::{Error, Kind, Result},
    secret::Token,
};

/// Longest body that is read.
const MAX_BODY: usize = 64 << 20;

/// The same of what there is another way to, which nobody waits for long: all of it is in memory at once.
const MAX_OPTIONAL_BODY: usize = 32 << 20;

/// Longest body of a failure that is read: an envelope is short.
const MAX_FAILURE_BODY: usize = 64 << 10;

/// Reads what came of a request, and waits no longer than `silence` for not a byte. `hidden` is not
/// quoted in errors.
pub(super) async fn read_answer(
    response: Response,
    (is_read, is_optional): (bool, bool),
    hidden: &Token,
    silence: Duration,
) -> Result<Envelope> {
    let status = response.status();
    // A write that ends in a 5xx or in an answer that cannot be read may have been executed.
    let in_doubt = |error: Error| match error.kind() {
        Kind::Protocol if !is_read => error.of_kind(Kind::Ambiguous),
        _ => error,
    };
    if !status.is_success() {
        let refused = matches!(status.as_u16(), 413 | 429);
        // What cannot be read is not the service's verdict. No redirect is: it comes from whatever
        // is in its way, or its address is another.
        let body = match read_body(response, MAX_FAILURE_BODY, is_read, silence).await {
            Ok(body) if !status.is_redirection() => body,
            // It broke off; the status of a failure of the service says enough.
            Err(error)
                if !matches!(error.kind(), Kind::Protocol | Kind::TooLarge)
                    && status.is_client_error()
                    && !refused =>
            {
                return Err(in_doubt(error));
            }
            _ => Vec::new(),
        };
        if Envelope::is_torn(&body) && !refused {
            let kind = if is_read { Kind::Unreachable } else { Kind::Ambiguous };
            return Err(Error::new(kind, "Taskade's answer cannot be read"));
        }
        let failure = Envelope::read_failure(status.as_u16(), &body, Some(hidden));
        return Err(in_doubt(failure));
    }
    if status == StatusCode::NO_CONTENT {
        return Ok(Envelope::default());
    }
    let most = if is_optional { MAX_OPTIONAL_BODY } else { MAX_BODY };
    let body = read_body(response, most, is_read, silence).await.map_err(in_doubt)?;
    Envelope::read(&body, Some(hidden)).map_err(in_doubt)
}

async fn read_body(
    mut response: Response,
    most: usize,
    is_read: bool,
    silence: Duration,
) -> Result<Vec<u8>> {
    let too_long = || {
        let what = format!("Taskade's answer is over {} MiB", most >> 20);
        // How long what a write was answered with is says nothing of what it did.
        Err(Error::new(if is_read { Kind::TooLarge } else { Kind::Protocol }, what))
    };
    if response.content_length().is_some_and(|length| length > most as u64) {
        return too_long();
    }
    let mut body = Vec::new();
    loop {
        let chunk =
            tokio::time::timeout(silence, response.chunk()).await.map_err(|_| silent(is_read))?;
        let Some(chunk) = chunk.map_err(|error| no_answer(is_read, error))? else { break };
        if body.len() + chunk.len() > most {
            return too_long();
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Not a byte came for as long as is waited for one.
pub(super) fn silent(is_read: bool) -> Error {
    let kind = if is_read { Kind::Unreachable } else { Kind::Ambiguous };
    Error::new(kind, "Taskade is silent: not a byte came in time")
}

/// No usable answer came: certain to have done nothing only if there was no connection.
pub(super) fn no_answer(is_read: bool, error: reqwest::Error) -> Error {
    let unsent = is_read || error.is_connect();
    let (kind, what) = match (unsent, error.is_timeout()) {
        (true, _) => (Kind::Unreachable, "Taskade cannot be reached"),
        (false, true) => (Kind::Ambiguous, "Taskade took too long to answer"),
        (false, false) => (Kind::Ambiguous, "the connection broke before Taskade answered"),
    };
    Error::new(kind, what).because(error.without_url())
}
