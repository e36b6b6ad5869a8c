//! Taking a file that is answered: where it is, its head, and its bytes as they come.
//!
//! The service may say that it is elsewhere. There it is asked for without the token, which goes to
//! the API's own host alone, and never over plain HTTP to another machine.

use std::time::Duration;

use reqwest::{
    Client, Response, StatusCode, Url,
    header::{CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_TYPE, HeaderMap, LOCATION, RANGE},
};

use super::{
    answer::{no_answer, silent},
    disposition::file_name,
    envelope::Envelope,
    file::{FileHead, Receiver},
    url::check_url,
};
use crate::error::{Error, Kind, Result};

/// How long a file may take altogether that goes on coming.
pub(super) const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(3600);

/// How often a file may be elsewhere.
const MOST_REDIRECTS: usize = 5;

/// What asks for what is not there yet; `None` for all of it.
pub(super) fn range(receiver: &dyn Receiver) -> Option<String> {
    Some(receiver.received()).filter(|there| *there > 0).map(|there| format!("bytes={there}-"))
}

/// Follows an answer to where the file is, if it says that it is elsewhere.
///
/// # Errors
/// If it leads nowhere that may be asked, or that does not answer.
pub(super) async fn follow(
    client: &Client,
    mut response: Response,
    receiver: &dyn Receiver,
    silence: Duration,
) -> Result<Response> {
    for _ in 0..MOST_REDIRECTS {
        if !response.status().is_redirection() {
            return Ok(response);
        }
        let url = target(&response)?;
        let mut request = client.get(url).timeout(DOWNLOAD_TIMEOUT);
        if let Some(range) = range(receiver) {
            request = request.header(RANGE, range);
        }
        let answer = tokio::time::timeout(silence, request.send()).await;
        response = answer.map_err(|_| silent(true))?.map_err(|error| no_answer(true, error))?;
    }
    Err(Error::new(Kind::Protocol, "the file is said to be elsewhere again and again"))
}

/// Where an answer says that the file is.
fn target(response: &Response) -> Result<Url> {
    let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
    let nowhere = || Error::new(Kind::Protocol, "the file is said to be elsewhere, and not where");
    let url = response.url().join(location.ok_or_else(nowhere)?).map_err(|_| nowhere())?;
    check_url(url.as_str()).map_err(|_| {
        Error::new(Kind::Protocol, "the file is said to be where nobody may be asked without TLS")
    })
}

/// Hands a file on as it comes. `is_own` is whether the API itself answers: then what is no file is no
/// answer of its.
///
/// # Errors
/// If it is none, breaks off, or cannot be kept.
pub(super) async fn receive(
    mut response: Response,
    receiver: &dyn Receiver,
    is_own: bool,
    silence: Duration,
) -> Result<Envelope> {
    let (status, headers) = (response.status(), response.headers());
    if !status.is_success() {
        let what = format!("where the file is said to be {} is answered", status.as_u16());
        let kind = match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Kind::NotFound,
            StatusCode::RANGE_NOT_SATISFIABLE => Kind::Range,
            _ => Kind::Protocol,
        };
        return Err(Error::new(kind, what));
    }
    let is_named = headers.contains_key(CONTENT_DISPOSITION);
    if is_own && !is_named && is_page(headers, receiver.takes_json()) {
        return Err(Error::new(Kind::Protocol, "an answer that is no file came in place of one")
            .hint("sign in to the network, or check the proxy, the firewall and --api-url"));
    }
    let head = head(status, headers, response.content_length())?;
    if !receiver.begin(&head)? {
        return Ok(Envelope::default());
    }
    loop {
        let chunk = tokio::time::timeout(silence, response.chunk()).await;
        let chunk = chunk.map_err(|_| silent(true))?.map_err(|error| no_answer(true, error))?;
        match chunk {
            Some(bytes) => receiver.take(&bytes)?,
            None => return Ok(Envelope::default()),
        }
    }
}

/// Whether something is for a browser, or an envelope unless that is what is wanted.
fn is_page(headers: &HeaderMap, takes_json: bool) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = kind.to_ascii_lowercase();
    kind.starts_with("text/html") || (!takes_json && kind.starts_with("application/json"))
}

fn head(status: StatusCode, headers: &HeaderMap, length: Option<u64>) -> Result<FileHead> {
    let name = headers.get(CONTENT_DISPOSITION).and_then(|value| file_name(value.as_bytes()));
    let range = headers.get(CONTENT_RANGE).and_then(|value| value.to_str().ok());
    if status != StatusCode::PARTIAL_CONTENT {
        return Ok(FileHead { name, from: 0, length });
    }
    let part = range.and_then(part);
    let (from, length) =
        part.ok_or_else(|| Error::new(Kind::Protocol, "a part of the file came, and not which"))?;
    Ok(FileHead { name, from, length })
}

/// From where on the part is that comes, and how long all of it is.
fn part(range: &str) -> Option<(u64, Option<u64>)> {
    let (ends, length) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (from, _) = ends.split_once('-')?;
    Some((from.trim().parse().ok()?, length.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn a_part_says_where_it_begins_and_how_long_all_is() {
        assert_eq!(part("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(part("bytes 5-9/*"), Some((5, None)));
        for odd in ["", "bytes */10", "lines 1-2/3", "bytes 5/10", "bytes x-9/10"] {
            assert_eq!(part(odd), None, "{odd}");
        }
    }
}
