//! What `fsync` and `close` say of a text that was refused, and what programs make of it.

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::fd::{AsRawFd, FromRawFd, IntoRawFd, RawFd},
    path::Path,
};

use taskadefs::server::Fault;

use crate::support::mount::{Mounted, attribute, said};

const TASKS: &str = "one\ntwo";
const BEFORE: &str = "- [ ] one\n- [ ] two\n";
const BAD: &str = "- [ ] one\n```\ncode\n```\n";

fn errno(result: libc::c_int) -> i32 {
    match result {
        0 => 0,
        _ => std::io::Error::last_os_error().raw_os_error().unwrap(),
    }
}

fn close(fd: RawFd) -> i32 {
    // SAFETY: every descriptor of these tests is closed once.
    errno(unsafe { libc::close(fd) })
}

fn fsync(fd: RawFd) -> i32 {
    // SAFETY: no memory is involved.
    errno(unsafe { libc::fsync(fd) })
}

fn fdatasync(fd: RawFd) -> i32 {
    // SAFETY: no memory is involved.
    errno(unsafe { libc::fdatasync(fd) })
}

fn write(fd: RawFd, text: &str) {
    // SAFETY: the descriptor is open, and given back below.
    let mut file = unsafe { File::from_raw_fd(fd) };
    file.write_all(text.as_bytes()).unwrap();
    let _ = file.into_raw_fd();
}

fn open(path: &Path) -> RawFd {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).open(path).unwrap().into_raw_fd()
}

#[test]
fn a_refused_text_fails_at_fsync_and_at_every_close() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let fd = open(&mounted.file());
    write(fd, BAD);
    // SAFETY: the descriptor is open.
    let copies = [(); 2].map(|()| unsafe { libc::dup(fd) });
    assert_eq!(fsync(fd), libc::EIO);
    assert_eq!(fdatasync(fd), libc::EIO, "not only the first time");
    assert_eq!(close(copies[0]), libc::EINVAL);
    assert_eq!(close(copies[1]), libc::EINVAL);
    assert_eq!(close(fd), libc::EINVAL);
    assert_eq!(mounted.text(), BAD);
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn another_text_through_the_same_handle_takes_the_refusal_back() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let fd = open(&mounted.file());
    write(fd, BAD);
    assert_eq!(fsync(fd), libc::EIO);
    // SAFETY: the descriptor is open.
    unsafe {
        assert_eq!(libc::ftruncate(fd, 0), 0);
        assert_eq!(libc::lseek(fd, 0, libc::SEEK_SET), 0);
        let copy = libc::dup(fd);
        assert_eq!(close(copy), libc::EINVAL, "what it emptied is not saved yet");
    }
    write(fd, "- [ ] one\n- [ ] 2\n");
    assert_eq!((fsync(fd), close(fd)), (0, 0));
    assert_eq!(mounted.tree(), "one\n2\n");
}

#[test]
fn what_taskade_refuses_fails_at_fsync_and_at_every_close() {
    for (status, errno) in [(403, libc::EACCES), (402, libc::EDQUOT), (400, libc::EIO)] {
        let mounted = Mounted::of(TASKS);
        mounted.text();
        mounted.server().faults().plan(Some("PUT"), "", 0, 99, Fault::Status(status, None));
        let fd = open(&mounted.file());
        write(fd, "- [ ] one\n- [ ] 2\n");
        // SAFETY: the descriptor is open.
        let copy = unsafe { libc::dup(fd) };
        assert_eq!((fsync(fd), fsync(fd)), (errno, errno));
        assert_eq!((close(copy), close(fd)), (errno, errno));
    }
}

#[test]
fn a_refusal_that_comes_after_fsync_was_told_success_is_told_at_close() {
    let mounted = Mounted::with(TASKS, &["--commit-wait", "0"]);
    mounted.text();
    mounted.server().faults().plan(Some("PUT"), "", 0, 99, Fault::Status(403, None));
    let fd = open(&mounted.file());
    write(fd, "- [ ] one\n- [ ] 2\n");
    assert_eq!(fsync(fd), 0);
    let state = || attribute(&mounted.file(), "user.taskade.state");
    crate::support::mount::until("the verdict", || state().as_deref() == Some("rejected"));
    assert_eq!((fsync(fd), close(fd)), (libc::EACCES, libc::EACCES));
}

