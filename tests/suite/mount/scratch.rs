//! Scratch on a real mount: times, modes, links, pipes, and whose it is.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink},
        net::{UnixListener, UnixStream},
    },
    path::PathBuf,
    time::{Duration, SystemTime},
};

use crate::support::mount::Mounted;

/// A time that nothing else has.
const LONG_AGO: Duration = Duration::from_secs(1_000_000_000);

/// A directory of scratch in a mount.
fn scratch(mounted: &Mounted) -> PathBuf {
    let dir = mounted.acme().join(".scratch");
    fs::create_dir(&dir).unwrap();
    dir
}

fn long_ago() -> fs::FileTimes {
    let time = SystemTime::UNIX_EPOCH + LONG_AGO;
    fs::FileTimes::new().set_modified(time).set_accessed(time)
}

#[test]
fn a_link_is_changed_itself_and_never_what_it_leads_to() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    let outside = mounted.dir.path().join("outside");
    fs::write(&outside, "x").unwrap();
    let before = fs::metadata(&outside).unwrap();
    symlink(&outside, dir.join("link")).unwrap();
    mounted.ok("touch -h -d 2001-09-09T01:46:40Z .scratch/link && chown -h 7:8 .scratch/link");
    let link = fs::symlink_metadata(dir.join("link")).unwrap();
    assert_eq!((link.mtime(), link.uid(), link.gid()), (1_000_000_000, 7, 8));
    let after = fs::metadata(&outside).unwrap();
    assert_eq!((after.mtime(), after.ctime_nsec()), (before.mtime(), before.ctime_nsec()));
    assert_eq!((after.uid(), after.mode()), (before.uid(), before.mode()));
    mounted.end();
}

#[test]
fn pipes_and_sockets_are_made_and_nothing_waits_for_them() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    mounted.ok("mkfifo -m 640 .scratch/pipe && ln -s pipe .scratch/link");
    // Nobody has the other end open: whoever opened the pipe would wait for ever.
    mounted.ok("timeout 20 touch -h .scratch/link && timeout 20 touch .scratch/pipe");
    mounted.ok("chmod 600 .scratch/pipe && timeout 20 ls -l .scratch");
    let pipe = fs::metadata(dir.join("pipe")).unwrap();
    assert!(pipe.file_type().is_fifo() && pipe.mode() & 0o777 == 0o600);
    let said = mounted.ok("(echo through > .scratch/pipe &) ; timeout 20 cat .scratch/pipe");
    assert_eq!(said, "through\n");
    // A renaming of a project to where a pipe is replaces it, and waits for nobody.
    mounted.ok("mkfifo Plan.md.bak && timeout 20 mv Plan.md Plan.md.bak && cat Plan.md.bak");
    mounted.ok("printf -- '- [ ] one\\n' > Plan.md");
    // A socket by its name in the mount, as editors' servers and git's monitor have.
    let server = UnixListener::bind(dir.join("socket")).unwrap();
    assert!(fs::metadata(dir.join("socket")).unwrap().file_type().is_socket());
    drop((UnixStream::connect(dir.join("socket")).unwrap(), server.accept().unwrap(), server));
    let kinds = mounted.ok("find .scratch -printf '%P %y\\n' | sort");
    assert_eq!(kinds, " d\nlink l\npipe p\nsocket s\n");
    assert!(!mounted.sh("mkfifo New.md").status.success());
    mounted.end();
}

