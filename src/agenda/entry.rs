//! Which tasks are on an agenda, and in which order.

use jiff::{Span, Timestamp, civil::Date};

use super::{
    gather::Task,
    when::{Now, State, When},
};

/// What is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Filter {
    /// Also what is done.
    pub(crate) all: bool,
    /// Only what is overdue.
    pub(crate) overdue: bool,
    /// Only what is due within so many days, 0 being today; `None` whenever it is due.
    pub(crate) days: Option<u32>,
    /// Only what the one with this handle does, and that also without a date.
    pub(crate) assigned: Option<String>,
}

/// A line of an agenda.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AgendaEntry {
    pub(crate) task: Task,
    /// When it is due; `None` if that is not known.
    pub(crate) when: Option<When>,
    pub(crate) state: State,
}

/// What is wanted of the tasks, by when it is due; on a day what is due all day comes first, and
/// what has no date comes last. What is due together is ordered by file and line.
pub(crate) fn select(tasks: Vec<Task>, now: &Now, filter: &Filter) -> Vec<AgendaEntry> {
    let entries = tasks.into_iter().map(|task| AgendaEntry::of(task, now));
    let mut entries: Vec<AgendaEntry> = entries.filter(|entry| filter.wants(entry, now)).collect();
    sort(&mut entries, now);
    entries
}

/// Puts entries of several mounts in the order of [`select`].
pub(crate) fn sort(entries: &mut [AgendaEntry], now: &Now) {
    entries.sort_by(|one, other| {
        let of_task = |entry: &AgendaEntry| (entry.task.line, entry.task.task.clone());
        (due_order(one, now).cmp(&due_order(other, now)))
            .then_with(|| one.task.path.cmp(&other.task.path))
            .then_with(|| of_task(one).cmp(&of_task(other)))
    });
}

impl AgendaEntry {
    fn of(task: Task, now: &Now) -> Self {
        let when = task.date.as_ref().and_then(When::of);
        let state = match &when {
            _ if task.done => State::Done,
            Some(when) => when.state(now),
            None => State::Undated,
        };
        Self { task, when, state }
    }
}

impl Filter {
    fn wants(&self, entry: &AgendaEntry, now: &Now) -> bool {
        let is_early = match (&entry.when, self.days) {
            (Some(when), Some(days)) => when.due.day(now.zone()) <= last_day(now, days),
            (Some(_), None) => true,
            (None, _) => self.assigned.is_some(),
        };
        let is_theirs = self.assigned.as_ref().is_none_or(|handle| {
            entry.task.assignees.iter().any(|assignee| assignee.eq_ignore_ascii_case(handle))
        });
        is_early
            && is_theirs
            && (self.all || !entry.task.done)
            && (!self.overdue || entry.state == State::Overdue)
    }
}

fn last_day(now: &Now, days: u32) -> Date {
    let span = Span::new().try_days(i64::from(days));
    span.map_or(Date::MAX, |span| now.today().saturating_add(span))
}

/// What has no date, or one without a time, sorts as the first part says.
fn due_order(entry: &AgendaEntry, now: &Now) -> (bool, Option<Date>, Option<Timestamp>) {
    let due = entry.when.as_ref().map(|when| &when.due);
    let day = due.map(|due| due.day(now.zone()));
    (due.is_none(), day, due.and_then(|due| due.moment(now.zone())))
}
