//! What `doctor` looks at on this machine.

use std::{
    env,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::{
    account::{self, NAME},
    config::{
        self,
        check::{Problem, check},
    },
    doctor_finding::Finding,
    mounted_path, mountpoint, mounts, probe,
};

use crate::{clock::duration_in_words, database, sync::JOURNAL};

/// How far the clocks may be apart before it is told, and before certificates and tokens suffer.
const ODD: Duration = Duration::from_secs(30);
const WRONG: Duration = Duration::from_secs(300);

/// How many bytes there are to be left on the disk.
const SCARCE: u64 = 200 << 20;
const TOO_FEW: u64 = 10 << 20;

/// Whether the kernel's side of FUSE is there for us.
pub(super) fn fuse_device() -> Finding {
    const CHECK: &str = "FUSE device";
    match OpenOptions::new().read(true).write(true).open("/dev/fuse") {
        Ok(_) => Finding::ok(CHECK, "/dev/fuse can be opened"),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Finding::fail(CHECK, "/dev/fuse is not for you", "chmod 666 /dev/fuse, as root")
        }
        Err(error) => Finding::fail(
            CHECK,
            format!("/dev/fuse: {error}"),
            "modprobe fuse; in a container: --device /dev/fuse --cap-add SYS_ADMIN",
        ),
    }
}

/// Whether there is what mounts for who is not root.
pub(super) fn fusermount() -> Finding {
    const CHECK: &str = "fusermount3";
    let is_root = rustix::process::geteuid().is_root();
    let dirs = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&dirs).map(|dir| dir.join(CHECK)).find(|path| path.is_file());
    let install = "install the package fuse3";
    match found.map(|path| (fs::metadata(&path).map(|it| (it.uid(), it.mode())), path)) {
        None if is_root => Finding::warn(CHECK, "it is not there; root needs it not", install),
        None => Finding::fail(CHECK, "it is not there", install),
        Some((Ok((0, mode)), path)) if mode & 0o4000 != 0 => {
            Finding::ok(CHECK, path.display().to_string())
        }
        Some((_, path)) if is_root => Finding::ok(CHECK, path.display().to_string()),
        Some((_, path)) => {
            let found = format!("{} may not mount for you", path.display());
            Finding::fail(CHECK, found, "chown root and chmod u+s it, or install fuse3 anew")
        }
    }
}

/// Whether other users can be let in.
pub(super) fn other_users() -> Finding {
    const CHECK: &str = "other users";
    let settings = fs::read_to_string("/etc/fuse.conf").unwrap_or_default();
    let is_set = settings.lines().any(|line| line.trim() == "user_allow_other");
    match is_set || rustix::process::geteuid().is_root() {
        true => Finding::ok(CHECK, "--allow-other works"),
        false => Finding::ok(
            CHECK,
            "--allow-other does not work, as user_allow_other is not in /etc/fuse.conf",
        ),
    }
}

/// Whether the config file is understood.
pub(super) fn config_file() -> Vec<Finding> {
    const CHECK: &str = "config file";
    let Some((path, _)) = config::place() else {
        return vec![Finding::ok(CHECK, "there is no place for one")];
    };
    let problems = check(&path);
    if problems.is_empty() {
        let is_there = if path.exists() { "is understood" } else { "is not there, nor needed" };
        return vec![Finding::ok(CHECK, format!("{} {is_there}", path.display()))];
    }
    let found = |it: &Problem| {
        let fix = it.remedy.as_deref().unwrap_or("correct that line");
        Finding::fail(CHECK, format!("{}: {}", it.place(&path), it.what), fix)
    };
    problems.iter().map(found).collect()
}

/// Whether something can be mounted there.
pub(super) fn place_to_mount(path: &Path) -> Finding {
    const CHECK: &str = "mountpoint";
    let shown = path.display().to_string();
    let resolved = match mountpoint::resolve(path) {
        Ok(resolved) => resolved,
        Err(error) => return Finding::failed(CHECK, &error),
    };
    if mounts::is_mounted(&resolved) {
        return mounted(CHECK, &resolved, shown);
    }
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) => return Finding::fail(CHECK, format!("{shown}: {error}"), "mkdir it"),
    };
    let user = rustix::process::geteuid();
    if !metadata.is_dir() {
        return Finding::fail(CHECK, format!("{shown} is not a directory"), "name another");
    }
    if !user.is_root() && metadata.uid() != user.as_raw() {
        return Finding::fail(
            CHECK,
            format!("{shown} is not yours"),
            "choose a directory of yours",
        );
    }
    match fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none()) {
        true => Finding::ok(CHECK, shown),
        false => Finding::warn(
            CHECK,
            format!("{shown} is not empty"),
            "what is in it is hidden while it is mounted",
        ),
    }
}

/// How it is with a mount that is there, asked by a process that can be left behind.
fn mounted(check: &'static str, at: &Path, shown: String) -> Finding {
    match probe::ask(at) {
        Ok(probe::ProbeResult::ServedBy(pid)) => {
            Finding::ok(check, format!("{shown} is mounted, by process {pid}"))
        }
        Ok(probe::ProbeResult::Closed) => {
            Finding::warn(check, format!("{shown} is mounted by another user"), "choose another")
        }
        Ok(probe::ProbeResult::Dead) => Finding::fail(
            check,
            format!("the process of the mount at {shown} has died"),
            "taskadefs umount it, and mount again: it goes on with what waits",
        ),
        Ok(probe::ProbeResult::Silent) => Finding::failed(check, &mountpoint::silent(&shown)),
        Err(error) => Finding::failed(check, &error),
    }
}

