//! What the service has said of tokens: that one counts again, another than was refused, is told to
//! whoever has something that was refused for want of it.
//!
//! That the same token counts again tells nothing: a service that takes it for reading and refuses it for
//! writing would be sent the same writes after every read.

use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::secret::Token;

/// What is known of the last refusal.
#[derive(Default)]
enum Refused {
    #[default]
    Nothing,
    /// There was no token that could be sent.
    WithoutToken,
    This(Token),
}

/// What the service has said of tokens.
#[derive(Default)]
pub(super) struct TokenVerdicts {
    refused: Mutex<Refused>,
    changes: watch::Sender<u64>,
}

impl TokenVerdicts {
    /// The service does not know this token; `None` if there was none to send.
    pub(super) fn refused(&self, token: Option<&Token>) {
        let refused = token.cloned().map_or(Refused::WithoutToken, Refused::This);
        *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = refused;
    }

    /// The service has done something for who has this token.
    pub(super) fn accepted(&self, token: &Token) {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        let is_another = match &*refused {
            Refused::Nothing => false,
            Refused::WithoutToken => true,
            Refused::This(other) => other != token,
        };
        if is_another {
            *refused = Refused::Nothing;
            self.changes.send_modify(|changes| *changes += 1);
        }
    }

    /// How often another token has come to count after one was refused, and whenever that changes.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::TokenVerdicts;
    use crate::secret::Token;

    #[test]
    fn only_another_token_than_was_refused_is_news() {
        let [old, new] = ["old", "new"].map(|text| Token::new(text).unwrap());
        let verdicts = TokenVerdicts::default();
        let changes = verdicts.changes();
        let mut expected = 0;
        for (refused, accepted, is_news) in [
            (None, &old, false),
            (Some(Some(&old)), &old, false),
            (None, &new, true),
            (None, &old, false),
            (Some(None), &old, true),
            (None, &old, false),
        ] {
            if let Some(refused) = refused {
                verdicts.refused(refused);
            }
            verdicts.accepted(accepted);
            expected += u64::from(is_news);
            assert_eq!(*changes.borrow(), expected);
        }
    }
}
