//! Changing operations: the journal first, durably, then memory. One change at a time.

use std::time::Duration;

use crate::{
    error::Result,
    store::{journal::Journal, operations::Operation},
    sync::{engine::Engine, operation::rejected, rejected_copies::Copies},
};

/// Journals what is to be done, but not before `hold` has passed. From then on it is promised; whoever
/// works in its lane is to be woken. As it is now, with its row.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn add(
    engine: &Engine,
    operation: Operation,
    hold: Duration,
) -> Result<Operation> {
    add_made(engine, hold, || operation).await
}

/// As [`add`], of an operation that depends on what others are: none of them changes before it is there.
///
/// # Errors
/// If it cannot be journaled.
pub(crate) async fn add_made(
    engine: &Engine,
    hold: Duration,
    make: impl FnOnce() -> Operation,
) -> Result<Operation> {
    let _transition = engine.operations.transition.lock().await;
    let mut operation = make();
    let (noted, copies) = (operation.clone(), copies(None, Some(&operation)));
    operation.row = engine.journaled(move |journal| journal.put_operation(&noted)).await?;
    let held_until = (!hold.is_zero()).then(|| engine.clock.now() + hold);
    engine.operations.put(operation.clone(), held_until);
    copies.write(engine).await;
    Ok(operation)
}

/// Changes an operation. `None` if there is none of that row any more.
///
/// # Errors
/// If it cannot be journaled: then it is as it was.
pub(crate) async fn change(
    engine: &Engine,
    row: i64,
    change: impl FnOnce(&mut Operation),
) -> Result<Option<Operation>> {
    let _transition = engine.operations.transition.lock().await;
    let Some(before) = engine.operations.get(row) else { return Ok(None) };
    let mut operation = before.clone();
    change(&mut operation);
    let copies = copies(Some(&before), Some(&operation));
    let (noted, settled, artifacts) =
        (operation.clone(), copies.settled(), engine.artifacts.clone());
    let note = move |journal: &Journal| journal.put_operation(&noted).map(drop);
    engine
        .journaled(move |journal| Copies::settle_around(&artifacts, &settled, || note(journal)))
        .await?;
    engine.operations.put(operation.clone(), None);
    copies.write(engine).await;
    Ok(Some(operation))
}

/// An operation is done, or given up, with the bytes that it sends.
///
/// # Errors
/// If the journal cannot note it: then it is as it was.
pub(crate) async fn remove(engine: &Engine, row: i64) -> Result<()> {
    remove_if(engine, row, |_| true).await.map(drop)
}

/// As [`remove`], if it is like this. What it was then.
///
/// # Errors
/// If the journal cannot note it: then it is as it was.
pub(crate) async fn remove_if(
    engine: &Engine,
    row: i64,
    is_so: impl FnOnce(&Operation) -> bool,
) -> Result<Option<Operation>> {
    let _transition = engine.operations.transition.lock().await;
    let Some(removed) = engine.operations.get(row).filter(is_so) else { return Ok(None) };
    let (files, file) = (engine.upload_files.clone(), removed.file.clone());
    let (settled, artifacts) = (copies(Some(&removed), None).settled(), engine.artifacts.clone());
    engine
        .journaled(move |journal| {
            Copies::settle_around(&artifacts, &settled, || journal.remove_operation(row))?;
            file.into_iter().for_each(|file| files.remove(&file));
            Ok(())
        })
        .await?;
    engine.operations.remove(row);
    Ok(Some(removed))
}

/// Which copies in `rejected/` follow when an operation becomes another.
fn copies(before: Option<&Operation>, after: Option<&Operation>) -> Copies {
    let copies = |it: Option<&Operation>| it.and_then(rejected::copy_of).into_iter().collect();
    Copies::changed(copies(before), copies(after))
}
