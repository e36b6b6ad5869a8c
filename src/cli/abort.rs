//! Freeing what waits for a mount whose process was killed and cannot end.
//!
//! A process that is killed while the kernel keeps one of its threads in an invalidation, for a lock
//! that only the process's own answer would free, stays: its leader is a zombie, the thread is not.
//! Its files stay open with it, so the connection lives, and whoever waits for an answer does too,
//! and so does the lock on the account's directory. Writing to the connection's `abort` ends all of
//! that (Documentation/filesystems/fuse.rst); so does MNT_FORCE of umount(2), where there is no
//! `fusectl`.

use std::{collections::HashSet, ffi::OsStr, fs, io, os::unix::ffi::OsStrExt, path::Path};

use rustix::{io::Errno, mount::UnmountFlags};

use super::mounts;

use crate::error::Error;

/// The name that our processes have in `/proc`.
const NAME: &str = env!("CARGO_PKG_NAME");

/// Where the kernel has a directory for each connection.
const CONNECTIONS: &str = "/sys/fs/fuse/connections";

/// Aborts the connection of a mount that does not answer, if a process of ours is dying that serves
/// it, and none is alive that may. Whether it did.
///
/// # Errors
/// If the kernel does not let this user.
pub(crate) fn stale_mount(path: &Path) -> io::Result<bool> {
    let Some(number) = mounts::connection(path) else { return Ok(false) };
    if !is_served_by_the_dead(path, number)? {
        return Ok(false);
    }
    abort(number, Some(path))?;
    Ok(true)
}

/// Has a process end that was killed and may wait for itself; `mountpoint` is where it served last.
/// Whether it was killed.
///
/// # Errors
/// If the kernel does not let this user.
pub(crate) fn dying_process(pid: libc::pid_t, mountpoint: Option<&Path>) -> io::Result<bool> {
    let process = format!("/proc/{pid}");
    if !fs::read_to_string(format!("{process}/status")).is_ok_and(|status| is_dying(&status)) {
        return Ok(false);
    }
    let mounted = mountpoint.and_then(|path| Some((mounts::connection(path)?, path)));
    let connections = connections_of(Path::new(&process));
    // Where the kernel does not tell whose connections they are, the mountpoint has to.
    let is_own = |number: &u32| connections.as_ref().is_none_or(|own| own.contains(number));
    if let Some((number, path)) = mounted.filter(|(number, _)| is_own(number)) {
        abort(number, Some(path))?;
        return Ok(true);
    }
    for number in connections.into_iter().flatten() {
        abort(number, None)?;
    }
    Ok(true)
}

/// What it means that this user must not.
pub(crate) fn failed(error: io::Error) -> Error {
    Error::io("the mount's process was killed, and programs wait for it", error)
        .hint("root frees them: taskadefs umount")
}

fn abort(number: u32, mountpoint: Option<&Path>) -> io::Result<()> {
    let written = fs::write(format!("{CONNECTIONS}/{number}/abort"), "1");
    match (written, mountpoint) {
        (Err(error), Some(path)) if error.kind() == io::ErrorKind::NotFound => force(path),
        (written, _) => written,
    }
}

