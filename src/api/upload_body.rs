//! The body of a request that sends a file: piece by piece, so that how far it is can be told.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body, Bytes, Frame, SizeHint};

use super::file::FileBody;

/// Most bytes of a piece.
const PIECE: usize = 64 << 10;

/// The pieces of a file that are left to be sent.
pub(super) struct Pieces {
    left: Bytes,
    file: FileBody,
}

impl Pieces {
    /// All of it.
    pub(super) fn of(file: &FileBody) -> Self {
        file.begin();
        Self { left: file.bytes().clone(), file: file.clone() }
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let length = PIECE.min(self.left.len());
        if length == 0 {
            return Poll::Ready(None);
        }
        let piece = self.left.split_to(length);
        self.file.note_sent(length);
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left.len() as u64)
    }
}