/// VS Code ignores what `fdatasync` says, and emacs takes EINVAL of `fsync` for "not supported";
/// both look at `close`.
#[test]
fn a_program_that_takes_no_sync_seriously_hears_it_from_close() {
    let mounted = Mounted::of(TASKS);
    let script = r#"
import errno, os
os.chdir(os.environ["PWD"])
open("Plan.md").read()
fd = os.open("Plan.md", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
os.write(fd, b"- [ ] one\n```\ncode\n```\n")
try:
    os.fdatasync(fd)
except OSError as error:
    assert error.errno not in (errno.EINVAL, errno.EROFS, errno.ENOSYS, errno.ENOTSUP), error
try:
    os.close(fd)
except OSError as error:
    print("told", error.errno)
"#;
    let said = mounted.ok(&format!("python3 -c '{script}'"));
    assert_eq!(said, format!("told {}\n", libc::EINVAL));
}

fn keeps(mounted: &Mounted, refused: &str, shown: &str) {
    assert_eq!(mounted.text(), shown);
    let state = attribute(&mounted.file(), "user.taskade.state");
    assert_eq!(state.as_deref(), Some("rejected"));
    assert!(
        attribute(&mounted.file(), "user.taskade.error").unwrap().starts_with("Acme/Plan.md: ")
    );
    let kept = mounted.root.join(".taskade/rejected/Acme／Plan.md");
    assert_eq!(fs::read_to_string(kept).unwrap(), refused);
    assert_eq!(mounted.writes(&[]), [""; 0]);
    assert_eq!(mounted.tree(), "one\ntwo\n");
}

#[test]
fn vim_puts_its_backup_back_and_the_refused_text_is_kept() {
    let mounted = Mounted::of(TASKS);
    let vim = "vim -es -u NONE -N --cmd 'set backupskip= writebackup backupcopy=yes' \
               -c '2d' -c 'call append(1, [\"```\", \"code\", \"```\"])' -c w -c 'qa!' Plan.md";
    mounted.sh(vim);
    keeps(&mounted, BAD, BEFORE);
}

#[test]
fn emacs_says_that_it_did_not_save_and_the_refused_text_is_kept() {
    for (backups, shown) in [("nil", BAD), ("t", BEFORE)] {
        let mounted = Mounted::of(TASKS);
        let lisp = format!(
            r#"(progn
  (setq make-backup-files {backups} write-region-inhibit-fsync nil
        backup-enable-predicate (lambda (_) t))
  (find-file "Plan.md")
  (goto-char (point-min)) (forward-line 1) (delete-region (point) (point-max))
  (insert "```\ncode\n```\n")
  (condition-case error (progn (save-buffer) (princ "saved"))
    (error (princ (format "not saved: %S modified %S" error (buffer-modified-p))))))"#
        );
        let output = mounted.sh(&format!("emacs -Q --batch --eval '{lisp}'"));
        let said = said(&output);
        assert!(said.contains("not saved") && said.contains("modified t"), "{said}");
        keeps(&mounted, BAD, shown);
    }
}

#[test]
fn a_descriptor_that_outlives_its_refusal_still_reads_what_it_wrote() {
    let mounted = Mounted::of(TASKS);
    mounted.text();
    let mut options = OpenOptions::new();
    let file = options.read(true).write(true).truncate(true).open(mounted.file()).unwrap();
    write(file.as_raw_fd(), BAD);
    assert_eq!(fsync(file.as_raw_fd()), libc::EIO);
    fs::write(mounted.file(), BEFORE).unwrap();
    assert_eq!(mounted.text(), BEFORE);
    let mut read = vec![0; 99];
    let count = std::os::unix::fs::FileExt::read_at(&file, &mut read, 0).unwrap();
    assert_eq!(&read[..count], BAD.as_bytes());
    assert_eq!(close(file.into_raw_fd()), libc::EINVAL);
    assert_eq!(mounted.text(), BEFORE, "and closing it writes nothing");
}
