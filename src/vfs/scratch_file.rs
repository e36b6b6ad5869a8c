//! An open file of the local disk. Whatever may wait for the disk is done on no thread of the
//! kernel's; what is in memory already is read there.

use std::{
    fs::File,
    io::{self, IoSlice, IoSliceMut},
    os::unix::fs::FileExt,
};

use rustix::{
    fs::{FallocateFlags, fallocate},
    io::{ReadWriteFlags, preadv2, pwritev2},
};

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    vfs::local::LocalFile,
};

/// A local file that is open.
#[derive(Debug)]
pub(crate) struct ScratchFile {
    file: File,
    /// Whether programs write at the end of it, wherever that is by then.
    append: bool,
}

/// Who knows where something is to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// A program: where the file that it writes through has it.
    Program,
    /// The kernel, which writes a page of a mapping back through any file that is open: there.
    Page,
}

impl ScratchFile {
    pub(crate) fn new(file: File, append: bool) -> Self {
        Self { file, append }
    }

    /// What stands there, up to the end of the file.
    pub(crate) async fn read(&self, offset: u64, size: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; size];
        let mut filled = 0;
        if kernel_thread::is_serving() {
            filled = self.read_cached(&mut bytes, offset);
            if filled == size || self.ends_before(offset.saturating_add(filled as u64)) {
                bytes.truncate(filled);
                return Ok(bytes);
            }
            kernel_thread::leave().await;
        }
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match self.blocking().read_at(room, offset.saturating_add(filled as u64)) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Error::io("cannot read", error)),
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// How much the kernel has in memory of it, which is read. Nothing is where it cannot tell.
    fn read_cached(&self, bytes: &mut [u8], offset: u64) -> usize {
        let mut room = [IoSliceMut::new(bytes)];
        preadv2(&self.file, &mut room, offset, ReadWriteFlags::NOWAIT).unwrap_or_default()
    }

    /// Whether nothing stands there. An open file's size is in memory.
    fn ends_before(&self, offset: u64) -> bool {
        self.file.metadata().is_ok_and(|metadata| metadata.len() <= offset)
    }

    /// Writes, on a thread that may wait.
    pub(crate) fn write(&self, writing: Writing, offset: u64, data: &[u8]) -> Result<()> {
        let file = self.blocking();
        let written = match self.append && writing == Writing::Program {
            true => append(file, data),
            false => file.write_all_at(data, offset),
        };
        written.map_err(|error| Error::io("cannot write", error))
    }

    pub(crate) fn set_len(&self, size: u64) -> Result<()> {
        self.blocking().set_len(size).map_err(|error| Error::io("cannot truncate", error))
    }

    /// The file, whatever its name is now.
    pub(crate) fn entry(&self) -> Option<LocalFile> {
        LocalFile::of(self.blocking()).ok()
    }

    /// Has the disk have it, on a thread of the pool.
    pub(crate) async fn sync(&self) -> Result<()> {
        let failed = |error| Error::io("cannot sync", error);
        let file = self.file.try_clone().map_err(failed)?;
        tokio::task::spawn_blocking(move || file.sync_all())
            .await
            .map_err(|error| Error::new(Kind::Storage, "cannot sync").because(error))?
            .map_err(failed)
    }

    /// Makes room in it, as fallocate(2) asks.
    pub(crate) async fn allocate(&self, mode: i32, offset: u64, length: u64) -> Result<()> {
        let file = self.file.try_clone().map_err(|error| Error::io("cannot make room", error))?;
        let mode = FallocateFlags::from_bits_retain(u32::try_from(mode).unwrap_or_default());
        tokio::task::spawn_blocking(move || fallocate(&file, mode, offset, length))
            .await
            .map_err(|error| Error::new(Kind::Storage, "cannot make room").because(error))??;
        Ok(())
    }

    fn blocking(&self) -> &File {
        kernel_thread::assert_not_serving("the local disk is used");
        &self.file
    }
}

/// Writes at the end as it is by then: the kernel asks for several writes at once, of several programs.
fn append(file: &File, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        match pwritev2(file, &[IoSlice::new(data)], 0, ReadWriteFlags::APPEND) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => data = data.get(count..).unwrap_or_default(),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

impl Drop for ScratchFile {
    /// Closing the last that is open of a file without a name removes it from the disk.
    fn drop(&mut self) {
        kernel_thread::assert_not_serving("a local file is closed");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        fs::File,
        os::unix::fs::FileExt,
        pin::pin,
        task::{Context, Poll, Waker},
    };

    use rustix::fs::{Advice, fadvise};

    use super::{ScratchFile, Writing};
    use crate::kernel_thread::serve;

    /// Reads on a thread of the kernel's, and on another if it leaves that; and whether it does.
    fn read(file: &ScratchFile, offset: u64, size: usize) -> (Vec<u8>, bool) {
        let mut read = pin!(file.read(offset, size));
        let mut context = Context::from_waker(Waker::noop());
        let served = serve(|| read.as_mut().poll(&mut context));
        let left = served.leaves;
        let polled = match served.value {
            Poll::Pending => read.as_mut().poll(&mut context),
            ready => ready,
        };
        let Poll::Ready(bytes) = polled else { panic!("it waits for nobody") };
        (bytes.unwrap(), left)
    }

    fn file() -> ScratchFile {
        ScratchFile::new(tempfile::tempfile().unwrap(), false)
    }

    #[test]
    fn what_is_read_is_all_there_is_whether_it_is_in_memory_or_not() {
        let file = file();
        let text: Vec<u8> = (0..=u8::MAX).cycle().take(300_000).collect();
        file.write(Writing::Program, 0, &text).unwrap();
        for is_cached in [true, false] {
            if !is_cached {
                file.file.sync_all().unwrap();
                fadvise(&file.file, 0, None, Advice::DontNeed).unwrap();
            }
            assert_eq!(read(&file, 299_000, 4096).0, text[299_000..]);
            assert_eq!(read(&file, 0, 131_072).0, text[..131_072]);
            assert_eq!(read(&file, 0, 400_000).0, text);
            assert_eq!(read(&file, 300_000, 10).0, b"");
        }
        let (_, leaves) = read(&file, 300_000, 4096);
        assert!(!leaves, "where it ends is known");
    }

    #[test]
    fn a_program_appends_to_the_end_as_it_is_and_the_kernel_writes_pages_where_they_are() {
        let local: File = tempfile::tempfile().unwrap();
        let file = ScratchFile::new(local.try_clone().unwrap(), true);
        file.write(Writing::Program, 0, b"one").unwrap();
        local.write_all_at(b"two", 3).unwrap();
        file.write(Writing::Program, 3, b"three").unwrap();
        file.write(Writing::Page, 0, b"ONE").unwrap();
        assert_eq!(read(&file, 0, 99).0, b"ONEtwothree");
    }

    #[test]
    #[should_panic(expected = "the local disk is used on a thread of the kernel's")]
    #[cfg(debug_assertions)]
    fn nothing_is_written_while_the_kernel_waits() {
        let file = file();
        let _ = serve(|| file.write(Writing::Program, 0, b"a"));
    }
}
