//! What a line on a real mount is taken for: by plugins that tick it, shells that append one, and
//! people who nearly write it right.

use std::{fs, process::Command};

use serde_json::{Value, json};
use taskadefs::server::{Exports, Quirks};

use crate::support::mount::{Mounted, PROGRAM, attribute, run, said};

/// A mount with the members alice, bob and zoë, and the field @inc01.
fn mounted(tasks: &str) -> Mounted {
    mounted_of(Quirks::default(), tasks)
}

fn mounted_of(quirks: Quirks, tasks: &str) -> Mounted {
    let mounted = Mounted::on(quirks, tasks, &[], |store, workspace| {
        for handle in ["alice", "bob", "zoë"] {
            store.add_member(workspace, handle, handle).unwrap();
        }
    });
    let store = mounted.server().store();
    store.add_field(&mounted.project, "@inc01", &json!({ "type": "number" })).unwrap();
    mounted.text();
    mounted.reads();
    mounted
}

/// Saves a text, which must be taken, and tells the writes that it came to.
fn saved(mounted: &Mounted, text: &str) -> Vec<String> {
    let ids = mounted.ids();
    fs::write(mounted.file(), text).unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.error"), None, "{text}");
    mounted.writes(&ids)
}

/// Saves a text, which must be refused. The reason.
fn refused(mounted: &Mounted, text: &str) -> String {
    fs::write(mounted.dir.path().join("typed"), text).unwrap();
    let mut copy = Command::new("dd");
    copy.arg(format!("if={}", mounted.dir.path().join("typed").display()));
    copy.arg(format!("of={}", mounted.file().display())).args(["conv=fsync", "status=none"]);
    let output = run(&mut copy);
    assert!(!output.status.success(), "{text:?} was taken: {}", said(&output));
    assert_eq!(shown(mounted), text, "what was typed is still there");
    attribute(&mounted.file(), "user.taskade.error").unwrap()
}

/// The text as a program reads it that has not written it.
fn shown(mounted: &Mounted) -> String {
    mounted.ok("cat Plan.md")
}

/// What the service knows of a task beside its text.
fn details(mounted: &Mounted, number: usize) -> Value {
    let store = mounted.server().store();
    let task = &store.task_ids(&mounted.project).unwrap()[number];
    store.details(&mounted.project, task).unwrap()
}

#[test]
fn a_tick_by_obsidian_tasks_takes_nothing_away() {
    let mounted = mounted("Draft\nother");
    saved(&mounted, "- [ ] Draft @alice 📅 2026-12-01\n- [ ] other\n");
    let before = details(&mounted, 0);
    // As the plugin writes it.
    let writes = saved(&mounted, "- [x] Draft @alice 📅 2026-12-01 ✅ 2026-11-25\n- [ ] other\n");
    assert_eq!(writes.len(), 2, "a text and a tick: {writes:?}");
    assert_eq!(mounted.tree(), "x Draft ✅ 2026-11-25\nother\n");
    assert_eq!(details(&mounted, 0), before);
    let canonical = "- [x] Draft @alice ✅ 2026-11-25 📅 2026-12-01\n- [ ] other\n";
    assert_eq!(shown(&mounted), canonical);
    assert_eq!(saved(&mounted, canonical), [""; 0], "it is stable");
    // And as it takes the tick back.
    saved(&mounted, "- [ ] Draft @alice 📅 2026-12-01\n- [ ] other\n");
    assert_eq!(mounted.tree(), "Draft\nother\n");
    assert_eq!(details(&mounted, 0), before);
    mounted.end();
}

#[test]
fn whatever_is_put_behind_a_detail_takes_nothing_away() {
    let mounted = mounted("Draft");
    for tail in [
        " #work",
        " ⏫",
        " 🔁 every week",
        " ^37066d",
        " [completion:: 2026-11-25]",
        " (k:: v)",
        " %%later%%",
        " call him",
        " \\",
        ".",
        " ⏳ 2026-11-30",
    ] {
        saved(&mounted, "- [ ] Draft @alice [@inc01:: 5] 📅 2026-12-01\n");
        let before = details(&mounted, 0);
        saved(&mounted, &format!("- [ ] Draft @alice [@inc01:: 5] 📅 2026-12-01{tail}\n"));
        assert_eq!(details(&mounted, 0), before, "{tail}");
        assert_eq!(mounted.tree(), format!("Draft{tail}\n"), "{tail}");
        let text = shown(&mounted);
        assert_eq!(saved(&mounted, &text), [""; 0], "{tail} is stable: {text}");
    }
    // Behind somebody alone, a sentence would be as likely; but the line began as it was served.
    saved(&mounted, "- [ ] Draft @alice\n");
    saved(&mounted, "- [ ] Draft @alice call him\n");
    assert_eq!(shown(&mounted), "- [ ] Draft call him @alice\n");
    let reason = refused(&mounted, "- [ ] Ask @alice to draft call him\n");
    assert!(reason.contains("line 1: `@alice`") && reason.contains("end of the line"), "{reason}");
    saved(&mounted, "- [ ] Ask \\@alice to draft call him\n");
    assert_eq!(shown(&mounted), "- [ ] Ask @alice to draft call him\n");
    mounted.end();
}

