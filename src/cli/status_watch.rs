//! `status --watch`: how it stands, again and again until Ctrl-C. A terminal shows it in place; elsewhere
//! what is new is appended.

use std::{io::Write, time::Duration};

use serde_json::Value;

use super::{interrupt::Interrupt, presentation};

use crate::{
    error::{Error, Kind, Result},
    printable::printable_lines,
};

/// How often it is looked.
const PERIOD: Duration = Duration::from_secs(1);

/// What a terminal does before it shows the next state: it goes home and forgets what is below.
const IN_PLACE: &str = "\x1b[H\x1b[J";

/// What changes without anything happening.
const RESTLESS: [&str; 5] = ["reset", "memory", "reads", "cache", "last_answer"];

/// What is known, and in which words.
pub(super) type Look = (Vec<Value>, String);

/// Shows what `look` finds until somebody ends it.
///
/// # Errors
/// If it cannot be looked, or nobody reads what is shown.
pub(super) fn watch(look: impl Fn() -> Result<Look> + Send + Sync + 'static) -> Result<()> {
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| Error::io("cannot start", error))?;
    let look = std::sync::Arc::new(look);
    let is_drawn = presentation::draws(&std::io::stdout());
    let ended = runtime.block_on(async {
        let mut interrupt = Interrupt::catch()?;
        let mut before: Option<Vec<Value>> = None;
        loop {
            let look = look.clone();
            let looking = tokio::task::spawn_blocking(move || look());
            let found = tokio::select! {
                found = looking => found,
                () = interrupt.came() => return Ok(()),
            };
            let lost = |error| Error::new(Kind::Storage, "cannot look").because(error);
            let (found, words) = found.map_err(lost)??;
            let quiet = quiet(found);
            let is_new = before.as_ref() != Some(&quiet);
            before = Some(quiet);
            let shown = match is_drawn {
                true => show(&format!("{IN_PLACE}{}", printable_lines(&words))),
                false if is_new => show(&printable_lines(&words)),
                false => true,
            };
            if !shown {
                return Ok(());
            }
            tokio::select! {
                () = tokio::time::sleep(PERIOD) => {}
                () = interrupt.came() => return Ok(()),
            }
        }
    });
    // A mount that does not answer holds nobody.
    runtime.shutdown_background();
    ended
}

/// The same without what changes all the time.
fn quiet(mut all: Vec<Value>) -> Vec<Value> {
    for status in all.iter_mut().filter_map(Value::as_object_mut) {
        RESTLESS.iter().for_each(|key| drop(status.remove(*key)));
    }
    all
}

/// Whether somebody still reads.
fn show(words: &str) -> bool {
    let mut output = std::io::stdout();
    output.write_all(words.as_bytes()).and_then(|()| output.flush()).is_ok()
}