/// Whether the state directory is private, and its journals are whole.
pub(super) fn state_directory(state_dir: &Path) -> Vec<Finding> {
    const CHECK: &str = "state directory";
    let shown = state_dir.display().to_string();
    let metadata = match fs::metadata(state_dir) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return vec![Finding::ok(CHECK, format!("{shown} is made by the first mount"))];
        }
        Err(error) => {
            return vec![Finding::fail(CHECK, format!("{shown}: {error}"), "give --state-dir DIR")];
        }
    };
    let (mode, user) = (metadata.permissions().mode() & 0o777, rustix::process::geteuid());
    let own = match (metadata.uid() == user.as_raw() || user.is_root(), mode & 0o022) {
        (false, _) => Finding::fail(CHECK, format!("{shown} is not yours"), "give --state-dir DIR"),
        (_, 0) => Finding::ok(CHECK, format!("{shown}, mode {mode:o}")),
        _ => Finding::fail(
            CHECK,
            format!("others can change {shown}"),
            &format!("chmod 700 {shown}"),
        ),
    };
    let accounts = mounted_path::accounts(&[state_dir.to_owned()]).unwrap_or_default();
    std::iter::once(own).chain(accounts.iter().filter_map(|account| journal(account))).collect()
}

/// Whether the journal of an account is whole, and who has it.
fn journal(account: &Path) -> Option<Finding> {
    const CHECK: &str = "journal";
    let path: PathBuf = account.join(JOURNAL);
    if !path.exists() {
        return None;
    }
    let name = fs::read_to_string(account.join(NAME)).unwrap_or_default();
    let user =
        account::user_of(account).filter(|user| Path::new(&format!("/proc/{}", user.pid)).exists());
    let used = match user.and_then(|user| user.mountpoint) {
        Some(mountpoint) => format!(", mounted at {}", mountpoint.display()),
        None => String::new(),
    };
    Some(match database::damage(&path) {
        Ok(None) => Finding::ok(CHECK, format!("of {name}: whole{used}")),
        Ok(Some(damage)) => Finding::fail(
            CHECK,
            format!("of {name}: {damage}"),
            &format!(
                "keep a copy of {}, and mount again: what can be read is saved",
                path.display()
            ),
        ),
        Err(error) => Finding::failed(CHECK, &error),
    })
}

/// Whether there is room for what is saved.
pub(super) fn disk_space(state_dir: &Path) -> Finding {
    const CHECK: &str = "disk space";
    let there = state_dir.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    let left = match rustix::fs::statvfs(there) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            return Finding::warn(
                CHECK,
                error.to_string(),
                "look at the disk of the state directory",
            );
        }
    };
    let found = format!("{} are left for the state directory", indicatif::HumanBytes(left));
    match left {
        ..TOO_FEW => Finding::fail(CHECK, found, "make room: saves fail without"),
        TOO_FEW..SCARCE => Finding::warn(CHECK, found, "make room"),
        _ => Finding::ok(CHECK, found),
    }
}

/// Which variables send requests elsewhere. What they say may hold a password.
pub(super) fn proxy() -> Finding {
    const CHECK: &str = "proxy";
    let names = ["http_proxy", "https_proxy", "all_proxy"];
    let names = names.iter().flat_map(|name| [(*name).to_owned(), name.to_uppercase()]);
    let is_set = |name: &String| env::var_os(name).is_some_and(|value| !value.is_empty());
    let set: Vec<String> = names.filter(is_set).collect();
    match set.is_empty() {
        true => Finding::ok(CHECK, "none is set"),
        false => Finding::warn(
            CHECK,
            format!("requests go by way of {}", set.join(", ")),
            "unset it, or add Taskade to no_proxy, if the API cannot be reached",
        ),
    }
}

/// Whether the clocks of the service and of this machine agree.
pub(super) fn clock(there: Option<SystemTime>) -> Finding {
    const CHECK: &str = "clock";
    let Some(there) = there else {
        return Finding::ok(CHECK, "the service does not say what time it is");
    };
    let here = SystemTime::now();
    let apart = here.duration_since(there).unwrap_or_else(|error| error.duration());
    let found = format!("{} apart from the service's", duration_in_words(apart));
    let fix = "set the clock: timedatectl set-ntp true";
    match apart {
        _ if apart >= WRONG => Finding::fail(CHECK, found, fix),
        _ if apart >= ODD => Finding::warn(CHECK, found, fix),
        _ => Finding::ok(CHECK, "agrees with the service's"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::{super::doctor_finding::Verdict, clock};

    #[test]
    fn clocks_that_are_apart_are_told() {
        let apart = |seconds| clock(Some(SystemTime::now() - Duration::from_secs(seconds))).verdict;
        assert_eq!((apart(2), apart(60), apart(600)), (Verdict::Ok, Verdict::Warn, Verdict::Fail));
        let ahead = SystemTime::now() + Duration::from_secs(601);
        assert_eq!(clock(Some(ahead)).verdict, Verdict::Fail);
        assert_eq!(clock(None).verdict, Verdict::Ok);
    }
}
