//! Logging in with a browser: what it is shown, what it brings, and what may go wrong on the way.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::{Duration, Instant},
};

use taskadefs::server::OAuthQuirks;

use super::{Person, files_with};
use crate::support::{
    mount::{PROGRAM, said},
    signals::interruptible,
};

/// How long a program may take to say something, and to end.
const DEADLINE: Duration = Duration::from_secs(30);

/// `login --oauth`, while it waits for the browser.
pub(super) struct Waiting {
    child: Child,
    /// The page that it shows.
    pub(super) page: String,
    rest: mpsc::Receiver<String>,
}

impl Waiting {
    pub(super) fn begin(person: &Person, arguments: &[&str], typed: Option<&str>) -> Self {
        let mut command = Command::new("timeout");
        command.args(["--foreground", "-k", "5", "60", PROGRAM, "login", "--oauth"]);
        command.args(arguments);
        person.at_home(&mut command);
        Self::of(command, person, typed)
    }

    fn of(mut command: Command, person: &Person, typed: Option<&str>) -> Self {
        let stdin = match typed {
            Some(typed) => {
                let path = person.mounted.dir.path().join("typed");
                fs::write(&path, typed).unwrap();
                Stdio::from(fs::File::open(path).unwrap())
            }
            None => Stdio::null(),
        };
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = interruptible(&mut command).spawn().unwrap();
        let (sender, rest) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let _ = sender.send(line);
                }
            });
        }
        let mut waiting = Self { child, page: String::new(), rest };
        waiting.shows_a_page();
        waiting
    }

    /// Waits for the next page that it shows. What it says before that.
    fn shows_a_page(&mut self) -> String {
        let mut seen: Vec<String> = Vec::new();
        loop {
            let line = self.rest.recv_timeout(DEADLINE);
            let line = line.unwrap_or_else(|_| panic!("no page was shown: {seen:?}"));
            if line.trim().starts_with("http") {
                line.trim().clone_into(&mut self.page);
                return seen.join("\n");
            }
            seen.push(line);
        }
    }

    /// How it ends, and what it says from now on.
    pub(super) fn ends(mut self) -> (Option<i32>, String) {
        let end = Instant::now() + DEADLINE;
        let mut said = Vec::new();
        while let Ok(line) = self.rest.recv_timeout(end.saturating_duration_since(Instant::now())) {
            said.push(line);
        }
        (self.child.wait().unwrap().code(), said.join("\n"))
    }
}

/// What a browser does with an address: it goes where it is sent. The status of the last answer.
pub(super) fn browse(page: &str) -> u16 {
    rustls::crypto::ring::default_provider().install_default().ok();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().timeout(DEADLINE).build().unwrap();
        client.get(page).send().await.unwrap().status().as_u16()
    })
}

/// Somebody who has logged in with the browser.
pub(super) fn logged_in(oauth: OAuthQuirks) -> Person {
    let person = Person::at(oauth);
    let waiting = Waiting::begin(&person, &["--no-browser"], None);
    assert_eq!(browse(&waiting.page), 200);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("logged in: @me"), "{said}");
    person
}

#[test]
fn a_browser_that_comes_back_logs_in() {
    for has_metadata in [true, false] {
        let person = logged_in(OAuthQuirks { has_metadata, ..OAuthQuirks::default() });
        assert_eq!(person.statuses("/oauth2/register"), [201]);
        assert_eq!(person.statuses("/oauth2/token"), [200]);
        let asked = person.mounted.server().log().requests();
        let asked = asked.iter().find(|it| it.path == "/oauth2/authorize").unwrap();
        assert!(asked.query.contains("code_challenge_method=S256"), "{}", asked.query);
        assert!(!asked.query.contains("scope"), "{}", asked.query);
        person.mounts(&["--log", "trace"]);
        person.mounted.ok("cat Plan.md && sed -i 's/one/1/' Plan.md");
        assert_eq!(person.mounted.tree(), "1\ntwo\n");
        for secret in ["tskat_", "tskrt_"] {
            assert_eq!(files_with(&person.state(), secret), person.kept(".token"), "{secret}");
        }
        person.mounted.end();
    }
}

#[test]
fn what_has_to_be_asked_for_is_once_the_service_says_so() {
    let scopes = ["projects:read", "projects:write"].map(str::to_owned).to_vec();
    let person = Person::at(OAuthQuirks { scopes, ..OAuthQuirks::default() });
    let mut waiting = Waiting::begin(&person, &["--no-browser"], None);
    assert!(!waiting.page.contains("scope"), "{}", waiting.page);
    assert_eq!(browse(&waiting.page), 200);
    let told = waiting.shows_a_page();
    assert!(waiting.page.contains("scope=projects%3Aread+projects%3Awrite"), "{}", waiting.page);
    assert_eq!(browse(&waiting.page), 200);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("logged in: @me"), "{said}");
    // On another stream than the page, so before it or after it.
    let all = format!("{told}\n{said}");
    assert!(all.contains("only for what is asked for: projects:read projects:write"), "{all}");
    assert_eq!(person.statuses("/oauth2/register"), [201], "one program, registered once");
    person.mounts(&[]);
    assert_eq!(person.mounted.text(), "- [ ] one\n- [ ] two\n");
    person.mounted.end();
    // A service that gives none for those either is asked no third time.
    let person = Person::at(OAuthQuirks {
        scopes: vec!["projects:read".to_owned()],
        denied: Some("invalid_scope".to_owned()),
        ..OAuthQuirks::default()
    });
    let mut waiting = Waiting::begin(&person, &["--no-browser"], None);
    browse(&waiting.page);
    waiting.shows_a_page();
    browse(&waiting.page);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(1));
    assert!(said.contains("(invalid_scope)") && said.contains("without --oauth"), "{said}");
    assert!(person.kept("").is_empty());
}

