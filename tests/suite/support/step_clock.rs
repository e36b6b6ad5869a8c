//! A clock that stands still while anybody is at work, and then goes on to whatever is waited for
//! next: hours pass in seconds, and no request seems slow because the machine is.

use std::{
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use taskadefs::clock::Clock;
use tokio::sync::oneshot;

/// For how many turns of the runtime nobody asks for the time, and nothing begins to wait, before
/// everybody is taken to wait. A turn takes a millisecond, and more where the machine is busy.
const QUIET: usize = 5;

/// As [`QUIET`], while somebody is at work that may be at the disk for a moment.
const IDLE: usize = 1000;

/// How far apart two looks at the clock are: nothing happens at the same time.
const TICK: Duration = Duration::from_micros(1);

#[derive(Debug)]
pub struct StepClock {
    start: (Instant, SystemTime),
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    passed: Duration,
    sleepers: Vec<(Duration, oneshot::Sender<()>)>,
    /// Counts whatever anybody does with the clock.
    activity: u64,
}

impl StepClock {
    pub fn new() -> Self {
        Self { start: (Instant::now(), SystemTime::now()), state: Mutex::default() }
    }

    /// How much time has passed.
    pub fn passed(&self) -> Duration {
        self.state.lock().unwrap().passed
    }

    /// Lets so much time pass, in steps from one end of a sleep to the next.
    pub async fn pass(&self, duration: Duration) {
        let end = self.passed() + duration;
        loop {
            self.rest(QUIET).await;
            let mut state = self.state.lock().unwrap();
            state.sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
            let next = state.sleepers.iter().map(|(when, _)| *when).min();
            let Some(next) = next.filter(|next| *next <= end) else {
                state.passed = end;
                return;
            };
            state.passed = state.passed.max(next);
            let (due, later): (Vec<_>, Vec<_>) =
                state.sleepers.drain(..).partition(|(when, _)| *when <= next);
            state.sleepers = later;
            for (_, sleeper) in due {
                // Who does not wait any more needs no telling.
                let _ = sleeper.send(());
            }
        }
    }

    /// Does something, while time passes as others wait.
    pub async fn during<T>(&self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.rest(IDLE) => self.step(),
            }
        }
    }

    fn step(&self) {
        let mut state = self.state.lock().unwrap();
        state.sleepers.retain(|(_, sleeper)| !sleeper.is_closed());
        let first = (0..state.sleepers.len()).min_by_key(|at| state.sleepers[*at].0);
        if let Some(first) = first {
            let (when, sleeper) = state.sleepers.remove(first);
            state.passed = state.passed.max(when);
            let _ = sleeper.send(());
        }
    }

    /// Returns once nobody has used the clock for so many turns.
    async fn rest(&self, turns: usize) {
        let activity = || self.state.lock().unwrap().activity;
        let (mut before, mut quiet) = (activity(), 0);
        while quiet < turns {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let now = activity();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
        }
    }
}

#[async_trait]
impl Clock for StepClock {
    fn now(&self) -> Instant {
        let mut state = self.state.lock().unwrap();
        state.activity += 1;
        state.passed += TICK;
        self.start.0 + state.passed
    }

    fn wall(&self) -> SystemTime {
        self.start.1 + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        let (wake, woken) = oneshot::channel();
        {
            let mut state = self.state.lock().unwrap();
            state.activity += 1;
            let when = state.passed + duration;
            state.sleepers.push((when, wake));
        }
        // The clock goes with the test.
        let _ = woken.await;
    }
}
