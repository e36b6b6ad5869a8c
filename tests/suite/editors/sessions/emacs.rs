//! A session in Emacs.

use std::time::Duration;

use crate::{
    editors::sessions::{Desk, a_person_pauses},
    support::terminal::Terminal,
};

/// With backups, which Emacs makes nowhere below /tmp. No watch tells of what others do at the
/// service, so reverting looks by itself.
pub const EMACS: &str = "emacs -Q -nw --eval '(setq backup-enable-predicate (lambda (_) t) \
     auto-revert-use-notify nil auto-revert-interval 1)' Plan.md";

const WROTE: &str = "Wrote /";
const EDIT: &str = "changed on disk; really edit the buffer?";
const SAVE: &str = "has changed since visited or saved.  Save anyway?";
const FAILED: &str = "Write error: ";

/// How long Emacs may take to begin to search, and how often it is asked to.
const SOON: Duration = Duration::from_secs(5);
const ATTEMPTS: usize = 6;

/// Emacs in a terminal.
pub struct Emacs<'a>(pub &'a Terminal);

impl Emacs<'_> {
    /// Goes behind a text, the first there is.
    fn goes_to(&self, text: &str) -> &Self {
        // Where files are slow, Emacs may not hear that it is to search.
        let begins = |_| self.0.press(&["M-<", "C-s"]).shows_within("I-search:", SOON);
        assert!((0..ATTEMPTS).any(begins), "it does not search; its screen:\n{}", self.0.screen());
        self.0.types(text).shows(&format!("I-search: {text}")).press(&["Enter"]).hides("I-search:");
        self
    }

    /// Writes a letter behind a text, and takes what is new first if it is told of something. What
    /// the screen says of the last save is gone then.
    pub fn adds(&self, to: &str, letter: &str) -> &Self {
        let added = format!("{to}{letter}");
        self.goes_to(to).0.types(letter);
        if self.0.shows_one_of(&[EDIT, &added]) == EDIT {
            self.reverts().goes_to(to).0.types(letter).shows(&added);
        }
        self
    }

    /// Takes what is new when it is told that there is something. Its other choice, to edit all the
    /// same, is one between what was there and what it shows: it has just read the file.
    pub fn reverts(&self) -> &Self {
        self.0.shows(EDIT).types("r").shows("File reverted");
        self
    }

    /// Saves, without a question.
    pub fn saves(&self) {
        self.0.hides(WROTE).press(&["C-x", "C-s"]);
        let says = self.0.shows_one_of(&[SAVE, FAILED, WROTE]);
        assert_eq!(says, WROTE, "{}", self.0.screen());
    }

    /// Saves, and overwrites if it asks.
    pub fn saves_anyway(&self) {
        self.0.hides(WROTE).press(&["C-x", "C-s"]);
        if self.0.shows_one_of(&[SAVE, WROTE]) == SAVE {
            self.0.enters("yes").shows(WROTE);
        }
    }

    /// Saves, which fails, and so the buffer stays as it is.
    fn fails(&self) {
        self.0.hides(WROTE).press(&["C-x", "C-s"]);
        let says = self.0.shows_one_of(&[SAVE, FAILED, WROTE]);
        assert_eq!(says, FAILED, "{}", self.0.screen());
        assert!(self.0.screen().contains(":**-"), "still modified: {}", self.0.screen());
    }
}

#[test]
fn a_session_in_emacs() {
    let desk = Desk::new();
    let terminal = Terminal::run(&desk.0.acme(), EMACS);
    let emacs = Emacs(&terminal);
    terminal.shows("zulu");

    // Its own saves are no changes by others.
    emacs.adds("alpha", "!").saves();
    emacs.adds("bravo", "!").saves();
    desk.holds(&[("alpha", "alpha!"), ("bravo", "bravo!")]);

    // What a colleague adds stays, though this buffer never had it.
    emacs.adds("charlie", "!");
    desk.colleague_adds("theirs");
    emacs.saves_anyway();
    let mut now = vec![("alpha", "alpha!"), ("bravo", "bravo!")];
    now.extend([("charlie", "charlie!"), ("theirs", "theirs")]);
    desk.holds(&now);

    // It is told of it at the first key that changes something, and takes it.
    a_person_pauses();
    emacs.goes_to("delta");
    terminal.types("!");
    emacs.reverts();
    terminal.shows("] theirs");
    // Deleted then, it is deleted.
    emacs.goes_to("theirs");
    terminal.press(&["C-a", "C-k", "BSpace"]);
    terminal.hides("theirs");
    emacs.saves();
    now.pop();
    desk.holds(&now);

    // What changes under an edited buffer is told at the save, and is not overwritten by it.
    a_person_pauses();
    emacs.adds("echo", "!");
    desk.colleague_changes("delta", "delta of theirs");
    desk.others_see("delta of theirs");
    terminal.press(&["C-x", "C-s"]).shows(SAVE).enters("yes").shows(WROTE);
    now.extend([("delta", "delta of theirs"), ("echo", "echo!")]);
    desk.holds(&now);

    // A buffer that reverts by itself has it without a question.
    a_person_pauses();
    terminal.press(&["M-x"]).enters("auto-revert-mode").shows("delta of theirs");
    desk.colleague_adds("more of theirs");
    desk.others_see("more of theirs");
    terminal.shows("more of theirs");
    emacs.adds("foxtrot", "!").saves();
    now.extend([("foxtrot", "foxtrot!"), ("more of theirs", "more of theirs")]);
    desk.holds(&now);

    refusals(&desk, &emacs, &mut now);
    terminal.press(&["C-x", "C-c"]).ends();
}

/// A text that cannot be a project, and one that deletes too much.
fn refusals<'a>(desk: &Desk, emacs: &Emacs<'_>, now: &mut Vec<(&'a str, &'a str)>) {
    desk.0.writes(&[]);
    emacs.0.press(&["M->"]).types("```");
    emacs.fails();
    desk.was_refused("line 28: a code block cannot be a task", "\n```");
    emacs.0.press(&["M->", "BSpace", "BSpace", "BSpace"]).types("- [ ] code");
    emacs.saves_anyway();
    now.push(("code", "code"));
    desk.holds(now);
    desk.all_is_saved();

    desk.0.writes(&[]);
    emacs.0.press(&["C-x", "h", "BSpace"]).types("- [ ] alpha!");
    emacs.fails();
    desk.was_refused("--allow-delete", "- [ ] alpha!");
    desk.holds(now);
    emacs.0.press(&["C-/"]).hides("alpha!").press(&["C-/"]).shows("] code");
    emacs.adds("golf", "!").saves_anyway();
    now.push(("golf", "golf!"));
    desk.holds(now);
    desk.all_is_saved();
}
