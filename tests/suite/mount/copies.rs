//! Copies of projects, and of templates, on a real mount: `cp`, `cat`, editors and file managers make
//! them, and Taskade makes the project.

use std::fs;

use serde_json::{Value, json};
use taskadefs::{
    ids::ProjectId,
    server::{Fault, Quirks, Renaming},
};

use crate::support::mount::{Mounted, PROGRAM, said, until};

const NONE: [&str; 0] = [];

/// A workspace with `Plan`, whose first task has a date and a field, and the folder `Marketing`.
fn begun(tasks: &str) -> Mounted {
    Mounted::on(Quirks::default(), tasks, &[], |store, workspace| {
        store.add_folder(workspace, "Marketing").unwrap();
        let (plan, _) = store.find_projects("Plan").unwrap().remove(0);
        let field = json!({ "type": "number", "displayName": "Cost" });
        store.add_field(&plan, "@inc01", &field).unwrap();
        let task = &store.task_ids(&plan).unwrap()[0];
        store.field_elsewhere(&plan, task, "@inc01", Some(&json!(250))).unwrap();
        store.note_elsewhere(&plan, task, Some("a note")).unwrap();
    })
}

/// All requests since this was asked last, in order, with the ids of projects as their names.
fn requests(mounted: &Mounted) -> Vec<String> {
    let store = mounted.server().store();
    let named = ["Plan", "Copy", "Sprint", "Sprint 12"].map(|name| {
        let found = store.find_projects(name).unwrap().into_iter();
        found.map(|(id, _)| (id, name)).collect::<Vec<_>>()
    });
    let requests = mounted.server().log().requests().into_iter().map(|request| {
        let mut path = request.path.split('?').next().unwrap().to_owned();
        for (id, name) in named.iter().flatten() {
            path = path.replace(id.as_str(), name);
        }
        format!("{} {path}", request.method)
    });
    let requests = requests.collect();
    mounted.server().log().clear();
    requests
}

/// The project of a name that is not archived, which must be one.
fn only(mounted: &Mounted, name: &str) -> ProjectId {
    let found = mounted.server().store().find_projects(name).unwrap().into_iter();
    let mut open = found.filter(|(_, completed)| !completed).map(|(id, _)| id);
    let only = open.next().unwrap_or_else(|| panic!("no {name}"));
    assert!(open.next().is_none(), "two {name}");
    only
}

/// What the first task of a project has beside its text.
fn details(mounted: &Mounted, id: &ProjectId) -> Value {
    let store = mounted.server().store();
    store.details(id, &store.task_ids(id).unwrap()[0]).unwrap()
}

#[test]
fn a_copy_is_made_by_taskade_with_all_that_the_project_has() {
    for script in [
        "cp Plan.md Copy.md",
        "cp -a Plan.md Copy.md",
        "cat Plan.md > Copy.md",
        "tee Copy.md < Plan.md > /dev/null",
        "install -m 644 Plan.md Copy.md",
        "python3 -c 'import shutil; shutil.copy(\"Plan.md\", \"Copy.md\")'",
        "vim -es -u NONE -N -c 'w Copy.md' -c q Plan.md",
        "python3 -c 'import os; t = open(\"Plan.md\").read(); open(\".t\", \"w\").write(t); os.rename(\".t\", \"Copy.md\")'",
    ] {
        let mounted = begun("one\n  two\nthree");
        let text = mounted.ok("ls; ls Marketing; cat Plan.md > /dev/null; cat Plan.md");
        let text = text.split_once("Plan.md\n").unwrap().1.to_owned();
        requests(&mounted);
        mounted.ok(script);
        let expected = ["POST /projects/Plan/copy", "GET /projects/Copy/tasks"];
        let mut asked = requests(&mounted);
        // One field of the copy is looked at: whether copies have them is not documented.
        asked.retain(|request| !request.ends_with("/fields"));
        assert_eq!(asked, expected, "{script}");
        let copy = only(&mounted, "Copy");
        assert_eq!(details(&mounted, &copy), details(&mounted, &mounted.project), "{script}");
        assert_eq!(mounted.ok("cat Copy.md"), text, "{script}");
        mounted.ok("echo four >> Copy.md");
        assert_eq!(mounted.server().store().tree(&copy).unwrap(), "one\n  two\nthree\nfour\n");
        assert_eq!(mounted.tree(), "one\n  two\nthree\n");
        mounted.end();
    }
}

