//! The HTTP client against the embedded server with its quirks and faults, and against raw
//! sockets where the server cannot be odd enough.
//!
//! Waiting is on a clock of the tests', so that no test takes longer for a long wait.

mod details;
mod errors;
mod files;
mod hostile;
mod limits;
mod raw;
mod reading;
mod resources;
mod safety;
mod tokens;
mod writing;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use async_trait::async_trait;
use taskadefs::{
    api::{Client, ContentType, HttpBackend, NewTask, Position, TypedText},
    clock::Clock,
    error::Result,
    ids::{ProjectId, SpaceId, TaskId},
    server::{Quirks, Running, Server, ServerConfig},
};
use tempfile::TempDir;
use tokio::sync::Semaphore;

/// No event is waited for any longer.
const DEADLINE: Duration = Duration::from_secs(10);

/// A clock on which sleeping moves the time, and that remembers for how long it was slept. Where
/// it is held, a sleep ends only when it is let go.
#[derive(Debug)]
struct TestClock {
    /// How far it is ahead of the machine's.
    ahead: Mutex<Duration>,
    sleeps: Mutex<Vec<Duration>>,
    permits: Semaphore,
}

impl TestClock {
    fn free() -> Arc<Self> {
        Self::with(Semaphore::MAX_PERMITS)
    }

    fn held() -> Arc<Self> {
        Self::with(0)
    }

    fn with(permits: usize) -> Arc<Self> {
        let permits = Semaphore::new(permits);
        Arc::new(Self { ahead: Mutex::default(), sleeps: Mutex::default(), permits })
    }

    /// Ends so many sleeps, those that began first.
    fn let_go(&self, sleeps: usize) {
        self.permits.add_permits(sleeps);
    }

    /// How long each sleep so far was to be, whether it has ended or not.
    fn sleeps(&self) -> Vec<Duration> {
        self.sleeps.lock().unwrap().clone()
    }

    /// How far sleeping has moved the time.
    fn slept(&self) -> Duration {
        *self.ahead.lock().unwrap()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant::now() + self.slept()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        self.sleeps.lock().unwrap().push(duration);
        let end = self.slept() + duration;
        self.permits.acquire().await.unwrap().forget();
        let mut ahead = self.ahead.lock().unwrap();
        *ahead = end.max(*ahead);
    }
}

/// A server with a project, and a client of it.
struct Service {
    running: Running,
    workspace: SpaceId,
    project: ProjectId,
    clock: Arc<TestClock>,
    client: Client,
    _dir: TempDir,
}

impl Service {
    /// A server with one project of these tasks, see [`taskadefs::server::Store::add_project`].
    async fn of(tasks: &str) -> Self {
        Self::with(Quirks::default(), tasks).await
    }

    async fn with(quirks: Quirks, tasks: &str) -> Self {
        Self::on(TestClock::free(), quirks, tasks).await
    }

    async fn on(clock: Arc<TestClock>, quirks: Quirks, tasks: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = ServerConfig { quirks, ..ServerConfig::new(dir.path()) };
        let running = Server::start(config).await.unwrap();
        let workspace = running.store().add_workspace("Acme").unwrap();
        let project = running.store().add_project(&workspace, "Plan", tasks).unwrap();
        let client = Client::new(Arc::new(backend(&running, clock.clone())));
        Self { running, workspace, project, clock, client, _dir: dir }
    }

    /// A client that has learnt nothing yet.
    fn new_client(&self) -> Client {
        Client::new(Arc::new(self.new_backend()))
    }

    fn new_backend(&self) -> HttpBackend {
        backend(&self.running, self.clock.clone())
    }

    fn tree(&self) -> String {
        self.running.store().tree(&self.project).unwrap()
    }

    fn ids(&self) -> Vec<TaskId> {
        self.running.store().task_ids(&self.project).unwrap()
    }

    /// The statuses of the requests so far; 0 is no answer.
    fn statuses(&self) -> Vec<u16> {
        self.running.log().requests().iter().map(|request| request.status).collect()
    }

    async fn create(&self, text: &str) -> Result<Vec<TaskId>> {
        self.client.create_tasks(&self.project, &[new_task(text)]).await
    }
}

fn backend(running: &Running, clock: Arc<TestClock>) -> HttpBackend {
    HttpBackend::new(&running.url(), Some(&running.token()), clock).unwrap()
}

fn plain(text: &str) -> TypedText {
    TypedText { content_type: ContentType::Plain, text: text.to_owned() }
}

/// A task at the end of the project.
fn new_task(text: &str) -> NewTask {
    NewTask { content: plain(text), anchor: None, position: Position::BeforeEnd }
}

/// Waits for an event that nothing announces.
async fn until(met: impl Fn() -> bool) {
    let wait = async {
        while !met() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(DEADLINE, wait).await.unwrap();
}
