//! One mount's line to a service in memory, which can be cut.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use taskadefs::{
    api::{Backend, Request},
    error::Result,
};

use crate::support::service::Memory;

/// One mount's line to the service. Once it is cut nothing that the mount still does gets
/// through, and nothing comes back: the mount has crashed.
#[derive(Debug)]
pub struct Line {
    memory: Arc<Memory>,
    cut: AtomicBool,
    panics: AtomicBool,
}

impl Line {
    /// A line to a service.
    pub fn to(memory: &Arc<Memory>) -> Arc<Self> {
        Arc::new(Self {
            memory: memory.clone(),
            cut: AtomicBool::new(false),
            panics: AtomicBool::new(false),
        })
    }

    /// Whoever sends the next write meets a defect of the program.
    pub fn panic_at_next_write(&self) {
        self.panics.store(true, Ordering::SeqCst);
    }

    /// The mount has crashed.
    pub fn cut(&self) {
        self.cut.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Backend for Line {
    async fn send(&self, request: &mut dyn Request) -> Result<()> {
        if self.cut.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if request.entry().is_some() && self.panics.swap(false, Ordering::SeqCst) {
            panic!("on purpose");
        }
        self.memory.send(request).await
    }
}
