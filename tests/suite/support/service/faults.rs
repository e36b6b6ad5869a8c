//! What goes wrong with the requests to a service in memory.

use std::collections::VecDeque;

use taskadefs::{
    api::Call,
    error::{Error, Kind, Result},
};

/// What goes wrong with a request.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It fails like this and nothing is executed.
    Before(Kind),
    /// It is executed and its answer is lost.
    After,
    /// It goes through.
    None,
}

/// What is to go wrong.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    /// What the next writes come to instead of being executed, or after it.
    pub(crate) writes: VecDeque<Fault>,
    /// What the next reads come to.
    pub(crate) reads: VecDeque<Fault>,
    /// Whether nothing gets through at all.
    pub(crate) offline: bool,
    /// After how many more requests nothing gets through.
    pub(crate) cut_after: Option<usize>,
    /// How many requests there were, whatever they came to.
    pub(crate) asked: u64,
}

impl Faults {
    /// What this request comes to.
    ///
    /// # Errors
    /// If it does not get through.
    pub(crate) fn next(&mut self, call: &Call) -> Result<Fault> {
        self.asked += 1;
        if self.offline || self.cut_after == Some(0) {
            return Err(Error::new(Kind::Unreachable, "offline"));
        }
        self.cut_after = self.cut_after.map(|more| more - 1);
        let faults = if call.is_read() { &mut self.reads } else { &mut self.writes };
        Ok(faults.pop_front().unwrap_or(Fault::None))
    }
}
