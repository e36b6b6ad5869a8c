//! Files in `media/` that are written, replaced in two steps, renamed away and back, removed and read,
//! drawn from a seed, while others upload and delete, answers are lost, requests are refused, the line
//! goes, and the mount is killed, loses power, or goes and comes back.
//!
//! The model is what a program knows: what it was told is saved is there, once; what it removed or
//! replaced, and nothing else, is gone; what was refused is there with its reason, and is done when it is
//! tried again. Everything written is another content, so that each is known by what is in it.

use std::collections::{BTreeMap, BTreeSet};

use taskadefs::error::{Kind, Result};

use crate::{
    simulation::sessions::VirtualClock,
    support::{
        harness::{Mount, pass},
        media::{MEDIA, names, read, remove, rename, state, write},
        rng::Dice,
        service::Fault,
    },
};

/// What one test runs. `TASKADEFS_MEDIA=FIRST,SEEDS,STEPS` asks for others.
const FIRST: u64 = 1;
const SEEDS: u64 = 60;
const STEPS: u64 = 16;

const NAMES: [&str; 3] = ["a.txt", "b.tar.gz", "c"];

/// What Taskade refuses a request with. That it has no such thing is no refusal of a deletion.
const REFUSALS: [Kind; 5] =
    [Kind::Unauthorized, Kind::Forbidden, Kind::PaymentRequired, Kind::FileTooLarge, Kind::Refused];

/// What comes in the way of one: a line that is gone, an answer that is none, a limit.
const TROUBLES: [Kind; 4] = [Kind::Ambiguous, Kind::Unreachable, Kind::Protocol, Kind::RateLimited];

type Content = Vec<u8>;

/// What a program sees under a name.
enum Sight {
    Holds(Content),
    Nothing,
    /// It does not come now.
    Unreadable,
}

struct Model {
    mount: Mount,
    dice: Dice,
    /// What is in each file, as its program was told or saw.
    files: BTreeMap<&'static str, Content>,
    /// What somebody else has uploaded, by its content: under which name.
    theirs: BTreeMap<Content, &'static str>,
    /// What programs have removed or replaced: there again only if that was refused.
    gone: BTreeSet<Content>,
    /// What is there again, since its deletion was refused.
    refused: BTreeSet<Content>,
    /// What somebody else has deleted: there as long as nobody knows.
    deleted: BTreeSet<Content>,
    /// Which were written through this mount.
    since_mounted: BTreeSet<&'static str>,
    written: usize,
    is_offline: bool,
    trail: Vec<String>,
}

impl Model {
    async fn new(seed: u64) -> Self {
        let mut mount = Mount::of("a").await;
        mount.clock = VirtualClock::new();
        mount.remount_cleanly().await;
        names(&mount).await;
        Self {
            mount,
            dice: Dice(seed),
            files: BTreeMap::new(),
            theirs: BTreeMap::new(),
            gone: BTreeSet::new(),
            refused: BTreeSet::new(),
            deleted: BTreeSet::new(),
            since_mounted: BTreeSet::new(),
            written: 0,
            is_offline: false,
            trail: vec![format!("seed {seed}")],
        }
    }

    /// Something that nobody has written yet, of a length that others have too.
    fn content(&mut self) -> Content {
        self.written += 1;
        let filling = "x".repeat(self.dice.below(3));
        format!("{:04}\0\u{ff}{filling}", self.written).into_bytes()
    }

    async fn step(&mut self) {
        let name = NAMES[self.dice.below(NAMES.len())];
        let what = self.dice.below(21);
        self.trail.push(format!("{what} {name}"));
        match what {
            0..=3 => {
                self.see(name).await;
                self.write(name).await;
            }
            4..=5 => {
                self.see(name).await;
                let content = self.content();
                write(&self.mount, ".new", &content).await.unwrap();
                let told = rename(&self.mount, ".new", name).await;
                self.put(name, content, told);
            }
            6 => self.back_up(name).await,
            7..=9 => self.remove(name).await,
            10 => self.fail_next(Fault::After),
            11 => {
                let kind = TROUBLES[self.dice.below(TROUBLES.len())];
                self.fail_next(Fault::Before(kind));
            }
            12 => {
                let kind = REFUSALS[self.dice.below(REFUSALS.len())];
                self.fail_next(Fault::Before(kind));
            }
            13 => {
                let kind = TROUBLES[self.dice.below(TROUBLES.len())];
                self.mount.memory.fail_next_reads([Fault::Before(kind)]);
            }
            14 => {
                self.is_offline = !self.is_offline;
                self.mount.memory.set_offline(self.is_offline);
            }
            15 => self.mount.memory.cut_after(Some(self.dice.below(4))),
            16 => {
                self.heal();
                if self.dice.once_in(2) {
                    self.mount.crash().await;
                } else {
                    self.mount.lose_power().await;
                }
            }
            17 => {
                self.heal();
                self.mount.remount_cleanly().await;
            }
            18 => {
                let (id, content) = (format!("t{}", self.written), self.content());
                self.mount.memory.upload_elsewhere("f", &id, name, &content);
                self.theirs.insert(content, name);
            }
            19 => self.delete_elsewhere(),
            _ => pass(self.dice.below(40) as u64).await,
        }
        self.see(name).await;
    }

