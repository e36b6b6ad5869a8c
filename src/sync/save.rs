//! Accepting a save: parse it, tell who is who, journal it, and wait for Taskade's verdict.

use std::{collections::HashMap, sync::Arc, time::SystemTime};

use super::{
    engine::Engine,
    intent::{Intent, Rebased},
    journal::Entry,
    meant,
    project::{Project, Saved, State},
    refusal::RefusedOf,
    served::{Process, Seen},
    set_aside::PutBack,
    shown,
};
use crate::{
    api::MAX_CONTENT_CHARS,
    document::{self, Line, ParseOptions},
    error::{Error, Kind, Result},
    ids::TaskId,
    plan::{self, Conflict, Key, Outline, Wanted},
};

/// What a saved text was edited from.
#[derive(Debug, Clone)]
pub(crate) enum Base {
    /// This very outline: the draft began as its text, which the program can read.
    Exactly(Arc<Outline>),
    /// This outline: the draft began as its text, and the program does not read it.
    Blindly(Arc<Outline>),
    /// What the process read last, or what was served last: the text was written anew.
    LastRead,
    /// What the process had before its eyes when it emptied the file, and wrote nothing.
    Emptied(Seen),
    /// The text was written anew by a process that had this before its eyes when it emptied the
    /// file, and may have read since.
    Anew(Seen),
}

/// What a save comes to.
pub(crate) struct Change {
    pub(crate) intent: Intent,
    /// What it was merged into, and where that disagreed: the earlier save that still waits, and
    /// what the service is known to have.
    pub(crate) overridden: Vec<(Outline, Vec<Conflict>)>,
}

/// What became of a save.
#[derive(Debug)]
pub(crate) struct SaveOutcome {
    /// What the text stands for from now on, if it was taken.
    pub(crate) outline: Option<Arc<Outline>>,
    /// What the program is told.
    pub(crate) result: Result<()>,
}

impl Engine {
    /// Saves a text as a project. When the result is `Ok` the save is in the journal, and
    /// accepted by Taskade or still on its way. It is [`Kind::Invalid`] if the text cannot be a
    /// project and [`Kind::DeletionGuard`] if it deletes too much: then nothing is sent and the
    /// text is kept for reading. Otherwise it is what Taskade refused the save with.
    pub(crate) async fn save(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
        base: Base,
        text: Vec<u8>,
    ) -> SaveOutcome {
        let base = match self.resolve_base(project, process, base).await {
            Ok(base) => base,
            Err(error) => return SaveOutcome { outline: None, result: Err(error) },
        };
        let text: Arc<[u8]> = text.into();
        match self.accept(project, process, &base, &text, false).await {
            Ok((outline, None)) => {
                self.note_result(project, process, &base, &outline, true);
                SaveOutcome { outline: Some(outline), result: Ok(()) }
            }
            Ok((outline, Some(generation))) => {
                if let Err(error) = self.transfer(project, base.outline(), &outline).await {
                    tracing::warn!(%error, "details of what was cut and pasted are not copied");
                }
                self.start_worker(project);
                let result = self.verdict(project, generation).await;
                self.note_result(project, process, &base, &outline, result.is_ok());
                SaveOutcome { outline: Some(outline), result }
            }
            Err(error) => {
                let error = self.refused_at(project, error);
                self.note_not_saved(project, process);
                self.keep_refused(project, text, base.outline().clone(), &error).await;
                SaveOutcome { outline: None, result: Err(error) }
            }
        }
    }

    fn note_result(
        &self,
        project: &Arc<Project>,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
        is_saved: bool,
    ) {
        match base {
            Seen::Blindly(_) => self.note_told_blindly(project, process, is_saved),
            // Refused, its lines are in the program's buffer all the same, and in what is shown: the
            // next save of that buffer would add them once more to what it had before.
            Seen::Surely(_) | Seen::Perhaps(_) => self.note_told(project, process, ours),
        }
    }

