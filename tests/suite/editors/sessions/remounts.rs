//! Editors that stay open while the mount under them goes and comes back.

use std::fs;

use crate::{
    editors::sessions::{Desk, a_person_pauses, emacs::Emacs, vim::Vim},
    support::{mount::until, terminal::Terminal},
};

/// Neither program has its directory or its swap file in the mount, which would keep it there.
const EMACS_FROM_OUTSIDE: &str = "emacs -Q -nw mnt/Acme/Plan.md";
const VIM_FROM_OUTSIDE: &str = "vim --cmd 'set backupskip= directory=~' mnt/Acme/Plan.md";

#[test]
fn an_emacs_that_stays_open_over_remounts_deletes_nothing_that_others_added() {
    let desk = Desk::new();
    let terminal = Terminal::run(desk.0.dir.path(), EMACS_FROM_OUTSIDE);
    let emacs = Emacs(&terminal);
    terminal.shows("zulu");
    let remount = |theirs| {
        desk.0.end();
        desk.colleague_adds(theirs);
        desk.0.begin();
        desk.others_see(theirs);
    };
    // It has read, and written nothing yet.
    emacs.adds("alpha", "!");
    remount("theirs");
    emacs.saves_anyway();
    let mut now = vec![("alpha", "alpha!"), ("theirs", "theirs")];
    desk.holds(&now);
    // It has written, and read nothing since.
    emacs.adds("bravo", "!");
    remount("more of theirs");
    emacs.saves_anyway();
    now.extend([("bravo", "bravo!"), ("more of theirs", "more of theirs")]);
    desk.holds(&now);
    terminal.press(&["C-x", "C-c"]).ends();
}

#[test]
fn a_vim_that_stays_open_while_the_mount_is_killed_deletes_nothing_that_others_added() {
    let desk = Desk::new();
    let terminal = Terminal::run(desk.0.dir.path(), VIM_FROM_OUTSIDE);
    let vim = Vim(&terminal);
    terminal.shows("zulu");
    let kill = |theirs| {
        // SAFETY: a signal to a process that this test started.
        unsafe { libc::kill(desk.0.pid().unwrap(), libc::SIGKILL) };
        until("the death of the mount", || fs::metadata(&desk.0.root).is_err());
        desk.0.end();
        desk.colleague_adds(theirs);
        desk.0.begin();
        desk.others_see(theirs);
    };
    kill("theirs");
    vim.command(":%s/alpha/ALPHA").saves_anyway();
    let mut now = vec![("alpha", "ALPHA"), ("theirs", "theirs")];
    desk.holds(&now);
    kill("more of theirs");
    vim.command(":%s/bravo/BRAVO").saves_anyway();
    now.extend([("bravo", "BRAVO"), ("more of theirs", "more of theirs")]);
    desk.holds(&now);
    // Reloaded and deleted, it is deleted.
    a_person_pauses();
    vim.command(":e!");
    terminal.shows("more of theirs");
    vim.command(":g/theirs/d").saves();
    now.retain(|(text, _)| !text.contains("theirs"));
    desk.holds(&now);
    vim.command(":q");
    terminal.ends();
}

/// A program without a terminal, in one process that lives on: this one.
#[test]
fn a_buffer_that_outlives_its_mount_deletes_nothing_that_others_added() {
    let desk = Desk::new();
    let mut buffer = desk.0.text();
    let save = |buffer: &mut String, from: &str, to: &str| {
        *buffer = buffer.replace(from, to);
        fs::write(desk.0.file(), &*buffer).unwrap();
        // It is checked, or filed away.
        assert_eq!(desk.0.text(), *buffer);
    };
    desk.colleague_adds("theirs");
    save(&mut buffer, "alpha", "ALPHA");
    desk.0.end();
    desk.colleague_adds("more of theirs");
    desk.0.begin();
    desk.others_see("more of theirs");
    save(&mut buffer, "bravo", "BRAVO");
    let mut now = vec![("alpha", "ALPHA"), ("bravo", "BRAVO")];
    now.extend([("theirs", "theirs"), ("more of theirs", "more of theirs")]);
    desk.holds(&now);
    // Reloaded and deleted, it is deleted.
    a_person_pauses();
    buffer = desk.0.text();
    save(&mut buffer, "- [ ] theirs\n", "");
    now.remove(2);
    desk.holds(&now);
}
