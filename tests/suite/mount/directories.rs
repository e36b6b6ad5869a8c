//! What a mount needs of the directories around it, what `.taskade/` shows from the start, a store
//! of one's own, and commands that use the mount that is there.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader, Write},
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Output, Stdio},
};

use serde_json::Value;

use crate::support::mount::{Mounted, PROGRAM, run, said, until};

fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).env("TASKADE_TOKEN", "").env("TASKADE_API_KEY", "");
    command.env("TASKADE_API_URL", "").env("TASKADEFS_STATE_DIR", "");
    command
}

/// A mount that is taken away, whatever becomes of the test.
struct Local {
    dir: tempfile::TempDir,
}

impl Local {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("mnt")).unwrap();
        Self { dir }
    }

    fn mount(&self, flags: &[&str]) -> Output {
        let mut command = program(&["mount"]);
        run(command.args(flags).arg("mnt").current_dir(self.dir.path()))
    }

    fn sh(&self, script: &str) -> Output {
        run(Command::new("bash").args(["-c", script]).current_dir(self.dir.path().join("mnt")))
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        let _ = Command::new(PROGRAM).args(["umount", "--lazy"]).arg(self.at("mnt")).output();
    }
}

#[test]
fn what_the_mount_keeps_on_disk_must_not_lead_through_it() {
    let local = Local::new();
    fs::create_dir_all(local.at("other/mnt")).unwrap();
    symlink("mnt", local.at("link")).unwrap();
    symlink("../../mnt", local.at("other/mnt/way")).unwrap();
    let bound = local.at("bound");
    fs::create_dir(&bound).unwrap();
    let bind = run(Command::new("mount").arg("--bind").arg(local.at("mnt")).arg(&bound));
    assert!(bind.status.success(), "{}", said(&bind));
    let inside = [
        vec!["--local", "store", "--state-dir", "mnt/state"],
        vec!["--local", "store", "--state-dir", "mnt"],
        vec!["--local", "store", "--state-dir", "."],
        vec!["--local", "mnt/store", "--state-dir", "state"],
        vec!["--local", "store", "--state-dir", "link/new/state"],
        vec!["--local", "other/mnt/way/store", "--state-dir", "state"],
        vec!["--local", "bound/store", "--state-dir", "state"],
        vec!["--local", "store", "--state-dir", "bound"],
        vec!["--local", "store", "--state-dir", "store/state"],
        vec!["--local", "state/store", "--state-dir", "state"],
        vec!["--local", "store", "--state-dir", "state", "--log-requests", "link/log"],
    ];
    for flags in inside {
        for foreground in [false, true] {
            let flags: Vec<&str> =
                flags.iter().copied().chain(foreground.then_some("-f")).collect();
            let refused = local.mount(&flags);
            assert_eq!(refused.status.code(), Some(1), "{flags:?}: {}", said(&refused));
            assert!(said(&refused).contains(") is in the "), "{flags:?}: {}", said(&refused));
        }
    }
    assert!(run(Command::new("umount").arg(&bound)).status.success());
    assert_eq!(fs::read_dir(local.at("mnt")).unwrap().count(), 0, "something was made there");
    let mounted = local.mount(&["--local", "store", "--state-dir", "state"]);
    assert!(mounted.status.success(), "{}", said(&mounted));
}

#[test]
fn the_mounts_own_directory_is_whole_from_the_start_and_in_nobodys_repository() {
    let mounted = Mounted::of("one");
    let listed = run(Command::new("ls").arg("-A").arg(mounted.root.join(".taskade")));
    let names = said(&listed);
    for name in [".gitignore", "README.md", "status.json", "conflicts", "rejected"] {
        assert!(names.lines().any(|line| line == name), "{name}: {names}");
    }
    let status = fs::read(mounted.root.join(".taskade/status.json")).unwrap();
    assert!(serde_json::from_slice::<Value>(&status).unwrap()["pid"].is_u64());
    let git = "cd .. && git init -q . && git add -A && git status --porcelain";
    assert_eq!(mounted.ok(git), "A  Acme/Plan.md\n");
    mounted.end();
}

#[test]
fn a_store_of_ones_own_gets_workspaces_and_folders_by_mkdir() {
    let local = Local::new();
    let flags = ["--local", "store", "--state-dir", "state"];
    let mounted = local.mount(&flags);
    assert!(mounted.status.success(), "{}", said(&mounted));
    let made = local.sh(
        "mkdir New New/Folder 'New/a／b' && ls -d New New/* && echo '- [ ] x' > New/Folder/P.md \
         && cat New/Folder/P.md && echo '- [ ] y' > New/Q.md && test -d New/Folder",
    );
    assert!(made.status.success(), "{}", said(&made));
    assert_eq!(said(&made), "New\nNew/Folder\nNew/a／b\n- [ ] x\n");
    for refused in ["mkdir New/Folder/Deeper", "mkdir New", "mkdir New/Folder", "mkdir $'a\\xff'"] {
        assert!(!local.sh(refused).status.success(), "{refused}");
    }
    assert!(run(program(&["umount"]).arg(local.at("mnt"))).status.success());
    assert!(local.mount(&flags).status.success());
    assert_eq!(said(&local.sh("ls New && cat New/Folder/P.md")), "Folder\nQ.md\na／b\n- [ ] x\n");
    // With a service that is not one's own there is no way.
    let remote = Mounted::of("one");
    let refused = remote.sh("mkdir Folder ../Workspace");
    assert!(said(&refused).contains("Operation not permitted"), "{}", said(&refused));
    remote.end();
}

