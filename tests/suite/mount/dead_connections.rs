//! A machine that was suspended: the connections that were kept have died, and nobody says so.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use taskadefs::server::Quirks;

use crate::support::mount::{Mounted, attribute, until};

/// A connection that was idle for longer may have died, as far as the mount knows.
const IDLE: Duration = Duration::from_secs(4);

/// What passes on what it gets, until it is frozen: then it neither answers nor resets.
struct Line {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// How often it was frozen: connections of before stay silent.
    frozen: AtomicU64,
    /// Whether new ones are silent too.
    all: AtomicBool,
    accepted: AtomicUsize,
    ends: AtomicBool,
    streams: Mutex<Vec<TcpStream>>,
}

impl Line {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, shared) = (listener.local_addr().unwrap(), Arc::new(Shared::default()));
        let of = shared.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().flatten() {
                if of.ends.load(Ordering::SeqCst) {
                    return;
                }
                of.accepted.fetch_add(1, Ordering::SeqCst);
                let Ok(far) = TcpStream::connect(server) else { continue };
                for stream in [&near, &far] {
                    of.streams.lock().unwrap().extend(stream.try_clone());
                }
                let born = of.frozen.load(Ordering::SeqCst);
                let back = (far.try_clone().unwrap(), near.try_clone().unwrap());
                for (from, to) in [(near, far), back] {
                    let of = of.clone();
                    std::thread::spawn(move || pass_on(from, to, &of, born));
                }
            }
        });
        Self { address, shared }
    }

    /// The connections that there are go silent.
    fn freeze(&self) {
        self.shared.frozen.fetch_add(1, Ordering::SeqCst);
    }

    /// So do all that come.
    fn freeze_all(&self, all: bool) {
        self.shared.all.store(all, Ordering::SeqCst);
        self.freeze();
    }

    fn accepted(&self) -> usize {
        self.shared.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.shared.ends.store(true, Ordering::SeqCst);
        drop(TcpStream::connect(self.address));
        for stream in self.shared.streams.lock().unwrap().drain(..) {
            // It may have ended already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, shared: &Shared, born: u64) {
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        let is_frozen = shared.frozen.load(Ordering::SeqCst) != born;
        if is_frozen || shared.all.load(Ordering::SeqCst) {
            continue;
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

/// A mount by way of a line, with a connection that was idle for long.
fn mounted(flags: &[&str]) -> (Mounted, Line) {
    // A look at one project tells nothing of another.
    let flags = [flags, &["--markers", "tasks", "--fields", "none"]].concat();
    let mounted = Mounted::on(Quirks::default(), "one", &flags, |store, workspace| {
        for name in ["A", "B"] {
            store.add_project(workspace, name, "x").unwrap();
        }
    });
    mounted.end();
    let line = Line::to(mounted.address());
    mounted.begin_by_way_of(line.address);
    mounted.ok("ls; cat Plan.md");
    let (idle, accepted) = (Instant::now(), line.accepted());
    until("it is idle", || idle.elapsed() >= IDLE);
    assert_eq!(line.accepted(), accepted, "nothing else is under way");
    (mounted, line)
}

#[test]
fn a_read_on_a_connection_that_died_in_a_suspend_goes_over_a_fresh_one_within_two_seconds() {
    let (mounted, line) = mounted(&["--max-age", "3600"]);
    let accepted = line.accepted();
    line.freeze();
    let began = Instant::now();
    let file = mounted.acme().join("A.md");
    let reader = std::thread::spawn(move || fs::read_to_string(file));
    until("a fresh connection", || line.accepted() > accepted);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    assert_eq!(reader.join().unwrap().unwrap(), "- [ ] x\n");
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    // The next one doubts nothing.
    let began = Instant::now();
    mounted.ok("cat B.md");
    assert!(began.elapsed() < Duration::from_millis(1200), "{:?}", began.elapsed());
    mounted.end();
}

#[test]
fn where_fresh_connections_are_silent_too_the_wait_ends_in_time_and_goes_on_later() {
    let (mounted, line) = mounted(&["--max-age", "0", "--read-timeout", "3"]);
    line.freeze_all(true);
    let began = Instant::now();
    let error = fs::read(mounted.acme().join("A.md")).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(libc::EIO));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
    // What was read is served, and saves are kept.
    assert_eq!(mounted.text(), "- [ ] one\n");
    fs::write(mounted.file(), "- [ ] one\n- [ ] two\n").unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.state").as_deref(), Some("pending"));
    line.freeze_all(false);
    until("the save", || mounted.tree() == "one\ntwo\n");
    assert_eq!(mounted.ok("cat A.md"), "- [ ] x\n");
    mounted.end();
}

#[test]
fn a_save_on_a_connection_that_died_in_a_suspend_is_made_once() {
    let (mounted, line) = mounted(&["--commit-wait", "1"]);
    mounted.server().log().clear();
    line.freeze();
    let began = Instant::now();
    fs::write(mounted.file(), "- [ ] one\n- [ ] two\n").unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    until("the save", || mounted.tree() == "one\ntwo\n");
    until("its verdict", || {
        attribute(&mounted.file(), "user.taskade.state").as_deref() == Some("clean")
    });
    let writes = mounted.server().log().writes();
    assert_eq!(writes.len(), 1, "{writes:?}");
    mounted.end();
}
