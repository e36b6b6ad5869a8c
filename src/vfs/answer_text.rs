//! What the service answers, as a file shows it.

use serde_json::Value;

use crate::error::{Error, Kind, Result};

/// An answer as JSON for people.
pub(crate) fn json(value: &Value) -> Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(value)
        .map_err(|error| Error::new(Kind::Protocol, "the answer cannot be shown").because(error))?;
    text.push(b'\n');
    Ok(text)
}