/// Aborts the connection of a mount, and takes the mount away if nothing is open on it.
fn force(path: &Path) -> io::Result<()> {
    match rustix::mount::unmount(path, UnmountFlags::FORCE | UnmountFlags::NOFOLLOW) {
        // It is aborted before it is looked whether something is open.
        Ok(()) | Err(Errno::BUSY) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Whether a process of ours is dying that has the connection, and none is alive that has it.
fn is_served_by_the_dead(mountpoint: &Path, number: u32) -> io::Result<bool> {
    let mut ours = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let is_process = entry.file_name().to_str().is_some_and(|pid| pid.parse::<u32>().is_ok());
        let status = is_process.then(|| fs::read_to_string(entry.path().join("status")).ok());
        if let Some(status) = status.flatten()
            && field(&status, "Name:") == NAME
        {
            ours.push((is_dying(&status), connections_of(&entry.path()), entry.path()));
        }
    }
    let has_it = |own: &Option<HashSet<u32>>| own.as_ref().is_some_and(|own| own.contains(&number));
    let (dying, alive): (Vec<_>, Vec<_>) = ours.into_iter().partition(|(dying, ..)| *dying);
    if alive.iter().any(|(_, own, _)| has_it(own)) {
        return Ok(false);
    }
    if dying.iter().any(|(_, own, _)| has_it(own)) {
        return Ok(true);
    }
    // Where the kernel does not tell whose connections they are, the command line has to.
    let is_told = dying.iter().all(|(_, own, _)| own.is_some());
    Ok(!is_told && !alive.iter().any(|(_, _, process)| is_to_serve(process, mountpoint)))
}

/// Whether a process was told to serve a mount there; by a path that is relative it may have been.
fn is_to_serve(process: &Path, mountpoint: &Path) -> bool {
    let command = fs::read(process.join("cmdline")).unwrap_or_default();
    let arguments: Vec<&[u8]> = command.split(|byte| *byte == 0).collect();
    let names = |argument: &[u8]| {
        let path = Path::new(OsStr::from_bytes(argument));
        if path.is_relative() {
            return path.file_name().is_some() && path.file_name() == mountpoint.file_name();
        }
        // Not the mountpoint itself, which may hang.
        let parent = path.parent().and_then(|parent| parent.canonicalize().ok());
        path == mountpoint
            || parent.zip(path.file_name()).is_some_and(|(at, name)| at.join(name) == mountpoint)
    };
    let is_mount = arguments.iter().any(|it| matches!(*it, b"--foreground" | b"-f"));
    is_mount && arguments.into_iter().any(names)
}

/// The connections of a process's open files, by their numbers; `None` if none is told, as by kernels
/// whose `fdinfo` of `/dev/fuse` has no `fuse_connection`. The leader of a dying process has none any more, its threads have.
fn connections_of(process: &Path) -> Option<HashSet<u32>> {
    let mut found = HashSet::new();
    for task in fs::read_dir(process.join("task")).into_iter().flatten().flatten() {
        for file in fs::read_dir(task.path().join("fdinfo")).into_iter().flatten().flatten() {
            let fdinfo = fs::read_to_string(file.path()).unwrap_or_default();
            found.extend(field(&fdinfo, "fuse_connection:").parse::<u32>());
        }
    }
    (!found.is_empty()).then_some(found)
}

/// A field of a file in `/proc` that has one a line; empty if it has none.
fn field<'a>(fdinfo: &'a str, name: &str) -> &'a str {
    fdinfo.lines().find_map(|line| line.strip_prefix(name)).map(str::trim).unwrap_or_default()
}

/// Whether a status in `/proc` is that of a process of ours that was killed and has threads left.
fn is_dying(status: &str) -> bool {
    let pending = |name| u64::from_str_radix(field(status, name), 16).unwrap_or_default();
    let is_killed = (pending("SigPnd:") | pending("ShdPnd:")) & 1 << (libc::SIGKILL - 1) != 0;
    let has_threads = field(status, "Threads:").parse().is_ok_and(|threads: u32| threads > 1);
    let is_zombie = field(status, "State:").starts_with('Z');
    field(status, "Name:") == NAME && (is_killed || (is_zombie && has_threads))
}

#[cfg(test)]
mod tests {
    use super::{field, is_dying};

    #[test]
    fn a_process_of_ours_that_cannot_end_is_dying() {
        let status = |name: &str, state: &str, threads: u32, pending: u64| {
            format!(
                "Name:\t{name}\nState:\t{state}\nThreads:\t{threads}\nSigPnd:\t{pending:016x}\n\
                 ShdPnd:\t{:016x}\n",
                0
            )
        };
        assert!(is_dying(&status("taskadefs", "Z (zombie)", 2, 0)));
        assert!(is_dying(&status("taskadefs", "D (disk sleep)", 3, 0x100)));
        assert!(!is_dying(&status("taskadefs", "Z (zombie)", 1, 0)), "nobody fetched its status");
        assert!(!is_dying(&status("taskadefs", "S (sleeping)", 3, 0)));
        assert!(!is_dying(&status("other", "Z (zombie)", 2, 0x100)));
        assert!(!is_dying(""));
    }

    #[test]
    fn the_connection_of_an_open_file_is_read_where_the_kernel_tells_it() {
        let fdinfo = "pos:\t0\nflags:\t02000002\nmnt_id:\t7\nfuse_connection:\t39\n";
        assert_eq!(field(fdinfo, "fuse_connection:").parse(), Ok(39));
        assert!(field("pos:\t0\n", "fuse_connection:").parse::<u32>().is_err());
    }
}
