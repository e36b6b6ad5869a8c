//! The exports of spaces: who walks through which, whether one is on its way, and what the last one
//! told.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::{Mutex as AsyncMutex, watch};

use crate::{
    api::Exported,
    ids::{ProjectId, SpaceId},
    lock_order::Ordered,
    model::Marker,
};

/// Within how long a second project of a space must be asked for, to make it a walk through it.
pub(crate) const WALK: Duration = Duration::from_secs(10);

/// How long a reader waits for an export since it was asked for, where that is in place of a listing.
/// It goes on without one, and what comes later is still of use.
pub(crate) const EXPORT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a failure counts; the next one, twice as long.
pub(crate) const FAILED: Duration = Duration::from_secs(60);

/// What takes longer, or is longer, is not what projects are read again by.
pub(crate) const SLOW: Duration = Duration::from_secs(2);
pub(crate) const LARGE: usize = 4 << 20;

/// What is known of the exports of every space.
#[derive(Debug, Default)]
pub(crate) struct SpaceExports {
    pub(crate) spaces: Ordered<HashMap<SpaceId, Arc<Space>>>,
    /// Held by whoever compares an export with a listing while none of the account is trusted: what
    /// that tells may spare the others the listing.
    pub(crate) first_comparison: AsyncMutex<()>,
}

#[derive(Debug, Default)]
pub(crate) struct Space {
    /// The last unknown project that was asked for, and when.
    pub(crate) asked: Ordered<Option<(u64, Instant)>>,
    flight: watch::Sender<Flight>,
    /// Locked by whoever exports, or compares with what came.
    pub(crate) export: AsyncMutex<ExportState>,
}

/// Which exports were asked for.
#[derive(Debug, Clone, Copy, Default)]
struct Flight {
    /// Since when one is awaited, if one is.
    awaited: Option<Instant>,
    /// Whether no program waits for it yet: it may take until nobody else needs the budget.
    is_ahead: bool,
    /// When the last one was asked for.
    last: Option<Instant>,
}

/// Whether a reader is to ask for an export.
#[derive(Debug)]
pub(crate) enum Claim {
    /// It is: nobody else does until the lease ends.
    Mine(FlightLease),
    /// Somebody else does at the moment.
    Awaited,
    /// Somebody has, less than `--max-age` ago.
    Lately,
}

#[derive(Debug, Default)]
pub(crate) struct ExportState {
    /// The newest export, as far as it is still of use.
    pub(crate) newest: Option<SpaceExport>,
    /// Of one that was not found to agree with a listing yet: whether it was slow or large, and what
    /// it left out.
    pub(crate) unagreed: Option<(bool, BTreeSet<ProjectId>)>,
    /// How many in a row came to nothing.
    pub(crate) failures: u32,
}

/// An export of a space.
#[derive(Debug)]
pub(crate) struct SpaceExport {
    /// When it was asked for, or what it is compared with.
    pub(crate) taken: Instant,
    pub(crate) projects: HashMap<ProjectId, Exported>,
    /// The traits of the projects that were listed just as they were exported.
    pub(crate) verified: BTreeSet<String>,
    /// Whether a project was listed otherwise.
    pub(crate) differs: bool,
    /// Whether what readings understand is trusted, since a listing of one project said the same.
    pub(crate) agrees: bool,
    /// Of which saves what is known of a project was the outcome when the export was asked for; `None`
    /// if one was on its way.
    pub(crate) generations: HashMap<ProjectId, Option<u64>>,
}

impl SpaceExports {
    pub(crate) fn space(&self, id: &SpaceId) -> Arc<Space> {
        let mut spaces = self.spaces.lock();
        spaces.entry(id.clone()).or_default().clone()
    }
}

impl Space {
    /// Whether another unknown project of the space was asked for just now.
    pub(crate) fn is_walked(&self, serial: u64, now: Instant) -> bool {
        let mut asked = self.asked.lock();
        let before = asked.replace((serial, now));
        before.is_some_and(|(other, when)| {
            other != serial && now.saturating_duration_since(when) <= WALK
        })
    }

