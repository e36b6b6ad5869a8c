//! A journal with any bytes in it opens, mended if need be, or is an error; it opens again as it is.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use taskadefs::sync::Journal;

/// A journal with nothing in it, which the input overwrites from some place on.
static SOUND: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let dir = tempfile::tempdir().expect("a directory");
    let path = dir.path().join("journal.sqlite3");
    drop(Journal::open(&path).expect("a new journal"));
    std::fs::read(path).expect("its bytes")
});

fuzz_target!(|input: (u16, &[u8])| {
    let (at, bytes) = input;
    let mut file = SOUND.clone();
    let at = usize::from(at) % file.len();
    let end = (at + bytes.len()).min(file.len());
    file[at..end].copy_from_slice(&bytes[..end - at]);
    let dir = tempfile::tempdir_in("/dev/shm").expect("a directory");
    let path = dir.path().join("journal.sqlite3");
    std::fs::write(&path, file).expect("a file");
    if Journal::open(&path).is_ok() {
        let again = Journal::open(&path).expect("what was mended is sound");
        assert!(again.findings().is_empty(), "what was mended is damaged");
    }
});
