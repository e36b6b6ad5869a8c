//! What may happen to a project, at random.

use proptest::{collection::vec, prelude::*};

use crate::plan::tests::strategies::{Edit, edits};

/// How a request ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It was executed, and the answer says so.
    Executed,
    /// It was executed, and nobody here was told.
    Lost,
    /// It did not reach the service, and nobody here knows.
    Dropped,
    /// It did not reach the service, and that is known.
    Unreachable,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// Somebody changes the project in the app.
    Elsewhere(Vec<Edit>),
    /// The project is read.
    Read,
    /// What was read is to be read again before it is trusted.
    Expire,
    /// A program reads the file.
    Open(u32),
    /// A program saves what it made of what it has before its eyes.
    Save(u32, Vec<Edit>),
    /// What waits is brought onto the last reading.
    Rebase,
    /// The next request is sent.
    Send(Answer),
    /// Nothing is left to be sent.
    Complete,
    Reject,
    Retry,
    Discard,
    /// A text is refused here.
    RefuseHere,
    SetAside,
    /// An editor puts back what was there before what Taskade refused.
    PutBack,
    /// It is asked for to be archived, that is sent, it is done, or it is taken back.
    Archive,
    SendArchival,
    ArchivalUnsent,
    Archived,
    Restore,
    /// The project is to have another title.
    Rename(u8),
    Arrive,
    /// Taskade does not take it there.
    GiveUpRelocation,
    NoteCreating,
    NotCreated,
    Evict,
    Recall,
    /// Somebody has changed the cache: what was let go of is lost.
    LoseCache,
    SetTime,
    Listed(u8),
    /// The mount ends, and the next one goes on with what the journal has.
    Crash,
}

pub(super) fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        3 => Just(Answer::Executed),
        2 => Just(Answer::Lost),
        2 => Just(Answer::Dropped),
        1 => Just(Answer::Unreachable),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let program = || 1..3_u32;
    let saves = prop_oneof![
        3 => edits(3).prop_map(Step::Elsewhere),
        3 => Just(Step::Read),
        1 => Just(Step::Expire),
        2 => program().prop_map(Step::Open),
        5 => (program(), edits(4)).prop_map(|(program, edits)| Step::Save(program, edits)),
        3 => Just(Step::Rebase),
        5 => answers().prop_map(Step::Send),
        3 => Just(Step::Complete),
    ];
    let verdicts = vec![
        Step::Reject,
        Step::Retry,
        Step::Discard,
        Step::RefuseHere,
        Step::SetAside,
        Step::PutBack,
    ];
    let others = vec![
        Step::Archive,
        Step::SendArchival,
        Step::ArchivalUnsent,
        Step::Archived,
        Step::Restore,
        Step::Rename(1),
        Step::Rename(2),
        Step::Arrive,
        Step::GiveUpRelocation,
        Step::NoteCreating,
        Step::NotCreated,
        Step::Evict,
        Step::Recall,
        Step::LoseCache,
        Step::SetTime,
        Step::Listed(3),
        Step::Crash,
    ];
    prop_oneof![
        6 => saves,
        1 => prop::sample::select(verdicts),
        2 => prop::sample::select(others),
    ]
}

pub(super) fn steps(count: usize) -> impl Strategy<Value = Vec<Step>> {
    vec(step(), 0..=count)
}
