//! What must hold of agents: a reference model of what programs were told is saved and of what others
//! made, key by key. Every value is another one, so that each is known by itself.

use std::collections::BTreeMap;

use serde_json::Value;

/// Something that an agent is set to, by its pointer in what the service has of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Track {
    /// What it was when it was first seen.
    first: Value,
    /// What a program saved last, and when.
    saved: Option<(Value, usize)>,
    /// What somebody else set it to last, and when.
    theirs: Option<(Value, usize)>,
    /// Whether a program that changed it had that before its eyes.
    is_seen: bool,
    /// Whether the mount was killed since it was saved. What was read since may be in no cache then, and
    /// what is shown without the service is what is there.
    may_be_old: bool,
}

impl Track {
    pub(crate) fn of(first: Value) -> Self {
        Self { first, ..Self::default() }
    }

    /// A program saves this in place of what it had before its eyes.
    pub(crate) fn save(&mut self, base: &Value, value: Value, now: usize) {
        self.is_seen |= self.theirs.as_ref().is_some_and(|(theirs, _)| theirs == base);
        self.saved = Some((value, now));
        self.may_be_old = false;
    }

    /// The mount is killed.
    pub(crate) fn kill(&mut self) {
        self.may_be_old = true;
    }

    /// Somebody else sets it to this.
    pub(crate) fn set_elsewhere(&mut self, value: Value, now: usize) {
        (self.theirs, self.is_seen) = (Some((value, now)), false);
    }

    /// Whether a program may see this: what was saved last, and before that whatever was there.
    pub(crate) fn may_show(&self, found: &Value) -> bool {
        let is_theirs = self.theirs.as_ref().is_some_and(|(theirs, _)| theirs == found);
        match &self.saved {
            Some(_) if self.may_be_old => true,
            Some((saved, at)) => {
                let is_later = self.theirs.as_ref().is_some_and(|(_, since)| since >= at);
                found == saved || (is_theirs && is_later)
            }
            None => true,
        }
    }

    /// Why it cannot be this in the end, given the versions that were kept as overridden; `None` if it
    /// can.
    pub(crate) fn objection(&self, found: &Value, kept: &str) -> Option<String> {
        let is_kept = |value: &Value| self.is_seen || kept.contains(&value.to_string());
        let (saved, theirs) = (self.saved.as_ref(), self.theirs.as_ref());
        let holds = match (saved, theirs) {
            (None, None) => *found == self.first,
            (Some((saved, _)), None) => found == saved,
            (None, Some((theirs, _))) => found == theirs,
            // Whoever came later has the say, and what waited meanwhile comes later.
            (Some((saved, at)), Some((theirs, since))) if found == theirs => {
                since > at || saved == theirs
            }
            (Some((saved, _)), Some((theirs, _))) => found == saved && is_kept(theirs),
        };
        (!holds).then(|| format!("{found} is not of {self:?}"))
    }
}

/// An agent as programs know it.
#[derive(Debug, Default)]
pub(crate) struct Agent {
    /// What its directory is called.
    pub(crate) dir: String,
    /// All that it was ever called.
    pub(crate) names: Vec<String>,
    /// Once it is known.
    pub(crate) id: Option<String>,
    /// By pointer.
    pub(crate) keys: BTreeMap<&'static str, Track>,
    /// Whether programs have removed it.
    pub(crate) is_removed: bool,
    /// Whether somebody else has deleted it.
    pub(crate) is_deleted: bool,
    /// Whether it knows the project; `None` if that was never said for certain.
    pub(crate) knows: Option<bool>,
    pub(crate) is_public: bool,
}

pub(crate) const NAME: &str = "/name";
pub(crate) const PROMPT: &str = "/data/description";
/// What else is set.
pub(crate) const KEYS: [&str; 3] = [PROMPT, "/data/tone", "/data/greeting"];

impl Agent {
    pub(crate) fn new(name: &str, prompt: &str) -> Self {
        let mut keys: BTreeMap<_, _> =
            KEYS.into_iter().map(|key| (key, Track::of(Value::Null))).collect();
        keys.insert(NAME, Track::of(name.into()));
        keys.insert(PROMPT, Track::of(prompt.into()));
        let (dir, names) = (name.to_owned(), vec![name.to_owned()]);
        Self { dir, names, keys, knows: Some(false), ..Self::default() }
    }

    pub(crate) fn save(&mut self, key: &'static str, base: &Value, value: Value, now: usize) {
        self.keys.get_mut(key).unwrap().save(base, value, now);
    }

    pub(crate) fn set_elsewhere(&mut self, key: &'static str, value: Value, now: usize) {
        self.keys.get_mut(key).unwrap().set_elsewhere(value, now);
    }

    /// Whether the mount was killed since something was said of it.
    pub(crate) fn may_be_unknown(&self) -> bool {
        self.keys.values().any(|track| track.may_be_old)
    }

    /// What is wrong with what a program sees of it.
    pub(crate) fn objections_to_sight(&self, seen: &Value) -> Vec<String> {
        let of_key = |(key, track): (&&'static str, &Track)| {
            let found = seen.pointer(key).unwrap_or(&Value::Null);
            (!track.may_show(found)).then(|| format!("{} {key} shows {found}: {track:?}", self.dir))
        };
        self.keys.iter().filter_map(of_key).collect()
    }

    /// What is wrong with it as the service has it.
    pub(crate) fn objections(&self, found: &Value, kept: &str) -> Vec<String> {
        let of_key = |(key, track): (&&'static str, &Track)| {
            let found = found.pointer(key).unwrap_or(&Value::Null);
            track.objection(found, kept).map(|it| format!("{} {key}: {it}", self.dir))
        };
        self.keys.iter().filter_map(of_key).collect()
    }
}
