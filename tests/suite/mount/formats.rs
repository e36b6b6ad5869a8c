//! Projects show what they are: documents and tables.

use std::{fs, path::Path};

use serde_json::{Value, json};
use taskadefs::{
    ids::SpaceId,
    server::{Quirks, Store},
};

use crate::support::mount::{Mounted, PROGRAM, said, until};

const TABLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/tables");

const DOCUMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/data");

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
    let mounted = mounted(&[]);
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
    let mounted = mounted(&[]);
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
    mounted.ok(&format!("{PROGRAM} discard '../tables/Campaign plan.md'"));
    let history = mounted.ok(&format!("{PROGRAM} history --long '../tables/Campaign plan.md'"));
    let change = "[Status:: 🔄 Doing] → Print the poster [Phase:: 📋 Prepare] [Status:: ✅ Done]";
    assert!(history.contains(change), "{history}");
    mounted.end();
    let writes = mounted.writes(&[]);
    assert_eq!(writes.len(), 1, "{writes:?}");
    assert!(writes[0].starts_with("PUT") && writes[0].contains("/fields/"), "{writes:?}");
}

const PLAIN: [&str; 4] = ["--markers", "tasks", "--fields", "none"];

#[test]
fn with_tasks_and_no_fields_nothing_of_it_shows() {
    let mounted = mounted(&PLAIN);
    for name in ["Risk register 2026.md", "Campaign plan.md", "Response plan (document).md"] {
        let text = text(&mounted, name);
        assert!(text.lines().all(|line| line.trim_start().starts_with("- [")), "{text}");
        assert!(!text.contains("[State::") && !text.contains("@sup"), "{text}");
    }
    mounted.end();
}

#[test]
fn with_tasks_and_no_fields_every_line_is_a_box_whatever_was_typed() {
    let mounted = Mounted::sample(&PLAIN);
    mounted.ok("rg -c '' .. && rg -c '' .. ");
    let store = mounted.server().store();
    for (title, path) in [
        ("Suppliers", "Marketing/Suppliers"),
        ("How we deploy", "Engineering/How we deploy"),
        ("Launch plan", "Marketing/Launch plan"),
        ("Inbox", "Inbox"),
    ] {
        let project = store.find_projects(title).unwrap().remove(0).0;
        let line = |line: &str| {
            let text = line.trim_start();
            let (indent, open) = (&line[..line.len() - text.len()], format!("[ ] {text}"));
            let done = text.strip_prefix("x ").map(|text| format!("[x] {text}"));
            format!("{indent}- {}\n", done.unwrap_or(open))
        };
        let text: String = store.tree(&project).unwrap().lines().map(line).collect();
        assert_eq!(mounted.ok(&format!("cat '{path}.md'")), text);
    }
    mounted.ok("printf '# A\\n\\nb\\n- c\\n  1. [x] d\\n' > New.md; echo e >> New.md");
    let text = "- [ ] A\n  - [ ] b\n  - [ ] c\n    - [x] d\n- [ ] e\n";
    assert_eq!(mounted.ok("cat New.md"), text);
    mounted.end();
}

