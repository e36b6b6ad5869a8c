//! `mount -t fuse.taskadefs` and lines of fstab, as root and as a user, by mount(8) itself.

use std::{fs, os::unix::fs::PermissionsExt};

use crate::{
    setup::home::{Home, need_root},
    support::{
        apart,
        mount::{PROGRAM, run, said},
    },
};

/// A text in which `ROOT` stands for a directory.
fn in_home(home: &Home, text: &str) -> String {
    text.replace("ROOT", home.path("").to_str().unwrap().trim_end_matches('/'))
}

/// Runs a script where nobody else sees its mounts. The program is installed there.
fn apart(home: &Home, script: &str) -> String {
    let program = home.path("program");
    fs::copy(PROGRAM, program).unwrap();
    fs::set_permissions(home.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    // mount(8) passes on neither PATH nor anything else of the environment, and a container may have
    // the device for root alone.
    let install = "set -eu; mount -t tmpfs tmpfs /usr/local/bin -o mode=755
        mknod -m 666 /usr/local/bin/fuse c 10 229; mount --bind /usr/local/bin/fuse /dev/fuse
        install ROOT/program /usr/local/bin/taskadefs\n";
    let script = in_home(home, &format!("{install}{script}"));
    let mut command = apart::apart("60", &[]);
    command.args(["bash", "-c", &script]).env("TASKADEFS_CONFIG", "/dev/null");
    let output = run(&mut command);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

#[test]
fn a_line_of_fstab_is_mounted_by_root_for_a_user() {
    need_root();
    let home = Home::with("");
    home.mountpoint("mnt");
    let line = "taskade ROOT/mnt fuse.taskadefs \
        noauto,_netdev,nofail,x-systemd.automount,allow_other,uid=65534,gid=65534,\
        local=ROOT/store,state-dir=ROOT/state,ids 0 0\n";
    fs::write(home.path("fstab"), in_home(&home, line)).unwrap();
    let told = apart(
        &home,
        "mount -T ROOT/fstab ROOT/mnt
        stat -c '%u:%g' ROOT/mnt/Acme/Inbox.md
        setpriv --reuid 65534 --regid 65534 --clear-groups \
            bash -c 'echo buy milk >> ROOT/mnt/Acme/Inbox.md; tail -n 1 ROOT/mnt/Acme/Inbox.md'
        umount ROOT/mnt
        ! mountpoint -q ROOT/mnt",
    );
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some("65534:65534"));
    assert!(lines.next().is_some_and(|line| line.starts_with("- [ ] buy milk ^")), "{told}");
}

#[test]
fn a_user_mounts_and_unmounts_what_a_line_of_fstab_lets_them() {
    need_root();
    let home = Home::with("");
    home.mountpoint("mnt");
    let line = "taskade ROOT/mnt fuse.taskadefs user,noauto,_netdev,local=ROOT/store,state-dir=ROOT/state 0 0\n";
    fs::write(home.path("fstab"), in_home(&home, line)).unwrap();
    let told = apart(
        &home,
        "chown -R 65534:65534 ROOT
        mount --bind ROOT/fstab /etc/fstab
        export HOME=ROOT
        as_user='setpriv --reuid 65534 --regid 65534 --clear-groups'
        $as_user mount ROOT/mnt
        $as_user head -n 1 ROOT/mnt/Acme/Inbox.md
        stat -c '%U' ROOT/store
        $as_user taskadefs umount ROOT/mnt
        ! mountpoint -q ROOT/mnt",
    );
    assert!(told.starts_with("- [ ] ") && told.ends_with("nobody\n"), "{told}");
}

#[test]
fn mount_says_why_it_cannot() {
    need_root();
    let home = Home::with("");
    home.mountpoint("mnt");
    let told = apart(
        &home,
        "mount -t fuse.taskadefs taskade ROOT/mnt -o local=ROOT/store,state-dir=ROOT/state,umask=077 \
            && exit 1
        mount -t fuse.taskadefs taskade ROOT/mnt -o token-file=ROOT/none,state-dir=ROOT/state && exit 1
        ! mountpoint -q ROOT/mnt",
    );
    assert!(told.contains("--umask") && told.contains("none: cannot read the token"), "{told}");
}