#[test]
fn a_copy_to_another_folder_is_one_and_history_and_undo_know_it() {
    let mounted = begun("one");
    mounted.ok("cat Plan.md; ls Marketing; cp Plan.md Marketing/Copy.md");
    let copy = only(&mounted, "Copy");
    assert_eq!(details(&mounted, &copy), details(&mounted, &mounted.project));
    assert_eq!(mounted.ok("ls Marketing"), "Copy.md\n");
    let history = mounted.ok(&format!("{PROGRAM} history Marketing/Copy.md"));
    assert!(history.contains("copied from Acme/Plan.md"), "{history}");
    let other = mounted.ok(&format!("{PROGRAM} history Plan.md"));
    assert!(!other.contains("copied"), "{other}");
    mounted.ok(&format!("{PROGRAM} undo --yes Marketing/Copy.md"));
    assert_eq!(
        mounted.ok("ls Marketing; ls Marketing/.taskade/archive; cat Plan.md | wc -l"),
        "Copy.md\n1\n"
    );
    mounted.end();
}

#[test]
fn what_is_no_copy_is_created_from_its_text() {
    for (script, name) in [
        // The same text by a program that never read it.
        ("printf '%s\\n' '- [ ] one' > Copy.md", "Copy"),
        // Another text.
        ("{ cat Plan.md; echo two; } > Copy.md", "Copy"),
        ("sed 's/one/uno/' Plan.md > Copy.md", "Copy"),
    ] {
        let mounted = Mounted::of("one");
        mounted.ok("ls; cat Plan.md");
        requests(&mounted);
        mounted.ok(script);
        let writes: Vec<String> =
            requests(&mounted).into_iter().filter(|it| !it.starts_with("GET")).collect();
        assert_eq!(writes[0], "POST /projects", "{script}");
        assert!(writes.iter().all(|write| !write.contains("copy")), "{script}: {writes:?}");
        only(&mounted, name);
        mounted.end();
    }
    let mounted = Mounted::of("");
    mounted.ok("cat Plan.md; cp Plan.md Copy.md; test -e Copy.md");
    assert_eq!(mounted.server().log().writes().len(), 0, "an empty file is not created yet");
    mounted.end();
}

#[test]
fn a_copy_that_is_refused_is_created_from_its_text_and_says_so() {
    let mounted = begun("one\n  two");
    let text = mounted.ok("cat Plan.md");
    assert!(text.contains("[Cost:: 250]"), "{text}");
    mounted.server().faults().plan(Some("POST"), "/copy", 0, 1, Fault::Status(403, None));
    mounted.ok("cp Plan.md Copy.md");
    let copy = only(&mounted, "Copy");
    // What a new project has no field for is in the text as it was read.
    assert_eq!(mounted.server().store().tree(&copy).unwrap(), "one [Cost:: 250]\n  two\n");
    let history = mounted.ok(&format!("{PROGRAM} history Copy.md"));
    assert!(
        history.contains("not copied from Acme/Plan.md but created from its text"),
        "{history}"
    );
    mounted.end();
}

/// A workspace with the template `Sprint`.
fn templated(quirks: Quirks) -> Mounted {
    Mounted::on(quirks, "one", &[], |store, workspace| {
        let model = store.add_project(workspace, "Model", "plan\n  estimate\nreview").unwrap();
        store.add_template(workspace, "Sprint", &model).unwrap();
        store.archive_elsewhere(&model).unwrap();
    })
}

const SPRINT: &str = "plan\n  estimate\nreview\n";

#[test]
fn templates_are_listed_for_one_request_and_a_file_says_what_it_is() {
    let mounted = templated(Quirks::default());
    mounted.ok("ls");
    requests(&mounted);
    assert_eq!(mounted.ok("ls .taskade/templates"), "Sprint.md\n");
    let listing =
        format!("GET {}", mounted.server().log().requests()[0].path.split('?').next().unwrap());
    assert!(listing.ends_with("/project-templates"), "{listing}");
    assert_eq!(requests(&mounted).len(), 1);
    let text =
        mounted.ok("ls -lR .taskade/templates > /dev/null; cat .taskade/templates/Sprint.md");
    assert!(text.starts_with("Sprint is a template of Taskade") && text.lines().count() == 1);
    assert_eq!(mounted.ok("wc -c < .taskade/templates/Sprint.md").trim(), text.len().to_string());
    assert_eq!(requests(&mounted), NONE);
    for script in ["rm -f .taskade/templates/Sprint.md", "echo x > .taskade/templates/x.md"] {
        assert!(said(&mounted.sh(script)).contains("not permitted"), "{script}");
    }
    mounted.end();
}