#[test]
fn near_misses_of_details_are_read_or_refused_with_the_right_spelling() {
    let mounted = mounted("Draft");
    saved(&mounted, "- [ ] Draft @zoë\n");
    for (typed, text) in [
        ("Draft @Zoë 📅\u{a0}2026-12-01", "Draft @zoë 📅 2026-12-01"),
        ("Draft @zoë, 📅2026-12-01", "Draft @zoë 📅 2026-12-01"),
        ("Draft @zoë 📅 2026-12-01 09:30", "Draft @zoë [due-time:: 09:30] 📅 2026-12-01"),
    ] {
        saved(&mounted, &format!("- [ ] {typed}\n"));
        assert_eq!(shown(&mounted), format!("- [ ] {text}\n"));
    }
    let tree = mounted.tree();
    for (typed, right) in [
        ("📅 2026-2-3", "write `📅 2026-02-03`"),
        ("📅 2026-12-01T9", "write `📅 2026-12-01`"),
        ("📅 tomorrow", "write `📅 2026-12-01`"),
        ("📅 01.12.2026", "YYYY-MM-DD"),
    ] {
        let reason = refused(&mounted, &format!("- [ ] Draft @zoë {typed}\n"));
        assert!(reason.contains("line 1: `📅") && reason.contains(right), "{reason}");
    }
    let reason = refused(&mounted, "- [ ] Draft @Bob 📅 2026-12-01\n");
    assert!(reason.contains("line 1: ") && reason.contains("write @bob"), "{reason}");
    assert_eq!(mounted.tree(), tree);
    mounted.end();
}

#[test]
fn an_appended_line_is_a_task_of_its_own() {
    let mounted = mounted("one\n  two");
    let ids = mounted.ids();
    mounted.ok("echo 'buy bread' >> Plan.md");
    let writes = mounted.writes(&ids);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("POST /tasks"), "{writes:?}");
    mounted.ok("echo 'and butter' >> Plan.md");
    assert_eq!(mounted.tree(), "one\n  two\nbuy bread\nand butter\n");
    mounted.end();
    let mounted = self::mounted("one");
    saved(&mounted, "- [ ] one\n  > A note\n");
    mounted.ok("echo 'milk' >> Plan.md");
    assert_eq!(shown(&mounted), "- [ ] one\n  > A note\n- [ ] milk\n");
    // What lines up with a text is more of it.
    mounted.ok("sed -i 's/one$/one\\n  and a half/' Plan.md");
    assert_eq!(mounted.tree(), "one and a half\nmilk\n");
    mounted.end();
}

#[test]
fn a_marker_that_is_nearly_right_is_the_item_that_was_meant() {
    let mounted = mounted("one");
    saved(
        &mounted,
        "- [ ] one\n-[ ] two\n*[x] three\n[ ] four\n-\u{a0}five\n- [ ]\u{3000}six\n1. seven\n  - eight\n",
    );
    let tree = "one\ntwo\nx three\nfour\nfive\nsix\nseven\n  eight\n";
    assert_eq!(mounted.tree(), tree);
    mounted.end();
}

#[test]
fn a_box_of_obsidian_stays_the_only_box_of_its_line() {
    let mounted = mounted("one");
    let text = "- [-] one\n- [/] two\n";
    saved(&mounted, text);
    assert_eq!(mounted.tree(), "[-] one\n[/] two\n");
    assert_eq!(shown(&mounted), text);
    assert_eq!(saved(&mounted, text), [""; 0]);
    saved(&mounted, "- [x] one\n- [/] two\n");
    assert_eq!(mounted.tree(), "x one\n[/] two\n");
    mounted.end();
}

#[test]
fn a_name_that_is_none_is_found_before_anything_is_made() {
    // What an export tells of fields is known without a question.
    let known = mounted("one");
    let error = refused(&known, "- [ ] one\n- [ ] two [@inc99:: 5]\n");
    let reason = "line 2: `@inc99` is no field of this project, which has `@inc01`";
    assert!(error.contains(reason), "{error}");
    assert_eq!((known.reads(), known.writes(&[])), (vec![], vec![]));
    known.end();
    let mounted = mounted_of(Quirks { exports: Exports::Refused, ..Quirks::default() }, "one");
    for (line, reason) in [
        ("three @alcie", ["line 3: nobody in this project is called @alcie", "@alice, @bob, @zoë"]),
        (
            "three [@inc99:: 5]",
            ["line 3: `@inc99` is no field of this project", "which has `@inc01`"],
        ),
    ] {
        let error = refused(&mounted, &format!("- [ ] one\n- [ ] two\n- [ ] {line}\n"));
        assert!(reason.iter().all(|part| error.contains(part)), "{error}");
        assert_eq!(mounted.writes(&[]), [""; 0], "nothing is sent");
        assert_eq!(mounted.tree(), "one\n");
    }
    // On a task that is there the service says so itself, and then the reason is looked up.
    let error = refused(&mounted, "- [ ] one [@inc99:: 5]\n");
    assert!(error.contains("line 1: `@inc99` is no field of this project"), "{error}");
    let output = run(Command::new(PROGRAM).arg("discard").arg(mounted.file()));
    assert!(output.status.success(), "{}", said(&output));
    // Whom the project knows is looked up once.
    mounted.server().log().clear();
    saved(&mounted, "- [ ] one\n- [ ] two @bob\n");
    assert_eq!(shown(&mounted), "- [ ] one\n- [ ] two @bob\n");
    mounted.server().log().clear();
    fs::write(mounted.file(), "- [ ] one\n- [ ] two @bob\n- [ ] three @bob @zoë\n").unwrap();
    assert_eq!(attribute(&mounted.file(), "user.taskade.error"), None);
    let reads = mounted.reads();
    assert!(reads.iter().all(|path| !path.ends_with("/members")), "{reads:?}");
    mounted.end();
}
