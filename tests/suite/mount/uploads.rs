//! Uploads on a line that takes its time: how far they are, and what they take of memory.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use taskadefs::server::Quirks;

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said, until};

/// How many bytes of a connection get through before it waits.
const NARROW: u64 = 2 << 20;

/// More than all buffers on the way hold.
const LENGTH: u64 = 24 << 20;

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);

/// A line to a server that lets no more than so much of a connection through before it is opened.
struct NarrowLine {
    address: SocketAddr,
    /// Told once a connection waits.
    waits: Receiver<()>,
    gate: Arc<Gate>,
}

/// Whether all gets through.
#[derive(Default)]
struct Gate {
    is_open: Mutex<bool>,
    changes: Condvar,
}

impl Gate {
    fn is_open(&self) -> bool {
        *self.is_open.lock().unwrap()
    }

    fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.changes.notify_all();
    }

    fn wait(&self) {
        let is_open = self.is_open.lock().unwrap();
        drop(self.changes.wait_timeout_while(is_open, DEADLINE, |is_open| !*is_open).unwrap());
    }
}

impl NarrowLine {
    fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (told, waits) = channel();
        let gate = Arc::new(Gate::default());
        let of = gate.clone();
        // Ends with the tests' process: it waits for connections, which nobody makes any more.
        thread::spawn(move || {
            for near in listener.incoming().flatten() {
                let Ok(far) = TcpStream::connect(server) else { continue };
                let (back_from, back_to) = (far.try_clone().unwrap(), near.try_clone().unwrap());
                let narrow = (told.clone(), of.clone());
                thread::spawn(move || pass_on(near, far, Some(narrow)));
                thread::spawn(move || pass_on(back_from, back_to, None));
            }
        });
        Self { address, waits, gate }
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream, narrow: Option<(Sender<()>, Arc<Gate>)>) {
    let (mut buffer, mut passed) = ([0; 4096], 0);
    while let Ok(count @ 1..) = from.read(&mut buffer) {
        passed += count as u64;
        if let Some((told, gate)) = &narrow
            && passed > NARROW
            && !gate.is_open()
        {
            // Nobody listens once the test is over.
            let _ = told.send(());
            gate.wait();
        }
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    // It may have ended already.
    let _ = to.shutdown(Shutdown::Both);
}

/// The most memory that the process of the mount has had, in KiB.
fn most_memory(mounted: &Mounted) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", mounted.pid_now())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

fn status(mounted: &Mounted, flags: &[&str]) -> String {
    let state = mounted.dir.path().join("state");
    let mut command = std::process::Command::new(PROGRAM);
    said(&run(command.arg("status").args(flags).env("TASKADEFS_STATE_DIR", state)))
}

#[test]
fn status_tells_how_far_an_upload_is_and_it_is_never_all_in_memory() {
    let mounted = Mounted::on(Quirks::default(), "a", &["--commit-wait", "0"], |_, _| {});
    mounted.end();
    let line = NarrowLine::to(mounted.address());
    mounted.begin_by_way_of(line.address);
    mounted.ok("ls .taskade/media");
    let before = most_memory(&mounted);
    mounted.ok(&format!("head -c {LENGTH} /dev/zero > .taskade/media/big.bin"));
    line.waits.recv_timeout(DEADLINE).unwrap();
    let told: Value = serde_json::from_str(&status(&mounted, &["--json"])).unwrap();
    let save = &told[0]["saves"][0];
    assert_eq!((save["kind"].as_str(), save["state"].as_str()), (Some("upload"), Some("pending")));
    assert_eq!(save["progress"]["length"], LENGTH);
    let sent = save["progress"]["sent"].as_u64().unwrap();
    assert!((NARROW..LENGTH).contains(&sent), "{sent}");
    let words = status(&mounted, &[]);
    assert!(words.contains("uploading, ") && words.contains(" % are sent"), "{words}");
    line.gate.open();
    let file = mounted.acme().join(".taskade/media/big.bin");
    until("it is uploaded", || attribute(&file, "user.taskade.state").as_deref() == Some("clean"));
    let more = most_memory(&mounted) - before;
    assert!(more < LENGTH / 1024 / 2, "{more} KiB more");
    assert_eq!(mounted.writes(&[]).len(), 1);
    assert!(!status(&mounted, &[]).contains("uploading"));
    mounted.end();
}
