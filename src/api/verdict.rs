//! What an answer as a whole says: that it is the service's, or that it is not, or that the service
//! refuses and why.

use serde_json::Value;

use super::{
    envelope::{Envelope, unreadable},
    readable::readable,
};
use crate::{
    error::{Error, Kind, Result},
    printable::steers,
    secret::Token,
};

/// Most characters of a service's message, and of its code, that are shown.
const MESSAGE_CHARS: usize = 200;
const CODE_CHARS: usize = 40;

/// What to do about an answer that is not the service's.
const NOT_TASKADE: &str = "sign in to the network, or check the proxy, the firewall and --api-url; \
     what is saved meanwhile waits and is sent after that";

impl Envelope {
    /// What a service answers with this body.
    ///
    /// # Errors
    /// As with a body that comes over HTTP with a success status.
    pub fn of(body: &Value) -> Result<Self> {
        Self::read(body.to_string().as_bytes(), None)
    }

    /// Reads the body of an answer with a success status. `hidden` is not quoted in errors.
    pub(crate) fn read(body: &[u8], hidden: Option<&Token>) -> Result<Self> {
        if !body.trim_ascii_start().starts_with(b"{") {
            return Err(no_verdict(200));
        }
        let envelope: Self = serde_json::from_slice(&readable(body)).map_err(unreadable)?;
        match envelope.ok() {
            Some(false) => Err(envelope.refusal(200, hidden)),
            None if !envelope.has_content() => Err(no_verdict(200)),
            _ => Ok(envelope),
        }
    }

    /// Reads the body of an answer with a failure status. What is not in the service's envelope is
    /// no verdict of it: a sign-in page, a proxy or a firewall answered in its place.
    pub(crate) fn read_failure(status: u16, body: &[u8], hidden: Option<&Token>) -> Error {
        let envelope: Self = serde_json::from_slice(&readable(body)).unwrap_or_default();
        let refusal = envelope.refusal(status, hidden);
        let is_verdict = match status {
            // The service's own, with an envelope or without: too large, and busy or broken.
            413 | 429 | 500..=510 => true,
            _ => envelope.ok() == Some(false) || refusal.kind() == Kind::RateLimited,
        };
        if is_verdict { refusal } else { no_verdict(status) }
    }

    /// Whether a body is the beginning of an envelope.
    pub(crate) fn is_torn(body: &[u8]) -> bool {
        let parsed = || serde_json::from_slice::<serde::de::IgnoredAny>(&readable(body));
        body.starts_with(b"{") && parsed().is_err()
    }

    /// A refusal by its status and code, with the service's message only for the person.
    fn refusal(&self, status: u16, hidden: Option<&Token>) -> Error {
        let word = |field: &str| match self.get(field) {
            Some(Value::String(word)) => word,
            _ => String::new(),
        };
        let code = word("code");
        let kind = kind_of(status, &code);
        let mut what = format!("Taskade answered {status}");
        for part in
            [shown(&code, CODE_CHARS, hidden), shown(&word("message"), MESSAGE_CHARS, hidden)]
        {
            if !part.is_empty() {
                what = format!("{what} {part}");
            }
        }
        // What a plan lacks, or has used up.
        let feature = shown(&word("featureId"), CODE_CHARS, hidden);
        if !feature.is_empty() {
            what = format!("{what} ({feature})");
        }
        let error = Error::new(kind, what);
        match kind {
            Kind::Unauthorized => {
                error.hint("run `taskadefs login`, or check TASKADE_TOKEN or --token-file")
            }
            Kind::PaymentRequired => error.hint("the plan of this workspace does not cover it"),
            Kind::Forbidden => error.hint("ask for the right to edit it in Taskade"),
            _ => error,
        }
    }
}

/// What a failure is, by its status, and by its code where the status does not say. A failure of
/// the service itself stays one, whatever its code: it may come after the deed.
fn kind_of(status: u16, code: &str) -> Kind {
    match (status, code) {
        (500.., _) => Kind::Protocol,
        (401, _) | (200, "UNAUTHORIZED") => Kind::Unauthorized,
        (402, _) | (200, "PAYMENT_REQUIRED") => Kind::PaymentRequired,
        (403, _) | (200, "FORBIDDEN") => Kind::Forbidden,
        (404, _) | (200, "NOT_FOUND") => Kind::NotFound,
        (429, _) | (_, "TOO_MANY_REQUESTS") => Kind::RateLimited,
        (200, "INTERNAL_SERVER_ERROR" | "BAD_GATEWAY") => Kind::Protocol,
        (200, "SERVICE_UNAVAILABLE" | "GATEWAY_TIMEOUT" | "TIMEOUT") => Kind::Protocol,
        _ => Kind::Refused,
    }
}

