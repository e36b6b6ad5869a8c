//! What the parts of a server share.

use std::sync::Arc;

use super::{
    faults::Faults,
    log::RequestLog,
    oauth_state::OAuthState,
    quirks::{Quirks, Window},
    store::Store,
};
use crate::secret::Token;

/// A server, as those who answer for it know it.
pub(crate) struct Shared {
    pub(crate) store: Arc<Store>,
    pub(crate) token: Token,
    pub(crate) quirks: Quirks,
    pub(crate) log: Arc<RequestLog>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) window: Window,
    /// Of imports, which have a limit of their own.
    pub(crate) imports: Window,
    /// What was given out by OAuth.
    pub(crate) oauth: OAuthState,
}