    /// How much longer a reader waits for an export.
    pub(crate) fn time_left(&self, now: Instant) -> Duration {
        let awaited = self.flight.borrow().awaited;
        let waited = awaited.map_or(Duration::ZERO, |since| now.saturating_duration_since(since));
        EXPORT_TIMEOUT.saturating_sub(waited)
    }

    /// An export is awaited until the lease ends.
    pub(crate) fn await_from(self: &Arc<Self>, since: Instant) -> FlightLease {
        self.flight.send_modify(|flight| flight.awaited = Some(since));
        FlightLease(self.clone())
    }

    /// Whether somebody is to ask for an export now. Without any age to be served at there is one
    /// in a mount: whoever looks wants less than a space.
    pub(crate) fn claim(self: &Arc<Self>, now: Instant, max_age: Duration) -> Claim {
        let mut claim = Claim::Awaited;
        self.flight.send_if_modified(|flight| {
            let is_young =
                |last| max_age.is_zero() || now.saturating_duration_since(last) <= max_age;
            if flight.awaited.is_none() && flight.last.is_some_and(is_young) {
                claim = Claim::Lately;
            } else if flight.awaited.is_none() {
                flight.awaited = Some(now);
                claim = Claim::Mine(FlightLease(self.clone()));
            }
            matches!(claim, Claim::Mine(_))
        });
        claim
    }

    /// A program waits for an export that is awaited: it is given its time from now on, if it was read
    /// ahead until now.
    pub(crate) fn join(&self, now: Instant) {
        self.flight.send_if_modified(|flight| {
            let was_ahead = std::mem::take(&mut flight.is_ahead);
            if was_ahead {
                flight.awaited = flight.awaited.map(|_| now);
            }
            was_ahead
        });
    }

    /// Whether an export is awaited.
    pub(crate) fn is_awaited(&self) -> bool {
        self.flight.borrow().awaited.is_some()
    }

    /// Returns once no export is awaited.
    pub(crate) async fn landing(&self) {
        // The sender lives as long as this.
        let _ = self.flight.subscribe().wait_for(|flight| flight.awaited.is_none()).await;
    }
}

/// An export is awaited as long as this is there.
#[derive(Debug)]
pub(crate) struct FlightLease(Arc<Space>);

impl FlightLease {
    /// No program waits for it: it is read ahead.
    pub(crate) fn note_ahead(&self) {
        self.0.flight.send_modify(|flight| flight.is_ahead = true);
    }

    /// It was asked for.
    pub(crate) fn note_asked(&self, now: Instant) {
        self.0.flight.send_modify(|flight| flight.last = Some(now));
    }

    /// It was not, after all: whoever comes next may.
    pub(crate) fn note_unasked(&self) {
        self.0.flight.send_modify(|flight| flight.last = None);
    }
}

impl Drop for FlightLease {
    fn drop(&mut self) {
        self.0.flight.send_modify(|flight| (flight.awaited, flight.is_ahead) = (None, false));
    }
}

impl ExportState {
    /// It came to nothing once more: how long that counts.
    pub(crate) fn note_failure(&mut self, longest: Duration) -> Duration {
        let pause = FAILED.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        pause.min(longest)
    }
}

impl SpaceExport {
    /// What it says of a project, if that can be trusted.
    pub(crate) fn trusted(&self, id: &ProjectId) -> Option<&Exported> {
        let exported = self.projects.get(id).filter(|_| !self.differs)?;
        let is_trusted =
            |kind: &String| self.verified.contains(kind) || (self.agrees && is_understood(kind));
        exported.traits.iter().all(is_trusted).then_some(exported)
    }

    /// Keeps what is still of use: what cannot be trusted yet, and what is of these projects.
    pub(crate) fn keep_untrusted(&mut self, busy: &HashSet<ProjectId>) {
        let is_untrusted =
            |id: &ProjectId| !self.differs && (busy.contains(id) || self.trusted(id).is_none());
        let left: HashSet<ProjectId> =
            self.projects.keys().filter(|id| is_untrusted(id)).cloned().collect();
        self.projects.retain(|id, _| left.contains(id));
        self.projects.shrink_to_fit();
        self.generations.retain(|id, _| left.contains(id));
        self.generations.shrink_to_fit();
    }
}