    fn fail_next(&self, fault: Fault) {
        self.mount.memory.fail_next([fault]);
    }

    /// What a mount finds when it begins is there to be looked at. What was refused for its token is
    /// tried again by it.
    fn heal(&mut self) {
        self.deleted.extend(self.refused.iter().cloned());
        self.since_mounted.clear();
        self.mount.memory.heal();
        self.is_offline = false;
    }

    async fn write(&mut self, name: &'static str) {
        let content = self.content();
        let told = write(&self.mount, name, &content).await;
        self.put(name, content, told);
    }

    /// A program gave a file another content, and the one that it had goes, unless what is there could
    /// not even be looked at.
    fn put(&mut self, name: &'static str, content: Content, told: Result<()>) {
        if let Err(error) = told {
            let may_be = REFUSALS.contains(&error.kind()) || error.kind().is_transient();
            assert!(may_be, "{error}: {:?}", self.trail);
            if error.kind().is_transient() {
                return;
            }
        }
        self.since_mounted.insert(name);
        self.gone.remove(&content);
        self.refused.remove(&content);
        let former = self.files.insert(name, content.clone());
        if former.is_none() {
            // It may have been listed since it was looked for.
            self.may_go(name);
        }
        self.gone.extend(former.filter(|former| *former != content));
    }

    async fn remove(&mut self, name: &'static str) {
        let seen = self.see(name).await;
        match (remove(&self.mount, name).await, seen) {
            (Ok(()), Sight::Holds(content)) => {
                self.files.remove(name);
                self.gone.insert(content);
            }
            // It cannot be read now, and can be removed, whosever it is.
            (Ok(()), Sight::Unreadable) => self.gone.extend(self.files.remove(name)),
            // It cannot be read any more, and is listed still.
            (Ok(()), Sight::Nothing) => {
                assert!(!self.deleted.is_empty(), "removed {name}: {:?}", self.trail);
            }
            // It has just become known that somebody else deleted it.
            (Err(error), Sight::Holds(content)) => {
                assert!(self.deleted.contains(&content), "{error}: {:?}", self.trail);
                self.files.remove(name);
            }
            (Err(_), _) => {}
        }
    }

    /// A file is renamed to a backup, which comes back, or a new one takes its place.
    async fn back_up(&mut self, name: &'static str) {
        let (backup, seen) = (format!("{name}~"), self.see(name).await);
        match rename(&self.mount, name, &backup).await {
            Ok(()) => {}
            Err(error) if error.kind() == Kind::NotFound => {
                return assert!(!matches!(seen, Sight::Holds(_)), "{error}: {:?}", self.trail);
            }
            // What is in it cannot be read now.
            Err(error) => return assert!(error.kind().is_transient(), "{error}"),
        }
        let former = self.files.remove(name);
        if former.is_none() {
            self.may_go(name);
        }
        self.gone.extend(former.clone());
        if self.dice.once_in(2) {
            let told = rename(&self.mount, &backup, name).await;
            if let Some(former) = former {
                self.put(name, former, told);
            }
        } else {
            self.write(name).await;
            remove(&self.mount, &backup).await.unwrap();
        }
    }

    /// Somebody else deletes one of the files.
    fn delete_elsewhere(&mut self) {
        let all = self.mount.memory.medias();
        if all.is_empty() {
            return;
        }
        let at = self.dice.below(all.len());
        self.mount.memory.delete_media_elsewhere(&self.mount.memory.media_ids()[at]);
        self.deleted.insert(all[at].1.clone());
        self.theirs.remove(&all[at].1);
    }