#[test]
fn what_is_open_is_changed_though_its_name_is_gone_or_anothers() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    for replaced in [false, true] {
        let path = dir.join("open");
        let file = File::create(&path).unwrap();
        if replaced {
            fs::write(dir.join("new"), "new").unwrap();
            fs::rename(dir.join("new"), &path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        file.set_permissions(fs::Permissions::from_mode(0o604)).unwrap();
        file.set_times(long_ago()).unwrap();
        file.set_len(5).unwrap();
        std::os::unix::fs::fchown(&file, Some(7), None).unwrap();
        let open = file.metadata().unwrap();
        assert_eq!((open.mode() & 0o777, open.uid(), open.size()), (0o604, 7, 5));
        // The truncation came after the times.
        file.set_times(long_ago()).unwrap();
        assert_eq!(file.metadata().unwrap().mtime(), 1_000_000_000);
        if replaced {
            let other = fs::metadata(&path).unwrap();
            assert_eq!((other.mode() & 0o777, other.uid(), other.size()), (0o644, 0, 3));
        }
    }
    mounted.end();
}

#[test]
fn the_time_of_change_is_nobodys_to_set() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    let (scratch, project) = (dir.join("file"), mounted.file());
    fs::write(&scratch, "x").unwrap();
    mounted.text();
    for path in [&scratch, &project] {
        let begun = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        File::options().append(true).open(path).unwrap().set_times(long_ago()).unwrap();
        let set = fs::metadata(path).unwrap();
        assert_eq!(set.mtime(), 1_000_000_000, "{path:?}");
        let changed = Duration::from_secs(set.ctime().unsigned_abs());
        assert!(changed + Duration::from_secs(2) > begun, "{path:?}: {changed:?}, {begun:?}");
    }
    assert_eq!(fs::metadata(&scratch).unwrap().atime(), 1_000_000_000);
    // Permissions and names are changes as well.
    let ctime = || {
        let metadata = fs::metadata(&scratch).unwrap();
        (metadata.ctime(), metadata.ctime_nsec())
    };
    // The clock of the disk has moved on once another file is newer.
    let pass = |since: (i64, i64)| loop {
        fs::write(dir.join("clock"), "").unwrap();
        let now = fs::metadata(dir.join("clock")).unwrap();
        if (now.ctime(), now.ctime_nsec()) > since {
            break;
        }
    };
    let mut last = ctime();
    for change in ["chmod 600 .scratch/file", "ln .scratch/file .scratch/other"] {
        pass(last);
        mounted.ok(change);
        assert!(ctime() > last, "{change}");
        last = ctime();
    }
    mounted.end();
}

#[test]
fn hard_links_are_one_file() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    fs::write(dir.join("a"), "one").unwrap();
    fs::hard_link(dir.join("a"), dir.join("b")).unwrap();
    fs::create_dir(dir.join("sub")).unwrap();
    fs::hard_link(dir.join("b"), dir.join("sub/c")).unwrap();
    let stat = |name: &str| fs::metadata(dir.join(name)).unwrap();
    assert_eq!((stat("a").ino(), stat("a").nlink()), (stat("sub/c").ino(), 3));
    OpenOptions::new().append(true).open(dir.join("b")).unwrap().write_all(b" two").unwrap();
    assert_eq!(fs::read_to_string(dir.join("a")).unwrap(), "one two");
    assert_eq!(fs::read_to_string(dir.join("sub/c")).unwrap(), "one two");
    fs::remove_file(dir.join("a")).unwrap();
    fs::rename(dir.join("b"), dir.join("d")).unwrap();
    fs::write(dir.join("a"), "other").unwrap();
    assert_eq!((stat("d").nlink(), stat("d").ino()), (2, stat("sub/c").ino()));
    assert_ne!(stat("a").ino(), stat("d").ino());
    fs::remove_file(dir.join("d")).unwrap();
    assert_eq!(fs::read_to_string(dir.join("sub/c")).unwrap(), "one two");
    assert_eq!(stat("sub/c").nlink(), 1);
    mounted.ok("git init -q .scratch/one && cd .scratch/one && echo x > f && git add f && cd .. && git clone -ql one two && cat two/.git/HEAD");
    mounted.end();
}

/// A program that changes a file through a mapping while it has it open for appending.
const MAPS: &str = r#"
import mmap, os
file = os.open(".scratch/mapped", os.O_RDWR | os.O_CREAT)
os.write(file, b"a" * 5000)
memory = mmap.mmap(file, 5000)
end = os.open(".scratch/mapped", os.O_WRONLY | os.O_APPEND)
memory[0:1] = b"b"
memory.flush()
os.write(end, b"end")
"#;

#[test]
fn a_page_of_a_mapping_is_written_back_to_where_it_is_also_through_a_file_that_appends() {
    let mounted = Mounted::of("one");
    let file = scratch(&mounted).join("mapped");
    mounted.ok(&format!("python3 -c '{MAPS}'"));
    let expected = format!("b{}end", "a".repeat(4999));
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    mounted.end();
    mounted.begin();
    assert_eq!(fs::read_to_string(&file).unwrap(), expected);
    mounted.end();
}

