//! Sessions in vim and Neovim.

use crate::{
    editors::sessions::{Desk, a_person_pauses},
    support::terminal::Terminal,
};

const CHANGED: &str = "WARNING: The file has been changed since reading it";
const WRITTEN: &str = " written";

/// What the two say of a save that failed: `fsync`, `close` or a write before.
const FAILED: [&str; 4] = ["E667", "E512", "E514", "E949"];

/// vim or Neovim in a terminal.
pub struct Vim<'a>(pub &'a Terminal);

impl Vim<'_> {
    /// Types a command, and waits until it stands there, so that what the screen says after it is
    /// said of it.
    pub fn command(&self, command: &str) -> &Self {
        self.0.types(command);
        self.0.until(&format!("had {command:?} at its prompt"), |screen| {
            screen.lines().last() == Some(command)
        });
        self.0.press(&["Enter"]);
        self
    }

    /// Saves, without a question.
    pub fn saves(&self) {
        self.command(":w");
        let says = self.0.shows_one_of(&[CHANGED, WRITTEN, "E667", "E512", "E514", "E949"]);
        assert_eq!(says, WRITTEN, "{}", self.0.screen());
    }

    /// Saves, and overwrites if it asks.
    pub fn saves_anyway(&self) {
        self.command(":w");
        if self.0.shows_one_of(&[CHANGED, WRITTEN]) == CHANGED {
            self.overwrites();
        }
    }

    fn overwrites(&self) {
        self.0.shows("(y/n)?").types("y").shows(WRITTEN);
        // vim wants a key after a message of several lines.
        self.0.press(&["Enter"]).hides(CHANGED);
    }

    /// Saves, which fails, and so the buffer stays as it is.
    fn fails(&self) {
        self.command(":w");
        let says = self.0.shows_one_of(&[FAILED[0], FAILED[1], FAILED[2], FAILED[3], WRITTEN]);
        assert_ne!(says, WRITTEN, "{}", self.0.screen());
        self.0.shows("Press ENTER").press(&["Enter"]).hides("Press ENTER");
        self.command(":q");
        self.0.shows("E37: No write since last change");
    }
}

fn session(program: &str) {
    let desk = Desk::new();
    let terminal = Terminal::run(&desk.0.acme(), &format!("{program} Plan.md"));
    let vim = Vim(&terminal);
    terminal.shows("zulu");

    // Its own saves are no changes by others.
    vim.command(":%s/alpha/ALPHA").saves();
    vim.command(":%s/bravo/BRAVO").saves();
    desk.holds(&[("alpha", "ALPHA"), ("bravo", "BRAVO")]);

    // What a colleague adds stays, though this buffer never had it.
    desk.colleague_adds("theirs");
    vim.command(":%s/charlie/CHARLIE").saves_anyway();
    let mut now = vec![("alpha", "ALPHA"), ("bravo", "BRAVO"), ("charlie", "CHARLIE")];
    now.push(("theirs", "theirs"));
    desk.holds(&now);

    // Reloaded and deleted, it is deleted.
    a_person_pauses();
    vim.command(":set autoread").command(":checktime");
    terminal.shows("] theirs");
    vim.command(":g/theirs/d").saves();
    now.pop();
    desk.holds(&now);

    // What a colleague changed is told before it is written over, and is not.
    a_person_pauses();
    desk.colleague_changes("delta", "delta of theirs");
    desk.others_see("delta of theirs");
    vim.command(":%s/echo/ECHO").command(":w");
    terminal.shows(CHANGED);
    vim.overwrites();
    now.extend([("delta", "delta of theirs"), ("echo", "ECHO")]);
    desk.holds(&now);
    vim.command(":%s/foxtrot/FOXTROT").command(":w!");
    terminal.shows(WRITTEN);
    now.push(("foxtrot", "FOXTROT"));
    desk.holds(&now);
    a_person_pauses();
    vim.command(":e!");
    terminal.shows("delta of theirs");

    refusals(&desk, &vim, &mut now);
    vim.command(":q");
    terminal.ends();
}

/// A text that cannot be a project, and one that deletes too much.
fn refusals<'a>(desk: &Desk, vim: &Vim<'_>, now: &mut Vec<(&'a str, &'a str)>) {
    desk.0.writes(&[]);
    vim.command(":$put ='```'").fails();
    desk.was_refused("line 27: a code block cannot be a task", "\n```\n");
    // The failed save has changed the file, which vim tells before the next one.
    vim.command(":%s/^```/- [ ] code").saves_anyway();
    now.push(("code", "code"));
    desk.holds(now);
    desk.all_is_saved();

    desk.0.writes(&[]);
    vim.command(":2,$d").fails();
    desk.was_refused("--allow-delete", "- [ ] ALPHA\n");
    desk.holds(now);
    vim.command(":undo").command(":%s/golf/GOLF").saves_anyway();
    now.push(("golf", "GOLF"));
    desk.holds(now);
    desk.all_is_saved();
}

/// Without `backupskip` vim makes no backups below /tmp, where the mounts are.
pub const VIM: &str = "vim --cmd 'set backupskip='";

#[test]
fn a_session_in_vim() {
    session(VIM);
}

#[test]
fn a_session_in_vim_that_writes_into_the_file() {
    session(&format!("{VIM} --cmd 'set writebackup backupcopy=yes'"));
}

#[test]
fn a_session_in_vim_that_renames_the_file_away() {
    session(&format!("{VIM} --cmd 'set writebackup backupcopy=no'"));
}

#[test]
fn a_session_in_neovim() {
    session("nvim --cmd 'set backupskip='");
}
