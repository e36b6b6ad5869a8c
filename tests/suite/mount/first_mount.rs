//! Mounting where nothing is known yet: what is wrong is told before anything is mounted.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use taskadefs::server::Fault;

use crate::support::mount::{Mounted, PROGRAM, run, said};

/// Mounts with a state of its own.
fn mount(mounted: &Mounted, state: &str, url: &str, token: &str, flags: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(["mount", "--api-url", url, "--state-dir"]).arg(mounted.dir.path().join(state));
    run(command.args(flags).arg(&mounted.root).env("TASKADE_TOKEN", token))
}

fn is_mounted(root: &Path) -> bool {
    fs::read_to_string("/proc/self/mountinfo").unwrap().contains(root.to_str().unwrap())
}

/// A web server that answers everything with a page.
fn web_server() -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let page = "<html>hello</html>";
            let head = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\nconnection: close";
            let _ = write!(stream, "{head}\r\ncontent-length: {}\r\n\r\n{page}", page.len());
        }
    });
    format!("http://127.0.0.1:{port}/")
}

#[test]
fn what_is_wrong_is_told_in_a_line_with_the_remedy_and_nothing_is_mounted() {
    let mounted = Mounted::of("one");
    mounted.end();
    let (url, token) = (mounted.server().url(), mounted.server().token());
    let no_api = url.trim_end_matches("/api/v1").to_owned();
    let web = web_server();
    let nobody = "http://127.0.0.1:9/api/v1";
    for (url, token, told, remedy) in [
        (&*url, "wrong", "does not know the token", "--token-file"),
        (&no_api, token.expose(), "API is not there", "/api/v1"),
        (&web, token.expose(), "API is not there", "/api/v1"),
        (nobody, "x", "cannot be reached", "--no-check"),
        ("https://no-such-host.invalid/api/v1", "x", "cannot be reached", "--no-check"),
    ] {
        for flags in [&[][..], &["-f"]] {
            let output = mount(&mounted, "fresh", url, token, flags);
            assert_eq!(output.status.code(), Some(1), "{url}: {output:?}");
            let said = said(&output);
            assert!(said.contains(told) && said.contains(remedy), "{url}: {said}");
            let lines = said.lines().filter(|line| line.starts_with("taskadefs: ")).count();
            assert_eq!(lines, 1, "{said}");
            assert!(flags.contains(&"-f") || said.lines().count() == 1, "{said}");
            assert!(!is_mounted(&mounted.root), "{url}");
            assert!(!said.contains("tskdp_"), "{said}");
        }
        let log = fs::read_to_string(mounted.dir.path().join("fresh/log")).unwrap();
        assert!(log.contains(told), "{log}");
    }
}

#[test]
fn the_first_look_costs_no_request_and_later_mounts_do_not_look() {
    let mounted = Mounted::of("one");
    let asked = mounted.reads();
    assert_eq!(asked, ["/workspaces"], "the mount looked");
    mounted.ok("ls ..");
    let asked = mounted.reads();
    assert!(!asked.contains(&"/workspaces".to_owned()), "listed again: {asked:?}");
    mounted.end();
    mounted.reads();
    mounted.begin();
    assert_eq!(mounted.reads(), [""; 0]);
    mounted.end();
}

#[test]
fn without_the_check_it_mounts_where_nobody_is_and_a_busy_service_is_no_reason_not_to() {
    let mounted = Mounted::of("one");
    mounted.end();
    let output = mount(&mounted, "later", "http://127.0.0.1:9/api/v1", "x", &["--no-check"]);
    assert!(output.status.success(), "{output:?}");
    let output = mount(&mounted, "later", "http://127.0.0.1:9/api/v1", "x", &["-o", "no-check"]);
    assert!(said(&output).contains("mounted there already"), "{output:?}");
    mounted.end();
    mounted.server().faults().plan(None, "/workspaces", 0, 99, Fault::Status(429, Some(100.0)));
    let (url, token) = (mounted.server().url(), mounted.server().token());
    let output = mount(&mounted, "busy", &url, token.expose(), &[]);
    assert!(output.status.success(), "{output:?}");
    mounted.end();
}
