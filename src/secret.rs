//! Secrets: values that can be sent to the service and nothing else.

use std::fmt;

use subtle::ConstantTimeEq;

/// A bearer token. It has no `Display`, its `Debug` hides it, and it is never serialised, so it
/// cannot reach a log, an error message or the state directory by accident.
#[derive(Clone)]
pub struct Token(String);

/// In a time that tells nothing of where two tokens differ.
impl PartialEq for Token {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Token {}

impl Token {
    /// Takes a token as read from the environment or a file; surrounding white space goes.
    /// `None` if nothing is left or if it holds a character that no HTTP header may carry.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let printable = text.bytes().all(|byte| (0x21..0x7f).contains(&byte));
        (!text.is_empty() && printable).then(|| Self(text.to_owned()))
    }

    /// The secret itself. Only for sending it to the service, for comparing it, and for keeping the token
    /// of a login where that is kept.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn a_token_is_trimmed_and_never_printed() {
        let token = Token::new(" tskdp_secret\n").unwrap();
        assert_eq!(token.expose(), "tskdp_secret");
        assert!(!format!("{token:?}").contains("secret"));
    }

    #[test]
    fn what_no_header_can_carry_is_no_token() {
        assert_eq!(Token::new(" \n"), None);
        assert_eq!(Token::new("two words"), None);
        assert_eq!(Token::new("umlaut-ü"), None);
    }
}