#[test]
fn names_are_exchanged_and_kept_from_being_replaced() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    fs::write(dir.join("a"), "a").unwrap();
    fs::create_dir(dir.join("b")).unwrap();
    fs::write(dir.join("b/in"), "in b").unwrap();
    let rename = |from: &str, to: &str, flags| {
        let path = |name: &str| std::ffi::CString::new(dir.join(name).to_str().unwrap()).unwrap();
        let (from, to) = (path(from), path(to));
        // SAFETY: both are valid C strings.
        let done = unsafe {
            libc::renameat2(libc::AT_FDCWD, from.as_ptr(), libc::AT_FDCWD, to.as_ptr(), flags)
        };
        if done == 0 { 0 } else { std::io::Error::last_os_error().raw_os_error().unwrap() }
    };
    assert_eq!(rename("a", "b", libc::RENAME_NOREPLACE), libc::EEXIST);
    assert_eq!(rename("a", "b", libc::RENAME_EXCHANGE), 0);
    assert_eq!(fs::read_to_string(dir.join("b")).unwrap(), "a");
    assert_eq!(fs::read_to_string(dir.join("a/in")).unwrap(), "in b");
    assert_eq!(rename("a", "none", libc::RENAME_EXCHANGE), libc::ENOENT);
    assert_eq!(rename("b", "c", libc::RENAME_NOREPLACE), 0);
    assert_eq!(fs::read_to_string(dir.join("c")).unwrap(), "a");
    mounted.end();
}

#[test]
fn attributes_room_and_syncing_are_as_on_the_local_disk() {
    let mounted = Mounted::of("one");
    let dir = scratch(&mounted);
    fs::write(dir.join("file"), "x").unwrap();
    let local = mounted.dir.path().join("local");
    fs::write(&local, "x").unwrap();
    let (name, value) = (c"user.note", b"kept");
    let path = |path: &PathBuf| std::ffi::CString::new(path.to_str().unwrap()).unwrap();
    let set = |at: &PathBuf| {
        // SAFETY: all pointers are valid for the call, and the size is that of the value.
        unsafe {
            libc::setxattr(path(at).as_ptr(), name.as_ptr(), value.as_ptr().cast(), value.len(), 0)
        }
    };
    // Not every disk keeps attributes: what this one does is what there is.
    let file = dir.join("file");
    assert_eq!(set(&file), set(&local));
    assert_eq!(
        crate::support::mount::attribute(&file, "user.note"),
        crate::support::mount::attribute(&local, "user.note")
    );
    assert_eq!(set(&mounted.file()), -1);
    assert_eq!(std::io::Error::last_os_error().raw_os_error(), Some(libc::EOPNOTSUPP));
    File::open(&dir).unwrap().sync_all().unwrap();
    File::open(mounted.acme()).unwrap().sync_all().unwrap();
    let free = |dir: &str| mounted.ok(&format!("df --output=size -B1M {dir} | tail -1"));
    assert_eq!(free("."), free(mounted.dir.path().to_str().unwrap()));
    mounted.ok("fallocate -l 5000 .scratch/room && test $(stat -c %s .scratch/room) = 5000");
    mounted.end();
}

#[test]
fn what_another_user_makes_is_that_users() {
    let mounted = Mounted::with("one", &["--allow-other"]);
    let dir = scratch(&mounted);
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o777)).unwrap();
    // The way there is not private.
    fs::set_permissions(mounted.dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups bash -c";
    mounted.ok(&format!(
        "{nobody} 'cd .scratch && echo x > file && mkdir dir && mkfifo pipe && ln -s x link && chmod 4755 file && echo y >> file'"
    ));
    for name in ["file", "dir", "pipe", "link"] {
        let made = fs::symlink_metadata(dir.join(name)).unwrap();
        assert_eq!((made.uid(), made.gid()), (65534, 65534), "{name}");
    }
    // Who writes takes the right to run it as its owner away.
    assert_eq!(fs::metadata(dir.join("file")).unwrap().mode() & 0o7777, 0o755);
    assert!(!mounted.sh(&format!("{nobody} 'echo x > Stolen.md'")).status.success());
    assert!(!mounted.sh(&format!("{nobody} 'chown 0 .scratch/file'")).status.success());
    // In a directory that passes its group on, it is the directory's.
    mounted
        .ok("mkdir -m 2777 .scratch/group && chgrp 8 .scratch/group && chmod 2777 .scratch/group");
    mounted.ok(&format!("{nobody} 'echo x > .scratch/group/file'"));
    let made = fs::metadata(dir.join("group/file")).unwrap();
    assert_eq!((made.uid(), made.gid()), (65534, 8));
    mounted.end();
}