#[test]
fn only_the_page_that_was_opened_brings_anything() {
    let person = Person::new();
    let waiting = Waiting::begin(&person, &["--no-browser"], None);
    let url = reqwest::Url::parse(&waiting.page).unwrap();
    let back = url.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1.into_owned();
    assert!(back.starts_with("http://127.0.0.1:"), "{back}");
    assert_eq!(browse(&format!("{back}?code=stolen&state=guessed")), 400);
    assert_eq!(browse(&back.replace("/callback", "/favicon.ico")), 400);
    assert!(person.statuses("/oauth2/token").is_empty());
    assert_eq!(browse(&waiting.page), 200);
    assert_eq!(waiting.ends().0, Some(0));
}

#[test]
fn the_browser_is_opened_where_there_is_a_display() {
    let person = Person::new();
    let bin = person.mounted.dir.path().join("bin");
    fs::create_dir(&bin).unwrap();
    let shown = person.mounted.dir.path().join("shown");
    // One that goes nowhere and never ends: nobody waits for it.
    let script =
        format!("#!/bin/sh\necho \"$@\" > {0}.new; mv {0}.new {0}; sleep 60\n", shown.display());
    fs::write(bin.join("xdg-open"), script).unwrap();
    fs::set_permissions(bin.join("xdg-open"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("timeout");
    command.args(["--foreground", "-k", "5", "60", PROGRAM, "login", "--oauth"]);
    person.at_home(&mut command);
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    command.env("DISPLAY", ":7").env("PATH", path);
    let waiting = Waiting::of(command, &person, None);
    crate::support::mount::until("the browser", || shown.exists());
    assert_eq!(fs::read_to_string(&shown).unwrap().trim(), waiting.page);
    assert_eq!(browse(&waiting.page), 200);
    assert_eq!(waiting.ends().0, Some(0));
}

#[test]
fn who_says_no_or_nothing_or_ends_it_keeps_nothing() {
    let person = Person::at(OAuthQuirks {
        denied: Some("access_denied".to_owned()),
        ..OAuthQuirks::default()
    });
    let waiting = Waiting::begin(&person, &["--no-browser"], None);
    browse(&waiting.page);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(1));
    assert!(said.contains("access_denied") && said.contains("without --oauth"), "{said}");
    let waiting = Waiting::begin(&person, &["--no-browser", "--timeout", "0.2"], None);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(1));
    assert!(said.contains("no browser came back"), "{said}");
    for signal in [libc::SIGINT, libc::SIGTERM] {
        let waiting = Waiting::begin(&person, &["--no-browser"], None);
        // SAFETY: a signal is sent to a process that this test began, which passes it on.
        unsafe { libc::kill(waiting.child.id().try_into().unwrap(), signal) };
        let (status, said) = waiting.ends();
        assert!(said.contains("nothing was kept"), "{said}");
        assert_eq!(status, Some(130));
    }
    assert!(person.kept("").is_empty());
}

#[test]
fn what_the_api_does_not_take_is_told_and_a_personal_token_asked_for() {
    let person = Person::at(OAuthQuirks { opens_api: false, ..OAuthQuirks::default() });
    let token = person.mounted.server().token();
    let waiting = Waiting::begin(&person, &["--no-browser"], Some(token.expose()));
    browse(&waiting.page);
    let (status, said) = waiting.ends();
    assert_eq!(status, Some(0), "{said}");
    assert!(said.contains("wants a personal token") && said.contains("logged in: @me"), "{said}");
    assert_eq!(files_with(&person.state(), "tskat_").len(), 0);
    person.mounts(&[]);
}

#[test]
fn a_service_without_oauth_or_with_addresses_of_others_is_refused() {
    let person = Person::at(OAuthQuirks { registers: false, ..OAuthQuirks::default() });
    let told = person.fails(&["login", "--oauth", "--no-browser"]);
    assert!(told.contains("registers no programs") && told.contains("without --oauth"), "{told}");
    let elsewhere = Some("https://elsewhere.example/token".to_owned());
    let person = Person::at(OAuthQuirks { token_endpoint: elsewhere, ..OAuthQuirks::default() });
    let told = person.fails(&["login", "--oauth", "--no-browser"]);
    assert!(told.contains("elsewhere.example") && told.contains("not its own"), "{told}");
    assert!(person.kept(".token").is_empty());
    let usage = person.run(&["login", "--no-browser"]);
    assert_eq!(usage.status.code(), Some(2), "{}", said(&usage));
}
