//! An editor that has itself told of changes: what others changed shows by itself, and its own saves
//! are no changes by others.

use crate::{
    editors::sessions::{
        Desk, a_person_pauses,
        emacs::Emacs,
        vim::{VIM, Vim},
    },
    support::terminal::Terminal,
};

/// Has vim look at its files whenever something happens to one of them.
const WATCHING: &str = "--cmd 'set autoread updatetime=100' \
    -c \"call job_start([\\\"inotifywait\\\", \\\"-q\\\", \\\"-m\\\", \\\"-e\\\", \
    \\\"modify,attrib,create,move,delete\\\", \\\".\\\"], \
    {\\\"out_cb\\\": {_, line -> execute(\\\"checktime\\\")}})\"";

/// Has Emacs revert what it is told of, and look at nothing by itself.
const REVERTING: &str = "emacs -Q -nw --eval '(setq auto-revert-avoid-polling t)' \
    --eval '(global-auto-revert-mode 1)' Plan.md";

const WARNINGS: [&str; 4] = ["W11", "W12", "W13", "W16"];

#[test]
fn a_vim_that_watches_shows_what_others_change_and_never_warns_of_its_own_saves() {
    let desk = Desk::new();
    let terminal = Terminal::run(&desk.0.acme(), &format!("{VIM} {WATCHING} Plan.md"));
    let vim = Vim(&terminal);
    let is_calm = || {
        let screen = terminal.screen();
        assert!(WARNINGS.iter().all(|warning| !screen.contains(warning)), "{screen}");
    };
    terminal.shows("zulu");
    desk.colleague_changes("delta", "delta of theirs");
    desk.others_see("delta of theirs");
    terminal.shows("delta of theirs");
    is_calm();

    // Its own saves, with a buffer that is changed again at once.
    let mut now = vec![("delta", "delta of theirs")];
    for (text, to) in [("alpha", "ALPHA"), ("bravo", "BRAVO"), ("charlie", "CHARLIE")] {
        vim.command(&format!(":%s/{text}/{to}")).saves();
        now.push((text, to));
        vim.command(":%s/zulu/zulu!");
        desk.holds(&now);
        is_calm();
        vim.command(":undo");
        desk.all_is_saved();
    }
    a_person_pauses();
    is_calm();

    // A reload, by itself, is a look: what came with it can be deleted.
    desk.colleague_adds("theirs");
    desk.others_see("theirs");
    terminal.press(&["G"]);
    terminal.shows("] theirs");
    a_person_pauses();
    vim.command(":g/^- \\[ \\] theirs/d").saves();
    desk.holds(&now);
    is_calm();
    vim.command(":q!");
    terminal.ends();
}

#[test]
fn an_emacs_that_reverts_shows_what_others_change_and_saves_without_a_question() {
    let desk = Desk::new();
    let terminal = Terminal::run(&desk.0.acme(), REVERTING);
    let emacs = Emacs(&terminal);
    terminal.shows("zulu");
    desk.colleague_changes("delta", "delta of theirs");
    desk.others_see("delta of theirs");
    terminal.shows("delta of theirs");
    emacs.adds("alpha", "!").saves();
    desk.holds(&[("delta", "delta of theirs"), ("alpha", "alpha!")]);
    emacs.adds("bravo", "!").saves();
    desk.holds(&[("delta", "delta of theirs"), ("alpha", "alpha!"), ("bravo", "bravo!")]);
    terminal.press(&["C-x", "C-c"]).ends();
}
