//! What is asked for next of what programs have open, and when. Pure.
//!
//! A change made elsewhere is to show within a minute, with nobody looking: so a reading of what was
//! opened lately is asked for again at [`AGE`], and of what was opened long ago at [`SELDOM`]. Requests
//! are [`PACE`] apart, whoever has what open; only what cannot wait goes one ahead of that. Where it is
//! too slow to come to each within a minute, the list of what was viewed lately, one request for the
//! account, tells whose turn comes first; it is no proof, so the others have their turns all the same,
//! the oldest reading first.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use crate::ids::{ProjectId, SpaceId};

/// How old a reading of what was opened lately gets: a minute, and no more than 60 requests an hour.
pub(crate) const AGE: Duration = Duration::from_millis(59_500);

/// How far apart requests are: 225 an hour.
pub(crate) const PACE: Duration = Duration::from_secs(16);

/// How often it is asked what was viewed.
pub(crate) const VIEWED: Duration = Duration::from_secs(45);

/// How many can be asked for in turn before one of them is too old.
pub(crate) const FEW: usize = 3;

/// How many that were viewed go before all others, each time that it is asked.
const FIRST: usize = 2;

/// What was opened within this time was opened lately.
pub(crate) const LATELY: Duration = Duration::from_secs(3600);

/// How old a reading of what was opened long ago gets, and how long anybody waits for a turn.
pub(crate) const SELDOM: Duration = Duration::from_secs(600);

/// For how long nobody asks again what was viewed, where that was refused.
const REFUSED: Duration = Duration::from_secs(24 * 3600);

/// How far down the list of what was viewed it is looked for changes, if nothing else tells.
const TOP: usize = 10;

/// What one request reads.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Subject {
    /// All projects of a space, by an export.
    Space(SpaceId),
    /// One project, by a listing.
    Project(ProjectId),
}

/// What is open of one subject.
#[derive(Debug, Clone)]
pub(crate) struct OpenSubject {
    pub(crate) subject: Subject,
    /// Those that are open.
    pub(crate) projects: Vec<ProjectId>,
    /// The time of the oldest reading of them.
    pub(crate) read: Instant,
    /// When one of them was last opened.
    pub(crate) opened: Instant,
    /// How old a reading gets before it is asked for again, of the one of them that is to be the youngest.
    pub(crate) max_age: Duration,
}

impl OpenSubject {
    fn has(&self, project: &ProjectId) -> bool {
        self.projects.contains(project)
    }
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// The subject of this number is read.
    Read(usize),
    /// It is asked what was viewed.
    Viewed,
    /// Nothing before this moment.
    Wait(Instant),
}

/// Whose turn it is.
#[derive(Debug, Default)]
pub(crate) struct FollowOrder {
    /// Until when no request is to go, at this pace, after those that went.
    paced: Option<Instant>,
    /// When each subject had its turn, whatever came of it.
    turns: HashMap<Subject, Instant>,
    /// When it may be asked again what was viewed.
    viewed_from: Option<Instant>,
    /// What was viewed last.
    last_viewed: Option<ProjectId>,
    /// What was viewed since it had its turn, the latest first.
    viewed: Vec<ProjectId>,
    /// How many of them go before all others.
    first: usize,
}