    async fn resolve_base(
        self: &Arc<Self>,
        project: &Arc<Project>,
        process: Option<Process>,
        base: Base,
    ) -> Result<Seen> {
        // An open file knows nothing of what was given up since.
        let now = |seen: Seen| seen.map(|outline| project.lock().lent.now(outline));
        match base {
            Base::Exactly(outline) => return Ok(now(Seen::Surely(outline))),
            Base::Blindly(outline) => return Ok(now(Seen::Blindly(outline))),
            Base::Emptied(seen) => return Ok(now(seen)),
            // Whatever others were served since is nothing that it has before its eyes.
            Base::Anew(seen) if !self.recalled(project).bases.knows(process) => {
                return Ok(now(seen));
            }
            Base::Anew(_) | Base::LastRead => {}
        }
        let seen = self.recalled(project).bases.base(process, self.own_process());
        match seen {
            Some(seen) => Ok(seen),
            None => Ok(Seen::Surely(self.read(project).await?.outline)),
        }
    }

    /// What a process has before its eyes that empties the file now, as far as anything was read.
    pub(crate) fn seen_by(&self, project: &Project, process: Option<Process>) -> Option<Seen> {
        let mut state = self.recalled(project);
        let seen = state.bases.base(process, self.own_process());
        let seen = seen.or_else(|| state.content().map(|content| Seen::Surely(content.outline)));
        seen.iter().for_each(|seen| state.lent.lend(seen.outline()));
        seen
    }

    /// Turns a text into an intent and journals it. The outline that the text stands for, and
    /// which save it is if there is something to do. With `allow_delete` the deletion guard does
    /// not look.
    pub(crate) async fn accept(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        text: &Arc<[u8]>,
        allow_delete: bool,
    ) -> Result<(Arc<Outline>, Option<u64>)> {
        let _transition = project.commit.lock().await;
        let aside = match self.put_back(project, process, base, text).await? {
            PutBack::Whole(before, generation) => return Ok((before, generation)),
            PutBack::Waiting(aside) => Some(aside),
            PutBack::Nothing => None,
        };
        let allow_delete = allow_delete || aside.is_some();
        let ours = self.understand(project, base.outline(), text, allow_delete)?;
        if self.is_put_back(project, base, &ours) {
            self.set_aside(project, process, base, &ours).await?;
            return Ok((ours, None));
        }
        let Some(mut change) = self.change(project, base, &ours) else {
            self.nothing_to_save(project, process, base, &ours);
            return Ok((ours, None));
        };
        change.intent.doubtful |= matches!(base, Seen::Perhaps(_));
        if self.holds(project, process, base.outline(), &ours) {
            self.hold(project, &mut change.intent);
        }
        let (of, is_added) = {
            let state = project.lock();
            (RefusedOf::of(&state), state.intent.is_some())
        };
        let aside = match aside {
            Some(aside) => Some(self.journal_aside(of, aside).await?),
            None => None,
        };
        let generation = self.commit(project, process, base, &ours, change).await?;
        if let Some(saved) = project.lock().saved.as_mut() {
            (saved.edited, saved.is_added) = (Some(base.outline().clone()), is_added);
        }
        if let Some(aside) = aside {
            self.note_aside(project, aside).await;
        }
        Ok((ours, Some(generation)))
    }

    /// Journals a change; then it is promised. Which save it is. The caller holds
    /// `project.commit`.
    pub(crate) async fn commit(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
        mut change: Change,
    ) -> Result<u64> {
        for (theirs, conflicts) in &change.overridden {
            self.keep_overridden(project, theirs, conflicts).await;
        }
        let settled = self.uncopy_refused(project).await;
        let returned = self.bring_back(project, process, base.outline(), &mut change.intent).await;
        // Canonical, and with all that waits: what is shown from now on stays as it is unless
        // somebody else changes it.
        // Never the one that was written itself: who reads it is not who wrote it.
        let outline = Arc::new(change.intent.target.clone());
        let text = project.render(&outline);
        let entry = {
            let state = project.lock();
            let (since, intent) = (self.clock.wall(), &change.intent);
            Entry { since, refused: None, ..entry(&state, &text, &outline, intent) }
        };
        let since = entry.since;
        let row = self.journaled(move |journal| journal.put_settling(&entry, settled)).await?;
        self.note_brought(&returned.origins);
        let mut state = self.recalled(project);
        let before = state.content().map(|content| content.text);
        let written = Some(ours.clone());
        state.saved = Some(Saved { text, outline, written, since, ..Saved::default() });
        state.refused = None;
        state.intent = Some(change.intent);
        state.removed = returned.removed;
        state.copied.extend(returned.copied);
        state.row = Some(row);
        state.generation += 1;
        let generation = state.generation;
        let changed = state.settle_version(before, self.clock.wall());
        self.note_written(project, &mut state, process, base, ours);
        drop(state);
        self.changed(project, changed);
        Ok(generation)
    }