#[test]
fn a_server_of_ones_own_begins_with_a_workspace_and_makes_others() {
    let local = Local::new();
    let mut server = program(&["serve", "--local"])
        .arg(local.at("store"))
        .args(["--make", "Own/Ideas", "--make", "Own", "--import"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables"))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let url = lines.next().unwrap().unwrap().replace("listening on ", "");
    let token = local.at("store/token");
    let flags =
        ["--api-url", &url, "--token-file", token.to_str().unwrap(), "--state-dir", "state"];
    let mounted = local.mount(&flags);
    assert!(mounted.status.success(), "{}", said(&mounted));
    // A sample, and what was to be made.
    assert_eq!(said(&local.sh("ls; ls Own")), "Acme\nOwn\ntables\nIdeas\n");
    let imported = said(&local.sh("ls tables; cat tables/Risk*.md"));
    assert!(imported.starts_with("Campaign"), "{imported}");
    assert!(imported.contains("Camera out of service"), "{imported}");
    assert!(run(program(&["umount"]).arg(local.at("mnt"))).status.success());
    // SAFETY: a signal is sent; the process is one that this test started.
    unsafe { libc::kill(i32::try_from(server.id()).unwrap(), libc::SIGTERM) };
    assert!(server.wait().unwrap().success());
}

#[test]
fn commands_use_the_mount_that_is_there_and_tell_mounts_apart() {
    let mounted = Mounted::of("one");
    let local = Local::new();
    let state = mounted.dir.path().join("state");
    let other = local.mount(&["--local", "store", "--state-dir", state.to_str().unwrap()]);
    assert!(other.status.success(), "{}", said(&other));
    let ask = |arguments: &[&str]| run(program(arguments).env("TASKADEFS_STATE_DIR", &state));
    let status = said(&ask(&["status"]));
    let url = mounted.server().url();
    for (root, account) in [
        (mounted.root.as_path(), url.as_str()),
        (&local.at("mnt"), local.at("store").canonicalize().unwrap().to_str().unwrap()),
    ] {
        let root = root.canonicalize().unwrap();
        let line = format!("{}: {account}, mounted by process ", root.display());
        assert!(status.contains(&line), "{line}: {status}");
    }
    // No token is given, and none is needed.
    let synced = ask(&["sync"]);
    assert!(synced.status.success(), "{}", said(&synced));
    assert_eq!(said(&synced), "everything is saved\n");
    drop(File::create(mounted.file()).unwrap().write_all(b"- [ ] one\n```\ncode\n```\n"));
    until("the save is refused", || ask(&["status"]).status.code() == Some(1));
    let status = said(&ask(&["status"]));
    assert!(status.contains("rejected\tAcme/Plan.md\t") && status.contains(" ago)"), "{status}");
    assert_eq!(ask(&["sync"]).status.code(), Some(1));
    assert_eq!(ask(&["status", "--no-such"]).status.code(), Some(2));
    assert!(ask(&["discard", mounted.file().to_str().unwrap()]).status.success());
    assert_eq!(ask(&["status"]).status.code(), Some(0));
    // The other word for it. Then only one is mounted, and it need not be named.
    assert!(ask(&["unmount", local.at("mnt").to_str().unwrap()]).status.success());
    fs::write(mounted.file(), "- [ ] uno\n").unwrap();
    assert!(said(&ask(&["history"])).contains("Plan"));
    mounted.end();
    let none = ask(&["sync"]);
    assert!(!none.status.success() && said(&none).contains("no token"), "{}", said(&none));
}

#[test]
fn who_has_read_enough_is_not_told_of_a_broken_pipe() {
    let mounted = Mounted::of("one");
    fs::write(mounted.file(), "- [ ] uno\n").unwrap();
    let state = mounted.dir.path().join("state");
    for command in
        ["history", "status", "agenda --all", "status --json", "history --json", "--help"]
    {
        // The reader is gone before the first word.
        let script = format!("set -o pipefail; exec 3> >(:) ; wait $!; '{PROGRAM}' {command} >&3");
        let output =
            run(Command::new("bash").args(["-c", &script]).env("TASKADEFS_STATE_DIR", &state));
        assert!(!said(&output).contains("pipe"), "{command}: {}", said(&output));
        assert!(!said(&output).contains("panicked"), "{command}: {}", said(&output));
    }
    mounted.end();
}

#[test]
fn no_message_proposes_what_is_internal_or_harmful() {
    let dir = tempfile::tempdir().unwrap();
    let shared = dir.path().join("shared");
    fs::create_dir(&shared).unwrap();
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o1777);
    fs::set_permissions(&shared, open).unwrap();
    fs::create_dir(dir.path().join("mnt")).unwrap();
    let shown = |path: &Path| path.to_str().unwrap().to_owned();
    let (shared, mnt) = (shown(&shared), shown(&dir.path().join("mnt")));
    for arguments in [
        &["ask"][..],
        &["ask-moun", "x"],
        &["--help"],
        &["mount", "--token-file", &shared, &mnt],
        &["mount", "--local", "x", "--state-dir", &shared, &mnt],
        &["sync", "--token-file", &shared],
    ] {
        let output = run(&mut program(arguments));
        let said = said(&output);
        assert!(!said.contains("ask-mount") && !said.contains("chmod"), "{arguments:?}: {said}");
        assert!(!said.contains("ready-fd") && !said.is_empty(), "{arguments:?}: {said}");
    }
}
