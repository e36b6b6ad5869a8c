//! Being gone for long: what waits then goes out once, with the requests that there are, and not to
//! whoever answers in Taskade's place.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;
use taskadefs::{server::Quirks, sync::Settings};

use crate::support::{
    harness::{Mount, pass},
    mount::{Mounted, attribute, until},
};

/// How many projects have a save that waits.
const MANY: usize = 100;

fn status(mounted: &Mounted) -> Value {
    let status = fs::read_to_string(mounted.root.join(".taskade/status.json")).unwrap();
    serde_json::from_str(&status).unwrap()
}

/// How many saves are in a state.
fn count(mounted: &Mounted, state: &str) -> usize {
    let status = status(mounted);
    let saves = status["saves"].as_array().unwrap();
    saves.iter().filter(|save| save["state"] == state).count()
}

#[test]
fn a_hundred_saves_that_waited_go_out_once_with_the_requests_that_there_are() {
    let window = Duration::from_secs(2);
    let (limit, flags) = (40, ["--max-age", "0"]);
    let quirks = Quirks { rate_limit: Some(limit), rate_window: window, ..Quirks::default() };
    let mut mounted = Mounted::on(quirks, "one", &flags, |store, workspace| {
        for number in 1..MANY {
            store.add_project(workspace, &format!("P{number}"), "one").unwrap();
        }
    });
    mounted.ok("cat *.md > /dev/null");
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    mounted.ok("for file in *.md; do echo '- [ ] two' >> $file; done");
    until("all wait", || count(&mounted, "pending") == MANY);
    mounted.start_server(address, token);
    let began = Instant::now();
    until("all is sent", || status(&mounted)["saves"] == Value::Array(vec![]));
    let took = began.elapsed();
    let requests = mounted.server().log().requests();
    let refused = requests.iter().filter(|request| request.status == 429).count();
    assert_eq!(refused, 0, "none is sent that the limit refuses");
    let writes = requests.iter().filter(|request| request.method != "GET").count();
    assert_eq!(writes, MANY, "each once");
    assert!(requests.len() <= 2 * MANY + 20, "{} requests", requests.len());
    let windows = u32::try_from(requests.len()).unwrap().div_ceil(limit);
    assert!(took < 2 * windows * window, "{took:?} for {windows} windows of {window:?}");
    for (id, archived) in mounted.server().store().find_projects("P7").unwrap() {
        assert!(!archived);
        assert_eq!(mounted.server().store().tree(&id).unwrap(), "one\ntwo\n");
    }
    mounted.end();
}

#[tokio::test(start_paused = true)]
async fn after_hours_of_absence_a_hundred_saves_are_made_once_and_merged() {
    let mount = Mount::with("one", Settings::default()).await;
    let names: Vec<String> = (1..MANY).map(|number| format!("p{number:02}")).collect();
    for name in &names {
        mount.memory.seed("f", name, &name.to_uppercase(), "one");
    }
    pass(60).await;
    assert_eq!(mount.names().await.len(), MANY);
    for name in &names {
        mount.read(&format!("{}.md", name.to_uppercase())).await;
    }
    mount.memory.set_offline(true);
    for name in &names {
        let file = format!("{}.md", name.to_uppercase());
        mount.edit(&file, |text| format!("{text}- [ ] two\n")).await.unwrap();
    }
    pass(9 * 3600).await;
    assert_eq!(mount.vfs.status().saves.len(), names.len());
    mount.writes();
    mount.memory.add_elsewhere("p07", "x", "elsewhere");
    mount.memory.heal();
    pass(900).await;
    assert!(mount.vfs.status().saves.is_empty());
    assert_eq!(mount.writes().len(), names.len(), "each once");
    for name in &names {
        let wanted = if name == "p07" { ["elsewhere", "two"] } else { ["two", ""] };
        let tree = mount.memory.tree(name);
        assert!(tree.starts_with("one\n"), "{tree}");
        assert!(wanted.iter().all(|line| tree.contains(line)), "{name}: {tree}");
        assert_eq!(tree.matches("two").count(), 1, "{tree}");
    }
}

/// Whoever answers everything with the same, in Taskade's place.
struct Portal {
    address: SocketAddr,
    ends: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Portal {
    fn at(address: SocketAddr, answer: &'static str) -> Self {
        let mut bound = None;
        until("the address is free", || {
            bound = TcpListener::bind(address).ok();
            bound.is_some()
        });
        let (listener, ends) = (bound.unwrap(), Arc::new(AtomicBool::new(false)));
        let over = ends.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                // Whoever has gone needs no answer.
                let _ = say(stream, answer);
            }
        });
        Self { address, ends, thread: Some(thread) }
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

fn say(mut stream: TcpStream, answer: &str) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let (mut seen, mut buffer) = (Vec::new(), [0; 4096]);
    while !seen.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        seen.extend_from_slice(&buffer[..count]);
    }
    stream.write_all(answer.as_bytes())
}

#[test]
fn a_portal_that_answers_after_a_long_absence_gets_no_save_and_refuses_none() {
    for answer in [
        "HTTP/1.1 302 Found\r\nLocation: http://portal.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>Hi</p>",
        "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 9\r\nConnection: close\r\n\r\n<p>No</p>",
    ] {
        let mut mounted =
            Mounted::on(Quirks::default(), "one", &["--max-age", "0"], |store, it| {
                store.add_project(it, "Old", "x").unwrap();
            });
        mounted.ok("cat *.md");
        let (address, token) = (mounted.address(), mounted.server().token());
        mounted.stop_server();
        mounted.ok("echo '- [ ] two' >> Plan.md; echo '- [ ] new' > New.md; rm Old.md");
        until("it is known", || status(&mounted)["offline_since"].is_string());
        let portal = Portal::at(address, answer);
        until("the trouble", || {
            let status = status(&mounted);
            status["trouble"].as_str().is_some_and(|it| it.contains("sign in to the network"))
        });
        assert_eq!((count(&mounted, "pending"), count(&mounted, "rejected")), (3, 0), "{answer}");
        assert_eq!(mounted.text(), "- [ ] one\n- [ ] two\n");
        let new = mounted.acme().join("New.md");
        assert_eq!(attribute(&new, "user.taskade.state").as_deref(), Some("pending"));
        drop(portal);
        mounted.start_server(address, token);
        until("all is sent", || status(&mounted)["saves"] == Value::Array(vec![]));
        assert_eq!(mounted.tree(), "one\ntwo\n", "{answer}");
        assert_eq!(mounted.ok("ls"), "New.md\nPlan.md\n");
        let writes = mounted.server().log().writes();
        let of = |path: &str| writes.iter().filter(|write| write.path.ends_with(path)).count();
        assert_eq!((of("/complete"), of("/projects")), (1, 1), "each once: {writes:?}");
        mounted.end();
    }
}
