//! The clock seam: everything that waits or compares times asks a [`Clock`], so that tests can
//! move time by hand.

use std::time::{Duration, Instant, SystemTime};

/// A source of time and of waiting.
#[async_trait::async_trait]
pub trait Clock: Send + Sync + 'static {
    /// Monotonic time, for ages and deadlines.
    fn now(&self) -> Instant;

    /// Wall-clock time, for file times.
    fn wall(&self) -> SystemTime;

    /// Returns once `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// The machine's clock, by way of tokio: in a runtime with paused time it is virtual.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait::async_trait]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }

    fn wall(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