    /// What a program reads is what was written last, or what somebody else has uploaded under that name,
    /// which is the program's from then on.
    async fn see(&mut self, name: &'static str) -> Sight {
        let (read, known) = (read(&self.mount, name).await, self.files.get(name).cloned());
        let is_lost = |known: &Content| self.deleted.contains(known);
        match (read, known) {
            (Ok(content), Some(known)) if content == known => Sight::Holds(content),
            (Ok(content), known) => {
                let is_free = known.as_ref().is_none_or(is_lost);
                if let Some(known) = known.filter(|_| !is_free) {
                    // Of two of one name either may have it in another mount.
                    let is_so = !self.since_mounted.contains(name) && self.is_shown(&known).await;
                    assert!(is_so, "{name} has {content:?}, not {known:?}: {:?}", self.trail);
                    self.theirs.insert(known, name);
                }
                if self.gone.remove(&content) {
                    let state = state(&self.mount, name).await;
                    assert_eq!(state.as_deref(), Some("rejected"), "{name}: {:?}", self.trail);
                    self.refused.insert(content.clone());
                } else {
                    let is_known = is_lost(&content) || self.theirs.remove(&content).is_some();
                    assert!(is_known, "{name} has {content:?}: {:?}", self.trail);
                }
                self.files.insert(name, content.clone());
                Sight::Holds(content)
            }
            (Err(error), known) if error.kind() == Kind::NotFound => {
                let is_free = known.as_ref().is_none_or(is_lost);
                assert!(is_free, "{name} is gone, not {known:?}: {:?}", self.trail);
                self.files.remove(name);
                Sight::Nothing
            }
            (Err(error), _) => {
                assert!(error.kind().is_transient(), "{error}: {:?}", self.trail);
                self.may_go(name);
                Sight::Unreadable
            }
        }
    }

    /// What others have uploaded under a name may be replaced or removed without a look at it.
    fn may_go(&mut self, name: &str) {
        let of_name = self.theirs.iter().filter(|(_, known)| **known == name);
        self.deleted.extend(of_name.map(|(content, _)| content.clone()));
    }

    /// Whether a file under any name has this content.
    async fn is_shown(&self, content: &Content) -> bool {
        for name in names(&self.mount).await {
            if read(&self.mount, &name).await.is_ok_and(|it| it == *content) {
                return true;
            }
        }
        false
    }

    /// All is at rest: the service has what programs were told, and nothing else.
    async fn end(mut self) {
        self.heal();
        pass(600).await;
        self.retry().await;
        assert_eq!(self.mount.waiting(), [], "{:?}", self.trail);
        let mut wanted: BTreeMap<Content, &str> = std::mem::take(&mut self.theirs);
        wanted.extend(self.files.iter().map(|(name, content)| (content.clone(), *name)));
        let mut found = self.mount.memory.medias();
        found.sort();
        let mut wanted: Vec<(String, Content)> =
            wanted.into_iter().map(|(content, name)| (name.to_owned(), content)).collect();
        wanted.retain(|it| !self.deleted.contains(&it.1) || found.contains(it));
        wanted.sort();
        assert_eq!(found, wanted, "{:?}", self.trail);
        self.mount.remount_cleanly().await;
        let mut shown = Vec::new();
        for name in names(&self.mount).await.into_iter().filter(|name| !name.ends_with('~')) {
            shown.push(read(&self.mount, &name).await.unwrap());
        }
        let mut wanted: Vec<Content> = wanted.into_iter().map(|(_, content)| content).collect();
        shown.sort();
        wanted.sort();
        assert_eq!(shown, wanted, "{:?}", self.trail);
    }

    /// What was refused is tried again, by its file.
    async fn retry(&mut self) {
        for name in names(&self.mount).await {
            // Who it is called after may have been learnt just now.
            let Ok(found) = self.mount.find(&format!("{MEDIA}/{name}")).await else { continue };
            let state = self.mount.attribute(found.ino, "user.taskade.state").await;
            if state.as_deref() == Some("rejected") {
                self.mount.vfs.retry(found.ino, false).await.unwrap();
            }
        }
        pass(600).await;
        // Deletions are done then.
        self.files.retain(|_, content| !self.refused.contains(content));
    }
}

async fn run(seed: u64, steps: u64) {
    let mut model = Model::new(seed).await;
    for _ in 0..steps {
        model.step().await;
    }
    model.end().await;
}

/// Seeds that have found something.
#[tokio::test(start_paused = true)]
async fn what_was_found_once_stays_mended() {
    for (seed, steps) in [(9132, 16), (9006, 16), (9143, 16)] {
        run(seed, steps).await;
    }
}

#[tokio::test(start_paused = true)]
async fn every_file_is_there_once_as_its_program_wrote_it() {
    let asked = std::env::var("TASKADEFS_MEDIA").unwrap_or_default();
    let mut numbers = asked.split(',').filter_map(|number| number.parse::<u64>().ok());
    let (first, seeds) = (numbers.next().unwrap_or(FIRST), numbers.next().unwrap_or(SEEDS));
    let steps = numbers.next().unwrap_or(STEPS);
    for seed in first..first + seeds {
        run(seed, steps).await;
    }
}