#[test]
fn a_copy_of_a_template_is_a_project_made_from_it_under_its_own_name() {
    for script in [
        "cp .taskade/templates/Sprint.md 'Sprint 12.md'",
        "mv .taskade/templates/Sprint.md 'Sprint 12.md'",
        "cat .taskade/templates/Sprint.md > 'Sprint 12.md'",
    ] {
        let mounted = templated(Quirks { renaming: Renaming::Works, ..Quirks::default() });
        mounted.ok("ls; ls .taskade/templates");
        requests(&mounted);
        mounted.ok(script);
        let is_named = || mounted.server().store().find_projects("Sprint 12").unwrap().len() == 1;
        until("it has its name", is_named);
        until("it is read", || mounted.ok("cat 'Sprint 12.md'").contains("estimate"));
        let made = only(&mounted, "Sprint 12");
        let asked = requests(&mounted);
        let writes: Vec<&str> =
            asked.iter().filter(|it| !it.starts_with("GET")).map(|it| it.as_str()).collect();
        assert_eq!(writes[0], "POST /projects/from-template", "{script}");
        assert!(writes[1].starts_with("PUT /projects/Sprint 12/tasks/"), "{script}: {writes:?}");
        assert_eq!(writes.len(), 2, "{script}: {writes:?}");
        assert_eq!(mounted.server().store().tree(&made).unwrap(), SPRINT);
        assert_eq!(mounted.ok("ls"), "Plan.md\nSprint 12.md\n", "{script}");
        assert_eq!(mounted.ok("ls .taskade/templates"), "Sprint.md\n");
        // What is on its way is no history yet: it is told once its last answer has come.
        until("it is history", || {
            let history = mounted.ok(&format!("{PROGRAM} history 'Sprint 12.md'"));
            history.contains("created from Acme/.taskade/templates/Sprint.md")
        });
        mounted.end();
    }
}

#[test]
fn where_titles_are_fixed_a_project_from_a_template_gets_its_name_all_the_same() {
    let mounted = templated(Quirks::default());
    mounted.ok("ls; cp .taskade/templates/Sprint.md 'Sprint 12.md'");
    until("it has its name", || {
        !mounted.server().store().find_projects("Sprint 12").unwrap().is_empty()
    });
    mounted.end();
    mounted.begin();
    assert_eq!(mounted.ok("ls"), "Plan.md\nSprint 12.md\n");
    let made = only(&mounted, "Sprint 12");
    assert_eq!(mounted.server().store().tree(&made).unwrap(), SPRINT);
    mounted.end();
}

#[test]
fn a_template_under_its_own_name_costs_no_renaming_and_a_refusal_makes_nothing() {
    let mounted = templated(Quirks::default());
    mounted.ok("ls; ls .taskade/templates");
    requests(&mounted);
    mounted.ok("cp .taskade/templates/Sprint.md .");
    let asked = requests(&mounted);
    assert_eq!(asked, ["POST /projects/from-template", "GET /projects/Sprint/tasks"]);
    assert_eq!(mounted.server().store().tree(&only(&mounted, "Sprint")).unwrap(), SPRINT);
    let plan = Fault::Status(402, None);
    mounted.server().faults().plan(Some("POST"), "/from-template", 0, 1, plan);
    let output = mounted.sh("mv .taskade/templates/Sprint.md Other.md");
    assert!(said(&output).contains("quota"), "{}", said(&output));
    assert_eq!(mounted.ok("ls; ls .taskade/templates"), "Plan.md\nSprint.md\nSprint.md\n");
    let output = mounted.sh("mv -f .taskade/templates/Sprint.md Plan.md");
    assert!(said(&output).contains("File exists"), "{}", said(&output));
    assert_eq!(fs::read_to_string(mounted.file()).unwrap(), "- [ ] one\n");
    mounted.end();
}

#[test]
fn an_undo_archives_what_a_template_made_and_nothing_else() {
    for renaming in [Renaming::Works, Renaming::Ignored] {
        let mounted = templated(Quirks { renaming, ..Quirks::default() });
        mounted.ok("ls; ls .taskade/templates; cp .taskade/templates/Sprint.md 'Sprint 12.md'");
        until("it is history", || {
            let history = mounted.ok(&format!("{PROGRAM} history 'Sprint 12.md'"));
            history.contains("created from Acme/.taskade/templates/Sprint.md")
        });
        let made = only(&mounted, "Sprint 12");
        let before = mounted.server().store().find_projects("Sprint").unwrap();
        mounted.ok(&format!("{PROGRAM} undo --yes 'Sprint 12.md'"));
        assert_eq!(mounted.ok("ls; ls .taskade/archive | grep 12"), "Plan.md\nSprint 12.md\n");
        let found = mounted.server().store().find_projects("Sprint 12").unwrap();
        assert_eq!(found, [(made, true)]);
        assert_eq!(mounted.server().store().find_projects("Sprint").unwrap(), before);
        assert_eq!(mounted.ok("ls .taskade/templates"), "Sprint.md\n");
        let again = mounted.sh(&format!("{PROGRAM} undo --yes 'Sprint 12.md'"));
        assert!(!again.status.success(), "{}", said(&again));
        mounted.end();
    }
}