    /// Reads a text as tasks, tells who is who, and refuses what cannot or must not be.
    fn understand(
        &self,
        project: &Project,
        base: &Outline,
        text: &[u8],
        allow_delete: bool,
    ) -> Result<Arc<Outline>> {
        let mut state = project.lock();
        let base = state.resolved(base);
        let lines = parse(text, &state.title, &base, project.shows_ids())?;
        let first = state.reserve(lines.len());
        let wanted: Vec<Wanted> = lines.iter().map(wanted).collect();
        let mut ours = plan::align(&base, &wanted, first);
        tell(&base, &mut ours, &lines)?;
        check_changes(&base, &ours, &lines)?;
        if !allow_delete {
            check_deletions(&base, &ours, self.settings.max_delete)?;
        }
        Ok(Arc::new(ours))
    }

    /// What the outline changes, merged into what waits already, and else into what the service is
    /// known to have, so that whoever is shown it sees all that there is; `None` if it changes
    /// nothing.
    fn change(&self, project: &Project, base: &Seen, ours: &Outline) -> Option<Change> {
        let mut state = self.recalled(project);
        let is_doubtful = matches!(base, Seen::Perhaps(_));
        let (mut base, mut ours) = (state.resolved(base.outline()), ours.clone());
        state.normalised.settle(&mut base, &mut ours);
        // Nobody else has edited what was only copied to it: it is deleted all the same.
        for (key, copied) in state.copied.iter().filter(|(key, _)| ours.find(key).is_none()) {
            let deleted = base.items.iter_mut().find(|item| item.key == *key);
            deleted.into_iter().for_each(|item| item.details = item.details.with(copied));
        }
        let unborn = state.id.is_none() && state.intent.is_none() && ours.items.is_empty();
        if unborn || (ours == base && state.intent.is_none()) {
            return None;
        }
        let first = state.reserve(base.items.len() * 2);
        let known = state.snapshot.as_ref().filter(|_| state.id.is_some() && !state.uncertain);
        let (intent, theirs, rebased) = match (&state.intent, known) {
            (Some(waiting), _) => {
                let mut intent = waiting.clone();
                let rebased = intent.fold(&base, &ours, first);
                (intent, waiting.target.clone(), rebased)
            }
            (None, Some(known)) if *known.outline != base.existing() => {
                let mut intent = Intent::new(base.existing(), ours);
                intent.doubtful = is_doubtful;
                let theirs = Outline::clone(&known.outline);
                let rebased = intent.rebase(theirs.clone(), first);
                (intent, theirs, rebased)
            }
            (None, _) => {
                (Intent::new(base.existing(), ours), Outline::default(), Rebased::default())
            }
        };
        let Rebased { aliases, conflicts } = rebased;
        for (from, to) in aliases {
            state.note_alias(from, to);
        }
        Some(Change { intent, overridden: vec![(theirs, conflicts)] })
    }

    /// The program saved what it had read, and nothing is refused.
    fn nothing_to_save(
        &self,
        project: &Project,
        process: Option<Process>,
        base: &Seen,
        ours: &Arc<Outline>,
    ) {
        let mut state = self.recalled(project);
        let before = state.content().map(|content| content.text);
        state.saved = None;
        let changed = state.settle_version(before, self.clock.wall());
        self.note_written(project, &mut state, process, base, ours);
        drop(state);
        self.changed(project, changed);
    }

    /// Waits for Taskade's verdict on a save, but no longer than `--commit-wait`,
    /// and not if the service is gone.
    pub(crate) async fn verdict(&self, project: &Project, generation: u64) -> Result<()> {
        let mut progress = project.progress.subscribe();
        let decided = progress.wait_for(|progress| progress.generation >= generation);
        tokio::select! {
            progress = decided => match progress {
                Ok(progress) => progress.refused.clone().map_or(Ok(()), Err),
                Err(_) => Ok(()),
            },
            // In the journal and on its way: the promise holds without a verdict.
            () = self.departure() => Ok(()),
            () = self.clock.sleep(self.settings.commit_wait) => Ok(()),
        }
    }
}

