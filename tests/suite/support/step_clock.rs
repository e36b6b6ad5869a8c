//! A clock that stands still while anybody is at work, and then goes on to whatever is waited for
//! next: hours pass in seconds, and no request seems slow because the machine is.

use std::{
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use taskadefs::{
    api::{Backend, BudgetStatus, Gone, HttpBackend, Request},
    clock::Clock,
    error::Result,
};
use tokio::sync::{oneshot, watch};

/// For how many turns of the runtime nobody asks for the time, and nothing begins to wait, before
/// everybody is taken to wait. A turn takes a millisecond, and more where the machine is busy.
const QUIET: usize = 2;

/// As [`QUIET`], while somebody is at work that may be at the disk for a moment.
const IDLE: usize = 1000;

/// How many turns an answer takes at most.
const ANSWER: usize = 300;

/// How far apart two looks at the clock are: nothing happens at the same time.
const TICK: Duration = Duration::from_micros(1);

pub struct StepClock {
    start: (Instant, SystemTime),
    state: Mutex<State>,
    /// The services during whose answers the clock stands still.
    services: Mutex<Vec<Arc<Stepped>>>,
}

/// A service during whose answers a clock stands still; not while requests wait for the budget.
pub struct Stepped {
    service: HttpBackend,
    /// How many requests are put and not answered.
    put: AtomicUsize,
}

/// A request is put as long as this is there.
struct Put<'a>(&'a AtomicUsize);

impl Drop for Put<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Stepped {
    fn answers(&self) -> bool {
        let waiting = self.service.budget().map_or(0, |budget| budget.waiting);
        self.put.load(Ordering::SeqCst) > waiting
    }
}

#[async_trait]
impl Backend for Stepped {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        self.put.fetch_add(1, Ordering::SeqCst);
        let _put = Put(&self.put);
        self.service.send(request).await
    }

    fn budget(&self) -> Option<BudgetStatus> {
        self.service.budget()
    }

    fn outage(&self) -> Option<watch::Receiver<Option<Gone>>> {
        self.service.outage()
    }

    fn token_changes(&self) -> Option<watch::Receiver<u64>> {
        self.service.token_changes()
    }

    fn hurry(&self) {
        self.service.hurry();
    }

    fn want(&self, subject: &str, is_wanted: bool) {
        self.service.want(subject, is_wanted);
    }
}

impl fmt::Debug for StepClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StepClock").field("state", &self.state).finish_non_exhaustive()
    }
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
        let start = (Instant::now(), SystemTime::now());
        Self { start, state: Mutex::default(), services: Mutex::default() }
    }

    /// A service during whose answers this clock stands still.
    pub fn stepped(&self, service: HttpBackend) -> Arc<Stepped> {
        let stepped = Arc::new(Stepped { service, put: AtomicUsize::new(0) });
        self.services.lock().unwrap().push(stepped.clone());
        stepped
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

    /// Returns once nobody has used the clock for so many turns, and no service is answering, or not
    /// for long: who sends a request once more waits in between.
    async fn rest(&self, turns: usize) {
        let activity = || self.state.lock().unwrap().activity;
        let answers = || self.services.lock().unwrap().iter().any(|service| service.answers());
        let (mut before, mut quiet) = (activity(), 0);
        while quiet < turns || (quiet < ANSWER && answers()) {
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
