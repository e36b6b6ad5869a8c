//! Answers: the envelope that the official document prescribes.

use serde::Serialize;

/// An answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// JSON, as it is sent: a whole space that is exported is large.
    pub(crate) body: String,
}

/// A refusal, as the way out of a handler.
pub(crate) type Outcome = Result<Answer, Answer>;

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
struct Item<T> {
    item: T,
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

/// A page of a list.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a, T> {
    items: Vec<T>,
    has_more: bool,
    next_cursor: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal<'a> {
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
        Self::done(Item { item })
    }

    pub(crate) fn items(items: Vec<impl Serialize>) -> Self {
        Self::done(Items { items })
    }

    /// A page of a list: whether there is more, and where to go on from.
    pub(crate) fn page(
        items: Vec<impl Serialize>,
        has_more: bool,
        next_cursor: Option<&str>,
    ) -> Self {
        Self::done(Page { items, has_more, next_cursor })
    }

    fn done(given: impl Serialize) -> Self {
        Self::written(200, &Done { ok: true, given })
    }

    fn written(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { status, body },
            // Only keys that are no strings cannot be written.
            Err(_) => Self { status: 500, body: r#"{"ok":false}"#.to_owned() },
        }
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
            429 => ("TOO_MANY_REQUESTS", "Too Many Requests"),
            _ => ("INTERNAL_SERVER_ERROR", "Internal Server Error"),
        };
        Self::written(status, &Refusal { ok: false, message, code, status_message: meaning })
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::refusal(400, message)
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::refusal(404, message)
    }
}
