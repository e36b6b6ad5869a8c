//! Sessions in nano and micro.

use crate::{
    editors::sessions::{Desk, a_person_pauses},
    support::terminal::Terminal,
};

/// Goes to the end of the line that holds a text, and writes there.
fn nano_adds(nano: &Terminal, to: &str, text: &str) {
    nano.press(&["M-\\", "C-w"]).shows("Search").types(to);
    nano.shows(&format!(": {to}")).press(&["Enter"]).hides("Search:");
    nano.press(&["C-e"]).types(text);
}

/// Saves. What the screen says of it.
fn nano_saves<'a>(nano: &Terminal, says: &[&'a str]) -> &'a str {
    nano.press(&["C-o"]).shows("File Name to Write").press(&["Enter"]);
    nano.hides("File Name to Write");
    nano.shows_one_of(says)
}

const NANO_WROTE: &str = "[ Wrote ";
const NANO_FAILED: &str = "[ Error writing Plan.md";
const NANO_CHANGED: &str = "File was modified since you opened it; continue saving?";

#[test]
fn a_session_in_nano() {
    let desk = Desk::new();
    let nano = Terminal::run(&desk.0.acme(), "nano Plan.md");
    nano.shows("zulu");
    let all = [NANO_WROTE, NANO_FAILED, NANO_CHANGED];
    for text in ["alpha", "bravo"] {
        nano_adds(&nano, text, " mine");
        assert_eq!(nano_saves(&nano, &all), NANO_WROTE, "{}", nano.screen());
    }
    let mut now = vec![("alpha", "alpha mine"), ("bravo", "bravo mine")];
    desk.holds(&now);

    desk.colleague_adds("theirs");
    nano_adds(&nano, "charlie", " mine");
    if nano_saves(&nano, &all) == NANO_CHANGED {
        nano.types("y").shows(NANO_WROTE);
    }
    now.extend([("charlie", "charlie mine"), ("theirs", "theirs")]);
    desk.holds(&now);

    // It is told after the pause, and overwrites nothing all the same.
    a_person_pauses();
    desk.colleague_changes("delta", "delta of theirs");
    desk.others_see("delta of theirs");
    nano_adds(&nano, "echo", " mine");
    assert_eq!(nano_saves(&nano, &all), NANO_CHANGED, "{}", nano.screen());
    nano.types("y").shows(NANO_WROTE);
    now.extend([("delta", "delta of theirs"), ("echo", "echo mine")]);
    desk.holds(&now);

    desk.0.writes(&[]);
    nano.press(&["M-/"]).types("```");
    assert_eq!(nano_saves(&nano, &all), NANO_FAILED, "{}", nano.screen());
    desk.was_refused("a code block cannot be a task", "\n```");
    nano.press(&["C-x"]).shows("Save modified buffer?").press(&["C-c"]);
    nano.press(&["BSpace", "BSpace", "BSpace"]).types("- [ ] code");
    if nano_saves(&nano, &all) == NANO_CHANGED {
        nano.types("y").shows(NANO_WROTE);
    }
    // Taskade adds what is new behind what this buffer had at its end.
    desk.all_is_saved();
    assert_eq!(desk.0.tree().lines().filter(|line| *line == "code").count(), 1);

    desk.0.writes(&[]);
    nano.press(&["M-\\", "Down", "M-A", "M-/", "C-k"]).hides("yankee");
    assert_ne!(nano_saves(&nano, &all), NANO_WROTE, "{}", nano.screen());
    if nano.screen().contains(NANO_CHANGED) {
        nano.types("y").shows(NANO_FAILED);
    }
    desk.was_refused("--allow-delete", "- [ ] alpha mine");
    nano.press(&["M-u"]).shows("yankee");
    nano_adds(&nano, "golf", " mine");
    if nano_saves(&nano, &all) == NANO_CHANGED {
        nano.types("y").shows(NANO_WROTE);
    }
    desk.all_is_saved();
    nano.press(&["C-x"]).ends();
    for text in ["golf mine", "theirs", "zulu", "code", "delta of theirs"] {
        desk.task(text);
    }
    assert_eq!(desk.0.tree().lines().count(), 28);
}

const MICRO_SAVED: &str = "Saved Plan.md";
const MICRO_CHANGED: &str = "The file on disk has changed. Reload file?";

/// What micro says of a save that failed: the system's word for the call.
const MICRO_FAILED: [&str; 3] = ["close Plan.md:", "sync Plan.md:", "write Plan.md:"];

fn micro_adds(micro: &Terminal, to: &str, text: &str) {
    micro.press(&["C-f"]).shows("Find").types(to);
    micro.shows(&format!(": {to}")).press(&["Enter"]).hides("Find");
    micro.press(&["End"]).types(text);
}

fn micro_saves<'a>(micro: &Terminal) -> &'a str {
    micro.hides(MICRO_SAVED).press(&["C-s"]);
    let [close, sync, write] = MICRO_FAILED;
    micro.shows_one_of(&[MICRO_SAVED, MICRO_CHANGED, close, sync, write])
}

#[test]
fn a_session_in_micro() {
    let desk = Desk::new();
    let micro = Terminal::run(&desk.0.acme(), "micro Plan.md");
    micro.shows("zulu");
    for text in ["alpha", "bravo"] {
        micro_adds(&micro, text, " mine");
        assert_eq!(micro_saves(&micro), MICRO_SAVED, "{}", micro.screen());
    }
    let mut now = vec![("alpha", "alpha mine"), ("bravo", "bravo mine")];
    desk.holds(&now);

    // It reloads what a colleague did, and deletes what was reloaded.
    a_person_pauses();
    desk.colleague_adds("theirs");
    desk.others_see("theirs");
    micro.press(&["Down"]).shows(MICRO_CHANGED).types("y").shows("] theirs");
    now.push(("theirs", "theirs"));
    micro_adds(&micro, "charlie", " mine");
    assert_eq!(micro_saves(&micro), MICRO_SAVED, "{}", micro.screen());
    now.push(("charlie", "charlie mine"));
    desk.holds(&now);
    micro_adds(&micro, "theirs", "X");
    micro.press(&["C-k"]).hides("] theirs");
    assert_eq!(micro_saves(&micro), MICRO_SAVED, "{}", micro.screen());
    now.retain(|(text, _)| *text != "theirs");
    desk.holds(&now);

    // What it does not reload stays all the same.
    a_person_pauses();
    desk.colleague_adds("more of theirs");
    desk.others_see("more of theirs");
    micro.press(&["Down"]).shows(MICRO_CHANGED).types("n").hides(MICRO_CHANGED);
    micro_adds(&micro, "delta", " mine");
    assert_eq!(micro_saves(&micro), MICRO_SAVED, "{}", micro.screen());
    now.extend([("delta", "delta mine"), ("more of theirs", "more of theirs")]);
    desk.holds(&now);

    desk.0.writes(&[]);
    micro_adds(&micro, "zulu", "");
    micro.press(&["Enter"]).types("<div>");
    assert!(MICRO_FAILED.contains(&micro_saves(&micro)), "{}", micro.screen());
    desk.was_refused("HTML", "\n<div>");
    micro.shows("Plan.md + (");
    micro.press(&["BSpace", "BSpace", "BSpace", "BSpace", "BSpace"]).types("- [ ] code");
    // Its message about the failure stays until there is another one.
    micro.press(&["C-s"]).shows(MICRO_SAVED);
    desk.all_is_saved();
    micro.press(&["C-q"]).ends();
    for text in ["code", "zulu", "more of theirs"] {
        desk.task(text);
    }
    assert_eq!(desk.0.tree().lines().count(), 28);
}
