//! Titles, texts and answers that are meant to do harm, on real mounts.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output, Stdio},
    sync::Arc,
};

use rustls::{
    ServerConfig, ServerConnection,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use taskadefs::server::{Quirks, fill_with_hostile_names};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// A title with everything that steers a terminal: a title of its window, colours by C0 and by C1,
/// an order of its own, a line of its own, a bell.
const TITLE: &str = "Evil\u{1b}]0;pwned\u{7} \u{9b}31m \u{202e}txt.exe\u{2066}\r\u{7f}";

/// What a terminal would obey, or a reader would be deceived by.
fn steers(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn taskadefs(mounted: &Mounted, arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).current_dir(mounted.acme());
    run(command.env("TASKADEFS_STATE_DIR", mounted.dir.path().join("state")))
}

#[test]
fn no_command_lets_what_came_from_outside_steer_the_terminal() {
    let task = "do \u{1b}[2J\u{9b}2J \u{202e}it\u{2069}";
    let mounted =
        Mounted::on(Quirks::default(), "one\ntwo", &["--log=debug"], |store, workspace| {
            store.add_project(workspace, TITLE, task).unwrap();
            fill_with_hostile_names(store).unwrap();
        });
    let names = fs::read_dir(mounted.acme()).unwrap().map(|entry| entry.unwrap().file_name());
    let name = names.map(|n| n.into_string().unwrap()).find(|n| n.starts_with("Evil")).unwrap();
    let file = mounted.acme().join(&name);
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("do ", "did ") + "- [ ] due \u{202e}soon 📅 2020-01-01\n")
        .unwrap();
    fs::write(mounted.file(), "- [ ] \u{202e}\u{9d}one 📅 2020-01-02\n").unwrap();
    // One that is refused, and its reason quotes what was written.
    let bad =
        fs::read_to_string(&file).unwrap() + "- [ ] x @no\u{202e}body\u{1b}\n```\ncode\n```\n";
    drop(fs::write(&file, bad));
    until("the save is refused", || {
        attribute(&file, "user.taskade.state").as_deref() == Some("rejected")
    });
    let reason = attribute(&file, "user.taskade.error").unwrap();
    assert!(!reason.contains(steers), "{reason:?}");
    let hostile = "--no-such-\u{1b}[2J\u{202e}flag";
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["history"],
        &["history", "--long"],
        &["history", "--json"],
        &["history", "--long", &name],
        &["agenda"],
        &["agenda", "--all", &name],
        &["agenda", "--json"],
        &["agenda", "--ics"],
        &["retry", &name],
        &["details", &name],
        &["details", "no-such-\u{1b}[2J\u{202e}.md"],
        &["discard", &name],
        &["discard", &name],
        &["undo", &name],
        &["status", "/no/such/\u{1b}[2J\u{202e}"],
        &["umount", "/no/such/\u{1b}[2J\u{202e}"],
        &["mount", "--local", "x", "/no/such/\u{1b}[2J\u{202e}"],
        &["sync", "--api-url", "\u{1b}[2J\u{202e}"],
        &["sync", "--token-file", "\u{1b}[2J\u{202e}"],
        &["status", hostile],
        &[hostile],
    ] {
        let output = taskadefs(&mounted, arguments);
        let said = said(&output);
        let is_calendar = arguments.contains(&"--ics");
        let is_ours = |c: char| matches!(c, '\n' | '\t') || (is_calendar && c == '\r');
        assert!(!said.contains(|c| steers(c) && !is_ours(c)), "{arguments:?}: {said:?}");
        assert!(!said.is_empty() || arguments[0] == "discard", "{arguments:?}");
        if arguments.contains(&"--json") {
            assert!(serde_json::from_str::<serde_json::Value>(&said).is_ok(), "{said}");
        }
    }
    // In a line of history the file's name is there, by its escapes.
    let history = said(&taskadefs(&mounted, &["history"]));
    assert!(history.contains(r"Evil␛]0;pwned␇ \x9b31m \u202etxt.exe\u2066"), "{history}");
    let log = fs::read_to_string(mounted.dir.path().join("state/log")).unwrap();
    assert!(log.contains("Evil") || log.contains("txt.exe"), "the log tells of the project");
    assert!(!log.contains(|c| steers(c) && c != '\n'), "the log steers");
    mounted.end();
}