/// An answer that is not the service's: nothing follows from it, and it is asked again.
fn no_verdict(status: u16) -> Error {
    Error::new(
        Kind::Protocol,
        format!("an answer that is not Taskade's ({status}) came, and cannot be read"),
    )
    .hint(NOT_TASKADE)
}

/// What the service wrote, fit for a terminal and a log: in one line, without what would steer
/// either, cut, and without the token, which a service may quote back.
fn shown(text: &str, most: usize, hidden: Option<&Token>) -> String {
    let clean: String = text.chars().filter(|c| !steers(*c)).collect();
    let clean = hidden.map_or_else(|| clean.clone(), |token| clean.replace(token.expose(), "…"));
    clean.chars().take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::{CODE_CHARS, Envelope, MESSAGE_CHARS};
    use crate::{error::Kind, secret::Token};

    #[test]
    fn failures_are_told_by_status_and_code_never_by_message() {
        let failure = |status, body: &str| Envelope::read_failure(status, body.as_bytes(), None);
        let found = failure(404, r#"{"ok":false,"message":"Document not found"}"#);
        assert_eq!(found.kind(), Kind::NotFound);
        assert_eq!(failure(502, "<html>").kind(), Kind::Protocol);
        for status in [400, 401, 402, 403, 404, 407, 451, 499, 511] {
            for body in ["", "<html>", "{}", "null", r#"{"ok":true}"#, r#"{"error":"blocked"}"#] {
                let error = failure(status, body);
                assert_eq!(error.kind(), Kind::Protocol, "{status} {body}");
                assert!(error.to_string().contains("--api-url"), "{error}");
            }
        }
        assert_eq!(failure(413, "{}").kind(), Kind::Refused);
        assert_eq!(failure(400, r#"{"code":"TOO_MANY_REQUESTS"}"#).kind(), Kind::RateLimited);
        // It may have been done before that went wrong.
        assert_eq!(failure(500, r#"{"code":"TOO_MANY_REQUESTS"}"#).kind(), Kind::Protocol);
        assert_eq!(failure(200, r#"{"code":"INTERNAL_SERVER_ERROR"}"#).kind(), Kind::Protocol);
        assert_eq!(
            failure(400, r#"{"ok":false,"message":"429 TOO_MANY_REQUESTS"}"#).kind(),
            Kind::Refused
        );
        let refused = Envelope::read(br#"{"ok":false,"code":"NOT_FOUND"}"#, None).unwrap_err();
        assert_eq!(refused.kind(), Kind::NotFound);
    }

    #[test]
    fn what_the_service_wrote_is_shown_without_what_steers_a_terminal() {
        let body = r#"{"ok":false,"code":"NO\u001b[2J\n","message":"no\u001b[31m way\u202e\r\n"}"#;
        let error = Envelope::read_failure(403, body.as_bytes(), None).to_string();
        assert!(error.starts_with("Taskade answered 403 NO[2J no[31m way;"), "{error:?}");
        let long = format!(r#"{{"ok":false,"code":"{0}","message":"{0}"}}"#, "é".repeat(9000));
        let error = Envelope::read_failure(400, long.as_bytes(), None).to_string();
        assert_eq!(error.matches('é').count(), CODE_CHARS + MESSAGE_CHARS);
    }

    #[test]
    fn a_token_that_the_service_quotes_is_not_shown() {
        let token = Token::new("tskdp_secret").unwrap();
        // Also not where the cut goes through it, or what steers is inside.
        for before in [0, 195] {
            let message = format!("{}tskdp_\\u0000secret", "m".repeat(before));
            let body = format!(r#"{{"ok":false,"code":"tskdp_secret","message":"{message}"}}"#);
            for error in [
                Envelope::read_failure(401, body.as_bytes(), Some(&token)),
                Envelope::read(body.as_bytes(), Some(&token)).unwrap_err(),
            ] {
                assert!(!format!("{error} {error:?}").contains("tsk"), "{error}");
            }
        }
    }
}