/// The journal entry for a project's state with this text and intent.
pub(crate) fn entry(state: &State, text: &[u8], outline: &Outline, intent: &Intent) -> Entry {
    Entry {
        row: state.row,
        project: state.id.clone(),
        folder: state.folder.clone(),
        title: state.title.clone(),
        text: text.to_vec(),
        outline: outline.clone(),
        intent: intent.clone(),
        creating: state.creating.clone(),
        archive: state.archive,
        since: state.saved.as_ref().map_or(SystemTime::UNIX_EPOCH, |saved| saved.since),
        refused: state.saved.as_ref().and_then(|saved| saved.refused.clone()),
    }
}

pub(super) fn parse(text: &[u8], title: &str, base: &Outline, ids: bool) -> Result<Vec<Line>> {
    let known: HashMap<&str, ()> = base
        .items
        .iter()
        .filter_map(|item| match &item.key {
            Key::Known(id) => Some((id.as_str(), ())),
            Key::New(_) => None,
        })
        .collect();
    let texts: HashMap<&str, ()> = base.items.iter().map(|item| (item.text.as_str(), ())).collect();
    let is_anchor = |id: &str| known.contains_key(id);
    let is_text = |text: &str| texts.contains_key(text);
    let options = ParseOptions {
        title: Some(title),
        known_anchor: ids.then_some(&is_anchor as &dyn Fn(&str) -> bool),
        known_text: Some(&is_text),
    };
    Ok(document::parse(text, &options)?)
}

pub(super) fn wanted(line: &Line) -> Wanted {
    Wanted {
        depth: line.depth,
        text: line.text.clone(),
        done: line.done,
        anchor: line.anchor.as_ref().map(TaskId::new),
    }
}

/// Takes over what the lines say of their tasks. `lines` are those of `ours`, in order; `ours`
/// knows what was known before.
fn tell(base: &Outline, ours: &mut Outline, lines: &[Line]) -> Result<()> {
    let texts: HashMap<&Key, &str> =
        base.items.iter().map(|item| (&item.key, item.text.as_str())).collect();
    let people = meant::people(base);
    for (item, line) in ours.items.iter_mut().zip(lines) {
        let refuse =
            |reason: String| Error::new(Kind::Invalid, format!("line {}: {reason}", line.number));
        let before = texts.get(&item.key).copied();
        let (text, says) = meant::meant(before, &item.details, line, &people).map_err(refuse)?;
        item.details = shown::told(&item.details, &says).map_err(refuse)?;
        item.text = text;
    }
    Ok(())
}

/// Why a text that holds U+FFFD is not sent: it stands for what could not be read, by this program
/// (half of a surrogate pair in an answer) or by whoever wrote the file, and would replace it.
pub(crate) const UNREADABLE: &str = "the sign � stands for what could not be read, and saving it \
    would put it in place of that; write what is meant, or leave the line as it was";

/// Refuses changes that the service cannot take. `lines` are those of `ours`, in order.
fn check_changes(base: &Outline, ours: &Outline, lines: &[Line]) -> Result<()> {
    let before: HashMap<&Key, &str> =
        base.items.iter().map(|item| (&item.key, item.text.as_str())).collect();
    for (item, line) in ours.items.iter().zip(lines) {
        if before.get(&item.key) == Some(&item.text.as_str()) {
            continue;
        }
        let refuse = |reason: &str| {
            Err(Error::new(Kind::Invalid, format!("line {}: {reason}", line.number)))
        };
        if item.text.contains(['\n', '\r']) {
            return refuse("the line break ⏎ cannot be saved; make it two lines or a space");
        }
        if item.text.contains(char::REPLACEMENT_CHARACTER) {
            return refuse(UNREADABLE);
        }
        if item.text.chars().count() > MAX_CONTENT_CHARS {
            return refuse("the text is over 2,000 characters; split it");
        }
    }
    Ok(())
}

/// The deletion guard: more than `most` tasks and more than half of the project.
fn check_deletions(base: &Outline, ours: &Outline, most: usize) -> Result<()> {
    let kept: std::collections::HashSet<&Key> = ours.items.iter().map(|item| &item.key).collect();
    let deleted = base.items.iter().filter(|item| !kept.contains(&item.key)).count();
    if deleted > most && deleted * 2 > base.items.len() {
        let what = format!("this save would delete {deleted} of {} tasks", base.items.len());
        return Err(Error::new(Kind::DeletionGuard, what).hint(
            "the text is kept and nothing was sent; if you mean it, run \
                 `taskadefs retry --allow-delete PATH`, or `taskadefs discard PATH` to give it up",
        ));
    }
    Ok(())
}