impl FollowOrder {
    /// What comes next. Nothing is read that is younger than its `max_age`.
    pub(crate) fn next(&self, open: &[OpenSubject], now: Instant) -> Turn {
        let due = |at: usize| self.due(&open[at], now);
        let ready = |at: usize| self.read(&open[at]) + open[at].max_age;
        let mut oldest_first: Vec<usize> = (0..open.len()).collect();
        oldest_first.sort_by_key(|at| due(*at));
        let Some(oldest) = oldest_first.first().copied() else { return Turn::Wait(now + AGE) };
        // Those that come after it are to have their turns in time as well.
        let begin = (0u32..)
            .zip(&oldest_first)
            .filter_map(|(turns, at)| due(*at).checked_sub(PACE * turns));
        let begin = begin.min().unwrap_or(now).max(ready(oldest));
        let paced = self.paced.unwrap_or(now).max(now);
        let ahead = paced.checked_sub(PACE).unwrap_or(now).max(now);
        let first = (self.first > 0)
            .then(|| {
                let is_it = |open: &OpenSubject, it| open.max_age < AGE && open.has(it);
                self.viewed.iter().find_map(|it| open.iter().position(|open| is_it(open, it)))
            })
            .flatten();
        let hint = is_hint_wanted(open, now).then_some(self.viewed_from.unwrap_or(now));
        // What is to come in between cannot wait for long.
        let patience = if hint.is_some() { SELDOM } else { Duration::ZERO };
        // Of those that may go at the same time, the first one does.
        let turns = [
            Some(((due(oldest) + patience).max(ahead), Turn::Read(oldest))),
            first.map(|first| (ready(first).max(ahead), Turn::Read(first))),
            hint.map(|from| (from.max(ahead), Turn::Viewed)),
            Some((begin.max(paced), Turn::Read(oldest))),
        ];
        let next = turns.into_iter().flatten().min_by_key(|(when, _)| *when);
        match next {
            Some((when, turn)) if when <= now => turn,
            next => Turn::Wait(next.map_or(now + AGE, |(when, _)| when)),
        }
    }

    /// When something was last read, or had its turn in vain.
    fn read(&self, open: &OpenSubject) -> Instant {
        self.turns.get(&open.subject).map_or(open.read, |turn| open.read.max(*turn))
    }

    /// When something is too old.
    fn due(&self, open: &OpenSubject, now: Instant) -> Instant {
        let is_late = now.saturating_duration_since(open.opened) > LATELY;
        self.read(open) + if is_late { SELDOM } else { AGE }.max(open.max_age)
    }

    fn is_viewed(&self, open: &OpenSubject) -> bool {
        self.viewed.iter().any(|project| open.has(project))
    }

    fn note_sent(&mut self, now: Instant) {
        self.paced = Some(self.paced.map_or(now, |paced| paced.max(now)) + PACE);
    }

    /// A subject has its turn.
    pub(crate) fn note_read(&mut self, open: &OpenSubject, now: Instant) {
        self.note_sent(now);
        self.turns.retain(|_, turn| now.saturating_duration_since(*turn) <= SELDOM);
        self.turns.insert(open.subject.clone(), now);
        if self.is_viewed(open) {
            self.first = self.first.saturating_sub(1);
        }
        self.viewed.retain(|project| !open.has(project));
    }

    /// It is asked what was viewed.
    pub(crate) fn note_asked(&mut self, now: Instant) {
        self.note_sent(now);
        self.viewed_from = Some(now + VIEWED);
    }

    /// What was viewed, the latest first. Of the first it cannot be told whether it was viewed once
    /// more.
    pub(crate) fn note_viewed(&mut self, projects: &[ProjectId]) {
        let since = match &self.last_viewed {
            Some(last) => projects.iter().take(TOP).position(|it| it == last).unwrap_or(TOP),
            None => 0,
        };
        let viewed: Vec<ProjectId> = projects.iter().take(since.max(1)).cloned().collect();
        self.viewed.retain(|known| !viewed.contains(known));
        self.viewed.splice(0..0, viewed);
        self.viewed.truncate(TOP);
        self.first = FIRST;
        self.last_viewed = projects.first().cloned();
    }

    /// The service does not tell what was viewed.
    pub(crate) fn note_refused(&mut self, now: Instant) {
        self.viewed_from = Some(now + REFUSED);
    }
}