#[test]
fn half_a_surrogate_spoils_one_text_only_and_is_never_sent_back() {
    let quirks = Quirks { cuts_pairs: true, ..Quirks::default() };
    let tasks = "one\ncut \u{e000} here\n  below";
    let mounted = Mounted::on(quirks, tasks, &[], |store, workspace| {
        store.add_project(workspace, "Half \u{e000} title", "\u{e000}\nwhole").unwrap();
    });
    let ids = mounted.ids();
    assert_eq!(mounted.ok("ls"), "Half \u{fffd} title.md\nPlan.md\n");
    assert_eq!(mounted.ok("cat Half*"), "- [ ] \u{fffd}\n- [ ] whole\n");
    assert_eq!(mounted.text(), "- [ ] one\n- [ ] cut \u{fffd} here\n  - [ ] below\n");
    mounted.writes(&ids);
    // What is not touched is not sent: neither by an edit beside it, nor by a tick, nor by a move.
    mounted.ok("sed -i 's/one/uno/' Plan.md");
    assert_eq!(mounted.writes(&ids).len(), 1);
    mounted.ok("sed -i 's/\\[ \\] cut/[x] cut/' Plan.md");
    mounted.ok("printf -- '- [x] cut \u{fffd} here\\n  - [ ] below\\n- [ ] uno\\n' > Plan.md");
    let writes = mounted.writes(&ids);
    assert!(writes.len() == 2 && !writes.concat().contains('\u{fffd}'), "{writes:?}");
    // A changed text that still holds it is refused, with the line.
    drop(fs::write(mounted.file(), "- [x] cut \u{fffd} there\n  - [ ] below\n- [ ] uno\n"));
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("rejected"));
    let reason = attribute(&mounted.file(), "user.taskade.error").unwrap();
    assert!(reason.contains("line 1") && reason.contains("could not be read"), "{reason}");
    assert_eq!(mounted.writes(&ids), [""; 0]);
    assert!(mounted.tree().contains("cut \u{e000} here"), "{}", mounted.tree());
    // With what was meant it is saved.
    mounted.ok("printf -- '- [x] cut 😀 here\\n  - [ ] below\\n- [ ] uno\\n' > Plan.md");
    assert!(mounted.tree().contains("cut 😀 here"), "{}", mounted.tree());
    // Nor does it get into a title.
    assert!(!mounted.sh("mv Half* 'Half \u{fffd} x.md'").status.success());
    mounted.ok("mv Half* Whole.md && cat Whole.md");
    mounted.end();
}

/// The environment that the kernel shows of a process.
fn environment(pid: i32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/environ")).unwrap()).into_owned()
}

#[test]
fn the_process_that_serves_has_no_token_in_its_environment() {
    let mounted = Mounted::of("one");
    let token = mounted.server().token().expose().to_owned();
    let shown = environment(mounted.pid().unwrap());
    assert!(shown.contains("TASKADE_TOKEN=") && !shown.contains(&token), "the token is there");
    assert_eq!(mounted.text(), "- [ ] one\n");
    assert!(mounted.umount().status.success());
    // In the foreground too, and whichever variable it is in.
    let mut foreground = Command::new(PROGRAM)
        .args(["mount", "-f", "--api-url", &mounted.server().url(), "--state-dir"])
        .arg(mounted.dir.path().join("state"))
        .arg(&mounted.root)
        .env("TASKADE_API_KEY", &token)
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("it is mounted", || mounted.file().exists());
    let shown = environment(i32::try_from(foreground.id()).unwrap());
    assert!(shown.contains("TASKADE_API_KEY=") && !shown.contains(&token), "the token is there");
    mounted.end();
    assert!(foreground.wait().unwrap().success());
}

#[test]
fn a_password_in_the_url_is_refused_and_shown_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let (state, root) = (dir.path().join("state"), dir.path().join("mnt"));
    fs::create_dir(&root).unwrap();
    let url = "https://me:hunter2@x.example/api/v1";
    for command in ["mount", "sync"] {
        let mut program = Command::new(PROGRAM);
        program.arg(command).arg("--state-dir").arg(&state).env("TASKADE_API_URL", url);
        let output =
            run(program.args((command == "mount").then_some(&root)).env("TASKADE_TOKEN", "x"));
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains("password") && !said.contains("hunter2"), "{said}");
    }
    let help = run(Command::new(PROGRAM).args(["mount", "--help"]).env("TASKADE_API_URL", url));
    assert!(help.status.success() && !said(&help).contains("hunter2"));
}

/// A service with a certificate that nobody vouches for. Its port.
fn service_without_a_certificate_that_counts() -> u16 {
    let pem = include_bytes!("self_signed.pem");
    // Fails only where a provider is installed already: then that one serves.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(pem).unwrap()],
            PrivateKeyDer::from_pem_slice(pem).unwrap(),
        )
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // The client breaks it off: that is what is to be seen.
            while connection.is_handshaking() && connection.complete_io(&mut stream).is_ok() {}
            assert!(connection.is_handshaking(), "the certificate was taken");
        }
    });
    port
}

#[test]
fn a_certificate_that_does_not_count_is_refused_and_told() {
    let port = service_without_a_certificate_that_counts();
    let mounted = Mounted::of("one");
    assert!(mounted.umount().status.success());
    let state = mounted.dir.path().join("state");
    let mut mount = Command::new(PROGRAM);
    mount.args(["mount", "--api-url", &format!("https://localhost:{port}/api/v1"), "--state-dir"]);
    let output = run(mount.arg(&state).arg(&mounted.root).env("TASKADE_TOKEN", "tskdp_secret"));
    let told = if output.status.success() {
        let listed = run(Command::new("ls").arg(&mounted.root));
        assert!(!listed.status.success(), "{}", said(&listed));
        let status = run(Command::new(PROGRAM).arg("status").arg(&mounted.root));
        mounted.end();
        said(&status)
    } else {
        said(&output)
    };
    let log = fs::read_to_string(Path::new(&state).join("log")).unwrap();
    for told in [told, log] {
        assert!(told.contains("certificate") && !told.contains("tskdp_secret"), "{told}");
    }
}
