//! Answers: the envelope that the official document prescribes.

use std::borrow::Cow;

use hyper::body::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde_json::{Value, json};

/// An answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As it is sent: a whole space that is exported is large.
    pub(crate) body: Bytes,
    pub(crate) media_type: Cow<'static, str>,
    /// More headers: names and values.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What JSON is sent as.
const JSON: &str = "application/json; charset=utf-8";

/// What is percent-encoded in the name of a file (RFC 5987).
const NAMES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// A refusal, as the way out of a handler.
pub(crate) type Handled = Result<Answer, Answer>;

/// What every answer to a request that was carried out is in.
#[derive(Serialize)]
struct Done<T> {
    ok: bool,
    #[serde(flatten)]
    given: T,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Serialize)]
struct ItemBody<T> {
    item: T,
}

#[derive(Serialize)]
struct ItemsBody<T> {
    items: Vec<T>,
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageBody<'a, T> {
    items: Vec<T>,
    has_more: bool,
    next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FailureBody<'a> {
    ok: bool,
    message: &'a str,
    code: &'a str,
    status_message: &'a str,
}

impl Answer {
    pub(crate) fn ok() -> Self {
        Self::done(Nothing {})
    }

    pub(crate) fn item(item: impl Serialize) -> Self {
        Self::done(ItemBody { item })
    }

    pub(crate) fn items(items: Vec<impl Serialize>) -> Self {
        Self::done(ItemsBody { items })
    }

    /// A page of a list: whether there is more, and where to go on from.
    pub(crate) fn page(
        items: Vec<impl Serialize>,
        has_more: bool,
        next_cursor: Option<&str>,
    ) -> Self {
        Self::done(PageBody { items, has_more, next_cursor })
    }

    /// What is in the envelope beside `ok`.
    pub(crate) fn with(given: Value) -> Self {
        Self::done(given)
    }

    /// What is in no envelope.
    pub(crate) fn bare(given: Value) -> Self {
        Self::written(200, &given)
    }

    /// A file, to be kept by this name.
    pub(crate) fn file(content: Vec<u8>, media_type: &str, name: &str) -> Self {
        let plain = |c: char| if c.is_ascii_alphanumeric() || ".-_ ".contains(c) { c } else { '_' };
        let ascii: String = name.chars().map(plain).collect();
        let encoded = utf8_percent_encode(name, NAMES);
        let named = format!("attachment; filename=\"{ascii}\"; filename*=UTF-8''{encoded}");
        Self {
            status: 200,
            body: content.into(),
            media_type: media_type.to_owned().into(),
            headers: vec![("content-disposition", named)],
        }
    }

    /// What is elsewhere.
    pub(crate) fn redirect(to: String) -> Self {
        Self { headers: vec![("location", to)], ..Self::refusal(302, "") }
    }

    /// A refusal for want of what is paid for.
    pub(crate) fn payment_required(message: &str, feature: &str) -> Self {
        let refusal = json!({
            "ok": false, "message": message, "code": "PAYMENT_REQUIRED",
            "statusMessage": "Payment Required", "featureId": feature,
        });
        Self::written(402, &refusal)
    }

    /// A refusal of what is too large; some of the service's have no code.
    pub(crate) fn too_large(message: &str, has_code: bool) -> Self {
        match has_code {
            true => Self::refusal(413, message),
            false => Self::written(413, &json!({ "ok": false, "message": message })),
        }
    }

    fn done(given: impl Serialize) -> Self {
        Self::written(200, &Done { ok: true, given })
    }

    fn written(status: u16, body: &impl Serialize) -> Self {
        let (status, body) = match serde_json::to_vec(body) {
            Ok(body) => (status, body.into()),
            // Only keys that are no strings cannot be written.
            Err(_) => (500, Bytes::from_static(br#"{"ok":false}"#)),
        };
        Self { status, body, media_type: JSON.into(), headers: Vec::new() }
    }

    pub(crate) fn refusal(status: u16, message: &str) -> Self {
        let (code, meaning) = match status {
            400 => ("BAD_REQUEST", "Bad Request"),
            401 => ("UNAUTHORIZED", "Unauthorized"),
            402 => ("PAYMENT_REQUIRED", "Payment Required"),
            403 => ("FORBIDDEN", "Forbidden"),
            404 => ("NOT_FOUND", "Not Found"),
            413 => ("PAYLOAD_TOO_LARGE", "Payload Too Large"),
            415 => ("UNSUPPORTED_MEDIA_TYPE", "Unsupported Media Type"),
            422 => ("UNPROCESSABLE_ENTITY", "Unprocessable Entity"),
            429 => ("TOO_MANY_REQUESTS", "Too Many Requests"),
            _ => ("INTERNAL_SERVER_ERROR", "Internal Server Error"),
        };
        Self::written(status, &FailureBody { ok: false, message, code, status_message: meaning })
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::refusal(400, message)
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::refusal(404, message)
    }
}
