//! Taskade is gone, and comes back: nothing waits for it meanwhile, one request at a time looks
//! whether it is back, and then everything is sent, once.

use std::{
    fs,
    io::Read,
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::Value;
use taskadefs::server::{Exports, Quirks};

use crate::support::{
    mount::{Mounted, PROGRAM, attribute, said, until},
    signals::interruptible,
};

const NAMES: [&str; 4] = ["A", "B", "C", "D"];

/// What a program waits for that waits for nobody else, with room for a machine with much to do.
const AT_ONCE: Duration = Duration::from_millis(1500);

/// A mount with projects that were read, and one that was not, of a space that is not exported.
fn mounted(flags: &[&str]) -> Mounted {
    let quirks = Quirks { exports: Exports::Refused, ..Quirks::default() };
    let mounted = Mounted::on(quirks, "one", flags, |store, workspace| {
        for name in NAMES {
            store.add_project(workspace, name, "one\ntwo").unwrap();
        }
    });
    mounted.ok("cat A.md B.md C.md D.md");
    mounted.server().log().clear();
    mounted
}

fn status(mounted: &Mounted) -> Value {
    let status = fs::read_to_string(mounted.root.join(".taskade/status.json")).unwrap();
    serde_json::from_str(&status).unwrap()
}

fn is_offline(mounted: &Mounted) -> bool {
    status(mounted)["offline_since"].is_string()
}

/// Has the mount find out that the service is gone.
fn find_out(mounted: &Mounted) {
    until("the mount knows", || {
        drop(fs::read(mounted.acme().join("A.md")));
        is_offline(mounted)
    });
}

fn timed<T>(what: impl FnOnce() -> T) -> (T, Duration) {
    let began = Instant::now();
    let result = what();
    (result, began.elapsed())
}

/// A service that accepts connections and says nothing.
struct Silent {
    address: SocketAddr,
    open: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    ends: Arc<AtomicBool>,
    streams: Arc<Mutex<Vec<TcpStream>>>,
    thread: Option<JoinHandle<()>>,
}

impl Silent {
    fn at(address: SocketAddr) -> Self {
        let mut bound = None;
        until("the address is free", || {
            bound = TcpListener::bind(address).ok();
            bound.is_some()
        });
        let listener = bound.unwrap();
        let (open, accepted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (most, ends) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, highest, over) = (accepted.clone(), most.clone(), ends.clone());
        let now = open.clone();
        let streams: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
        let kept = streams.clone();
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                kept.lock().unwrap().extend(stream.try_clone());
                counted.fetch_add(1, Ordering::SeqCst);
                highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                let open = now.clone();
                std::thread::spawn(move || {
                    wait_for_the_end(stream);
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        Self { address, open, accepted, most, ends, streams, thread: Some(thread) }
    }

    fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// The most connections at once since this was asked last, at least.
    fn most(&self) -> usize {
        self.most.swap(0, Ordering::SeqCst)
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
        for stream in self.streams.lock().unwrap().drain(..) {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn wait_for_the_end(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while let Ok(1..) = stream.read(&mut buffer) {}
}

#[test]
fn offline_nothing_waits_and_when_taskade_is_back_everything_is_sent_once() {
    let mut mounted = mounted(&["--max-age", "0"]);
    let (address, token) = (mounted.address(), mounted.server().token());
    let unread = mounted.file();
    mounted.stop_server();
    find_out(&mounted);
    for name in NAMES {
        let file = mounted.acme().join(format!("{name}.md"));
        let (text, took) = timed(|| fs::read_to_string(&file).unwrap());
        assert!(took < AT_ONCE / 3, "opening {name} took {took:?}");
        let text = text.replace("two", "2");
        let ((), took) = timed(|| fs::write(&file, &text).unwrap());
        assert!(took < AT_ONCE, "saving {name} took {took:?}");
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
        assert_eq!(attribute(&file, "user.taskade.state").as_deref(), Some("pending"));
    }
    let (listed, took) = timed(|| mounted.ok("ls"));
    assert_eq!(listed, "A.md\nB.md\nC.md\nD.md\nPlan.md\n");
    assert!(took < AT_ONCE, "listing took {took:?}");
    let (error, took) = timed(|| fs::read(&unread).unwrap_err());
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
    assert!(took < 2 * AT_ONCE, "failing took {took:?}");
    let words = Command::new(PROGRAM).arg("status").arg(&mounted.root).output().unwrap();
    assert!(said(&words).contains("offline since 2"), "{words:?}");
    assert!(said(&words).contains("cannot be reached"), "{words:?}");

    mounted.start_server(address, token);
    until("everything is sent", || status(&mounted)["saves"] == Value::Array(vec![]));
    assert!(!is_offline(&mounted));
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), NAMES.len(), "each once: {writes:#?}");
    assert_eq!(fs::read_to_string(&unread).unwrap(), "- [ ] one\n");
    mounted.end();
}

#[test]
fn whoever_looks_when_taskade_is_back_finds_it_and_all_saves_go_on() {
    let mut mounted = mounted(&["--read-timeout", "1"]);
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    fs::write(mounted.acme().join("A.md"), "- [ ] one\n- [ ] 2\n").unwrap();
    until("the mount knows", || is_offline(&mounted));
    // Until the pause between two looks is long.
    let reason = status(&mounted)["trouble"].clone();
    assert!(reason.as_str().unwrap().contains("cannot be reached"), "{reason}");
    mounted.start_server(address, token);
    let began = Instant::now();
    until("somebody gets through", || fs::read(mounted.file()).is_ok());
    until("the save", || status(&mounted)["saves"] == Value::Array(vec![]));
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(mounted.writes(&[]).len(), 1);
    mounted.end();
}

#[test]
fn while_taskade_is_silent_one_connection_at_a_time_looks_for_it() {
    let mut mounted = mounted(&["--max-age", "0", "--read-timeout", "1"]);
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    let silent = Silent::at(address);
    find_out(&mounted);
    // What was under way when that was found out.
    until("what was under way ends", || {
        silent.most();
        silent.open.load(Ordering::SeqCst) == 0
    });
    let before = silent.accepted();
    let root = mounted.acme();
    let end = Instant::now() + Duration::from_secs(8);
    let readers = [root.join("A.md"), root.join("B.md"), mounted.file()].map(|path| {
        std::thread::spawn(move || {
            while Instant::now() < end {
                drop(fs::read(&path));
                std::thread::park_timeout(Duration::from_millis(5));
            }
        })
    });
    for name in ["C", "D"] {
        fs::write(root.join(format!("{name}.md")), "- [ ] one\n- [ ] 2\n").unwrap();
    }
    readers.into_iter().for_each(|reader| reader.join().unwrap());
    let (most, accepted) = (silent.most(), silent.accepted() - before);
    assert!(most <= 1, "{most} at once");
    assert!((1..=8).contains(&accepted), "{accepted} looks in 8 s");
    drop(silent);
    mounted.start_server(address, token);
    until("the saves", || status(&mounted)["saves"] == Value::Array(vec![]));
    assert_eq!(mounted.writes(&[]).len(), 2);
    mounted.end();
}

#[test]
fn silence_ends_a_reading_with_the_reason() {
    let mut mounted = mounted(&["--max-age", "0", "--read-timeout", "2"]);
    let address = mounted.address();
    mounted.stop_server();
    let silent = Silent::at(address);
    let (error, took) = timed(|| fs::read(mounted.file()).unwrap_err());
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
    assert!(took >= Duration::from_secs(2), "{took:?}");
    assert!(took < Duration::from_secs(2) + 2 * AT_ONCE, "{took:?}");
    let trouble = status(&mounted)["trouble"].clone();
    assert!(trouble.as_str().unwrap().contains("Taskade is silent"), "{trouble}");
    drop(silent);
}

/// How long a signal takes at most to end a wait, on a machine that is busy: it is looked for each
/// second, and nothing else ends these waits within a minute.
const SOON: Duration = Duration::from_secs(10);

/// Has a program read the project, and sends it a signal once it waits. It begins elsewhere: until it is
/// executed all signals are blocked, and to go to a directory is to wait for it.
fn interrupted(mounted: &Mounted, signal: i32) -> Duration {
    let mut program = Command::new("cat");
    program.arg(mounted.file()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = interruptible(&mut program).spawn().unwrap();
    let pid = child.id();
    until("it waits for the mount", || {
        let stack = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
        stack.contains("fuse") || stack.contains("request_wait")
    });
    // SAFETY: a signal to a child of this test.
    unsafe { libc::kill(i32::try_from(pid).unwrap(), signal) };
    let began = Instant::now();
    until("the program ends", || child.try_wait().unwrap().is_some());
    began.elapsed()
}

#[test]
fn a_signal_ends_the_wait_of_a_program_and_what_it_waited_for_goes_on() {
    let mut mounted = mounted(&["--max-age", "0", "--read-timeout", "60", "--commit-wait", "60"]);
    let (address, token) = (mounted.address(), mounted.server().token());
    mounted.stop_server();
    let silent = Silent::at(address);
    for signal in [libc::SIGINT, libc::SIGTERM, libc::SIGKILL] {
        let took = interrupted(&mounted, signal);
        assert!(took < SOON, "{signal}: {took:?}");
    }
    let file = mounted.acme().join("B.md");
    let mut child = Command::new("sh")
        .args(["-c", "echo '- [ ] new' >> B.md"])
        .current_dir(mounted.acme())
        .spawn()
        .unwrap();
    until("the save is journaled", || {
        attribute(&file, "user.taskade.state").as_deref() == Some("pending")
    });
    // SAFETY: a signal to a child of this test.
    unsafe { libc::kill(i32::try_from(child.id()).unwrap(), libc::SIGTERM) };
    let began = Instant::now();
    until("the program ends", || child.try_wait().unwrap().is_some());
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    drop(silent);
    mounted.start_server(address, token);
    until("the save", || status(&mounted)["saves"] == Value::Array(vec![]));
    assert_eq!(fs::read_to_string(&file).unwrap(), "- [ ] one\n- [ ] two\n- [ ] new\n");
    mounted.end();
}
