//! Sessions that something else happens to: two editors on one file, a service that is slow.

use std::time::Duration;

use taskadefs::server::Quirks;

use crate::{
    editors::sessions::{
        Desk, a_person_pauses,
        emacs::{EMACS, Emacs},
        vim::{VIM, Vim},
    },
    support::terminal::Terminal,
};

#[test]
fn vim_and_emacs_on_one_file_undo_nothing_of_each_other() {
    let desk = Desk::new();
    let (left, right) = (
        Terminal::run(&desk.0.acme(), &format!("{VIM} Plan.md")),
        Terminal::run(&desk.0.acme(), EMACS),
    );
    let (vim, emacs) = (Vim(&left), Emacs(&right));
    left.shows("zulu");
    right.shows("zulu");
    emacs.adds("bravo", "!");
    vim.command(":%s/alpha/ALPHA").saves();
    emacs.saves_anyway();
    let mut now = vec![("alpha", "ALPHA"), ("bravo", "bravo!")];
    desk.holds(&now);
    emacs.adds("delta", "!");
    vim.command(":%s/charlie/CHARLIE").saves_anyway();
    emacs.saves_anyway();
    now.extend([("charlie", "CHARLIE"), ("delta", "delta!")]);
    desk.holds(&now);
    a_person_pauses();
    vim.command(":e!");
    left.shows("bravo!").shows("delta!");
    // What one of them deletes does not come back with the other's old buffer.
    emacs.adds("foxtrot", "!");
    vim.command(":g/echo/d").saves();
    emacs.saves_anyway();
    now.extend([("echo", ""), ("foxtrot", "foxtrot!")]);
    desk.holds(&now);
    vim.command(":q");
    left.ends();
    right.press(&["C-x", "C-c"]).ends();
}

/// The service answers late, after the save has returned, and not with the very bytes that were
/// written: neither is a change by others.
#[test]
fn a_slow_service_is_no_reason_to_ask() {
    let quirks = Quirks { latency: Duration::from_millis(400), ..Quirks::default() };
    let desk = Desk::on(quirks, &["--commit-wait", "0.1"]);
    let (left, right) = (
        Terminal::run(&desk.0.acme(), &format!("{VIM} Plan.md")),
        Terminal::run(&desk.0.acme(), "emacs -Q -nw Other.md"),
    );
    let (vim, emacs) = (Vim(&left), Emacs(&right));
    left.shows("zulu");
    right.shows("Other.md").types("* one\n\n* two\n");
    vim.command(":$put ='* [ ] added'").saves();
    emacs.saves();
    vim.command(":%s/alpha/ALPHA").saves();
    emacs.adds("one", "!").saves();
    vim.command(":%s/bravo/BRAVO").saves();
    desk.all_is_saved();
    desk.holds(&[("added", "added"), ("alpha", "ALPHA"), ("bravo", "BRAVO")]);
    vim.command(":%s/charlie/CHARLIE").saves();
    emacs.adds("two", "!").saves();
    desk.all_is_saved();
    vim.command(":q");
    left.ends();
    right.press(&["C-x", "C-c"]).ends();
    assert_eq!(desk.0.ok("cat Other.md"), "- one!\n- two!\n");
}
