//! Answers: the envelope that the official document prescribes.

use serde_json::{Value, json};

/// An answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

/// A refusal, as the way out of a handler.
pub(crate) type Outcome = Result<Answer, Answer>;

impl Answer {
    pub(crate) fn ok() -> Self {
        Self { status: 200, body: json!({ "ok": true }) }
    }

    pub(crate) fn item(item: Value) -> Self {
        Self { status: 200, body: json!({ "ok": true, "item": item }) }
    }

    pub(crate) fn items(items: Vec<Value>) -> Self {
        Self { status: 200, body: json!({ "ok": true, "items": items }) }
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
        let body =
            json!({ "ok": false, "message": message, "code": code, "statusMessage": meaning });
        Self { status, body }
    }

    pub(crate) fn bad_request(message: &str) -> Self {
        Self::refusal(400, message)
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self::refusal(404, message)
    }
}
