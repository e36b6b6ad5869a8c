//! The world of the simulation of sessions, and what must hold in it at every moment and once
//! everything is through: see `sessions::model`.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use crate::{
    simulation::{
        named_lines::{has_children, indented, names, rendered},
        sessions::{
            model::{Fate, Lines},
            mounts::{Mount, VirtualClock},
        },
    },
    support::{
        harness::{APPEND, me},
        rng::Dice,
        service::Memory,
    },
};

/// From this seed on projects are renamed and moved, machines lose power, and a mount may take what
/// it knows for true for some seconds.
pub(crate) const WIDER: u64 = 1_000_000;

/// The names that the project may have, and its file.
pub(crate) const TITLES: [&str; 2] = ["Plan", "Later"];

/// How often the journal is waited for between two requests, at the most.
const QUIET: usize = 16;

pub(crate) struct World {
    pub(crate) dice: Dice,
    pub(crate) memory: Arc<Memory>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) lines: Lines,
    pub(crate) named: u64,
    pub(crate) story: Vec<String>,
    pub(crate) wider: bool,
    /// The project's, until it is a copy.
    pub(crate) id: String,
    /// The lines that the service had, and that each mount showed, a moment ago.
    shown: Vec<Vec<String>>,
}

impl World {
    pub(crate) async fn new(seed: u64) -> Self {
        let memory = Memory::acme();
        memory.seed("w", "plan", "Plan", "");
        // A save looks what is there before it is sent: what somebody overwrites unseen is not lost.
        let max_age = Duration::ZERO;
        let wider = seed >= WIDER;
        let clock = VirtualClock::new();
        let mut mounts = vec![Mount::new("A", &memory, max_age, wider, clock.clone()).await];
        if seed.is_multiple_of(3) {
            let max_age = if wider { Duration::from_secs(5) } else { max_age };
            mounts.push(Mount::new("B", &memory, max_age, wider, clock).await);
        }
        // What is copied and archived by one mount is another project for the other.
        memory.lock().titles_follow = mounts.len() > 1 || seed.is_multiple_of(2);
        let (lines, story) = (Lines::new(), vec![format!("seed {seed}")]);
        let (dice, id, shown) = (Dice(seed), "plan".to_owned(), Vec::new());
        Self { dice, memory, mounts, lines, named: 0, story, wider, id, shown }
    }

    /// Waits until all is done that can be at this moment. What the journal is still writing would
    /// else be over before what comes next in one run, and after it in another. The threads that
    /// write are one: see `simulate`.
    pub(crate) async fn settle(&self) {
        let (mut asked, mut quiet) = (self.memory.lock().faults.asked, 0);
        while quiet < QUIET {
            tokio::task::spawn_blocking(|| ()).await.unwrap();
            tokio::task::yield_now().await;
            let now = self.memory.lock().faults.asked;
            quiet = if now == asked { quiet + 1 } else { 0 };
            asked = now;
        }
    }

    pub(crate) fn name(&mut self) -> String {
        // Names that are nothing alike: which line was edited is not to be anybody's guess.
        loop {
            self.named += 1;
            let mut letters = Dice(self.named);
            let name = format!("u#{}{}", letters.word(), letters.word());
            if !self.lines.contains_key(&name) {
                self.lines.insert(name.clone(), Default::default());
                return name;
            }
        }
    }

    /// The project that is there, or the copy that it becomes.
    pub(crate) fn project(&self) -> String {
        let found = TITLES.iter().flat_map(|title| self.memory.all_named(title)).next();
        found.unwrap_or_else(|| self.id.clone())
    }

    pub(crate) fn tree(&self) -> String {
        self.memory.tree(&self.project())
    }

    pub(crate) fn note_writes(&mut self) {
        self.story.extend(self.memory.take_writes().iter().map(|write| format!("  > {write}")));
        for (before, now) in self.memory.take_replaced() {
            for name in names(&before).into_iter().filter(|name| !now.contains(name)) {
                let fate = self.lines.entry(name).or_default();
                fate.overridden = true;
                fate.became.extend(names(&now));
            }
        }
        for mount in &self.mounts {
            let (overridden, doubled) = mount.seen.lock().unwrap().take();
            for name in overridden {
                self.story.push(format!("  ({} has not seen {name})", mount.name));
                self.lines.entry(name).or_default().overridden_unseen = true;
            }
            for name in doubled {
                self.story.push(format!("  ({} has not seen {name} again)", mount.name));
                self.lines.entry(name).or_default().doubled_unseen = true;
            }
        }
    }

