//! Where the token of each request comes from: one that stays, or one that is renewed.

use async_trait::async_trait;

use crate::{error::Result, secret::Token};

/// What has the token.
#[async_trait]
pub trait TokenSource: Send + Sync + 'static {
    /// The token to send a request with now.
    ///
    /// # Errors
    /// [`Kind::Unauthorized`](crate::error::Kind::Unauthorized) if there is none any more, and as with a
    /// request if it could not be renewed.
    async fn token(&self) -> Result<Token>;

    /// The service did not know `refused`: another token, with which the request is sent once more;
    /// `None` if there is no other.
    ///
    /// # Errors
    /// As [`token`](Self::token).
    async fn after_refusal(&self, refused: &Token) -> Result<Option<Token>>;

    /// What is wrong with it though it counts, and what to do about that.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// A token that stays.
#[derive(Debug, Clone)]
pub struct FixedToken(pub Token);

#[async_trait]
impl TokenSource for FixedToken {
    async fn token(&self) -> Result<Token> {
        Ok(self.0.clone())
    }

    async fn after_refusal(&self, _: &Token) -> Result<Option<Token>> {
        Ok(None)
    }
}
