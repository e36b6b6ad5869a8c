//! Numbers of the local disk that are given to another file: it is never taken for the one before.

use std::{
    ffi::OsStr,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use taskadefs::vfs::{Attr, FileKind, Ino, NewFile, ROOT};

use crate::support::{
    harness::{Mount, READ, WRITE, me},
    mount::Mounted,
};

const NEW: NewFile = NewFile { permissions: 0o755, owner: None };

/// How many directories are made until the disk gives one of them the number that is free. A disk
/// that never gives a number twice has nothing to show.
const MOST: usize = 64;

async fn look_up(mount: &Mount, parent: Ino, name: &str) -> Attr {
    mount.vfs.lookup(parent, OsStr::new(name), me()).await.unwrap()
}

/// A file of this name can be made in the directory, and is there under its own number.
async fn is_of_use(mount: &Mount, directory: &Attr) {
    assert_eq!(directory.kind, FileKind::Directory);
    let name = OsStr::new("file");
    let made = mount.vfs.create(directory.ino, name, NEW, WRITE, true, me()).await;
    let (attr, opened) = made.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(look_up(mount, directory.ino, "file").await.ino, attr.ino);
    assert_eq!(mount.vfs.getattr(directory.ino, me()).await.unwrap().kind, FileKind::Directory);
}

/// The directory on disk that has this one in it.
fn below(at: &Path, name: &str) -> PathBuf {
    let found = walk(at).into_iter().find(|path| path.ends_with(name));
    found.unwrap_or_else(|| panic!("no {name} below {}", at.display()))
}

fn walk(at: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(at).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let more = if path.is_dir() { walk(&path) } else { Vec::new() };
            std::iter::once(path).chain(more)
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn what_gets_the_number_of_a_status_that_was_replaced_is_not_the_status() {
    let mount = Mount::of("- [ ] one\n").await;
    let control = look_up(&mount, ROOT, ".taskade").await.ino;
    let mut others = Vec::new();
    for nth in 0..MOST {
        let status = look_up(&mount, control, "status.json").await;
        let shown = below(mount.dir.path(), "status.json");
        let free = fs::metadata(&shown).unwrap().ino();
        // Opening it writes it anew: on the disk it is another file.
        let opened = mount.vfs.open(status.ino, READ, me()).await.unwrap();
        assert_ne!(fs::metadata(&shown).unwrap().ino(), free);
        let name = format!(".made-{nth}");
        let made = mount.vfs.mkdir(ROOT, OsStr::new(&name), NEW).await.unwrap();
        others.push(made.ino);
        assert_ne!(made.ino, status.ino);
        is_of_use(&mount, &made).await;
        // Who has the status open, and who opens it next, still has it.
        let text = mount.vfs.read(opened.fh, 0, 1 << 20).await.unwrap();
        assert!(text.starts_with(b"{"));
        mount.vfs.release(opened.fh).await.unwrap();
        let again = look_up(&mount, control, "status.json").await;
        assert_eq!(again.kind, FileKind::File);
        assert!(!others.contains(&again.ino));
        if fs::metadata(below(mount.dir.path(), &name)).unwrap().ino() == free {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_number_of_the_disk_under_another_name_is_another_file() {
    let mount = Mount::of("- [ ] one\n").await;
    let control = look_up(&mount, ROOT, ".taskade").await.ino;
    let before = look_up(&mount, control, "conflicts").await;
    let shown = below(mount.dir.path(), "conflicts");
    let made = mount.vfs.mkdir(ROOT, OsStr::new(".made"), NEW).await.unwrap();
    let scratch = below(mount.dir.path(), ".made").parent().unwrap().to_owned();
    // On every disk: a directory has the number that another name's had.
    fs::rename(&shown, scratch.join(".other")).unwrap();
    let other = look_up(&mount, ROOT, ".other").await;
    assert!(other.ino != before.ino && other.ino != made.ino);
    is_of_use(&mount, &other).await;
    // What is under the first name now is no directory: the kernel cannot have it under that number.
    fs::write(&shown, "file").unwrap();
    let after = look_up(&mount, control, "conflicts").await;
    assert_eq!(after.kind, FileKind::File);
    assert!(after.ino != before.ino && after.ino != other.ino);
    mount.vfs.forget(before.ino, 1);
    assert_eq!(look_up(&mount, ROOT, ".other").await.ino, other.ino);
    is_of_use(&mount, &made).await;
}

#[tokio::test(start_paused = true)]
async fn names_of_one_file_have_one_number_until_the_last_is_gone() {
    let mount = Mount::of("- [ ] one\n").await;
    let one = OsStr::new(".one");
    let (made, opened) = mount.vfs.create(ROOT, one, NEW, WRITE, true, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_eq!(mount.vfs.link(made.ino, ROOT, OsStr::new(".two")).await.unwrap().ino, made.ino);
    mount.vfs.unlink(ROOT, one).await.unwrap();
    assert_eq!(look_up(&mount, ROOT, ".two").await.ino, made.ino);
    mount.vfs.unlink(ROOT, OsStr::new(".two")).await.unwrap();
    // The kernel still knows the file, which may be open; one with its number on disk is another.
    let (next, opened) = mount.vfs.create(ROOT, one, NEW, WRITE, true, me()).await.unwrap();
    mount.vfs.release(opened.fh).await.unwrap();
    assert_ne!(next.ino, made.ino);
}

#[test]
fn directories_are_made_while_the_status_is_looked_at() {
    let mounted = Mounted::of("one");
    let script = "cd .. && for i in $(seq 40); do \
        cat .taskade/status.json > .seen && mkdir .made-$i && touch .made-$i/file || exit 1; done; \
        find .made-* -type f | wc -l";
    assert_eq!(mounted.ok(script), "40\n");
    mounted.end();
}