    /// Who was told lately that a project and its copy are kept removes the copy.
    pub(crate) fn heed_refusals(&mut self) {
        let is_told: Vec<bool> = self.mounts.iter_mut().map(Mount::is_told_of_both).collect();
        if is_told.contains(&true) {
            self.remove_copy();
        }
    }

    pub(crate) fn remove_copy(&mut self) {
        let all = TITLES.iter().flat_map(|title| self.memory.all_named(title));
        let number = |id: &String| id.strip_prefix('p').and_then(|it| it.parse::<u64>().ok());
        if let Some(id) = all.max_by_key(number) {
            self.story.push(format!("somebody removes {id}, the copy"));
            self.memory.archive_elsewhere(&id, true);
            for mount in &mut self.mounts {
                mount.removed.insert(id.clone());
            }
        }
    }

    pub(crate) fn change(&mut self, line: &str) {
        for name in names(line) {
            self.lines.entry(name).or_default().changed = true;
        }
    }

    pub(crate) fn called(&self, mount: usize, program: usize) -> String {
        format!("{}{program}", self.mounts[mount].name)
    }

    pub(crate) fn verify(&self, mount: usize, program: usize, text: &str) {
        let buffer = self.mounts[mount].programs[program].buffer.as_ref().unwrap();
        if text != buffer.text() {
            let called = self.called(mount, program);
            self.fail(&format!("{called} reads back another text:\n{}", indented(text)));
        }
    }

    /// Where lines changed places or parents, which of them moved is anybody's guess. What is put
    /// among lines that others have moved since is moved with them.
    pub(crate) fn change_moved(&mut self, before: &[String], after: &[String]) {
        let of = |lines: &[String]| -> BTreeSet<String> {
            lines.iter().flat_map(|line| names(line)).collect()
        };
        let (old, new) = (of(before), of(after));
        let both: BTreeSet<String> = old.intersection(&new).cloned().collect();
        let is_added = new.difference(&old).next().is_some();
        let is_moved_elsewhere = self.shown.iter().any(|shown| {
            let common = old.intersection(&of(shown)).cloned().collect();
            places(before, &common) != places(shown, &common)
        });
        let changed = match places(before, &both) != places(after, &both) || is_added {
            true if is_added && is_moved_elsewhere => new,
            true => both,
            false => return,
        };
        for name in changed {
            self.lines.entry(name).or_default().changed = true;
        }
    }

    pub(crate) fn fail(&self, what: &str) -> ! {
        panic!(
            "{what}\nthe service has:\n{}\nthe story:\n{}\n{}",
            indented(&self.tree()),
            self.story.join("\n"),
            self.memory.take_writes().join("\n")
        );
    }

    /// Notes of which lines the task was deleted, though another one has been made for it.
    fn note_tasks(&mut self, tree: &str) {
        let ids = self.memory.ids(&self.project());
        for (line, id) in tree.lines().zip(&ids) {
            for name in names(line) {
                let Some(fate) = self.lines.get_mut(&name) else { continue };
                fate.vanished |= fate.task.as_ref().is_some_and(|task| !ids.contains(task));
                if fate.task.as_ref().is_none_or(|task| !ids.contains(task)) {
                    fate.task = Some(id.clone());
                }
            }
        }
    }

