//! Working operations off: one worker a lane, the earlier operation first.
//!
//! The order of every step leaves the journal able to finish after a crash between any two: an
//! operation leaves it when nothing of it is left to be done.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::FutureExt as _;

use crate::{
    error::{Error, Kind, Result},
    kernel_thread,
    store::operations::{Operation, Refusal},
    sync::{
        engine::Engine,
        leaf::operations::Next,
        locate,
        operation::{carry_out, rejected, transition},
        rejected_copies,
        upload::worker::{FIRST_PAUSE, LONGEST_PAUSE, wait_to_try_again},
    },
};

/// The lease of the one worker that a lane has.
struct LaneLease {
    engine: Arc<Engine>,
    lane: String,
    is_over: bool,
}

impl LaneLease {
    /// Ends the lease if nothing is left to be done.
    fn end_if_done(&mut self) -> bool {
        let now = self.engine.clock.now();
        self.is_over |= self.engine.operations.end_work_if_done(&self.lane, now);
        self.is_over
    }
}

impl Drop for LaneLease {
    fn drop(&mut self) {
        if !self.is_over {
            self.engine.operations.end_work(&self.lane);
        }
    }
}

/// Takes over what the journal holds, but for what was refused: that waits for the user. A missing or
/// wrong token is no reason to wait, since there may be another by now.
pub(crate) fn recover(engine: &Arc<Engine>) {
    let copies = engine.operations.all().iter().filter_map(rejected::copy_of).collect::<Vec<_>>();
    rejected_copies::write_copies(&engine.artifacts, &copies);
    for operation in engine.operations.all() {
        let is_of_token =
            operation.refusal.as_ref().is_some_and(|it| it.kind == Kind::Unauthorized);
        if is_of_token {
            engine.operations.put(Operation { refusal: None, ..operation }, None);
        }
    }
    for lane in engine.operations.lanes() {
        wake(engine, &lane);
    }
}

/// Has a worker see to a lane, if none does.
pub(crate) fn wake(engine: &Arc<Engine>, lane: &str) {
    if !engine.operations.begin_work(lane, engine.clock.now()) {
        return;
    }
    let lease = LaneLease { engine: engine.clone(), lane: lane.to_owned(), is_over: false };
    let (busy, shared, lane) = (engine.tasks.busy(), engine.clone(), lane.to_owned());
    engine.tasks.spawn("the worker of operations", async move {
        let worked = AssertUnwindSafe(work(lease)).catch_unwind().await;
        drop(busy);
        if worked.is_err() {
            tracing::error!(lane, "its worker died; it is tried again");
            shared.clock.sleep(LONGEST_PAUSE).await;
            wake(&shared, &lane);
        }
    });
}

async fn work(mut lease: LaneLease) {
    let engine = lease.engine.clone();
    let mut pause = FIRST_PAUSE;
    loop {
        let mut changes = engine.operations.subscribe();
        let now = engine.clock.now();
        let operation = match engine.operations.next(&lease.lane, now) {
            Next::Nothing if lease.end_if_done() => return,
            Next::Nothing => continue,
            Next::Held(until) => {
                tokio::select! {
                    _ = changes.changed() => {}
                    () = engine.clock.sleep(until.saturating_duration_since(now)) => {}
                }
                continue;
            }
            Next::Due(operation) => operation,
        };
        match finish(&engine, &operation).await {
            Ok(()) => {
                pause = FIRST_PAUSE;
                // It may have left something to be done in others.
                engine.operations.lanes().iter().for_each(|lane| wake(&engine, lane));
            }
            Err(error) if error.kind().is_transient() || error.kind().is_local() => {
                tracing::warn!(%error, path = operation.path, "an operation waits");
                pause = wait_to_try_again(&engine, pause).await;
            }
            Err(error) => refuse(&engine, &operation, error).await,
        }
    }
}

/// Does what is to be done; nothing of it is left then.
async fn finish(engine: &Arc<Engine>, operation: &Operation) -> Result<()> {
    carry_out::carry_out(engine, operation).await?;
    transition::remove(engine, operation.row).await
}

/// Taskade will not have it: it stays, with the reason, until the user settles it.
async fn refuse(engine: &Engine, operation: &Operation, error: Error) {
    let path = locate::path_of_operation(engine, operation);
    let error = error.at(path).hint(
        "run `taskadefs retry PATH` once it can succeed, or `taskadefs discard PATH` to give it up",
    );
    tracing::warn!(%error, "Taskade refused an operation");
    let (kind, reason, since) = (error.kind(), error.to_string(), engine.clock.wall());
    kernel_thread::leave().await;
    let file = rejected::free_name(engine, operation);
    let refusal = Some(Refusal { kind, reason, since, file });
    let noted = transition::change(engine, operation.row, |it| it.refusal = refusal.clone()).await;
    if let Err(error) = noted {
        // The next mount tries again; this one knows.
        tracing::error!(%error, "a refusal cannot be journaled");
        engine.operations.put(Operation { refusal, ..operation.clone() }, None);
    }
}