/// Whether what was opened lately cannot be read in turn before it is too old.
fn is_hint_wanted(open: &[OpenSubject], now: Instant) -> bool {
    let is_waited_for = |open: &&OpenSubject| {
        open.max_age < AGE && now.saturating_duration_since(open.opened) <= LATELY
    };
    open.iter().filter(is_waited_for).count() > FEW
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MAX_AGE: Duration = Duration::from_secs(30);

    fn id(number: usize) -> ProjectId {
        ProjectId::new(format!("p{number}"))
    }

    /// Programs that have each of so many projects open, and nothing that changes.
    struct Desk {
        order: FollowOrder,
        open: Vec<OpenSubject>,
        start: Instant,
        now: Instant,
        asked: Vec<(Duration, Turn)>,
    }

    impl Desk {
        fn with(count: usize) -> Self {
            let now = Instant::now();
            let open = |number| OpenSubject {
                subject: Subject::Project(id(number)),
                projects: vec![id(number)],
                read: now,
                opened: now,
                max_age: MAX_AGE,
            };
            let open = (0..count).map(open).collect();
            Self { order: FollowOrder::default(), open, start: now, now, asked: Vec::new() }
        }

        /// Each is asked for again once it is so old, in seconds.
        fn aged(mut self, max_age: u64) -> Self {
            self.open.iter_mut().for_each(|open| open.max_age = Duration::from_secs(max_age));
            self
        }

        /// Until so long after the start, with an answer to each request.
        fn pass(&mut self, seconds: u64, viewed: impl Fn(Duration) -> Vec<ProjectId>) {
            let end = self.start + Duration::from_secs(seconds);
            while self.now < end {
                let turn = self.order.next(&self.open, self.now);
                let since = self.now - self.start;
                match turn {
                    Turn::Wait(until) => {
                        assert!(until > self.now, "nothing goes on");
                        self.now = until.min(end);
                        continue;
                    }
                    Turn::Read(number) => {
                        let open = &mut self.open[number];
                        self.order.note_read(open, self.now);
                        assert!(self.now - open.read >= open.max_age, "{number} is young");
                        open.read = self.now;
                    }
                    Turn::Viewed => {
                        self.order.note_asked(self.now);
                        self.order.note_viewed(&viewed(since));
                    }
                }
                self.asked.push((since, turn));
            }
        }

        /// The longest that a subject had no turn.
        fn oldest(&self, number: usize, end: u64) -> Duration {
            let mut times = vec![Duration::ZERO];
            let turns = self.asked.iter().filter(|(_, turn)| *turn == Turn::Read(number));
            times.extend(turns.map(|(since, _)| *since));
            times.push(Duration::from_secs(end));
            times.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap()
        }
    }

    #[test]
    fn few_are_read_each_within_a_minute_and_one_takes_a_request_a_minute() {
        for (count, most) in [(1, 60), (2, 121), (3, 182)] {
            let mut desk = Desk::with(count);
            desk.pass(3600, |_| unreachable!("nobody asks what was viewed"));
            assert!(desk.asked.len() <= most, "{count}: {}", desk.asked.len());
            for number in 0..count {
                assert!(desk.oldest(number, 3600) <= Duration::from_secs(60), "{count}");
            }
        }
    }

    #[test]
    fn of_many_the_one_that_was_viewed_is_read_within_a_minute_and_the_others_have_their_turn() {
        let mut desk = Desk::with(10);
        let at = |minute: u64| id(usize::try_from(minute * 7 % 10).unwrap());
        // Another one every six minutes.
        desk.pass(3600, |since| vec![at(since.as_secs() / 360), at(1)]);
        assert!(desk.asked.len() <= 240, "{}", desk.asked.len());
        for viewed in 1..10 {
            let since = Duration::from_secs(viewed * 360);
            let number = usize::try_from(viewed * 7 % 10).unwrap();
            let is_it =
                |(when, turn): &&(Duration, Turn)| *when > since && *turn == Turn::Read(number);
            let (when, _) = desk.asked.iter().find(is_it).unwrap();
            assert!(*when - since <= Duration::from_secs(60), "{viewed}: {:?}", *when - since);
        }
        for number in 0..10 {
            assert!(
                desk.oldest(number, 3600) <= Duration::from_secs(720),
                "{number}: {:?}",
                desk.oldest(number, 3600)
            );
        }
    }

    #[test]
    fn whoever_moves_to_the_front_was_viewed_and_the_first_one_may_have_been() {
        let mut order = FollowOrder::default();
        order.note_viewed(&[id(1), id(2), id(3)]);
        assert_eq!(order.viewed, [id(1)]);
        order.note_viewed(&[id(3), id(2), id(1)]);
        assert_eq!(order.viewed, [id(3), id(2), id(1)]);
        order.viewed.clear();
        let all: Vec<ProjectId> = (10..50).map(id).collect();
        order.note_viewed(&all);
        assert_eq!(order.viewed.len(), TOP, "the last one is nowhere in it");
        order.note_viewed(&[]);
        assert_eq!(order.last_viewed, None);
    }

    #[test]
    fn what_was_opened_long_ago_is_read_seldom_and_nothing_before_max_age() {
        let mut desk = Desk::with(10);
        desk.now += Duration::from_secs(3700);
        desk.start = desk.now;
        desk.pass(3600, |_| unreachable!("nobody asks what was viewed"));
        assert!(desk.asked.len() <= 61, "{}", desk.asked.len());
        let mut desk = Desk::with(10).aged(3600);
        desk.pass(3599, |_| unreachable!("nobody asks what was viewed"));
        assert_eq!(desk.asked.len(), 0);
    }

    #[test]
    fn each_is_as_old_as_it_may_be_and_what_may_be_old_holds_nobody_up() {
        let mut desk = Desk::with(6);
        for open in &mut desk.open[..2] {
            open.max_age = Duration::from_secs(1800);
        }
        // What may be old was viewed last, all the time.
        desk.pass(3600, |since| {
            vec![id(0), id(2 + usize::try_from(since.as_secs() / 360 % 4).unwrap())]
        });
        for number in 0..2 {
            let turns = desk.asked.iter().filter(|(_, turn)| *turn == Turn::Read(number)).count();
            assert_eq!(turns, 1, "{number}");
        }
        for number in 2..6 {
            assert!(desk.oldest(number, 3600) <= Duration::from_secs(200), "{number}");
        }
        // Three that are to be young are read in turn: nobody is asked what was viewed.
        let mut desk = Desk::with(6);
        for open in &mut desk.open[..3] {
            open.max_age = Duration::from_secs(7200);
        }
        desk.pass(3600, |_| unreachable!("nobody asks what was viewed"));
        for number in 3..6 {
            assert!(desk.oldest(number, 3600) <= Duration::from_secs(60), "{number}");
        }
    }

    #[test]
    fn a_service_that_does_not_tell_what_was_viewed_is_not_asked_again() {
        let mut desk = Desk::with(10);
        desk.order.note_refused(desk.now);
        desk.pass(3600, |_| unreachable!("nobody asks what was viewed"));
        assert!(desk.asked.len() <= 240);
        for number in 0..10 {
            assert!(desk.oldest(number, 3600) <= Duration::from_secs(200), "{number}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn requests_keep_their_pace_and_nobody_is_left_out(
            count in 1usize..40,
            max_age in prop::sample::select(vec![0u64, 10, 30, 60]),
            viewed in prop::collection::vec(0usize..40, 1..8),
        ) {
            let mut desk = Desk::with(count).aged(max_age);
            let viewed: Vec<ProjectId> = viewed.into_iter().map(id).collect();
            let turned = |since: Duration| {
                let mut viewed = viewed.clone();
                let by = usize::try_from(since.as_secs() / 90).unwrap() % viewed.len();
                viewed.rotate_left(by);
                viewed
            };
            desk.pass(3600, turned);
            prop_assert!(desk.asked.len() <= 240);
            for three in desk.asked.windows(3) {
                prop_assert!(three[2].0 - three[0].0 >= PACE, "one ahead");
            }
            let longest = SELDOM + AGE + 2 * PACE * u32::try_from(count).unwrap();
            for number in 0..count {
                prop_assert!(desk.oldest(number, 3600) <= longest);
            }
        }
    }
}
