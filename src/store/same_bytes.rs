//! Whether two files hold the same, without either of them in memory.

use std::{fs::File, io, os::unix::fs::FileExt};

use crate::error::{Error, Result};

/// How much of each is compared at a time.
const PIECE: usize = 64 << 10;

/// Whether two files hold the same bytes, wherever they were read to.
///
/// # Errors
/// If either cannot be read.
pub(crate) fn same_bytes(one: &File, other: &File) -> Result<bool> {
    compare(one, other).map_err(|error| Error::io("cannot compare two files", error))
}

fn compare(one: &File, other: &File) -> io::Result<bool> {
    let length = one.metadata()?.len();
    if length != other.metadata()?.len() {
        return Ok(false);
    }
    let (mut here, mut there) = (vec![0; PIECE], vec![0; PIECE]);
    let mut at = 0;
    while at < length {
        let piece = usize::try_from(length - at).unwrap_or(PIECE).min(PIECE);
        let (here, there) = (&mut here[..piece], &mut there[..piece]);
        one.read_exact_at(here, at)?;
        other.read_exact_at(there, at)?;
        if here != there {
            return Ok(false);
        }
        at += piece as u64;
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use std::{fs::File, io::Write};

    use super::{PIECE, same_bytes};

    fn file(content: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        file
    }

    #[test]
    fn files_are_the_same_if_every_byte_is() {
        let content = vec![7; 2 * PIECE + 3];
        assert!(same_bytes(&file(&content), &file(&content)).unwrap());
        for at in [0, PIECE - 1, PIECE, 2 * PIECE + 2] {
            let mut other = content.clone();
            other[at] = 8;
            assert!(!same_bytes(&file(&content), &file(&other)).unwrap(), "{at}");
        }
        assert!(!same_bytes(&file(&content), &file(&content[1..])).unwrap());
    }
}
