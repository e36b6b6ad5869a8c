//! Headings are sections: what is saved below one, moved with one, or ticked, on a real mount with its
//! exact requests.

use std::{fs, path::Path};

use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::Mounted;

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

/// A mount of a plan of two sections, and what edits it. What that sends.
fn sends(edit: impl FnOnce(String) -> String) -> (Vec<String>, String) {
    let import = |store: &Store, _: &SpaceId| {
        store.import_directory(Path::new(TABLES)).unwrap();
    };
    let mounted = Mounted::on(Quirks::default(), "a", &[], import);
    let file = mounted.root.join("tables/Campaign plan.md");
    let before = fs::read_to_string(&file).unwrap();
    assert!(before.starts_with("## Autumn campaign\n- [x] Write the course page"), "{before}");
    let project = mounted.server().store().find_projects("Campaign plan").unwrap().remove(0).0;
    let ids = mounted.server().store().task_ids(&project).unwrap();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    mounted.writes(&[]);
    fs::write(&file, edit(before)).unwrap();
    let sent = mounted.writes(&ids).into_iter();
    let sent = sent.map(|write| write.replace(&format!("/projects/{project}"), "")).collect();
    let after = fs::read_to_string(&file).unwrap();
    mounted.end();
    (sent, after)
}

#[test]
fn a_task_added_below_a_heading_is_its_last_child_for_one_request() {
    for (before, parent) in [("## Spring campaign\n", "t1"), ("", "t5")] {
        let (sent, after) = sends(|text| match before {
            "" => format!("{text}- [ ] Call the printer\n"),
            _ => text.replace(before, &format!("- [ ] Call the printer\n{before}")),
        });
        assert_eq!(sent.len(), 1, "{sent:?}");
        let is_below = sent[0].contains("\"placement\":\"beforeend\"") && sent[0].contains(parent);
        assert!(sent[0].starts_with("POST /tasks/") && is_below, "{sent:?}");
        assert!(after.contains(&format!("- [ ] Call the printer\n{before}")), "{after}");
    }
}

#[test]
fn a_section_that_is_cut_and_pasted_elsewhere_in_its_file_is_one_move() {
    let (sent, after) = sends(|text| {
        let (autumn, spring) = text.split_at(text.find("## Spring campaign").unwrap());
        format!("{spring}{autumn}")
    });
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent[0].starts_with("PUT /tasks/") && sent[0].contains("/move"), "{sent:?}");
    assert!(after.starts_with("## Spring campaign\n- Book the room"), "{after}");
}

#[test]
fn a_tick_on_a_heading_or_a_bullet_is_one_request_and_a_marker_is_none() {
    for (from, to) in [
        ("## Spring campaign", "## [x] Spring campaign"),
        ("- Print the poster", "- [x] Print the poster"),
        ("- Print the poster", "1. [x] Print the poster"),
    ] {
        let (sent, after) = sends(|text| text.replace(from, to));
        assert_eq!(sent.len(), 1, "{to}: {sent:?}");
        assert!(sent[0].starts_with("POST /tasks/") && sent[0].ends_with("/complete"), "{sent:?}");
        assert!(after.contains(to), "{after}");
    }
    for (from, to) in [
        ("- Nothing planned yet", "1. Nothing planned yet"),
        ("- Nothing planned yet", "- [ ] Nothing planned yet"),
        // Both sections, so that neither is in the other.
        ("## ", "### "),
    ] {
        let (sent, _) = sends(|text| text.replace(from, to));
        assert_eq!(sent, [""; 0], "{to}");
    }
}