/// The searches of the pages, over all projects of the sample.
#[test]
fn searches_find_what_is_to_do_what_is_in_progress_and_what_somebody_owns() {
    let mounted = Mounted::sample(&[]);
    until("all is read, with its fields", || {
        mounted.ok("rg -c '' .. > /dev/null; cat Marketing/Suppliers.md").contains("[Owner::")
    });
    for page in ["README.md", "src/document/format.md"] {
        let page = Path::new(env!("CARGO_MANIFEST_DIR")).join(page);
        let page = fs::read_to_string(page).unwrap();
        let found = |start: &str| {
            let line = page.lines().find(|line| line.starts_with(start)).unwrap();
            let search = line.split(" #").next().unwrap();
            let found = mounted.ok(&format!("cd ..; {search} | sort"));
            let found: Vec<String> = found.lines().map(str::to_owned).collect();
            found
        };
        let row = |text: &str| format!("Acme/Marketing/Suppliers.md:- [ ] {text}");
        let [photos, booth, agency] = [
            "Stock photos [State:: 🟡 In progress] [Owner:: Carol Lindqvist] [Cost a month:: 30]",
            "Booth builder [State:: 🟡 In progress] [Owner:: Bob Okafor] [Cost a month:: 2500]",
            "Translation agency [State:: ⚪ Ended] [Owner:: Bob Okafor] [Cost a month:: 0] \
             [Ends:: 2026-10-01]",
        ]
        .map(row);
        assert_eq!(found(r"rg '\[State:: .*In progress"), [booth.clone(), photos]);
        assert_eq!(found(r"rg '\[Owner:: Bob"), [booth.clone(), agency.clone()]);
        // What the page says that it finds.
        let told: Vec<&str> = page.lines().filter(|line| line.starts_with("Acme/")).collect();
        assert!(told.is_empty() || told == [&booth, &agency], "{told:?}");
        let open = found(r"rg '^\s*- \[ \]'");
        for (path, text, is_open) in [
            ("Acme/Inbox.md", "- [ ] Book a dentist appointment", true),
            ("Acme/Inbox.md", "- [x] Send photos to Grandma", false),
            ("Acme/Marketing/Launch plan.md", "    - [ ] Fabrikam", true),
            ("Acme/Engineering/How we deploy.md", "- [ ] The pipeline is green", true),
            ("Acme/Engineering/How we deploy.md", "- Then write an incident review", false),
        ] {
            let is_found = open.contains(&format!("{path}:{text}"));
            assert_eq!(is_found, is_open, "{text} {open:?}");
        }
    }
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

/// What the sample shows of a document is what the pages show of one.
#[test]
fn the_document_and_the_table_of_the_pages_are_those_of_the_sample() {
    let mounted = Mounted::sample(&[]);
    until("all is read, with its fields", || {
        mounted.ok("rg -c '' .. > /dev/null; cat Marketing/Suppliers.md").contains("[Owner::")
    });
    let shown = mounted.ok("cat 'Engineering/How we deploy.md' Marketing/Suppliers.md");
    let shown: Vec<&str> = shown.lines().collect();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let page = fs::read_to_string(page).unwrap();
    let examples: Vec<&str> = page.split("```markdown\n").skip(1).collect();
    assert_eq!(examples.len(), 2);
    for example in examples {
        for line in example.split("```").next().unwrap().lines() {
            assert!(shown.contains(&line), "{line}");
        }
    }
    mounted.end();
}

#[test]
fn what_is_typed_stays_and_what_is_appended_to_a_list_gets_a_box() {
    let mounted = Mounted::sample(&[]);
    until("all is read, with its formats", || {
        mounted
            .ok("rg -c '' .. > /dev/null; cat 'Engineering/How we deploy.md'")
            .contains("# Before")
    });
    mounted
        .ok("echo 'buy bread' >> Inbox.md; echo '- call Ann' >> Inbox.md; echo eggs >> Inbox.md");
    let end = "- [ ] buy bread\n- call Ann\n- [ ] eggs\n";
    assert_eq!(mounted.ok("tail -n 3 Inbox.md"), end);
    let document = "Engineering/How we deploy.md";
    mounted.ok(&format!("printf '\\nAnd a last word.\\n' >> '{document}'"));
    assert_eq!(mounted.ok(&format!("tail -n 2 '{document}'")), "\nAnd a last word.\n");
    // A box is ticked with one request wherever it is.
    mounted.writes(&[]);
    for (from, to) in [
        ("- The button", "- [x] The button"),
        ("2. Press", "2. [x] Press"),
        ("## When", "## [x] When"),
        ("Roll back first", "- [x] Roll back first"),
    ] {
        mounted.ok(&format!("sed -i 's/^{}/{to}/' '{document}'", from.replace('.', "\\.")));
        let text = mounted.ok(&format!("cat '{document}'"));
        assert!(text.contains(to), "{text}");
        let writes = mounted.writes(&[]);
        assert!(writes.len() == 1 && writes[0].ends_with("/complete"), "{from}: {writes:?}");
    }
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}

/// A mount of every project at hand, all of which were read.
fn all(flags: &[&str]) -> Mounted {
    let import = |store: &Store, _: &SpaceId| {
        for folder in [TABLES, DOCUMENTS] {
            store.import_directory(Path::new(folder)).unwrap();
        }
    };
    let mounted = Mounted::on(Quirks::default(), "a", flags, import);
    until("all is read, with its fields", || {
        mounted.ok("cat ../data/*.md ../tables/*.md").contains("[State:: 🟡 In progress]")
    });
    mounted
}

#[test]
fn a_save_without_a_change_sends_nothing_however_projects_are_written() {
    for flags in [&[][..], &["--fields", "line"], &["--fields", "below", "--ids"], &PLAIN[..2]] {
        let mounted = all(flags);
        let count = mounted.ok("for file in ../tables/*.md ../data/*.md; do
                cp \"$file\" $HOME/text && cat $HOME/text > \"$file\" || exit 1
                cmp $HOME/text \"$file\" || exit 1
                echo \"$file\"
            done | wc -l");
        assert!(count.trim().parse::<usize>().unwrap() > 10, "{count}");
        mounted.end();
        assert_eq!(mounted.writes(&[]), [""; 0], "{flags:?}");
    }
}

/// The values of fields in an export, as somebody would look for them.
fn values(folder: &str) -> Vec<String> {
    let mut values = Vec::new();
    for entry in fs::read_dir(Path::new(folder).join("projects")).unwrap() {
        let item: Value =
            serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap();
        let fields = &item["root"]["fields"];
        let mut waiting = vec![&item["root"]["children"][0]];
        while let Some(node) = waiting.pop() {
            waiting.extend(node["children"].as_array().into_iter().flatten());
            for (id, value) in node["attributes"].as_object().into_iter().flatten() {
                let options = &fields[id]["options"];
                let date = &value["dateTime"]["date"];
                let option = &options[value["optionId"].as_str().unwrap_or("")]["name"];
                let texts = [value, date, option].map(Value::as_str).into_iter().flatten();
                values.extend(texts.map(str::to_owned));
                values.extend(value.as_number().map(ToString::to_string));
            }
        }
    }
    values
}

#[test]
fn every_value_of_every_field_is_found() {
    let mounted = all(&[]);
    let values: Vec<String> = [TABLES, DOCUMENTS].into_iter().flat_map(values).collect();
    assert!(values.len() > 50, "{}", values.len());
    // What has a backslash or more in front of a part of it is found by its parts.
    let special = ['[', ']', '\\', '\n', ':'];
    let parts = values.iter().flat_map(|value| value.split(special)).map(str::trim);
    let parts: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    fs::write(mounted.dir.path().join("parts"), parts.join("\n") + "\n").unwrap();
    let missing = mounted.ok("while IFS= read -r part; do
            rg -qF -- \"$part\" ../tables ../data || echo \"$part\"
        done < $HOME/parts");
    assert_eq!(missing, "");
    mounted.end();
}

/// A point in time shows as its day. Who cuts the line, saves, and pastes it back keeps the time.
#[test]
fn a_time_that_does_not_show_comes_along_with_the_line() {
    let mounted = mounted(&[]);
    let store = mounted.server().store();
    let (plan, _) = store.find_projects("Campaign plan").unwrap().remove(0);
    store.add_field(&plan, "@at", &json!({ "type": "DateTime", "title": "At" })).unwrap();
    let task = store.task_ids(&plan).unwrap()[1].clone();
    let at = json!("2026-12-01T09:00");
    store.field_elsewhere(&plan, &task, "@at", Some(&at)).unwrap();
    mounted.end();
    fs::remove_dir_all(mounted.dir.path().join("state")).unwrap();
    mounted.begin();
    let file = mounted.root.join("tables/Campaign plan.md");
    until("its fields are read", || {
        mounted.ok("cat ../tables/*.md > /dev/null");
        fs::read_to_string(&file).unwrap().contains("[At:: 2026-12-01]\n")
    });
    mounted.writes(&[]);
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().find(|line| line.contains("[At::")).unwrap();
    fs::write(&file, text.replace(&format!("{line}\n"), "")).unwrap();
    fs::write(&file, &text).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), text);
    mounted.end();
    // Whether its deletion was sent by then or not.
    let writes = mounted.writes(&[]);
    let mut puts = writes.iter().filter(|write| write.contains("%40at"));
    assert!(puts.all(|put| put.ends_with(&format!(r#"{{"value":{at}}}"#))), "{writes:?}");
    let task = &store.task_ids(&plan).unwrap()[1];
    let details = store.details(&plan, task).unwrap().to_string();
    assert!(details.contains("09:00"), "{details}");
}

/// Every file of a mount, with its size.
const PRINT: &str =
    "for file in ../*/*.md; do echo \"$file\"; cat \"$file\"; stat -c %s \"$file\"; done";

#[test]
fn plain_files_are_to_the_byte_those_of_a_mount_that_never_knew_of_formats_and_fields() {
    let mut mounted = all(&[]);
    mounted.ok(
        "cd ../tables; sed -i 's/- Nothing planned/1. Nothing planned/; s/🔄 Doing/✅ Done/' Camp*.md",
    );
    mounted.end();
    mounted.writes(&[]);
    mounted.flags = PLAIN.map(str::to_owned).to_vec();
    mounted.begin();
    let after = mounted.ok(PRINT);
    mounted.end();
    mounted.begin_with_state(&mounted.dir.path().join("fresh"));
    let fresh = mounted.ok(PRINT);
    mounted.end();
    assert_eq!(after, fresh);
    assert!(after.contains("tables/Risk register 2026.md") && !after.contains("[@"), "{after}");
    // And nothing of it is lost.
    mounted.flags = ["--max-age", "0.5"].map(str::to_owned).to_vec();
    mounted.begin();
    until("fields show again", || mounted.ok("cat ../tables/*.md").contains("[Status:: ✅ Done]"));
    mounted.end();
    assert_eq!(mounted.writes(&[]), [""; 0]);
}
