//! The token of a store: made once, kept beside it, readable by its owner only.

use std::{fs, path::Path};

use crate::{
    error::{Error, Kind, Result},
    private_file,
    secret::Token,
};

/// The token in the file, made if there is none.
pub(crate) fn of_store(path: &Path) -> Result<Token> {
    let failed = |error| Error::io("cannot keep the token", error).at(path.display().to_string());
    match fs::read_to_string(path) {
        Ok(text) => Token::new(&text).ok_or_else(|| {
            Error::new(Kind::Storage, "the file does not hold a token")
                .at(path.display().to_string())
                .hint("remove it; another is made")
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let text = format!("tskdl_{}", random_name(32)?);
            private_file::replace(path, text.as_bytes()).map_err(failed)?;
            Token::new(&text).ok_or_else(|| Error::new(Kind::Storage, "no token could be made"))
        }
        Err(error) => Err(failed(error)),
    }
}

/// Random letters and digits.
pub(crate) fn random_name(length: usize) -> Result<String> {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0_u8; length];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Storage, format!("no randomness: {error}")))?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    Ok(bytes.iter().map(letter).collect())
}

/// A random ULID, whose first ten characters are not a time.
pub(crate) fn random_ulid() -> Result<String> {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut bytes = [0_u8; 24];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(Kind::Storage, format!("no randomness: {error}")))?;
    let letter = |byte: &u8| char::from(LETTERS[usize::from(*byte) % LETTERS.len()]);
    Ok(format!("01{}", bytes.iter().map(letter).collect::<String>()))
}

/// A random UUID (version 4).
pub(crate) fn random_uuid() -> Result<String> {
    let mut b = [0_u8; 16];
    getrandom::fill(&mut b)
        .map_err(|error| Error::new(Kind::Storage, format!("no randomness: {error}")))?;
    b[6] = (b[6] & 0x0f) | 0x40;
    b[8] = (b[8] & 0x3f) | 0x80;
    let hex: String = b.iter().map(|byte| format!("{byte:02x}")).collect();
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    let parts = [part(0, 8), part(8, 12), part(12, 16), part(16, 20), part(20, 32)];
    Ok(parts.join("-"))
}
