//! Projects show what they are, with `--markers auto --fields auto`: documents and tables.

use std::{fs, path::Path};

use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::{Mounted, said};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

const SHOWN: [&str; 4] = ["--markers", "auto", "--fields", "auto"];

/// A mount of the tables, all of which were read.
fn mounted(flags: &[&str]) -> Mounted {
    let import = |store: &Store, _: &SpaceId| {
        store.import_directory(Path::new(TABLES)).unwrap();
    };
    let mounted = Mounted::on(Quirks::default(), "a", flags, import);
    mounted.ok("cat ../tables/*.md ../tables/*.md");
    mounted
}

fn text(mounted: &Mounted, name: &str) -> String {
    fs::read_to_string(mounted.root.join("tables").join(name)).unwrap()
}

#[test]
fn documents_and_tables_show_what_they_are_also_after_a_remount() {
    let mounted = mounted(&SHOWN);
    let check = || {
        let table = text(&mounted, "Risk register 2026.md");
        assert!(
            table.starts_with("- [ ] Night shift without a deputy\n  [Code:: R-001]\n"),
            "{table}"
        );
        assert!(table.contains("\n  [State:: 🟡 In progress]\n"), "{table}");
        let plan = text(&mounted, "Campaign plan.md");
        assert!(
            plan.contains("## Spring campaign\n- Book the room [Status:: gone-option]\n"),
            "{plan}"
        );
        let document = text(&mounted, "Response plan (document).md");
        assert!(
            document.contains("# Second part\n\nBold start and a link\n\n## Sub\n"),
            "{document}"
        );
    };
    check();
    mounted.end();
    mounted.begin();
    check();
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

#[test]
fn a_value_is_one_request_a_marker_none_and_a_mistake_is_refused() {
    let mounted = mounted(&SHOWN);
    let file = mounted.root.join("tables/Campaign plan.md");
    let before = fs::read_to_string(&file).unwrap();
    let typed = before.replace("- Nothing planned", "1. Nothing planned");
    fs::write(&file, &typed).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), typed);
    assert_eq!(mounted.writes(&[]), [""; 0]);
    let edited = typed.replace("[Status:: 🔄 Doing]", "[status:: done]");
    fs::write(&file, edited).unwrap();
    let saved = fs::read_to_string(&file).unwrap();
    assert_eq!(saved, typed.replace("[Status:: 🔄 Doing]", "[Status:: ✅ Done]"));
    let output = mounted.sh("sed 's/⏳ To do/soon/' '../tables/Campaign plan.md' > $HOME/t; \
                             cat $HOME/t > '../tables/Campaign plan.md'");
    assert!(!output.status.success(), "{}", said(&output));
    mounted.sh("taskadefs discard '../tables/Campaign plan.md'");
    mounted.end();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PUT") && writes[0].contains("/fields/"), "{writes:?}");
}

#[test]
fn with_tasks_and_no_fields_nothing_of_it_shows() {
    let mounted = mounted(&["--markers", "tasks", "--fields", "none"]);
    for name in ["Risk register 2026.md", "Campaign plan.md", "Response plan (document).md"] {
        let text = text(&mounted, name);
        assert!(text.lines().all(|line| line.trim_start().starts_with("- [")), "{text}");
        assert!(!text.contains("[State::") && !text.contains("@sup"), "{text}");
    }
    mounted.end();
}