/// Whether a trait of a node is one that readings show as what it is: a listing has the node all the
/// same. Of the markup of a text it is unknown how that is listed.
fn is_understood(kind: &str) -> bool {
    match kind.split_once(' ') {
        Some(("format", word)) => word == "none" || Marker::of_format(word).is_some(),
        Some(("attribute", id)) => id.starts_with('@'),
        Some(("type" | "text", word)) => matches!(word, "text" | "paragraph"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeSet, HashMap},
        sync::Arc,
        time::{Duration, Instant},
    };

    use super::{Claim, EXPORT_TIMEOUT, ExportState, FAILED, Space, SpaceExport};
    use crate::{api::Exported, ids::ProjectId};

    const AGE: Duration = Duration::from_secs(30);

    #[test]
    fn one_export_is_asked_for_at_a_time_and_in_an_age() {
        let (space, now) = (Arc::new(Space::default()), Instant::now());
        let Claim::Mine(lease) = space.claim(now, AGE) else { panic!("it is free") };
        assert!(matches!(space.claim(now, AGE), Claim::Awaited));
        drop(lease);
        let Claim::Mine(lease) = space.claim(now, AGE) else { panic!("it was not asked for") };
        lease.note_asked(now);
        drop(lease);
        assert!(matches!(space.claim(now + AGE, AGE), Claim::Lately));
        let later = now + AGE + Duration::from_secs(1);
        assert!(matches!(space.claim(later, AGE), Claim::Mine(_)));
        assert!(matches!(space.claim(later, Duration::ZERO), Claim::Lately));
    }

    #[test]
    fn who_joins_what_is_read_ahead_gives_it_its_time_once() {
        let (space, now) = (Arc::new(Space::default()), Instant::now());
        let later = now + 2 * EXPORT_TIMEOUT;
        let Claim::Mine(lease) = space.claim(now, AGE) else { panic!("it is free") };
        lease.note_ahead();
        assert_eq!(space.time_left(later), Duration::ZERO);
        space.join(later);
        assert_eq!(space.time_left(later), EXPORT_TIMEOUT);
        space.join(later + EXPORT_TIMEOUT);
        assert_eq!(space.time_left(later + EXPORT_TIMEOUT), Duration::ZERO);
        drop(lease);
        let Claim::Mine(_lease) = space.claim(later, AGE) else { panic!("it is free") };
        space.join(later + EXPORT_TIMEOUT);
        assert_eq!(space.time_left(later + EXPORT_TIMEOUT), Duration::ZERO, "somebody waits");
    }

    #[test]
    fn failures_count_longer_and_longer() {
        let (mut state, longest) = (ExportState::default(), Duration::from_secs(3600));
        let pauses: Vec<_> = (0..8).map(|_| state.note_failure(longest)).collect();
        assert_eq!(pauses[..3], [FAILED, 2 * FAILED, 4 * FAILED]);
        assert_eq!(pauses[7], longest);
    }

    #[test]
    fn formats_and_fields_are_trusted_once_one_project_agrees_and_markup_once_it_was_compared() {
        let id = ProjectId::new("p");
        let of = |traits: &[&str]| {
            let traits = traits.iter().map(|kind| (*kind).to_owned()).collect();
            let exported = Exported { traits, ..Exported::default() };
            SpaceExport {
                taken: Instant::now(),
                projects: HashMap::from([(id.clone(), exported)]),
                verified: BTreeSet::new(),
                differs: false,
                agrees: false,
                generations: HashMap::new(),
            }
        };
        let known = ["type text", "text paragraph", "format none", "format h2", "attribute @a"];
        let mut export = of(&known);
        assert!(export.trusted(&id).is_none());
        export.agrees = true;
        assert!(export.trusted(&id).is_some());
        for odd in ["type image", "text bold", "format toggle", "attribute x", "line break"] {
            let mut export = of(&[odd]);
            export.agrees = true;
            assert!(export.trusted(&id).is_none(), "{odd}");
            export.verified.insert(odd.to_owned());
            assert!(export.trusted(&id).is_some(), "{odd}");
        }
    }
}