    pub(crate) async fn check(&mut self) {
        self.settle().await;
        self.note_writes();
        let tree = self.tree();
        self.note_tasks(&tree);
        let mut there = BTreeSet::new();
        let mut texts = BTreeSet::new();
        let is_at_rest = self.mounts.iter().all(|mount| mount.journaled().is_empty());
        for line in tree.lines().map(|line| line.trim_start().trim_start_matches("x ")) {
            let Some(name) = names(line).pop() else { continue };
            // What vanished while several had changed it is made again by each, with its change.
            let fate = self.lines.get(&name);
            let is_fought_over = fate.is_some_and(|fate| fate.vanished && fate.changed);
            let is_other = texts.insert(line.to_owned()) && is_fought_over;
            let is_excused = is_other || fate.is_some_and(|fate| fate.doubled_unseen);
            if !there.insert(name.clone()) && !is_excused && is_at_rest {
                self.fail(&format!("{name} is there twice"));
            }
        }
        for (name, fate) in &mut self.lines {
            if fate.was_there && !fate.vanished && !there.contains(name) {
                self.story.push(format!("  ({name} is gone)"));
            }
            fate.vanished |= fate.was_there && !there.contains(name);
            fate.was_there |= there.contains(name);
        }
        let mut seen = there;
        // While a project is moved there may be two.
        for title in TITLES {
            let all = self.memory.all_named(title);
            seen.extend(all.iter().flat_map(|id| names(&self.memory.tree(id))));
        }
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        self.shown = vec![lines(&tree)];
        for mount in &mut self.mounts {
            let shown = mount.read(me()).await;
            seen.extend(shown.iter().flat_map(|text| names(text)));
            self.shown.extend(shown.iter().map(|text| lines(text)));
            seen.extend(mount.journaled().iter().flat_map(|text| names(text)));
            seen.extend(mount.kept(&["conflicts", "rejected"]).iter().flat_map(|text| names(text)));
        }
        let lost: Vec<&String> = self
            .lines
            .iter()
            .filter(|(name, fate)| fate.must_be_there() && !seen.contains(*name))
            .map(|(name, _)| name)
            .collect();
        if !lost.is_empty() {
            self.fail(&format!("{lost:?} lost"));
        }
    }

    /// The service is well again, and everybody has time.
    pub(crate) async fn end(&mut self) {
        self.heal();
        tokio::time::sleep(Duration::from_secs(600)).await;
        self.heed_refusals();
        for which in 0..self.mounts.len() {
            // A save that was refused is settled by one that changes something.
            if self.mounts[which].read(me()).await.is_some() {
                let name = self.name();
                let line = format!("- [ ] {name}\n");
                if self.mounts[which].write(me(), APPEND, &line).await {
                    self.lines.entry(name).or_default().promised = true;
                }
            }
            tokio::time::sleep(Duration::from_secs(600)).await;
        }
        self.check().await;
        self.note_writes();
        let open = self.memory.open_projects();
        if open.len() != 1 {
            self.fail(&format!("there is not one project: {open:?}"));
        }
        let tree = self.tree();
        for which in 0..self.mounts.len() {
            let shown = self.mounts[which].read(me()).await.unwrap_or_default();
            if shown != rendered(&tree) {
                let name = self.mounts[which].name;
                self.fail(&format!("{name} shows something else:\n{}", indented(&shown)));
            }
        }
        let there: BTreeSet<String> = names(&tree).into_iter().collect();
        let overridden: Vec<String> =
            self.mounts.iter().flat_map(|mount| mount.kept(&["conflicts"])).collect();
        let set_aside: BTreeSet<String> = overridden.iter().flat_map(|text| names(text)).collect();
        self.note_overridden_while_waiting();
        for (name, fate) in &self.lines {
            let is_set_aside = fate.may_be_set_aside() && set_aside.contains(name);
            if fate.must_be_there() && !there.contains(name) && !is_set_aside {
                self.fail(&format!("{name} is lost"));
            }
            let is_back = tree.lines().any(|line| {
                line.trim_start().trim_start_matches("x ") == name && !has_children(&tree, name)
            });
            let was_another = |other: &Fate| other.changed && other.became.contains(name);
            if fate.must_be_gone() && is_back && !self.lines.values().any(was_another) {
                self.fail(&format!("{name} is back"));
            }
        }
    }

    /// A save that waits overrides a line too, and whoever is shown that save may take out what
    /// it put in the line's place: then the service is never sent that.
    fn note_overridden_while_waiting(&mut self) {
        for (here, elsewhere) in self.mounts.iter().flat_map(|mount| mount.overridden()) {
            let is_out = |name: &String| self.lines.get(name).is_some_and(|it| it.perhaps_removed);
            if names(&here).iter().any(is_out) {
                for name in names(&elsewhere) {
                    self.lines.entry(name).or_default().overridden = true;
                }
            }
        }
    }
}

/// How deep which of these lines are, in order.
fn places(lines: &[String], of: &BTreeSet<String>) -> Vec<(String, usize)> {
    let depth = |line: &String| line.len() - line.trim_start().len();
    let named =
        lines.iter().flat_map(|line| names(line).into_iter().map(move |name| (name, depth(line))));
    named.filter(|(name, _)| of.contains(name)).collect()
}
