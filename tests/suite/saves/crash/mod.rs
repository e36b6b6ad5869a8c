//! `kill -9` at any moment: what a program was told is saved is in the service exactly once.
//!
//! A mount in a process of its own is killed while this process saves through it, and again
//! while the next mount recovers. The embedded server outlives them all.

mod model;
mod rig;

use std::{
    fs,
    time::{Duration, Instant},
};

use taskadefs::server::Fault;

use self::{
    model::{Possible, Way, save},
    rig::Rig,
};
use crate::support::{mount::until, rng::Dice};

/// How often a mount's process is killed.
const KILLS: u32 = 200;

/// A moment that is as likely to be very soon as to be late.
fn moment(random: &mut Dice) -> Duration {
    let longest = 200 << random.below(9);
    Duration::from_micros(random.below(longest) as u64)
}

/// Sends a signal at a moment.
fn kill_in(pid: i32, moment: Duration) -> std::thread::JoinHandle<()> {
    let end = Instant::now() + moment;
    std::thread::spawn(move || {
        std::thread::sleep(end.saturating_duration_since(Instant::now()));
        // SAFETY: a signal to a child that is not waited for yet.
        unsafe { libc::kill(pid, libc::SIGKILL) };
    })
}

/// Kills mounts in the middle of saves until `kills` are dead.
fn kill_and_compare(seed: u64, kills: u32) {
    let random = &mut Dice(seed);
    let mut rig = Rig::new(Duration::from_millis(2));
    let workspace = rig.server.store().add_workspace("Acme").unwrap();
    let start = "one\n  one.a\ntwo\nthree\n";
    let project = rig.server.store().add_project(&workspace, "Plan", start).unwrap();
    let mut possible = Possible(vec![rig.plan(&project)]);
    let (mut killed, mut round) = (0, 0);
    while killed < kills {
        round += 1;
        let wait = ["0", "0.01", "5"][random.below(3)];
        rig.mount(&["--commit-wait", wait]);
        // What is executed is answered late: most kills then leave the outcome unknown.
        if random.below(2) == 0 {
            for method in ["POST", "PUT", "DELETE"] {
                let drip = Fault::Drip(Duration::from_micros(100));
                rig.server.faults().plan(Some(method), "/tasks", 0, 1000, drip);
            }
        }
        let file = rig.path("Plan.md");
        assert_eq!(fs::read_to_string(&file).unwrap(), possible.newest().markdown());
        let killer = kill_in(rig.pid(), moment(random));
        for number in 0..1 + random.below(3) {
            let mut next = possible.newest().clone();
            for change in 0..1 + random.below(3) {
                let name = |kind: &str| format!("{kind} {round} {number} {change}");
                next.change(random, name);
            }
            let way = [Way::InPlace, Way::Synced, Way::Renamed][random.below(3)];
            if !possible.save(&file, way, next) {
                break;
            }
        }
        killer.join().unwrap();
        rig.bury();
        killed += 1;
        // The next mounts die while they recover.
        while random.below(3) == 0 {
            rig.start(&[]);
            kill_in(rig.pid(), Duration::from_millis(5) + moment(random) * 2).join().unwrap();
            rig.bury();
            killed += 1;
        }
        rig.server.faults().clear();
        rig.mount(&[]);
        rig.wait_until_clean("Plan.md");
        possible.settle(rig.plan(&project), &format!("after {round} rounds the project"));
        let text = fs::read_to_string(rig.path("Plan.md")).unwrap();
        assert_eq!(text, possible.newest().markdown(), "the file after {round} rounds");
        rig.bury();
    }
}

#[test]
fn whatever_was_told_to_be_saved_survives_kills_exactly_once() {
    let seed = std::env::var("TASKADEFS_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or(1);
    eprintln!("to repeat: TASKADEFS_SEED={seed}");
    kill_and_compare(seed, KILLS);
}

/// Kills the mount while it creates `New.md`, and lets the next mount finish. `fault` is what
/// happens to the request. The trees of the projects of that title, and whether they are archived.
fn kill_while_creating(rig: &mut Rig, fault: Fault) -> Vec<(String, bool)> {
    rig.mount(&["--commit-wait", "0"]);
    rig.server.faults().plan(Some("POST"), "/projects", 0, 1, fault.clone());
    let before = rig.projects().len();
    let attempt = save(&rig.path("New.md"), Way::InPlace, "- [ ] fresh\n");
    attempt.result.unwrap();
    let executed = usize::from(fault == Fault::HangAfter);
    until("the request", || rig.projects().len() == before + executed);
    rig.bury();
    rig.server.faults().clear();
    rig.mount(&[]);
    rig.wait_until_clean("New.md");
    rig.bury();
    rig.projects()
}

#[test]
fn a_project_that_was_being_created_is_created_once() {
    for fault in [Fault::Hang, Fault::HangAfter] {
        let mut rig = Rig::new(Duration::ZERO);
        rig.server.store().add_workspace("Acme").unwrap();
        let created = kill_while_creating(&mut rig, fault);
        assert_eq!(created, [("fresh\n".to_owned(), false)]);
    }
}

#[test]
fn an_archived_project_is_not_taken_for_one_that_was_being_created() {
    for fault in [Fault::Hang, Fault::HangAfter] {
        let mut rig = Rig::new(Duration::ZERO);
        let workspace = rig.server.store().add_workspace("Acme").unwrap();
        rig.server.store().add_project(&workspace, "New", "old\nolder\n").unwrap();
        rig.mount(&[]);
        fs::remove_file(rig.path("New.md")).unwrap();
        // SAFETY: a signal to a child that is not waited for yet.
        unsafe { libc::kill(rig.pid(), libc::SIGTERM) };
        rig.child.take().unwrap().wait().unwrap();
        assert_eq!(rig.projects(), [("old\nolder\n".to_owned(), true)]);
        let created = kill_while_creating(&mut rig, fault);
        assert_eq!(created, [("old\nolder\n".to_owned(), true), ("fresh\n".to_owned(), false)]);
    }
}
