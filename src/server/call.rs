//! A request as the handlers get it.

use std::collections::HashMap;

/// A request for one endpoint.
pub(crate) struct ServedCall<'a> {
    /// What fills the path of the endpoint.
    pub(crate) ids: Vec<String>,
    pub(crate) query: &'a HashMap<String, String>,
    /// `Content-Type`, empty if there is none.
    pub(crate) media_type: &'a str,
    pub(crate) body: &'a [u8],
    /// `Host`: the name and the port that the server was asked by.
    pub(crate) host: &'a str,
}

impl ServedCall<'_> {
    /// What fills the path, from 0 on; empty, which no id is, past its end.
    pub(crate) fn id(&self, at: usize) -> &str {
        self.ids.get(at).map_or("", String::as_str)
    }
}
