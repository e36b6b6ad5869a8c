//! The body of a request that sends a file: piece by piece, so that how far it is can be told, and no
//! more than a piece of what is on the disk is in memory.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::file::{FileBody, FilePart};

/// Most bytes of a piece.
const PIECE: u64 = 64 << 10;

/// The pieces of a file that are left to be sent.
pub(super) struct Pieces {
    file: FileBody,
    /// The part that the next is of, and how much of that is gone.
    part: usize,
    gone: u64,
    left: u64,
}

impl Pieces {
    /// All of it.
    pub(super) fn of(file: &FileBody) -> Self {
        file.begin();
        Self { file: file.clone(), part: 0, gone: 0, left: file.length() }
    }

    /// The next of them, if there is one.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        while let Some(part) = self.file.parts().get(self.part) {
            let length = PIECE.min(part.length() - self.gone);
            if length == 0 {
                (self.part, self.gone) = (self.part + 1, 0);
                continue;
            }
            let piece = piece(part, self.gone, length)?;
            self.gone += length;
            self.left -= length;
            self.file.note_sent(piece.len());
            return Ok(Some(piece));
        }
        Ok(None)
    }
}

/// So much of a part. What is on the disk is read where it is wanted, a piece at a time.
fn piece(part: &FilePart, from: u64, length: u64) -> io::Result<Bytes> {
    let as_size = |number: u64| usize::try_from(number).map_err(io::Error::other);
    let length = as_size(length)?;
    match part {
        FilePart::Bytes(bytes) => {
            let from = as_size(from)?;
            Ok(bytes.slice(from..from + length))
        }
        FilePart::OnDisk(file, _) => read(file, from, length),
    }
}

fn read(file: &File, from: u64, length: usize) -> io::Result<Bytes> {
    let mut piece = vec![0; length];
    file.read_exact_at(&mut piece, from)?;
    Ok(piece.into())
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        Poll::Ready(self.next().transpose().map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
